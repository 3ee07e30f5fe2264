// @ts-check
// One machine to many: how long a training step takes when workers share it, and what is gained.

import {
  aloud, choice, closing, dusted, figure, h, number, panel, setText, settings, slider, spoken,
  toggle, worked,
} from "../kit/kit.js";
import { chart } from "../kit/svg.js";

/** @import { Given } from "../kit/kit.js" */
/** @import { Point } from "../kit/svg.js" */
/**
 * @typedef {object} Set
 * @property {number} workers
 * @property {number} images for each worker
 * @property {number} bandwidth GB a second
 * @property {number} delay microseconds
 * @property {string} way "ring" or "centre"
 * @property {boolean} overlap whether workers talk during the backward pass
 */
/** @typedef {"workers" | "images" | "bandwidth" | "delay"} Dial */
/**
 * @typedef {object} Facts
 * @property {number} numbers of the network
 * @property {number} multiply_adds forward, for one photograph
 * @property {number} speed operations a second of one worker
 * @property {number} photos in an epoch
 * @property {Record<Dial, [number, number]>} limits
 * @property {Record<string, string>} ways
 * @property {Record<string, number>} wires GB a second
 */

const DECADE = 20; // places of a slider for a factor of ten
const LARGEST_TRIED = 8192; // images in a batch: Goyal et al. lost no accuracy up to here

// --- Arithmetic: pure functions of the settings, tested to be equal to Python ----------------------

/** The parts of a step in seconds, and what comes of it.
 * @param {Set} set @param {Facts} facts
 */
export function times(set, facts) {
  const { workers, images, bandwidth, delay, way, overlap } = set;
  const forward = (2 * facts.multiply_adds * images) / facts.speed;
  const backward = 2 * forward;
  const size = (4 * facts.numbers) / (way === "ring" ? workers : 1);
  const messages = 2 * (workers - 1);
  const latency = messages * 1e-6 * delay;
  const talk = (messages * size) / (1e9 * bandwidth) + latency;
  const step = forward + (overlap ? Math.max(backward, talk) : backward + talk);
  const used = (forward + backward) / step;
  const batch = workers * images;
  const steps = Math.ceil(facts.photos / batch);
  return {
    forward,
    backward,
    talk,
    step,
    used,
    speedUp: workers * used,
    latency: talk > 0 ? latency / talk : 0,
    batch,
    rate: (0.1 * batch) / 256,
    steps,
    epoch: steps * step,
  };
}

// --- Words ---------------------------------------------------------------------------------------

/** A whole number as it is printed: 1,000.
 * @param {number} value
 */
function thousands(value) {
  return value.toLocaleString("en");
}

/** Three digits, and no more behind the point than anyone reads.
 * @param {number} value
 */
export function short(value) {
  return value >= 1000 ? thousands(Math.round(value)) : number(value, 3);
}

/** @param {number} seconds */
function milliseconds(seconds) {
  return `${short(1000 * seconds)} ms`;
}

/** Seconds as a person would say them.
 * @param {number} seconds
 */
export function lasting(seconds) {
  if (seconds < 100) return `${short(seconds)} seconds`;
  return seconds < 6000 ? `${short(seconds / 60)} minutes` : `${short(seconds / 3600)} hours`;
}

/** How the step comes about, as lines to read.
 * @param {Set} set @param {Facts} facts
 */
