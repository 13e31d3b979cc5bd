"use strict";

// What is chosen in the Connect dialog changes the rest of it: the place that is looked at stays.

(() => {
  const place = () => document.querySelector("#dialog #connect .dialog-main");
  let scrolled = null;

  document.addEventListener("htmx:beforeSwap", (event) => {
    scrolled = event.detail.target?.id === "connect" ? (place()?.scrollTop ?? null) : null;
  });

  document.addEventListener("htmx:afterSwap", () => {
    if (scrolled !== null) place()?.scrollTo({ top: scrolled, behavior: "instant" });
    scrolled = null;
  });
})();

// The connection test asks each second: not while nobody looks, and without a toast each time the server is away.

(() => {
  const asks = (event) => event.target instanceof Element && event.target.closest("[data-poll]") !== null;

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (asks(event) && document.hidden) event.preventDefault();
  });

  function tell(sentence) {
    const place = document.getElementById("test-trouble");
    if (!place || place.textContent === sentence) return;
    place.textContent = sentence;
    place.hidden = !sentence;
  }

  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      if (!asks(event)) return;
      event.stopPropagation();
      tell("The server did not answer. This page goes on asking.");
    }, true);
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (asks(event) && event.detail.successful) tell("");
  }, true);
})();
