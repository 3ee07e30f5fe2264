// @ts-check
// The filter stepper: several filters slide over several channels, and every sum is shown.

import {
  button, closing, figure, h, number, panel, player, setText, settings, spoken, withNumber, worked,
} from "../kit/kit.js";
import {
  kernelMisfit, notReached, padded, stops, sumLines, sumSentence, windowSum,
} from "../kit/windows.js";

/** @import { Layer } from "../kit/windows.js" */
/** @import { Given, Place, Rows } from "../kit/kit.js" */
/**
 * @typedef {object} Set
 * @property {Rows[]} image a grid of numbers for each channel
 * @property {Rows[][]} filters for each filter a kernel for each channel
 * @property {number[]} biases
 * @property {number} stride
 * @property {number} padding
 */
/** @typedef {Record<"image" | "kernel" | "channels" | "filters" | "stride" | "padding", number>} Limits */
/** @typedef {[filter: number, row: number, column: number]} Cell */

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** Rows and columns of each map.
 * @param {Set} set
 * @returns {Place}
 */
export function mapSize({ image, filters, stride, padding }) {
  const layer = (/** @type {number} */ size) => /** @type {Layer} */ ([size, stride, padding]);
  const kernel = filters[0][0];
  return [
    stops(image[0].length, layer(kernel.length)),
    stops(image[0][0].length, layer(kernel[0].length)),
  ];
}

/** All that is multiplied and added for one cell of one map.
 * @param {Set} set @param {Cell} cell
 */
export function arithmetic(set, [filter, row, column]) {
  const found = windowSum(set.image, set.filters[filter], set, row, column);
  return { ...found, total: found.sum + set.biases[filter] };
}

/** The map of each filter.
 * @param {Set} set
 */
export function maps(set) {
  const [rows, columns] = mapSize(set);
  return set.filters.map((_, filter) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => arithmetic(set, [filter, i, j]).total),
    ),
  );
}

// --- Words ---------------------------------------------------------------------------------------

/** Which cell of the output it is.
 * @param {Cell} cell
 */
function placed([filter, row, column]) {
  return `Map ${filter}, row ${row}, column ${column}`;
}

/** The arithmetic of one cell as lines to read.
 * @param {Set} set @param {Cell} cell
 */
export function lines(set, cell) {
  return sumLines(arithmetic(set, cell), set.biases[cell[0]]);
}

/** The same for the ear. With `brief`, only the result.
 * @param {Set} set @param {Cell} cell
 */
export function sentence(set, cell, { brief = false } = {}) {
  return sumSentence(placed(cell), arithmetic(set, cell), set.biases[cell[0]], { brief });
}

