/* Puts the parts together: who is told what when something changes, and the keys of the whole page. It must not draw anything
   but the list of keys. */
(function (tintype) {
  "use strict";

  const { element, icon, byId } = tintype.dom;
  const { store, view, server, header, filters, grid, detail, toasts } = tintype;

  const keys = [
    ["Everywhere", [["/", "Search"], ["?", "This list"], ["Esc", "Close what is open"]]],
    ["In the grid", [["← ↑ → ↓", "Move"], ["Home End", "First and last"], ["Page ↑ ↓", "A screen up or down"], ["Enter", "Open"]]],
    ["In an asset", [["[ ]", "Previous and next asset, also Alt with ← →"], ["1–9", "Select a take"], ["C", "Compare two takes"], ["Space", "Turn, while two takes blink"], ["G", "Ground: checker, light, dark"], ["+ − 0", "Zoom in, out, fit"]]],
    ["In an asset, with the server", [["P", "Pick the selected take"], ["R", "Reroll, for the price on its button"]]],
  ];

  function help() {
    const dialog = byId("help");
    if (!dialog.firstChild) {
      const lists = keys.slice(0, store.isStatic ? 3 : 4).map(([title, lines]) => element("section", null, element("h3", null, title),
        element("dl", null, lines.map(([name, what]) => element("div", null, element("dt", null, name.split(" ").map((one) => element("kbd", null, one))), element("dd", null, what))))));
      dialog.append(
        element("div", { class: "help-head" }, element("h2", { id: "help-title" }, "Keys"), element("button", { type: "button", class: "quiet icon-button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
        element("div", { class: "help-lists" }, lists));
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    }
    dialog.showModal();
  }

  const isTyping = (node) => node.matches("input:not([type=radio], [type=range]), textarea, select");

  function onkeydown(event) {
    if (event.ctrlKey || event.metaKey || event.isComposing || byId("help").open) return;
    const search = byId("search");
    if (event.target === search && event.key === "Escape" && !detail.isOpen()) {
      if (search.value) view.set({ search: "" });
      else grid.focus();
      return;
    }
    if (event.target === search && event.key === "ArrowDown") {
      event.preventDefault();
      grid.focus();
      return;
    }
    if (isTyping(event.target) && event.key !== "Escape") return;
    // A key that is held down must not spend again and again.
    if (event.repeat && /^[a-z]$/i.test(event.key)) return;
    if (event.key === "/") search.focus();
    else if (event.key === "?") help();
    else if (!detail.key(event)) return;
    event.preventDefault();
  }

  function onchange(change) {
    if (!change.isProgress) {
      header.draw();
      filters.draw();
    }
    grid.update(change);
    detail.update(change);
    detail.follow();
    const root = document.documentElement;
    root.dataset.revision = store.head.revision;
    root.dataset.ready = "true";
  }

  function onserver(kind, data) {
    if (kind === "trouble" && !store.head) byId("count").textContent = data.message;
    if (kind !== "notice") return;
    const canShow = data.name && store.rows.has(data.name) && view.current.open !== data.name;
    toasts.show(data, canShow ? { label: "Show", run: () => view.set({ open: data.name }) } : null);
  }

  function start() {
    document.documentElement.dataset.static = String(store.isStatic);
    byId("keys").append(icon("question"));
    byId("keys").addEventListener("click", help);
    document.addEventListener("keydown", onkeydown);
    store.listen(onchange);
    server.listen(onserver);
    header.start();
    filters.start();
    grid.start((name) => view.set({ open: name }));
    detail.start();
    server.start();
  }

  start();
})(window.tintype);
