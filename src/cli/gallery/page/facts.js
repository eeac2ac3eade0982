/* What is known of one asset beside its picture: what is wrong, prompt, outputs, references, recipe, entry. It must not know takes'
   choice, the stage, or actions. */
(function (tintype) {
  "use strict";

  const { element, prose, icon, patch, copyButton } = tintype.dom;
  const words = tintype.words;
  const notes = element("div", { class: "notes" });
  const prompt = element("section", { class: "fact" });
  const outputs = element("section", { class: "fact" });
  const references = element("section", { class: "fact" });
  const recipe = element("section", { class: "fact" });
  const entry = element("section", { class: "fact" });

  const title = (text, ...more) => element("div", { class: "fact-head" }, element("h3", null, text), ...more);

  function note(kind, message, help) {
    return element("div", { class: "note", "data-kind": kind, role: kind === "error" ? "alert" : null },
      icon(kind === "reason" ? "pending" : "failed"),
      element("div", null, element("p", null, prose(message)), help ? element("p", { class: "help-text" }, prose(help)) : null));
  }

  function drawNotes(asset, progress) {
    const isWorking = asset.state === "generating";
    // What the error says already isn't said twice.
    const reasons = asset.reasons.filter((reason) => !asset.error?.message.includes(reason.detail));
    patch(notes, [asset.error, asset.warnings, reasons, isWorking && progress, isWorking], () => [
      isWorking && element("div", { class: "note working", role: "status" }, icon("generating"), element("div", null, element("p", null, progress || "Waiting for its turn"), element("span", { class: "work", "aria-hidden": "true" }))),
      asset.error && note("error", asset.error.message, asset.error.help),
      ...reasons.map((reason) => note("reason", `Pending: ${reason.detail}`, null)),
      ...asset.warnings.map((warning) => note("warning", warning.message, warning.help)),
    ]);
  }

  function part({ text, from }) {
    return from === null ? element("span", null, text) : element("span", { class: "styled", title: `From the style ${from}` }, text);
  }

  function changed({ kind, text }) {
    const tag = { removed: "del", added: "ins" }[kind] || "span";
    return element(tag, null, text);
  }

  function drawPrompt(asset) {
    const styles = [...new Set((asset.prompt_parts || []).map((one) => one.from).filter((from) => from !== null))];
    patch(prompt, [asset.prompt, asset.prompt_parts, asset.prompt_change, asset.source, asset.alt], () => [
      asset.prompt && title("Prompt", copyButton(asset.prompt, "Copy the prompt", { "data-key": "copy-prompt" })),
      asset.prompt && element("p", { class: "prompt" }, asset.prompt_parts?.length ? asset.prompt_parts.map(part) : asset.prompt),
      styles.length > 0 && element("p", { class: "legend" }, element("span", { class: "styled" }, words.several(styles)), styles.length === 1 ? " is a style's part" : " are styles' parts"),
      asset.prompt_change && title("Changed since the last take"),
      asset.prompt_change && element("p", { class: "prompt change" }, asset.prompt_change.map(changed)),
      asset.source && title(asset.source.path ? "Made by hand" : "Made from another asset"),
      asset.source && element("p", { class: "path" }, asset.source.path ?? asset.source.asset),
      asset.alt && title("Alternative text"),
      asset.alt && element("p", { class: "prompt" }, asset.alt),
    ]);
  }

  function measures(output) {
    return [output.width && `${output.width} × ${output.height}`, output.bytes && words.bytes(output.bytes)].filter(Boolean).join(" · ");
  }

  /** The colour that most of a picture has. */
  function swatch(color) {
    const dot = element("span", { class: "swatch", title: `Mostly ${color}` });
    dot.style.setProperty("background", color);
    return dot;
  }

  function outputLine(output, index, shown, onshow) {
    return element("li", { class: "output", "data-shown": String(index === shown) },
      element("button", { type: "button", class: "output-show", disabled: !output.url, "aria-pressed": String(index === shown), "data-key": `output-${index}`, title: output.url ? "Show this output" : "There is no file", onclick: () => onshow(index) },
        element("span", { class: "path" }, output.path),
        element("span", { class: "output-more" }, output.color ? swatch(output.color) : null, measures(output))),
      output.state === "same" ? null : element("span", { class: "badge", "data-kind": output.state }, words.output(output.state)),
      copyButton(output.path, `Copy path ${output.path}`, { class: "quiet small icon-button bare", "data-key": `copy-output-${index}` }));
  }

  function drawOutputs(asset, shown, onshow) {
    patch(outputs, [asset.outputs, shown], () => asset.outputs.length === 0 ? [] : [
      title("Outputs"),
      element("ul", { class: "outputs" }, asset.outputs.map((output, index) => outputLine(output, index, shown, onshow))),
    ]);
  }

  /** A reference is a file, another asset by its name, or a picture on the web, which isn't loaded here. */
  function reference(one) {
    return element("li", { class: "reference" },
      one.url ? element("img", { src: one.url, alt: "", loading: "lazy", decoding: "async" }) : icon("unavailable"),
      element("div", null, element("p", { class: "path" }, one.path ?? one.asset ?? one.web ?? "From the web"), one.hint ? element("p", { class: "help-text" }, one.hint) : null));
  }

  function drawReferences(asset) {
    const list = asset.recipe?.references || [];
    patch(references, list, () => list.length === 0 ? [] : [title("References"), element("ul", { class: "references" }, list.map(reference))]);
  }

  const plain = (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));

  // The ingredients that aren't shown as a line of their own.
  const elsewhere = ["prompt", "references", "options"];

  function pairs(asset) {
    const list = [];
    const add = (key, value) => { if (value !== null && value !== undefined && value !== "") list.push([key, plain(value)]); };
    const ingredients = { ...asset.recipe, ...asset.recipe?.options };
    for (const [key, value] of Object.entries(ingredients)) if (!elsewhere.includes(key)) add(key, value);
    if (asset.route) {
      add("provider", asset.route.provider);
      add("model there", asset.route.model_id);
      add("asked for", asset.route.asked);
      add("price", words.price(asset.route.cost_usd));
    }
    for (const one of asset.passed_over || []) add(`not ${one.provider}`, one.reason);
    if (asset.tags.length) add("tags", asset.tags.join(", "));
    if (asset.hold) add("hold", "nothing is generated by itself");
    if (asset.recipe) add("cost in all", asset.cost_usd === null ? "unknown" : words.dollars(asset.cost_usd));
    return list;
  }

  function drawRecipe(asset) {
    const list = pairs(asset);
    patch(recipe, list, () => list.length === 0 ? [] : [title("Recipe"), element("dl", { class: "pairs" }, list.map(([key, value]) => element("div", null, element("dt", null, key.replaceAll("_", " ")), element("dd", null, value))))]);
  }

  function drawEntry(asset) {
    patch(entry, asset.entry, () => asset.entry ? [element("details", { "data-key": "entry" },
      element("summary", { "data-key": "entry-summary" }, "As one manifest entry"),
      element("div", { class: "entry" }, copyButton(asset.entry, "Copy the entry", { "data-key": "copy-entry" }), element("pre", { tabindex: "0", "aria-label": "Manifest entry" }, asset.entry)))] : []);
  }

  function draw(asset, { progress, output, onshow }) {
    drawNotes(asset, progress);
    drawPrompt(asset);
    drawOutputs(asset, output, onshow);
    drawReferences(asset);
    drawRecipe(asset);
    drawEntry(asset);
  }

  tintype.facts = { draw, notes, sections: [prompt, outputs, references, recipe, entry] };
})(window.tintype);
