// A computation graph: values flow forward, gradients flow back, a number on every arrow.

import {
  aloud, button, choice, closing, h, number, numberField, panel, player, setAttribute, setLines,
  setText, settings, term,
} from "../kit/kit.js";
import { label, line, picture, svg } from "../kit/svg.js";

const LIMIT = 1e6; // for the inputs

// Where the boxes stand, and each arrow under the name of what it carries, as in the figures of
// the notebook. A rule is {box, does, inputs, output, by}; they stand in the order of the work.
export const GRAPHS = {
  neuron: {
    nodes: {
      x: [0, 0.9, "x"],
      w: [0, -0.9, "w"],
      times: [2, 0, "×"],
      b: [2.4, -1.6, "b"],
      plus: [4, 0, "+"],
      relu: [6, 0, "ReLU"],
      t: [6.5, -1.6, "t"],
      square: [8.2, 0, "(a − t)²"],
      L: [10.2, 0, "L"],
    },
    arrows: {
      x: ["x", "times"],
      w: ["w", "times"],
      product: ["times", "plus"],
      b: ["b", "plus"],
      z: ["plus", "relu"],
      a: ["relu", "square"],
      t: ["t", "square"],
      L: ["square", "L"],
    },
    rules: [
      { box: "times", does: "product", inputs: ["x", "w"], output: "product", by: 0 },
      { box: "plus", does: "sum", inputs: ["product", "b"], output: "z", by: 0 },
      { box: "relu", does: "relu", inputs: ["z"], output: "a", by: 0 },
      { box: "square", does: "squared difference", inputs: ["a", "t"], output: "L", by: 0 },
    ],
    inputs: { x: 2, w: 3, b: -1, t: 7 },
  },
  chain: {
    nodes: {
      x: [0, 0, "x"],
      times: [2, 0, "× 3"],
      minus: [4, 0, "− 1"],
      square: [6, 0, "square"],
      L: [8, 0, "L"],
    },
    arrows: {
      x: ["x", "times"],
      u: ["times", "minus"],
      v: ["minus", "square"],
      L: ["square", "L"],
    },
    rules: [
      { box: "times", does: "scale", inputs: ["x"], output: "u", by: 3 },
      { box: "minus", does: "shift", inputs: ["u"], output: "v", by: -1 },
      { box: "square", does: "square", inputs: ["v"], output: "L", by: 0 },
    ],
    inputs: { x: 2 },
  },
  fork: {
    nodes: {
      w: [0, 0, "w"],
      "times 3": [2.4, 0.8, "× 3"],
      "times 5": [2.4, -0.8, "× 5"],
      "times 2": [4.8, 0.8, "× 2"],
      "times -1": [4.8, -0.8, "× (−1)"],
      plus: [7.2, 0, "+"],
      L: [9, 0, "L"],
    },
    arrows: {
      "w, upper": ["w", "times 3"],
      "w, lower": ["w", "times 5"],
      "3w": ["times 3", "times 2"],
      "5w": ["times 5", "times -1"],
      "6w": ["times 2", "plus"],
      "-5w": ["times -1", "plus"],
      L: ["plus", "L"],
    },
    rules: [
      { box: "times 3", does: "scale", inputs: ["w, upper"], output: "3w", by: 3 },
      { box: "times 5", does: "scale", inputs: ["w, lower"], output: "5w", by: 5 },
      { box: "times 2", does: "scale", inputs: ["3w"], output: "6w", by: 2 },
      { box: "times -1", does: "scale", inputs: ["5w"], output: "-5w", by: -1 },
      { box: "plus", does: "sum", inputs: ["6w", "-5w"], output: "L", by: 0 },
    ],
    inputs: { w: 2 },
  },
};
const CHOICES = [
  ["neuron", "a neuron with its loss"],
  ["chain", "a chain"],
  ["fork", "a value used twice"],
];

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

