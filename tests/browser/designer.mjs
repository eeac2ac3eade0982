// What a designer does with the live gallery: finds, compares, picks, takes back, rolls, mends the manifest, filters. Every step says
// what must be seen after it. It must not know how the page is built beyond its data-testid hooks, nor how it looks.

import assert from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";
import { until } from "./window.mjs";

const hero = "people/hero";
const villain = "people/villain";

const card = (window, name) => window.page.locator(`[data-testid="card"][data-name="${name}"]:visible`);
const cards = (window) => window.page.locator(`[data-testid="card"]:visible`);
const takes = (window) => window.find("take");
const take = (window, number) => window.find("take", { number });
const stage = (window) => window.page.locator(`[data-testid="detail"] .single img`);
const budget = (window, pattern) => window.text("the budget", window.find("budget"), pattern);
const shownCount = (window, pattern) => window.text("the count of assets", window.page.locator("#count"), pattern);

async function chosenNumber(window) {
  return Number(await window.find("take", { chosen: true }).getAttribute("data-number"));
}

const isChosen = (window, number) => window.attribute(`take ${number} is chosen`, take(window, number), "data-chosen", "true");

/** By keyboard: into the field, and the words instead of those that stand there. */
async function search(window, words) {
  await window.press("/", "ControlOrMeta+a");
  await window.page.keyboard.type(words);
}

async function arrive(window) {
  assert.match(window.policy ?? "", /default-src 'none'/, "the page comes with its strict policy");
  await window.attribute("the page is live", window.find("live"), "data-live", "on");
  await shownCount(window, /^200 assets$/);
  await budget(window, /^\$0\.00 of \$0\.07/);
  await window.settled();
}

async function findHero(window) {
  await search(window, hero);
  await shownCount(window, /^1 of 200 assets$/);
  await window.count("cards of the hero alone", cards(window), 1);
  await window.press("ArrowDown", "Enter");
  await window.find("detail").waitFor();
  await window.count("takes of the hero", takes(window), 4);
  const styled = window.page.locator(`[data-testid="detail"] .prompt .styled`);
  await window.text("the style's part of the prompt", styled, /^, flat gouache illustration$/);
  await window.text("the whole prompt", window.page.locator(`[data-testid="detail"] .prompt`).first(), /^a red panda astronaut, flat gouache illustration$/);
  await window.text("the price of a reroll", window.find("reroll"), /\$0\.02/);
  await window.pictures(`[data-testid="detail"] .single img`);
  await window.pictures(`[data-testid="take"] img`, 4);
}

async function compareTakes(window, other) {
  const pictures = ".compare .frame img";
  await window.click(take(window, other));
  await window.click(window.find("compare"));
  await window.click(window.find("compare-mode", { mode: "side" }));
  assert.equal(await window.pictures(pictures, 2), 2, "two pictures side by side");
  await window.click(window.find("compare-mode", { mode: "slider" }));
  assert.equal(await window.pictures(pictures, 2), 2, "two pictures under the slider");
  await moveSplit(window);
  await window.click(window.find("compare-mode", { mode: "blink" }));
  await window.pictures(pictures);
  const name = window.page.locator(".blink-name");
  const before = await name.innerText();
  await window.page.locator(".blink-name").evaluate(() => document.activeElement.blur());
  await window.press("Space");
  await until("the space bar turns to the other take", () => name.innerText(), (now) => now !== before);
  await window.pictures(pictures);
}

async function moveSplit(window) {
  const range = window.page.locator(".split-range");
  const clipped = () => window.page.locator(".compare .frame img").last().evaluate((image) => image.style.clipPath);
  const before = await clipped();
  await range.focus();
  for (let step = 0; step < 10; step += 1) await window.press("ArrowRight");
  assert.equal(await range.inputValue(), "60", "ten steps to the right of the middle");
  assert.notEqual(await clipped(), before, "the picture is clipped elsewhere");
}

async function pick(window, number, click) {
  await window.text("the button of the choice", window.find("pick"), new RegExp(`^Pick take ${number} · free`));
  await window.text("what follows", window.page.locator(`[data-testid="detail"] .follow`), /^poster follows it: up to \$0\.02/);
  await click();
  await isChosen(window, number);
  await budget(window, /^\$0\.00 of \$0\.07/);
}

async function undo(window, number) {
  await window.click(window.find("undo"));
  await isChosen(window, number);
  await budget(window, /^\$0\.00 of \$0\.07/);
}

