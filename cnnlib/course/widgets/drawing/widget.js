// @ts-check
// The drawing pad: draw a digit, and watch every layer of a trained network respond.

import {
  arrow, attempt, button, clamp, closing, figure, h, hasModifier, hearing, letDrag, panel, patience,
  setAttribute, setText, settings, sum, toggle,
} from "../kit/kit.js";
import { LEGEND, mapTiles } from "../kit/maps.js";
import { layerOutputs, softmax } from "../kit/network.js";
import { asMnist, inkBox, smaller } from "./mnist.js";

/** @import { Given } from "../kit/kit.js" */
/** @import { Layer } from "../kit/network.js" */
/** @import { Colours } from "../kit/pixels.js" */
/** @import { Point } from "../kit/svg.js" */
/** @typedef {{ pen: number, centred: boolean }} Set */
/**
 * @typedef {object} Facts
 * @property {number} digit pixels of an image that the network sees, each way
 * @property {number} fine points of the pad for one of them
 * @property {number} box pixels into which MNIST fitted its digits, each way
 * @property {[number, number]} pens the thinnest and the widest
 * @property {Colours} diverging
 */
/** @typedef {{ name: string, shape: number[] }} LayerOutput */
/** @typedef {ArrayBuffer | ArrayBufferView | null | undefined} Bytes */
/** What the pad has taken along to a page without a kernel; nothing where there is one.
 * @typedef {object} Luggage
 * @property {Layer[]} [layers]
 * @property {Bytes} [weights]
 * @property {Bytes} [digits] examples, a byte for each pixel
 * @property {string[]} [notes] what is said of each example
 */

const PATIENCE = 4000; // milliseconds until we say that the kernel does not answer
const KEPT = 50; // drawings that Undo can bring back

// --- Ink -----------------------------------------------------------------------------------------

/** Draw a line of round ends into bytes, row by row; what is there already stays.
 * @param {Uint8Array} ink @param {Point} from @param {Point} to @param {number} pen
 */
export function inkLine(ink, [x0, y0], [x1, y1], pen) {
  const side = Math.sqrt(ink.length);
  const radius = pen / 2;
  const inside = (/** @type {number} */ at) => clamp(at, 0, side - 1);
  const [top, left] = [Math.min(y0, y1), Math.min(x0, x1)].map((at) =>
    inside(Math.floor(at - radius - 1)),
  );
  const [bottom, right] = [Math.max(y0, y1), Math.max(x0, x1)].map((at) =>
    inside(Math.ceil(at + radius + 1)),
  );
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  for (let i = top; i <= bottom; i += 1) {
    for (let j = left; j <= right; j += 1) {
      // The centre of the point, its nearest place on the line, and the distance between them.
      const [px, py] = [j + 0.5 - x0, i + 0.5 - y0];
      const t = length ? clamp((px * dx + py * dy) / length, 0, 1) : 0;
      const distance = Math.hypot(px - t * dx, py - t * dy);
      const shade = clamp(radius + 0.5 - distance, 0, 1);
      ink[i * side + j] = Math.max(ink[i * side + j], Math.round(255 * shade));
    }
  }
  return ink;
}

/** A view of bytes that came from Python, from a file, or from here.
 * @param {Bytes} value
 */
