// A packed atlas in PixiJS, in a real browser: SHEETS is the folder with the sheets, DATA the file of the first one, SHOTS gets a screenshot.
// Every frame has a texture of the size that its data says, every animation plays its frames, and what is drawn is what is in the picture's
// own file. It must not know how atlases are packed.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";
import { patience } from "./window.mjs";

const { SHEETS, DATA, SHOTS } = process.env;
const pixi = createRequire(import.meta.url).resolve("pixi.js").replace(/lib.index\.(js|mjs)$/, "dist/pixi.min.js");
const types = { ".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".png": "image/png", ".webp": "image/webp" };
const html = `<!doctype html><title>Atlas</title><style>body { margin: 0; background: #1d2430 }</style><script src="/pixi.js"></script>`;

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://atlas").pathname));
  const send = (type, bytes) => response.writeHead(200, { "content-type": type }).end(bytes);
  if (path === "/") return send("text/html", html);
  if (path === "/favicon.ico") return response.writeHead(204).end();
  try {
    if (path === "/pixi.js") return send("text/javascript", await readFile(pixi));
    send(types[extname(path)] ?? "application/octet-stream", await readFile(join(SHEETS, path)));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1120, height: 700 } });
  page.setDefaultTimeout(patience);
  const heard = [];
  page.on("console", (message) => { if (message.type() === "error") heard.push(message.text()); });
  page.on("pageerror", (error) => heard.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 400) heard.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const seen = await page.evaluate(async (data) => {
    const { AnimatedSprite, Application, Assets, Rectangle, Sprite } = globalThis.PIXI;
    const app = new Application();
    await app.init({ width: 1120, height: 700, background: "#1d2430", preference: "webgl", preserveDrawingBuffer: true });
    document.body.append(app.canvas);
    const sheet = await Assets.load(`/${data}`);
    const sheets = [sheet, ...(sheet.linkedSheets ?? [])];
    const textures = Object.assign({}, ...sheets.map((one) => one.textures));
    const animations = Object.assign({}, ...sheets.map((one) => one.animations));
    const compare = async (name, texture) => {
      const sprite = new Sprite(texture);
      const frame = new Rectangle(0, 0, texture.orig.width, texture.orig.height);
      const drawn = app.renderer.extract.pixels({ target: sprite, frame, resolution: 1 });
      const own = await (await fetch(`/${name}.png`)).blob().then((blob) => createImageBitmap(blob, { premultiplyAlpha: "none" }));
      const canvas = new OffscreenCanvas(own.width, own.height);
      const context = canvas.getContext("2d");
      context.drawImage(own, 0, 0);
      const file = context.getImageData(0, 0, own.width, own.height).data;
      let most = 0;
      // What is hardly seen has no colour to speak of.
      file.forEach((value, index) => {
        const alpha = file[index - index % 4 + 3];
        if (alpha > 40 || index % 4 === 3) most = Math.max(most, Math.abs(value - drawn.pixels[index]));
      });
      return { name, size: [drawn.width, drawn.height], file: [own.width, own.height], most };
    };
    const compared = [];
    for (const [name, texture] of Object.entries(textures)) compared.push(await compare(name, texture));
    let [x, y, row] = [16, 16, 0];
    const place = (sprite, side) => {
      const scale = side / Math.max(sprite.texture.orig.width, sprite.texture.orig.height);
      sprite.scale.set(scale);
      if (x + side > 1104) [x, y, row] = [16, y + row + 12, 0];
      sprite.position.set(x, y);
      [x, row] = [x + side + 12, Math.max(row, side)];
      app.stage.addChild(sprite);
    };
    for (const frames of Object.values(animations)) {
      const sprite = new AnimatedSprite(frames);
      sprite.gotoAndStop(1);
      place(sprite, 120);
    }
    for (const texture of Object.values(textures)) place(new Sprite(texture), 76);
    app.render();
    return { compared, animations: Object.entries(animations).map(([name, frames]) => [name, frames.length, frames.every(Boolean)]) };
  }, DATA);
  assert.ok(seen.compared.length > 0, "there are frames");
  for (const { name, size, file, most } of seen.compared) {
    assert.deepEqual(size, file, `${name}: its whole size`);
    assert.ok(most <= 3, `${name}: ${most} apart from its own file`);
  }
  for (const [name, count, whole] of seen.animations) assert.ok(count > 1 && whole, `${name} has ${count} frames`);
  assert.deepEqual(heard, []);
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, "atlas.png") });
  console.log(`${seen.compared.length} frames, ${seen.animations.length} animations`);
} finally {
  await browser.close();
  server.close();
}
