// @ts-check
// A computation graph: values flow forward, gradients flow back, a number on every arrow.

import {
  aloud, button, choice, closing, h, number, panel, player, setAttribute, settings, sum, term,
  worked,
} from "../kit/kit.js";
import { label, line, picture, svg } from "../kit/svg.js";

/** @import { Given, NumberField } from "../kit/kit.js" */
/** @import { Point } from "../kit/svg.js" */
/** @typedef {Record<string, number>} Numbers by the names of arrows or inputs */
/** @typedef {{ graph: string, inputs: Numbers }} Set */
/** @typedef {"product" | "sum" | "relu" | "square" | "squared difference" | "scale" | "shift"} Does */
/** @typedef {{ box: string, does: Does, inputs: string[], output: string, by: number }} Rule */
/**
 * @typedef {object} Graph as the figures of the notebook draw it
 * @property {Record<string, [x: number, y: number, text: string]>} nodes
 * @property {Record<string, [from: string, to: string]>} arrows by the name of what each carries
 * @property {Rule[]} rules in the order of the work
 * @property {Numbers} inputs to begin with
 */
/** @typedef {{ limit: number, graphs: Record<string, Graph> }} Facts */
/** @typedef {"given" | "forward" | "start" | "backward" | "meet"} Phase */
/** @typedef {{ phase: Phase, box: string, values: string[], gradients: string[] }} Step */

/** @type {[string, string][]} */
const CHOICES = [
  ["neuron", "a neuron with its loss"],
  ["chain", "a chain"],
  ["fork", "a value used twice"],
];

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** @type {Record<Does, (inputs: number[], by: number) => number>} */
const FORWARD = {
  product: ([a, b]) => a * b,
  sum: ([a, b]) => a + b,
  relu: ([a]) => Math.max(a, 0),
  square: ([a]) => a * a,
  "squared difference": ([a, b]) => (a - b) * (a - b),
  scale: ([a], by) => by * a,
  shift: ([a], by) => a + by,
};
/** @type {Record<Does, (inputs: number[], by: number) => number[]>} */
const SLOPES = {
  product: ([a, b]) => [b, a],
  sum: () => [1, 1],
  relu: ([a]) => [a > 0 ? 1 : 0],
  square: ([a]) => [2 * a],
  "squared difference": ([a, b]) => [2 * (a - b), -2 * (a - b)],
  scale: (_, by) => [by],
  shift: () => [1],
};

/** The arrows that leave an input.
 * @param {Graph} graph @param {string} input
 */
function leaving({ arrows }, input) {
  return Object.keys(arrows).filter((arrow) => arrows[arrow][0] === input);
}

/** The value and the gradient of each arrow, and the gradient of each input.
 * @param {Graph} graph @param {Numbers} inputs
 */
export function flow(graph, inputs) {
  const { rules } = graph;
  /** @type {Numbers} */
  const values = {};
  for (const [input, value] of Object.entries(inputs)) {
    for (const arrow of leaving(graph, input)) values[arrow] = value;
  }
  const given = (/** @type {Rule} */ rule) => rule.inputs.map((arrow) => values[arrow]);
  for (const rule of rules) values[rule.output] = FORWARD[rule.does](given(rule), rule.by);
  /** @type {Numbers} */
  const gradients = { L: 1 };
  for (const rule of rules.toReversed()) {
    SLOPES[rule.does](given(rule), rule.by).forEach((slope, k) => {
      gradients[rule.inputs[k]] = gradients[rule.output] * slope;
    });
  }
  /** @type {Numbers} */
  const totals = {};
  for (const input of Object.keys(inputs)) {
    totals[input] = sum(leaving(graph, input).map((arrow) => gradients[arrow]));
  }
  return { values, gradients, totals };
}

/** The steps of a graph in their order; each says on which arrows it writes what.
 * @param {Graph} graph
 */
export function stepsOf(graph) {
  const { rules, inputs } = graph;
  const starts = Object.keys(inputs).flatMap((input) => leaving(graph, input));
  /** @type {Step[]} */
  const steps = [{ phase: "given", box: "", values: starts, gradients: [] }];
  for (const rule of rules) {
    steps.push({ phase: "forward", box: rule.box, values: [rule.output], gradients: [] });
  }
  steps.push({ phase: "start", box: "L", values: [], gradients: ["L"] });
  for (const rule of rules.toReversed()) {
    steps.push({ phase: "backward", box: rule.box, values: [], gradients: rule.inputs });
  }
  for (const input of Object.keys(inputs)) {
    if (leaving(graph, input).length > 1) {
      steps.push({ phase: "meet", box: input, values: [], gradients: [] });
    }
  }
  return steps;
}

