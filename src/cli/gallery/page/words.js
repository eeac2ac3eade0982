/* Says numbers, prices, states and names in words. It must not know elements, nor where its words go. */
(function (tintype) {
  "use strict";

  const states = {
    fresh: "Fresh",
    pending: "Pending",
    generating: "Generating",
    failed: "Failed",
    blocked: "Blocked",
    unavailable: "Unavailable",
    placeholder: "Placeholder",
    draft: "Draft",
  };

  const outputs = {
    same: "as locked",
    changed: "edited",
    missing: "missing",
    unlocked: "not tintype's",
    unreadable: "unreadable",
  };

  const number = new Intl.NumberFormat("en");
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

  /** As many digits as the amount has, and at least the cents. */
  function dollars(amount) {
    const [whole, digits] = amount.toFixed(6).split(".");
    return `$${whole}.${digits.slice(0, 2)}${digits.slice(2).replace(/0+$/, "")}`;
  }

  function price(cost) {
    if (cost === null || cost === undefined) return "price unknown";
    return cost === 0 ? "free" : dollars(cost);
  }

  function counted(count, what) {
    return `${number.format(count)} ${what}${count === 1 ? "" : "s"}`;
  }

  function bytes(size) {
    if (size < 1024) return counted(size, "byte");
    const kibibytes = size / 1024;
    if (kibibytes < 1024) return `${kibibytes.toFixed(kibibytes < 10 ? 1 : 0)} KiB`;
    return `${(kibibytes / 1024).toFixed(1)} MiB`;
  }

  function budget(spending) {
    const spent = spending.spent_usd === null ? "Unknown" : dollars(spending.spent_usd);
    const money = spending.max_cost_usd === null ? `${spent} spent` : `${spent} of ${dollars(spending.max_cost_usd)}`;
    const most = spending.max_images;
    const images = most === null || most === undefined
      ? counted(spending.images, "image")
      : `${number.format(spending.images)} of ${counted(most, "image")}`;
    return `${money} · ${images}`;
  }

  function split(name) {
    const slash = name.lastIndexOf("/");
    return { folder: slash < 0 ? "" : name.slice(0, slash), last: name.slice(slash + 1) };
  }

  /** "a", "a and b", "a, b and 3 more". */
  function several(names) {
    if (names.length <= 2) return names.join(" and ");
    return `${names[0]}, ${names[1]} and ${names.length - 2} more`;
  }

  /** What picking a take sets off, from the server's list of followers. */
  function followers(list) {
    const names = list.map((follower) => follower.name);
    const known = list.every((follower) => follower.cost_usd !== null);
    const cost = known ? list.reduce((sum, follower) => sum + follower.cost_usd, 0) : null;
    const ending = cost === null ? "price unknown," : cost === 0 ? "free," : `up to ${dollars(cost)}`;
    return `${several(names)} ${names.length === 1 ? "follows" : "follow"} it: ${ending} at the next generation`;
  }

  tintype.words = {
    dollars, price, counted, bytes, budget, split, several, followers,
    state: (state) => states[state] || state,
    output: (state) => outputs[state] || state,
    number: (value) => number.format(value),
    day: (text) => day.format(new Date(text)),
    moment: (text) => moment.format(new Date(text)),
    stateNames: Object.keys(states),
  };
})(window.tintype);
