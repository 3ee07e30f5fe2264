// @ts-check
// The occlusion brush: cover a part of a picture, and see whether the network misses it.

import {
  button, choice, clamp, closing, figure, h, hearing, letDrag, number, panel, setAttribute, setText,
  settings,
} from "../kit/kit.js";
import { board, signedColour } from "../kit/pixels.js";
import { awaiting, chooser, colours, floatsOf, percent, pixelsOf, wordOptions } from "../kit/subject.js";

/** @import { Given, Place, Window } from "../kit/kit.js" */
/** @import { Colours } from "../kit/pixels.js" */
/** @import { Told } from "../kit/subject.js" */
/** @typedef {"grey" | "black" | "white"} Fill */
/**
 * @typedef {object} Set
 * @property {string} network
 * @property {string} picture
 * @property {number} size
 * @property {number} step
 * @property {Place} place
 * @property {number | null} of
 * @property {Fill} fill
 */
/** @typedef {Told & { shape: [number, number, number], usual: Place }} Network */
/** @typedef {{ fills: Record<Fill, number>, places: number, diverging: Colours }} Facts */
/** @typedef {Float32Array | number[]} Values */

const FAR = 2; // places that Shift skips
const VEIL = 0.7; // how strongly the map covers the picture below it

// --- Arithmetic ----------------------------------------------------------------------------------

/** Where the square begins along one side, so that all is covered.
 * @param {number} length @param {number} size @param {number} step
 */
export function corners(length, size, step) {
  const count = Math.ceil((length - size) / step) + 1;
  return Array.from({ length: count }, (_, k) => Math.min(k * step, length - size));
}

/** The place whose square has its middle nearest to a pixel.
 * @param {number[]} starts @param {number} size @param {number} pixel
 */
export function nearest(starts, size, pixel) {
  let found = 0;
  starts.forEach((start, k) => {
    const away = (/** @type {number} */ one) => Math.abs(one + (size - 1) / 2 - pixel);
    if (away(start) < away(starts[found])) found = k;
  });
  return found;
}

/** What the map shows of a place: how much of the probability the square takes; NaN if not tried.
 * @param {Values} heat @param {number} before
 */
export function lost(heat, before) {
  return Array.from(heat, (value) => before - value);
}

/** The value of full colour: the largest change so far; what is under one point stays pale.
 * @param {number[]} losses
 */
export function fullColour(losses) {
  return losses.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0.01);
}

/** The next place that was not tried, row by row; null if there is none.
 * @param {Values} heat @param {number} columns
 * @returns {Place | null}
 */
export function untried(heat, columns) {
  const k = Array.from(heat).findIndex((value) => Number.isNaN(value ?? NaN));
  return k < 0 ? null : [Math.floor(k / columns), k % columns];
}

// --- Words ---------------------------------------------------------------------------------------

/** What the square does, in words.
 * @param {{ now: number, before: number, word: string, said: string, window: Window }} what
 */
export function squareWords({ now, before, word, said, window: { row, column, height, width } }) {
  const where = `rows ${row} to ${row + height - 1}, columns ${column} to ${column + width - 1}`;
  const other = said === word ? "" : ` The network now says ${said}.`;
  return `Square on ${where}. ${word}: ${percent(now)}, without the square ${percent(before)}.${other}`;
}

/** What the map has shown so far, in words.
 * @param {Values} heat @param {string} word
 */
