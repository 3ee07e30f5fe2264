// @ts-check
// The feature-map browser: any channel of any layer, and the place in the picture that it saw.

import {
  arrow, button, capital, choice, clamp, closing, figure, h, hasModifier, hearing, letDrag, number,
  panel, setAttribute, setText, settings, spoken,
} from "../kit/kit.js";
import { extent } from "../kit/maps.js";
import { board, signedColour } from "../kit/pixels.js";
import { awaiting, chooser, colours, floatsOf, pixelsOf } from "../kit/subject.js";
import { svg } from "../kit/svg.js";

/** @import { Given, Place, Window } from "../kit/kit.js" */
/** @import { Colours } from "../kit/pixels.js" */
/** @import { Told } from "../kit/subject.js" */
/** @typedef {{ network: string, picture: string, layer: number, channel: number }} Set */
/** @typedef {[start: number, jump: number, field: number]} Axis */
/** @typedef {{ name: string, shape: number[], view: [Axis, Axis] | null }} Layer */
/** @typedef {Told & { layers: Layer[] }} Network */
/** @typedef {Float32Array | number[]} Values */

const TALL = 10; // of the strip of channels, in its own units
const FAR = 8; // channels that Shift or Page Down skips

// --- Arithmetic ----------------------------------------------------------------------------------

/** Where a place of a map looks along one axis, as far as the picture goes: [first, length].
 * @param {Axis} axis @param {number} place @param {number} size
 */
export function axisWindow([start, jump, field], place, size) {
  const first = start + place * jump;
  const low = Math.max(first, 0);
  return [low, Math.max(Math.min(first + field, size) - low, 0)];
}

/** What a place of a map sees of a picture.
 * @param {[Axis, Axis] | null} view @param {Place} place @param {number[]} size
 * @returns {Window}
 */
export function windowOf(view, [i, j], [rows, columns]) {
  if (!view) return { row: 0, column: 0, height: rows, width: columns };
  const [row, height] = axisWindow(view[0], i, rows);
  const [column, width] = axisWindow(view[1], j, columns);
  return { row, column, height, width };
}

/** The place of a map whose window lies around a pixel.
 * @param {[Axis, Axis] | null} view @param {Place} pixel @param {Place} size of the map
 * @returns {Place}
 */
export function placeOver(view, pixel, size) {
  if (!view) return [0, 0];
  const along = (/** @type {0 | 1} */ axis) => {
    const [start, jump, field] = view[axis];
    return clamp(Math.round((pixel[axis] - start - (field - 1) / 2) / jump), 0, size[axis] - 1);
  };
  return [along(0), along(1)];
}

/** Height and width of a layer's maps; values have one each.
 * @param {number[]} shape
 * @returns {Place}
 */
export function mapSize(shape) {
  return shape.length === 3 ? [shape[1], shape[2]] : [1, 1];
}

/** How many channels are stronger than this one, and the one that comes next.
 * @param {Values} peaks @param {number} channel
 */
export function ranked(peaks, channel) {
  const order = Array.from(peaks, (_, k) => k).sort((a, b) => peaks[b] - peaks[a] || a - b);
  const rank = order.indexOf(channel);
  return { rank, next: order[(rank + 1) % order.length] };
}

// --- Words ---------------------------------------------------------------------------------------

/** What a window sees, in words.
 * @param {Window} window @param {[Axis, Axis] | null} view
 */
export function windowWords({ row, column, height, width }, view) {
  if (!view) return "It sees the whole picture.";
  const where = `rows ${row} to ${row + height - 1}, columns ${column} to ${column + width - 1}`;
  const whole = view[0][2] === height && view[1][2] === width;
  if (!height || !width) return "It sees nothing of the picture, only its border.";
  return `It sees ${where} of the picture${whole ? "" : "; the rest of its window lies beyond the edge"}.`;
}

/** A layer's output, in words.
 * @param {Layer} layer
 */
