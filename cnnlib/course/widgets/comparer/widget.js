// @ts-check
// The network comparer: what famous networks cost, side by side, and layer by layer.

import {
  arrow, capital, choice, clamp, closing, figure, h, hasModifier, hearing, letDrag, number, panel,
  setAttribute, setText, settings,
} from "../kit/kit.js";
import { svg } from "../kit/svg.js";

/** @import { Given } from "../kit/kit.js" */
/** @typedef {"parameters" | "multiply-adds" | "memory"} Measure */
/** @typedef {"log" | "linear"} Scale */
/** @typedef {{ sort: string, descending: boolean, scale: Scale, network: string, measure: Measure }} Set */
/** @typedef {[name: string, size: string, parameters: number, work: number, memory: number]} Layer */
/** @typedef {number | string | null} Value null for what is not known */
/** @typedef {{ name: string, depth: number | null, layers: Layer[], published: Record<string, number | string> }} Network */
/** @typedef {Record<string, Value>} Row */
/** @typedef {{ columns: string[], networks: Network[] }} Table */
/** @typedef {{ counted: string[], measures: Measure[], scales: Scale[] }} Facts */

const TALL = 10; // of the strip of layers, in its own units
const FAR = 8; // layers that Shift or Page Down skips

// --- Arithmetic ----------------------------------------------------------------------------------

/** @type {Record<Measure, 2 | 3 | 4>} */
const PART = { parameters: 2, "multiply-adds": 3, memory: 4 };

/** What each layer of a network costs.
 * @param {Network} network @param {Measure} measure
 */
export function costs({ layers }, measure) {
  return layers.map((layer) => layer[PART[measure]]);
}

/** What a whole network costs, and what is published of it.
 * @param {Network} network @param {string[]} columns
 * @returns {Row}
 */
export function rowOf(network, columns) {
  const all = (/** @type {Measure} */ measure) => costs(network, measure).reduce((a, b) => a + b, 0);
  return {
    name: network.name,
    parameters: all("parameters"),
    "multiply-adds": all("multiply-adds"),
    memory: all("memory"),
    depth: network.depth,
    ...Object.fromEntries(columns.map((column) => [column, network.published[column] ?? null])),
  };
}

/** Rows in the order of a column; what is not known comes last.
 * @param {Row[]} rows @param {string} column @param {boolean} descending
 */
export function sorted(rows, column, descending) {
  const known = rows.filter((row) => row[column] !== null);
  const way = descending ? -1 : 1;
  known.sort((a, b) => {
    const [one, two] = [/** @type {any} */ (a[column]), /** @type {any} */ (b[column])];
    return way * (Number(one > two) - Number(one < two));
  });
  return [...known, ...rows.filter((row) => row[column] === null)];
}

/** How long the bars of some values are, from 0 to 1, and the two ends of the scale.
 * On the scale of powers of ten, the shortest begins at the power below the smallest value.
 * @param {Value[]} values @param {Scale} scale
 */
export function lengths(values, scale) {
  const numbers = values.filter((one) => typeof one === "number");
  const high = Math.max(...numbers, 0);
  if (scale === "linear" || !(high > 0)) {
    return { low: 0, high, bars: values.map((one) => (typeof one === "number" && high > 0 ? Math.max(one, 0) / high : 0)) };
  }
  const smallest = Math.min(...numbers.filter((one) => one > 0));
  let exponent = Math.floor(Math.log10(smallest) + 1e-12);
  if (10 ** exponent >= smallest * 0.999) exponent -= 1; // so that a bar is seen
  const low = 10 ** exponent;
  const reach = Math.log10(high / low);
  const bars = values.map((one) => (typeof one === "number" && one > 0 ? Math.log10(one / low) / reach : 0));
  return { low, high, bars };
}

// --- Words ---------------------------------------------------------------------------------------

/** A value for the table.
 * @param {string} column @param {Value} value
 */
export function written(column, value) {
  if (value === null) return "–";
  if (typeof value === "string") return value;
  if (column === "memory") return bytes(value);
  return column in PART ? value.toLocaleString("en") : number(value);
}