export function heatWords(heat, word) {
  const known = Array.from(heat).filter((value) => !Number.isNaN(value));
  const all = known.length === heat.length ? "all" : `${known.length} of`;
  const range = `${word} between ${percent(Math.min(...known))} and ${percent(Math.max(...known))}`;
  return `${all} ${heat.length} places tried: ${range}`;
}

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "occlusion",
    title: "Cover a part of a picture",
    keys: [
      ["arrow keys on either picture", "move the square by one place; with Shift, by two"],
      ["mouse or finger", "put the square where you point, or drag it"],
      ["Try all", "goes on by itself through the places that are left; Escape stops it"],
    ],
  });
  const set = settings(model, () => redraw());
  const facts = model.get("facts");
  /** @returns {Network[]} */
  const all = () => model.get("given");
  let sweeping = false;
  let tell = false; // whether the next answer is to be read out

  const chosen = chooser(all(), (to) => {
    const { usual: [size, step] } = /** @type {Network} */ (chosen.about(to.network));
    const same = to.network === set.now.network;
    go({ ...to, of: null, ...(same ? {} : { size, step, place: [0, 0] }) });
  });
  const watched = choice("Class", [], (value) => go({ of: value === "" ? null : Number(value) }));
  const fills = /** @type {Fill[]} */ (Object.keys(facts.fills));
  const fill = choice("Square", fills.map((one) => [one, one]), (value) => go({ fill: /** @type {Fill} */ (value) }));
  const size = frame.field("Size", { min: 1, whole: true, change: (value) => resize({ size: value }) });
  const step = frame.field("Step", { min: 1, whole: true, change: (value) => resize({ step: value }) });
  const sweep = button("Try all", () => (sweeping ? stop("Stopped.") : start()));
  sweep.classList.add("cnn-play");
  const tried = h("span", { class: "occ-tried" });
  const words = h("p", { class: "occ-words" });
  const gauge = ["with the square", "without"].map((name) => {
    const bar = h("span", { class: "cnn-bar" });
    const text = h("span");
    return { bar, text, parts: [h("span", {}, name), h("span", { class: "occ-bar", "aria-hidden": "true" }, bar), text] };
  });
  const shown = ["picture", "map of what was tried"].map((name) => {
    const pixels = board({ name: `${name}: arrow keys move the square`, go: point, step: move });
    letDrag(pixels.node, { start: (event) => drag(event, pixels.canvas), move: (event) => drag(event, pixels.canvas) });
    return { pixels, part: figure("", pixels.node) };
  });
  const wait = awaiting(frame, model, { set, redraw: () => redraw(), arrived });
  frame.body.append(
    h("div", { class: "cnn-controls" }, chosen.nodes, watched.node),
    h("div", { class: "cnn-controls" }, fill.node, size.node, step.node, sweep, tried, wait.node),
    words,
    h("div", { class: "occ-gauge", "aria-hidden": "true" }, gauge.map(({ parts }) => parts)),
    h("div", { class: "cnn-figures occ-board" }, shown.map(({ part }) => part.node)),
    h("p", {}, "Colours of the map: red where the probability falls with the square, blue where it rises, grey where nothing was tried."),
  );

  // Where the learner goes

  function network() {
    return /** @type {Network} */ (chosen.about(set.now.network));
  }
  function grid() {
    const { shape: [, height, width] } = network();
    const now = set.now;
    return { rows: corners(height, now.size, now.step), columns: corners(width, now.size, now.step) };
  }
  /** @param {Partial<Set>} to */
  function go(to) {
    if (sweeping) stop("");
    tell = true;
    frame.complain("");
    ask(to);
    if (wait.fresh()) arrived();
  }
  /** @param {Partial<Set>} to */
  function ask(to) {
    set.change(to);
    wait.wait();
  }
  /** @param {{ size?: number, step?: number }} to @returns {string | void} */
  function resize(to) {
    const { shape: [, height, width] } = network();
    const now = { ...set.now, ...to };
    const side = Math.min(height, width);
    if (Math.max(now.size, now.step) > side) return `The picture has only ${side} pixels.`;
    const [rows, columns] = [height, width].map((length) => corners(length, now.size, now.step).length);
    if (rows * columns > facts.places) {
      return `That makes ${rows * columns} places; at most ${facts.places} are tried.`;
    }
    const [i, j] = now.place;
    return go({ ...to, place: [Math.min(i, rows - 1), Math.min(j, columns - 1)] });
  }
  /** @param {number} i @param {number} j */
  function point(i, j) {
    const { rows, columns } = grid();
    const { size: wide, place } = set.now;
    /** @type {Place} */
    const to = [nearest(rows, wide, i), nearest(columns, wide, j)];
    if (String(to) !== String(place)) go({ place: to });
  }
  /** @param {number} down @param {number} right */
  function move(down, right) {
    const { rows, columns } = grid();
    const [i, j] = set.now.place;
    const by = (/** @type {number} */ d) => clamp(d, -FAR, FAR); // Shift
    go({ place: [clamp(i + by(down), 0, rows.length - 1), clamp(j + by(right), 0, columns.length - 1)] });
  }
  /** @param {PointerEvent} event @param {HTMLCanvasElement} canvas */
  function drag(event, canvas) {
    const box = canvas.getBoundingClientRect();
    const { shape: [, height, width] } = network();
    const row = Math.floor((height * (event.clientY - box.top)) / box.height);
    const column = Math.floor((width * (event.clientX - box.left)) / box.width);
    point(clamp(row, 0, height - 1), clamp(column, 0, width - 1));
  }

  // One place after the other

  function heat() {
    return floatsOf(model.get("answer").heat);
  }
  function start() {
    if (!untried(heat(), grid().columns.length)) return frame.say("All places are tried.");
    sweeping = true;
    frame.complain("");
    frame.say("Trying one place after the other.");
    return goOn();
  }
  function goOn() {
    const next = untried(heat(), grid().columns.length);
    if (next) return ask({ place: next });
    return stop("All places are tried.");
  }
  /** @param {string} why */
  function stop(why) {
    if (!sweeping) return;
    sweeping = false;
    redraw();
    if (why) frame.say(`${why} ${tried.textContent}.`);
  }
  frame.onEscape(() => stop("Stopped."));
  function arrived() {
    if (sweeping) {
      if (frame.root.isConnected) goOn();
      return;
    }
    if (!tell) return;
    tell = false;
    frame.say(words.textContent ?? "");
  }

  // What is seen

  function redraw() {
    const now = set.now;
    chosen.set(now);
    const { classes } = network();
    const answer = model.get("answer");
    watched.offer([
      ["", wait.fresh() && now.of === null ? `the network's answer: ${classes[answer.watched]}` : "the network's answer"],
      ...wordOptions(network()),
    ]);
    watched.set(now.of === null ? "" : String(now.of));
    fill.set(now.fill);
    size.set(now.size);
    step.set(now.step);
    setText(sweep, sweeping ? "Stop" : "Try all");
    wait.draw();
    const known = String(model.get("input").of) === String([now.network, now.picture]);
    if (!known) return;
    drawPictures();
    if (!wait.fresh()) return;
    const { before, now: value, said } = answer;
    const word = classes[answer.watched];
    setText(words, squareWords({ now: value, before, word, said: classes[said], window: windowNow() }));
    setText(tried, heatWords(heat(), word));
    [value, before].forEach((share, k) => {
      gauge[k].bar.style.width = `${100 * share}%`;
      setText(gauge[k].text, percent(share));
    });
    shown[1].part.set(`tried; full colour is ±${number(100 * fullColour(lost(heat(), before)), 3)} points`);
  }
  /** @returns {Window} */
  function windowNow() {
    const { rows, columns } = grid();
    const { place: [i, j], size: wide } = set.now;
    return { row: rows[i], column: columns[j], height: wide, width: wide };
  }
  function drawPictures() {
    const now = set.now;
    const { white, shape: [, height, width] } = network();
    const below = colours(pixelsOf(model.get("input")), white);
    const window = windowNow();
    const shade = 255 * facts.fills[now.fill];
    const square = [shade, shade, shade];
    const inside = (/** @type {number} */ i, /** @type {number} */ j) =>
      i >= window.row && i < window.row + window.height && j >= window.column && j < window.column + window.width;
    shown[0].pixels.paint(height, width, (i, j) => (inside(i, j) ? square : below(i, j)), `${now.picture} with a square on it.`);
    shown[0].part.set(`${now.picture}, ${height}×${width}, and the square`);
    for (const { pixels } of shown) pixels.mark(window);
    if (!wait.fresh()) return;
    drawHeat(below);
  }
  /** @param {(i: number, j: number) => number[]} below */
  function drawHeat(below) {
    const { shape: [, height, width], classes } = network();
    const { before, watched: one } = model.get("answer");
    const { rows, columns } = grid();
    const losses = lost(heat(), before);
    const most = fullColour(losses);
    const [is, js] = [[rows, height], [columns, width]].map(([starts, length]) =>
      Array.from({ length: /** @type {number} */ (length) }, (_, k) => nearest(/** @type {number[]} */ (starts), set.now.size, k)),
    );
    shown[1].pixels.paint(
      height,
      width,
      (i, j) => {
        const grey = below(i, j).reduce((a, b) => a + b) / 3;
        const value = losses[is[i] * columns.length + js[j]];
        if (Number.isNaN(value)) return [grey, grey, grey];
        return signedColour(facts.diverging, value, most).map((c) => VEIL * c + (1 - VEIL) * grey);
      },
      `Map: ${heatWords(heat(), classes[one])}.`,
    );
  }

  const ears = ["input", "given"].map((name) => hearing(model, name, () => redraw()));
  redraw();
  const halted = { dispose: () => { sweeping = false; } };
  return closing(halted, wait, ...ears, set, frame);
}

export default { render };