const FORWARD = {
  product: ([a, b]) => a * b,
  sum: ([a, b]) => a + b,
  relu: ([a]) => Math.max(a, 0),
  square: ([a]) => a * a,
  "squared difference": ([a, b]) => (a - b) * (a - b),
  scale: ([a], by) => by * a,
  shift: ([a], by) => a + by,
};
const SLOPES = {
  product: ([a, b]) => [b, a],
  sum: () => [1, 1],
  relu: ([a]) => [a > 0 ? 1 : 0],
  square: ([a]) => [2 * a],
  "squared difference": ([a, b]) => [2 * (a - b), -2 * (a - b)],
  scale: (_, by) => [by],
  shift: () => [1],
};

/** The arrows that leave an input. */
function leaving(name, input) {
  const { arrows } = GRAPHS[name];
  return Object.keys(arrows).filter((arrow) => arrows[arrow][0] === input);
}

/** The value and the gradient of each arrow, and the gradient of each input. */
export function flow({ graph: name, inputs }) {
  const { rules } = GRAPHS[name];
  const values = {};
  for (const [input, value] of Object.entries(inputs)) {
    for (const arrow of leaving(name, input)) values[arrow] = value;
  }
  const given = (rule) => rule.inputs.map((arrow) => values[arrow]);
  for (const rule of rules) values[rule.output] = FORWARD[rule.does](given(rule), rule.by);
  const gradients = { L: 1 };
  for (const rule of [...rules].reverse()) {
    SLOPES[rule.does](given(rule), rule.by).forEach((slope, k) => {
      gradients[rule.inputs[k]] = gradients[rule.output] * slope;
    });
  }
  const totals = {};
  for (const input of Object.keys(inputs)) {
    totals[input] = leaving(name, input).reduce((sum, arrow) => sum + gradients[arrow], 0);
  }
  return { values, gradients, totals };
}

/** The steps of a graph in their order; each says on which arrows it writes what. */
export function stepsOf(name) {
  const { rules, inputs } = GRAPHS[name];
  const starts = Object.keys(inputs).flatMap((input) => leaving(name, input));
  const steps = [{ phase: "given", box: "", values: starts, gradients: [] }];
  for (const rule of rules) {
    steps.push({ phase: "forward", box: rule.box, values: [rule.output], gradients: [] });
  }
  steps.push({ phase: "start", box: "L", values: [], gradients: ["L"] });
  for (const rule of [...rules].reverse()) {
    steps.push({ phase: "backward", box: rule.box, values: [], gradients: rule.inputs });
  }
  for (const input of Object.keys(inputs)) {
    if (leaving(name, input).length > 1) {
      steps.push({ phase: "meet", box: input, values: [], gradients: [] });
    }
  }
  return steps;
}

// --- Words ---------------------------------------------------------------------------------------

/** A name as it is written: a true minus sign. */
function written(arrow) {
  return arrow.replace("-", "−");
}

/** How a box makes its output from numbers, or from names. */
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

/** Why a box has this local slope along its input k. */
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

/** The title of a step. */
export function title(name, k) {
  const { phase, box } = stepsOf(name)[k];
  const text = GRAPHS[name].nodes[box]?.[2];
  return {
    given: "The inputs are given",
    forward: `Forward, box ${text}`,
    start: "The way back begins at L",
    backward: `Backward, box ${text}`,
    meet: `Where the paths of ${text} meet`,
  }[phase];
}

