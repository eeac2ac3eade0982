/* What of the project is looked at: search, filters and the open asset, kept in the address so that reloads and links keep them.
   It must not know elements. */
(function (tintype) {
  "use strict";

  const { store } = tintype;
  const listeners = [];
  const empty = { search: "", folder: null, tags: [], states: [], open: null };
  let current = { ...empty };
  let shown = null;
  let timer = 0;

  const isMarked = (list, value) => list.length === 0 || list.includes(value);

  function read() {
    const parts = new URLSearchParams(location.hash.slice(1));
    return {
      search: parts.get("q") || "",
      folder: parts.get("folder"),
      tags: parts.getAll("tag"),
      states: parts.getAll("state"),
      open: parts.get("open"),
    };
  }

  function written() {
    const parts = new URLSearchParams();
    if (current.search) parts.set("q", current.search);
    if (current.folder !== null) parts.set("folder", current.folder);
    for (const tag of current.tags) parts.append("tag", tag);
    for (const state of current.states) parts.append("state", state);
    if (current.open !== null) parts.set("open", current.open);
    return "#" + parts.toString().replaceAll("%2F", "/");
  }

  function address() {
    clearTimeout(timer);
    const now = written();
    if (now === (location.hash || "#")) return;
    // An opened asset is a place of its own, so that "back" closes it; a letter more in the search isn't.
    const isPlace = read().open === null && current.open !== null;
    try {
      history[isPlace ? "pushState" : "replaceState"](null, "", now);
    } catch {
      // Some browsers refuse that to a page of files.
      location.hash = now;
    }
  }

  function tell(change) {
    for (const listener of listeners) listener(change);
  }

  function set(change) {
    const before = current;
    current = { ...current, ...change };
    const filters = ["search", "folder", "tags", "states"].some((key) => key in change);
    if (filters) shown = null;
    clearTimeout(timer);
    // Browsers refuse an address that changes with every key. Whatever is clicked is in it at once: a reload may follow.
    if (Object.keys(change).join() === "search") timer = setTimeout(address, 250);
    else address();
    tell({ filters, opened: before.open !== current.open });
  }

  function toggle(key, value) {
    const list = current[key];
    set({ [key]: list.includes(value) ? list.filter((other) => other !== value) : [...list, value] });
  }

  function isIn(row, folder) {
    return folder === null || row.folder === folder || (folder !== "" && row.folder.startsWith(folder + "/"));
  }

  function haystack(row) {
    row.haystack ??= [row.name, row.model, row.prompt, row.alt, ...row.tags, ...row.outputs].filter(Boolean).join("\n").toLowerCase();
    return row.haystack;
  }

  /** The rows that pass every filter, in order. */
  function rows() {
    if (shown) return shown;
    const words = current.search.toLowerCase().split(/\s+/).filter(Boolean);
    shown = store.order().map((name) => store.rows.get(name)).filter((row) =>
      isMarked(current.states, row.state) && isIn(row, current.folder)
      && (current.tags.length === 0 || current.tags.some((tag) => row.tags.includes(tag)))
      && words.every((word) => haystack(row).includes(word)));
    return shown;
  }

  /** The asset `steps` further in the list, or null. */
  function neighbour(name, steps) {
    const list = rows();
    const index = list.findIndex((row) => row.name === name);
    return list[index + steps]?.name ?? null;
  }

  store.listen(({ isProgress }) => { if (!isProgress) shown = null; });
  window.addEventListener("hashchange", () => {
    const before = current;
    current = read();
    const opened = before.open !== current.open;
    const filters = JSON.stringify({ ...before, open: null }) !== JSON.stringify({ ...current, open: null });
    if (filters) shown = null;
    if (filters || opened) tell({ filters, opened });
  });
  current = read();

  tintype.view = {
    rows, set, toggle, neighbour,
    listen: (listener) => listeners.push(listener),
    clear: () => set({ ...empty, open: current.open }),
    get current() { return current; },
    get isFiltered() { return Boolean(current.search || current.folder !== null || current.tags.length || current.states.length); },
  };
})(window.tintype);
