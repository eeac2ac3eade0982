/* Notices that come and go at the edge of the page. It must not know what they are about. */
(function (tintype) {
  "use strict";

  const { element, icon, byId, prose } = tintype.dom;
  const seconds = 6;
  const most = 4;
  const icons = { error: "failed", refused: "blocked", info: "fresh" };

  /** What a terminal begins in lower case. */
  const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  function close(toast) {
    const held = toast.contains(document.activeElement);
    toast.remove();
    // Whoever dismisses by keyboard goes on where they were.
    if (held) tintype.detail.focus() || tintype.grid.focus();
  }

  function expire(toast) {
    let timer = 0;
    const start = () => { timer = setTimeout(() => close(toast), seconds * 1000); };
    const stop = () => clearTimeout(timer);
    for (const event of ["mouseenter", "focusin"]) toast.addEventListener(event, stop);
    for (const event of ["mouseleave", "focusout"]) toast.addEventListener(event, start);
    start();
  }

  /** `notice`: kind (error, refused, info), text, help. `button`: {label, run}, or null. What went wrong stays until it is dismissed.
      Returns what closes it. */
  function show(notice, button) {
    const host = byId("toasts");
    for (const other of [...host.children].filter((toast) => toast.dataset.text === notice.text)) other.remove();
    const toast = element("div", { class: "toast", "data-testid": "toast", "data-kind": notice.kind, "data-text": notice.text, role: notice.kind === "info" ? null : "alert" },
      icon(icons[notice.kind] || "fresh"),
      element("div", { class: "toast-words" }, element("p", null, prose(sentence(notice.text))), notice.help ? element("p", { class: "help-text" }, prose(sentence(notice.help))) : null),
      button ? element("button", { type: "button", class: "small", onclick: () => { close(toast); button.run(); } }, button.label) : null,
      element("button", { type: "button", class: "quiet icon-button small", "aria-label": "Dismiss", onclick: () => close(toast) }, icon("close")));
    host.append(toast);
    const infos = [...host.querySelectorAll("[data-kind=info]")];
    while (host.children.length > most && infos.length) infos.shift().remove();
    if (notice.kind === "info") expire(toast);
    return () => close(toast);
  }

  tintype.toasts = { show };
})(window.tintype);
