// @ts-check
// Gradient descent on a kernel: loss, gradient, update, step by step.

import {
  aloud, button, clamp, closing, figure, h, number, panel, player, setText, settings, spoken,
  sum as total, term, toggle, withNumber, worked,
} from "../kit/kit.js";
import { chart } from "../kit/svg.js";

/** @import { Given, Place, Rows } from "../kit/kit.js" */
/** @import { Point } from "../kit/svg.js" */
/** @typedef {{ image: Rows, target: Rows, kernel: Rows, learning_rate: number }} Set */
/** @typedef {{ output: Rows, error: Rows, loss: number }} Measured */
/** @typedef {Measured & { weights: Rows, gradient: Rows, next: Rows }} Station */
/** @typedef {{ fastest: number, too_far: number }} Facts the highest rate; see `descend` */

const MOST_STEPS = 200;
const LONGEST_SUM = 9; // terms; a longer sum is not written out
const LOWEST = 1e-12; // the least loss that the chart tells from zero

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** @param {Set} set */
function sizes({ target }) {
  return { rows: target.length, columns: target[0].length, count: target.length * target[0].length };
}

/** What the kernel makes of the image, and what it should have made, taken apart.
 * @param {Set} set @param {Rows} weights
 * @returns {Measured}
 */
export function measured({ image, target }, weights) {
  const output = target.map((line, i) =>
    line.map((_, j) => {
      let sum = 0;
      weights.forEach((row, m) => row.forEach((w, n) => (sum += w * image[i + m][j + n])));
      return sum;
    }),
  );
  const error = output.map((line, i) => line.map((value, j) => value - target[i][j]));
  const squares = error.flat().map((e) => e * e);
  return { output, error, loss: total(squares) / squares.length };
}

/** The slope of the loss along each weight.
 * @param {Set} set @param {Rows} weights @param {Rows} error
 * @returns {Rows}
 */
export function gradientOf(set, weights, error) {
  const { count } = sizes(set);
  return weights.map((row, m) =>
    row.map((_, n) => {
      let sum = 0;
      error.forEach((line, i) => line.forEach((e, j) => (sum += e * set.image[i + m][j + n])));
      return (2 * sum) / count;
    }),
  );
}

/** The stations of a descent; it is given up where the loss is `too_far` times the first.
 * @param {Set} set @param {Facts} facts
 */
export function descend(set, { too_far: tooFar }, steps = MOST_STEPS) {
  /** @type {Station[]} */
  const stations = [];
  let weights = set.kernel;
  for (let k = 0; k <= steps; k += 1) {
    const { output, error, loss } = measured(set, weights);
    const gradient = gradientOf(set, weights, error);
    const next = weights.map((row, m) =>
      row.map((w, n) => w - set.learning_rate * gradient[m][n]),
    );
    stations.push({ weights, output, error, loss, gradient, next });
    if (loss > tooFar * stations[0].loss) break;
    weights = next;
  }
  return stations;
}

/** How sharply the loss curves in the direction in which it curves most.
 * @param {Set} set
 */
export function sharpest(set) {
  const zero = set.kernel.map((row) => row.map(() => 0));
  const none = { ...set, target: set.target.map((line) => line.map(() => 0)) };
  // The gradient with a target of zeros is the curvature times the weights. Applied again and
  // again it leaves the steepest direction alone.
  let direction = zero.map((row, m) => row.map((_, n) => 1 + 0.1 * m - 0.17 * n));
  let curvature = 0;
  for (let k = 0; k < 1000; k += 1) {
    const length = Math.hypot(...direction.flat());
    if (length === 0) return 0;
    direction = direction.map((row) => row.map((value) => value / length));
    const { error } = measured(none, direction);
    const pulled = gradientOf(none, direction, error);
    const before = curvature;
    curvature = total(pulled.map((row, m) => total(row.map((v, n) => v * direction[m][n]))));
    if (Math.abs(curvature - before) <= 1e-13 * curvature) break;
    direction = pulled;
  }
  return curvature;
}

// --- Words ---------------------------------------------------------------------------------------

/** @param {string[]} terms @param {string} many */
function sum(terms, many) {
  return terms.length <= LONGEST_SUM ? terms.join(" + ") : many;
}

/** How the loss comes about.
 * @param {Set} set @param {Measured} measured
 */
export function lossLine(set, { error, loss }) {
  const { count } = sizes(set);
  const squares = error.flat().map((e) => `${term(e, 4)}²`);
  const added = sum(squares, `the sum of ${count} squared errors`);
  return `loss = (${added}) / ${count} = ${number(loss, 5)}`;
}

