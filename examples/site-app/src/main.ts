import { beans, type BeanPicture } from "./beans";
import { images, picture } from "./images";

function fill(id: string, html: string): void {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  element.innerHTML = html;
}

function card(name: BeanPicture): string {
  const { title, sow, words } = beans[name];
  return `
    <li class="card">
      ${picture(name, { loading: "lazy", sizes: "(max-width: 40rem) 92vw, 22rem" })}
      <h3>${title}</h3>
      <p>${words}</p>
      <p class="sow">Sow in ${sow}</p>
    </li>`;
}

const names = (Object.keys(images) as (keyof typeof images)[]).filter((name): name is BeanPicture => name in beans);

fill("logo", picture("logo", { width: 48, height: 48, sizes: "48px" }));
fill("hero", picture("hero", { loading: "eager", fetchpriority: "high" }));
fill("cards", names.map(card).join(""));
