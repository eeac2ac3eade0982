/* All cards in rows by folder, of which only those near the window are in the page: ten thousand assets scroll as twenty do.
   It must not know what opening an asset means, nor what a card shows. */
(function (tintype) {
  "use strict";

  const { element, icon, byId, remembered, remember } = tintype.dom;
  const words = tintype.words;
  const { store, view, card } = tintype;

  const sizes = [
    { label: "small", least: 112, gap: 12, caption: 46 },
    { label: "medium", least: 176, gap: 16, caption: 54 },
    { label: "large", least: 280, gap: 20, caption: 56 },
  ];
  const headHeight = 40;
  // Rows beyond the window that are drawn in advance; whoever rushes by sees none of them.
  const overscan = { reading: 480, passing: 60 };
  // Pixels in a millisecond over which rows are only passed by, and how long after that the reader has arrived.
  const fast = 2;
  const arrived = 90;

  let size = sizes[1];
  let lines = [];
  let places = new Map();
  let columns = 1;
  let width = 0;
  let tall = 0;
  let total = 0;
  let active = null;
  let drawn = new Map();
  let isHeld = false;
  let frame = 0;
  let last = { top: 0, time: 0 };
  let timer = 0;
  let onopen = () => {};
  const pool = [];

  const scroller = () => byId("scroller");
  const spacer = () => byId("spacer");

  // ---- Where everything stands ----

  function measure() {
    const style = getComputedStyle(scroller());
    tall = scroller().clientHeight;
    width = scroller().clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    // Narrow screens take two columns of any size but the largest.
    // A screen of 4K is looked at from further away.
    const wide = Math.min(1.6, Math.max(1, width / 2000));
    const isCramped = 2 * size.least + size.gap > width && size !== sizes[2];
    const least = isCramped ? Math.floor((width - size.gap) / 2) : size.least * wide;
    columns = Math.max(1, Math.floor((width + size.gap) / (least + size.gap)));
  }

  function layOut() {
    measure();
    const cell = (width - size.gap * (columns - 1)) / columns;
    const height = Math.round(cell * 0.86) + size.caption;
    const rows = view.rows();
    lines = [];
    places = new Map();
    let top = 0;
    for (let start = 0; start < rows.length;) {
      const folder = rows[start].folder;
      let end = start;
      while (end < rows.length && rows[end].folder === folder) end += 1;
      lines.push({ kind: "head", folder, count: end - start, top, height: headHeight });
      top += headHeight;
      for (let first = start; first < end; first += columns) {
        const names = rows.slice(first, Math.min(first + columns, end)).map((row) => row.name);
        names.forEach((name, column) => places.set(name, { line: lines.length, column }));
        lines.push({ kind: "cards", folder, names, top, height });
        top += height + size.gap;
      }
      top += 8;
      start = end;
    }
    total = top;
  }

  /** The last line that starts at or above `top`. */
  function lineAt(top) {
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (lines[middle].top <= top) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // ---- Drawing ----

  function headNode(line) {
    return element("div", { class: "line head", role: "row" },
      element("div", { role: "rowheader" }, element("span", { class: "head-name" }, line.folder || "Top level"), element("span", { class: "head-count" }, words.number(line.count))));
  }

  function fill(node, line, isPassing) {
    line.names.forEach((name, column) => {
      if (!node.cards[column]) {
        node.cards[column] = card.build();
        node.append(node.cards[column].node);
      }
      const one = node.cards[column];
      card.paint(one, store.rows.get(name), isPassing);
      one.node.hidden = false;
      one.node.tabIndex = name === active ? 0 : -1;
      one.node.setAttribute("aria-colindex", column + 1);
    });
    node.cards.slice(line.names.length).forEach((one) => { one.node.hidden = true; });
  }

  function cardsNode(line, isPassing) {
    const node = pool.pop() || Object.assign(element("div", { class: "line cards", role: "row" }), { cards: [] });
    fill(node, line, isPassing);
    return node;
  }

  function remove(index) {
    const { node, line } = drawn.get(index);
    node.remove();
    drawn.delete(index);
    if (line.kind !== "cards") return;
    node.cards.forEach(card.release);
    pool.push(node);
  }

  function add(index, isPassing) {
    const line = lines[index];
    const node = line.kind === "head" ? headNode(line) : cardsNode(line, isPassing);
    node.style.transform = `translateY(${line.top}px)`;
    node.style.height = `${line.height}px`;
    node.setAttribute("aria-rowindex", index + 1);
    const after = [...drawn].filter(([other]) => other > index).sort((a, b) => a[0] - b[0])[0];
    spacer().insertBefore(node, after ? after[1].node : null);
    drawn.set(index, { node, line });
  }

  /** The lines that belong in the page: those near the window, and the one that has the focus. */
  function wanted(top, isPassing) {
    const beyond = isPassing ? overscan.passing : overscan.reading;
    const from = lineAt(Math.max(0, top - beyond));
    const to = lineAt(top + tall + beyond);
    const set = new Set();
    for (let index = from; index <= to && index < lines.length; index += 1) set.add(index);
    if ((isHeld || spacer().contains(document.activeElement)) && places.has(active)) set.add(places.get(active).line);
    return set;
  }

  function render(isPassing) {
    const top = scroller().scrollTop;
    const set = wanted(top, isPassing);
    for (const index of [...drawn.keys()]) if (!set.has(index)) remove(index);
    for (const index of set) if (!drawn.has(index)) add(index, isPassing);
    pin(top);
  }

  /** The heading of the folder that is looked at stays on top, and gives way to the next one. */
  function pin(top) {
    const pinned = byId("pinned");
    const index = lines.length ? lineAt(top) : 0;
    pinned.hidden = lines.length === 0 || top <= 0;
    if (pinned.hidden) return;
    const next = lines.slice(index + 1, index + 3).find((line) => line.kind === "head");
    pinned.style.transform = `translateY(${next ? Math.min(0, next.top - top - headHeight) : 0}px)`;
    const folder = lines[index].folder || "Top level";
    if (pinned.textContent !== folder) pinned.textContent = folder;
  }

  /** The reader has arrived: what was only passed by is drawn and loaded. */
  function settle() {
    render(false);
    for (const { node, line } of drawn.values()) if (line.kind === "cards") node.cards.slice(0, line.names.length).forEach(card.load);
  }

  function onscroll() {
    if (!frame) frame = requestAnimationFrame(step);
  }

  function step(time) {
    frame = 0;
    const top = scroller().scrollTop;
    const isPassing = Math.abs(top - last.top) / Math.max(1, time - last.time) > fast;
    last = { top, time };
    render(isPassing);
    clearTimeout(timer);
    timer = setTimeout(settle, arrived);
  }

  function drawEmpty() {
    const empty = byId("empty");
    empty.hidden = lines.length > 0;
    if (!empty.hidden) {
      empty.replaceChildren(...(view.isFiltered
        ? [element("p", null, "Nothing matches."), element("button", { type: "button", onclick: view.clear }, "Clear search and filters")]
        : [icon("placeholder"), element("p", null, "Nothing is declared yet."), element("p", { class: "help-text" }, "Add an asset to images.toml, and it appears here.")]));
    }
  }

  function drawCount() {
    const shown = view.rows().length;
    const all = store.rows.size;
    byId("clear").hidden = !view.isFiltered;
    byId("count").textContent = shown === all ? words.counted(all, "asset") : `${words.number(shown)} of ${words.counted(all, "asset")}`;
  }

  /** Everything anew: what is shown, or the room for it, has changed. */
  function refresh() {
    if (!store.head) return;
    isHeld = spacer().contains(document.activeElement);
    layOut();
    if (!places.has(active)) active = view.rows()[0]?.name ?? null;
    for (const index of [...drawn.keys()]) remove(index);
    spacer().style.height = `${total}px`;
    spacer().style.setProperty("--columns", columns);
    spacer().style.setProperty("--gap", `${size.gap}px`);
    spacer().setAttribute("aria-rowcount", lines.length);
    spacer().setAttribute("aria-colcount", columns);
    spacer().dataset.size = size.label;
    spacer().hidden = lines.length === 0;
    drawEmpty();
    drawCount();
    render(false);
    // The focus comes back to its card, without scrolling there: the reader may look elsewhere.
    if (isHeld) nodeOf(active)?.focus({ preventScroll: true });
    isHeld = false;
  }

  /** Only the cards of `names` have changed. */
  function touch(names) {
    for (const name of names) {
      const found = drawn.get(places.get(name)?.line);
      if (found) card.paint(found.node.cards[places.get(name).column], store.rows.get(name), false);
    }
  }

  function update({ names, structure }) {
    const before = lines.length ? [...places.keys()] : [];
    const rows = view.rows();
    const isSame = names !== null && !structure && rows.length === before.length && (!view.isFiltered || rows.every((row, index) => row.name === before[index]));
    if (isSame) touch(names);
    else refresh();
  }

  // ---- Keyboard ----

  function nodeOf(name) {
    const place = places.get(name);
    return place && drawn.get(place.line)?.node.cards[place.column].node;
  }

  function reveal(name) {
    const place = places.get(name);
    if (!place) return;
    const { top, height } = lines[place.line];
    const view = scroller();
    if (top - headHeight < view.scrollTop) view.scrollTop = lines[place.line - 1].kind === "head" ? top - headHeight : top - headHeight - 4;
    else if (top + height + 16 > view.scrollTop + view.clientHeight) view.scrollTop = top + height + 16 - view.clientHeight;
    render(false);
  }

  function activate(name) {
    const before = nodeOf(active);
    active = name;
    if (before) before.tabIndex = -1;
    const now = nodeOf(name);
    if (now) now.tabIndex = 0;
  }

  function focus(name) {
    if (name !== undefined && places.has(name)) activate(name);
    if (active === null) return;
    reveal(active);
    activate(active);
    nodeOf(active)?.focus({ preventScroll: true });
  }

  function vertical(place, steps) {
    let index = place.line;
    const direction = Math.sign(steps);
    for (let left = Math.abs(steps); left > 0;) {
      let next = index + direction;
      if (lines[next]?.kind === "head") next += direction;
      if (!lines[next]) break;
      index = next;
      left -= 1;
    }
    const names = lines[index].names;
    return names[Math.min(place.column, names.length - 1)];
  }

  function target(key) {
    const place = places.get(active);
    const rows = view.rows();
    const page = Math.max(1, Math.floor(scroller().clientHeight / (lines[place.line].height + size.gap)));
    switch (key) {
      case "ArrowRight": return view.neighbour(active, 1);
      case "ArrowLeft": return view.neighbour(active, -1);
      case "ArrowDown": return vertical(place, 1);
      case "ArrowUp": return vertical(place, -1);
      case "PageDown": return vertical(place, page);
      case "PageUp": return vertical(place, -page);
      case "Home": return rows[0].name;
      case "End": return rows[rows.length - 1].name;
      default: return null;
    }
  }

  function onkeydown(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !places.has(active)) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onopen(active);
      return;
    }
    const name = target(event.key);
    if (name === null) return;
    event.preventDefault();
    focus(name);
  }

  function setSize(index) {
    size = sizes[index];
    byId("size").value = index;
    byId("size").setAttribute("aria-valuetext", size.label);
  }

  function start(open) {
    onopen = open;
    setSize(Number(remembered("size") ?? 1) in sizes ? Number(remembered("size") ?? 1) : 1);
    byId("size").addEventListener("input", (event) => {
      const kept = lines.length ? lines[lineAt(scroller().scrollTop + headHeight)]?.names?.[0] : null;
      setSize(Number(event.target.value));
      remember("size", event.target.value);
      refresh();
      // What was on top stays on top.
      if (kept && scroller().scrollTop > 0) scroller().scrollTop = lines[places.get(kept).line].top - headHeight;
    });
    byId("clear").addEventListener("click", () => {
      view.clear();
      focus();
    });
    scroller().addEventListener("scroll", onscroll, { passive: true });
    spacer().addEventListener("keydown", onkeydown);
    spacer().addEventListener("focusin", (event) => {
      const name = event.target.closest(".card")?.dataset.name;
      if (name) activate(name);
    });
    spacer().addEventListener("click", (event) => {
      const name = event.target.closest(".card")?.dataset.name;
      if (name) onopen(name);
    });
    new ResizeObserver(() => { if (scroller().clientWidth && store.head) { const before = width; measure(); if (width !== before) refresh(); else render(false); } }).observe(scroller());
    view.listen(({ filters }) => {
      if (!filters) return;
      scroller().scrollTop = 0;
      refresh();
    });
  }

  tintype.grid = { start, update, focus };
})(window.tintype);
