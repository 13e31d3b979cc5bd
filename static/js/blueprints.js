"use strict";

// The editor of sources: line numbers, findings that lead to their place, a question before typed text is lost.
// Without this file the editor is a plain text area, and the findings say their places.

(() => {
  // ---- line numbers ----

  function number(area) {
    const lines = document.querySelector(`[data-lines="${area.id}"]`);
    if (!lines) return;
    const count = area.value.split("\n").length;
    if (lines.dataset.count !== String(count)) {
      lines.dataset.count = String(count);
      // Some lines more than there are: a scroll bar below the text makes it scroll further than the numbers.
      lines.textContent = Array.from({ length: count }, (_, index) => index + 1).join("\n") + "\n".repeat(5);
      lines.hidden = false;
    }
    lines.scrollTop = area.scrollTop;
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-source]")) number(event.target);
  });

  // A scroll does not bubble.
  document.addEventListener(
    "scroll",
    (event) => {
      if (event.target.matches?.("[data-source]")) number(event.target);
    },
    true,
  );

  // ---- from a finding to its place ----

  function link(place) {
    const button = document.createElement("button");
    button.type = "button";
    Object.assign(button.dataset, { goTo: place.dataset.place, line: place.dataset.line, column: place.dataset.column });
    button.textContent = place.textContent;
    place.replaceWith(button);
  }

  function goTo(area, line, column) {
    const lines = area.value.split("\n");
    const index = Math.min(line, lines.length) - 1;
    // Columns count characters; the text area counts UTF-16 units.
    const before = [...lines[index]].slice(0, column - 1).join("").length;
    const offset = lines.slice(0, index).reduce((sum, text) => sum + text.length + 1, 0) + before;
    area.focus({ preventScroll: true });
    area.setSelectionRange(offset, offset);
    const style = getComputedStyle(area);
    const height = parseFloat(style.lineHeight);
    area.scrollTop = index * height - area.clientHeight / 2;
    // A text area taller than the window: what has to be seen is the line.
    const top = area.getBoundingClientRect().top + parseFloat(style.paddingTop) + index * height - area.scrollTop;
    if (top < 0 || top + height > window.innerHeight) window.scrollBy(0, top - window.innerHeight / 2);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go-to]");
    if (!button) return;
    goTo(document.getElementById(button.dataset.goTo), Number(button.dataset.line), Number(button.dataset.column));
  });

  // ---- text that is not saved ----

  let saving = false;

  const isUnsaved = (area) => "unsaved" in area.dataset || area.value !== area.defaultValue;

  document.addEventListener("submit", (event) => {
    if (event.target.querySelector("[data-source]")) saving = true;
  });

  window.addEventListener("beforeunload", (event) => {
    if (saving || ![...document.querySelectorAll("[data-source]")].some(isUnsaved)) return;
    event.preventDefault();
    event.returnValue = "unsaved"; // what older browsers look at
  });

  function prepare() {
    document.querySelectorAll("[data-place]").forEach(link);
    document.querySelectorAll("[data-source]").forEach(number);
  }

  // Back brings a page as it was left, with what was typed put back into its fields after it has loaded.
  window.addEventListener("pageshow", () => {
    saving = false;
    prepare();
  });
  document.addEventListener("htmx:load", prepare);
  prepare();
})();
