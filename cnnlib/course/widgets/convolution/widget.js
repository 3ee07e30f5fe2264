// The convolution stepper: a kernel slides over the learner's own numbers, step by step.

import {
  button, closing, figure, grid, h, number, numberField, panel, player, setLines, setText,
  settings, spoken, term, toggle, withNumber,
} from "../kit/kit.js";

const LIMITS = { side: 28, kernel: 11, channels: 8, stride: 28, padding: 10 };

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** Rows and columns of the output. */
export function outputSize({ image, kernel, stride, padding }) {
  const along = (size, kernelSize) => Math.floor((size + 2 * padding - kernelSize) / stride) + 1;
  return [along(image[0].length, kernel[0].length), along(image[0][0].length, kernel[0][0].length)];
}

/** The weights as they lie on the window: turned half round for true convolution. */
export function weightsInUse({ kernel, true_convolution: turned }) {
  if (!turned) return kernel;
  return kernel.map((channel) => [...channel].reverse().map((row) => [...row].reverse()));
}

/** The number at a place of the input with its border of zeros. */
function padded(channel, padding, i, j) {
  return channel[i - padding]?.[j - padding] ?? 0;
}

/** All that is multiplied and added for one output cell. */
export function arithmetic(set, row, column) {
  const weights = weightsInUse(set);
  const channels = set.image.map((channel, c) => {
    const window = weights[c].map((line, m) =>
      line.map((_, n) =>
        padded(channel, set.padding, row * set.stride + m, column * set.stride + n),
      ),
    );
    const products = window.map((line, m) => line.map((value, n) => value * weights[c][m][n]));
    const sum = products.flat().reduce((a, b) => a + b, 0);
    return { window, weights: weights[c], products, sum };
  });
  const sum = channels.reduce((a, channel) => a + channel.sum, 0);
  return { channels, sum, total: sum + set.bias };
}

/** The whole output. */
export function output(set) {
  const [rows, columns] = outputSize(set);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => arithmetic(set, i, j).total),
  );
}

/** Say in words why the settings make no sense, or return "". */
export function problem({ image, kernel, padding }) {
  const sides = [
    ["rows", image[0].length, kernel[0].length],
    ["columns", image[0][0].length, kernel[0][0].length],
  ];
  for (const [side, size, kernelSize] of sides) {
    if (kernelSize > size + 2 * padding) {
      const border = padding ? ` with its border` : "";
      const need = Math.ceil((kernelSize - size) / 2);
      return (
        `The kernel does not fit: it has ${kernelSize} ${side}, but the input${border} has ` +
        `${size + 2 * padding}. Use a smaller kernel, or a padding of at least ${need}.`
      );
    }
  }
  return "";
}

/** Say which rows and columns the kernel never reaches, or return "". */
export function leftOver({ image, kernel, stride, padding }) {
  const rest = (size, kernelSize) => (size + 2 * padding - kernelSize) % stride;
  const parts = [
    [rest(image[0].length, kernel[0].length), "row"],
    [rest(image[0][0].length, kernel[0][0].length), "column"],
  ]
    .filter(([count]) => count > 0)
    .map(([count, what]) => (count === 1 ? `the last ${what}` : `the last ${count} ${what}s`));
  if (!parts.length) return "";
  const verb = parts.length === 1 && parts[0].split(" ").length === 3 ? "is" : "are";
  return `With stride ${stride}, ${parts.join(" and ")} ${verb} never under the kernel.`;
}

// --- Words ---------------------------------------------------------------------------------------

/** The arithmetic of one output cell as lines to read. */
export function lines(set, row, column) {
  const { channels, sum, total } = arithmetic(set, row, column);
  const many = channels.length > 1;
  const text = channels.map(({ window, weights, products, sum: part }, c) => {
    const pairs = window.flat().map((value, k) => `${term(value)}·${term(weights.flat()[k])}`);
    const terms = products.flat().map((value) => term(value));
    const name = many ? `channel ${c}: ` : "";
    if (pairs.length === 1) return `${name}${pairs[0]} = ${number(part)}`;
    return `${name}${pairs.join(" + ")} = ${terms.join(" + ")} = ${number(part)}`;
  });
  if (many) {
    const parts = channels.map((channel) => term(channel.sum)).join(" + ");
    text.push(`all channels: ${parts} = ${number(sum)}`);
  }
  if (set.bias !== 0) {
    text.push(`with the bias: ${number(sum)} + ${term(set.bias)} = ${number(total)}`);
  }
  return text;
}