// --- Words ---------------------------------------------------------------------------------------

/** A name as it is written: a true minus sign.
 * @param {string} arrow
 */
function written(arrow) {
  return arrow.replace("-", "−");
}

/** How a box makes its output from numbers, or from names.
 * @param {Rule} rule @param {string[]} inputs
 */
function formula(rule, [a, b]) {
  return {
    product: `${a} · ${b}`,
    sum: `${a} + ${b}`,
    relu: `max(0, ${a})`,
    square: `${a}²`,
    "squared difference": `(${a} − ${b})²`,
    scale: `${term(rule.by)} · ${a}`,
    shift: `${a} + ${term(rule.by)}`,
  }[rule.does];
}

/** Why a box has this local slope along its input k.
 * @param {Rule} rule @param {number} k @param {Numbers} values
 */
function reason(rule, k, values) {
  const [one, other] = [rule.inputs[k], rule.inputs[1 - k]];
  const sign = k === 0 ? 2 : -2;
  return {
    product: `the other factor, ${other} = ${number(values[other])}`,
    sum: "plus passes on",
    relu: `the gate is ${values[one] > 0 ? "open" : "shut"}, for ${one} = ${number(values[one])} is ${
      values[one] > 0 ? "" : "not "
    }positive`,
    square: `2 · ${written(one)} = 2 · ${term(values[one])}`,
    "squared difference":
      `${number(sign)} · (a − t) = ${number(sign)} · ${term(values.a - values.t)}`,
    scale: `the factor ${number(rule.by)}`,
    shift: "a number that is added changes no slope",
  }[rule.does];
}

/** The title of a step.
 * @param {Graph} graph @param {number} k
 */
export function title(graph, k) {
  const { phase, box } = stepsOf(graph)[k];
  const text = graph.nodes[box]?.[2];
  return {
    given: "The inputs are given",
    forward: `Forward, box ${text}`,
    start: "The way back begins at L",
    backward: `Backward, box ${text}`,
    meet: `Where the paths of ${text} meet`,
  }[phase];
}

/** What happens at a step, as lines to read; with `brief`, without the reasons.
 * @param {Graph} graph @param {Numbers} inputs @param {number} k
 */
export function lines(graph, inputs, k, { brief = false } = {}) {
  const { values, gradients, totals } = flow(graph, inputs);
  const { phase, box } = stepsOf(graph)[k];
  if (phase === "given") {
    const given = Object.entries(inputs).map(([name, value]) => `${name} = ${number(value)}`).join(", ");
    return [`${given}. Which L comes out? Say a number, then step.`];
  }
  if (phase === "start") return ["L moves as fast as itself: its gradient is 1."];
  if (phase === "meet") {
    const parts = leaving(graph, box).map((arrow) => term(gradients[arrow])).join(" + ");
    return [`Where paths meet, gradients add: ${parts} = ${number(totals[box])} for ${box}.`];
  }
  const rule = graph.rules[graph.rules.findIndex((one) => one.box === box)];
  if (phase === "forward") {
    const numbers = rule.inputs.map((arrow) => term(values[arrow]));
    const bare = rule.does === "squared difference" ? ` = ${term(values.a - values.t)}²` : "";
    return [
      `${written(rule.output)} = ${formula(rule, rule.inputs.map(written))} = ` +
        `${formula(rule, numbers)}${bare} = ${number(values[rule.output])}`,
    ];
  }
  const right = gradients[rule.output];
  const slopes = SLOPES[rule.does](rule.inputs.map((arrow) => values[arrow]), rule.by);
  return rule.inputs.map((arrow, n) => {
    const product = `${number(right)} · ${term(slopes[n])} = ${number(gradients[arrow])}`;
    const why = `, local slope ${number(slopes[n])} (${reason(rule, n, values)})`;
    return `to ${written(arrow)}: ${product}${brief ? "" : why}`;
  });
}

/** What stands in the picture, in words.
 * @param {Numbers} values @param {Numbers} gradients
 */
