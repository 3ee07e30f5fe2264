// @ts-check
// What widgets share that look into a network: which network and picture, pixels, and waiting.

import {
  choice, clamp, h, hearing, patience, setAttribute, setText,
} from "./kit.js";

/** @import { Model, Panel } from "./kit.js" */
/** @typedef {{ name: string, pictures: string[], classes: string[], white: number }} Told */
/** @typedef {{ shape: number[], bytes: boolean, data: DataView }} Sent pixels, channels first */
/** @typedef {{ shape: number[], data: Uint8Array | Float32Array }} Pixels */
/** @typedef {{ network: string, picture: string }} Chosen */

const PATIENCE = 15000; // milliseconds until we say that the kernel does not answer
const SILENT =
  "The kernel has not answered. If a cell is running, the answer comes when it has finished; if " +
  "the kernel was restarted, run this cell again.";

/** The bytes of what Python sent, at a place of their own.
 * @param {DataView | undefined} view
 */
function bytesOf(view) {
  if (!view) return new Uint8Array();
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

/** Numbers that Python sent as float32.
 * @param {DataView | undefined} view
 */
export function floatsOf(view) {
  return new Float32Array(bytesOf(view).buffer);
}

/** Numbers that Python sent as float64.
 * @param {DataView | undefined} view
 */
export function doublesOf(view) {
  return new Float64Array(bytesOf(view).buffer);
}

/** Whole numbers from −128 to 127 that Python sent.
 * @param {DataView | undefined} view
 */
export function signsOf(view) {
  return new Int8Array(bytesOf(view).buffer);
}

/** @param {Sent} sent @returns {Pixels} */
export function pixelsOf({ shape, bytes, data }) {
  return { shape, data: bytes ? bytesOf(data) : floatsOf(data) };
}

/** The colour of a pixel, as bytes; what lies beyond black and white is drawn as that.
 * @param {Pixels} pixels @param {number} white
 * @returns {(i: number, j: number) => number[]}
 */
export function colours({ shape: [channels, rows, columns], data }, white) {
  const size = rows * columns;
  const byte = (/** @type {number} */ k) => clamp(Math.round((255 * data[k]) / white), 0, 255);
  return (i, j) => {
    const k = i * columns + j;
    if (channels === 3) return [byte(k), byte(k + size), byte(k + 2 * size)];
    const grey = byte(k);
    return [grey, grey, grey];
  };
}

/** A share in percent. No network is ever wholly sure, so 100.0% and 0.0% are not claimed.
 * @param {number} share
 */
export function percent(share) {
  if (Number.isNaN(share)) return "not a number";
  if (share > 0.9995 && share < 1) return "over 99.9%";
  if (share < 0.0005 && share > 0) return "under 0.1%";
  return `${(100 * share).toFixed(1)}%`;
}

/** The classes with the largest shares, largest first.
 * @param {ArrayLike<number>} shares @param {number} count
 */
export function best(shares, count) {
  return Array.from(shares, (_, k) => k)
    .sort((a, b) => shares[b] - shares[a] || a - b)
    .slice(0, count);
}

/** The classes of each network in the order of the alphabet, for a choice.
 * @type {WeakMap<string[], [string, string][]>}
 */
const sorted = new WeakMap();

/** The classes as options of a choice, in the order of the alphabet.
 * @param {Told} told
 */
export function wordOptions({ classes }) {
  const known = sorted.get(classes);
  if (known) return known;
  const { compare } = new Intl.Collator("en", { numeric: true });
  const options = classes
    .map((word, k) => /** @type {[string, string]} */ ([String(k), word]))
    .sort((a, b) => compare(a[1], b[1]));
  sorted.set(classes, options);
  return options;
}

/** Choices of the network and of one of its pictures. A choice of one is not shown.
 * @param {Told[]} told @param {(chosen: Chosen) => void} change
 */
export function chooser(told, change) {
  const named = (/** @type {string[]} */ names) =>
    names.map((name) => /** @type {[string, string]} */ ([name, name]));
  /** @param {string} name @returns {Told} */
  const about = (name) => told.find((one) => one.name === name) ?? told[0];
  let now = told[0].name;
  const network = choice("Network", named(told.map((one) => one.name)), (name) =>
    change({ network: name, picture: about(name).pictures[0] }),
  );
  const picture = choice("Picture", named(told[0].pictures), (name) =>
    change({ network: now, picture: name }),
  );
  network.node.hidden = told.length < 2;
  return {
    nodes: [network.node, picture.node],
    about,
    /** @param {Chosen} chosen */
    set(chosen) {
      now = chosen.network;
      network.set(now);
      picture.offer(named(about(now).pictures));
      picture.set(chosen.picture);
      picture.node.hidden = about(now).pictures.length < 2;
    },
  };
}

/**
 * Wait for the kernel's answer to the settings, and say so as long as it has not come.
 *
 * `answer.of` repeats the settings that are answered. `redraw` is called when an answer comes;
 * `arrived` only if it is the one to what is set now.
 * @template S
 * @param {Panel} frame @param {Model<any, any>} model
 * @param {{ set: { now: S }, redraw: () => void, arrived?: () => void }} what
 */
export function awaiting(frame, model, { set, redraw, arrived = () => {} }) {
  const node = h("p", { class: "subject-note", "aria-hidden": "true" });
  const kernel = patience(frame, PATIENCE, SILENT);
  function fresh() {
    const of = model.get("answer").of ?? {};
    return Object.entries(/** @type {object} */ (set.now)).every(
      ([name, value]) => JSON.stringify(of[name]) === JSON.stringify(value),
    );
  }
  function draw() {
    const waits = !fresh();
    setText(node, waits ? "computing …" : "");
    setAttribute(frame.root, "aria-busy", waits ? "true" : null);
  }
  const ear = hearing(model, "answer", () => {
    kernel.heard(fresh());
    draw();
    redraw();
    if (fresh()) arrived();
  });
  return {
    node,
    fresh,
    draw,
    /** Something was asked for. */
    wait() {
      draw();
      if (fresh()) kernel.heard();
      else kernel.wait();
    },
    dispose() {
      ear.dispose();
      kernel.dispose();
    },
  };
}
