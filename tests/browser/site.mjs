// A built site in a real browser: SITE is its folder, screenshots go into SHOTS. Every picture loads in a modern format, nothing fails,
// and axe finds nothing, in the light and in the dark, on a desk and on a phone. It must not know how the site is built.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";
import { patience, until } from "./window.mjs";

const { SITE, SHOTS } = process.env;
const types = {
  ".avif": "image/avif", ".css": "text/css", ".html": "text/html", ".jpg": "image/jpeg", ".js": "text/javascript", ".png": "image/png",
  ".svg": "image/svg+xml", ".webp": "image/webp",
};
const rules = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serves the folder on a port of its own. */
function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://site").pathname));
    try {
      const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
      const bytes = await readFile(file);
      response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

async function look(browser, address, { name, width, height, scheme }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce" });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const heard = [];
  page.on("console", (message) => { if (message.type() === "error") heard.push(message.text()); });
  page.on("pageerror", (error) => heard.push(String(error)));
  page.on("requestfailed", (request) => heard.push(`${request.failure().errorText} ${request.url()}`));
  page.on("response", (response) => { if (response.status() >= 400) heard.push(`${response.status()} ${response.url()}`); });
  await page.goto(address);
  // Lazy pictures come when they come into view.
  for (const image of await page.locator("img").all()) await image.scrollIntoViewIfNeeded();
  await page.evaluate(() => scrollTo(0, 0));
  const images = await until("every picture has loaded", () => page.$$eval("img", (all) => all.map((image) => ({
    chosen: new URL(image.currentSrc || image.src).pathname, width: image.complete ? image.naturalWidth : 0, alt: image.getAttribute("alt"),
    isInPicture: image.parentElement.querySelectorAll("source").length > 0,
  }))), (all) => all.length > 0 && all.every((image) => image.width > 0));
  for (const image of images) {
    assert.notEqual(image.alt, null, `${image.chosen} has an alternative text`);
    if (image.isInPicture) assert.match(image.chosen, /\.(avif|webp)$/, "the best format that the browser knows");
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name}: ${wide} pixels wider than the window`);
  await page.evaluate(rules);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), [], `${name}, ${scheme}`);
  await page.screenshot({ path: join(SHOTS, `${name}-${scheme}.png`), fullPage: true });
  assert.deepEqual(heard, [], `${name}, ${scheme}: no error`);
  await context.close();
  return images.map((image) => image.chosen);
}

assert.ok(SITE && SHOTS, "SITE and SHOTS are set");
await mkdir(SHOTS, { recursive: true });
const server = await serve(SITE);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"], timeout: 2 * patience });
try {
  const address = `http://127.0.0.1:${server.address().port}/`;
  for (const [name, width, height] of [["desktop", 1280, 900], ["phone", 390, 844]]) {
    for (const scheme of ["light", "dark"]) console.log(JSON.stringify({ name, scheme, images: await look(browser, address, { name, width, height, scheme }) }));
  }
} finally {
  await browser.close();
  server.close();
}
