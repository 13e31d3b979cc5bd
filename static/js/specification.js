"use strict";

// Printing, and diagrams that are wider than the window: they begin at their first box, and the headings of sections
// and loops stay in sight. Without this file the browser's own command prints the same page, and a diagram begins at
// its left.

(() => {
  const MARGIN = 14;

  // The headings of a diagram moved into the part of it that is in sight; never out of their own bar.
  function keepHeadings(region) {
    const { left, right } = region.getBoundingClientRect();
    const moves = [];
    for (const bar of region.querySelectorAll(":is(.flow-section, .flow-loop) > a")) {
      const box = bar.querySelector(".flow-outline").getBoundingClientRect();
      const texts = [...bar.querySelectorAll("text")];
      const wide = Math.max(0, ...texts.map((text) => text.getComputedTextLength()));
      const hidden = region.scrollWidth > region.clientWidth && right > left ? left - box.left : 0;
      const x = Math.max(MARGIN, Math.min(hidden + MARGIN, box.width - wide - MARGIN));
      moves.push([texts, x]);
    }
    for (const [texts, x] of moves) for (const text of texts) text.setAttribute("x", x);
  }

  function show() {
    for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
    for (const region of document.querySelectorAll(".flow-scroll:not([data-centred])")) {
      region.dataset.centred = "";
      // A place that the address names is already in sight.
      if (!region.querySelector(":target")) {
        const first = region.querySelector(".flow-shape").getBoundingClientRect();
        const { left } = region.getBoundingClientRect();
        const room = Math.max(MARGIN, (region.clientWidth - first.width) / 2);
        region.scrollLeft += first.left - left - room;
      }
      keepHeadings(region);
      region.addEventListener("scroll", () => keepHeadings(region), { passive: true });
    }
  }

  function keepAll() {
    for (const region of document.querySelectorAll(".flow-scroll")) keepHeadings(region);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("htmx:load", show);
  window.addEventListener("resize", keepAll);
  window.addEventListener("beforeprint", () => {
    for (const text of document.querySelectorAll(":is(.flow-section, .flow-loop) > a > text")) {
      text.setAttribute("x", MARGIN);
    }
  });
  window.addEventListener("afterprint", keepAll);
  show();
})();