function bytesOf(value) {
  if (!value) return new Uint8Array(0);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** The bytes as numbers of a kind, copied so that they lie where such numbers must lie.
 * @template {Float32Array | Float64Array} T
 * @param {Bytes} value
 * @param {{ new (buffer: ArrayBuffer, start: number, length: number): T, BYTES_PER_ELEMENT: number }} Kind
 */
function numbersOf(value, Kind) {
  const bytes = bytesOf(value).slice();
  return new Kind(bytes.buffer, 0, Math.floor(bytes.length / Kind.BYTES_PER_ELEMENT));
}

// --- Without a kernel ----------------------------------------------------------------------------

/** What the network answers to a drawing, in the form in which Python sends it.
 * @param {Uint8Array} ink @param {boolean} centred @param {Layer[]} layers @param {Bytes} weights
 * @param {{ digit: number, fine: number, box: number }} sizes
 */
export function answerOf(ink, centred, layers, weights, sizes) {
  const image = centred ? asMnist(ink, sizes) : smaller(ink, sizes);
  const input = { shape: [1, sizes.digit, sizes.digit], values: image };
  const outputs = layerOutputs(layers, numbersOf(weights, Float32Array), input);
  const maps = new Float32Array(sum(outputs.map(({ values }) => values.length)));
  let start = 0;
  for (const { values } of outputs) {
    maps.set(values, start);
    start += values.length;
  }
  return {
    mass: sum(ink),
    centred,
    image,
    odds: softmax(outputs[outputs.length - 1].values),
    layers: outputs.map(({ shape }, k) => ({ name: layers[k].name, shape })),
    maps,
  };
}

/** An image as ink: each pixel becomes so many points each way.
 * @param {Uint8Array} image @param {{ digit: number, fine: number }} sizes
 */
export function pointsOf(image, { digit, fine }) {
  const side = digit * fine;
  return Uint8Array.from({ length: side * side }, (_, k) => {
    const [i, j] = [Math.floor(k / side), k % side];
    return image[Math.floor(i / fine) * digit + Math.floor(j / fine)];
  });
}

// --- Words ---------------------------------------------------------------------------------------

/** A share in percent. No network is ever wholly sure, so 100.0% and 0.0% are not claimed.
 * @param {number} share
 */
export function percent(share) {
  if (Number.isNaN(share)) return "not a number";
  if (share > 0.9995 && share < 1) return "over 99.9%";
  if (share < 0.0005 && share > 0) return "under 0.1%";
  return `${(100 * share).toFixed(1)}%`;
}

/** What the network reads, in words.
 * @param {Float64Array} odds @param {boolean} empty
 */
export function readingWords(odds, empty) {
  const order = [...odds.keys()].sort((a, b) => odds[b] - odds[a]);
  if (!order.length || odds.some(Number.isNaN)) return "The network answers with no numbers.";
  const first = `${order[0]}, with ${percent(odds[order[0]])}; next ${order[1]}, ${percent(odds[order[1]])}.`;
  return empty ? `For an empty pad, the network answers ${first}` : `Read as ${first}`;
}

/** Where the ink is, in words.
 * @param {Uint8Array} ink @param {Facts} facts
 */
export function inkWords(ink, { digit, fine }) {
  const found = inkBox(ink, digit * fine);
  if (!found) return "The pad is empty.";
  const [t, b, l, r] = found.map((one) => Math.floor(one / fine));
  return `White strokes on black, in rows ${t} to ${b} and columns ${l} to ${r} of ${digit}.`;
}

// --- Drawing -------------------------------------------------------------------------------------

/** @param {HTMLCanvasElement} canvas @param {(k: number) => number} shade */
function paintGrey(canvas, shade) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const side = canvas.width;
  const picture = context.createImageData(side, side);
  const shades = new Uint32Array(picture.data.buffer);
  for (let k = 0; k < side * side; k += 1) shades[k] = (0xff000000 | (shade(k) * 0x010101)) >>> 0;
  context.putImageData(picture, 0, 0);
}

