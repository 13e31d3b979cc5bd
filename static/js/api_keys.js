"use strict";

// API keys: the check list of projects, and the one page on which leaving would lose something.

(() => {
  const dialog = document.getElementById("dialog");

  // ---- what only works with this file is hidden until it runs ----

  function prepare(root) {
    for (const element of root.querySelectorAll("[data-needs-script]")) element.hidden = false;
    for (const choice of root.querySelectorAll("[data-project-choice]")) tellChoice(choice);
    for (const select of root.querySelectorAll("[data-call-choice]")) showCall(select);
    guardReveal();
  }

  // ---- check list of projects ----

  const boxes = (choice) => [...choice.querySelectorAll("input[name=projects]")];
  const shown = (choice) => boxes(choice).filter((box) => !box.closest("li").hidden);

  function tellChoice(choice) {
    const all = boxes(choice);
    if (!all.length) return;
    const chosen = all.filter((box) => box.checked).length;
    choice.querySelector("[data-choice-count]").textContent = `${chosen} of ${all.length} chosen`;
    const visible = shown(choice);
    const ticked = visible.filter((box) => box.checked).length;
    const toggle = choice.querySelector("[data-choice-all]");
    toggle.checked = visible.length > 0 && ticked === visible.length;
    toggle.indeterminate = ticked > 0 && ticked < visible.length;
    tellChange(choice);
  }

  function tellChange(choice) {
    const place = choice.closest("form").querySelector("[data-scope-change]");
    if (!place) return;
    const names = (test) => boxes(choice).filter(test).map(projectName);
    const lines = [
      ["scope-added", "Added: ", names((box) => box.checked && !("present" in box.dataset))],
      ["scope-removed", "Taken away: ", names((box) => !box.checked && "present" in box.dataset)],
    ].filter(([, , list]) => list.length);
    place.replaceChildren(...(lines.length ? lines.map(changeLine) : [changeLine(["muted", "", [["No change yet."]]])]));
  }

  // As the list shows it: where names are equal, with the beginning of the id.
  function projectName(box) {
    if (!box.dataset.shortId) return [box.dataset.name];
    const id = document.createElement("code");
    id.className = "project-id";
    id.textContent = box.dataset.shortId;
    return [box.dataset.name, " ", id];
  }

  function changeLine([kind, label, names]) {
    const line = document.createElement("p");
    line.className = kind;
    const strong = document.createElement("strong");
    strong.textContent = label;
    line.append(strong, ...names.flatMap((name, index) => (index ? [", ", ...name] : name)));
    return line;
  }

  function filterChoice(choice, text) {
    const wanted = text.trim().toLocaleLowerCase();
    for (const box of boxes(choice)) {
      const told = `${box.dataset.name} ${box.dataset.shortId}`;
      box.closest("li").hidden = !told.toLocaleLowerCase().includes(wanted);
    }
    choice.querySelector("[data-choice-none]").hidden = shown(choice).length > 0;
    tellChoice(choice);
  }

  document.addEventListener("change", (event) => {
    const choice = event.target.closest("[data-project-choice]");
    if (choice && event.target.matches("[data-choice-all]")) {
      for (const box of shown(choice)) box.checked = event.target.checked;
    }
    if (choice) tellChoice(choice);
    if (event.target.matches("[data-call-choice]")) showCall(event.target);
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-choice-filter]")) {
      filterChoice(event.target.closest("[data-project-choice]"), event.target.value);
    }
  });

  document.addEventListener("keydown", (event) => {
    // Enter in the filter would send the form, half filled in.
    if (event.key === "Enter" && event.target.matches("[data-choice-filter]")) event.preventDefault();
  });

  // With the change told live there is nothing left to confirm on a page of its own.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.querySelector?.("[data-scope-change]")) event.detail.parameters.confirmed = "1";
    if (event.detail.elt.id === "key-filter" && !event.detail.parameters.q) delete event.detail.parameters.q;
  });

  // ---- opened lists of projects ----

  const openLists = () => document.querySelectorAll(".more-chips[open]");

  document.addEventListener("click", (event) => {
    for (const list of openLists()) {
      if (!list.contains(event.target)) list.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || dialog?.open) return;
    for (const list of openLists()) {
      if (list.contains(document.activeElement)) list.querySelector("summary").focus();
      list.open = false;
    }
  });

  // ---- a whole key in the wrong field: it must not get into an address ----

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "get" && /lpt_[0-9A-Za-z]{36}/.test(event.detail.parameters.name)) event.preventDefault();
  });

  document.addEventListener(
    "input",
    (event) => {
      const field = event.target;
      if (field.matches("[data-key-search]")) field.value = field.value.replace(/(lpt_[0-9A-Za-z]{8})[0-9A-Za-z]{28,}/, "$1");
    },
    true,
  );

  // ---- the new key ----

  let guarded = false;
  let entry = null;

  const reveal = () => document.querySelector("[data-key-reveal]");

  function guardReveal() {
    if (guarded || !reveal()) return;
    guarded = true;
    entry = window.navigation?.currentEntry?.index ?? null;
    if (dialog?.contains(reveal())) dialog.setAttribute("closedby", "none");
  }

  function forget() {
    for (const element of document.querySelectorAll("[data-secret]")) {
      if ("value" in element) element.value = "";
      element.textContent = "";
    }
    reveal()?.remove();
    dialog?.removeAttribute("closedby");
    guarded = false;
  }

  function remind() {
    const place = reveal()?.querySelector("[data-leaving]");
    if (place) place.textContent = "The key is gone when this closes. Store it first, then say so here.";
  }

  function showCall(select) {
    for (const call of select.closest("[data-key-reveal]").querySelectorAll("[data-call]")) {
      call.hidden = call.id !== select.value;
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-key-reveal]")) return;
    const location = `${event.target.getAttribute("action")}?${new URLSearchParams(new FormData(event.target))}`;
    const inDialog = dialog?.contains(event.target);
    if (!inDialog) {
      guarded = false; // the form itself leads to the table
      return;
    }
    event.preventDefault();
    const stays = "staysInDialog" in event.target.dataset;
    forget();
    if (stays) {
      // The dialog goes on with what the key was created for. Its source keeps the opener, which gets focus back.
      htmx.ajax("GET", location, { source: "#dialog-body", target: "#dialog-body" });
      return;
    }
    dialog.close();
    // Back should lead to another place, not to this list once more without its mark.
    if (window.location.pathname + window.location.search === unmarked(location)) {
      history.replaceState(history.state, "", location);
    }
    document.dispatchEvent(new CustomEvent("leapter:load", { detail: { location } }));
  });

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !guarded) return;
      event.preventDefault();
      remind();
    },
    true,
  );

  dialog?.addEventListener("cancel", (event) => {
    if (!guarded || event.target !== dialog) return;
    event.preventDefault();
    remind();
  });

  // A browser may close a dialog at the second Escape whatever the page says. This listener runs before the
  // one that empties a closed dialog.
  dialog?.addEventListener(
    "close",
    (event) => {
      if (!guarded || event.target !== dialog) return;
      event.stopImmediatePropagation();
      dialog.showModal();
      remind();
    },
    true,
  );

  window.addEventListener("beforeunload", (event) => {
    if (guarded) event.preventDefault();
  });

  // Back and Forward between places of this document replace its content without an unload: undo them.
  window.addEventListener(
    "popstate",
    (event) => {
      if (!guarded) return;
      event.stopImmediatePropagation();
      const here = window.navigation?.currentEntry?.index;
      if (entry === null || here === undefined) {
        if (!reveal().dataset.returning) history.forward();
        reveal().dataset.returning = "1";
      } else if (here !== entry) {
        history.go(entry - here);
      }
      remind();
    },
    true,
  );

  // A browser may keep the whole page to show it again on Back: not this part of it.
  window.addEventListener("pagehide", () => {
    if (reveal()) forget();
  });

  // ---- the mark of a new row: seen once, it is no part of the address ----

  function unmarked(address) {
    const url = new URL(address, window.location.href);
    url.searchParams.delete("created");
    return url.pathname + url.search;
  }

  function forgetMark() {
    if (!document.querySelector("tr.is-new")) return;
    history.replaceState(history.state, "", unmarked(window.location.href));
  }

  document.addEventListener("htmx:afterSwap", (event) => prepare(event.target));
  // The address of what was loaded is written once all this is done.
  document.addEventListener("htmx:afterSettle", () => setTimeout(forgetMark));
  forgetMark();
  prepare(document);
})();