/** What happens at a step, as lines to read; with `brief`, without the reasons. */
export function lines(set, k, { brief = false } = {}) {
  const { graph: name, inputs } = set;
  const { values, gradients, totals } = flow(set);
  const { phase, box } = stepsOf(name)[k];
  const rule = GRAPHS[name].rules.find((one) => one.box === box);
  const names = Object.keys(inputs);
  if (phase === "given") {
    const given = names.map((input) => `${input} = ${number(inputs[input])}`).join(", ");
    return [`${given}. Which L comes out? Say a number, then step.`];
  }
  if (phase === "forward") {
    const numbers = rule.inputs.map((arrow) => term(values[arrow]));
    const bare = rule.does === "squared difference" ? ` = ${term(values.a - values.t)}²` : "";
    return [
      `${written(rule.output)} = ${formula(rule, rule.inputs.map(written))} = ` +
        `${formula(rule, numbers)}${bare} = ${number(values[rule.output])}`,
    ];
  }
  if (phase === "start") return ["L moves as fast as itself: its gradient is 1."];
  if (phase === "meet") {
    const parts = leaving(name, box).map((arrow) => term(gradients[arrow])).join(" + ");
    return [`Where paths meet, gradients add: ${parts} = ${number(totals[box])} for ${box}.`];
  }
  const right = gradients[rule.output];
  const slopes = SLOPES[rule.does](rule.inputs.map((arrow) => values[arrow]), rule.by);
  return rule.inputs.map((arrow, n) => {
    const product = `${number(right)} · ${term(slopes[n])} = ${number(gradients[arrow])}`;
    const why = `, local slope ${number(slopes[n])} (${reason(rule, n, values)})`;
    return `to ${written(arrow)}: ${product}${brief ? "" : why}`;
  });
}

/** What stands in the picture, in words. */
function description(set, values, gradients) {
  const list = (numbers) =>
    Object.entries(numbers).map(([arrow, value]) => `${written(arrow)} ${number(value)}`).join("; ");
  const backward = Object.keys(gradients).length ? ` Gradients: ${list(gradients)}.` : "";
  return aloud(`Computation graph. Values: ${list(values)}.${backward}`);
}

// --- Drawing -------------------------------------------------------------------------------------

const [WIDE, TALL] = [4.7, 5.6]; // em in one unit of the places above
const HIGH = 2; // em, of a box

function boxWidth(text) {
  return Math.max(2, 0.62 * text.length + 1.1);
}

/** Where a line from the middle of a box leaves it. */
function edgeOf([x, y], width, [dx, dy]) {
  const t = Math.min(
    dx === 0 ? Infinity : (width / 2 + 0.15) / Math.abs(dx),
    dy === 0 ? Infinity : (HIGH / 2 + 0.15) / Math.abs(dy),
  );
  return [x + t * dx, y + t * dy];
}

function arrowHead([x, y], [dx, dy], className) {
  const at = (back, aside) => `${10 * (x - back * dx - aside * dy)},${10 * (y - back * dy + aside * dx)}`;
  return svg("polygon", { class: className, points: `${at(0, 0)} ${at(0.7, 0.32)} ${at(0.7, -0.32)}` });
}

