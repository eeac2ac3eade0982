#!/usr/bin/env node
// Sprite sheets beside free-tex-packer-core, from the same PNG files to sheets and JSON on the disk: how full they are, and how long it takes.
//
//   cargo build --release && benches/peers/packing.mjs [SPRITES…] [--method NAME…]
//
// tintype's time is of a `sync` that packs pictures which the project had before; in brackets the same without an atlas, which
// is what is left when nothing is packed. free-tex-packer-core (from npm, into a temporary folder) runs in a process of its
// own, once for each method asked for. Prints a table for docs/benchmarks.md; nothing is asserted: a ratio is to be read.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HERE = fileURLToPath(import.meta.url);
const TINTYPE = join(dirname(HERE), "../../target/release/tintype");
const LIMITS = { side: 2048, padding: 2 };

/** What is packed, as the widths and heights that a sprite may have: least and most. */
const SETS = {
  "mixed, 16 to 128": [[16, 128], [16, 128]],
  "characters, 30 to 90 by 60 to 140": [[30, 90], [60, 140]],
  "tiles, 64": [[64, 64], [64, 64]],
};

/** The fastest of the library's ways, and the one that its README recommends, which tries all of them. */
const METHODS = ["MaxRectsPacker/Smart", "OptimalPacker"];

/** Numbers from 0 to 1, the same each time. */
function chances(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Draws opaque sprites, so that neither tool has anything to trim; each of its own, so that none is drawn once for two. */
function draw(folder, count, [widths, heights]) {
  const { PNG } = createRequire(join(process.cwd(), "x.js"))("pngjs");
  mkdirSync(folder, { recursive: true });
  const chance = chances(count);
  const between = ([least, most]) => least + Math.floor(chance() * (most - least + 1));
  for (let number = 0; number < count; number += 1) {
    const png = new PNG({ width: between(widths), height: between(heights) });
    const [red, green] = [chance() * 255, chance() * 255];
    for (let at = 0; at < png.data.length; at += 4) {
      const y = Math.floor(at / 4 / png.width);
      png.data.set([red, (green + y) % 256, (number + at / 4) % 256, 255], at);
    }
    writeFileSync(join(folder, `s${String(number).padStart(4, "0")}.png`), PNG.sync.write(png));
  }
}

/** In a process of its own: packs the folder's files by one method and writes what comes of it. */
async function freeTexPacker(sprites, out, method) {
  const library = createRequire(join(process.cwd(), "x.js"))("free-tex-packer-core");
  const images = readdirSync(sprites).map((path) => ({ path, contents: readFileSync(join(sprites, path)) }));
  const [packer, packerMethod] = method.split("/");
  const files = await library.packAsync(images, {
    width: LIMITS.side,
    height: LIMITS.side,
    // It puts that much on every side of a sprite, so two have twice as much between them.
    padding: LIMITS.padding / 2,
    packer,
    packerMethod,
    allowRotation: false,
    allowTrim: false,
    detectIdentical: false,
    exporter: "JsonHash",
  });
  mkdirSync(out, { recursive: true });
  for (const file of files) writeFileSync(join(out, file.name), file.buffer);
}

/** Runs a command that must succeed, and says its seconds. */
function run(command, words, folder, environment = {}) {
  const begun = performance.now();
  const done = spawnSync(command, words, { cwd: folder, env: { ...process.env, ...environment }, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${done.status}: ${done.stderr}`);
  return (performance.now() - begun) / 1000;
}

/** How much of the sheets is sprites, in per cent, and how many sheets there are. */
function fullness(folder) {
  const sheets = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
  const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
  const frames = sheets.flatMap((sheet) => Object.values(sheet.frames));
  const drawn = sum(frames.map(({ frame }) => frame.w * frame.h));
  const room = sum(sheets.map(({ meta }) => meta.size.w * meta.size.h));
  return { sprites: frames.length, sheets: sheets.length, percent: (100 * drawn) / room };
}

function tintype(folder) {
  const rows = readdirSync(join(folder, "sprites")).map((name) => name.slice(0, -4));
  writeFileSync(join(folder, "rows.csv"), `sprite\n${rows.join("\n")}\n`);
  const assets = '[assets."{{ sprite }}"]\nrows = "rows.csv"\nsource = "sprites/{{ sprite }}.png"\n';
  const atlas = `[atlases.all]\nassets = ["*"]\npath = "sheets/all.png"\nmax_size = ${LIMITS.side}\npadding = ${LIMITS.padding}\n`;
  const sync = () => run(TINTYPE, ["sync", "--quiet"], folder, { TINTYPE_CACHE_DIR: join(folder, "cache") });
  writeFileSync(join(folder, "images.toml"), assets);
  sync();
  const nothing = sync();
  writeFileSync(join(folder, "images.toml"), `${assets}\n${atlas}`);
  return { seconds: sync(), nothing, ...fullness(join(folder, "assets/sheets")) };
}

function compare(folder, count, methods) {
  for (const [name, sides] of Object.entries(SETS)) {
    const work = join(folder, "work");
    draw(join(work, "sprites"), count, sides);
    const ours = tintype(work);
    const row = [count, name, `${ours.percent.toFixed(1)} % on ${ours.sheets}`, `${ours.seconds.toFixed(2)} s (${ours.nothing.toFixed(2)})`];
    for (const method of methods) {
      const out = join(work, method.replace("/", "-"));
      const seconds = run(process.execPath, [HERE, "peer", join(work, "sprites"), out, method], folder);
      const theirs = fullness(out);
      if (theirs.sprites !== ours.sprites) throw new Error(`${method} packed ${theirs.sprites} of ${ours.sprites}`);
      row.push(`${theirs.percent.toFixed(1)} % on ${theirs.sheets}`, `${seconds.toFixed(1)} s`);
    }
    console.log(`| ${row.join(" | ")} |`);
    rmSync(work, { recursive: true });
  }
}

if (process.argv[2] === "peer") {
  await freeTexPacker(...process.argv.slice(3));
} else {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { method: { type: "string", multiple: true, default: METHODS } },
  });
  const folder = mkdtempSync(join(tmpdir(), "tintype-packing-"));
  writeFileSync(join(folder, "package.json"), "{}");
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "free-tex-packer-core", "pngjs"], folder);
  process.chdir(folder);
  const peers = values.method.flatMap((method) => [method, "time"]);
  console.log(`| sprites | of what sides | tintype | time | ${peers.join(" | ")} |`);
  console.log(`|${"---|".repeat(4 + peers.length)}`);
  try {
    for (const count of positionals.length ? positionals.map(Number) : [100, 1000, 5000]) compare(folder, count, values.method);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