export function lines(set, facts) {
  const { workers, images, bandwidth, delay, way, overlap } = set;
  const found = times(set, facts);
  const compute = found.forward + found.backward;
  const whole = `${number((4 * facts.numbers) / 1e6, 3)} MB`;
  const piece = way === "ring" ? `${whole} / ${thousands(workers)}` : whole;
  const who = way === "ring" ? "steps" : "gradients, one after the other";
  const sum = overlap
    ? `forward ${milliseconds(found.forward)} + the longer of backward, ` +
      `${milliseconds(found.backward)}, and talking = ${milliseconds(found.step)}`
    : `${milliseconds(compute)} + ${milliseconds(found.talk)} = ${milliseconds(found.step)}`;
  return [
    `computing: 3 · 2 · ${number(facts.multiply_adds / 1e9, 3)} · 10⁹ · ${thousands(images)} / ` +
      `(${number(facts.speed / 1e12)} · 10¹² a second) = ${milliseconds(compute)}`,
    `talking: 2 · (${thousands(workers)} − 1) ${who}, each ${piece} / ${number(bandwidth)} GB/s + ` +
      `${number(delay)} µs: ${milliseconds(found.talk)}`,
    `one step: ${sum}`,
    `speed-up: ${thousands(workers)} · ${milliseconds(compute)} / ${milliseconds(found.step)} = ` +
      short(found.speedUp),
    `batch ${thousands(workers)} · ${thousands(images)} = ${thousands(found.batch)}; learning rate ` +
      `0.1 · ${thousands(found.batch)} / 256 = ${number(found.rate, 4)}; an epoch: ` +
      `${thousands(found.steps)} ${found.steps === 1 ? "step" : "steps"}, ${lasting(found.epoch)}`,
  ];
}

/** What the numbers mean for whoever pays for the machines.
 * @param {Set} set @param {Facts} facts
 */
