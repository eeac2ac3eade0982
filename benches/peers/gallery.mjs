#!/usr/bin/env node
// How long from saving the manifest to the new picture in the browser; how long until the page of a large project is there, and how it
// scrolls; what an idle watch costs. The placeholder model, so that no vendor's time is in it.
//
//   cargo build --release && (cd tests/browser && npm ci) && benches/peers/gallery.mjs [ASSETS…]
//
// Needs Chromium (CHROMIUM names another than /usr/bin/chromium). Prints a table for docs/benchmarks.md.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const { chromium } = createRequire(join(ROOT, "tests/browser/package.json"))("playwright-core");
const TINTYPE = join(ROOT, "target/release/tintype");
const EDITS = 15;
const IDLE_SECONDS = 10;

function manifest(assets, changed) {
  const lines = ["[defaults]", 'model = "placeholder"', 'size = "256x256"', ""];
  for (let number = 0; number < assets; number += 1) {
    const name = `set-${String(Math.floor(number / 100)).padStart(3, "0")}/picture-${String(number).padStart(5, "0")}`;
    const wording = number === 0 ? changed : "a small thing";
    lines.push(`[assets."${name}"]`, `prompt = "${wording}, number ${number}"`, "");
  }
  return lines.join("\n");
}

function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

function started(child, text) {
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk) => {
      said += chunk;
      if (said.includes(text)) resolve(said);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`tintype ended with ${code}: ${said}`)));
  });
}

const status = (pid, field) =>
  Number(readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`${field}:\\s+(\\d+)`))[1]);

/** Memory in MiB, and how often any thread of the process was woken in some seconds. */
async function idle(pid) {
  const { readdirSync } = await import("node:fs");
  const switches = (task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/status`, "utf8").match(/^voluntary_ctxt_switches:\s+(\d+)/m)[1]);
  const tasks = () => readdirSync(`/proc/${pid}/task`);
  // What it does at the start is over by then.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const before = new Map(tasks().map((task) => [task, switches(task)]));
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
  const wakes = tasks().reduce((sum, task) => sum + switches(task) - (before.get(task) ?? 0), 0);
  return { wakes, mebibytes: status(pid, "VmRSS") / 1024 };
}

/** Milliseconds from the moment before the manifest is written to the new picture's load event. */
async function edit(page, path, assets, number) {
  const seen = page.evaluate(
    () =>
      new Promise((resolve) => {
        const card = () => document.querySelector('[data-testid="card"][data-name="set-000/picture-00000"] img');
        const before = card()?.src;
        const look = () => {
          const picture = card();
          if (picture && picture.src !== before && picture.complete && picture.naturalWidth > 0) resolve(Date.now());
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
  await page.evaluate(() => 0);
  const text = manifest(assets, `wording ${number}`);
  const began = Date.now();
  writeFileSync(path, text);
  return (await seen) - began;
}

async function scroll(page, step) {
  return page.evaluate(
    (step) =>
      new Promise((resolve) => {
        const scroller = document.querySelector('[data-testid="grid"]');
        const frames = [];
        let last = performance.now();
        const next = (now) => {
          frames.push(now - last);
          last = now;
          scroller.scrollTop += step;
          if (frames.length < 120) requestAnimationFrame(next);
          else resolve(frames.slice(1));
        };
        requestAnimationFrame(next);
      }),
    step,
  );
}

async function measure(assets) {
  const folder = mkdtempSync(join(tmpdir(), "tintype-gallery-"));
  const path = join(folder, "images.toml");
  mkdirSync(join(folder, "cache"));
  const environment = { ...process.env, TINTYPE_CACHE_DIR: join(folder, "cache"), CI: "" };
  writeFileSync(path, manifest(assets, "a small thing"));
  spawnSync(TINTYPE, ["sync", "-q"], { cwd: folder, env: environment, stdio: "inherit" });
  const plain = spawn(TINTYPE, ["watch"], { cwd: folder, env: environment });
  await started(plain, "Ctrl-C ends it");
  const alone = await idle(plain.pid);
  plain.removeAllListeners("exit");
  plain.kill("SIGINT");
  const child = spawn(TINTYPE, ["watch", "--gallery", "--no-open"], { cwd: folder, env: environment });
  const said = await started(child, "Ctrl-C ends it");
  const address = said.match(/http:\S+/)[0];
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking"],
  });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const opened = Date.now();
  await page.goto(address);
  await page.waitForFunction(() => document.documentElement.dataset.ready === "true");
  const ready = Date.now() - opened;
  await page.waitForSelector('[data-name="set-000/picture-00000"] img');
  const times = [];
  for (let number = 0; number < EDITS; number += 1) {
    times.push(await edit(page, path, assets, number));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const frames = await scroll(page, 40);
  await browser.close();
  // Threads that nobody needs any more go after a while.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  const served = await idle(child.pid);
  child.removeAllListeners("exit");
  child.kill("SIGINT");
  rmSync(folder, { recursive: true });
  const late = frames.filter((frame) => frame > 34).length;
  console.log(
    `| ${assets.toLocaleString("en")} | ${median(times)} (${Math.min(...times)} to ${Math.max(...times)}) | ${ready} | ` +
      `${median(frames).toFixed(0)}; ${late} of ${frames.length} over 34 | ${alone.mebibytes.toFixed(0)}, ${alone.wakes} | ` +
      `${served.mebibytes.toFixed(0)}, ${served.wakes} |`,
  );
}

console.log("| assets | save to picture, ms | page ready, ms | ms a frame, scrolling | idle watch: MiB, wake-ups in 10 s | with the gallery |");
console.log("|---|---|---|---|---|---|");
const sizes = process.argv.slice(2).map(Number);
for (const assets of sizes.length > 0 ? sizes : [100, 10_000]) await measure(assets);