/** How the gradient of one weight comes about.
 * @param {Set} set @param {Station} station @param {Place} weight
 */
export function gradientLine(set, { error, gradient }, [m, n]) {
  const { count } = sizes(set);
  const products = error.flatMap((line, i) =>
    line.map((e, j) => `${term(e, 4)} · ${term(set.image[i + m][j + n], 4)}`),
  );
  const added = sum(products, `the sum of ${count} products, error · pixel`);
  return `gradient of weight (${m}, ${n}) = 2/${count} · (${added}) = ${number(gradient[m][n], 5)}`;
}

/** How one weight is moved.
 * @param {Set} set @param {Station} station @param {Place} weight
 */
export function updateLine(set, { weights, gradient, next }, [m, n]) {
  return (
    `weight (${m}, ${n}): ${number(weights[m][n], 5)} − ${number(set.learning_rate)} · ` +
    `${term(gradient[m][n], 5)} = ${number(next[m][n], 5)}`
  );
}

/** What the loss did at the last step.
 * @param {Station[]} stations @param {number} k @param {Facts} facts
 */
export function verdict(stations, k, { too_far: tooFar }) {
  const loss = number(stations[k].loss, 5);
  if (k === 0) return `The loss is ${loss}. No step has been made yet.`;
  const before = stations[k - 1].loss;
  const from = number(before, 5);
  if (stations[k].loss > tooFar * stations[0].loss) {
    return `The loss is ${loss}, more than a million times the first. The stepper stops here.`;
  }
  if (stations[k].loss > before) return `The loss rose from ${from} to ${loss}.`;
  if (stations[k].loss === before) return `The loss stays at ${loss}.`;
  return `The loss fell from ${from} to ${loss}.`;
}

/** What the learning rate does in this valley.
 * @param {Set} set @param {number} curvature
 */
export function advice({ learning_rate: rate }, curvature) {
  if (rate === 0) return "With a learning rate of 0 nothing moves.";
  if (curvature === 0) return "The input is all zeros: no weight changes anything, the ground is flat.";
  const factor = 1 - rate * curvature;
  const where =
    `Where the valley is narrowest, each step multiplies the distance to its bottom by ` +
    `1 − ${number(rate)} · ${number(curvature, 4)} = ${number(factor, 3)}`;
  const limit = `Any learning rate below 2 / ${number(curvature, 4)} = ${number(2 / curvature, 3)}`;
  if (factor < -1) {
    return (
      `This learning rate is too large. ${where}: past the bottom, and further away on the other ` +
      `side each time. In the end the loss grows without bounds. ${limit} reaches the bottom.`
    );
  }
  if (factor < 0) return `${where}: past the bottom, but nearer each time. ${limit} reaches the bottom.`;
  return `${where}: never past the bottom. ${limit} reaches the bottom, and a larger one is faster at first.`;
}

/** Numbers for a cell: four digits, or all in front of the point.
 * @param {number} value
 */
function short(value) {
  return Math.abs(value) >= 1000 && Math.abs(value) < 1e7 ? Math.round(value) : value;
}

const PHASES = ["loss", "gradient", "update"];

// --- Drawing -------------------------------------------------------------------------------------

