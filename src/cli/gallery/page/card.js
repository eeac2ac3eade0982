/* One asset in the grid: builds an empty card once, and paints any row on it. It must not know where the card stands. */
(function (tintype) {
  "use strict";

  const { element, icon, setIcon } = tintype.dom;
  const words = tintype.words;
  const { store } = tintype;
  // Pictures that came before are in the browser's cache: they may be shown even while scrolling fast.
  const loaded = new Set();

  function build() {
    const parts = {
      image: element("img", { alt: "", loading: "lazy", decoding: "async", draggable: "false" }),
      blank: icon("pending"),
      folder: element("span", { class: "folder" }),
      last: element("span", { class: "last" }),
      stateIcon: icon("fresh"),
      stateWord: element("span", { class: "word" }),
      price: element("span", { class: "price" }),
      takes: element("span", { class: "takes-count" }, icon("takes"), element("span"), element("span", { class: "unseen" }, " takes")),
      note: element("span", { class: "unseen" }),
      bar: element("span", { class: "work", "aria-hidden": "true" }),
    };
    const node = element("div", { class: "card", role: "gridcell", tabindex: "-1", "data-testid": "card" },
      element("div", { class: "picture" }, parts.blank, parts.image, parts.bar),
      element("div", { class: "caption" },
        element("div", { class: "name" }, parts.folder, parts.last),
        element("div", { class: "facts" }, element("span", { class: "state" }, parts.stateIcon, parts.stateWord), parts.price, parts.takes, parts.note)));
    const card = { node, parts, row: null, text: null, source: null };
    node.card = card;
    parts.image.addEventListener("load", () => {
      loaded.add(card.source);
      node.dataset.pictured = "true";
    });
    parts.image.addEventListener("error", () => { node.dataset.pictured = "false"; });
    return card;
  }

  /** The picture is asked for now, unless the reader is only passing by. */
  function load(card) {
    const { image } = card.parts;
    if (card.source !== null && image.getAttribute("src") !== card.source) image.setAttribute("src", card.source);
  }

  function paintPicture(card, source, isPassing) {
    if (card.source === source) return;
    const { image } = card.parts;
    const isSameAsset = card.node.dataset.name === card.row.name && source !== null;
    card.source = source;
    if (!isSameAsset) {
      // Another asset's picture must not be seen here, not even for a moment.
      image.removeAttribute("src");
      card.node.dataset.pictured = "false";
    }
    if (source !== null && (!isPassing || loaded.has(source))) load(card);
  }

  function paint(card, row, isPassing) {
    const text = store.progress.get(row.name) || null;
    if (card.row === row && card.text === text) return;
    const { node, parts } = card;
    card.row = row;
    card.text = text;
    paintPicture(card, row.thumb, isPassing);
    node.dataset.name = row.name;
    node.dataset.state = row.state;
    node.dataset.pixels = row.width && row.width <= 128 && row.height <= 128 ? "few" : "many";
    if (row.color) node.style.setProperty("--color", row.color);
    else node.style.removeProperty("--color");
    node.title = row.note ? `${row.name}\n${row.note.message}` : row.name;
    parts.folder.textContent = row.folder ? row.folder + "/" : "";
    parts.last.textContent = row.last;
    setIcon(parts.stateIcon, row.state);
    setIcon(parts.blank, row.state);
    parts.stateWord.textContent = row.state === "generating" && text ? text : words.state(row.state);
    parts.price.textContent = row.images > 0 && row.state !== "generating" ? words.price(row.cost_usd) : "";
    parts.takes.hidden = row.takes < 2;
    parts.takes.children[1].textContent = row.takes;
    parts.note.textContent = row.note?.message || "";
    parts.takes.title = words.counted(row.takes, "take");
  }

  /** The card leaves the page: a picture that hasn't come yet isn't wanted any more. */
  function release(card) {
    const { image } = card.parts;
    if (image.hasAttribute("src") && !image.complete) {
      image.removeAttribute("src");
      card.source = null;
      card.row = null;
    }
  }

  tintype.card = { build, paint, load, release };
})(window.tintype);
