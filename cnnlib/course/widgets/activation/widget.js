// Four activation functions side by side, and their slopes at a point that moves.

import {
  aloud, closing, figure, h, number, numberField, panel, setAttribute, setText, settings, spoken,
  term, uniqueId,
} from "../kit/kit.js";
import { chart } from "../kit/svg.js";

const REACH = 6; // how far the charts go on both sides of zero
const LIMIT = 1000; // for the point

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** Each function: its name, its value and its slope at x. `leak` is leaky ReLU's slope below 0. */
export const FUNCTIONS = {
  relu: { name: "ReLU", value: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0) },
  leaky_relu: {
    name: "leaky ReLU",
    value: (x, leak) => (x > 0 ? x : leak * x),
    slope: (x, leak) => (x > 0 ? 1 : leak),
  },
  sigmoid: {
    name: "sigmoid",
    // The power of a negative number never overflows.
    value: (x) => (x >= 0 ? 1 : Math.exp(x)) / (1 + Math.exp(-Math.abs(x))),
    slope: (x) => FUNCTIONS.sigmoid.value(x) * (1 - FUNCTIONS.sigmoid.value(x)),
  },
  tanh: { name: "tanh", value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
};

/** Value and slope of every function at the point. */
export function atPoint({ x, negative_slope: leak }) {
  return Object.fromEntries(
    Object.entries(FUNCTIONS).map(([key, one]) => {
      return [key, { value: one.value(x, leak), slope: one.slope(x, leak) }];
    }),
  );
}

// --- Words ---------------------------------------------------------------------------------------

/** How a value and a slope come about, as two lines to read. */
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

/** What the slopes mean for learning. */
export function meaning(set) {
  const { sigmoid, tanh } = atPoint(set);
  const through = "A gradient of 1 that comes from behind leaves to the front as the slope";
  const { x } = set;
  if (x > 0) {
    const flat = Math.max(sigmoid.slope, tanh.slope) < 0.1;
    const rest = flat
      ? "sigmoid and tanh are nearly flat here and let hardly any of it through"
      : `sigmoid passes ${number(sigmoid.slope, 3)} of it, tanh ${number(tanh.slope, 3)}`;
    return `${through}: ReLU and leaky ReLU pass it whole, ${rest}.`;
  }
  return (
    `${through}: ReLU lets nothing through, leaky ReLU ${number(set.negative_slope, 2)} of it, ` +
    `sigmoid ${number(sigmoid.slope, 3)}, tanh ${number(tanh.slope, 3)}.`
  );
}

function summary(set) {
  const parts = Object.entries(atPoint(set)).map(
    ([key, { value, slope }]) =>
      `${FUNCTIONS[key].name} ${number(value, 3)}, slope ${number(slope, 3)}`,
  );
  return `At ${number(set.x, 4)}: ${parts.join("; ")}.`;
}

// --- Drawing -------------------------------------------------------------------------------------

const CURVE = Array.from({ length: 241 }, (_, k) => ((k - 120) / 120) * REACH);

