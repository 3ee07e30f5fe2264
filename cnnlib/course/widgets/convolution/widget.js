// @ts-check
// The convolution stepper: a kernel slides over the learner's own numbers, step by step.

import {
  button, clamp, closing, figure, fold, h, letDrag, number, panel, player, setText, settings,
  spoken, toggle, withNumber, worked,
} from "../kit/kit.js";
import {
  kernelMisfit, notReached, padded, stops, sumLines, sumSentence, windowSum,
} from "../kit/windows.js";

/** @import { Layer } from "../kit/windows.js" */
/** @import { Given, Grid, Place, Rows } from "../kit/kit.js" */
/**
 * @typedef {object} Set
 * @property {Rows[]} image a grid of numbers for each channel
 * @property {Rows[]} kernel
 * @property {number} stride
 * @property {number} padding
 * @property {number} bias
 * @property {boolean} true_convolution
 */
/** @typedef {Record<"image" | "kernel" | "channels" | "stride" | "padding", number>} Limits */
/** @typedef {ReturnType<typeof arithmetic>["channels"][number]} Channel */

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** Rows and columns of the output.
 * @param {Set} set
 * @returns {Place}
 */
export function outputSize({ image, kernel, stride, padding }) {
  const layer = (/** @type {number} */ size) => /** @type {Layer} */ ([size, stride, padding]);
  return [
    stops(image[0].length, layer(kernel[0].length)),
    stops(image[0][0].length, layer(kernel[0][0].length)),
  ];
}

/** The weights as they lie on the window: turned half round for true convolution.
 * @param {Set} set
 */
export function weightsInUse({ kernel, true_convolution: turned }) {
  if (!turned) return kernel;
  return kernel.map((channel) => channel.toReversed().map((row) => row.toReversed()));
}

/** All that is multiplied and added for one output cell.
 * @param {Set} set @param {number} row @param {number} column
 */
export function arithmetic(set, row, column) {
  const worked = windowSum(set.image, weightsInUse(set), set, row, column);
  return { ...worked, total: worked.sum + set.bias };
}

/** The whole output.
 * @param {Set} set
 */
export function output(set) {
  const [rows, columns] = outputSize(set);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => arithmetic(set, i, j).total),
  );
}

/** Say in words why the settings make no sense, or return "".
 * @param {Set} set
 */
export function problem({ image, kernel, padding }) {
  return kernelMisfit(image[0], kernel[0], padding);
}

/** Say which rows and columns the kernel never reaches, or return "".
 * @param {Set} set
 */
export function leftOver(set) {
  return notReached(set.image[0], set.kernel[0], set);
}

// --- Words ---------------------------------------------------------------------------------------

/** The arithmetic of one output cell as lines to read.
 * @param {Set} set @param {number} row @param {number} column
 */
export function lines(set, row, column) {
  return sumLines(arithmetic(set, row, column), set.bias);
}

/** The same for the ear. With `brief`, only the result.
 * @param {Set} set @param {number} row @param {number} column
 */
export function sentence(set, row, column, { brief = false } = {}) {
  const place = `Output row ${row}, column ${column}`;
  return sumSentence(place, arithmetic(set, row, column), set.bias, { brief });
}

const BORDER_IS_FIXED = "The border is made of zeros. To make it wider or none, change the padding.";
const LONGEST_SPOKEN = 12; // products; more than that, and a listener waits too long at each step

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Rows[]} channels @param {number} count @param {number} rows @param {number} columns */
function resized(channels, count, rows, columns) {
  return Array.from({ length: count }, (_, c) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => channels[c]?.[i]?.[j] ?? 0),
    ),
  );
}

