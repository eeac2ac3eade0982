// Reads the gallery that was written as files: all of it is seen, nothing can be done, and nothing is asked of any server. It must not
// know the live gallery.

import assert from "node:assert/strict";
import { everybodyCan } from "./looks.mjs";

const hero = "people/hero";
const doing = ["generate", "generate-all", "draft", "draft-all", "pick", "reroll", "adopt", "accept", "undo"];

async function nothingToDo(window) {
  for (const testid of doing) await window.count(`buttons to ${testid}`, window.find(testid), 0);
  assert.equal(await window.page.locator(`[data-testid="budget"]:visible`).count(), 0, "no budget is shown");
}

export async function readExport(window) {
  await window.attribute("the page is static", window.find("live"), "data-live", "static");
  await window.text("the count of assets", window.page.locator("#count"), /^200 assets$/);
  await window.settled();
  await nothingToDo(window);
  await everybodyCan(window, "the export's grid");
  await window.press("/");
  await window.page.keyboard.type(hero);
  await window.count("cards of the hero alone", window.page.locator(`[data-testid="card"]:visible`), 1);
  await window.press("ArrowDown", "Enter");
  await window.count("takes of the hero", window.find("take"), 5);
  await window.pictures(`[data-testid="take"] img`, 5);
  await window.pictures(`[data-testid="detail"] .single img`);
  await window.click(window.find("take", { number: 2 }));
  await window.pictures(`[data-testid="detail"] .single img`);
  await nothingToDo(window);
  await everybodyCan(window, "the export's detail");
  await window.shoot("export-1440-light");
  await window.press("Escape", "/", "ControlOrMeta+a");
  await window.page.keyboard.type("poster");
  await window.click(window.page.locator(`[data-testid="card"][data-name="poster"]:visible`));
  await window.text("what the poster refers to", window.page.locator(".reference"), /^people\/hero$/);
  await window.pictures(".reference img");
}
