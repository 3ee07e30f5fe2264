// @ts-check
// Two boxes, one of which slides over the other: their convolution, drawn as it grows.

import {
  aloud, closing, dusted, figure, h, letDrag, number, panel, player, settings, slider, spoken,
  worked,
} from "../kit/kit.js";
import { chart } from "../kit/svg.js";

/** @import { Given } from "../kit/kit.js" */
/** @import { Point } from "../kit/svg.js" */
/** @typedef {{ t: number, first: number, second: number }} Set */

const STEP = 0.05; // of the walk

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib's course -------------

/** Where the boxes overlap: from, to; to is not beyond from where they do not.
 * @param {Set} set
 * @returns {[number, number]}
 */
export function shared({ t, first, second }) {
  return [Math.max(t - second, 0), Math.min(t, first)];
}

/** The area of the overlap.
 * @param {Set} set
 */
export function area(set) {
  const [from, to] = shared(set);
  return Math.max(to - from, 0);
}

// --- Words ---------------------------------------------------------------------------------------

/** How the area comes about.
 * @param {Set} set
 */
export function line(set) {
  const [from, to] = shared(set);
  const t = `t = ${number(dusted(set.t))}`;
  if (to <= from) return `${t}: no overlap, the area is 0`;
  return `${t}: overlap from ${number(dusted(from), 4)} to ${number(dusted(to), 4)}, area ${number(dusted(area(set)), 4)}`;
}

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Given<Set, { widest: number, reach: number }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "boxes",
    title: "Box ∗ box",
    keys: [
      ["arrow keys on a slider", "move the box, or make one of the boxes wider"],
      ["Play, Back, Step", "slide the box; Escape pauses"],
      ["mouse or finger", "drag in either picture"],
    ],
  });
  const set = settings(model, redraw);
  const { widest, reach } = model.get("facts");
  const count = Math.round(reach / STEP) + 1;
  const indexOf = (/** @type {number} */ t) => Math.round(t / STEP);
  const steps = player({
    panel: frame,
    name: (k) => aloud(line({ ...set.now, t: k * STEP })),
    go: (k, { playing }) => {
      set.change({ t: dusted(k * STEP) });
      if (!playing) frame.say(aloud(line(set.now)));
    },
    pace: "300",
    tell: () => `t = ${number(dusted(set.now.t))}`,
  });
  /** @param {string} label @param {"first" | "second"} name */
  const width = (label, name) =>
    slider(label, {
      frame,
      min: 0.2,
      max: widest,
      step: 0.1,
      change: (value) => {
        set.change({ [name]: dusted(value) });
        frame.say(aloud(line(set.now)));
      },
    });
  const first = width("Width of the fixed box", "first");
  const second = width("Width of the sliding box", "second");
  const above = chart({ width: 30, height: 9 });
  const below = chart({ width: 30, height: 12, under: "t" });
  for (const plot of [above, below]) {
    plot.node.classList.add("boxes-chart");
    const follow = (/** @type {PointerEvent} */ event) => {
      const t = Math.min(Math.max(Math.round(plot.at(event) / STEP) * STEP, 0), reach);
      steps.pause();
      if (dusted(t) !== set.now.t) set.change({ t: dusted(t) });
    };
    letDrag(plot.node, { start: follow, move: follow });
  }
  const work = worked();
  frame.body.append(
    h("div", { class: "cnn-controls" }, first.parts, second.parts),
    figure("the boxes; where they overlap, the area is filled", above.node).node,
    figure("that area, against t", below.node).node,
    work.node,
    steps.node,
  );

  /** The outline of a box. @param {number} left @param {number} wide @returns {Point[]} */
  function outline(left, wide) {
    return [[left, 0], [left, 1], [left + wide, 1], [left + wide, 0]];
  }
  /** @returns {Point[]} */
  function strokes() {
    const [from, to] = shared(set.now);
    // Lines side by side: a filled area that is also seen in high contrast.
    const lines = Math.max(0, Math.round((to - from) / 0.04));
    return Array.from({ length: lines }, (_, k) => {
      const x = from + ((k + 0.5) / lines) * (to - from);
      return /** @type {Point[]} */ (k % 2 ? [[x, 1], [x, 0]] : [[x, 0], [x, 1]]);
    }).flat();
  }
  function redraw() {
    const now = set.now;
    /** @param {number[]} values @returns {[number, string][]} */
    const ticks = (values) => values.map((value) => [value, number(value)]);
    const x = { min: -widest, max: reach, ticks: ticks([-2, -1, 0, 1, 2, 3, 4]) };
    above.draw({
      x,
      y: { min: 0, max: 1.3, ticks: ticks([0, 1]) },
      marks: [
        { points: strokes(), class: "boxes-area" },
        { points: outline(0, now.first), class: "svg-curve" },
        { points: outline(now.t - now.second, now.second), class: "svg-dashed" },
      ],
      words: `Two boxes. ${aloud(line(now))}.`,
    });
    const curve = Array.from({ length: 241 }, (_, k) => {
      const t = -widest + (k / 240) * (reach + widest);
      return /** @type {Point} */ ([t, area({ ...now, t })]);
    });
    const done = curve.filter(([t]) => t <= now.t);
    below.draw({
      x,
      y: { min: 0, max: 2.2, ticks: ticks([0, 1, 2]) },
      marks: [
        { points: [...done, [now.t, area(now)]], class: "svg-curve" },
        { points: [[now.t, area(now)]], class: "svg-dot", dot: true },
      ],
      words: `The area so far, up to t = ${spoken(now.t, 3)}: ${spoken(area(now), 3)}.`,
    });
    work.set({ lines: [line(now)] });
    first.set(now.first);
    second.set(now.second);
    steps.set(indexOf(now.t), count);
  }

  redraw();
  return closing(steps, set, frame);
}

export default { render };
