// Pictures in a widget: how they come from Python, and a board of pixels to point at and walk.
import { h, hasModifier, setAttribute } from "./kit.js";

/** Read a picture that Python packed: {shape, data}, the numbers in one row after the other. */
export function unpacked({ shape, dtype, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return { shape, data: dtype === "uint8" ? bytes : new Float64Array(bytes.buffer) };
}

/** Unpack a picture only when it is another one than the last time. */
export function unpacker() {
  let last = null;
  let picture = null;
  return (packed) => {
    if (last === null || packed.data !== last.data || String(packed.shape) !== String(last.shape)) {
      last = packed;
      picture = unpacked(packed);
    }
    return picture;
  };
}

// Blue, white, red: the stops of matplotlib's RdBu, turned round.
const DIVERGING = [
  [5, 48, 97],
  [67, 147, 195],
  [247, 247, 247],
  [214, 96, 77],
  [103, 0, 31],
];

/** The colour of a value from −most to most: white is 0, red is positive, blue negative. */
export function diverging(value, most) {
  const at = 2 + 2 * Math.min(Math.max(value / (most || 1), -1), 1);
  const below = Math.min(Math.floor(at), 3);
  return DIVERGING[below].map((from, k) =>
    Math.round(from + (at - below) * (DIVERGING[below + 1][k] - from)),
  );
}

/**
 * A picture whose pixels can be pointed at, and walked with the arrow keys.
 *
 *   name           what a screen reader calls it
 *   go(i, j)       a pixel was chosen, by a click or by a key; it lies inside
 *   hover(i, j)    the pointer is over a pixel; hover(null) when it left
 *   step(di, dj)   an arrow key moves by so much; left out, within this picture
 *   press(key)     any other key; returns true if the key was for the widget
 *
 * `paint(rows, columns, colour, label)` asks `colour(i, j)` for [red, green, blue], bytes;
 * `at(i, j)` says from where the keys move; `mark(window)` outlines {row, column, height, width}.
 */
export function board({ name, go, hover = () => {}, press = () => false, step = null }) {
  const canvas = h("canvas", { class: "pix-canvas", role: "img" });
  const outline = h("div", { class: "pix-mark", "aria-hidden": "true" });
  const node = h(
    "div",
    { class: "pix-board", role: "application", tabindex: "0", "aria-label": name },
    canvas,
    outline,
  );
  let size = [1, 1];
  let place = [0, 0];

  function choose(i, j) {
    go(Math.min(Math.max(i, 0), size[0] - 1), Math.min(Math.max(j, 0), size[1] - 1));
  }
  function walk(down, right) {
    choose(place[0] + down, place[1] + right);
  }
  function under(event) {
    const box = canvas.getBoundingClientRect();
    const part = (at, start, length, count) =>
      Math.min(Math.max(Math.floor((count * (at - start)) / length), 0), count - 1);
    return [
      part(event.clientY, box.top, box.height, size[0]),
      part(event.clientX, box.left, box.width, size[1]),
    ];
  }
  canvas.addEventListener("pointermove", (event) => hover(...under(event)));
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("click", (event) => {
    node.focus();
    choose(...under(event));
  });
  node.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    const far = event.shiftKey ? 8 : 1;
    const moves = { ArrowUp: [-far, 0], ArrowDown: [far, 0], ArrowLeft: [0, -far], ArrowRight: [0, far] };
    const move = moves[event.key];
    if (move) (step ?? walk)(...move);
    else if (!press(event.key)) return;
    event.preventDefault();
  });

  return {
    node,
    canvas,
    step: walk,
    at(i, j) {
      place = [i, j];
    },
    paint(rows, columns, colour, label) {
      size = [rows, columns];
      if (canvas.width !== columns) canvas.width = columns;
      if (canvas.height !== rows) canvas.height = rows;
      const pixels = new ImageData(columns, rows);
      for (let k = 0; k < rows * columns; k += 1) {
        const [red, green, blue] = colour(Math.floor(k / columns), k % columns);
        pixels.data.set([red, green, blue, 255], 4 * k);
      }
      canvas.getContext("2d").putImageData(pixels, 0, 0);
      setAttribute(canvas, "aria-label", label);
    },
    mark({ row, column, height, width }) {
      outline.style.top = `${(100 * row) / size[0]}%`;
      outline.style.left = `${(100 * column) / size[1]}%`;
      outline.style.height = `${(100 * height) / size[0]}%`;
      outline.style.width = `${(100 * width) / size[1]}%`;
    },
  };
}
