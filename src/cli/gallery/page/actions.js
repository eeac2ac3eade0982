/* What the reader asks of the server: each action with the price that its button shows. It must not know where the buttons stand. */
(function (tintype) {
  "use strict";

  const { element } = tintype.dom;
  const { price } = tintype.words;
  const { store, server, toasts } = tintype;
  // How long an accepted action keeps its button quiet if no event follows.
  const settle = 3000;
  const under = new Set();
  const listeners = [];

  const keyOf = (order) => `${order.action} ${order.names.join(" ")}`;

  function mark(order, isUnder) {
    if (isUnder) under.add(keyOf(order));
    else under.delete(keyOf(order));
    for (const listener of listeners) listener(order, isUnder);
  }

  /** A double click must not spend twice: the button rests until the server's news has arrived. */
  function rest(order) {
    const revision = store.head.revision;
    const until = Date.now() + settle;
    const look = () => {
      if (store.head.revision !== revision || Date.now() > until) mark(order, false);
      else setTimeout(look, 50);
    };
    look();
  }

  /** `order`: action, names, cost_usd, images as the button shows them, and for a pick its take. */
  async function perform(order) {
    if (store.isStatic || under.has(keyOf(order))) return false;
    mark(order, true);
    try {
      await server.post(order);
      rest(order);
      return true;
    } catch (error) {
      mark(order, false);
      toasts.show({ kind: "error", text: error.message, help: error.help });
      return false;
    }
  }

  /** A button that spends shows what it spends. */
  function priced(words, cost, attributes) {
    return element("button", { type: "button", ...attributes }, `${words} · ${price(cost)}`);
  }

  function undo() {
    const back = store.head?.can_undo;
    if (back) perform({ action: "undo", names: [back.name], cost_usd: 0, images: 0 });
  }

  tintype.actions = {
    perform, priced, undo,
    isUnder: (action, names) => under.has(keyOf({ action, names })),
    /** `listener(order, isUnder)`: an action begins, or its button may be used again. */
    listen: (listener) => listeners.push(listener),
  };
})(window.tintype);
