/* The bar on top and the message below it: project, connection, search, spending, theme. It must not know the grid or the detail. */
(function (tintype) {
  "use strict";

  const { element, icon, byId, patch, remembered, remember } = tintype.dom;
  const words = tintype.words;
  const { store, view, server, actions } = tintype;
  const lives = { on: "Live", off: "Reconnecting", static: "Static" };
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function drawLive() {
    const live = byId("live");
    live.dataset.live = server.live;
    live.textContent = server.live === "off" && !store.head ? "Connecting" : lives[server.live];
    live.title = server.live === "on" && store.head?.automatic
      ? "Connected. Saving the manifest generates by itself."
      : server.live === "on" ? "Connected. Nothing is generated unless you ask." : "";
  }

  function drawBudget() {
    const host = byId("budget");
    host.hidden = store.isStatic;
    if (store.isStatic) return;
    const budget = store.head.budget;
    patch(host, budget, () => {
      // Where room is short, the line breaks between money and images, not within.
      const [money, images] = words.budget(budget).split(" · ");
      const text = element("span", { class: "budget-words" }, element("span", null, money), " · ", element("span", null, images));
      if (budget.max_cost_usd === null || budget.spent_usd === null) return [text];
      const meter = element("span", { class: "meter", "aria-hidden": "true" }, element("span", null));
      const share = budget.max_cost_usd > 0 ? Math.min(1, budget.spent_usd / budget.max_cost_usd) : 1;
      meter.firstChild.style.width = `${share * 100}%`;
      meter.dataset.full = String(share >= 0.9);
      return [text, meter];
    });
  }

  function allButton(action, label, sum, attributes) {
    if (!sum || sum.names === 0) return null;
    const order = { action, names: [], cost_usd: sum.cost_usd, images: sum.images };
    const images = sum.images === 0 || sum.images === sum.names ? "" : ` · ${words.counted(sum.images, "image")}`;
    const isBusy = Boolean(store.head.running) || actions.isUnder(action, []);
    return actions.priced(`${label} ${words.number(sum.names)}${images}`, sum.cost_usd, {
      disabled: isBusy,
      title: `${label} all that is pending: ${words.counted(sum.names, "asset")}, ${words.counted(sum.images, "image")}`,
      onclick: () => actions.perform(order),
      ...attributes,
    });
  }

  function undoButton(back) {
    if (!back) return null;
    const words = `Undo: ${back.name} back to take ${back.take}`;
    return element("button", { type: "button", class: "quiet undo", "data-testid": "undo", title: `${words}. Free.`, "aria-label": words, disabled: actions.isUnder("undo", [back.name]), onclick: actions.undo },
      icon("undo"),
      // Where room is short, the name gives way: which take comes back must be read.
      element("span", { class: "undo-words" }, element("span", null, "Undo:"), element("span", { class: "undo-name" }, back.name), element("span", null, `back to take ${back.take}`)),
      element("span", { class: "undo-short" }, "Undo"));
  }

  function running(work) {
    if (!work) return null;
    const what = work.names.length === 1 ? work.names[0] : words.counted(work.names.length, "asset");
    return element("span", { class: "running", role: "status" }, icon("generating"), element("span", null, `Making ${what}`));
  }

  function drawSpending() {
    if (store.isStatic || !store.head) return;
    const { pending, pending_draft: draft, can_undo: back, running: work } = store.head;
    patch(byId("spending"), [pending, draft, back, work, actions.isUnder("generate", []), actions.isUnder("draft", []), back && actions.isUnder("undo", [back.name])], () => [
      undoButton(back),
      running(work),
      store.head.can_draft && allButton("draft", "Draft", draft, { "data-testid": "draft-all" }),
      allButton("generate", "Generate", pending, { "data-testid": "generate-all", class: "primary" }),
    ]);
  }

  function drawMessage() {
    const host = byId("message");
    const message = store.head.message;
    host.hidden = !message;
    patch(host, message, () => message ? [
      icon(message.kind === "info" ? "fresh" : "failed"),
      element("div", { class: "message-words", role: message.kind === "error" ? "alert" : "status" },
        element("pre", { tabindex: "0", "aria-label": "Message" }, message.text.replace(/\n+$/, "")),
        message.help && element("p", { class: "help-text" }, message.help)),
    ] : []);
    host.dataset.kind = message?.kind || "";
  }

  function draw() {
    const project = store.head.project || "Gallery";
    byId("project").textContent = project;
    byId("project").title = project;
    document.title = `${project} · gallery`;
    drawLive();
    drawBudget();
    drawSpending();
    drawMessage();
  }

  const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";

  function drawTheme() {
    const label = isDark() ? "Use the light theme" : "Use the dark theme";
    const button = byId("theme");
    button.replaceChildren(icon(isDark() ? "sun" : "moon"));
    button.setAttribute("aria-label", label);
    button.title = label;
  }

  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    remember("theme", theme);
    drawTheme();
  }

  function start() {
    const search = byId("search");
    const theme = remembered("theme");
    if (theme) document.documentElement.dataset.theme = theme;
    drawTheme();
    byId("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
    dark.addEventListener("change", drawTheme);
    search.value = view.current.search;
    search.addEventListener("input", () => view.set({ search: search.value }));
    view.listen(() => { if (search.value !== view.current.search) search.value = view.current.search; });
    server.listen((kind) => { if (kind === "live") drawLive(); });
    actions.listen(drawSpending);
    // An open asset leaves the bar and the message in view, however high they are.
    new ResizeObserver(() => document.documentElement.style.setProperty("--top", `${byId("body").offsetTop}px`)).observe(byId("body"));
    drawLive();
  }

  tintype.header = { start, draw };
})(window.tintype);
