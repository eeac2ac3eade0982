/* The side list of states, folders and tags with their counts. It must not know the grid: a click changes the view. */
(function (tintype) {
  "use strict";

  const { element, icon, byId, patch } = tintype.dom;
  const words = tintype.words;
  const { store, view } = tintype;
  // A short tree is shown whole; of a long one, only what leads to the chosen folder.
  const short = 40;
  let counted = null;

  function add(counts, key) {
    counts.set(key, (counts.get(key) || 0) + 1);
  }

  /** How many assets each state, tag and folder has; a folder has those of its subfolders too. */
  function count() {
    if (counted) return counted;
    const states = new Map();
    const tags = new Map();
    const folders = new Map();
    for (const name of store.order()) {
      const row = store.rows.get(name);
      add(states, row.state);
      for (const tag of row.tags) add(tags, tag);
      for (let end = row.folder.length; end > 0; end = row.folder.lastIndexOf("/", end - 1)) add(folders, row.folder.slice(0, end));
      if (row.folder === "") add(folders, "");
    }
    counted = {
      states,
      tags: [...tags].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])),
      folders: [...folders].sort((a, b) => a[0].localeCompare(b[0], "en", { numeric: true })),
    };
    return counted;
  }

  function line(kind, value, label, total, isOn, onclick, more) {
    return element("li", null, element("button", {
      type: "button", class: "filter", "data-testid": `filter-${kind}`, "data-value": value, "data-key": `${kind}-${value}`, "aria-pressed": String(isOn), title: value || label, onclick, ...more?.attributes,
    }, more?.icon, element("span", { class: "filter-label" }, label), element("span", { class: "filter-count" }, words.number(total))));
  }

  function isShown(folder, all) {
    if (all.length <= short || !folder.includes("/")) return true;
    const chosen = view.current.folder;
    const parent = folder.slice(0, folder.lastIndexOf("/"));
    return chosen !== null && (chosen === parent || chosen.startsWith(parent + "/"));
  }

  function folderLine([folder, total]) {
    const isOn = view.current.folder === folder;
    const depth = folder.split("/").length - 1;
    const label = folder === "" ? "Top level" : words.split(folder).last;
    return line("folder", folder, label, total, isOn, () => view.set({ folder: isOn ? null : folder }), { attributes: { "data-depth": Math.min(depth, 5) } });
  }

  function section(title, lines) {
    if (lines.length === 0) return null;
    return element("section", { class: "filter-group" }, element("h2", null, title), element("ul", null, lines));
  }

  function draw() {
    if (!store.head) return;
    const { tags, folders, states: totals } = count();
    const { current } = view;
    // A state that is filtered by stays in the list, even when no asset has it any more.
    const states = words.stateNames.filter((state) => totals.has(state) || current.states.includes(state)).map((state) => [state, totals.get(state) || 0]);
    const active = current.states.length + current.tags.length + (current.folder === null ? 0 : 1);
    byId("open-side").textContent = active ? `Filters · ${active}` : "Filters";
    patch(byId("side"), [states, tags, folders, current.states, current.tags, current.folder], () => [
      element("div", { class: "side-head" }, element("h2", null, "Filters"), element("button", { type: "button", class: "quiet icon-button", "aria-label": "Close filters", "data-key": "close-side", onclick: () => show(false) }, icon("close"))),
      section("State", states.map(([state, total]) => line("state", state, words.state(state), total, current.states.includes(state), () => view.toggle("states", state), { icon: icon(state), attributes: { "data-state": state } }))),
      folders.length > 1 || folders[0]?.[0] ? section("Folders", folders.filter(([folder]) => isShown(folder, folders)).map(folderLine)) : null,
      section("Tags", tags.map(([tag, total]) => line("tag", tag, tag, total, current.tags.includes(tag), () => view.toggle("tags", tag)))),
    ]);
  }

  /** On narrow screens the list is a sheet over the grid. */
  function show(isShownNow) {
    document.body.dataset.side = isShownNow ? "open" : "closed";
    byId("open-side").setAttribute("aria-expanded", String(isShownNow));
    byId("main").inert = isShownNow;
    if (isShownNow) byId("side").querySelector("button")?.focus();
    else byId("open-side").focus();
  }

  function start() {
    byId("open-side").addEventListener("click", () => show(document.body.dataset.side !== "open"));
    byId("side").addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || document.body.dataset.side !== "open") return;
      event.stopPropagation();
      show(false);
    });
    document.addEventListener("pointerdown", (event) => {
      if (document.body.dataset.side === "open" && !byId("side").contains(event.target) && event.target !== byId("open-side")) show(false);
    });
    // Where the screen grows wide, the sheet is a plain column again.
    matchMedia("(min-width: 900px)").addEventListener("change", () => {
      document.body.dataset.side = "closed";
      byId("main").inert = false;
    });
    view.listen(({ filters }) => { if (filters) draw(); });
  }

  // Here, not in start: the counts must be forgotten before anyone draws what has changed.
  store.listen(({ isProgress }) => { if (!isProgress) counted = null; });

  tintype.filters = { start, draw };
})(window.tintype);