const BORDER_IS_FIXED = "The border is made of zeros. To change its width, change the padding.";
const LONGEST_SPOKEN = 12; // products; more than that, and a listener waits too long at each step

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Given<Set, { limits: Limits }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "filters",
    title: "Several filters, several channels",
    keys: [
      ["Play, Back, Step", "walk through the maps, cell by cell; Escape pauses"],
      ["arrow keys on a map", "move the window and hear the result"],
      ["arrow keys on input or kernel", "go from number to number"],
      ["Enter, or a digit", "edit the number; Enter keeps it, Escape cancels"],
      ["mouse or finger", "click a number twice to edit it; point at a cell of a map"],
    ],
  });
  const set = settings(model, redraw);
  const { limits } = model.get("facts");
  /** The cell of the present step. @type {Cell} */
  let place = [0, 0, 0];
  /** The one that the pointer is over. @type {Cell | null} */
  let peek = null;
  let seen = new Set(["0,0,0"]);
  let shape = "";

  const { image: first, filters: bank } = set.now;
  const many = first.length > 1;
  const steps = player({
    panel: frame,
    name: (index) => sentence(set.now, cellOf(index), { brief: true }),
    go: (index, { playing }) => goTo(cellOf(index), { brief: playing }),
  });
  const inputs = first.map((_, c) => {
    const board = frame.grid({
      name: many ? `input, channel ${c}` : "input",
      edit: (i, j, value) => {
        const { image, padding } = set.now;
        set.change({ image: image.with(c, withNumber(image[c], i - padding, j - padding, value)) });
      },
    });
    return { board, figure: figure("", board.node) };
  });
  const kernels = bank.map((filter, f) =>
    filter.map((_, c) => {
      const board = frame.grid({
        name: `filter ${f}, kernel ${c}`,
        edit: (i, j, value) => {
          const { filters } = set.now;
          const kernel = withNumber(filters[f][c], i, j, value);
          set.change({ filters: filters.with(f, filters[f].with(c, kernel)) });
        },
      });
      return { board, figure: figure(many ? `kernel ${c}` : "kernel", board.node) };
    }),
  );
  const outputs = bank.map((_, f) => {
    const board = frame.grid({
      name: `map ${f}`,
      focus: (i, j) => goTo([f, i, j], { user: true }),
      hover: (over) => {
        peek = over && [f, ...over];
        redraw();
      },
      press: (i, j) => goTo([f, i, j], { user: true, again: true }),
    });
    return { board, figure: figure("", board.node) };
  });
  const biases = bank.map((_, f) =>
    frame.field(`Bias of filter ${f}`, {
      change: (value) => set.change({ biases: set.now.biases.with(f, value) }),
    }),
  );
  const stride = stepField("Stride", 1, limits.stride, (value) => ({ stride: value }));
  const padding = stepField("Padding", 0, limits.padding, (value) => ({ padding: value }));
  const sum = worked();
  const note = h("p", { class: "filters-note" });
  const fill = button("Fill all", () => {
    steps.pause();
    seen = new Set(Array.from({ length: count() }, (_, k) => String(cellOf(k))));
    redraw();
    frame.say(`All ${count()} cells of the maps are filled.`);
  });

  /** A column of the picture under its heading.
   * @param {string} title @param {Node[]} parts
   */
  const column = (title, ...parts) =>
    h("div", { class: "filters-column" }, h("div", { class: "filters-title" }, title), parts);
  const node = h(
    "div",
    { class: "filters-columns" },
    column("input", ...inputs.map((one) => one.figure.node)),
    kernels.map((filter, f) =>
      column(`filter ${f}`, ...filter.map((one) => one.figure.node), biases[f].node),
    ),
    column("output", ...outputs.map((one) => one.figure.node)),
  );
  steps.node.append(fill);
  const controls = h("div", { class: "cnn-controls" }, stride.node, padding.node);
  frame.body.append(controls, node, note, sum.node, steps.node);

  /**
   * @param {string} label @param {number} min @param {number} max
   * @param {(value: number) => Partial<Set>} patch
   */
  function stepField(label, min, max, patch) {
    return frame.field(label, {
      min,
      max,
      whole: true,
      change: (value) => {
        const next = { ...set.now, ...patch(value) };
        const refused = kernelMisfit(next.image[0], next.filters[0][0], next.padding);
        if (!refused) set.change(patch(value));
        return refused;
      },
    });
  }

  // What follows from the settings

  function count() {
    const [rows, columns] = mapSize(set.now);
    return set.now.filters.length * rows * columns;
  }
  /** @param {number} index @returns {Cell} */
  function cellOf(index) {
    const [rows, columns] = mapSize(set.now);
    const rest = index % (rows * columns);
    return [Math.floor(index / (rows * columns)), Math.floor(rest / columns), rest % columns];
  }
  /** @param {Cell} cell */
  function indexOf([filter, row, column]) {
    const [rows, columns] = mapSize(set.now);
    return (filter * rows + row) * columns + column;
  }

  /** @param {Cell} cell */
  function goTo(cell, { brief = false, user = false, again = false } = {}) {
    if (user) steps.pause();
    const moved = String(cell) !== String(place);
    if (user && !moved && !again && seen.has(String(cell))) return;
    place = cell;
    peek = null;
    seen.add(String(cell));
    steps.set(indexOf(place), count());
    redraw();
    const products = set.now.filters[0].flat(2).length;
    frame.say(sentence(set.now, place, { brief: brief || products > LONGEST_SPOKEN }));
  }

  function redraw() {
    const now = set.now;
    const [rows, columns] = mapSize(now);
    const newShape = String([rows, columns]);
    if (newShape !== shape) {
      shape = newShape;
      place = [0, 0, 0];
      peek = null;
      seen = new Set(["0,0,0"]);
      steps.pause();
    }
    const cell = peek ?? place;
    const [filter, row, column] = cell;
    const [kh, kw] = [now.filters[0][0].length, now.filters[0][0][0].length];
    const window = { row: row * now.stride, column: column * now.stride, height: kh, width: kw };
    inputs.forEach(({ board, figure: part }, c) => {
      const [height, width] = [now.image[c].length, now.image[c][0].length];
      part.set(many ? `channel ${c}` : "one channel");
      board.draw(height + 2 * now.padding, width + 2 * now.padding, (i, j) => {
        const value = padded(now.image[c], now.padding, i, j);
        const [y, x] = [i - now.padding, j - now.padding];
        const border = y < 0 || x < 0 || y >= height || x >= width;
        const under =
          i >= window.row && i < window.row + kh && j >= window.column && j < window.column + kw;
        const name = border ? "border" : `${many ? `channel ${c} ` : ""}row ${y}, column ${x}`;
        return {
          text: number(value, 3),
          label: `${name}: ${spoken(value)}${under ? ", in the window" : ""}`,
          marks: `${under ? "in-window" : ""} ${border ? "border" : ""}`.trim(),
          fixed: border ? BORDER_IS_FIXED : "",
          value,
        };
      });
      board.frame(window);
    });
    kernels.forEach((kernel, f) =>
      kernel.forEach(({ board }, c) => {
        const weights = now.filters[f][c];
        board.draw(kh, kw, (i, j) => ({
          text: number(weights[i][j], 3),
          label: `filter ${f}, kernel ${c}, row ${i}, column ${j}: ${spoken(weights[i][j])}`,
          marks: f === filter ? "in-window" : "",
          value: weights[i][j],
        }));
        board.frame(f === filter ? { row: 0, column: 0, height: kh, width: kw } : null);
      }),
    );
    maps(now).forEach((map, f) => {
      const { board, figure: part } = outputs[f];
      part.set(`map ${f}, ${rows}×${columns}`);
      board.draw(rows, columns, (i, j) => {
        const filled = seen.has(String([f, i, j]));
        const here = f === filter && i === row && j === column;
        return {
          text: filled ? number(map[i][j], 4) : "",
          label: `map ${f}, row ${i}, column ${j}: ${filled ? spoken(map[i][j]) : "not yet filled"}`,
          marks: here ? "in-window" : "",
        };
      });
      board.frame(f === filter ? { row, column, height: 1, width: 1 } : null);
      if (f === place[0]) board.select(place[1], place[2]);
    });
    sum.set({ place: placed(cell), lines: lines(now, cell), words: sentence(now, cell) });
    setText(note, notReached(now.image[0], now.filters[0][0], now));
    stride.set(now.stride);
    padding.set(now.padding);
    biases.forEach((one, f) => one.set(now.biases[f]));
    steps.set(indexOf(place), count());
  }

  redraw();
  return closing(steps, set, frame);
}

export default { render };