function render({ model, el }) {
  const frame = panel(el, {
    name: "activation",
    title: "Activation functions and their slopes",
    keys: [
      ["arrow keys on the slider", "move the point; Home and End go to the ends"],
      ["arrow keys in a field", "change the number in small steps"],
      ["mouse or finger", "drag the point in any of the charts"],
    ],
  });
  const set = settings(model, redraw);
  const move = (x) => {
    const tidy = Number(x.toPrecision(10)); // 0.3, not 0.1 + 0.1 + 0.1
    set.change({ x: tidy === 0 ? 0 : tidy });
    frame.say(aloud(summary(set.now)));
    return "";
  };
  const point = numberField("Point x", {
    min: -LIMIT,
    max: LIMIT,
    step: 0.1,
    complain: frame.complain,
    change: move,
  });
  const sliderId = uniqueId();
  const slider = h("input", {
    id: sliderId,
    type: "range",
    class: "cnn-slider",
    min: -REACH,
    max: REACH,
    step: 0.1,
    oninput: () => {
      frame.complain("");
      move(Number(slider.value));
    },
  });
  const leak = numberField("Leaky ReLU's slope below 0", {
    min: 0,
    max: 1,
    step: 0.05,
    complain: frame.complain,
    change: (value) => {
      set.change({ negative_slope: Number(value.toPrecision(10)) });
      frame.say(aloud(summary(set.now)));
      return "";
    },
  });
  const views = Object.fromEntries(
    Object.entries(FUNCTIONS).map(([key, { name }]) => {
      const plot = chart({ width: 13.6, height: 12 });
      const symbols = [h("p"), h("p")];
      const words = h("p", { class: "cnn-spoken" });
      const box = h("div", { class: "bend-lines", "aria-hidden": "true" }, symbols);
      const part = figure(name, plot.node);
      part.node.append(box, words);
      plot.node.classList.add("bend-chart");
      letDrag(plot);
      return [key, { plot, symbols, words, node: part.node }];
    }),
  );
  const note = h("p", { class: "bend-note" });
  frame.body.append(
    h(
      "div",
      { class: "cnn-controls" },
      point.node,
      h("label", { for: sliderId, class: "cnn-spoken" }, "Point x, slider"),
      slider,
      leak.node,
    ),
    h("div", { class: "cnn-figures bend-charts" }, Object.values(views).map((view) => view.node)),
    note,
  );

  function letDrag(plot) {
    const follow = (event) => {
      const x = Math.round(plot.at(event) * 20) / 20;
      if (x !== set.now.x) move(x);
    };
    plot.node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      plot.node.setPointerCapture(event.pointerId);
      frame.complain("");
      follow(event);
    });
    plot.node.addEventListener("pointermove", (event) => {
      if (plot.node.hasPointerCapture(event.pointerId)) follow(event);
    });
  }

  function redraw() {
    const now = set.now;
    const found = atPoint(now);
    const ticks = (values) => values.map((value) => [value, number(value)]);
    for (const [key, { plot, symbols, words }] of Object.entries(views)) {
      const { name, value } = FUNCTIONS[key];
      const { value: y, slope } = found[key];
      const narrow = key === "sigmoid" || key === "tanh";
      // The tangent is as long on paper wherever it lies.
      const height = narrow ? 3 : 8;
      const reach = 2.6 / Math.hypot(1, slope * (REACH * 2) / height);
      plot.draw({
        x: { min: -REACH, max: REACH, ticks: ticks([-6, -3, 0, 3, 6]) },
        y: {
          min: narrow ? -1.5 : -2,
          max: narrow ? 1.5 : 6,
          ticks: ticks(narrow ? [-1, 0, 1] : [-2, 0, 2, 4, 6]),
        },
        marks: [
          { points: CURVE.map((x) => [x, value(x, now.negative_slope)]), class: "svg-curve" },
          {
            points: [-1, 1].map((side) => [now.x + side * reach, y + side * reach * slope]),
            class: "svg-dashed",
          },
          { points: [[now.x, y]], class: "svg-dot", dot: true },
        ],
        words:
          `Chart of ${name} from ${spoken(-REACH)} to ${REACH}, with its tangent at ` +
          `${spoken(now.x, 4)}: value ${spoken(y, 4)}, slope ${spoken(slope, 4)}.`,
      });
      const text = lines(key, now);
      text.forEach((one, k) => setText(symbols[k], one));
      setText(words, aloud(text.join(", ")));
    }
    setText(note, meaning(now));
    point.set(now.x);
    leak.set(now.negative_slope);
    slider.value = String(now.x);
    setAttribute(slider, "aria-valuetext", spoken(now.x, 4));
  }

  redraw();
  return closing(set, frame);
}

export default { render };
