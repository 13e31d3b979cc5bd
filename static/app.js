"use strict";

// Every page works without this file: it opens dialogs in place, copies, keeps focus and times right.

const dialog = document.getElementById("dialog");
let openerId = null;
let pageIsStale = false; // the dialog has learnt that what the page behind it shows may no longer be so

// ---- dialog ----

function openDialog() {
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector("[aria-invalid=true], [autofocus]") ?? dialog.querySelector(".dialog-main :is(input:not([type=hidden]), select, textarea)");
  first?.focus();
}

function closeDialog() {
  if (dialog?.open) dialog.close();
}

// The page may have been swapped since the dialog opened: the opener is found again by its id.
function returnFocus() {
  const opener = openerId ? document.getElementById(openerId) : null;
  const menu = opener?.closest("[data-menu]");
  (menu?.querySelector("summary") ?? opener ?? document.getElementById("page-title"))?.focus();
}

dialog?.addEventListener("close", () => {
  document.getElementById("dialog-body").replaceChildren();
  returnFocus();
  if (pageIsStale) load(window.location.pathname + window.location.search);
});

// A dialog that stands in for another one leads back to it. Where that has failed, and says so, it closes.
function goBack() {
  const back = dialog.querySelector("[data-trouble]") ? null : dialog.querySelector("[data-dialog-back]");
  back?.click();
  return back !== null;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-dialog]") && dialog?.open) {
    event.preventDefault();
    if (!goBack()) closeDialog();
  }
});

dialog?.addEventListener("cancel", (event) => {
  if (event.target === dialog && event.cancelable && goBack()) event.preventDefault();
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id !== "dialog-body" || dialog.contains(event.detail.elt)) return;
  openerId = event.detail.elt.id;
  event.detail.elt.closest("[data-menu]")?.removeAttribute("open");
});

// "none" is the answer of an action that is done: it has just closed the dialog, which is emptied a moment later.
document.addEventListener("htmx:afterSwap", (event) => {
  const { target, xhr } = event.detail; // both are missing where Back brought content in
  if (target?.id === "dialog-body" && xhr.getResponseHeader("HX-Reswap") !== "none" && target.childElementCount) openDialog();
});

// A dialog opened by its own address is a panel of the page: its answers stay there, or ids would be twice.
document.addEventListener("htmx:beforeSwap", (event) => {
  const panel = event.detail.requestConfig?.elt.closest?.(".panel");
  if (panel && event.detail.target.id === "dialog-body") event.detail.target = panel;
});

document.addEventListener("leapter:close-dialog", closeDialog);

// ---- after an action ----

async function load(location) {
  pageIsStale = false;
  await htmx.ajax("GET", location, { target: "#main", swap: "innerHTML" });
  if (location !== window.location.pathname + window.location.search) {
    // As htmx marks its own entries: it then loads the right content when Back leads to one of these.
    history.replaceState({ htmx: true }, "");
    history.pushState({ htmx: true }, "", location);
  }
  if (!document.activeElement || document.activeElement === document.body) returnFocus();
}

document.addEventListener("leapter:load", (event) => load(event.detail.location));

// ---- toasts ----

const TOAST_MS = 8000;

function showToast(message) {
  const region = document.getElementById("toasts");
  const toast = document.createElement("div");
  toast.className = "toast";
  const text = document.createElement("p");
  text.textContent = message;
  toast.append(text);
  region.replaceChildren(toast); // an older one may be out of date
  raiseToasts(region);
}

// In the top layer, so that a dialog does not cover them.
function raiseToasts(region) {
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
  for (const toast of region.children) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "toast-close";
    button.setAttribute("aria-label", "Dismiss");
    button.textContent = "×";
    const remove = () => {
      toast.remove();
      if (!region.childElementCount && region.matches(":popover-open")) region.hidePopover();
    };
    button.addEventListener("click", remove);
    toast.append(button);
    setTimeout(remove, TOAST_MS);
  }
}

document.addEventListener("leapter:toast", (event) => showToast(event.detail.message));

