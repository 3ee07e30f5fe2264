// @ts-check
// Backwards through a convolution: the gradient of the input by the law, and share by share.

import {
  aloud, button, choice, closing, figure, h, number, panel, player, setText, settings, spoken, sum,
  term, withNumber, worked,
} from "../kit/kit.js";

/** @import { Given, Grid, Place, Rows, Window } from "../kit/kit.js" */
/**
 * @typedef {object} Set
 * @property {Rows} dout
 * @property {Rows} kernel
 * @property {number} stride
 * @property {number} padding
 * @property {number} remainder
 * @property {"law" | "shares"} view
 */
/** @typedef {Record<"dout" | "kernel" | "stride" | "padding", number>} Limits */

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** @param {number} rows @param {number} columns @param {(i: number, j: number) => number} value */
function made(rows, columns, value) {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => value(i, j)),
  );
}

/** Rows and columns of the padded input.
 * @param {Set} set
 * @returns {Place}
 */
export function paddedSize({ dout, kernel, stride, remainder }) {
  return [
    (dout.length - 1) * stride + kernel.length + remainder,
    (dout[0].length - 1) * stride + kernel[0].length + remainder,
  ];
}

/** The kernel upside down and left to right.
 * @param {Rows} kernel
 */
export function flipped(kernel) {
  return kernel.toReversed().map((row) => row.toReversed());
}

/** Which entry of dout stands at a place of the spread map; null where there is a zero.
 * @param {Set} set @param {number} i @param {number} j
 * @returns {Place | null}
 */
export function entryAt({ dout, kernel, stride }, i, j) {
  const [y, x] = [i - kernel.length + 1, j - kernel[0].length + 1];
  if (y < 0 || x < 0 || y % stride || x % stride) return null;
  const [row, column] = [y / stride, x / stride];
  return row < dout.length && column < dout[0].length ? [row, column] : null;
}

/** dout with zeros between its entries and K − 1 zeros around them.
 * @param {Set} set
 */
export function spread(set) {
  const { dout, kernel, stride } = set;
  const [kh, kw] = [kernel.length, kernel[0].length];
  const rows = (dout.length - 1) * stride + 1 + 2 * (kh - 1);
  const columns = (dout[0].length - 1) * stride + 1 + 2 * (kw - 1);
  return made(rows, columns, (i, j) => {
    const at = entryAt(set, i, j);
    return at ? dout[at[0]][at[1]] : 0;
  });
}

/** The window of the spread map for a cell of the padded input, its products and their sum.
 * Where no window of the forward pass came, there is no window here, and the sum is 0.
 * @param {Set} set @param {number} row @param {number} column
 */
export function lawAt(set, row, column) {
  const map = spread(set);
  const weights = flipped(set.kernel);
  const [kh, kw] = [weights.length, weights[0].length];
  if (row + kh > map.length || column + kw > map[0].length) {
    return { window: null, weights, products: made(kh, kw, () => 0), total: 0 };
  }
  const window = made(kh, kw, (m, n) => map[row + m][column + n]);
  const products = made(kh, kw, (m, n) => window[m][n] * weights[m][n]);
  return { window, weights, products, total: sum(products.flat()) };
}

/** The gradient of the padded input, by the law.
 * @param {Set} set
 */
export function byLaw(set) {
  const [rows, columns] = paddedSize(set);
  return made(rows, columns, (i, j) => lawAt(set, i, j).total);
}

/** The same by shares: what the first `count` outputs hand to their windows, added up.
 * @param {Set} set
 */
export function byShares(set, count = Infinity) {
  const { dout, kernel, stride } = set;
  const [rows, columns] = paddedSize(set);
  const total = made(rows, columns, () => 0);
  dout.flat().slice(0, count).forEach((d, k) => {
    const [top, left] = [Math.floor(k / dout[0].length) * stride, (k % dout[0].length) * stride];
    kernel.forEach((line, m) =>
      line.forEach((weight, n) => {
        total[top + m][left + n] += d * weight;
      }),
    );
  });
  return total;
}

