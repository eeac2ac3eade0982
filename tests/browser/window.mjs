// One window of the browser: opens a page, counts clicks, waits for states, takes screenshots, and listens for what must not happen.
// It must not know the gallery's assets, nor in which order it is used.

import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";

/** No wait is longer, in milliseconds. */
export const patience = 15_000;
const pulse = 25;

/** Looks again and again until what is seen is as wanted; says what was seen last if that never happens. */
export async function until(what, look, isWanted = Boolean) {
  const end = Date.now() + patience;
  for (;;) {
    const seen = await look();
    if (isWanted(seen)) return seen;
    assert.ok(Date.now() < end, `${what}: not within ${patience / 1000} s; last seen: ${JSON.stringify(seen)}`);
    await rest(pulse);
  }
}

/** For promises that know no time limit themselves. */
export async function within(what, promise) {
  const over = new AbortController();
  const limit = rest(patience, null, { signal: over.signal }).then(() => assert.fail(`${what}: not within ${patience / 1000} s`), () => {});
  try {
    return await Promise.race([promise, limit]);
  } finally {
    over.abort();
  }
}

/** Hears errors in the console, requests that failed, and violations of the page's policy. */
class Watch {
  heard = [];

  constructor(page) {
    page.on("console", (message) => { if (message.type() === "error") this.heard.push(`console: ${message.text()} (${message.location().url})`); });
    page.on("pageerror", (error) => this.heard.push(`script: ${error.stack || error}`));
    page.on("response", (response) => { if (response.status() >= 400) this.heard.push(`response: ${response.status()} ${response.url()}`); });
    page.on("requestfailed", (request) => {
      // The page itself gives up what it doesn't need any more: its stream when it is left, pictures that were scrolled past.
      const { errorText } = request.failure();
      if (errorText !== "net::ERR_ABORTED") this.heard.push(`request: ${errorText} ${request.url()}`);
    });
  }

  assertQuiet() {
    assert.deepEqual(this.heard, [], "no error in the console, no failed request, no violation of the policy");
  }
}

export class Window {
  clicks = 0;
  /** The policy that the page came with. */
  policy = null;

  constructor(page, address, shots) {
    Object.assign(this, { page, address, shots, watch: new Watch(page) });
  }

  /** An element by its data-testid and other data attributes. */
  find(testid, data = {}) {
    const more = Object.entries(data).map(([key, value]) => `[data-${key}=${JSON.stringify(String(value))}]`).join("");
    return this.page.locator(`[data-testid="${testid}"]${more}`);
  }

  async click(target, options) {
    await target.click(options);
    this.clicks += 1;
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Waits until the element's text is as wanted, and returns it. */
  text(what, target, pattern) {
    return until(`${what}: ${pattern}`, () => target.innerText().then((text) => text.replace(/\s+/g, " ").trim(), () => null), (text) => text !== null && pattern.test(text));
  }

  attribute(what, target, name, wanted) {
    return until(`${what}: ${name}`, () => target.getAttribute(name).catch(() => null), typeof wanted === "function" ? wanted : (value) => value === wanted);
  }

  count(what, target, wanted) {
    return until(`${what}: ${wanted}`, () => target.count(), (count) => count === wanted);
  }

  async ready() {
    await until("the page is drawn", () => this.page.evaluate(() => document.documentElement.dataset.ready).catch(() => null), (value) => value === "true");
  }

  /** Every picture that matches has come, and has pixels. Returns how many there are, which is at least `least`. */
  async pictures(selector, least = 1) {
    const list = await until(`pictures have loaded: ${selector}`,
      () => this.page.$$eval(selector, (images) => images.filter((image) => image.getAttribute("src") && image.checkVisibility()).map((image) => ({ address: image.currentSrc || image.src, width: image.complete ? image.naturalWidth : 0 }))),
      (seen) => seen.length >= least && seen.every((image) => image.width > 0));
    return list.length;
  }

  /** No picture in view is still missing. */
  async settled() {
    // What follows from a new size of the window is drawn first.
    await within("two frames", this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))));
    await until("the pictures in view have loaded", () => this.page.evaluate(() => [...document.images].filter((image) => {
      const box = image.getBoundingClientRect();
      const isInView = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      return isInView && image.getAttribute("src") && !(image.complete && image.naturalWidth > 0);
    }).map((image) => image.src)), (missing) => missing.length === 0);
  }

  async shoot(name) {
    const path = join(this.shots, `${name}.png`);
    await this.page.screenshot({ path, animations: "disabled" });
    return path;
  }
}

/** Opens `address` in a window with settings of its own. */
export async function open(browser, address, shots, prepare = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light", reducedMotion: "no-preference" });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`));
  });
  const window = new Window(page, address, shots);
  await prepare(context);
  const answer = await page.goto(address);
  window.policy = answer?.headers()["content-security-policy"] ?? null;
  await window.ready();
  return window;
}