function description(values, gradients) {
  const list = (/** @type {Numbers} */ numbers) =>
    Object.entries(numbers).map(([arrow, value]) => `${written(arrow)} ${number(value)}`).join("; ");
  const backward = Object.keys(gradients).length ? ` Gradients: ${list(gradients)}.` : "";
  return aloud(`Computation graph. Values: ${list(values)}.${backward}`);
}

// --- Drawing -------------------------------------------------------------------------------------

const [WIDE, TALL] = [4.7, 5.6]; // em in one unit of the places above
const HIGH = 2; // em, of a box

/** @param {string} text */
function boxWidth(text) {
  return Math.max(2, 0.62 * text.length + 1.1);
}

/** Where a line from the middle of a box leaves it.
 * @param {Point} middle @param {number} width @param {Point} direction
 * @returns {Point}
 */
function edgeOf([x, y], width, [dx, dy]) {
  const t = Math.min(
    dx === 0 ? Infinity : (width / 2 + 0.15) / Math.abs(dx),
    dy === 0 ? Infinity : (HIGH / 2 + 0.15) / Math.abs(dy),
  );
  return [x + t * dx, y + t * dy];
}

/** @param {Point} tip @param {Point} direction @param {string} className */
function arrowHead([x, y], [dx, dy], className) {
  const at = (/** @type {number} */ back, /** @type {number} */ aside) =>
    `${10 * (x - back * dx - aside * dy)},${10 * (y - back * dy + aside * dx)}`;
  return svg("polygon", { class: className, points: `${at(0, 0)} ${at(0.7, 0.32)} ${at(0.7, -0.32)}` });
}

