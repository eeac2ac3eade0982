/* Builds elements, icons and remembered settings. It must not know assets, the server, or where anything stands on the page. */
window.tintype = window.tintype || {};
(function (tintype) {
  "use strict";

  const svg = "http://www.w3.org/2000/svg";

  // Strokes on a 16 × 16 field.
  const shapes = {
    fresh: "M3 8.5 6.5 12 13 4.5",
    pending: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3l2 1.5",
    generating: "M8 2v3M8 11v3M2 8h3M11 8h3M3.8 3.8l2 2M10.2 10.2l2 2M3.8 12.2l2-2M10.2 5.8l2-2",
    failed: "M8 2.2 14.3 13.3H1.7zM8 6.5v3M8 11.3v.3",
    blocked: "M4 7.2h8v6H4zM5.6 7V5.2a2.4 2.4 0 0 1 4.8 0V7",
    unavailable: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.1 4.1l7.8 7.8",
    placeholder: "M2.5 3h3M8 3h2M13.5 3v2.5M13.5 8v2M13.5 13H11M8.5 13h-2M2.5 13v-2.5M2.5 8V6M5 10.5l2-2.5 1.5 1.5L10 8l1.5 2.5z",
    draft: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3zM9 4.7 11.3 7",
    takes: "M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3",
    close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
    previous: "M10 3 5 8l5 5",
    next: "M6 3l5 5-5 5",
    copy: "M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3",
    sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.2v1.4M8 13.4v1.4M1.2 8h1.4M13.4 8h1.4M3.2 3.2l1 1M11.8 11.8l1 1M3.2 12.8l1-1M11.8 4.2l1-1",
    moon: "M13 9.6A5.6 5.6 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z",
    question: "M5.7 6a2.3 2.3 0 1 1 3.4 2C8.3 8.5 8 8.9 8 9.7M8 12v.3",
    folder: "M2 4h4l1.5 1.7H14V12.5H2z",
    undo: "M3 6.5h6.5a3.3 3.3 0 0 1 0 6.6H6M3 6.5 6 3.5M3 6.5l3 3",
    minus: "M3.5 8h9",
    plus: "M3.5 8h9M8 3.5v9",
  };

  function put(node, key, value) {
    if (value === null || value === undefined || value === false) return;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }

  /** An element with attributes, listeners (`onclick`) and children, which are nodes or text. */
  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) put(node, key, value);
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }

  /** Text of which the parts in backticks are code. */
  function prose(text) {
    return text.split(/`([^`\n]+)`/).map((part, index) => (index % 2 ? element("code", null, part) : part));
  }

  function icon(name) {
    const picture = document.createElementNS(svg, "svg");
    const stroke = document.createElementNS(svg, "path");
    picture.setAttribute("viewBox", "0 0 16 16");
    picture.setAttribute("class", "icon");
    picture.setAttribute("aria-hidden", "true");
    stroke.setAttribute("d", shapes[name] || shapes.pending);
    picture.append(stroke);
    return picture;
  }

  function setIcon(picture, name) {
    picture.firstChild.setAttribute("d", shapes[name] || shapes.pending);
  }

  const byId = (id) => document.getElementById(id);

  /** A setting of this browser. Where storage is forbidden, it lasts as long as the page. */
  function remembered(key) {
    try {
      return localStorage.getItem("tintype." + key);
    } catch {
      return null;
    }
  }

  function remember(key, value) {
    try {
      localStorage.setItem("tintype." + key, value);
    } catch {
      // Nothing is lost but the setting.
    }
  }

  const drawn = new WeakMap();

  function keyOf(node) {
    return node.dataset.key || node.dataset.testid;
  }

  function keyed(host, key) {
    return [...host.querySelectorAll("[data-key], [data-testid]")].find((node) => keyOf(node) === key && !node.disabled);
  }

  /**
   * Draws `host` anew only if what it is drawn from has changed. Focus and opened details stay where they are: a page that
   * changes while it is read must not take anything out of the reader's hands.
   */
  function patch(host, data, build) {
    const signature = JSON.stringify(data);
    if (drawn.get(host) === signature) return;
    drawn.set(host, signature);
    const focused = host.contains(document.activeElement) ? keyOf(document.activeElement) : null;
    const open = [...host.querySelectorAll("details[open][data-key]")].map(keyOf);
    host.replaceChildren(...build().filter(Boolean));
    for (const key of open) keyed(host, key)?.setAttribute("open", "");
    if (focused !== null) (keyed(host, focused) || host.closest("[role=dialog]"))?.focus({ preventScroll: true });
  }

  /** Radio buttons that look like one control. `choices`: [value, label, attributes]. */
  function segmented(name, label, choices, chosen, onchange) {
    return element("div", { class: "segmented", role: "radiogroup", "aria-label": label }, choices.map(([value, words, more]) =>
      element("label", { title: words },
        element("input", { type: "radio", name, value, checked: value === chosen, "data-key": `${name}-${value}`, onchange: () => onchange(value), ...more }),
        element("span", null, words))));
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages without the right to the clipboard may still copy what is selected.
      const area = element("textarea", { class: "aside", "aria-hidden": "true" });
      const before = document.activeElement;
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      before?.focus({ preventScroll: true });
    }
  }

  /** A button that copies `text`. `label` says to those who don't see it what that is; `resting` stands on it. */
  function copyButton(text, label, attributes, resting = "Copy") {
    const words = element("span", null, resting);
    const button = element("button", { type: "button", class: "quiet small", "aria-label": label, title: label, ...attributes }, icon("copy"), words);
    button.addEventListener("click", async () => {
      await copy(text);
      words.textContent = "Copied";
      setTimeout(() => { words.textContent = resting; }, 1500);
    });
    return button;
  }

  const reduced = matchMedia("(prefers-reduced-motion: reduce)");

  tintype.dom = { element, prose, icon, setIcon, byId, remembered, remember, patch, segmented, copyButton, reduced };
})(window.tintype);