/** @param {number} count */
function bytes(count) {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} MB`;
  if (count >= 1e3) return `${(count / 1e3).toFixed(1)} kB`;
  return `${count} B`;
}

/** How bars are read.
 * @param {Scale} scale
 */
export function scaleWords(scale) {
  return scale === "linear"
    ? "Bars: drawn to scale within their column."
    : "Bars: by powers of ten. Equal steps are equal factors; the lengths are not to scale.";
}

/** What one layer costs, in words.
 * @param {Network} network @param {number} k @param {Measure} measure
 */
export function layerWords(network, k, measure) {
  const [name, size] = network.layers[k];
  const all = costs(network, measure);
  const total = all.reduce((a, b) => a + b, 0);
  const part = (100 * all[k]) / total;
  const share = all[k] ? ` (${part < 0.05 ? "under 0.1" : part.toFixed(1)}% of all)` : "";
  const what = measure === "memory" ? `${bytes(all[k])} of memory` : `${all[k].toLocaleString("en")} ${measure}`;
  return `Layer ${k + 1} of ${all.length}, ${name}, output ${size}: ${what}${share}.`;
}

/** A row, in words.
 * @param {Row} row @param {string[]} columns
 */
export function rowWords(row, columns) {
  const told = columns.filter((column) => row[column] !== null);
  return `${row.name}: ${told.map((column) => `${column} ${written(column, row[column])}`).join(", ")}`;
}

// --- Drawing -------------------------------------------------------------------------------------

/** One bar for each layer; the chosen one apart.
 * @param {number[]} heights from 0 to 1 @param {number} at
 */
export function strip(heights, at) {
  /** @param {number} k */
  const bar = (k) => `M${k + 0.1} ${TALL}V${Number((TALL * (1 - heights[k])).toFixed(3))}h0.8V${TALL}z`;
  return { others: heights.map((_, k) => (k === at ? "" : bar(k))).join(""), chosen: bar(at) };
}

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "comparer",
    title: "Networks side by side",
    keys: [
      ["Enter on a column heading", "sort by it; once more, in reverse"],
      ["Enter on the name of a network", "show its layers"],
      ["arrow keys on the layers", "go from layer to layer; with Shift or Page Up and Down, by eight"],
    ],
  });
  const set = settings(model, () => redraw());
  const facts = model.get("facts");
  /** @returns {Table} */
  const table = () => model.get("given");
  let at = 0; // the layer that is read out

  const scale = choice("Bars", facts.scales.map((one) => [one, one === "log" ? "by powers of ten" : "to scale"]), (value) => {
    set.change({ scale: /** @type {Scale} */ (value) });
    frame.say(scaleWords(set.now.scale));
  });
  const measure = choice("Layers by", facts.measures.map((one) => [one, one]), (value) => {
    set.change({ measure: /** @type {Measure} */ (value) });
    frame.say(heading());
  });
  const head = h("tr");
  const rows = h("tbody");
  const how = h("p");
  const others = svg("path", { class: "comp-bars" });
  const own = svg("path", { class: "comp-own" });
  const band = svg("path", { class: "comp-band" });
  const chart = svg("svg", { class: "comp-chart", preserveAspectRatio: "none", "aria-hidden": "true" }, band, others, own);
  const layers = h("div", { class: "comp-strip", role: "slider", tabindex: "0", "aria-label": "Layers, from first to last" }, chart);
  const layersFigure = figure("", layers);
  layersFigure.node.classList.add("comp-layers");
  const layer = h("p", { class: "comp-layer" });
  frame.body.append(
    h("div", { class: "cnn-controls" }, scale.node, measure.node),
    h("div", { class: "cnn-scroll" }, h("table", { class: "cnn-table comp-table" }, h("thead", {}, head), rows)),
    how,
    layersFigure.node,
    layer,
  );

  function columns() {
    return ["name", ...facts.counted, ...table().columns];
  }
  /** @param {string} column */
  function sortBy(column) {
    const now = set.now;
    const descending = now.sort === column ? !now.descending : false;
    set.change({ sort: column, descending });
    const order = all().map((row) => row.name);
    frame.say(`Sorted by ${column}, ${descending ? "largest" : "smallest"} first: ${order.join(", ")}.`);
  }
  /** @param {string} name */
  function show(name) {
    at = 0;
    set.change({ network: name });
    const row = all().find((one) => one.name === name);
    frame.say(`${row ? rowWords(row, columns().slice(1)) : ""}. ${heading()}`);
  }
  function all() {
    const { columns: further, networks } = table();
    return sorted(networks.map((one) => rowOf(one, further)), set.now.sort, set.now.descending);
  }
  function network() {
    const { networks } = table();
    return networks.find((one) => one.name === set.now.network) ?? networks[0];
  }
  function heading() {
    const { name, layers: own } = network();
    return `${name}, layer by layer: ${set.now.measure} of its ${own.length} layers.`;
  }
  /** @param {number} to */
  function go(to) {
    at = clamp(to, 0, network().layers.length - 1);
    drawLayers();
    frame.say(layerWords(network(), at, set.now.measure));
  }

  function redraw() {
    scale.set(set.now.scale);
    measure.set(set.now.measure);
    drawHead();
    drawRows();
    setText(how, scaleWords(set.now.scale));
    drawLayers();
  }
  function drawHead() {
    const names = columns();
    while (head.children.length > names.length) head.lastElementChild?.remove();
    names.forEach((name, k) => {
      if (!head.children[k]) head.append(h("th", { scope: "col" }, h("button", { type: "button" })));
      const cell = head.children[k];
      const press = /** @type {HTMLButtonElement} */ (cell.firstElementChild);
      press.onclick = () => sortBy(name);
      const { sort, descending } = set.now;
      const sign = sort === name ? (descending ? " ▼" : " ▲") : "";
      setText(press, (name === "name" ? "network" : name) + sign);
      setAttribute(press, "aria-label", name === "name" ? "network" : name);
      setAttribute(cell, "aria-sort", sort === name ? (descending ? "descending" : "ascending") : null);
    });
  }
  function drawRows() {
    const names = columns();
    const shown = all();
    const bars = Object.fromEntries(
      names.map((name) => [name, lengths(shown.map((row) => row[name]), set.now.scale).bars]),
    );
    while (rows.children.length > shown.length) rows.lastElementChild?.remove();
    shown.forEach((row, i) => {
      if (rows.children[i]?.children.length !== names.length) {
        const fresh = h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button" })), names.slice(1).map(() => h("td")));
        if (rows.children[i]) rows.children[i].replaceWith(fresh);
        else rows.append(fresh);
      }
      const [first, ...cells] = rows.children[i].children;
      const press = /** @type {HTMLButtonElement} */ (first.firstElementChild);
      setText(press, String(row.name));
      press.onclick = () => show(String(row.name));
      setAttribute(press, "aria-pressed", row.name === network().name ? "true" : "false");
      cells.forEach((cell, k) => drawCell(cell, names[k + 1], row[names[k + 1]], bars[names[k + 1]][i]));
    });
  }
  /** @param {Element} cell @param {string} column @param {Value} value @param {number} share */
  function drawCell(cell, column, value, share) {
    if (!cell.firstElementChild) {
      cell.append(h("span"), h("span", { class: "comp-track", "aria-hidden": "true" }, h("span", { class: "cnn-bar" })));
    }
    const [text, track] = /** @type {HTMLElement[]} */ ([...cell.children]);
    setText(text, written(column, value));
    cell.className = typeof value === "string" ? "text" : "";
    text.style.minWidth = typeof value === "string" ? `${Math.min(0.6 * value.length, 18)}em` : "";
    track.hidden = typeof value !== "number";
    /** @type {HTMLElement} */ (track.firstElementChild).style.width = `${100 * share}%`;
  }
  function drawLayers() {
    const now = network();
    at = Math.min(at, now.layers.length - 1);
    const { bars } = lengths(costs(now, set.now.measure), set.now.scale);
    const paths = strip(bars, at);
    setAttribute(chart, "viewBox", `0 0 ${bars.length} ${TALL}`);
    setAttribute(others, "d", paths.others);
    setAttribute(own, "d", paths.chosen);
    setAttribute(band, "d", `M${at} 0h1V${TALL}h-1z`);
    setAttribute(layers, "aria-valuemin", 1);
    setAttribute(layers, "aria-valuemax", bars.length);
    setAttribute(layers, "aria-valuenow", at + 1);
    const words = layerWords(now, at, set.now.measure);
    setAttribute(layers, "aria-valuetext", words);
    setText(layer, words);
    layersFigure.set(capital(heading()));
  }

  layers.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    const by = arrow(event, FAR);
    const last = network().layers.length - 1;
    if (by) go(at + by[1] - by[0]);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(last);
    else if (event.key === "PageUp") go(at + FAR);
    else if (event.key === "PageDown") go(at - FAR);
    else return;
    event.preventDefault();
  });
  /** @param {PointerEvent} event */
  function pointed(event) {
    const box = layers.getBoundingClientRect();
    const count = network().layers.length;
    const to = clamp(Math.floor(((event.clientX - box.left) / box.width) * count), 0, count - 1);
    if (to !== at) go(to);
  }
  letDrag(layers, { start: pointed, move: pointed });

  const ear = hearing(model, "given", () => redraw());
  redraw();
  return closing(ear, set, frame);
}

export default { render };
