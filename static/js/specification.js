"use strict";

// Printing, and diagrams that begin at their middle where they are wider than the window. Without this file the
// browser's own command prints the same page, and a diagram begins at its left.

(() => {
  function show() {
    for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
    for (const region of document.querySelectorAll(".flow-scroll:not([data-centred])")) {
      region.dataset.centred = "";
      // A place that the address names is already in sight.
      if (!region.querySelector(":target")) region.scrollLeft = (region.scrollWidth - region.clientWidth) / 2;
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("htmx:load", show);
  show();
})();
