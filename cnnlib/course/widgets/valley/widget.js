// @ts-check
// A long valley of two weights: what the learning rate and momentum do there.

import {
  aloud, closing, dusted, figure, h, number, panel, player, setText, settings, slider, spoken, term,
  worked,
} from "../kit/kit.js";
import { chart } from "../kit/svg.js";

/** @import { Given } from "../kit/kit.js" */
/** @import { Point } from "../kit/svg.js" */
/** @typedef {{ learning_rate: number, momentum: number }} Set */
/**
 * @typedef {object} Facts
 * @property {Point} curvature along x and along y
 * @property {Point} start
 * @property {number} steps
 * @property {number} fastest the highest learning rate
 * @property {number} far so many times the first loss, and the descent is given up
 */
/** @typedef {{ place: Point, velocity: Point, gradient: Point, loss: number }} Station */

const LOWEST = 1e-12; // the least loss that the chart tells from zero

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** The stops of a descent: the place, the gradient there, the velocity that led to it, the loss.
 * @param {Set} set @param {Facts} facts
 * @returns {Station[]}
 */
export function descend({ learning_rate: rate, momentum }, { curvature, start, steps, far }) {
  const at = (/** @type {Point} */ place, /** @type {Point} */ velocity) => {
    const gradient = /** @type {Point} */ (place.map((value, k) => curvature[k] * value));
    const loss = (place[0] * gradient[0] + place[1] * gradient[1]) / 2;
    return { place, velocity, gradient, loss };
  };
  const stations = [at(start, [0, 0])];
  for (let k = 0; k < steps; k += 1) {
    const { place, velocity, gradient } = stations[k];
    const next = /** @type {Point} */ (velocity.map((v, i) => momentum * v + gradient[i]));
    stations.push(at(/** @type {Point} */ (place.map((value, i) => value - rate * next[i])), next));
    if (stations[k + 1].loss > far * stations[0].loss) break;
  }
  return stations;
}

/** By which factor the distance to the bottom changes in the end, at each step, in a direction of
 * this curvature: the larger root of z² − (1 + momentum − rate · curvature) z + momentum = 0.
 * @param {Set} set @param {number} curvature
 */
export function factor({ learning_rate: rate, momentum }, curvature) {
  const middle = (1 + momentum - rate * curvature) / 2;
  const under = middle * middle - momentum;
  return under < 0 ? Math.sqrt(momentum) : Math.abs(middle) + Math.sqrt(under);
}

/** The highest rate with which the steepest direction does not grow.
 * @param {Set} set @param {Facts} facts
 */
export function limit({ momentum }, { curvature }) {
  return (2 * (1 + momentum)) / Math.max(...curvature);
}

// --- Words ---------------------------------------------------------------------------------------

/** The step that leads to a station, for x and for y.
 * @param {Set} set @param {Station[]} stations @param {number} k
 */
export function lines({ learning_rate: rate, momentum }, stations, k) {
  const now = stations[k];
  if (k === 0) return [`start at (${now.place.map((value) => number(value)).join(", ")}), velocity 0`];
  const before = stations[k - 1];
  return ["x", "y"].flatMap((name, i) => [
    `velocity along ${name}: ${number(momentum)} · ${term(before.velocity[i], 4)} + ` +
      `${term(before.gradient[i], 4)} = ${number(now.velocity[i], 4)}`,
    `${name}: ${number(before.place[i], 4)} − ${number(rate)} · ${term(now.velocity[i], 4)} = ` +
      number(now.place[i], 4),
  ]);
}

/** What the settings do in the two directions.
 * @param {Set} set @param {Facts} facts
 */
export function verdict(set, facts) {
  const [along, across] = facts.curvature.map((curvature) => factor(set, curvature));
  const most = `With this momentum the learning rate may be at most ${number(limit(set, facts), 4)}.`;
  if (set.learning_rate === 0) return "With a learning rate of 0 nothing moves.";
  if (across > 1 + 1e-9) {
    return (
      `Across the valley the distance grows by a factor of ${number(across, 4)} at each step: ` +
      `the learning rate is too large. ${most}`
    );
  }
  return (
    `In the end each step multiplies the distance to the bottom by ${number(along, 4)} along the ` +
    `valley, and by ${number(across, 4)} across it. ${most}`
  );
}

/** @param {Station[]} stations */
function summary(stations) {
  const end = stations.length - 1;
  return `After ${end} steps the loss is ${number(stations[end].loss, 3)}.`;
}

// --- Drawing -------------------------------------------------------------------------------------

const [LEFT, RIGHT, BELOW, ABOVE] = [-8, 11, -1.5, 1.5];
const LEVELS = [0.5, 2, 6, 14, 28, 50];