/** The same for the ear. With `brief`, only the result. */
export function sentence(set, row, column, { brief = false } = {}) {
  const { channels, sum, total } = arithmetic(set, row, column);
  const place = `Output row ${row}, column ${column}`;
  if (brief) return `${place}: ${spoken(total)}.`;
  const parts = channels.map(({ window, weights, sum: part }, c) => {
    const pairs = window.flat().map((v, k) => `${spoken(v)} times ${spoken(weights.flat()[k])}`);
    const name = channels.length > 1 ? `Channel ${c}: ` : "";
    return `${name}${pairs.join(" plus ")} equals ${spoken(part)}.`;
  });
  if (channels.length > 1) {
    const sums = channels.map((channel) => spoken(channel.sum)).join(" plus ");
    parts.push(`Together ${sums} equals ${spoken(sum)}.`);
  }
  if (set.bias !== 0) parts.push(`With the bias ${spoken(set.bias)}: ${spoken(total)}.`);
  return `${place}. ${parts.join(" ")}`;
}

const BORDER_IS_FIXED = "The border is made of zeros. To make it wider or none, change the padding.";
const LONGEST_SPOKEN = 12; // products; more than that, and a listener waits too long at each step

// --- Drawing -------------------------------------------------------------------------------------

function resized(channels, count, rows, columns) {
  return Array.from({ length: count }, (_, c) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => channels[c]?.[i]?.[j] ?? 0),
    ),
  );
}

function replaced(channels, c, i, j, value) {
  return channels.map((channel, k) => (k !== c ? channel : withNumber(channel, i, j, value)));
}

