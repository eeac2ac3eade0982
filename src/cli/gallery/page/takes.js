/* The strip of all takes of an asset, and the buttons for what can be done with it. It must not know what a choice shows. */
(function (tintype) {
  "use strict";

  const { element, icon, patch, copyButton } = tintype.dom;
  const words = tintype.words;
  const { store, actions, server, toasts } = tintype;
  const strip = element("div", { class: "strip", role: "group", "aria-label": "Takes" });
  const buttons = element("div", { class: "actions" });
  const followers = new Map();
  let revealed = "";
  let closeNotice = () => {};

  function badge(text, kind) {
    return element("span", { class: "badge", "data-kind": kind }, text);
  }

  function described(take) {
    return [`Take ${take.number}`, take.chosen && "chosen", take.kind, take.provider, words.price(take.cost_usd), take.generated && words.moment(take.generated), !take.at_hand && "not at hand"].filter(Boolean).join(", ");
  }

  function tile(take, selected, handlers) {
    const isSelected = take.number === selected;
    const node = element("button", {
      type: "button", class: "take", "data-testid": "take", "data-key": `take-${take.number}`, "data-number": take.number, "data-chosen": String(take.chosen), "aria-pressed": String(isSelected),
      title: `${described(take)}\nShift and click: compare with the selected one`,
      onclick: (event) => (event.shiftKey || event.ctrlKey || event.metaKey ? handlers.compare(take.number) : handlers.select(take.number)),
    },
      element("span", { class: "take-picture" }, take.thumb && take.at_hand ? element("img", { src: take.thumb, alt: "", loading: "lazy", decoding: "async" }) : icon("unavailable")),
      element("span", { class: "take-words" },
        element("span", { class: "take-number" }, `Take ${take.number}`, take.chosen ? element("span", { class: "chosen" }, icon("fresh"), "chosen") : null),
        element("span", { class: "take-more" }, take.kind ? badge(take.kind, take.kind) : element("span", null, take.provider || "")),
        element("span", { class: "take-more" }, [words.price(take.cost_usd), take.generated && words.day(take.generated)].filter(Boolean).join(" · "))));
    return node;
  }

  /** Scrolls along the strip only: the page itself stays where it is. */
  function reveal(node) {
    const left = node.offsetLeft - strip.offsetLeft - 16;
    if (left < strip.scrollLeft) strip.scrollLeft = left;
    else strip.scrollLeft = Math.max(strip.scrollLeft, left + node.offsetWidth + 32 - strip.clientWidth);
  }

  function drawStrip(name, takes, selected, handlers) {
    patch(strip, [takes, selected], () => {
      if (takes.length === 0) return [element("p", { class: "no-takes" }, "No takes yet.")];
      return takes.map((take) => tile(take, selected, handlers));
    });
    const place = `${name} ${selected}`;
    if (place === revealed) return;
    revealed = place;
    const node = strip.querySelector("[aria-pressed=true]");
    if (node) reveal(node);
  }

  /** What a pick sets off is said before it is done. The answer is kept as long as the asset stands as it does. */
  function follow(name, take, revision, redraw) {
    const key = `${revision} ${name} ${take}`;
    if (followers.has(key)) return followers.get(key);
    followers.clear();
    followers.set(key, null);
    server.followers(name, take).then((list) => {
      followers.set(key, list);
      redraw();
    }, () => followers.delete(key));
    return null;
  }

  async function pick(order, number) {
    const done = await actions.perform(order);
    if (done) closeNotice = toasts.show({ kind: "info", text: `${order.names[0]} is take ${number} now.` }, { label: "Undo", run: actions.undo });
  }

  // The notice of a pick offers to take it back: that is no longer true once anything else is done.
  actions.listen((order, isUnder) => { if (isUnder) closeNotice(); });

  /** What can be done with an asset now: a list of {testid, label, cost, order, why_not, kind, key}. */
  function possible(asset, selected) {
    if (store.isStatic) return [];
    const isWorking = asset.state === "generating";
    const spend = (action, label, offer, images, extra) => offer && {
      testid: action, label, cost: offer.cost_usd, isWorking, why_not: offer.why_not, order: { action, names: [asset.name], cost_usd: offer.cost_usd, images }, ...extra,
    };
    const free = (action, label, title) => ({ testid: action, label, title, order: { action, names: [asset.name], cost_usd: 0, images: 0 } });
    const canPick = selected && !selected.chosen;
    return [
      canPick && { testid: "pick", label: `Pick take ${selected.number}`, cost: 0, kind: "primary", key: "p", why_not: selected.at_hand ? null : "its picture isn't at hand", number: selected.number, order: { action: "pick", names: [asset.name], take: selected.hash, cost_usd: 0, images: 0 } },
      spend("generate", "Generate", asset.generate, asset.generate?.images, { kind: canPick ? null : "primary" }),
      spend("draft", "Draft", asset.draft, asset.draft?.images),
      spend("reroll", "Reroll", asset.reroll, 1, { key: "r" }),
      asset.accept && free("accept", "Accept", "The present picture stands for the changed recipe. Free."),
      asset.adopt && free("adopt", "Adopt edited file", `${asset.adopt} becomes a take, and the chosen one. Free.`),
    ].filter(Boolean);
  }

  function perform(one) {
    if (one.testid === "pick") pick(one.order, one.number);
    else actions.perform(one.order);
  }

  const isOff = (one) => Boolean(one.why_not || one.isWorking || actions.isUnder(one.order.action, one.order.names));

  function button(one) {
    const attributes = { "data-testid": one.testid, class: one.kind, disabled: isOff(one), title: one.title, "aria-keyshortcuts": one.key, "data-hint": one.key?.toUpperCase(), onclick: () => perform(one) };
    // What can't be done has no price either.
    return one.cost === undefined || one.why_not
      ? element("button", { type: "button", ...attributes }, one.label)
      : actions.priced(one.label, one.cost, attributes);
  }

  function drawButtons(asset, selected, redraw) {
    const list = possible(asset, selected);
    const canPick = list.some((one) => one.testid === "pick");
    const following = canPick ? follow(asset.name, selected.number, store.head.revision, redraw) : null;
    const path = asset.outputs[0]?.path;
    patch(buttons, [list.map((one) => [one, isOff(one)]), following, path, asset.error], () => [
      element("div", { class: "action-row" }, list.map(button),
        path ? copyButton(path, `Copy path ${path}`, { "data-testid": "copy-path", class: null }, "Copy path") : null),
      following?.length ? element("p", { class: "follow" }, icon("pending"), element("span", null, words.followers(following))) : null,
      ...list.filter((one) => one.why_not && one.why_not !== asset.error?.message).map((one) => element("p", { class: "why-not" }, `${one.label}: ${one.why_not}`)),
    ]);
  }

  /** The key of an action does what its button does, and only where the button with its price is in view. */
  function press(testid, asset, selected) {
    const one = possible(asset, selected).find((other) => other.testid === testid);
    if (one && !isOff(one)) perform(one);
  }

  tintype.takes = { strip, buttons, drawStrip, drawButtons, press };
})(window.tintype);