/** @param {Given<Set, { limits: Limits }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "convolution",
    title: "Convolution, step by step",
    keys: [
      ["Play, Back, Step", "walk through the output, cell by cell; Escape pauses"],
      ["arrow keys on the output", "move the window and hear its arithmetic"],
      ["arrow keys on input or kernel", "go from number to number"],
      ["Enter, or a digit", "edit the number; Enter keeps it, Escape cancels"],
      ["mouse or finger", "drag the window; click a number twice to edit; point at an output cell"],
    ],
  });
  const set = settings(model, redraw);
  const { limits } = model.get("facts");
  let place = 0; // the output cell of the present step, in reading order
  /** The one that the pointer is over. @type {number | null} */
  let peek = null;
  let seen = new Set([0]);
  let shape = "";
  /** @type {ReturnType<typeof makeChannel>[]} */
  let views = [];

  // Parts that stay

  const steps = player({
    panel: frame,
    name: (index) => sentence(set.now, ...cellOf(index), { brief: true }),
    go: (index, { playing }) => goTo(index, { brief: playing }),
  });
  const outputGrid = frame.grid({
    name: "output",
    focus: (i, j) => goTo(i * columns() + j, { user: true }),
    hover: (over) => {
      peek = over && over[0] * columns() + over[1];
      redraw();
    },
    press: (i, j) => goTo(i * columns() + j, { user: true, again: true }),
  });
  const outputFigure = figure("output", outputGrid.node);
  const sum = worked();
  const note = h("p", { class: "conv-note" });
  const channelRows = h("div", { class: "conv-channels" });

  const fields = {
    stride: field("Stride", whole(1, limits.stride), (v) => ({ stride: v })),
    padding: field("Padding", whole(0, limits.padding), (v) => ({ padding: v })),
    bias: field("Bias", {}, (v) => ({ bias: v })),
  };
  /** @param {"image" | "kernel"} name @param {0 | 1 | 2} axis @param {number} length */
  const withShape = (name, axis, length) => {
    const [count, height, width] = shapeOf(set.now[name]).with(axis, length);
    return { [name]: resized(set.now[name], count, height, width) };
  };
  const sizes = {
    rows: field("Input rows", whole(1, limits.image), (v) => withShape("image", 1, v)),
    columns: field("Input columns", whole(1, limits.image), (v) => withShape("image", 2, v)),
    kernelRows: field("Kernel rows", whole(1, limits.kernel), (v) => withShape("kernel", 1, v)),
    kernelColumns: field("Kernel columns", whole(1, limits.kernel), (v) =>
      withShape("kernel", 2, v),
    ),
    channels: field("Channels", whole(1, limits.channels), (v) => ({
      ...withShape("image", 0, v),
      ...withShape("kernel", 0, v),
    })),
  };
  const turn = toggle("Flip the kernel (true convolution)", (on) => {
    set.change({ true_convolution: on });
    frame.say(on ? "Kernel flipped." : "Kernel as it is.");
  });
  const fill = button("Fill all", () => {
    steps.pause();
    seen = new Set(Array.from({ length: rows() * columns() }, (_, k) => k));
    redraw();
    frame.say(`All ${rows() * columns()} output cells are filled.`);
  });
  const clear = button("Clear", () => {
    steps.pause();
    seen = new Set([place]);
    redraw();
    frame.say("All other output cells are empty again.");
  });

  frame.body.append(
    h(
      "div",
      { class: "cnn-controls" },
      fields.stride.node,
      fields.padding.node,
      fields.bias.node,
      turn.node,
    ),
    h("div", { class: "cnn-figures" }, channelRows, outputFigure.node),
    note,
    sum.node,
    steps.node,
  );
  steps.node.append(fill, clear);
  const sizeFields = Object.values(sizes).map((one) => one.node);
  frame.footer.prepend(fold("Sizes", h("div", { class: "cnn-controls" }, sizeFields)));

  /** @param {number} min @param {number} max */
  function whole(min, max) {
    return { min, max, whole: true };
  }
  /**
   * @param {string} label @param {{ min?: number, max?: number, whole?: boolean }} range
   * @param {(value: number) => Partial<Set>} patch
   */
  function field(label, range, patch) {
    return frame.field(label, {
      ...range,
      change: (value) => {
        const values = patch(value);
        const refused = problem({ ...set.now, ...values });
        if (!refused) set.change(values);
        return refused;
      },
    });
  }

  // What follows from the settings

  function rows() {
    return outputSize(set.now)[0];
  }
  function columns() {
    return outputSize(set.now)[1];
  }
  /** @param {Rows[]} channels */
  function shapeOf(channels) {
    return [channels.length, channels[0].length, channels[0][0].length];
  }
  /** @param {number} index @returns {Place} */
  function cellOf(index) {
    return [Math.floor(index / columns()), index % columns()];
  }

  /** @param {number} index */
  function goTo(index, { brief = false, user = false, again = false } = {}) {
    if (user) steps.pause();
    const moved = index !== place;
    if (user && !moved && !again && seen.has(index)) return;
    place = index;
    peek = null;
    seen.add(index);
    steps.set(place, rows() * columns());
    redraw();
    const products = set.now.kernel.flat(2).length;
    frame.say(sentence(set.now, ...cellOf(index), { brief: brief || products > LONGEST_SPOKEN }));
  }

  // One row for each channel: input, kernel, products

  /** @param {number} c */
  function makeChannel(c) {
    const many = set.now.image.length > 1 ? `, channel ${c}` : "";
    const input = frame.grid({
      name: `input${many}`,
      edit: (i, j, value) => {
        const { image, padding } = set.now;
        const channel = withNumber(image[c], i - padding, j - padding, value);
        set.change({ image: image.with(c, channel) });
      },
    });
    const kernel = frame.grid({
      name: `kernel${many}`,
      edit: (i, j, value) => {
        const { kernel: weights, true_convolution: turned } = set.now;
        const [kh, kw] = [weights[0].length, weights[0][0].length];
        const at = turned ? [kh - 1 - i, kw - 1 - j] : [i, j];
        set.change({ kernel: weights.with(c, withNumber(weights[c], at[0], at[1], value)) });
      },
    });
    const products = frame.grid({ name: `products${many}` });
    input.node.classList.add("conv-input");
    letWindowDrag(input);
    const figures = {
      input: figure("", input.node),
      kernel: figure("", kernel.node),
      products: figure("", products.node),
    };
    const node = h(
      "div",
      { class: "cnn-figures" },
      figures.input.node,
      figures.kernel.node,
      figures.products.node,
    );
    return { input, kernel, products, figures, node, many };
  }

  /** @param {Grid} input */
  function letWindowDrag(input) {
    let grip = [0, 0]; // by which cell of the window it was taken
    letDrag(input.node, {
      start: (event) => {
        const at = input.placeOf(event.target);
        if (!at || input.editing || !input.cellAt(...at).classList.contains("in-window")) return false;
        const [row, column] = cellOf(place);
        grip = [at[0] - row * set.now.stride, at[1] - column * set.now.stride];
      },
      move: (event) => {
        const over = input.placeOf(document.elementFromPoint(event.clientX, event.clientY));
        if (!over) return;
        const [row, column] = over.map((at, k) => Math.round((at - grip[k]) / set.now.stride));
        const index = clamp(row, 0, rows() - 1) * columns() + clamp(column, 0, columns() - 1);
        if (index !== place) goTo(index, { user: true });
      },
    });
  }

  /**
   * @param {ReturnType<typeof makeChannel>} view @param {number} c @param {number} row
   * @param {number} column @param {Channel} now
   */
  function drawChannel(view, c, row, column, now) {
    const { image, padding, stride, true_convolution: turned } = set.now;
    const [kh, kw] = [now.weights.length, now.weights[0].length];
    const [height, width] = [image[c].length, image[c][0].length];
    const isIn = (/** @type {number} */ i, /** @type {number} */ j) =>
      i >= row * stride && i < row * stride + kh && j >= column * stride && j < column * stride + kw;
    const zeros = padding === 1 ? "a border of zeros" : `${padding} borders of zeros`;
    view.figures.input.set(`input${view.many}${padding ? `, with ${zeros}` : ""}`);
    view.figures.kernel.set(`kernel${view.many}${turned ? ", flipped" : ""}`);
    view.figures.products.set(`products, sum ${number(now.sum)}`);
    view.input.draw(height + 2 * padding, width + 2 * padding, (i, j) => {
      const value = padded(image[c], padding, i, j);
      const [y, x] = [i - padding, j - padding];
      const border = y < 0 || x < 0 || y >= height || x >= width;
      const under = isIn(i, j);
      const name = border ? "border" : `input${view.many} row ${y}, column ${x}`;
      return {
        text: number(value),
        label: `${name}: ${spoken(value)}${under ? ", in the window" : ""}`,
        marks: `${under ? "in-window" : ""} ${border ? "border" : ""}`.trim(),
        fixed: border ? BORDER_IS_FIXED : "",
        value,
      };
    });
    view.input.frame({ row: row * stride, column: column * stride, height: kh, width: kw });
    view.kernel.draw(kh, kw, (i, j) => ({
      text: number(now.weights[i][j]),
      label: `kernel${view.many} row ${i}, column ${j}: ${spoken(now.weights[i][j])}`,
      value: now.weights[i][j],
    }));
    view.products.draw(kh, kw, (i, j) => ({
      text: number(now.products[i][j]),
      label:
        `${spoken(now.window[i][j])} times ${spoken(now.weights[i][j])} ` +
        `equals ${spoken(now.products[i][j])}`,
      marks: "in-window",
    }));
  }

  function redraw() {
    const now = set.now;
    const [oh, ow] = outputSize(now);
    const newShape = String([now.image.length, oh, ow]);
    if (newShape !== shape) {
      shape = newShape;
      place = 0;
      peek = null;
      seen = new Set([0]);
      steps.pause();
      views = now.image.map((_, c) => views[c] ?? makeChannel(c));
      if ((views[0].many === "") !== (views.length === 1)) {
        views = now.image.map((_, c) => makeChannel(c));
      }
      channelRows.replaceChildren(...views.map((view) => view.node));
    }
    const [row, column] = cellOf(peek ?? place);
    const { channels } = arithmetic(now, row, column);
    views.forEach((view, c) => drawChannel(view, c, row, column, channels[c]));

    const results = output(now);
    outputFigure.set(`output, ${oh}×${ow}`);
    outputGrid.draw(oh, ow, (i, j) => {
      const filled = seen.has(i * ow + j);
      const text = filled ? number(results[i][j]) : "";
      return {
        text,
        label: `output row ${i}, column ${j}: ${filled ? spoken(results[i][j]) : "not yet filled"}`,
        marks: i === row && j === column ? "in-window" : "",
      };
    });
    outputGrid.frame({ row, column, height: 1, width: 1 });
    outputGrid.select(...cellOf(place));

    sum.set({
      place: `Output row ${row}, column ${column}`,
      lines: lines(now, row, column),
      words: sentence(now, row, column),
    });
    setText(note, leftOver(now));

    fields.stride.set(now.stride);
    fields.padding.set(now.padding);
    fields.bias.set(now.bias);
    turn.set(now.true_convolution);
    const [count, height, width] = shapeOf(now.image);
    sizes.rows.set(height);
    sizes.columns.set(width);
    sizes.channels.set(count);
    sizes.kernelRows.set(now.kernel[0].length);
    sizes.kernelColumns.set(now.kernel[0][0].length);
    steps.set(place, oh * ow);
  }

  redraw();
  return closing(steps, set, frame);
}

export default { render };
