// What benches/peers/outputs.py has sharp do. `originals DIR COUNT` draws them; `TASK MODE FROM TO` makes their outputs; `bytes`
// weighs files.
import { createRequire } from "node:module";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, parse } from "node:path";

// From wherever it was started: no package has to stand in this repository.
const sharp = createRequire(join(process.cwd(), "x.js"))("sharp");
const [what, ...rest] = process.argv.slice(2);

/** A number from 0 to 1 that depends on its arguments alone. */
const chance = (...seed) => {
  let state = 2166136261;
  for (const char of seed.join(" ")) state = Math.imul(state ^ char.charCodeAt(0), 16777619);
  state = Math.imul(state ^ (state >>> 15), 2246822507);
  return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
};

/** A picture with what generated ones have: grain, soft gradients, hard edges, fine lines. */
const scene = (number) => {
  const hue = (of) => `hsl(${Math.round(360 * chance(number, of))} ${30 + Math.round(50 * chance(of, number))}% `;
  const shapes = Array.from({ length: 60 }, (_, shape) => {
    const [x, y] = [2304 * chance(number, shape, "x"), 2304 * chance(number, shape, "y")];
    const [size, light] = [20 + 260 * chance(number, shape) ** 3, 25 + Math.round(60 * chance(shape, number, "l"))];
    return shape % 3
      ? `<circle cx="${x}" cy="${y}" r="${size}" fill="${hue(shape)} ${light}%)" opacity="0.9"/>`
      : `<path d="M${x} ${y}q${size} ${-size} ${2 * size} 0t${size} ${size}" stroke="${hue(shape)} 15%)" stroke-width="${2 + size / 40}" fill="none"/>`;
  });
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="2304" height="2304"><defs>
    <linearGradient id="sky" x2="0.3" y2="1"><stop stop-color="${hue("top")} 80%)"/><stop offset="1" stop-color="${hue("low")} 30%)"/></linearGradient>
    <filter id="grain" x="0" y="0" width="1" height="1"><feTurbulence type="fractalNoise" baseFrequency="${0.002 + 0.01 * chance(number)}" numOctaves="7" seed="${number}"/>
    <feColorMatrix values="0.6 0 0 0 0.2 0 0.6 0 0 0.2 0 0 0.6 0 0.2 0 0 0 0 0.45"/></filter></defs>
    <rect width="2304" height="2304" fill="url(#sky)"/>${shapes.join("")}<rect width="2304" height="2304" filter="url(#grain)"/></svg>`);
};

async function originals(folder, count) {
  mkdirSync(folder, { recursive: true });
  for (let first = 0; first < count; first += 20) {
    const drawn = await sharp(scene(first / 20)).flatten().removeAlpha().raw().toBuffer({ resolveWithObject: true });
    for (let number = first; number < Math.min(count, first + 20); number++) {
      const at = (number - first) * 12;
      const part = sharp(drawn.data, { raw: drawn.info }).extract({ left: at, top: 240 - at, width: 2048, height: 2048 });
      const name = join(folder, String(number).padStart(3, "0"));
      await (number % 2 ? part.jpeg({ quality: 92 }).toFile(`${name}.jpg`) : part.png({ compressionLevel: 6 }).toFile(`${name}.png`));
    }
  }
}

const tasks = {
  webp: [[512], (image) => image.webp({ quality: 80 }), "webp"],
  widths: [[640, 1280, 1920], (image) => image.webp({ quality: 80 }), "webp"],
  palette: [[512], (image) => image.png({ palette: true, colours: 256 }), "png"],
  avif: [[512], (image) => image.avif({ quality: 50 }), "avif"],
};

async function outputs(task, mode, from, to) {
  const [widths, encode, extension] = tasks[task];
  mkdirSync(to, { recursive: true });
  const files = readdirSync(from);
  sharp.concurrency(1);
  const work = async () => {
    for (let file = files.pop(); file; file = files.pop()) {
      const whole = sharp(join(from, file));
      await Promise.all(widths.map((width) => {
        let image = whole.clone();
        if (mode === "linear") image = image.pipelineColourspace("scrgb");
        return encode(image.resize(width)).toFile(join(to, `${parse(file).name}-${width}.${extension}`));
      }));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** Structural similarity of two luma planes of one size, by windows of 8x8 that overlap by half. */
function ssim(one, other, width, height) {
  let [sum, windows] = [0, 0];
  for (let top = 0; top + 8 <= height; top += 4) {
    for (let left = 0; left + 8 <= width; left += 4) {
      let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
      for (let y = top; y < top + 8; y++) {
        for (let x = left; x < left + 8; x++) {
          const [p, q] = [one[y * width + x], other[y * width + x]];
          a += p; b += q; aa += p * p; bb += q * q; ab += p * q;
        }
      }
      [a, b] = [a / 64, b / 64];
      const [va, vb, cov] = [aa / 64 - a * a, bb / 64 - b * b, ab / 64 - a * b];
      sum += ((2 * a * b + 6.5025) * (2 * cov + 58.5225)) / ((a * a + b * b + 6.5025) * (va + vb + 58.5225));
      windows++;
    }
  }
  return sum / windows;
}

const luma = (input) => sharp(input).flatten().toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });

/** How like a file is to what it was made of. */
async function likeness(file, exact) {
  const [a, b] = [await luma(file), await luma(exact)];
  return ssim(a.data, b.data, a.info.width, a.info.height);
}

/** Bytes of tintype's files, and of sharp's at the quality that is as like. */
async function bytes(task, made, exact, originals, line) {
  let [ours, theirs, like, count] = [0, 0, 0, 0];
  for (const file of readdirSync(originals)) {
    const name = `p${parse(file).name}`;
    const path = join(made, `${name}.${tasks[task][2]}`);
    const target = await likeness(path, join(exact, `${name}.png`));
    const scaled = await sharp(join(originals, file)).pipelineColourspace("scrgb").resize(512).png().toBuffer();
    const points = [];
    for (let quality = 30; quality <= 95; quality += 5) {
      const encoded = await (task === "avif" ? sharp(scaled).avif({ quality }) : sharp(scaled).webp({ quality })).toBuffer();
      points.push([await likeness(encoded, scaled), encoded.length]);
      if (points.at(-1)[0] > target && points.length > 1) break;
    }
    const [[low, few], [high, many]] = points.slice(-2);
    theirs += few + ((many - few) * (target - low)) / (high - low || 1);
    ours += statSync(path).size;
    like += target;
    count++;
  }
  const kib = (number) => (number / count / 1024).toFixed(1);
  writeFileSync(line, `| ${task} | ${kib(ours)} | ${(like / count).toFixed(4)} | ${kib(theirs)} | ${(ours / theirs).toFixed(3)} |`);
}

await (what === "bytes" ? bytes(...rest) : what === "originals" ? originals(rest[0], Number(rest[1])) : outputs(what, ...rest));