/** The gradient of the input: the border is cropped.
 * @param {Rows} gradient of the padded input @param {number} padding
 */
export function cropped(gradient, padding) {
  return gradient
    .slice(padding, gradient.length - padding)
    .map((row) => row.slice(padding, row.length - padding));
}

/** Say in words why the settings make no sense, or return "".
 * @param {Set} set
 */
export function problem(set) {
  if (set.remainder >= set.stride) {
    return (
      `With stride ${set.stride}, the remainder is at most ${set.stride - 1}: ` +
      "with more rows left over, there would be another window."
    );
  }
  const [rows, columns] = paddedSize(set);
  if (Math.min(rows, columns) <= 2 * set.padding) {
    return `A padding of ${set.padding} leaves nothing of the input, which has ${rows}×${columns} with it.`;
  }
  return "";
}

// --- Words ---------------------------------------------------------------------------------------

/** The arithmetic of a step as lines to read.
 * @param {Set} set @param {number} index
 */
export function lines(set, index) {
  if (set.view === "law") {
    const [row, column] = cellOf(set, index);
    const { window, weights, total } = lawAt(set, row, column);
    if (!window) return ["no window of the forward pass read this pixel: 0"];
    const pairs = window.flat().flatMap((value, k) =>
      value === 0 ? [] : [`${term(value)}·${term(weights.flat()[k])}`],
    );
    return [`${pairs.length ? pairs.join(" + ") : "only zeros"} = ${number(total)}`];
  }
  const [row, column] = outputOf(set, index);
  const d = set.dout[row][column];
  const shares = set.kernel.flat().map((weight) => `${term(d)}·${term(weight)}`);
  return [`shares: ${shares.join(", ")}`, "each is added to the pixel that its weight lay on"];
}

/** Where a step belongs.
 * @param {Set} set @param {number} index
 */
export function placeOf(set, index) {
  if (set.view === "shares") {
    const [row, column] = outputOf(set, index);
    return `Output row ${row}, column ${column}`;
  }
  const [row, column] = cellOf(set, index).map((at) => at - set.padding);
  const [rows, columns] = paddedSize(set).map((size) => size - 2 * set.padding);
  const inside = row >= 0 && column >= 0 && row < rows && column < columns;
  return inside ? `dX row ${row}, column ${column}` : "In the border, which is cropped";
}

/** What the whole amounts to.
 * @param {Set} set
 */
export function summary(set) {
  const { dout, kernel, stride, padding, remainder } = set;
  const [rows, columns] = paddedSize(set).map((size) => size - 2 * padding);
  const parts = [
    `From ${dout.length}×${dout[0].length} to ${rows}×${columns}: ` +
      `(${dout.length} − 1)·${stride} + ${kernel.length}` +
      `${remainder ? ` + ${remainder}` : ""}${padding ? ` − 2·${padding}` : ""} = ${rows} rows.`,
  ];
  if (stride > 1) {
    parts.push("Used forwards, to enlarge a map, this is a transposed convolution.");
  }
  return parts.join(" ");
}

/** @param {Set} set @param {number} index @returns {Place} */
function cellOf(set, index) {
  const columns = paddedSize(set)[1];
  return [Math.floor(index / columns), index % columns];
}

/** @param {Set} set @param {number} index @returns {Place} */
function outputOf({ dout }, index) {
  return [Math.floor(index / dout[0].length), index % dout[0].length];
}

/** How many steps there are.
 * @param {Set} set
 */
export function stepCount(set) {
  const [rows, columns] = paddedSize(set);
  return set.view === "law" ? rows * columns : set.dout.flat().length;
}

