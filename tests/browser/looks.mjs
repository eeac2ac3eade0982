// How the gallery looks, and whether everybody can use it: screenshots of its parts at several widths, and axe's rules, each in the
// light and in the dark theme. It must not change anything of the project.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { within } from "./window.mjs";

const hero = "people/hero";
const sizes = [[1440, 900], [900, 900], [390, 844]];
const themes = ["light", "dark"];
const grave = ["serious", "critical"];
const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const told = (violation) => `${violation.impact} ${violation.id}: ${violation.help}\n${violation.nodes.slice(0, 5).map((node) => `  ${node.target.join(" ")}\n    ${node.failureSummary.replaceAll("\n", "\n    ")}`).join("\n")}`;

/** No rule of WCAG A or AA is gravely broken. The rules come by the debugger's way: the page's policy stays as it is. */
export async function everybodyCan(window, what) {
  const { page } = window;
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  const found = await within(`axe on ${what}`, page.evaluate(() => globalThis.axe.run(document, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa"] }, resultTypes: ["violations"], preload: false,
  })));
  const violations = found.violations.filter((violation) => grave.includes(violation.impact));
  assert.equal(violations.length, 0, `${what}:\n${violations.map(told).join("\n")}`);
}

async function eachTheme(window, run) {
  for (const theme of themes) {
    await window.page.emulateMedia({ colorScheme: theme });
    await run(theme);
  }
  await window.page.emulateMedia({ colorScheme: "light" });
}

async function eachSize(window, part) {
  for (const [width, height] of sizes) {
    await window.page.setViewportSize({ width, height });
    await eachTheme(window, async (theme) => {
      await window.settled();
      await window.shoot(`${part}-${width}-${theme}`);
    });
  }
  await window.page.setViewportSize({ width: sizes[0][0], height: sizes[0][1] });
}

async function openHero(window) {
  await window.press("/");
  await window.page.keyboard.type(hero);
  await window.click(window.page.locator(`[data-testid="card"][data-name="${hero}"]:visible`));
  await window.pictures(`[data-testid="take"] img`, 5);
  await window.pictures(`[data-testid="detail"] .single img`);
}

async function compare(window) {
  await window.click(window.find("take", { number: 2 }));
  await window.click(window.find("compare"));
  await window.click(window.find("compare-mode", { mode: "side" }));
  await window.pictures(".compare .frame img", 2);
}

export async function look(window) {
  await eachTheme(window, (theme) => everybodyCan(window, `the grid, ${theme}`));
  await eachSize(window, "grid");
  await openHero(window);
  await eachTheme(window, (theme) => everybodyCan(window, `the detail, ${theme}`));
  await eachSize(window, "detail");
  await compare(window);
  await eachTheme(window, (theme) => everybodyCan(window, `comparing, ${theme}`));
  await window.shoot("compare-1440-light");
}