/** @param {number} low @param {number} high */
function powers(low, high) {
  const every = Math.max(1, Math.ceil((high - low) / 5));
  /** @type {[number, string][]} */
  const ticks = [];
  for (let power = low; power <= high; power += every) {
    const text = Math.abs(power) <= 5 ? number(10 ** power) : `10^${number(power)}`;
    ticks.push([power, text]);
  }
  return ticks;
}

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "descent",
    title: "A kernel learns, step by step",
    keys: [
      ["Play, Back, Step", "walk downhill; Escape pauses"],
      ["arrow keys on kernel or gradient", "choose the weight whose arithmetic is shown"],
      ["Enter, or a digit", "edit a number of input, target or kernel; Escape cancels"],
      ["mouse or finger", "point at a weight; click a number twice to edit it"],
    ],
  });
  const set = settings(model, redraw);
  let stop = 0; // counts phases where they are shown one by one, else steps
  let oneByOne = true;
  const facts = model.get("facts");
  /** @type {Place} */
  let weight = [0, 0];
  /** The settings for which the stations below hold. @type {Set | null} */
  let known = null;
  /** @type {Station[]} */
  let stations = [];
  let curvature = 0;
  /** The losses with the learning rate before. @type {{ rate: number, losses: number[] } | null} */
  let ghost = null;

  const steps = player({
    panel: frame,
    pace: "900",
    name: (k) => heading(k),
    tell: (k) => reached(k),
    go: (k, { playing }) => {
      stop = k;
      redraw();
      const { step, phase } = placeOf(k);
      const said = oneByOne && !playing ? lines(step, phase).join(" ") : "";
      const short = sizes(set.now).count <= LONGEST_SUM ? said : "";
      frame.say(aloud(`${heading(k)}. ${short || verdict(stations, step, facts)}`));
    },
  });
  const rate = frame.field("Learning rate", {
    min: 0,
    max: facts.fastest,
    step: 0.001,
    change: (value) => {
      ghost = { rate: set.now.learning_rate, losses: stations.map((one) => one.loss) };
      set.change({ learning_rate: value });
      frame.say(aloud(advice(set.now, curvature)));
    },
  });
  const detail = toggle("Loss, gradient and update one by one", (on) => {
    const { step } = placeOf(stop);
    steps.pause();
    oneByOne = on;
    stop = on ? 3 * step : step;
    redraw();
    frame.say(on ? "Three stops for each step." : "One stop for each step.");
  });
  const again = button("Start again", () => {
    steps.pause();
    stop = 0;
    redraw();
    frame.say(aloud(`${heading(0)}. ${verdict(stations, 0, facts)}`));
  });

  /** @param {"image" | "target" | "kernel"} key */
  const edited = (key) => (/** @type {number} */ i, /** @type {number} */ j, /** @type {number} */ value) => {
    const from = key === "kernel" ? stations[placeOf(stop).step].weights : set.now[key];
    stop = 0;
    ghost = null;
    steps.pause();
    set.change({ [key]: withNumber(from, i, j, value) });
    frame.say(aloud(`Start again. ${verdict(stations, 0, facts)}`));
  };
  const choose = (/** @type {number} */ i, /** @type {number} */ j) => {
    if (weight[0] === i && weight[1] === j) return;
    weight = [i, j];
    redraw();
  };
  const hover = (/** @type {Place | null} */ place) => place && choose(...place);
  const boards = {
    image: frame.grid({ name: "input", edit: edited("image") }),
    target: frame.grid({ name: "target", edit: edited("target") }),
    output: frame.grid({ name: "output" }),
    error: frame.grid({ name: "error" }),
    weights: frame.grid({ name: "kernel", edit: edited("kernel"), focus: choose, hover }),
    gradient: frame.grid({ name: "gradient", focus: choose, hover }),
    next: frame.grid({ name: "next kernel", focus: choose, hover }),
  };
  const figures = {
    image: figure("", boards.image.node),
    target: figure("", boards.target.node),
    output: figure("", boards.output.node),
    error: figure("", boards.error.node),
    weights: figure("", boards.weights.node),
    gradient: figure("", boards.gradient.node),
    next: figure("", boards.next.node),
  };
  const minus = h("span", { class: "down-sign", "aria-hidden": "true" });
  const equals = h("span", { class: "down-sign", "aria-hidden": "true" }, "=");
  const curve = chart({ width: 24, height: 13, under: "step" });
  const legend = h("p", { class: "down-legend" });
  const sums = worked();
  const result = h("p", { class: "down-result" });
  sums.node.append(result);
  const note = h("p", { class: "down-note" });

  frame.body.append(
    h("div", { class: "cnn-controls" }, rate.node, detail.node, again),
    h(
      "div",
      { class: "cnn-figures" },
      figures.image.node,
      figures.output.node,
      figures.target.node,
      figures.error.node,
    ),
    h(
      "div",
      { class: "cnn-figures" },
      figures.weights.node,
      minus,
      figures.gradient.node,
      equals,
      figures.next.node,
      figure("loss", curve.node, legend).node,
    ),
    sums.node,
    steps.node,
    note,
  );

  /** @param {number} k */
  function placeOf(k) {
    const last = stations.length - 1;
    if (!oneByOne) return { step: Math.min(k, last), phase: 2 };
    return { step: Math.min(Math.floor(k / 3), last), phase: k % 3 };
  }
  /** @param {number} k */
  function heading(k) {
    const { step, phase } = placeOf(k);
    return oneByOne ? `Step ${step}, ${PHASES[phase]}` : `Step ${step}`;
  }
  /** How far the walk has come. It is counted in steps, as in the chart, whatever the stops.
   * @param {number} k
   */
  function reached(k) {
    const { step, phase } = placeOf(k);
    const part = oneByOne ? `, ${PHASES[phase]}` : "";
    return `step ${step} of ${stations.length - 1}${part}`;
  }
  /** @param {number} step @param {number} phase */
  function lines(step, phase) {
    const all = [
      () => lossLine(set.now, stations[step]),
      () => gradientLine(set.now, stations[step], weight),
      () => updateLine(set.now, stations[step], weight),
    ];
    return (oneByOne ? [all[phase]] : all).map((line) => line());
  }

  /**
   * @param {keyof typeof boards} name @param {Rows} rows @param {string} caption
   * @param {{ describe?: string, hidden?: boolean, mark?: (i: number, j: number) => string }} how
   */
  function fill(name, rows, caption, { describe = name, hidden = false, mark = () => "" } = {}) {
    figures[name].set(caption);
    boards[name].draw(rows.length, rows[0].length, (i, j) => ({
      text: hidden ? "" : number(short(rows[i][j]), 4),
      label: `${describe} row ${i}, column ${j}: ${hidden ? "not yet known" : spoken(short(rows[i][j]), 4)}`,
      marks: mark(i, j),
      value: rows[i][j],
    }));
  }

  /** @param {number} step */
  function drawCurve(step) {
    const losses = stations.slice(0, step + 1).map((one) => one.loss);
    const reach = [10, 20, 50, 100].find((end) => step <= end) ?? MOST_STEPS;
    const faint = (ghost?.losses ?? []).slice(0, reach + 1);
    const log = (/** @type {number} */ loss) => Math.log10(Math.max(loss, LOWEST));
    const all = [...losses, ...faint].map(log);
    const high = Math.ceil(Math.max(...all) + 0.1);
    const low = Math.min(Math.floor(Math.min(...all) - 0.1), high - 2);
    const points = (/** @type {number[]} */ curved) =>
      curved.map((loss, k) => /** @type {Point} */ ([k, log(loss)]));
    curve.draw({
      x: { min: 0, max: reach, ticks: [0, reach / 2, reach].map((k) => [k, number(k)]) },
      y: { min: low, max: high, ticks: powers(low, high) },
      marks: [
        { points: points(faint), class: "svg-dashed" },
        { points: points(losses), class: "svg-curve" },
        { points: points(losses).slice(-1), class: "svg-dot", dot: true },
      ],
      words:
        `Chart of the loss over the steps, its axis logarithmic. Step 0: ` +
        `${spoken(losses[0], 5)}. Step ${step}: ${spoken(losses[step], 5)}.`,
    });
    setText(
      legend,
      ghost ? `solid: rate ${number(set.now.learning_rate)}; dashed: rate ${number(ghost.rate)}` : "",
    );
  }

  function redraw() {
    const now = set.now;
    if (known !== now) {
      known = now;
      stations = descend(now, facts);
      curvature = sharpest(now);
      weight = [
        clamp(weight[0], 0, now.kernel.length - 1),
        clamp(weight[1], 0, now.kernel[0].length - 1),
      ];
    }
    const last = stations.length - 1;
    stop = Math.min(stop, oneByOne ? 3 * last : last);
    const { step, phase } = placeOf(stop);
    const here = stations[step];
    const { rows, columns } = sizes(now);
    const [top, left] = weight;
    const chosen = (/** @type {number} */ i, /** @type {number} */ j) =>
      i === top && j === left ? "in-window" : "";
    const under = (/** @type {number} */ i, /** @type {number} */ j) =>
      phase > 0 && i >= top && i < top + rows && j >= left && j < left + columns ? "in-window" : "";
    const framed = phase > 0 ? `input; framed: under weight (${top}, ${left})` : "input";
    fill("image", now.image, framed, { describe: "input", mark: under });
    boards.image.frame(phase > 0 ? { row: top, column: left, height: rows, width: columns } : null);
    fill("output", here.output, "output now");
    fill("target", now.target, "target: the output wanted");
    fill("error", here.error, "error = output − target");
    fill("weights", here.weights, `kernel, step ${step}`, { describe: "kernel", mark: chosen });
    fill("gradient", here.gradient, "gradient", { hidden: phase < 1, mark: chosen });
    const next = { describe: "next kernel", hidden: phase < 2, mark: chosen };
    fill("next", here.next, "next kernel", next);
    drawCurve(step);

    sums.set({ place: heading(stop), lines: lines(step, phase) });
    setText(result, verdict(stations, step, facts));
    setText(note, advice(now, curvature));
    setText(minus, `− ${number(now.learning_rate)} ·`);
    rate.set(now.learning_rate);
    detail.set(oneByOne);
    steps.set(stop, (oneByOne ? 3 * last : last) + 1);
  }

  redraw();
  return closing(steps, set, frame);
}

export default { render };
