// Gradient descent on a kernel: loss, gradient, update, step by step.

import {
  aloud, button, closing, figure, grid, h, number, numberField, panel, player, setLines, setText,
  settings, spoken, term, toggle, withNumber,
} from "../kit/kit.js";
import { chart } from "../kit/svg.js";

const MOST_STEPS = 200;
const TOO_FAR = 1e6; // so many times the first loss, and the descent is given up
const LONGEST_SUM = 9; // terms; a longer sum is not written out
const LOWEST = 1e-12; // the least loss that the chart tells from zero

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

function sizes({ image, target }) {
  return { rows: target.length, columns: target[0].length, count: target.length * target[0].length };
}

/** What the kernel makes of the image, and what it should have made, taken apart. */
export function measured({ image, target }, weights) {
  const output = target.map((line, i) =>
    line.map((_, j) => {
      let sum = 0;
      weights.forEach((row, m) => row.forEach((w, n) => (sum += w * image[i + m][j + n])));
      return sum;
    }),
  );
  const error = output.map((line, i) => line.map((value, j) => value - target[i][j]));
  const squares = error.flat().reduce((sum, e) => sum + e * e, 0);
  return { output, error, loss: squares / error.flat().length };
}

/** The slope of the loss along each weight. */
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

/** The stations of a descent; it ends early where the loss has grown beyond all bounds. */
export function descend(set, steps = MOST_STEPS) {
  const stations = [];
  let weights = set.kernel;
  for (let k = 0; k <= steps; k += 1) {
    const { output, error, loss } = measured(set, weights);
    const gradient = gradientOf(set, weights, error);
    const step = (w, m, n) => w - set.learning_rate * gradient[m][n];
    const next = weights.map((row, m) => row.map((w, n) => step(w, m, n)));
    stations.push({ weights, output, error, loss, gradient, next });
    if (loss > TOO_FAR * stations[0].loss) break;
    weights = next;
  }
  return stations;
}

/** How sharply the loss curves in the direction in which it curves most. */
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
    curvature = pulled.flat().reduce((sum, v, i) => sum + v * direction.flat()[i], 0);
    if (Math.abs(curvature - before) <= 1e-13 * curvature) break;
    direction = pulled;
  }
  return curvature;
}

// --- Words ---------------------------------------------------------------------------------------

function sum(terms, many) {
  return terms.length <= LONGEST_SUM ? terms.join(" + ") : many;
}

/** How the loss comes about. */
export function lossLine(set, { error, loss }) {
  const { count } = sizes(set);
  const squares = error.flat().map((e) => `${term(e, 4)}²`);
  const added = sum(squares, `the sum of ${count} squared errors`);
  return `loss = (${added}) / ${count} = ${number(loss, 5)}`;
}

/** How the gradient of one weight comes about. */
export function gradientLine(set, { error, gradient }, [m, n]) {
  const { count } = sizes(set);
  const products = error.flatMap((line, i) =>
    line.map((e, j) => `${term(e, 4)} · ${term(set.image[i + m][j + n], 4)}`),
  );
  const added = sum(products, `the sum of ${count} products, error · pixel`);
  return `gradient of weight (${m}, ${n}) = 2/${count} · (${added}) = ${number(gradient[m][n], 5)}`;
}

/** How one weight is moved. */
export function updateLine(set, { weights, gradient, next }, [m, n]) {
  return (
    `weight (${m}, ${n}): ${number(weights[m][n], 5)} − ${number(set.learning_rate)} · ` +
    `${term(gradient[m][n], 5)} = ${number(next[m][n], 5)}`
  );
}

/** What the loss did at the last step. */
export function verdict(stations, k) {
  const loss = number(stations[k].loss, 5);
  if (k === 0) return `The loss is ${loss}. No step has been made yet.`;
  const before = stations[k - 1].loss;
  const from = number(before, 5);
  if (stations[k].loss > TOO_FAR * stations[0].loss) {
    return `The loss is ${loss}, more than a million times the first. Here the descent is given up.`;
  }
  if (stations[k].loss > before) return `The loss rose from ${from} to ${loss}.`;
  if (stations[k].loss === before) return `The loss stays at ${loss}.`;
  return `The loss fell from ${from} to ${loss}.`;
}

