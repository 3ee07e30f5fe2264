// @ts-check
// Four activation functions side by side, and their slopes at a point that moves.

import {
  aloud, closing, dusted, figure, h, letDrag, number, panel, setText, settings, slider, spoken,
  term, worked,
} from "../kit/kit.js";
import { chart } from "../kit/svg.js";

/** @import { Given } from "../kit/kit.js" */
/** @import { Point } from "../kit/svg.js" */
/** @typedef {{ x: number, negative_slope: number }} Set */
/** @typedef {"relu" | "leaky_relu" | "sigmoid" | "tanh"} Key */
/** @typedef {(x: number, leak?: number) => number} Curve */

const REACH = 6; // how far the charts go on both sides of zero
/** @type {Key[]} */
const KEYS = ["relu", "leaky_relu", "sigmoid", "tanh"];

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/**
 * Each function: its name, its value and its slope at x. `leak` is leaky ReLU's slope below 0.
 * @type {Record<Key, { name: string, value: Curve, slope: Curve }>}
 */
export const FUNCTIONS = {
  relu: { name: "ReLU", value: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0) },
  leaky_relu: {
    name: "leaky ReLU",
    value: (x, leak = 0) => (x > 0 ? x : leak * x),
    slope: (x, leak = 0) => (x > 0 ? 1 : leak),
  },
  sigmoid: {
    name: "sigmoid",
    // The power of a negative number never overflows.
    value: (x) => (x >= 0 ? 1 : Math.exp(x)) / (1 + Math.exp(-Math.abs(x))),
    slope: (x) => FUNCTIONS.sigmoid.value(x) * (1 - FUNCTIONS.sigmoid.value(x)),
  },
  tanh: { name: "tanh", value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
};

/** Value and slope of every function at the point.
 * @param {Set} set
 * @returns {Record<Key, { value: number, slope: number }>}
 */
export function atPoint({ x, negative_slope: leak }) {
  const at = (/** @type {Key} */ key) => {
    return { value: FUNCTIONS[key].value(x, leak), slope: FUNCTIONS[key].slope(x, leak) };
  };
  return {
    relu: at("relu"), leaky_relu: at("leaky_relu"), sigmoid: at("sigmoid"), tanh: at("tanh"),
  };
}

// --- Words ---------------------------------------------------------------------------------------

/** How a value and a slope come about, as two lines to read.
 * @param {Key} key @param {Set} set
 */
export function lines(key, set) {
  const { x, negative_slope: leak } = set;
  const { value, slope } = atPoint(set)[key];
  const [out, steep, at] = [number(value, 4), number(slope, 4), number(x, 4)];
  const left = x > 0 ? "" : x === 0 ? ", a corner: cnnlib takes the left side" : "";
  return {
    relu: [`max(0, ${at}) = ${out}`, `slope ${steep}${left}`],
    leaky_relu: [
      x > 0 ? `${at}, as it is` : `${number(leak)} · ${term(x, 4)} = ${out}`,
      `slope ${steep}${left}`,
    ],
    sigmoid: [
      `1 / (1 + e^${term(x === 0 ? 0 : -x, 4)}) = ${out}`,
      `slope s · (1 − s) = ${steep}`,
    ],
    tanh: [`tanh(${at}) = ${out}`, `slope 1 − tanh² = ${steep}`],
  }[key];
}

/** What the slopes mean.
 * @param {Set} set
 */
export function meaning(set) {
  const { sigmoid, tanh } = atPoint(set);
  const passed = "A small change of the input reaches the output multiplied by the slope";
  const { x } = set;
  if (x > 0) {
    const flat = Math.max(sigmoid.slope, tanh.slope) < 0.1;
    const rest = flat
      ? "sigmoid and tanh are nearly flat here and pass on hardly any of it"
      : `sigmoid passes on ${number(sigmoid.slope, 3)} of it, tanh ${number(tanh.slope, 3)}`;
    return `${passed}: ReLU and leaky ReLU pass on all of it, ${rest}.`;
  }
  return (
    `${passed}: ReLU passes on nothing, leaky ReLU ${number(set.negative_slope, 2)} of it, ` +
    `sigmoid ${number(sigmoid.slope, 3)}, tanh ${number(tanh.slope, 3)}.`
  );
}

