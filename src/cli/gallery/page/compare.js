/* Two takes at one scale: side by side, under a slider, or blinking. It must not know the asset, nor how takes are chosen. */
(function (tintype) {
  "use strict";

  const { element, segmented, reduced, remembered, remember } = tintype.dom;
  const { viewport } = tintype;
  const modes = [["side", "Side by side"], ["slider", "Slider"], ["blink", "Blink"]];
  const interval = 1000;

  const compare = { element: element("div", { class: "compare" }), show, hide, toggle, isShown: () => shown !== null };
  let mode = modes.some(([name]) => name === remembered("compare")) ? remembered("compare") : "side";
  let shown = null;
  let windows = [];
  let timer = 0;
  let flip = () => {};

  function drop() {
    clearInterval(timer);
    windows.forEach((one) => one.drop());
    windows = [];
    flip = () => {};
  }

  const labelOf = (take) => `Take ${take.number}${take.chosen ? " · chosen" : ""}`;
  const picture = (take) => element("img", { src: take.url, alt: labelOf(take), draggable: "false", decoding: "async" });

  /** Pictures of different sizes are laid over each other: both fill the larger one's frame. */
  function extent() {
    return [Math.max(shown.left.width, shown.right.width), Math.max(shown.left.height, shown.right.height)];
  }

  function open(label, ...content) {
    const one = viewport.create(label);
    one.frame.append(...content);
    windows.push(one);
    return one;
  }

  function together([one, other]) {
    let leader = null;
    let rest = 0;
    const follow = (from, to) => () => {
      if (leader && leader !== from) return;
      leader = from;
      clearTimeout(rest);
      rest = setTimeout(() => { leader = null; }, 120);
      to.scroll.scrollTo(from.scroll.scrollLeft, from.scroll.scrollTop);
    };
    one.scroll.addEventListener("scroll", follow(one, other), { passive: true });
    other.scroll.addEventListener("scroll", follow(other, one), { passive: true });
  }

  function side() {
    const panes = [shown.left, shown.right].map((take) =>
      element("figure", { class: "pane" }, open(labelOf(take), picture(take)).element, element("figcaption", { "data-chosen": String(take.chosen) }, labelOf(take))));
    together(windows);
    return [element("div", { class: "panes" }, panes)];
  }

  function slider() {
    const top = picture(shown.right);
    const line = element("span", { class: "split", "aria-hidden": "true" });
    const range = element("input", { type: "range", min: "0", max: "100", step: "1", value: "50", class: "split-range", "aria-label": `Split between ${labelOf(shown.left)} and ${labelOf(shown.right)}`, "data-key": "split" });
    const one = open(`${labelOf(shown.left)} and ${labelOf(shown.right)}`, picture(shown.left), top, line);
    const draw = () => {
      top.style.clipPath = `inset(0 0 0 ${range.value}%)`;
      line.style.left = `${range.value}%`;
      range.setAttribute("aria-valuetext", `${range.value} % ${labelOf(shown.left)}`);
    };
    const drag = (event) => {
      const box = one.frame.getBoundingClientRect();
      range.value = Math.round(((event.clientX - box.left) / box.width) * 100);
      draw();
    };
    one.frame.classList.add("is-split");
    one.frame.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      // The hand moves the split here, not the picture.
      event.preventDefault();
      one.frame.setPointerCapture(event.pointerId);
      drag(event);
    });
    one.frame.addEventListener("pointermove", (event) => { if (one.frame.hasPointerCapture(event.pointerId)) drag(event); });
    range.addEventListener("input", draw);
    draw();
    return [one.element, element("div", { class: "split-bar" }, element("span", null, labelOf(shown.left)), range, element("span", null, labelOf(shown.right)))];
  }

  function blink() {
    const front = picture(shown.right);
    const one = open(`${labelOf(shown.left)} and ${labelOf(shown.right)}`, picture(shown.left), front);
    const name = element("output", { class: "blink-name" });
    const button = element("button", { type: "button", class: "small", "data-key": "blink-run" });
    const draw = () => { name.textContent = labelOf(front.hidden ? shown.left : shown.right); };
    const turn = () => {
      front.hidden = !front.hidden;
      draw();
    };
    const run = (isOn) => {
      clearInterval(timer);
      timer = isOn ? setInterval(turn, interval) : 0;
      button.textContent = isOn ? "Stop" : "Blink by itself";
    };
    flip = () => {
      run(false);
      turn();
    };
    button.addEventListener("click", () => run(timer === 0));
    timer = 0;
    run(!reduced.matches);
    front.hidden = true;
    draw();
    return [one.element, element("div", { class: "split-bar" }, name, element("button", { type: "button", class: "small", "data-key": "blink-turn", "data-hint": "Space", onclick: () => flip() }, "Turn"), button)];
  }

  function setMode(next) {
    mode = next;
    remember("compare", next);
    drawBody();
  }

  function drawBody() {
    drop();
    const body = compare.element.querySelector(".compare-body");
    body.dataset.mode = mode;
    body.replaceChildren(...{ side, slider, blink }[mode]());
    const [width, height] = extent();
    windows.forEach((one) => one.resize(width, height));
  }

  function chooser(label, key, takes, onpick) {
    const select = element("select", { "aria-label": label, "data-key": key }, takes.map((take) => element("option", { value: take.number, selected: take.number === shown[key].number }, labelOf(take))));
    select.addEventListener("change", () => onpick(Number(select.value)));
    return select;
  }

  /** `left` and `right` are takes of `takes`; `onpick(side, number)` is told of another choice, `onclose` that comparing is over. */
  function show({ left, right, takes, onpick, onclose }) {
    const signature = JSON.stringify([left, right, takes]);
    if (shown?.signature === signature) return;
    const focused = compare.element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    shown = { left, right, signature };
    compare.element.replaceChildren(
      element("div", { class: "compare-bar" },
        segmented("compare-mode", "Compare", modes.map(([name, words]) => [name, words, { "data-testid": "compare-mode", "data-mode": name }]), mode, setMode),
        element("div", { class: "compare-pair" }, chooser("Left take", "left", takes, (number) => onpick("left", number)), element("span", { "aria-hidden": "true" }, "/"), chooser("Right take", "right", takes, (number) => onpick("right", number))),
        element("button", { type: "button", class: "quiet small", "data-key": "compare-close", onclick: onclose }, "Done")),
      element("div", { class: "compare-body" }));
    drawBody();
    if (focused) compare.element.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  function hide() {
    drop();
    shown = null;
    compare.element.replaceChildren();
  }

  /** The space bar, while two takes blink. */
  function toggle() {
    if (!shown || mode !== "blink") return false;
    flip();
    return true;
  }

  tintype.compare = compare;
})(window.tintype);
