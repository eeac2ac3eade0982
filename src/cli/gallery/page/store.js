/* What is known of the project: its head (budget, pending, message) and a row per asset. It must not know elements, nor how
   the rows came here. */
(function (tintype) {
  "use strict";

  const { split } = tintype.words;
  const natural = new Intl.Collator("en", { numeric: true });
  const listeners = [];
  const rows = new Map();
  const progress = new Map();
  let order = null;

  const store = {
    head: null, rows, progress, listen, load, change, report, order: ordered,
    /** Nothing can be done here: a page of files. */
    isStatic: Boolean(window.TINTYPE_STATIC),
  };

  /** `listener({names, structure, isProgress})`: `names` a set of changed assets or null for all; `structure`: rows came or went;
      `isProgress`: nothing but the words of what is under way has changed. */
  function listen(listener) {
    listeners.push(listener);
  }

  function tell(names, structure, isProgress = false) {
    for (const listener of listeners) listener({ names, structure, isProgress });
  }

  function prepared(row) {
    const { folder, last } = split(row.name);
    return Object.assign(row, { folder, last, haystack: null });
  }

  function takeHead(state) {
    const { assets, removed, ...head } = state;
    store.head = { ...store.head, ...head };
  }

  function load(state) {
    takeHead(state);
    rows.clear();
    progress.clear();
    for (const row of state.assets) rows.set(row.name, prepared(row));
    order = null;
    tell(null, true);
  }

  function change(patch) {
    takeHead(patch);
    const names = new Set();
    let structure = false;
    for (const name of patch.removed || []) structure = rows.delete(name) || structure;
    for (const row of patch.assets || []) {
      structure = structure || !rows.has(row.name);
      rows.set(row.name, prepared(row));
      names.add(row.name);
      if (row.state !== "generating") progress.delete(row.name);
    }
    if (structure) order = null;
    tell(names, structure);
  }

  function report(name, text) {
    progress.set(name, text);
    tell(new Set([name]), false, true);
  }

  /** All rows, folder by folder, both in the order that a person expects: 2 before 10. */
  function ordered() {
    if (order) return order;
    const folders = new Map();
    for (const row of rows.values()) {
      if (!folders.has(row.folder)) folders.set(row.folder, []);
      folders.get(row.folder).push(row);
    }
    const names = [...folders.keys()].sort(natural.compare);
    order = names.flatMap((folder) => folders.get(folder).sort((a, b) => natural.compare(a.last, b.last)).map((row) => row.name));
    return order;
  }

  tintype.store = store;
})(window.tintype);