function render({ model, el }) {
  const frame = panel(el, {
    name: "convolution",
    title: "Convolution, step by step",
    keys: [
      ["Play, Back, Step", "walk through the output, cell by cell; Escape pauses"],
      ["arrow keys on the output", "move the window and hear its arithmetic"],
      ["arrow keys on input or kernel", "go from number to number"],
      ["Enter, or a digit", "edit the number; Enter keeps it, Escape drops it"],
      ["mouse or finger", "drag the window; click a number twice to edit; point at an output cell"],
    ],
  });
  const set = settings(model, redraw);
  let place = 0; // the output cell of the present step, in reading order
  let peek = null; // the one that the pointer is over
  let seen = new Set([0]);
  let shape = "";
  let views = [];

  // Parts that stay

  const steps = player({
    panel: frame,
    name: (index) => sentence(set.now, ...cellOf(index), { brief: true }),
    go: (index, { playing }) => goTo(index, { brief: playing }),
  });
  const outputGrid = grid({
    name: "output",
    complain: frame.complain,
    focus: (i, j) => goTo(i * columns() + j, { user: true }),
    hover: (i, j) => {
      peek = i === null ? null : i * columns() + j;
      redraw();
    },
    press: (i, j) => goTo(i * columns() + j, { user: true, again: true }),
  });
  const outputFigure = figure("output", outputGrid.node);
  const heading = h("p", { class: "conv-place" });
  const symbols = h("div", { class: "conv-lines", "aria-hidden": "true" });
  const words = h("p", { class: "cnn-spoken" });
  const note = h("p", { class: "conv-note" });
  const channelRows = h("div", { class: "conv-channels" });

  const fields = {
    stride: field("Stride", { min: 1, max: LIMITS.stride, whole: true }, (v) => ({ stride: v })),
    padding: field("Padding", { min: 0, max: LIMITS.padding, whole: true }, (v) => ({ padding: v })),
    bias: field("Bias", {}, (v) => ({ bias: v })),
  };
  const size = (label, limit, patch) => field(label, { min: 1, max: limit, whole: true }, patch);
  const shapeOf = (channels) => [channels.length, channels[0].length, channels[0][0].length];
  const withShape = (name, axis) => (v) => {
    const due = shapeOf(set.now[name]);
    due[axis] = v;
    return { [name]: resized(set.now[name], ...due) };
  };
  const sizes = {
    rows: size("Input rows", LIMITS.side, withShape("image", 1)),
    columns: size("Input columns", LIMITS.side, withShape("image", 2)),
    kernelRows: size("Kernel rows", LIMITS.kernel, withShape("kernel", 1)),
    kernelColumns: size("Kernel columns", LIMITS.kernel, withShape("kernel", 2)),
    channels: size("Channels", LIMITS.channels, (v) => ({
      ...withShape("image", 0)(v),
      ...withShape("kernel", 0)(v),
    })),
  };
  const turn = toggle("Turn the kernel (true convolution)", (on) => {
    set.change({ true_convolution: on });
    frame.say(on ? "Kernel turned half round." : "Kernel as it is.");
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
    h("div", { class: "conv-sum" }, heading, symbols, words),
    steps.node,
  );
  steps.node.append(fill, clear);
  frame.footer.prepend(
    h(
      "details",
      { class: "cnn-help" },
      h("summary", {}, "Sizes"),
      h("div", { class: "cnn-controls" }, Object.values(sizes).map((one) => one.node)),
    ),
  );

  function field(label, limits, patch) {
    return numberField(label, {
      ...limits,
      complain: frame.complain,
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
  function cellOf(index) {
    return [Math.floor(index / columns()), index % columns()];
  }

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

  function makeChannel(c) {
    const many = set.now.image.length > 1 ? `, channel ${c}` : "";
    const input = grid({
      name: `input${many}`,
      complain: frame.complain,
      edit: (i, j, value) => {
        const { image, padding } = set.now;
        set.change({ image: replaced(image, c, i - padding, j - padding, value) });
        return "";
      },
    });
    const kernel = grid({
      name: `kernel${many}`,
      complain: frame.complain,
      edit: (i, j, value) => {
        const { kernel: weights, true_convolution: turned } = set.now;
        const [kh, kw] = [weights[0].length, weights[0][0].length];
        const at = turned ? [kh - 1 - i, kw - 1 - j] : [i, j];
        set.change({ kernel: replaced(weights, c, ...at, value) });
        return "";
      },
    });
    const products = grid({ name: `products${many}`, complain: frame.complain });
    input.node.classList.add("conv-input");
    letDrag(input);
    const figures = { input: figure("", input.node), kernel: figure("", kernel.node) };
    figures.products = figure("", products.node);
    const node = h(
      "div",
      { class: "cnn-figures" },
      figures.input.node,
      figures.kernel.node,
      figures.products.node,
    );
    return { input, kernel, products, figures, node, many };
  }

  function letDrag(input) {
    input.node.addEventListener("pointerdown", (event) => {
      const start = input.placeOf(event.target);
      if (!start || event.button !== 0 || input.editing) return;
      if (!event.target.classList.contains("in-window")) return;
      const { stride } = set.now;
      const [row, column] = cellOf(place);
      const grip = [start[0] - row * stride, start[1] - column * stride];
      const drag = (moved) => {
        const over = input.placeOf(document.elementFromPoint(moved.clientX, moved.clientY));
        if (!over) return;
        const near = (k, count) =>
          Math.min(Math.max(Math.round((over[k] - grip[k]) / stride), 0), count - 1);
        const index = near(0, rows()) * columns() + near(1, columns());
        if (index !== place) goTo(index, { user: true });
      };
      const drop = () => {
        window.removeEventListener("pointermove", drag);
        window.removeEventListener("pointerup", drop);
        window.removeEventListener("pointercancel", drop);
      };
      window.addEventListener("pointermove", drag);
      window.addEventListener("pointerup", drop);
      window.addEventListener("pointercancel", drop);
    });
  }

  function drawChannel(view, c, row, column, now) {
    const { image, padding, stride, true_convolution: turned } = set.now;
    const [kh, kw] = [now.weights.length, now.weights[0].length];
    const [height, width] = [image[c].length, image[c][0].length];
    const isIn = (i, j) =>
      i >= row * stride && i < row * stride + kh && j >= column * stride && j < column * stride + kw;
    const zeros = padding === 1 ? "a border of zeros" : `${padding} borders of zeros`;
    view.figures.input.set(`input${view.many}${padding ? `, with ${zeros}` : ""}`);
    view.figures.kernel.set(`kernel${view.many}${turned ? ", turned" : ""}`);
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
    const shown = peek ?? place;
    const [row, column] = [Math.floor(shown / ow), shown % ow];
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
    outputGrid.select(Math.floor(place / ow), place % ow);

    setText(heading, `Output row ${row}, column ${column}`);
    setLines(symbols, lines(now, row, column));
    setText(words, sentence(now, row, column));
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