// What went wrong is said where the person is: what lies outside an open dialog is not read.
function complain(message) {
  const place = dialog?.open && dialog.querySelector(".dialog-main");
  if (!place) return showToast(message);
  place.querySelector("[data-trouble]")?.remove();
  const notice = document.createElement("p");
  notice.className = "notice notice-error";
  notice.dataset.trouble = "";
  notice.setAttribute("role", "alert");
  notice.textContent = message;
  place.prepend(notice);
  notice.scrollIntoView({ block: "nearest" });
}

document.addEventListener("leapter:trouble", (event) => complain(event.detail.message));

// A request that only asks changes nothing. One that acts may have been done although its answer was lost.
document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.requestConfig.verb === "get") {
    complain("The server could not be reached. Check the connection and try again.");
    return;
  }
  pageIsStale = true;
  complain("The connection broke before the server answered, so it is not known whether this was done. Try again, or close this and look at the page.");
});

document.addEventListener("htmx:responseError", (event) => {
  const told = event.detail.xhr.getResponseHeader("HX-Trigger") ?? "";
  if (!told.includes("leapter:trouble")) complain("The server refused this. Reload the page and try again.");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr?.status === 409 && dialog?.contains(event.detail.requestConfig.elt)) pageIsStale = true;
});

// ---- copy ----

const COPIED_MS = 2500;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const label = button.querySelector("[data-copy-label]");
  const before = button.dataset.label ?? label.textContent;
  button.dataset.label = before;
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    label.textContent = "Copied";
    button.dataset.state = "copied";
  } catch {
    // Refused, or a page without TLS: the person copies the selected text.
    if (source.select) {
      source.focus();
      source.select();
    } else {
      window.getSelection().selectAllChildren(source);
    }
    label.textContent = "Selected: press Ctrl+C";
    button.dataset.state = "selected";
  }
  announce(label.textContent);
  setTimeout(() => {
    label.textContent = before;
    delete button.dataset.state;
  }, COPIED_MS);
});

// A live region of its own inside the open dialog: what lies outside a modal dialog is not read.
function announce(message) {
  const place = dialog?.open ? dialog : document.body;
  const region = document.createElement("p");
  region.className = "visually-hidden";
  region.setAttribute("role", "status");
  place.append(region);
  requestAnimationFrame(() => (region.textContent = message));
  setTimeout(() => region.remove(), COPIED_MS);
}

// ---- menus ----

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("[data-menu][open]");
  if (!menu) return;
  setTimeout(() => {
    if (!menu.contains(document.activeElement)) menu.open = false;
  });
});

// A table scrolls sideways and would cut a menu off: an open one is placed against the window, and follows it.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("[data-menu]")) return;
    const items = menu.querySelector(".menu-items");
    if (!menu.open) {
      if (items.matches(":popover-open")) items.hidePopover();
      return;
    }
    items.popover = "manual";
    items.showPopover();
    place(menu);
  },
  true,
);

function place(menu) {
  const items = menu.querySelector(".menu-items");
  const anchor = menu.querySelector("summary").getBoundingClientRect();
  const size = items.getBoundingClientRect();
  const below = anchor.bottom + size.height + 8 < window.innerHeight;
  items.style.margin = "0";
  items.style.inset = "auto";
  items.style.left = `${Math.max(8, anchor.right - size.width)}px`;
  items.style.top = `${below ? anchor.bottom + 4 : anchor.top - size.height - 4}px`;
}

for (const kind of ["scroll", "resize"]) {
  const follow = () => document.querySelectorAll("[data-menu][open]").forEach(place);
  window.addEventListener(kind, follow, { capture: true, passive: true });
}

// ---- plain forms: one submit ----

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post" || event.target.hasAttribute("hx-post")) return;
  if (event.target.dataset.sent) return event.preventDefault();
  event.target.dataset.sent = "true";
  event.submitter?.setAttribute("aria-busy", "true");
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// ---- times ----

const UNITS = [
  ["year", 31556952],
  ["month", 2629746],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function relative(seconds) {
  const amount = Math.abs(seconds);
  if (amount < 5) return "just now";
  const [unit, size] = UNITS.find(([, size]) => amount >= size);
  const count = Math.floor(amount / size);
  const text = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

setInterval(() => {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    time.textContent = relative((Date.now() - Date.parse(time.dateTime)) / 1000);
  }
}, 15000);

const toasts = document.getElementById("toasts");
if (toasts.childElementCount) raiseToasts(toasts);
