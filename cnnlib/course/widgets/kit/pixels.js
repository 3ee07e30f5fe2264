// @ts-check
// Pictures in a widget: how they come from Python, and a board of pixels to point at and walk.

import { arrow, clamp, h, hasModifier, isSecondFinger, lay, setAttribute } from "./kit.js";

/** @import { Place, Window } from "./kit.js" */
/** @typedef {[red: number, green: number, blue: number]} Colour bytes */
/** @typedef {Colour[]} Colours from the most negative value to the most positive one */
/** @typedef {{ shape: number[], dtype: string, data: string }} Packed */
/** @typedef {{ shape: number[], data: Uint8Array | Float64Array }} Picture */

/** Read a picture that Python packed: {shape, data}, the numbers in one row after the other.
 * @param {Packed} packed
 * @returns {Picture}
 */
export function unpacked({ shape, dtype, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return { shape, data: dtype === "uint8" ? bytes : new Float64Array(bytes.buffer) };
}

/** Unpack a picture only when it is another one than the last time.
 * @returns {(packed: Packed) => Picture}
 */
export function unpacker() {
  /** @type {{ packed: Packed, picture: Picture } | null} */
  let last = null;
  return (packed) => {
    const known = last?.packed;
    if (packed.data !== known?.data || String(packed.shape) !== String(known.shape)) {
      last = { packed, picture: unpacked(packed) };
    }
    return /** @type {{ picture: Picture }} */ (last).picture;
  };
}

/** Which of so many colours stands for a value from −most to most; Matplotlib counts like this.
 * @param {number} value @param {number} most @param {number} count
 */
function indexOf(value, most, count) {
  const reach = most || 1;
  return clamp(Math.floor(((value + reach) / (2 * reach)) * count), 0, count - 1);
}

/** The colour of a value from −most to most.
 * @param {Colours} colours @param {number} value @param {number} most
 */
export function signedColour(colours, value, most) {
  return colours[indexOf(value, most, colours.length)];
}

/** The same as a canvas keeps its pixels; grey for what is no number.
 * @param {Colours} colours
 */
export function shades(colours) {
  const kept = (/** @type {Colour} */ [red, green, blue]) =>
    ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  const known = colours.map((colour) => kept(colour));
  const grey = kept([128, 128, 128]);
  return (/** @type {number} */ value, /** @type {number} */ most) =>
    Number.isNaN(value) ? grey : known[indexOf(value, most, known.length)];
}

/**
 * A picture whose pixels can be pointed at, and walked with the arrow keys.
 *
 *   name           what a screen reader calls it
 *   go(i, j)       a pixel was chosen, by a click or by a key; it lies inside
 *   hover([i, j])  the pointer is over a pixel; hover(null) when it left
 *   step(di, dj)   an arrow key moves by so much; left out, within this picture
 *   press(key)     any other key; returns true if the key was for the widget
 *
 * `paint(rows, columns, colour, label)` asks `colour(i, j)` for [red, green, blue], bytes;
 * `at(i, j)` says from where the keys move; `mark(window)` outlines {row, column, height, width}.
 *
 * @param {{
 *   name: string, go: (i: number, j: number) => void, hover?: (place: Place | null) => void,
 *   press?: (key: string) => boolean, step?: ((down: number, right: number) => void) | null,
 * }} options
 */
export function board({ name, go, hover = () => {}, press = () => false, step = null }) {
  const canvas = h("canvas", { class: "pix-canvas", role: "img" });
  const outline = h("div", { class: "pix-mark cnn-data", "aria-hidden": "true" });
  const node = h(
    "div",
    { class: "pix-board", role: "application", tabindex: "0", "aria-label": name },
    canvas,
    outline,
  );
  /** @type {Place} */
  let size = [1, 1];
  /** @type {Place} */
  let place = [0, 0];

  /** @param {number} i @param {number} j */
  function choose(i, j) {
    go(clamp(i, 0, size[0] - 1), clamp(j, 0, size[1] - 1));
  }
  /** @param {number} down @param {number} right */
  function walk(down, right) {
    choose(place[0] + down, place[1] + right);
  }
  /** @param {MouseEvent} event @returns {Place} */
  function under(event) {
    const box = canvas.getBoundingClientRect();
    const i = Math.floor((size[0] * (event.clientY - box.top)) / box.height);
    const j = Math.floor((size[1] * (event.clientX - box.left)) / box.width);
    return [clamp(i, 0, size[0] - 1), clamp(j, 0, size[1] - 1)];
  }
  canvas.addEventListener("pointermove", (event) => {
    if (!isSecondFinger(event)) hover(under(event));
  });
  canvas.addEventListener("pointerleave", (event) => {
    if (!isSecondFinger(event)) hover(null);
  });
  canvas.addEventListener("click", (event) => {
    node.focus();
    choose(...under(event));
  });
  node.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    const move = arrow(event, 8);
    if (move) (step ?? walk)(...move);
    else if (!press(event.key)) return;
    event.preventDefault();
  });

  return {
    node,
    canvas,
    step: walk,
    /** @param {number} i @param {number} j */
    at(i, j) {
      place = [i, j];
    },
    /**
     * @param {number} rows @param {number} columns
     * @param {(i: number, j: number) => ArrayLike<number>} colour @param {string} label
     */
    paint(rows, columns, colour, label) {
      size = [rows, columns];
      if (canvas.width !== columns) canvas.width = columns;
      if (canvas.height !== rows) canvas.height = rows;
      const pixels = new ImageData(columns, rows);
      for (let k = 0; k < rows * columns; k += 1) {
        pixels.data.set(colour(Math.floor(k / columns), k % columns), 4 * k);
        pixels.data[4 * k + 3] = 255;
      }
      canvas.getContext("2d")?.putImageData(pixels, 0, 0);
      setAttribute(canvas, "aria-label", label);
    },
    /** @param {Window} window */
    mark: (window) => lay(outline, window, size),
  };
}