export function verdict(set, facts) {
  const { used, speedUp, latency, batch } = times(set, facts);
  const percent = (/** @type {number} */ share) => `${number(100 * share, 2)}%`;
  const gain =
    set.workers === 1
      ? "One worker has nobody to talk to, and computes all the time."
      : speedUp < 1
        ? `Together the ${thousands(set.workers)} are slower than one alone: they compute for ` +
          `${percent(used)} of the time.`
        : `${thousands(set.workers)} do the work of ${short(speedUp)}: they compute for ` +
          `${percent(used)} of the time.`;
  const wire = set.workers === 1 ? "" : ` Of the talking, ${percent(latency)} is latency.`;
  const size =
    batch > LARGEST_TRIED
      ? ` And the batch is larger than ${thousands(LARGEST_TRIED)}: beyond that, Goyal et al. lost accuracy.`
      : "";
  return gain + wire + size;
}

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "scaling",
    title: "One machine to many",
    describe: "ResNet-50, 25.6 million numbers of 4 bytes; each worker is an H100 without tensor cores, at best.",
    keys: [
      ["arrow keys on a slider", "change it; on a field, one more or one less"],
      ["Space on the switch", "talk during the backward pass, or after it"],
    ],
  });
  const set = settings(model, redraw);
  const facts = model.get("facts");
  const change = (/** @type {Partial<Set>} */ values) => {
    set.change(values);
    frame.say(aloud(verdict(set.now, facts)));
  };

  /** A number that can be typed, and a slider for it in equal factors.
   * @param {Dial} name @param {string} label @param {{ whole?: boolean }} kind
   */
  function dial(name, label, { whole = false } = {}) {
    const [min, max] = facts.limits[name];
    const toPlace = (/** @type {number} */ value) =>
      whole ? Math.log2(value) : DECADE * Math.log10(value);
    const toValue = (/** @type {number} */ place) =>
      whole ? 2 ** place : dusted(10 ** (place / DECADE), 2);
    const field = frame.field(label, { min, max, whole, change: (value) => change({ [name]: value }) });
    const along = slider(`${label}, slider`, {
      frame,
      min: toPlace(min),
      max: toPlace(max),
      quiet: true,
      change: (place) => change({ [name]: toValue(place) }),
    });
    return {
      parts: [field.node, along.parts],
      /** @param {number} value */
      set(value) {
        field.set(value);
        along.set(toPlace(value), spoken(value, 3));
      },
    };
  }
  const dials = {
    workers: dial("workers", "Workers", { whole: true }),
    images: dial("images", "Photographs for each", { whole: true }),
    bandwidth: dial("bandwidth", "Wire, GB a second"),
    delay: dial("delay", "Latency, µs"),
  };
  const wire = choice(
    "Wire",
    [...Object.entries(facts.wires).map(([name, value]) => /** @type {[string, string]} */ ([String(value), name])), ["", "your own"]],
    (value) => {
      if (value) change({ bandwidth: Number(value) });
      else redraw();
    },
  );
  const way = choice("Averaged by", Object.entries(facts.ways), (value) => change({ way: value }));
  const overlap = toggle("Talk during backward", (on) => change({ overlap: on }));

  const bars = ["forward", "backward", "talking"].map((name) => {
    const bar = h("span", { class: `scaling-bar scaling-${name} cnn-bar` });
    const value = h("span", { class: "scaling-value" });
    return { bar, value, nodes: [h("span", {}, name), h("span", { class: "scaling-track" }, bar), value] };
  });
  const gain = chart({ width: 22, height: 15, under: "workers" });
  const step = figure("", h("div", { class: "scaling-step", "aria-hidden": "true" }, bars.map((one) => one.nodes)));
  const gainFigure = figure("", gain.node);
  const work = worked();
  const note = h("p", { class: "scaling-note" });
  frame.body.append(
    h(
      "div",
      { class: "scaling-dials" },
      Object.values(dials).map((one) => h("div", { class: "scaling-dial" }, one.parts)),
    ),
    h("div", { class: "cnn-controls" }, wire.node, way.node, overlap.node),
    h("div", { class: "cnn-figures" }, step.node, gainFigure.node),
    note,
    work.node,
  );

  function redraw() {
    const now = set.now;
    const found = times(now, facts);
    for (const [name, one] of Object.entries(dials)) one.set(now[/** @type {Dial} */ (name)]);
    wire.set(Object.values(facts.wires).includes(now.bandwidth) ? String(now.bandwidth) : "");
    way.set(now.way);
    overlap.set(now.overlap);
    const late = found.forward + (now.overlap ? 0 : found.backward);
    /** @type {[number, number][]} from when, and how long */
    const parts = [[0, found.forward], [found.forward, found.backward], [late, found.talk]];
    parts.forEach(([from, long], k) => {
      bars[k].bar.style.setProperty("--scaling-from", String(from / found.step));
      bars[k].bar.style.setProperty("--scaling-long", String(long / found.step));
      setText(bars[k].value, milliseconds(long));
    });
    step.set(`one step: ${milliseconds(found.step)}`);
    gainFigure.set(`speed-up: ${short(found.speedUp)}`);
    const [least, most] = facts.limits.workers.map(Math.log2);
    const at = (/** @type {number} */ workers) => /** @type {Point} */ ([
      Math.log2(workers), Math.log2(times({ ...now, workers }, facts).speedUp),
    ]);
    const counts = Array.from({ length: 41 }, (_, k) => 2 ** (least + ((most - least) * k) / 40));
    const ticks = (/** @type {number[]} */ values) =>
      values.map((value) => /** @type {[number, string]} */ ([Math.log2(value), thousands(value)]));
    gain.draw({
      x: { min: least, max: most, ticks: ticks([1, 4, 16, 64, 256]) },
      y: { min: -2, max: most, ticks: ticks([0.25, 1, 4, 16, 64, 256, 1024]) },
      marks: [
        { points: [[least, least], [most, most]], class: "svg-dashed" },
        { points: counts.map(at), class: "svg-curve" },
        { points: [at(now.workers)], class: "svg-dot", dot: true },
      ],
      words:
        `Speed-up against the number of workers. With ${spoken(now.workers)} it is ` +
        `${spoken(found.speedUp, 3)}; the dashed line is the ideal, ${spoken(now.workers)}.`,
    });
    work.set({ lines: lines(now, facts) });
    setText(note, verdict(now, facts));
  }
  redraw();
  return closing(set, frame);
}

export default { render };
