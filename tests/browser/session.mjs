// Starts a browser and runs one session in it: on the live gallery (GALLERY, MANIFEST), or on its export (EXPORT). Screenshots go
// into SHOTS. It must not know what is clicked, nor what is expected of it.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { design } from "./designer.mjs";
import { readExport } from "./export.mjs";
import { look } from "./looks.mjs";
import { open, patience } from "./window.mjs";

const { GALLERY, MANIFEST, EXPORT, SHOTS } = process.env;

function needed() {
  const missing = Object.entries(EXPORT ? { SHOTS } : { GALLERY, MANIFEST, SHOTS }).filter(([, value]) => !value).map(([name]) => name);
  if (missing.length > 0) throw new Error(`not set in the environment: ${missing.join(", ")}`);
}

async function live(browser, keep) {
  const session = keep(await open(browser, GALLERY, SHOTS));
  const { spent } = await design(session, MANIFEST);
  session.watch.assertQuiet();
  // Another window with settings of its own: the designer's choice of a theme must not decide what is looked at here.
  const looks = keep(await open(browser, GALLERY, SHOTS));
  await look(looks);
  looks.watch.assertQuiet();
  return { clicks: session.clicks, spent };
}

/** Whatever isn't a file is refused, which fails the session as any failed request does. */
async function onlyFiles(context) {
  await context.route((address) => !["file:", "data:", "blob:"].includes(address.protocol), (route) => route.abort("blockedbyclient"));
}

async function files(browser, keep) {
  const session = keep(await open(browser, pathToFileURL(join(EXPORT, "index.html")).href, SHOTS, onlyFiles));
  await readExport(session);
  session.watch.assertQuiet();
  return { clicks: session.clicks, spent: 0 };
}

/** What went wrong, with what the page said itself, and a picture of every window. */
async function explain(error, windows) {
  console.error(`The browser session failed: ${error.stack || error}`);
  for (const [index, one] of windows.entries()) {
    for (const line of one.watch.heard) console.error(`window ${index + 1}: ${line}`);
    const path = await one.shoot(`failure-${index + 1}`).catch(() => null);
    if (path) console.error(`window ${index + 1}: see ${path}`);
  }
}

async function run() {
  const began = Date.now();
  const windows = [];
  const keep = (one) => {
    windows.push(one);
    return one;
  };
  let browser = null;
  try {
    needed();
    await mkdir(SHOTS, { recursive: true });
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"], timeout: 2 * patience });
    const result = await (EXPORT ? files : live)(browser, keep);
    console.log(JSON.stringify({ ...result, seconds: Math.round((Date.now() - began) / 100) / 10 }));
  } catch (error) {
    process.exitCode = 1;
    await explain(error, windows);
  } finally {
    await browser?.close();
  }
}

await run();