/** @param {Set} set */
function summary(set) {
  const found = atPoint(set);
  const parts = KEYS.map((key) => {
    const { value, slope } = found[key];
    return `${FUNCTIONS[key].name} ${number(value, 3)}, slope ${number(slope, 3)}`;
  });
  return `At ${number(set.x, 4)}: ${parts.join("; ")}.`;
}

// --- Drawing -------------------------------------------------------------------------------------

// One scale for all four, so that a steeper tangent is a larger slope.
const [BOTTOM, TOP] = [-2, 6];
const CURVE = Array.from({ length: 241 }, (_, k) => ((k - 120) / 120) * REACH);

/** @param {Given<Set, { reach: number }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "activation",
    title: "Activation functions and their slopes",
    keys: [
      ["arrow keys on the slider", "move the point; Home and End go to the ends"],
      ["arrow keys in a field", "change the number in small steps"],
      ["mouse or finger", "drag the point in any of the charts"],
    ],
  });
  const set = settings(model, redraw);
  const change = (/** @type {Partial<Set>} */ values) => {
    set.change(values);
    frame.say(aloud(summary(set.now)));
  };
  const move = (/** @type {number} */ x) => change({ x: dusted(x) });
  const { reach } = model.get("facts");
  const point = frame.field("Point x", { min: -reach, max: reach, step: 0.1, change: move });
  const along = slider("Point x, slider", {
    frame, change: move, min: -REACH, max: REACH, step: 0.1, quiet: true,
  });
  const leak = frame.field("Leaky ReLU's slope below 0", {
    min: 0, max: 1, step: 0.05, change: (value) => change({ negative_slope: dusted(value) }),
  });
  const views = KEYS.map((key) => {
    const plot = chart({ width: 13.6, height: 12 });
    const sum = worked();
    const part = figure(FUNCTIONS[key].name, plot.node);
    part.node.append(sum.node);
    plot.node.classList.add("bend-chart");
    const follow = (/** @type {PointerEvent} */ event) => {
      const x = Math.round(plot.at(event) * 20) / 20;
      if (x !== set.now.x) move(x);
    };
    const start = (/** @type {PointerEvent} */ event) => {
      frame.complain("");
      follow(event);
    };
    letDrag(plot.node, { start, move: follow });
    return { key, plot, sum, node: part.node };
  });
  const note = h("p", { class: "bend-note" });
  frame.body.append(
    h("div", { class: "cnn-controls" }, point.node, along.parts, leak.node),
    h("div", { class: "cnn-figures bend-charts" }, views.map((view) => view.node)),
    note,
  );

  function redraw() {
    const now = set.now;
    const found = atPoint(now);
    /** @param {number[]} values @returns {[number, string][]} */
    const ticks = (values) => values.map((value) => [value, number(value)]);
    for (const { key, plot, sum } of views) {
      const { name, value } = FUNCTIONS[key];
      const { value: y, slope } = found[key];
      // The tangent is as long on paper wherever it lies.
      const aside = 2.6 / Math.hypot(1, (slope * (REACH * 2)) / (TOP - BOTTOM));
      const end = (/** @type {number} */ by) => /** @type {Point} */ ([now.x + by, y + by * slope]);
      plot.draw({
        x: { min: -REACH, max: REACH, ticks: ticks([-6, -3, 0, 3, 6]) },
        y: { min: BOTTOM, max: TOP, ticks: ticks([-2, 0, 2, 4, 6]) },
        marks: [
          { points: CURVE.map((x) => [x, value(x, now.negative_slope)]), class: "svg-curve" },
          { points: [end(-aside), end(aside)], class: "svg-dashed" },
          { points: [[now.x, y]], class: "svg-dot", dot: true },
        ],
        words:
          `Chart of ${name} from ${spoken(-REACH)} to ${REACH}, with its tangent at ` +
          `${spoken(now.x, 4)}: value ${spoken(y, 4)}, slope ${spoken(slope, 4)}.`,
      });
      const text = lines(key, now);
      sum.set({ lines: text, words: aloud(text.join(", ")) });
    }
    setText(note, meaning(now));
    point.set(now.x);
    leak.set(now.negative_slope);
    along.set(now.x, spoken(now.x, 4));
  }

  redraw();
  return closing(set, frame);
}

export default { render };