/** What the learning rate does in this valley. */
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
      `side each time. In the end the loss grows without bounds. ${limit} gets down.`
    );
  }
  if (factor < 0) return `${where}: past the bottom, but nearer each time. ${limit} gets down.`;
  return `${where}: never past the bottom. ${limit} gets down, and a larger one is faster at first.`;
}

/** Numbers for a cell: four digits, or all in front of the point. */
function short(value) {
  return Math.abs(value) >= 1000 && Math.abs(value) < 1e7 ? Math.round(value) : value;
}

const PHASES = ["loss", "gradient", "update"];

// --- Drawing -------------------------------------------------------------------------------------

function powers(low, high) {
  const every = Math.max(1, Math.ceil((high - low) / 5));
  const ticks = [];
  for (let power = low; power <= high; power += every) {
    const text = Math.abs(power) <= 5 ? number(10 ** power) : `10^${number(power)}`;
    ticks.push([power, text]);
  }
  return ticks;
}

function render({ model, el }) {
  const frame = panel(el, {
    name: "descent",
    title: "A kernel learns, step by step",
    keys: [
      ["Play, Back, Step", "walk downhill; Escape pauses"],
      ["arrow keys on kernel or gradient", "choose the weight whose arithmetic is shown"],
      ["Enter, or a digit", "edit a number of input, target or kernel; Escape drops it"],
      ["mouse or finger", "point at a weight; click a number twice to edit it"],
    ],
  });
  const set = settings(model, redraw);
  let stop = 0; // counts phases where they are shown one by one, else steps
  let oneByOne = true;
  let weight = [0, 0];
  let known = null; // the settings for which the stations below hold
  let stations = [];
  let curvature = 0;
  let ghost = null; // the losses with the learning rate before

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
      frame.say(aloud(`${heading(k)}. ${short || verdict(stations, step)}`));
    },
  });
  const rate = numberField("Learning rate", {
    min: 0,
    max: 1000,
    step: 0.001,
    complain: frame.complain,
    change: (value) => {
      ghost = { rate: set.now.learning_rate, losses: stations.map((one) => one.loss) };
      set.change({ learning_rate: value });
      frame.say(aloud(advice(set.now, curvature)));
      return "";
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
    frame.say(aloud(`${heading(0)}. ${verdict(stations, 0)}`));
  });

  const edited = (key) => (i, j, value) => {
    const from = key === "kernel" ? stations[placeOf(stop).step].weights : set.now[key];
    stop = 0;
    ghost = null;
    steps.pause();
    set.change({ [key]: withNumber(from, i, j, value) });
    frame.say(aloud(`Start again. ${verdict(stations, 0)}`));
    return "";
  };
  const choose = (i, j) => {
    if (i === null || (weight[0] === i && weight[1] === j)) return;
    weight = [i, j];
    redraw();
  };
  const board = (name, options = {}) => grid({ name, complain: frame.complain, ...options });
  const boards = {
    image: board("input", { edit: edited("image") }),
    target: board("target", { edit: edited("target") }),
    output: board("output"),
    error: board("error"),
    weights: board("kernel", { edit: edited("kernel"), focus: choose, hover: choose }),
    gradient: board("gradient", { focus: choose, hover: choose }),
    next: board("next kernel", { focus: choose, hover: choose }),
  };
  const figures = Object.fromEntries(
    Object.entries(boards).map(([name, one]) => [name, figure("", one.node)]),
  );
  const minus = h("span", { class: "down-sign", "aria-hidden": "true" });
  const equals = h("span", { class: "down-sign", "aria-hidden": "true" }, "=");
  const curve = chart({ width: 24, height: 13, under: "step" });
  const legend = h("p", { class: "down-legend" });
  const place = h("p", { class: "down-place" });
  const symbols = h("div", { class: "down-lines", "aria-hidden": "true" });
  const words = h("p", { class: "cnn-spoken" });
  const result = h("p", { class: "down-result" });
  const note = h("p", { class: "down-note" });

  frame.body.append(
    h("div", { class: "cnn-controls" }, rate.node, detail.node, again),
    h(
      "div",
      { class: "cnn-figures" },
      ...["image", "output", "target", "error"].map((name) => figures[name].node),
    ),
    h(
      "div",
      { class: "cnn-figures" },
      figures.weights.node,
      minus,
      figures.gradient.node,
      equals,
      figures.next.node,
      h("figure", { class: "cnn-figure" }, h("figcaption", {}, "loss"), curve.node, legend),
    ),
    h("div", { class: "down-sum" }, place, symbols, words, result),
    steps.node,
    note,
  );

  function placeOf(k) {
    const last = stations.length - 1;
    if (!oneByOne) return { step: Math.min(k, last), phase: 2 };
    return { step: Math.min(Math.floor(k / 3), last), phase: k % 3 };
  }
  function heading(k) {
    const { step, phase } = placeOf(k);
    return oneByOne ? `Step ${step}, ${PHASES[phase]}` : `Step ${step}`;
  }
  /** How far the walk has come. It is counted in steps, as in the chart, whatever the stops. */
  function reached(k) {
    const { step, phase } = placeOf(k);
    const part = oneByOne ? `, ${PHASES[phase]}` : "";
    return `step ${step} of ${stations.length - 1}${part}`;
  }
  function lines(step, phase) {
    const all = [
      () => lossLine(set.now, stations[step]),
      () => gradientLine(set.now, stations[step], weight),
      () => updateLine(set.now, stations[step], weight),
    ];
    return (oneByOne ? [all[phase]] : all).map((line) => line());
  }

  function fill(name, rows, caption, describe = name, hidden = false, mark = () => "") {
    figures[name].set(caption);
    boards[name].draw(rows.length, rows[0].length, (i, j) => ({
      text: hidden ? "" : number(short(rows[i][j]), 4),
      label: `${describe} row ${i}, column ${j}: ${hidden ? "not yet known" : spoken(short(rows[i][j]), 4)}`,
      marks: mark(i, j),
      value: rows[i][j],
    }));
  }

  function drawCurve(step) {
    const shown = stations.slice(0, step + 1).map((one) => one.loss);
    const reach = [10, 20, 50, 100, MOST_STEPS].find((end) => step <= end);
    const faint = (ghost?.losses ?? []).slice(0, reach + 1);
    const log = (loss) => Math.log10(Math.max(loss, LOWEST));
    const all = [...shown, ...faint].map(log);
    const high = Math.ceil(Math.max(...all) + 0.1);
    const low = Math.min(Math.floor(Math.min(...all) - 0.1), high - 2);
    const points = (losses) => losses.map((loss, k) => [k, log(loss)]);
    curve.draw({
      x: { min: 0, max: reach, ticks: [0, reach / 2, reach].map((k) => [k, number(k)]) },
      y: { min: low, max: high, ticks: powers(low, high) },
      marks: [
        { points: points(faint), class: "svg-dashed" },
        { points: points(shown), class: "svg-curve" },
        { points: points(shown).slice(-1), class: "svg-dot", dot: true },
      ],
      words:
        `Chart of the loss over the steps, its axis logarithmic. Step 0: ` +
        `${spoken(shown[0], 5)}. Step ${step}: ${spoken(shown[step], 5)}.`,
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
      stations = descend(now);
      curvature = sharpest(now);
      weight = [
        Math.min(weight[0], now.kernel.length - 1),
        Math.min(weight[1], now.kernel[0].length - 1),
      ];
    }
    const last = stations.length - 1;
    stop = Math.min(stop, oneByOne ? 3 * last : last);
    const { step, phase } = placeOf(stop);
    const here = stations[step];
    const { rows, columns } = sizes(now);
    const chosen = (i, j) => (i === weight[0] && j === weight[1] ? "in-window" : "");
    const under = (i, j) =>
      phase > 0 && i >= weight[0] && i < weight[0] + rows && j >= weight[1] && j < weight[1] + columns
        ? "in-window"
        : "";
    const at = `(${weight})`.replace(",", ", ");
    fill("image", now.image, phase > 0 ? `input; framed: under weight ${at}` : "input", "input", false, under);
    boards.image.frame(
      phase > 0 ? { row: weight[0], column: weight[1], height: rows, width: columns } : null,
    );
    fill("output", here.output, "output now");
    fill("target", now.target, "target: the output due");
    fill("error", here.error, "error = output − target");
    fill("weights", here.weights, `kernel, step ${step}`, "kernel", false, chosen);
    fill("gradient", here.gradient, "gradient", "gradient", phase < 1, chosen);
    fill("next", here.next, "next kernel", "next kernel", phase < 2, chosen);
    drawCurve(step);

    setText(place, heading(stop));
    const text = lines(step, phase);
    setLines(symbols, text);
    setText(words, aloud(text.join(". ")));
    setText(result, verdict(stations, step));
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