function drawing(set, k) {
  const { nodes, arrows } = GRAPHS[set.graph];
  const all = flow(set);
  const steps = stepsOf(set.graph);
  const now = steps[k];
  const shown = (kind) =>
    Object.fromEntries(
      steps.slice(0, k + 1).flatMap((step) => step[kind].map((arrow) => [arrow, all[kind][arrow]])),
    );
  const values = shown("values");
  const gradients = shown("gradients");
  const places = Object.values(nodes);
  const maxX = Math.max(...places.map(([x]) => x));
  const minY = Math.min(-0.2, ...places.map(([, y]) => y));
  const maxY = Math.max(0.2, ...places.map(([, y]) => y));
  const at = (node) => {
    const [x, y] = nodes[node];
    return [x * WIDE + 1.6, (maxY - y) * TALL + 1.4];
  };
  const node = picture(maxX * WIDE + 3.2, (maxY - minY) * TALL + 2.8);
  setAttribute(node, "aria-label", description(set, values, gradients));

  for (const [arrow, [from, to]] of Object.entries(arrows)) {
    const [a, b] = [at(from), at(to)];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    const start = edgeOf(a, boxWidth(nodes[from][2]), along);
    const stop = edgeOf(b, boxWidth(nodes[to][2]), [-along[0], -along[1]]);
    const up = along[0] > 0 ? [along[1], -along[0]] : [-along[1], along[0]]; // out of the line, upwards
    const isNew = now.values.includes(arrow);
    const back = now.gradients.includes(arrow);
    node.append(
      line(...start, ...stop, `flow-arrow ${isNew ? "flow-new" : ""}`),
      arrowHead(stop, along, `flow-head ${isNew ? "flow-new" : ""}`),
    );
    if (back) {
      const low = (p) => [p[0] - 0.42 * up[0], p[1] - 0.42 * up[1]];
      node.append(
        line(...low(start), ...low(stop), "flow-back"),
        arrowHead(low(start), [-along[0], -along[1]], "flow-back-head"),
      );
    }
    const part = Math.abs(along[1]) > 0.6 ? 0.4 : 0.5; // on a steep arrow, away from what is above
    const middle = start.map((from, axis) => from + part * (stop[axis] - from));
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

function render({ model, el }) {
  const frame = panel(el, {
    name: "graph",
    title: "Values flow forward, gradients flow back",
    keys: [
      ["Play, Back, Step", "walk through the boxes, forward and then back; Escape pauses"],
      ["arrow keys on the slider", "the same; Home and End go to the ends"],
      ["arrow keys in a field", "make an input larger or smaller by 1"],
    ],
  });
  const set = settings(model, redraw);
  let place = 0;
  let drawn = "";
  const steps = player({
    panel: frame,
    name: (k) => title(set.now.graph, k),
    go: (k, { playing }) => {
      place = k;
      redraw();
      const text = lines(set.now, k, { brief: playing }).join(". ");
      frame.say(aloud(`${title(set.now.graph, k)}. ${text}`));
    },
  });
  const all = button("Show all", () => {
    steps.pause();
    place = stepsOf(set.now.graph).length - 1;
    redraw();
    frame.say(summary());
  });
  steps.node.append(all);
  const graphs = choice("Graph", CHOICES, (graph) => {
    set.change({ graph, inputs: GRAPHS[graph].inputs });
    frame.say(aloud(`${title(graph, 0)}. ${lines(set.now, 0).join(" ")}`));
  });
  const fieldBox = h("span", { class: "cnn-controls flow-inputs" });
  let fields = {};
  const canvas = h("div", { class: "flow-canvas" });
  const heading = h("p", { class: "flow-title" });
  const symbols = h("div", { class: "flow-lines", "aria-hidden": "true" });
  const words = h("p", { class: "cnn-spoken" });
  frame.body.append(
    h("div", { class: "cnn-controls" }, graphs.node, fieldBox),
    canvas,
    h(
      "p",
      { class: "flow-legend" },
      h("b", {}, "bold, above an arrow: value"),
      h("i", {}, "slanted, below it: gradient of L"),
    ),
    h("div", { class: "flow-sum" }, heading, symbols, words),
    steps.node,
  );

  function summary() {
    const { values, totals } = flow(set.now);
    const parts = Object.entries(totals).map(([input, value]) => `${input}: ${number(value)}`);
    return aloud(`L is ${number(values.L)}. Gradients, ${parts.join("; ")}.`);
  }

  function makeField(input) {
    return numberField(input, {
      min: -LIMIT,
      max: LIMIT,
      complain: frame.complain,
      change: (value) => {
        set.change({ inputs: { ...set.now.inputs, [input]: value } });
        frame.say(place === 0 ? aloud(`${input} is ${number(value)}.`) : summary());
        return "";
      },
    });
  }

  function redraw() {
    const now = set.now;
    const count = stepsOf(now.graph).length;
    if (now.graph !== drawn) {
      steps.pause();
      if (drawn) place = 0;
      drawn = now.graph;
      fields = Object.fromEntries(Object.keys(now.inputs).map((input) => [input, makeField(input)]));
      fieldBox.replaceChildren(...Object.values(fields).map((field) => field.node));
    }
    for (const [input, value] of Object.entries(now.inputs)) fields[input].set(value);
    graphs.set(now.graph);
    canvas.replaceChildren(drawing(now, place));
    setText(heading, title(now.graph, place));
    const text = lines(now, place);
    setLines(symbols, text);
    setText(words, aloud(text.join(". ")));
    steps.set(place, count);
  }

  redraw();
  return closing(steps, set, frame);
}

export default { render };
