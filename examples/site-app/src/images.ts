// Made by tintype from images.toml and images.lock. Edits are lost: the next sync writes it anew.

/** Every picture, by name. */
export const images = {
  "beans/black-turtle": {
    src: "/img/beans/black-turtle.jpg",
    srcset: "/img/beans/black-turtle.jpg 560w",
    sizes: "(max-width: 560px) 100vw, 560px",
    width: 560,
    height: 420,
    type: "image/jpeg",
    bytes: 15604,
    alt: "Shining black beans spilled over a linen sack",
    sources: [{ type: "image/webp", srcset: "/img/beans/black-turtle-280w.webp 280w, /img/beans/black-turtle.webp 560w" }],
    color: "#c3ead3",
    thumbhash: "MqgFBYK3h5i8ZndshAeXicn2l2xv",
  },
  "beans/blue-lake": {
    src: "/img/beans/blue-lake.jpg",
    srcset: "/img/beans/blue-lake.jpg 560w",
    sizes: "(max-width: 560px) 100vw, 560px",
    width: 560,
    height: 420,
    type: "image/jpeg",
    bytes: 15506,
    alt: "Thin green pods and dew on a cane wigwam",
    sources: [{ type: "image/webp", srcset: "/img/beans/blue-lake-280w.webp 280w, /img/beans/blue-lake.webp 560w" }],
    color: "#513a69",
    thumbhash: "2BYGBYJYeGdSiYiTevhodqvwk5yP",
  },
  "beans/borlotti": {
    src: "/img/beans/borlotti.jpg",
    srcset: "/img/beans/borlotti.jpg 560w",
    sizes: "(max-width: 560px) 100vw, 560px",
    width: 560,
    height: 420,
    type: "image/jpeg",
    bytes: 14626,
    alt: "Cream beans with wine-red flecks in a blue bowl",
    sources: [{ type: "image/webp", srcset: "/img/beans/borlotti-280w.webp 280w, /img/beans/borlotti.webp 560w" }],
    color: "#89c6e0",
    thumbhash: "LJYFDYKmloiPh3eKhieXiWp/cgaX",
  },
  "beans/cherokee-wax": {
    src: "/img/beans/cherokee-wax.jpg",
    srcset: "/img/beans/cherokee-wax.jpg 560w",
    sizes: "(max-width: 560px) 100vw, 560px",
    width: 560,
    height: 420,
    type: "image/jpeg",
    bytes: 18269,
    alt: "Long yellow pods in a basket",
    sources: [{ type: "image/webp", srcset: "/img/beans/cherokee-wax-280w.webp 280w, /img/beans/cherokee-wax.webp 560w" }],
    color: "#f7d2e8",
    thumbhash: "9kcGBYCWiJiMd3d7hgeXipafW/q5",
  },
  "beans/painted-lady": {
    src: "/img/beans/painted-lady.jpg",
    srcset: "/img/beans/painted-lady.jpg 560w",
    sizes: "(max-width: 560px) 100vw, 560px",
    width: 560,
    height: 420,
    type: "image/jpeg",
    bytes: 17485,
    alt: "Scarlet and white flowers of a runner bean on hazel poles",
    sources: [{ type: "image/webp", srcset: "/img/beans/painted-lady-280w.webp 280w, /img/beans/painted-lady.webp 560w" }],
    color: "#075775",
    thumbhash: "FIYFDYJoeGhyeYiEiPhndGeAVAdM",
  },
  "beans/yin-yang": {
    src: "/img/beans/yin-yang.jpg",
    srcset: "/img/beans/yin-yang.jpg 560w",
    sizes: "(max-width: 560px) 100vw, 560px",
    width: 560,
    height: 420,
    type: "image/jpeg",
    bytes: 17454,
    alt: "Round beans half black and half white on a slate",
    sources: [{ type: "image/webp", srcset: "/img/beans/yin-yang-280w.webp 280w, /img/beans/yin-yang.webp 560w" }],
    color: "#3d330c",
    thumbhash: "TAkGBYBpaHhyeYeEiPhodaWva7Zf",
  },
  "favicon": {
    src: "/img/favicon.png",
    srcset: "/img/favicon.png 32w",
    sizes: "(max-width: 32px) 100vw, 32px",
    width: 32,
    height: 32,
    type: "image/png",
    bytes: 1045,
    alt: "",
    sources: [],
    color: "#2f6b47",
    thumbhash: "WJiFDQIeBDyJdqKLBgKbAkIKCCh4eICBJw==",
  },
  "hero": {
    src: "/img/hero.jpg",
    srcset: "/img/hero-720w.jpg 720w, /img/hero.jpg 1440w",
    sizes: "(max-width: 1440px) 100vw, 1440px",
    width: 1440,
    height: 576,
    type: "image/jpeg",
    bytes: 35541,
    alt: "Hands sort dried beans of all colours at a long table",
    sources: [{ type: "image/avif", srcset: "/img/hero-720w.avif 720w, /img/hero.avif 1440w" }, { type: "image/webp", srcset: "/img/hero-720w.webp 720w, /img/hero.webp 1440w" }],
    color: "#475115",
    thumbhash: "kekFC4CPiWZQiTpUgK1qCFg=",
  },
  "logo": {
    src: "/img/logo.png",
    srcset: "/img/logo.png 96w",
    sizes: "(max-width: 96px) 100vw, 96px",
    width: 96,
    height: 96,
    type: "image/png",
    bytes: 2853,
    alt: "",
    sources: [],
    color: "#2f6b47",
    thumbhash: "WJiFDQIeBCuJdpKLBgKrAkIKCCh4eICBJw==",
  },
} as const satisfies Record<string, Image>;