/** @param {Graph} graph @param {Numbers} inputs @param {number} k */
function drawing(graph, inputs, k) {
  const { nodes, arrows } = graph;
  const all = flow(graph, inputs);
  const steps = stepsOf(graph);
  const now = steps[k];
  /** What is known by now. @param {"values" | "gradients"} kind @returns {Numbers} */
  const known = (kind) =>
    Object.fromEntries(
      steps.slice(0, k + 1).flatMap((step) => step[kind].map((arrow) => [arrow, all[kind][arrow]])),
    );
  const values = known("values");
  const gradients = known("gradients");
  const places = Object.values(nodes);
  const maxX = Math.max(...places.map(([x]) => x));
  const minY = Math.min(-0.2, ...places.map(([, y]) => y));
  const maxY = Math.max(0.2, ...places.map(([, y]) => y));
  /** @param {string} name @returns {Point} */
  const at = (name) => {
    const [x, y] = nodes[name];
    return [x * WIDE + 1.6, (maxY - y) * TALL + 1.4];
  };
  const node = picture(maxX * WIDE + 3.2, (maxY - minY) * TALL + 2.8);
  setAttribute(node, "aria-label", description(values, gradients));

  for (const [arrow, [from, to]] of Object.entries(arrows)) {
    const [a, b] = [at(from), at(to)];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    /** @type {Point} */
    const along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    /** @type {Point} */
    const against = [-along[0], -along[1]];
    const start = edgeOf(a, boxWidth(nodes[from][2]), along);
    const stop = edgeOf(b, boxWidth(nodes[to][2]), against);
    const up = along[0] > 0 ? [along[1], -along[0]] : [-along[1], along[0]]; // out of the line, upwards
    const isNew = now.values.includes(arrow);
    const back = now.gradients.includes(arrow);
    node.append(
      line(...start, ...stop, `flow-arrow ${isNew ? "flow-new" : ""}`),
      arrowHead(stop, along, `flow-head ${isNew ? "flow-new" : ""}`),
    );
    if (back) {
      /** @param {Point} p @returns {Point} */
      const low = (p) => [p[0] - 0.42 * up[0], p[1] - 0.42 * up[1]];
      node.append(
        line(...low(start), ...low(stop), "flow-back"),
        arrowHead(low(start), against, "flow-back-head"),
      );
    }
    const part = Math.abs(along[1]) > 0.6 ? 0.4 : 0.5; // on a steep arrow, away from what is above
    const middle = start.map((begin, axis) => begin + part * (stop[axis] - begin));
    /** @param {string} text @param {1 | -1} side @param {string} className */
    const beside = (text, side, className) => {
      // A text is wider than high, so beside a slope it needs more room.
      const away = 0.95 + Math.abs(up[0]) * (0.3 * text.length);
      const near = side > 0 ? away : away + (back ? 0.35 : 0.1);
      node.append(
        label(text, middle[0] + side * near * up[0], middle[1] + side * near * up[1], className),
      );
    };
    if (arrow in values) beside(number(values[arrow], 4), 1, `flow-value ${isNew ? "flow-now" : ""}`);
    if (arrow in gradients) {
      beside(number(gradients[arrow], 4), -1, `flow-gradient ${back ? "flow-now" : ""}`);
    }
  }
  for (const [name, [, , text]] of Object.entries(nodes)) {
    const [x, y] = at(name);
    const wide = boxWidth(text);
    const active = now.box === name;
    node.append(
      svg("rect", {
        class: `flow-box ${active ? "flow-active" : ""}`,
        x: 10 * (x - wide / 2),
        y: 10 * (y - HIGH / 2),
        width: 10 * wide,
        height: 10 * HIGH,
        rx: 4,
      }),
      label(text, x, y, "flow-name"),
    );
    if (now.phase === "meet" && active) {
      node.append(label(number(all.totals[name], 4), x, y + 1.7, "flow-gradient flow-now"));
    }
  }
  return node;
}

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "graph",
    title: "Values flow forward, gradients flow back",
    keys: [
      ["Play, Back, Step", "walk through the boxes, forward and then back; Escape pauses"],
      ["arrow keys on the slider", "the same; Home and End go to the ends"],
      ["arrow keys in a field", "make an input larger or smaller by 1"],
    ],
  });
  const set = settings(model, redraw);
  const { limit, graphs } = model.get("facts");
  const graph = () => graphs[set.now.graph];
  const text = ({ brief = false } = {}) => lines(graph(), set.now.inputs, place, { brief });
  let place = 0;
  let drawn = "";
  const steps = player({
    panel: frame,
    name: (k) => title(graph(), k),
    go: (k, { playing }) => {
      place = k;
      redraw();
      frame.say(aloud(`${title(graph(), k)}. ${text({ brief: playing }).join(". ")}`));
    },
  });
  const all = button("Show all", () => {
    steps.pause();
    place = stepsOf(graph()).length - 1;
    redraw();
    frame.say(summary());
  });
  steps.node.append(all);
  const which = choice("Graph", CHOICES, (name) => {
    set.change({ graph: name, inputs: graphs[name].inputs });
    frame.say(aloud(`${title(graph(), 0)}. ${text().join(" ")}`));
  });
  const fieldBox = h("span", { class: "cnn-controls flow-inputs" });
  /** @type {Record<string, NumberField>} */
  let fields = {};
  const canvas = h("div", { class: "flow-canvas" });
  const work = worked();
  frame.body.append(
    h("div", { class: "cnn-controls" }, which.node, fieldBox),
    canvas,
    h(
      "p",
      { class: "flow-legend" },
      h("b", {}, "bold, above an arrow: value"),
      h("i", {}, "slanted, below it: gradient of L"),
    ),
    work.node,
    steps.node,
  );

  function summary() {
    const { values, totals } = flow(graph(), set.now.inputs);
    const parts = Object.entries(totals).map(([input, value]) => `${input}: ${number(value)}`);
    return aloud(`L is ${number(values.L)}. Gradients, ${parts.join("; ")}.`);
  }

  /** @param {string} input */
  function makeField(input) {
    return frame.field(input, {
      min: -limit,
      max: limit,
      change: (value) => {
        set.change({ inputs: { ...set.now.inputs, [input]: value } });
        frame.say(place === 0 ? aloud(`${input} is ${number(value)}.`) : summary());
      },
    });
  }

  function redraw() {
    const now = set.now;
    if (now.graph !== drawn) {
      steps.pause();
      if (drawn) place = 0;
      drawn = now.graph;
      fields = Object.fromEntries(Object.keys(now.inputs).map((input) => [input, makeField(input)]));
      fieldBox.replaceChildren(...Object.values(fields).map((field) => field.node));
    }
    for (const [input, value] of Object.entries(now.inputs)) fields[input].set(value);
    which.set(now.graph);
    canvas.replaceChildren(drawing(graph(), now.inputs, place));
    work.set({ place: title(graph(), place), lines: text() });
    steps.set(place, stepsOf(graph()).length);
  }

  redraw();
  return closing(steps, set, frame);
}

export default { render };