/** How the keys beside the arrows move the pen, on the slant. @type {Record<string, Point>} */
const SLANTS = { Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1] };

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "drawing",
    title: "Draw a digit",
    describe: "Draw one digit, large, with mouse, finger or keys. The network answers while you draw.",
    keys: [
      ["arrow keys on the pad", "move the pen by one pixel; with Shift, by four"],
      ["Home, Page Up, End, Page Down", "move it diagonally"],
      ["Space", "lower the pen, or lift it"],
      ["Backspace", "undo the last stroke"],
      ["Delete", "clear the pad"],
      ["arrow keys on maps", "go from map to map; Enter goes into one, to read its values"],
    ],
  });
  const set = settings(model, redraw);
  const facts = model.get("facts");
  const [pixel, side] = [facts.fine, facts.digit * facts.fine];
  let ink = new Uint8Array(side * side);
  /** Earlier drawings, for Undo. @type {Uint8Array<ArrayBuffer>[]} */
  let before = [];
  /** The pen of the keys: the middle of a pixel. @type {Point} */
  let pen = [side / 2 + pixel / 2, side / 2 + pixel / 2];
  let down = false;
  /** The last place of the pointer, while it draws. @type {Point | null} */
  let stroke = null;
  let tell = ""; // what to say before the reading, once the answer is there
  let frameAsked = 0;
  /** On a page without a kernel the pad answers by itself. @type {Luggage} */
  const { layers: network, weights, digits, notes = [] } = model.get("packed") ?? {};
  let given = 0; // examples, on such a page
  const kernel = patience(
    frame,
    PATIENCE,
    "The kernel has not answered. What you drew is kept. If a cell is running, the answer " +
      "comes when it has finished; if the kernel was restarted, run this cell again.",
  );

  // Parts

  const canvas = h("canvas", { width: side, height: side, role: "img" });
  const cursor = h("div", { class: "pad-cursor cnn-data", "aria-hidden": "true" });
  const board = h(
    "div",
    {
      class: "pad-board",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "drawing pad",
      "aria-label": "Pad. Arrow keys move the pen, Space lowers and lifts it.",
    },
    canvas,
    cursor,
  );
  const seen = h("canvas", { class: "pad-seen", width: facts.digit, height: facts.digit, role: "img" });
  const odds = h("ol", { class: "pad-odds" });
  const seenFigure = figure("", seen);
  const oddsFigure = figure("", odds);
  const note = h("p", { class: "pad-note" });
  const layers = h("div", { class: "pad-layers" });
  /** @type {ReturnType<typeof mapTiles>[]} */
  let views = [];
  const undo = button("Undo", takeBack);
  const clear = button("Clear", wipe);
  const example = button("Give me a digit", () => {
    drag.stop();
    keep();
    if (network) return giveDigit();
    tell = "A digit.";
    kernel.wait();
    return attempt(() => model.send({ ask: "digit" }));
  });
  const [min, max] = facts.pens;
  const width = frame.field("Pen", { min, max, whole: true, change: (v) => set.change({ pen: v }) });
  const centred = toggle("Centre and scale, as MNIST did", (on) => {
    tell = on ? "Centred and scaled." : "As it was drawn, only smaller.";
    if (!network) kernel.wait();
    set.change({ centred: on });
    if (network) answer(model.get("answer").note);
  });
  frame.body.append(
    h("div", { class: "cnn-controls" }, clear, undo, example, width.node, centred.node),
    h("div", { class: "cnn-figures" }, figure("your drawing", board).node, seenFigure.node, oddsFigure.node),
    note,
    h("p", {}, LEGEND),
    layers,
  );

  // To and from the kernel

  function send() {
    cancelAnimationFrame(frameAsked);
    frameAsked = 0;
    const same = bytesOf(model.get("ink"));
    if (same.length === ink.length && same.every((one, k) => one === ink[k])) return;
    if (!network) kernel.wait();
    model.set("ink", new DataView(ink.slice().buffer));
    if (network) answer();
    else attempt(() => model.save_changes());
  }
  /** Answer without a kernel. */
  function answer(note = "") {
    if (network) model.set("answer", { ...answerOf(ink, set.now.centred, network, weights, facts), note });
  }
  function giveDigit() {
    const [k, size] = [given % notes.length, facts.digit ** 2];
    given += 1;
    replace(pointsOf(bytesOf(digits).subarray(k * size, (k + 1) * size), facts), "A digit.", notes[k]);
  }
  function soon() {
    frameAsked ||= requestAnimationFrame(() => {
      drawInk();
      send();
    });
  }
  function heard() {
    kernel.heard();
    redraw();
    speak();
  }
  function fresh() {
    const { mass, centred: way } = model.get("answer");
    return mass === sum(ink) && way === set.now.centred;
  }
  function speak() {
    if (!tell || stroke || !fresh()) return;
    frame.say(`${tell} ${readingWords(readOdds(), !sum(ink))}`);
    tell = "";
  }
  function readOdds() {
    return numbersOf(model.get("answer").odds, Float64Array);
  }
  function load() {
    const given = bytesOf(model.get("ink"));
    if (stroke || given.length !== ink.length) return;
    ink = given.slice();
    drawInk();
  }

  // Strokes

  function keep() {
    before.push(ink.slice());
    before = before.slice(-KEPT);
  }
  /** @param {Uint8Array<ArrayBuffer>} drawing @param {string} words */
  function replace(drawing, words, note = "") {
    lift();
    ink = drawing;
    tell = words;
    drawInk();
    send();
    if (note) answer(note);
    speak();
  }
  function takeBack() {
    drag.stop(); // so that a stroke under way goes as a whole
    const earlier = before.pop();
    if (earlier) replace(earlier, "The last stroke has been undone.");
    else frame.say("There is nothing to undo.");
  }
  function wipe() {
    drag.stop();
    if (!sum(ink)) return frame.say("The pad is empty.");
    keep();
    return replace(new Uint8Array(side * side), "Cleared.");
  }
  /** @param {Point} from @param {Point} to */
  function mark(from, to) {
    inkLine(ink, from, to, set.now.pen);
    soon();
  }
  /** @param {PointerEvent} event @returns {Point} */
  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * side,
      ((event.clientY - box.top) / box.height) * side,
    ];
  }
  /** @param {string} words */
  function finish(words) {
    tell = words;
    drawInk();
    send();
    speak();
  }
  const drag = letDrag(board, {
    start(event) {
      board.classList.remove("keys");
      lift();
      keep();
      stroke = pointOf(event);
      mark(stroke, stroke);
    },
    move(event) {
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const one of moves.length ? moves : [event]) {
        const to = pointOf(one);
        mark(stroke ?? to, to);
        stroke = to;
      }
    },
    end({ palm }) {
      stroke = null;
      if (palm) ink = before.pop() ?? ink;
      else finish("Stroke drawn.");
    },
  });

  // The pen of the keys

  const place = () => `row ${Math.floor(pen[1] / pixel)}, column ${Math.floor(pen[0] / pixel)}`;
  function lift() {
    down = false;
    drawPen();
  }
  function lower() {
    keep();
    down = true;
    mark(pen, pen);
    drawPen();
  }
  /** @param {number} dx @param {number} dy in pixels */
  function move(dx, dy) {
    const inside = (/** @type {number} */ at) => clamp(at, pixel / 2, side - pixel / 2);
    /** @type {Point} */
    const to = [inside(pen[0] + dx * pixel), inside(pen[1] + dy * pixel)];
    if (down) mark(pen, to);
    pen = to;
    drawPen();
    frame.say(place());
  }
  board.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    board.classList.add("keys");
    const by = arrow(event, 4);
    if (by) {
      move(by[1], by[0]);
    } else if (event.key in SLANTS) {
      const [dx, dy] = SLANTS[event.key];
      const steps = event.shiftKey ? 4 : 1;
      move(steps * dx, steps * dy);
    } else if (event.key === " ") {
      if (down) {
        lift();
        finish("Pen lifted.");
      } else {
        lower();
        frame.say(`Pen down at ${place()}.`);
      }
    } else if (event.key === "Backspace") takeBack();
    else if (event.key === "Delete") wipe();
    else return;
    event.preventDefault();
  });
  // Where the pen of the keys is, is of no interest to somebody who draws with a mouse.
  board.addEventListener("focus", () => {
    board.classList.toggle("keys", board.matches(":focus-visible"));
  });
  board.addEventListener("blur", lift);
  frame.onEscape(() => {
    if (down) frame.say("Pen lifted.");
    lift();
  });

  // What is seen

  function drawPen() {
    cursor.style.left = `${(100 * pen[0]) / side}%`;
    cursor.style.top = `${(100 * pen[1]) / side}%`;
    cursor.classList.toggle("down", down);
  }
  function drawInk() {
    paintGrey(canvas, (k) => ink[k]);
    if (!stroke) setAttribute(canvas, "aria-label", inkWords(ink, facts));
    setAttribute(undo, "aria-disabled", before.length ? null : "true");
  }
  function redraw() {
    width.set(set.now.pen);
    centred.set(set.now.centred);
    const answer = model.get("answer");
    const image = numbersOf(answer.image, Float32Array);
    paintGrey(seen, (k) => Math.round(255 * (image[k] ?? 0)));
    seenFigure.set("what the network sees, 28×28");
    const way = set.now.centred ? "centred and scaled" : "only made smaller";
    setAttribute(seen, "aria-label", `Your drawing as 28 by 28 pixels, ${way}.`);
    drawOdds(readOdds());
    setText(note, answer.note ?? "");
    drawLayers(answer);
  }
  /** @param {Float64Array} shares */
  function drawOdds(shares) {
    const best = shares.indexOf(Math.max(...shares));
    oddsFigure.set("probabilities");
    while (odds.children.length > shares.length) odds.lastElementChild?.remove();
    shares.forEach((share, k) => {
      if (!odds.children[k]) {
        const bar = h("span", { class: "pad-bar", "aria-hidden": "true" }, h("span", { class: "cnn-bar" }));
        odds.append(h("li", {}, h("span"), h("span", { "aria-hidden": "true" }), bar, h("span")));
      }
      const row = odds.children[k];
      const [digit, sign, bar, text] = row.children;
      const length = /** @type {HTMLElement} */ (bar.firstChild);
      row.className = k === best ? "best" : "";
      setText(digit, `${k}:`);
      setText(sign, k === best ? "▶" : "");
      length.style.width = `${100 * (share || 0)}%`;
      setText(text, percent(share));
    });
  }
  /** @param {{ layers?: LayerOutput[], maps?: Bytes }} answer */
  function drawLayers({ layers: all = [], maps }) {
    const values = numbersOf(maps, Float32Array);
    if (views.length !== all.length) {
      views = all.map(() => mapTiles({ say: frame.say, colours: facts.diverging }));
      layers.replaceChildren(...views.map((view) => view.node));
    }
    let start = 0;
    all.forEach(({ name, shape }, k) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const form = shape.length === 3 ? `${shape[0]} maps of ${shape[1]}×${shape[2]}` : `${size} values`;
      const one = shape.length === 3 ? "map" : "values";
      views[k].draw(`${k} ${name}: ${form}`, shape, values.subarray(start, start + size), { name: one });
      start += size;
    });
  }

  const ears = [hearing(model, "ink", load), hearing(model, "answer", heard)];
  load();
  drawInk();
  drawPen();
  if (network && !bytesOf(model.get("answer").odds).length) answer();
  redraw();
  const asked = { dispose: () => cancelAnimationFrame(frameAsked) };
  return closing(kernel, asked, ...ears, set, frame);
}

export default { render };
