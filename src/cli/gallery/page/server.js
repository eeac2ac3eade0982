/* Talks with the server: fetches, posts, and follows its events into the store. It must not know elements. In a static page it
   answers from what came with the page. */
(function (tintype) {
  "use strict";

  const { store } = tintype;
  const listeners = [];
  // An events' stream that doesn't open must not keep the page empty.
  const patience = 500;
  let events = null;
  let live = store.isStatic ? "static" : "off";
  let loading = false;
  let waiting = [];
  let again = 0;

  function become(next) {
    if (live === next) return;
    live = next;
    for (const listener of listeners) listener("live", next);
  }

  function problem(code, message, help) {
    return Object.assign(new Error(message), { code, help: help || null });
  }

  async function ask(path, options) {
    let answer;
    try {
      answer = await fetch(path, { cache: "no-store", ...options });
    } catch {
      throw problem("offline", "The gallery's server doesn't answer.", "Is `tintype gallery` still running?");
    }
    const body = await answer.json().catch(() => null);
    if (answer.ok && body) return body;
    const error = body?.error;
    throw problem(error?.code || String(answer.status), error?.message || `The server answered ${answer.status}.`, error?.help);
  }

  /** All of the state. Changes that arrive meanwhile wait, as they may be newer than the answer. */
  async function load() {
    if (loading) return;
    loading = true;
    clearTimeout(again);
    try {
      store.load(await ask("state"));
      loading = false;
      const later = waiting.filter((patch) => patch.revision > store.head.revision);
      waiting = [];
      later.forEach(change);
    } catch (error) {
      loading = false;
      for (const listener of listeners) listener("trouble", error);
      if (events) again = setTimeout(load, 2000);
    }
  }

  function change(patch) {
    if (loading || !store.head) {
      waiting.push(patch);
      return;
    }
    if (patch.revision <= store.head.revision) return;
    if (patch.revision !== store.head.revision + 1) {
      load();
      return;
    }
    store.change(patch);
  }

  function open() {
    if (events || store.isStatic) return;
    events = new EventSource("events");
    const fallback = setTimeout(load, patience);
    events.onopen = () => {
      clearTimeout(fallback);
      become("on");
      // Whatever happened while nobody listened is in the state.
      load();
    };
    events.onerror = () => {
      become("off");
      if (events?.readyState === EventSource.CLOSED) retry();
    };
    events.addEventListener("change", (event) => change(JSON.parse(event.data)));
    events.addEventListener("progress", (event) => {
      const { name, text } = JSON.parse(event.data);
      if (store.rows.has(name)) store.report(name, text);
    });
    events.addEventListener("notice", (event) => {
      const notice = JSON.parse(event.data);
      for (const listener of listeners) listener("notice", notice);
    });
  }

  /** A browser gives up on a stream that is refused; the server may only have been restarted. */
  function retry() {
    close();
    again = setTimeout(open, 2000);
  }

  function close() {
    clearTimeout(again);
    events?.close();
    events = null;
  }

  function start() {
    if (store.isStatic) {
      store.load(window.TINTYPE_STATIC.state);
      return;
    }
    open();
    window.addEventListener("pagehide", () => { close(); become("off"); });
    window.addEventListener("pageshow", open);
  }

  async function asset(name) {
    if (!store.isStatic) return ask(`asset?name=${encodeURIComponent(name)}`);
    const found = window.TINTYPE_STATIC.details[name];
    if (found) return found;
    throw problem("unknown", `${name} isn't in this export.`);
  }

  async function followers(name, take) {
    if (store.isStatic) return [];
    return (await ask(`followers?name=${encodeURIComponent(name)}&take=${take}`)).followers;
  }

  function post(body) {
    return ask("do", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  }

  tintype.server = {
    start, asset, followers, post,
    /** `listener(kind, data)`: "live", "notice" or "trouble". */
    listen: (listener) => listeners.push(listener),
    get live() { return live; },
  };
})(window.tintype);