async function pickUndoPick(window, other) {
  const first = await chosenNumber(window);
  await compareTakes(window, other);
  // The comparing is over, and the chosen take's output is what is looked at.
  await window.press("Escape", String(first));
  await window.pictures(`[data-testid="detail"] .single img`);
  const before = await stage(window).getAttribute("src");
  await window.click(take(window, other));
  await pick(window, other, () => window.click(window.find("pick")));
  const after = await window.attribute("the output has changed", stage(window), "src", (address) => /output\//.test(address) && address !== before);
  await undo(window, first);
  await window.attribute("the old output is back", stage(window), "src", (address) => /output\//.test(address) && address !== after);
  await window.press(String(other));
  await pick(window, other, () => window.press("p"));
}

async function reroll(window) {
  await window.text("the price of a reroll", window.find("reroll"), /^Reroll · \$0\.02/);
  await window.click(window.find("reroll"));
  await window.count("takes after a reroll", takes(window), 5);
  await isChosen(window, 5);
  await window.pictures(`[data-testid="take"] img`, 5);
  await window.pictures(`[data-testid="detail"] .single img`);
  await budget(window, /^\$0\.02 of \$0\.07/);
  await window.text("the poster, which follows", window.find("generate-all"), /^Generate 1 · \$0\.02$/);
}

/** As editors save: the whole file under another name, which then takes its place. */
async function mend(manifest) {
  const text = await readFile(manifest, "utf8");
  assert.ok(text.includes("a forbidden villain"), "the manifest asks for the villain");
  await writeFile(`${manifest}.new`, text.replace("a forbidden villain", "a friendly villain"));
  await rename(`${manifest}.new`, manifest);
}

async function mendVillain(window, manifest) {
  await window.click(window.find("close"));
  await window.find("detail").waitFor({ state: "hidden" });
  await window.click(window.page.locator("#clear"));
  await window.click(window.find("filter-state", { value: "failed" }));
  await shownCount(window, /^1 of 200 assets$/);
  await window.attribute("the villain's card", card(window, villain), "data-state", "failed");
  await window.click(card(window, villain));
  await window.text("the vendor's words", window.page.locator(`[data-testid="detail"] .note[data-kind="error"]`), /refused|violence|safety/i);
  await window.shoot("refused-1440-light");
  await window.press("Escape");
  await window.find("detail").waitFor({ state: "hidden" });
  await window.click(window.find("filter-state", { value: "failed" }));
  await search(window, villain);
  await mend(manifest);
  await window.attribute("the villain's card", card(window, villain), "data-state", "fresh");
  await window.pictures(`[data-testid="card"][data-name="${villain}"] img`);
  await search(window, "poster");
  await window.attribute("the poster's card", card(window, "poster"), "data-state", "fresh");
  await window.pictures(`[data-testid="card"][data-name="poster"] img`);
  await budget(window, /^\$0\.06 of \$0\.07/);
  await window.click(card(window, "poster"));
  await window.text("what the poster refers to", window.page.locator(".reference"), /^people\/hero$/);
  await window.pictures(".reference img");
  await window.shoot("poster-1440-light");
  await window.click(window.find("close"));
  await window.find("detail").waitFor({ state: "hidden" });
}

async function overBudget(window) {
  await search(window, hero);
  await window.click(card(window, hero));
  await window.count("takes of the hero", takes(window), 5);
  await window.click(window.find("reroll"));
  await window.text("the refusal", window.page.locator(`[data-testid="toast"]:not([data-kind="info"])`), /\$0\.07/);
  await window.shoot("over-budget-1440-light");
  await window.count("takes of the hero", takes(window), 5);
  await budget(window, /^\$0\.06 of \$0\.07/);
  await window.click(window.find("toast").getByRole("button", { name: "Dismiss" }).first());
  await window.click(window.find("close"));
  await window.find("detail").waitFor({ state: "hidden" });
}

async function handMade(window) {
  await search(window, "badge");
  await window.press("ArrowDown", "Enter");
  await window.text("where the badge comes from", window.page.locator(`[data-testid="detail"] .fact > .path`), /^art\/badge\.png$/);
  await window.count("buttons that reroll what is made by hand", window.find("reroll"), 0);
  await window.press("Escape");
  await window.find("detail").waitFor({ state: "hidden" });
}

async function filter(window) {
  await window.click(window.page.locator("#clear"));
  await shownCount(window, /^200 assets$/);
  await window.click(window.find("filter-tag", { value: "landing" }));
  await shownCount(window, /^2 of 200 assets$/);
  await window.count("cards with the tag", cards(window), 2);
  await window.click(window.find("filter-tag", { value: "landing" }));
  await window.click(window.find("filter-folder", { value: "icons/jade" }));
  await shownCount(window, /^28 of 200 assets$/);
  // Several narrow together: nothing of jade is on the landing page.
  await window.click(window.find("filter-tag", { value: "landing" }));
  await shownCount(window, /^0 of 200 assets$/);
  await window.count("cards of jade on the landing page", cards(window), 0);
  await window.click(window.page.locator("#clear"));
  await shownCount(window, /^200 assets$/);
}

async function keysAndTheme(window) {
  await window.press("?");
  const help = window.page.locator("dialog#help[open]");
  await window.text("the list of keys", help, /Pick the selected take/);
  await window.press("Escape");
  await help.waitFor({ state: "hidden" });
  const theme = () => window.page.evaluate(() => ({ theme: document.documentElement.dataset.theme, page: getComputedStyle(document.body).backgroundColor }));
  const before = await theme();
  await window.click(window.find("theme"));
  const after = await until("the theme is dark", theme, (seen) => seen.theme === "dark" && seen.page !== before.page);
  await window.page.reload();
  await window.ready();
  assert.deepEqual(await theme(), after, "the theme is kept");
}

async function reloadOpen(window) {
  await search(window, hero);
  await window.click(card(window, hero));
  await window.count("takes of the hero", takes(window), 5);
  assert.match(new URL(window.page.url()).hash, /open=people\/hero/, "the address says what is open");
  await window.page.reload();
  await window.ready();
  await window.find("detail").waitFor();
  await window.count("takes after a reload", takes(window), 5);
  await window.attribute("the page is live", window.find("live"), "data-live", "on");
}

/** The whole session. Returns what was spent, as the page says it. */
export async function design(window, manifest) {
  await arrive(window);
  await findHero(window);
  const other = (await chosenNumber(window)) === 3 ? 2 : 3;
  await pickUndoPick(window, other);
  await reroll(window);
  await mendVillain(window, manifest);
  await overBudget(window);
  await handMade(window);
  await filter(window);
  await keysAndTheme(window);
  await reloadOpen(window);
  const spent = await budget(window, /^\$0\.06 of \$0\.07/);
  return { spent: Number(spent.match(/\$(\d+\.\d+)/)[1]) };
}
