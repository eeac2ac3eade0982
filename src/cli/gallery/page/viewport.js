/* A window on a picture: zoom, scrolling, ground. Several windows share one zoom, so that what is compared has one scale. It must
   not know whose picture it shows. */
(function (tintype) {
  "use strict";

  const { element, icon, remembered, remember, segmented } = tintype.dom;
  const grounds = ["checker", "light", "dark"];
  const steps = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32];
  // A picture of few pixels is shown larger, by whole steps, so that it can be seen at all.
  const few = 128;
  const viewports = new Set();
  const ground = { value: grounds.includes(remembered("ground")) ? remembered("ground") : "checker" };
  const listeners = [];
  let mode = "fit";

  const shownOnes = () => [...viewports].filter((viewport) => viewport.element.isConnected && viewport.width > 0);

  function fit(viewport) {
    const { clientWidth, clientHeight } = viewport.scroll;
    const room = Math.min((clientWidth - 32) / viewport.width, (clientHeight - 32) / viewport.height);
    if (room <= 0) return 1;
    if (room < 1) return room;
    return Math.max(viewport.width, viewport.height) <= few ? Math.max(1, Math.min(8, Math.floor(room * 0.8))) : 1;
  }

  const scaleOf = (viewport) => (mode === "fit" ? fit(viewport) : mode);

  /** Draws the frame at its scale. The point under `anchor` (in the window, by default its middle) stays where it is. */
  function apply(viewport, anchor) {
    const { scroll, frame, width, height } = viewport;
    if (!width) return;
    const scale = scaleOf(viewport);
    const at = anchor || { x: scroll.clientWidth / 2, y: scroll.clientHeight / 2 };
    const before = frame.getBoundingClientRect();
    const outer = scroll.getBoundingClientRect();
    const x = before.width ? (outer.left + at.x - before.left) / before.width : 0.5;
    const y = before.height ? (outer.top + at.y - before.top) / before.height : 0.5;
    frame.style.width = `${Math.max(1, width * scale)}px`;
    frame.style.height = `${Math.max(1, height * scale)}px`;
    frame.dataset.pixels = scale > 1 ? "hard" : "soft";
    if (mode !== "fit") {
      const after = frame.getBoundingClientRect();
      scroll.scrollLeft += after.left + x * after.width - outer.left - at.x;
      scroll.scrollTop += after.top + y * after.height - outer.top - at.y;
    }
    for (const listener of listeners) listener(scale);
  }

  function setZoom(next, viewport, anchor) {
    mode = next;
    for (const one of shownOnes()) apply(one, one === viewport ? anchor : undefined);
  }

  function step(direction, viewport, anchor) {
    const first = viewport || shownOnes()[0];
    if (!first) return;
    const now = scaleOf(first);
    const next = direction > 0 ? steps.find((value) => value > now * 1.01) : steps.findLast((value) => value < now * 0.99);
    if (next) setZoom(next, first, anchor);
  }

  /** Panning by the hand, beside scrolling. */
  function pannable(scroll) {
    let from = null;
    scroll.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType !== "mouse" || event.defaultPrevented) return;
      from = { x: event.clientX + scroll.scrollLeft, y: event.clientY + scroll.scrollTop };
    });
    scroll.addEventListener("pointermove", (event) => {
      if (!from) return;
      scroll.scrollLeft = from.x - event.clientX;
      scroll.scrollTop = from.y - event.clientY;
    });
    for (const name of ["pointerup", "pointerleave", "pointercancel"]) scroll.addEventListener(name, () => { from = null; });
  }

  /** A window. `label` names it for those who don't see it; what lies in `viewport.frame` is the caller's. */
  function create(label) {
    const frame = element("div", { class: "frame" });
    const scroll = element("div", { class: "pan", tabindex: "0", role: "region", "aria-label": label, "data-key": `pan-${label}` }, element("div", { class: "canvas" }, frame));
    const viewport = { element: scroll, scroll, frame, width: 0, height: 0 };
    scroll.dataset.ground = ground.value;
    scroll.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = scroll.getBoundingClientRect();
      step(-event.deltaY, viewport, { x: event.clientX - box.left, y: event.clientY - box.top });
    }, { passive: false });
    pannable(scroll);
    viewports.add(viewport);
    const watch = new ResizeObserver(() => { if (mode === "fit") apply(viewport); });
    watch.observe(scroll);
    viewport.resize = (width, height) => {
      if (viewport.width === width && viewport.height === height) return;
      Object.assign(viewport, { width, height });
      apply(viewport);
    };
    viewport.drop = () => {
      watch.disconnect();
      viewports.delete(viewport);
    };
    return viewport;
  }

  function setGround(value) {
    ground.value = value;
    remember("ground", value);
    for (const viewport of viewports) viewport.element.dataset.ground = value;
    for (const input of document.querySelectorAll("input[name=ground]")) input.checked = input.value === value;
  }

  function tools() {
    const percent = element("output", { class: "percent", "aria-label": "Zoom" }, "100 %");
    const button = (label, run, content, key) => element("button", { type: "button", class: "quiet small", "aria-label": typeof content === "string" ? null : label, title: label, "data-key": key, onclick: run }, content);
    listeners.push((scale) => { percent.textContent = `${scale < 0.1 ? (scale * 100).toFixed(1) : Math.round(scale * 100)} %`; });
    return element("div", { class: "tools" },
      element("div", { class: "zoom", role: "group", "aria-label": "Zoom" },
        button("Zoom out", () => step(-1), icon("minus"), "zoom-out"), percent, button("Zoom in", () => step(1), icon("plus"), "zoom-in"),
        button("Fit the window", () => setZoom("fit"), "Fit", "zoom-fit"), button("True size", () => setZoom(1), "100 %", "zoom-true")),
      segmented("ground", "Ground", [["checker", "Checker"], ["light", "Light"], ["dark", "Dark"]], ground.value, setGround));
  }

  tintype.viewport = {
    create, tools, step,
    fit: () => setZoom("fit"),
    trueSize: () => setZoom(1),
    nextGround: () => setGround(grounds[(grounds.indexOf(ground.value) + 1) % grounds.length]),
  };
})(window.tintype);
