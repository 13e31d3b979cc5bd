"use strict";

// The player of a run that was recorded: it goes through the steps that the page lists, marks the place of each
// where the Blueprint is read, and shows the values beside it. Without this file the list is there to read.

(() => {
  // What is being replayed; null where nothing is.
  let player = null;
  // Readings of other Blueprints and of this one, by revision and way to read, as the server sent them.
  const readings = new Map();

  function open() {
    const root = document.getElementById("replay");
    if (!root || !root.dataset.stepCount) {
      player = null;
      return;
    }
    if (player?.root === root) return;
    const steps = [...root.querySelectorAll(".replay-step")].map(read);
    const blueprints = new Map(
      [...root.querySelectorAll("[data-replayed]")].map((item) => [item.dataset.replayed, { ...item.dataset }]),
    );
    player = { root, steps, blueprints, at: 0, came: [], own: ownReading(), missing: new Set(), fetching: false };
    for (const part of root.querySelectorAll(".replay-player")) part.hidden = false;
    root.querySelector("[data-replay-close]").hidden = false;
    show(0);
    root.querySelector('[data-move="next"]').focus({ preventScroll: true });
    root.scrollIntoView({ block: "nearest" });
  }

  function read(item) {
    const changes = [...item.querySelectorAll(".replay-changes > li")].map((change) => ({
      name: change.firstElementChild.textContent,
      text: "gone" in change.dataset ? null : change.lastElementChild.textContent,
    }));
    return {
      depth: Number(item.dataset.depth),
      enters: "enters" in item.dataset,
      node: item.dataset.node,
      line: item.dataset.line,
      blueprint: item.dataset.blueprint,
      label: item.querySelector("a").textContent,
      event: item.querySelector(".replay-event").textContent,
      fails: item.querySelector(".replay-failure") !== null,
      changes,
    };
  }

  function ownReading() {
    const reading = document.getElementById("reading");
    return reading && { revision: reading.dataset.revision, html: reading.outerHTML };
  }

  // ---- values ----

  // The frames of calls at a step, the innermost last: each has its label and its values by name.
  function framesAt(at) {
    const frames = [];
    for (const step of player.steps.slice(0, at + 1)) {
      frames.length = Math.min(frames.length, step.enters ? step.depth : step.depth + 1);
      if (step.enters) frames.push({ label: step.label, values: new Map() });
      const { values } = frames.at(-1);
      for (const { name, text } of step.changes) {
        if (text === null) values.delete(name);
        else values.set(name, text);
      }
    }
    return frames;
  }

  // Whether the player lies below what is read, and over the end of it, instead of beside it.
  const isSmall = () => matchMedia("(width < 1100px)").matches;

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function rows(values, changed) {
    if (!values.size) {
      const row = element("tr");
      const cell = element("td", "No values yet.", "muted");
      cell.colSpan = 2;
      row.append(cell);
      return [row];
    }
    // Where the player is small, what has changed must not be out of sight.
    const order = isSmall() ? [...values].sort(([one], [other]) => changed.has(other) - changed.has(one)) : [...values];
    return order.map(([name, text]) => {
      const row = element("tr", "", changed.has(name) ? "replay-changed" : "");
      const head = element("th");
      head.scope = "row";
      head.append(element("code", name));
      const cell = element("td", text, "value");
      if (changed.has(name)) cell.append(element("span", " (changed)", "visually-hidden"));
      row.append(head, cell);
      return row;
    });
  }

  // ---- one step ----

  function show(at) {
    const { root, steps, blueprints } = player;
    player.at = at;
    const step = steps[at];
    const frames = framesAt(at);
    const link = element("a", `line ${step.line}`);
    const { url } = blueprints.get(step.blueprint);
    link.href = step.blueprint === steps[0].blueprint ? `#L${step.line}` : `${url}#L${step.line}`;
    const place = element("p");
    place.append(element("span", `Step ${at + 1} of ${steps.length}`, "muted"), " ", element("strong", step.label), ", ", link);
    const now = [place];
    if (step.event) now.push(element("p", step.event, step.fails ? "replay-failure" : "muted small"));
    if (frames.length > 1) now.push(element("p", frames.map((frame) => frame.label).join(" › "), "small"));
    root.querySelector(".replay-now").replaceChildren(...now);
    root.querySelector("tbody").replaceChildren(...rows(frames.at(-1).values, new Set(step.changes.map(({ name }) => name))));
    const range = root.querySelector(".replay-range");
    range.value = at + 1;
    range.setAttribute("aria-valuetext", `Step ${at + 1} of ${steps.length}: ${step.label}`);
    for (const button of root.querySelectorAll("[data-move]")) {
      // A disabled button would lose the focus.
      button.setAttribute("aria-disabled", String(target(button.dataset.move) === at));
    }
    light();
  }

  // Where a move leads from the present step; to itself where it leads nowhere.
  function target(move) {
    const { steps, at } = player;
    const { depth } = steps[at];
    // Back undoes a move over a call, or out of one.
    if (move === "back") return player.came.at(-1) ?? Math.max(at - 1, 0);
    if (move === "next") return Math.min(at + 1, steps.length - 1);
    const isCall = steps[at + 1]?.depth > depth;
    if (move === "over" && !isCall) return at;
    if (move === "out" && depth === 0) return at;
    const bound = move === "over" ? depth : depth - 1;
    const found = steps.findIndex((step, index) => index > at && step.depth <= bound);
    return found < 0 ? steps.length - 1 : found;
  }

  // ---- where the Blueprint is read ----

  function light() {
    const reading = document.getElementById("reading");
    if (!player || !reading) return;
    const { steps, at, blueprints } = player;
    const step = steps[at];
    const { revision, url } = blueprints.get(step.blueprint);
    if (reading.dataset.revision !== revision) {
      if (!player.missing.has(revision)) fetchReading(reading, revision, url);
      return;
    }
    sayWhose(reading, step.blueprint === steps[0].blueprint ? "" : blueprints.get(step.blueprint).label);
    for (const lit of reading.querySelectorAll("[data-replay]")) delete lit.dataset.replay;
    for (const { blueprint, node, line } of steps.slice(0, at)) {
      if (blueprint === step.blueprint) mark(node, line, "visited");
    }
    const [current] = mark(step.node, step.line, "current");
    if (current) keepInSight(current);
  }

  // The page is that of the Blueprint that was run; what is read may be one that it calls.
  function sayWhose(reading, label) {
    reading.querySelector(".replay-whose")?.remove();
    if (!label) return;
    const note = element("div", "", "notice notice-info replay-whose");
    const sentence = element("p");
    sentence.append("This is ", element("strong", label), ", which is called here.");
    note.append(sentence);
    reading.querySelector(".reading-head").after(note);
    for (const link of reading.querySelectorAll("[hx-replace-url]")) link.removeAttribute("hx-replace-url");
  }

  function mark(node, line, state) {
    const places = [`L${line}`, `node-${node}`, `flow-${node}`].map((id) => document.getElementById(id)).filter(Boolean);
    for (const place of places) place.dataset.replay = state;
    return places;
  }

  function keepInSight(place) {
    const box = place.getBoundingClientRect();
    const covered = isSmall() ? player.root.offsetHeight : 0;
    if (box.top < 0 || box.bottom > innerHeight - covered) {
      scrollBy(0, box.top - (innerHeight - covered) / 3);
    }
  }

  function fetchReading(reading, revision, url) {
    const view = reading.dataset.view;
    const kept = readings.get(`${revision} ${view}`);
    if (kept) {
      reading.outerHTML = kept;
      const put = document.getElementById("reading");
      htmx.process(put);
      light();
      return;
    }
    if (player.fetching) return;
    player.fetching = true;
    const address = `${url}?view=${view}&revision=in-force`;
    htmx.ajax("GET", address, { target: "#reading", swap: "outerHTML" }).finally(() => {
      if (!player) return;
      player.fetching = false;
      const fetched = document.getElementById("reading");
      // Another revision may have come into force since the run: its places would be marked wrongly.
      if (fetched.dataset.revision === revision) readings.set(`${revision} ${view}`, fetched.outerHTML);
      else player.missing.add(revision);
      light();
    });
  }

  function close() {
    const { root, own } = player;
    player = null;
    root.replaceChildren();
    delete root.dataset.stepCount;
    const reading = document.getElementById("reading");
    for (const lit of document.querySelectorAll("[data-replay]")) delete lit.dataset.replay;
    if (own && reading.dataset.revision !== own.revision) {
      reading.outerHTML = own.html;
      htmx.process(document.getElementById("reading"));
    }
    document.getElementById("run-by-steps")?.focus();
  }

  // ---- what people do ----

  function move(how) {
    const { at, came } = player;
    const to = target(how);
    if (how === "back") came.pop();
    else if (to !== at) came.push(at);
    show(to);
  }

  document.addEventListener("click", (event) => {
    if (!player) return;
    const button = event.target.closest("[data-move]");
    if (button) move(button.dataset.move);
    else if (event.target.closest("[data-replay-close]")) close();
  });

  document.addEventListener("input", (event) => {
    if (!player || !event.target.matches(".replay-range")) return;
    player.came = [];
    show(Number(event.target.value) - 1);
  });

  document.addEventListener("htmx:load", (event) => {
    if (event.target.id === "reading") light();
    else open();
  });
  open();
})();