export function layerWords({ shape, view }) {
  const made = shape.length === 3 ? `${shape[0]} maps of ${shape[1]}×${shape[2]}` : `${shape[0]} values`;
  const sees = view ? `each place sees ${view[0][2]}×${view[1][2]} pixels` : "each sees the whole picture";
  return `${made}; ${sees}`;
}

// --- Drawing -------------------------------------------------------------------------------------

/** One bar for each channel, as high as its strongest value; a sharp corner below the chosen one.
 * @param {Values} peaks @param {number} channel
 */
export function bars(peaks, channel) {
  let [low, high] = [0, 0];
  for (const peak of peaks) [low, high] = [Math.min(low, peak), Math.max(high, peak)];
  const reach = high - low || 1;
  const y = (/** @type {number} */ value) => Number((TALL * (high - value) / reach).toFixed(3));
  /** @param {number} k */
  const bar = (k) => `M${k + 0.1} ${y(0)}V${y(peaks[k])}h0.8V${y(0)}z`;
  const others = Array.from(peaks, (_, k) => (k === channel ? "" : bar(k))).join("");
  return { others, chosen: channel < peaks.length ? bar(channel) : "" };
}

/** @param {Given<Set, { diverging: Colours }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "features",
    title: "Look into a network",
    keys: [
      ["arrow keys on Layer", "go from layer to layer"],
      ["arrow keys on the channels", "go from channel to channel; with Shift or Page Up and Down, by eight"],
      ["arrow keys on the map", "go from place to place, and see what each sees; Home goes to the strongest"],
      ["arrow keys on the picture", "go to the place of the map that sees it"],
    ],
  });
  const set = settings(model, () => redraw());
  const { diverging } = model.get("facts");
  /** @returns {Network[]} */
  const all = () => model.get("given");
  /** Where the learner looks; null for the strongest place. @type {Place | null} */
  let looked = null;
  let tell = true; // whether the next answer is to be read out

  const chosen = chooser(all(), (to) => go({ ...to, ...(to.network === set.now.network ? {} : { layer: 0, channel: 0 }) }));
  const layerChoice = choice("Layer", [], (value) => toLayer(Number(value)));
  const earlier = button("◀ Layer", () => toLayer(set.now.layer - 1), { describe: "the layer before" });
  const later = button("Layer ▶", () => toLayer(set.now.layer + 1), { describe: "the layer behind" });
  const channelField = frame.field("Channel", { min: 0, whole: true, change: (channel) => toChannel(channel) });
  const next = button("Next strongest", () => toChannel(ranked(peaks(), set.now.channel).next));
  const picture = board({ name: "picture: arrow keys move", go: overPixel });
  const map = board({
    name: "map: arrow keys move, Home goes to the strongest place",
    go: look,
    hover: (place) => preview(place),
    press: (key) => {
      if (key !== "Home") return false;
      look(null);
      return true;
    },
  });
  map.canvas.classList.add("cnn-data");
  const [pictureFigure, mapFigure] = [figure("", picture.node), figure("", map.node)];
  const others = svg("path", { class: "feat-bars" });
  const own = svg("path", { class: "feat-own" });
  const strip = h(
    "div",
    { class: "feat-strip", role: "slider", tabindex: "0", "aria-label": "Channels, each as high as its strongest value" },
    svg("svg", { class: "feat-chart", preserveAspectRatio: "none", "aria-hidden": "true" }, others, own),
  );
  const stripFigure = figure("", strip);
  stripFigure.node.classList.add("feat-channels");
  const about = h("p", { class: "feat-about" });
  const place = h("p", { class: "feat-place" });
  const wait = awaiting(frame, model, { set, redraw: () => redraw(), arrived: speak });
  frame.body.append(
    h("div", { class: "cnn-controls" }, chosen.nodes, layerChoice.node, earlier, later),
    h("div", { class: "cnn-controls" }, channelField.node, next, wait.node),
    about,
    stripFigure.node,
    h("div", { class: "cnn-figures" }, pictureFigure.node, mapFigure.node),
    place,
    h("p", {}, "Colours of the map: white is 0, red is above 0, blue is below."),
  );

  // Where the learner goes

  function network() {
    return /** @type {Network} */ (chosen.about(set.now.network));
  }
  function layer() {
    return network().layers[set.now.layer];
  }
  function peaks() {
    return floatsOf(model.get("answer").peaks);
  }
  /** @param {Partial<Set>} to */
  function go(to) {
    looked = null;
    tell = true;
    frame.complain("");
    set.change(to);
    wait.wait();
  }
  /** @param {number} to */
  function toLayer(to) {
    const { layers } = network();
    if (to < 0 || to >= layers.length) return frame.say(to < 0 ? "This is the first layer." : "This is the last layer.");
    return go({ layer: to, channel: Math.min(set.now.channel, layers[to].shape[0] - 1) });
  }
  /** @param {number} to @returns {string | void} */
  function toChannel(to) {
    const count = layer().shape[0];
    if (to >= count) return `This layer has the channels 0 to ${count - 1}.`;
    return go({ channel: to });
  }
  /** @param {number} i @param {number} j */
  function overPixel(i, j) {
    at = [i, j];
    const to = placeOver(layer().view, [i, j], mapSize(layer().shape));
    const already = looked && String(to) === String(looked);
    looked = to;
    redraw();
    picture.at(i, j);
    frame.say(`Row ${i}, column ${j} of the picture. ${already ? "The same place of the map." : placeWords(to, spoken)}`);
  }
  /** @param {number | null} i */
  function look(i, j = 0) {
    looked = i === null ? null : [i, j];
    redraw();
    frame.say(placeWords(shownPlace(), spoken));
  }
  /** @param {Place | null} to */
  function preview(to) {
    drawPlace(to ?? shownPlace());
  }
  /** The pixel that the keys of the picture are on. @type {Place} */
  let at = [0, 0];

  // Words

  function values() {
    return floatsOf(model.get("answer").map);
  }
  /** @returns {Place} */
  function strongest() {
    const [, columns] = mapSize(layer().shape);
    const { at: k } = extent(values());
    return [Math.floor(k / columns), k % columns];
  }
  /** @returns {Place} */
  function shownPlace() {
    return looked ?? strongest();
  }
  /** @param {Place} to @param {(value: number, digits?: number) => string} write */
  function placeWords([i, j], write = number) {
    const { shape, view } = layer();
    const value = values()[i * mapSize(shape)[1] + j];
    const window = windowOf(view, [i, j], model.get("input").shape.slice(1));
    const first = String([i, j]) === String(strongest()) ? "strongest place, " : "";
    const where = view ? `${first}row ${i}, column ${j}` : valueName();
    return `${capital(where)}: ${write(value, 4)}. ${windowWords(window, view)}`;
  }
  /** What one of the last layer's values stands for. */
  function valueName() {
    const { layers, classes } = network();
    const last = set.now.layer === layers.length - 1;
    return last ? `score of ${classes[set.now.channel]}` : `value ${set.now.channel}`;
  }
  function channelWords() {
    const { rank } = ranked(peaks(), set.now.channel);
    return `channel ${set.now.channel} of ${layer().shape[0]}, number ${rank + 1} by strength`;
  }
  function speak() {
    if (!tell) return;
    tell = false;
    frame.say(`Layer ${layer().name}: ${layerWords(layer())}. ${capital(channelWords())}. ${placeWords(shownPlace(), spoken)}`);
  }

  // What is seen

  function redraw() {
    const now = set.now;
    chosen.set(now);
    const { layers, white } = network();
    layerChoice.offer(layers.map((one, k) => [String(k), one.name]));
    layerChoice.set(String(now.layer));
    setAttribute(earlier, "aria-disabled", now.layer === 0 ? "true" : null);
    setAttribute(later, "aria-disabled", now.layer === layers.length - 1 ? "true" : null);
    channelField.set(now.channel);
    setAttribute(channelField.input, "aria-valuemax", layer().shape[0] - 1);
    setText(about, capital(`${layerWords(layer())}.`));
    wait.draw();
    if (!wait.fresh()) return; // the last picture stays until the answer is there
    drawPicture(white);
    drawMap();
    drawStrip();
    drawPlace(shownPlace());
  }
  let painted = "";
  /** @param {number} white */
  function drawPicture(white) {
    const input = model.get("input");
    const [, rows, columns] = input.shape;
    if (painted !== String(input.of)) {
      picture.paint(rows, columns, colours(pixelsOf(input), white), `${set.now.picture}, ${rows} by ${columns} pixels.`);
      painted = String(input.of);
    }
    at = [Math.min(at[0], rows - 1), Math.min(at[1], columns - 1)];
    picture.at(...at);
    pictureFigure.set(`picture, ${rows}×${columns}; in the frame: what the place sees`);
  }
  function drawMap() {
    const [rows, columns] = mapSize(layer().shape);
    const shown = values();
    let most = 0;
    for (const value of shown) most = Math.max(most, Math.abs(value) || 0);
    map.paint(
      rows,
      columns,
      (i, j) => (Number.isNaN(shown[i * columns + j]) ? [128, 128, 128] : signedColour(diverging, shown[i * columns + j], most)),
      `${capital(channelWords())}, ${rows} by ${columns}: from ${spoken(extent(shown).low, 3)} to ${spoken(extent(shown).high, 3)}.`,
    );
    mapFigure.set(`${channelWords()}; full colour is ±${number(most, 3)}`);
  }
  function drawStrip() {
    const heights = peaks();
    const paths = bars(heights, set.now.channel);
    setAttribute(strip.firstElementChild ?? strip, "viewBox", `0 0 ${heights.length} ${TALL}`);
    setAttribute(others, "d", paths.others);
    setAttribute(own, "d", paths.chosen);
    setAttribute(strip, "aria-valuemin", 0);
    setAttribute(strip, "aria-valuemax", heights.length - 1);
    setAttribute(strip, "aria-valuenow", set.now.channel);
    const peak = number(heights[set.now.channel], 3);
    setAttribute(strip, "aria-valuetext", `${channelWords()}, up to ${spoken(heights[set.now.channel], 3)}`);
    stripFigure.set(`channels 0 to ${heights.length - 1}, each as high as its strongest value; channel ${set.now.channel}: ${peak}`);
  }
  /** @param {Place} to */
  function drawPlace([i, j]) {
    if (!wait.fresh()) return;
    const window = windowOf(layer().view, [i, j], model.get("input").shape.slice(1));
    picture.mark(window);
    map.at(i, j);
    map.mark({ row: i, column: j, height: 1, width: 1 });
    setText(place, placeWords([i, j]));
  }

  strip.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    const by = arrow(event, FAR);
    const last = layer().shape[0] - 1;
    let to = set.now.channel;
    if (by) to += by[1] - by[0];
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = last;
    else if (event.key === "PageUp") to += FAR;
    else if (event.key === "PageDown") to -= FAR;
    else return;
    event.preventDefault();
    toChannel(clamp(to, 0, last));
  });
  /** @param {PointerEvent} event */
  function pointed(event) {
    const box = strip.getBoundingClientRect();
    const count = layer().shape[0];
    const to = clamp(Math.floor(((event.clientX - box.left) / box.width) * count), 0, count - 1);
    if (to !== set.now.channel) toChannel(to);
  }
  letDrag(strip, { start: pointed, move: pointed });

  const ears = [hearing(model, "input", () => redraw()), hearing(model, "given", () => redraw())];
  redraw();
  tell = false;
  return closing(wait, ...ears, set, frame);
}

export default { render };