/** A line of equal loss.
 * @param {number} level @param {Point} curvature
 * @returns {Point[]}
 */
function contour(level, [a, b]) {
  return Array.from({ length: 73 }, (_, k) => {
    const turn = (k / 72) * 2 * Math.PI;
    return [Math.sqrt((2 * level) / a) * Math.cos(turn), Math.sqrt((2 * level) / b) * Math.sin(turn)];
  });
}

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "valley",
    title: "Momentum in a long valley",
    keys: [
      ["arrow keys on a slider", "change the learning rate or the momentum"],
      ["Play, Back, Step", "walk along the path; Escape pauses"],
    ],
  });
  const set = settings(model, redraw);
  const facts = model.get("facts");
  let index = facts.steps;
  let last = facts.steps; // the last stop of the path that is drawn

  /** @param {Partial<Set>} values */
  function change(values) {
    set.change(values);
    steps.pause();
    frame.say(`${summary(descend(set.now, facts))} ${aloud(verdict(set.now, facts))}`);
  }
  const rate = slider("Learning rate", {
    frame,
    max: facts.fastest,
    step: 0.001,
    change: (value) => change({ learning_rate: dusted(value) }),
  });
  const momentum = slider("Momentum", {
    frame,
    max: 0.99,
    step: 0.01,
    change: (value) => change({ momentum: dusted(value) }),
  });
  const rateText = h("output", { class: "valley-value" });
  const momentumText = h("output", { class: "valley-value" });
  const place = chart({ width: 27, height: 16, under: "x, along the valley" });
  const loss = chart({ width: 18, height: 16, under: "step" });
  const placeFigure = figure("the path, seen from above", place.node);
  const lossFigure = figure("loss", loss.node);
  const work = worked();
  const note = h("p", { class: "valley-note" });
  const steps = player({
    panel: frame,
    name: (k) => aloud(lines(set.now, descend(set.now, facts), k).join(", ")),
    go: (k) => {
      index = k;
      redraw();
      frame.say(aloud(lines(set.now, descend(set.now, facts), k).join(", ")));
    },
    pace: "300",
    tell: (k, n) => `step ${k} of ${n - 1}`,
  });
  frame.body.append(
    h("div", { class: "cnn-controls" }, rate.parts, rateText, momentum.parts, momentumText),
    h("div", { class: "cnn-figures" }, placeFigure.node, lossFigure.node),
    note,
    work.node,
    steps.node,
  );

  function redraw() {
    const now = set.now;
    const stations = descend(now, facts);
    const atEnd = index >= last; // a new path is shown whole where the old one was
    last = stations.length - 1;
    index = atEnd ? last : Math.min(index, last);
    steps.set(index, stations.length);
    const path = stations.slice(0, index + 1).map((one) => one.place);
    /** @param {number[]} values @returns {[number, string][]} */
    const ticks = (values) => values.map((value) => [value, number(value)]);
    place.draw({
      x: { min: LEFT, max: RIGHT, ticks: ticks([-5, 0, 5, 10]) },
      y: { min: BELOW, max: ABOVE, ticks: ticks([-1, 0, 1]) },
      marks: [
        ...LEVELS.map((level) => ({ points: contour(level, facts.curvature), class: "valley-level" })),
        { points: path, class: "svg-curve" },
        { points: path, class: "svg-dot svg-dot-first", dot: true },
        { points: [stations[index].place], class: "svg-dot", dot: true },
      ],
      words: `The path from (10, 1) after ${index} steps: at ${stations[index].place.map((v) => spoken(v, 3)).join(", ")}.`,
    });
    const power = (/** @type {number} */ value) => Math.log10(Math.max(value, LOWEST));
    const losses = stations.slice(0, index + 1).map((one, k) => /** @type {Point} */ ([k, power(one.loss)]));
    loss.draw({
      x: { min: 0, max: facts.steps, ticks: ticks([0, 20, 40, 60]) },
      y: { min: -6, max: 4, ticks: [-6, -4, -2, 0, 2, 4].map((p) => [p, p === 0 ? "1" : `10^${number(p)}`]) },
      marks: [{ points: losses, class: "svg-curve" }],
      words: `Loss by step: from ${spoken(stations[0].loss, 3)} to ${spoken(stations[index].loss, 3)}.`,
    });
    lossFigure.set(`loss ${number(stations[index].loss, 3)}`);
    work.set({ lines: lines(now, stations, index) });
    setText(note, verdict(now, facts));
    rate.set(now.learning_rate);
    momentum.set(now.momentum);
    setText(rateText, number(now.learning_rate));
    setText(momentumText, number(now.momentum));
  }
  redraw();
  return closing(steps, set, frame);
}

export default { render };
