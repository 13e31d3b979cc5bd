"use strict";

// The button beside a new password shows what was typed: there is no second field to catch a slip.

function offerToShow() {
  for (const button of document.querySelectorAll("[data-show-password][hidden]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show-password]");
  if (!button) return;
  const input = document.getElementById(button.dataset.showPassword);
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
});

// What is shown when the form is sent would be kept by the browser's memory of text fields.
document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("[data-show-password]")) {
    document.getElementById(button.dataset.showPassword).type = "password";
    button.setAttribute("aria-pressed", "false");
  }
});

document.addEventListener("htmx:load", offerToShow);
offerToShow();