const ZERO_IS_FIXED = "This zero is put there by the law. Change an entry of dout in its place.";

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Given<Set, { limits: Limits }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "backward",
    title: "Backwards through a convolution",
    keys: [
      ["Play, Back, Step", "fill the gradient of the input, step by step; Escape pauses"],
      ["arrow keys on a grid", "go from number to number"],
      ["Enter, or a digit", "edit a number of dout or of the kernel; Enter keeps it, Escape cancels"],
      ["mouse or finger", "click a cell of dX to go there; click a number twice to edit it"],
    ],
  });
  const set = settings(model, redraw);
  const { limits } = model.get("facts");
  let index = 0;
  let shape = "";

  const steps = player({
    panel: frame,
    name: (k) => `${placeOf(set.now, k)}: ${aloud(lines(set.now, k).join(", "))}`,
    go: (k) => goTo(k),
  });
  /** The entry of dout at a place of its grid. @param {number} i @param {number} j */
  const entry = (i, j) => (set.now.view === "law" ? entryAt(set.now, i, j) : /** @type {Place} */ ([i, j]));
  const source = frame.grid({
    name: "dout",
    edit: (i, j, value) => {
      const at = entry(i, j);
      if (at) set.change({ dout: withNumber(set.now.dout, at[0], at[1], value) });
    },
  });
  const kernel = frame.grid({
    name: "kernel",
    edit: (i, j, value) => {
      const { kernel: weights, view } = set.now;
      const [kh, kw] = [weights.length, weights[0].length];
      const [m, n] = view === "law" ? [kh - 1 - i, kw - 1 - j] : [i, j];
      set.change({ kernel: withNumber(weights, m, n, value) });
    },
  });
  const products = frame.grid({ name: "products" });
  const result = frame.grid({
    name: "dX",
    press: (i, j) => {
      if (set.now.view !== "law") return;
      steps.pause();
      goTo(i * paddedSize(set.now)[1] + j);
    },
  });
  const parts = {
    source: figure("", source.node),
    kernel: figure("", kernel.node),
    products: figure("", products.node),
    result: figure("", result.node),
  };
  const view = choice(
    "Show",
    [
      ["law", "the law: flip and slide"],
      ["shares", "the shares of each output"],
    ],
    (value) => {
      steps.pause();
      set.change({ view: value === "shares" ? "shares" : "law" });
      frame.say(value === "shares" ? "Share by share." : "By the law.");
    },
  );
  const fields = {
    stride: field("Stride", 1, limits.stride, (value) => ({ stride: value })),
    padding: field("Padding", 0, limits.padding, (value) => ({ padding: value })),
    remainder: field("Remainder", 0, limits.stride - 1, (value) => ({ remainder: value })),
  };
  const all = button("Show all", () => {
    steps.pause();
    goTo(stepCount(set.now) - 1);
  });
  const work = worked();
  const note = h("p", {});
  steps.node.append(all);
  const controls = [view, fields.stride, fields.padding, fields.remainder].map((one) => one.node);
  const figures = Object.values(parts).map((one) => one.node);
  frame.body.append(
    h("div", { class: "cnn-controls" }, controls),
    h("div", { class: "cnn-figures" }, figures),
    work.node,
    note,
    steps.node,
  );

  /**
   * @param {string} label @param {number} min @param {number} max
   * @param {(value: number) => Partial<Set>} patch
   */
  function field(label, min, max, patch) {
    return frame.field(label, {
      min,
      max,
      whole: true,
      change: (value) => {
        const refused = problem({ ...set.now, ...patch(value) });
        if (!refused) set.change(patch(value));
        return refused;
      },
    });
  }

  /** @param {number} to */
  function goTo(to) {
    index = to;
    redraw();
    frame.say(`${placeOf(set.now, index)}: ${aloud(lines(set.now, index).join(", "))}`);
  }

  function redraw() {
    const now = set.now;
    const newShape = String([now.view, paddedSize(now), now.dout.length, now.stride]);
    if (newShape !== shape) {
      shape = newShape;
      index = 0;
      steps.set(index, stepCount(now)); // before it names the step that it stands on
      steps.pause();
    }
    if (now.view === "law") drawLaw(now);
    else drawShares(now);
    work.set({ place: placeOf(now, index), lines: lines(now, index) });
    setText(note, summary(now));
    view.set(now.view);
    fields.stride.set(now.stride);
    fields.padding.set(now.padding);
    fields.remainder.set(now.remainder);
    steps.set(index, stepCount(now));
  }

  /** @param {Set} now */
  function drawLaw(now) {
    const [row, column] = cellOf(now, index);
    const { window, weights, products: terms, total } = lawAt(now, row, column);
    const map = spread(now);
    const [kh, kw] = [weights.length, weights[0].length];
    const under = (/** @type {number} */ i, /** @type {number} */ j) =>
      window !== null && i >= row && i < row + kh && j >= column && j < column + kw;
    parts.source.set(now.stride > 1 ? "dout, zeros between and around" : "dout, zeros around");
    source.draw(map.length, map[0].length, (i, j) => {
      const at = entryAt(now, i, j);
      return {
        text: number(map[i][j]),
        label: `${at ? `dout row ${at[0]}, column ${at[1]}` : "a zero"}: ${spoken(map[i][j])}`,
        marks: `${under(i, j) ? "in-window" : ""} ${at ? "" : "border"}`.trim(),
        fixed: at ? "" : ZERO_IS_FIXED,
        value: map[i][j],
      };
    });
    source.frame(window ? { row, column, height: kh, width: kw } : null);
    parts.kernel.set("kernel, flipped");
    drawPlain(kernel, weights, "kernel, flipped");
    parts.products.set(`products, sum ${number(total)}`);
    drawPlain(products, terms, "products");
    const columns = paddedSize(now)[1];
    drawResult(byLaw(now), (i, j) => i * columns + j <= index, { row, column, height: 1, width: 1 });
  }

  /** @param {Set} now */
  function drawShares(now) {
    const [row, column] = outputOf(now, index);
    const [kh, kw] = [now.kernel.length, now.kernel[0].length];
    const d = now.dout[row][column];
    parts.source.set("dout");
    source.draw(now.dout.length, now.dout[0].length, (i, j) => ({
      text: number(now.dout[i][j]),
      label: `dout row ${i}, column ${j}: ${spoken(now.dout[i][j])}`,
      marks: i === row && j === column ? "in-window" : "",
      value: now.dout[i][j],
    }));
    source.frame({ row, column, height: 1, width: 1 });
    parts.kernel.set("kernel, as it is");
    drawPlain(kernel, now.kernel, "kernel");
    parts.products.set(`shares: ${number(d)} times the kernel`);
    drawPlain(products, now.kernel.map((line) => line.map((weight) => d * weight)), "shares");
    const window = { row: row * now.stride, column: column * now.stride, height: kh, width: kw };
    drawResult(byShares(now, index + 1), () => true, window);
  }

  /** @param {Grid} board @param {Rows} values @param {string} name */
  function drawPlain(board, values, name) {
    board.draw(values.length, values[0].length, (i, j) => ({
      text: number(values[i][j]),
      label: `${name}, row ${i}, column ${j}: ${spoken(values[i][j])}`,
      value: values[i][j],
    }));
  }

  /**
   * @param {Rows} values @param {(i: number, j: number) => boolean} filled @param {Window} window
   */
  function drawResult(values, filled, window) {
    const { padding } = set.now;
    const [rows, columns] = [values.length, values[0].length];
    const size = `${rows - 2 * padding}×${columns - 2 * padding}`;
    parts.result.set(padding ? `dX, ${size}; its border is cropped` : `dX, ${size}`);
    result.draw(rows, columns, (i, j) => {
      const [y, x] = [i - padding, j - padding];
      const border = y < 0 || x < 0 || y >= rows - 2 * padding || x >= columns - 2 * padding;
      const text = filled(i, j) ? number(values[i][j]) : "";
      const inside =
        i >= window.row && i < window.row + window.height &&
        j >= window.column && j < window.column + window.width;
      return {
        text,
        label: `${border ? "cropped" : `dX row ${y}, column ${x}`}: ${text ? spoken(values[i][j]) : "not yet filled"}`,
        marks: `${inside ? "in-window" : ""} ${border ? "border" : ""}`.trim(),
      };
    });
    result.frame(window);
  }

  redraw();
  return closing(steps, set, frame);
}

export default { render };
