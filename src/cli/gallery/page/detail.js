/* One asset, opened over the grid: its picture, its takes, what is known of it. It must not know how any of them is drawn, only when. */
(function (tintype) {
  "use strict";

  const { element, icon, byId, patch, segmented } = tintype.dom;
  const words = tintype.words;
  const { store, view, server, actions, viewport, compare, takes, facts } = tintype;

  // What is looked at: the asset as the server told it, the selected take, what of it is shown, and what is compared with it.
  let name = null;
  let asset = null;
  let selected = null;
  let showing = "output";
  let output = 0;
  let pair = null;
  let asked = 0;
  let opener = null;
  let parts = null;

  const panel = () => byId("detail");
  const takeOf = (number) => asset?.takes.find((take) => take.number === number) || null;
  const chosen = () => asset?.takes.find((take) => take.chosen) || null;
  const comparable = () => (asset?.takes || []).filter((take) => take.url && take.at_hand);

  // ---- Building ----

  function build() {
    const image = element("img", { alt: "", draggable: "false", decoding: "async" });
    const blank = element("div", { class: "stage-empty" });
    const stage = viewport.create("Picture");
    stage.frame.append(image);
    image.addEventListener("load", () => { if (!stage.width) stage.resize(image.naturalWidth, image.naturalHeight); });
    const button = (label, content, run, attributes) => element("button", { type: "button", class: "quiet icon-button", "aria-label": label, title: label, onclick: run, ...attributes }, content);
    parts = {
      image, blank, stage,
      name: element("h2", { class: "detail-name", id: "detail-name" }),
      state: element("span", { class: "state", role: "status" }),
      budget: element("span", { class: "detail-budget" }),
      previous: button("Previous asset ([)", icon("previous"), () => go(-1), { "data-key": "previous" }),
      next: button("Next asset (])", icon("next"), () => go(1), { "data-key": "next" }),
      what: element("div", { class: "what" }),
      single: element("div", { class: "single" }, stage.element, blank, element("span", { class: "work", "aria-hidden": "true" })),
      takes: element("div", { class: "takes" }),
      takesHead: element("div", { class: "takes-head" }),
      scroll: element("div", { class: "facts-scroll" }),
    };
    parts.takes.append(parts.takesHead, takes.strip);
    parts.scroll.append(parts.actions = element("div", { class: "actions-host" }, takes.buttons), facts.notes, ...facts.sections);
    panel().append(
      element("div", { class: "detail-bar" }, element("div", { class: "steps" }, parts.previous, parts.next), parts.name, parts.state, parts.budget,
        button("Close (Esc)", icon("close"), close, { "data-testid": "close" })),
      element("div", { class: "detail-body" },
        element("div", { class: "stage" }, element("div", { class: "stage-bar" }, parts.what, viewport.tools()), parts.single, compare.element,
          parts.takes),
        parts.scroll));
    panel().addEventListener("keydown", trap);
  }

  // ---- Drawing ----

  function title(row) {
    patch(parts.name, name, () => {
      const { folder, last } = words.split(name);
      return [folder ? element("span", { class: "folder" }, folder + "/") : null, element("span", { class: "last" }, last)];
    });
    parts.name.title = name;
    const state = asset?.state || row?.state;
    parts.state.dataset.state = state;
    panel().dataset.state = state;
    patch(parts.state, state, () => [icon(state), element("span", null, words.state(state))]);
    parts.previous.disabled = view.neighbour(name, -1) === null;
    parts.next.disabled = view.neighbour(name, 1) === null;
    parts.budget.textContent = store.isStatic ? "" : words.budget(store.head.budget);
  }

  const originalOf = (take) => ({ url: take.url, width: take.width, height: take.height, label: `${name}, take ${take.number}`, key: `take ${take.number}` });

  /** What the stage shows: of the chosen take an output or the original; of any other its original. */
  function picture() {
    const take = takeOf(selected);
    if (take && !take.chosen) return take.url ? originalOf(take) : null;
    const file = asset.outputs[output];
    if (showing === "output" && file?.url) return { url: file.url, width: file.width, height: file.height, label: asset.alt || name, key: file.path };
    if (take?.url) return originalOf(take);
    const other = asset.outputs.find((one) => one.url);
    return other ? { url: other.url, width: other.width, height: other.height, label: asset.alt || name, key: other.path } : null;
  }

  function drawPicture(row) {
    const shown = asset ? picture() : row?.thumb ? { url: row.thumb, width: row.width, height: row.height, label: row.alt || name } : null;
    panel().dataset.empty = String(shown === null);
    if (shown === null) {
      parts.image.removeAttribute("src");
      const state = asset?.state || row?.state || "pending";
      patch(parts.blank, [state], () => [icon(state), element("p", null, state === "unavailable" ? "Its picture isn't here." : "No picture yet.")]);
      return;
    }
    if (parts.image.getAttribute("src") !== shown.url) parts.image.setAttribute("src", shown.url);
    parts.image.alt = shown.label;
    parts.stage.resize(shown.width || parts.image.naturalWidth, shown.height || parts.image.naturalHeight);
  }

  function drawWhat() {
    const take = takeOf(selected);
    const canBoth = asset && take?.chosen && take.url && asset.outputs.some((file) => file.url);
    const text = take && !take.chosen ? `Take ${take.number}, original` : showing === "original" && take ? "Original" : "";
    const shown = asset && picture();
    const size = shown?.width ? `${shown.width} × ${shown.height}` : "";
    patch(parts.what, [canBoth, showing, text, size], () => [
      canBoth ? segmented("what", "Show", [["output", "Output"], ["original", "Original"]], showing, (value) => { showing = value; draw(); }) : element("span", { class: "what-text" }, text),
      element("span", { class: "what-size" }, size),
    ]);
  }

  function drawTakes() {
    const canCompare = comparable().length > 1;
    patch(parts.takesHead, [asset.takes.length, canCompare, pair !== null], () => [
      element("h3", null, asset.takes.length === 0 ? "Takes" : words.counted(asset.takes.length, "take")),
      element("button", { type: "button", class: "small", "data-testid": "compare", disabled: !canCompare, "aria-pressed": String(pair !== null), "aria-keyshortcuts": "c", "data-hint": "C", title: "Compare two takes", onclick: toggleCompare }, pair ? "Comparing" : "Compare"),
    ]);
    // What isn't generated has no takes to choose from.
    parts.takes.hidden = asset.takes.length === 0 && !asset.recipe;
    takes.drawStrip(name, asset.takes, selected, { select, compare: (number) => comparePair(selected, number) });
  }

  function drawCompare() {
    const [left, right] = pair ? pair.map(takeOf) : [null, null];
    const isOn = Boolean(left?.url && right?.url);
    if (!isOn) pair = null;
    panel().dataset.comparing = String(isOn);
    if (!isOn) compare.hide();
    else compare.show({ left, right, takes: comparable(), onpick: (side, number) => comparePair(...(side === "left" ? [number, pair[1]] : [pair[0], number])), onclose: toggleCompare });
  }

  function draw() {
    if (name === null) return;
    const row = store.rows.get(name);
    title(row);
    panel().dataset.loaded = String(asset !== null);
    drawPicture(row);
    drawWhat();
    if (!asset) return;
    drawCompare();
    drawTakes();
    takes.drawButtons(asset, takeOf(selected), draw);
    const isOutput = showing === "output" && (takeOf(selected)?.chosen ?? true);
    facts.draw(asset, { progress: store.progress.get(name), output: isOutput ? output : -1, onshow: showOutput });
  }

  // ---- What the reader does ----

  function showOutput(index) {
    output = index;
    showing = "output";
    selected = chosen()?.number ?? selected;
    pair = null;
    draw();
  }

  function select(number) {
    const take = takeOf(number);
    if (!take) return;
    if (pair) {
      const other = pair[0] === number ? pair[1] : pair[0];
      pair = other === number ? null : [other, number];
    }
    selected = number;
    draw();
  }

  function comparePair(left, right) {
    if (left === right || !takeOf(left)?.url || !takeOf(right)?.url) return;
    pair = [left, right];
    selected = takeOf(right).chosen ? left : right;
    draw();
  }

  /** The chosen take with the selected one; if that is the chosen one, with the newest other. */
  function toggleCompare() {
    if (pair) {
      pair = null;
      draw();
      parts.takesHead.querySelector("button")?.focus({ preventScroll: true });
      return;
    }
    const list = comparable();
    const base = list.find((take) => take.chosen) || list[0];
    const other = list.find((take) => take.number === selected && take !== base) || list.findLast((take) => take !== base);
    if (base && other) comparePair(base.number, other.number);
  }

  function go(steps) {
    const next = view.neighbour(name, steps);
    if (next !== null) view.set({ open: next });
  }

  // ---- Opening, closing, fetching ----

  async function fetchAsset() {
    const mine = (asked += 1);
    const wanted = name;
    try {
      const answer = await server.asset(wanted);
      if (mine !== asked || name !== wanted) return;
      take(answer);
    } catch (error) {
      if (mine !== asked || name !== wanted) return;
      tintype.toasts.show({ kind: "error", text: error.message, help: error.help });
    }
  }

  /** The asset as it is now. Whoever looks at the chosen take goes on to the newly chosen one; any other selection stays. */
  function take(answer) {
    const before = chosen()?.number ?? null;
    asset = answer;
    const now = chosen()?.number ?? asset.takes.at(-1)?.number ?? null;
    if (selected === null || selected === before || !takeOf(selected)) selected = now;
    if (!asset.outputs[output]) output = 0;
    draw();
  }

  function open(next) {
    const isFirst = name === null;
    if (!parts) build();
    if (isFirst) opener = document.activeElement;
    Object.assign(parts.stage, { width: 0, height: 0 });
    [name, asset, selected, showing, output, pair] = [next, null, null, "output", 0, null];
    compare.hide();
    panel().hidden = false;
    byId("scrim").hidden = false;
    byId("body").inert = true;
    panel().dataset.comparing = "false";
    document.body.dataset.detail = "open";
    parts.scroll.scrollTop = 0;
    takes.strip.scrollLeft = 0;
    draw();
    if (isFirst || !panel().contains(document.activeElement)) panel().focus({ preventScroll: true });
    fetchAsset();
  }

  function shut() {
    const last = name;
    name = asset = pair = null;
    compare.hide();
    panel().hidden = true;
    byId("scrim").hidden = true;
    byId("body").inert = false;
    document.body.dataset.detail = "closed";
    parts.image.removeAttribute("src");
    // The focus goes back: to the card of what was open, which may not be the one it was opened from.
    if (store.rows.has(last)) tintype.grid.focus(last);
    if (document.activeElement === document.body) opener?.focus();
  }

  function close() {
    view.set({ open: null });
  }

  /** The view says what is open. */
  function follow() {
    const wanted = view.current.open;
    if (wanted === name || !store.head) return;
    if (wanted !== null && store.rows.has(wanted)) open(wanted);
    else if (wanted !== null) {
      tintype.toasts.show({ kind: "info", text: `${wanted} isn't declared.` });
      if (name !== null && !store.rows.has(name)) shut();
      close();
    } else if (name !== null) shut();
  }

  function update({ names, isProgress }) {
    if (name === null) return;
    if (!store.rows.has(name)) {
      tintype.toasts.show({ kind: "info", text: `${name} isn't declared any more.` });
      close();
      return;
    }
    if (!isProgress && (names === null || names.has(name))) fetchAsset();
    draw();
  }

  // ---- Keyboard ----

  function trap(event) {
    if (event.key !== "Tab") return;
    const stops = [...panel().querySelectorAll("button, input, select, summary, pre[tabindex], .pan")].filter((node) => !node.disabled && node.tabIndex >= 0 && node.checkVisibility() && (node.type !== "radio" || node.checked));
    const first = stops[0];
    const last = stops.at(-1);
    const now = document.activeElement;
    if (event.shiftKey && (now === first || now === panel())) {
      event.preventDefault();
      last?.focus();
    } else if (!event.shiftKey && now === last) {
      event.preventDefault();
      first?.focus();
    }
  }

  const keys = {
    "[": () => go(-1),
    "]": () => go(1),
    c: toggleCompare,
    g: viewport.nextGround,
    p: () => asset && takes.press("pick", asset, takeOf(selected)),
    r: () => asset && takes.press("reroll", asset, takeOf(selected)),
    "+": () => viewport.step(1),
    "=": () => viewport.step(1),
    "-": () => viewport.step(-1),
    0: viewport.fit,
  };

  /** Says whether the key was one of the detail's. */
  function key(event) {
    if (name === null) return false;
    if (event.key === "Escape") {
      if (pair) toggleCompare();
      else close();
      return true;
    }
    if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      go(event.key === "ArrowLeft" ? -1 : 1);
      return true;
    }
    if (event.altKey) return false;
    if (event.key === " " && !event.target.closest("button, summary, input")) return compare.toggle();
    if (/^[1-9]$/.test(event.key)) select(Number(event.key));
    else if (keys[event.key]) keys[event.key]();
    else return false;
    return true;
  }

  function start() {
    byId("scrim").addEventListener("click", close);
    view.listen(({ opened }) => { if (opened) follow(); });
    actions.listen(draw);
  }

  tintype.detail = {
    start, update, follow, key,
    isOpen: () => name !== null,
    focus: () => {
      if (name !== null) panel().focus({ preventScroll: true });
      return name !== null;
    },
  };
})(window.tintype);