/** What a page needs to show a picture. */
export interface Image {
  /** The largest file of the most common format. */
  readonly src: string;
  /** All files of that format, with their widths. */
  readonly srcset: string;
  /** The width of the page, up to the picture's own. */
  readonly sizes: string;
  /** In pixels, as are heights. */
  readonly width: number;
  readonly height: number;
  /** The media type of `src`. */
  readonly type: string;
  /** The length of `src`. */
  readonly bytes: number;
  /** A text for people who don't see it. */
  readonly alt: string;
  /** The same in better formats, for browsers that know them: the best first. */
  readonly sources: readonly { readonly type: string; readonly srcset: string }[];
  /** The colour that most of it has, for its place until it is there. */
  readonly color?: string;
  /** A blurred picture of it for that place: its ThumbHash, in base64. */
  readonly thumbhash?: string;
}

/** The name of a picture. */
export type ImageName = keyof typeof images;

/** Attributes of an `<img>`. */
export type Attributes = { readonly [name: string]: string | number | boolean | undefined };

/**
 * A `<picture>` as HTML; attributes are for its `<img>`: `picture("hero", { loading: "lazy" })`.
 *
 * In a page: `element.innerHTML = picture("hero")`. In Astro: `<Fragment set:html={picture("hero")} />`.
 */
export function picture(name: ImageName, attributes: Attributes = {}): string {
  const { src, srcset, sizes, width, height, alt, sources }: Image = images[name];
  const all = { src, srcset, sizes, width, height, alt, ...attributes };
  const first = sources.map(({ type, srcset }) => tag("source", { type, srcset, sizes: all.sizes })).join("");
  const last = tag("img", all);
  return `<picture>${first}${last}</picture>`;
}

/**
 * The same as properties for React: `const { sources, img } = props("hero")`, then
 * `<picture>{sources.map((source) => <source key={source.type} {...source} />)}<img {...img} /></picture>`.
 */
export function props(name: ImageName) {
  const { src, srcset, sizes, width, height, alt, sources }: Image = images[name];
  return {
    sources: sources.map(({ type, srcset }) => ({ type, srcSet: srcset, sizes })),
    img: { src, srcSet: srcset, sizes, width, height, alt },
  };
}

function tag(name: string, attributes: Attributes): string {
  const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/\x22/g, "&quot;").replace(/</g, "&lt;");
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([key, value]) => (value === true ? ` ${key}` : ` ${key}="${escaped(String(value))}"`))
    .join("");
  return `<${name}${written}>`;
}
