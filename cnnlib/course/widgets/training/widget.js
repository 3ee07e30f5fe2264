// @ts-check
// The training dashboard: what a training comes to while it runs, and a button that stops it.

import {
  attempt, button, closing, figure, fold, h, hearing, number, panel, patience, setAttribute, setText,
  settings,
} from "../kit/kit.js";
import { LEGEND, mapTiles } from "../kit/maps.js";
import { svg } from "../kit/svg.js";

/** @import { Given } from "../kit/kit.js" */
/** @import { Colours } from "../kit/pixels.js" */
/** @import { Point } from "../kit/svg.js" */
/** @typedef {number | null} Figure null for what is no number, or not there */
/** @typedef {[loss: Figure, accuracy: Figure, validation: Figure, validated: Figure]} Epoch */
/** @typedef {[name: string, xs: number[], ys: Figure[], marked: boolean]} Curve */
/** @typedef {(value: number) => string} Write */
/**
 * @typedef {object} Progress
 * @property {"ready" | "running" | "stopped" | "done" | "failed"} phase
 * @property {string} trouble
 * @property {number} batches in an epoch
 * @property {number} batch
 * @property {number[]} ends after how many batches each of the losses was taken
 * @property {number[]} losses
 * @property {Epoch[]} epochs
 * @property {[name: string, length: Figure][]} norms
 * @property {string} filters what they are; "" for none
 * @property {number[]} shape
 * @property {DataView} maps
 */

const PATIENCE = 5000; // milliseconds until we say that the kernel does not answer
const HIGHEST = 5; // of the axis of the loss; what flies off further is cut off

// --- Numbers and words -----------------------------------------------------------------------------

/** A few round numbers from 0 to at most `high`, for an axis.
 * @param {number} high
 */
export function ticks(high) {
  const rough = high / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((one) => one * power >= rough * 0.999) ?? 10);
  const count = Math.floor(high / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, k) => Number((k * step).toPrecision(6)));
}

/** @param {Figure | undefined} value */
function share(value) {
  return value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)}%`;
}

/** @param {Figure} value */
function rounded(value) {
  return value === null || value === undefined ? "–" : number(value, 3);
}

/** How the training stands, in words.
 * @param {Progress} progress @param {number} all
 */
export function statusWords({ phase, epochs, batch, batches, losses }, all) {
  const done = epochs.length;
  const last = epochs[done - 1];
  const results = [];
  if (losses.length) results.push(`Loss ${number(losses[losses.length - 1], 3)}.`);
  if (last) {
    const [name, value] = last[3] === null ? ["Training", last[1]] : ["Validation", last[3]];
    results.push(`${name} accuracy after epoch ${done}: ${share(value)}.`);
  }
  const place = `epoch ${done + 1} of ${Math.max(all, done + 1)}, batch ${batch} of ${batches}`;
  const first = {
    ready: `Not started: ${all} epochs of ${batches} batches are planned.`,
    running: `Training: ${place}.`,
    stopped: `Stopped: ${place}. Nothing is lost.`,
    done: `Done: ${done} of ${all} epochs.`,
    failed: `Failed in epoch ${done + 1}.`,
  }[phase];
  return [first, ...results].join(" ");
}

/** What the button does next.
 * @param {Progress["phase"]} phase
 */
export function buttonWords(phase) {
  return { ready: "Train", running: "Stop", stopped: "Go on", done: "Train", failed: "Go on" }[phase];
}

/** What a curve shows, in words.
 * @param {string} name @param {Figure[]} values @param {Write} write
 */
export function curveWords(name, values, write) {
  const known = values.filter((one) => one !== null);
  if (!known.length) return `${name}: nothing yet.`;
  const [first, last] = [known[0], known[known.length - 1]];
  return known.length === 1
    ? `${name}: ${write(first)}.`
    : `${name}: ${known.length} points, from ${write(first)} to ${write(last)}.`;
}

// --- Charts --------------------------------------------------------------------------------------

const CHART = { width: 378, height: 210, left: 46, right: 12, top: 26, bottom: 36 };

/** A chart with a line or two. `draw(curves, xHigh, yHigh, write)` takes [name, xs, ys, marked].
 * @param {string} label @param {string} xLabel
 */
function chart(label, xLabel) {
  const node = svg("svg", {
    class: "train-chart",
    viewBox: `0 0 ${CHART.width} ${CHART.height}`,
    role: "img",
  });
  const x = (/** @type {number} */ value, /** @type {number} */ high) =>
    CHART.left + (value / high) * (CHART.width - CHART.left - CHART.right);
  const y = (/** @type {number} */ value, /** @type {number} */ high) =>
    CHART.height - CHART.bottom - (value / high) * (CHART.height - CHART.top - CHART.bottom);
  /** @param {Point} at @param {string} words @param {"start" | "middle" | "end"} anchor */
  const text = ([px, py], words, anchor) => svg("text", { x: px, y: py, "text-anchor": anchor }, words);
  /** @param {string} style @param {number} px @param {number} py */
  const marker = (style, px, py) =>
    style === "one"
      ? svg("circle", { class: style, cx: px, cy: py, r: 3.5 })
      : svg("rect", { class: style, x: px - 3.5, y: py - 3.5, width: 7, height: 7 });
  return {
    node,
    /**
     * @param {Curve[]} curves @param {number} xHigh @param {number} yHigh
     * @param {Write} write @param {Write} writeTick
     */
    draw(curves, xHigh, yHigh, write, writeTick = write) {
      /** @type {SVGElement[]} */
      const parts = [];
      for (const tick of ticks(yHigh)) {
        const py = y(tick, yHigh);
        parts.push(svg("line", { x1: CHART.left, x2: CHART.width - CHART.right, y1: py, y2: py }));
        parts.push(text([CHART.left - 6, py + 4], writeTick(tick), "end"));
      }
      for (const tick of ticks(xHigh).filter(Number.isInteger)) {
        parts.push(text([x(tick, xHigh), CHART.height - CHART.bottom + 16], number(tick), "middle"));
      }
      const floor = CHART.height - CHART.bottom;
      const axis = { class: "train-axis", x1: CHART.left, x2: CHART.width - CHART.right };
      parts.push(svg("line", { ...axis, y1: floor, y2: floor }));
      parts.push(text([CHART.width - CHART.right, CHART.height - 4], xLabel, "end"));
      curves.forEach(([name, xs, ys, marked], k) => {
        const style = ["one", "two"][k];
        /** @type {Point[]} */
        const points = xs.flatMap((at, i) => {
          const value = ys[i];
          return value === null ? [] : [[x(at, xHigh), y(Math.min(value, yHigh), yHigh)]];
        });
        const path = points.map(([px, py], i) => `${i ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`);
        parts.push(svg("path", { class: style, d: path.join("") }));
        if (marked) parts.push(...points.map(([px, py]) => marker(style, px, py)));
        const from = CHART.left + 150 * k;
        parts.push(svg("line", { class: style, x1: from, x2: from + 24, y1: 10, y2: 10 }));
        if (marked) parts.push(marker(style, from + 12, 10));
        parts.push(text([from + 30, 14], name, "start"));
      });
      node.replaceChildren(...parts);
      const words = curves.map(([name, , ys]) => curveWords(name, ys, write)).join(" ");
      setAttribute(node, "aria-label", `${label}. ${words}`);
    },
  };
}

// --- The dashboard -------------------------------------------------------------------------------

/** @param {Given<{ epochs: number }, { epochs: number, diverging: Colours }>} given */
function render({ model, el }) {
  const frame = panel(el, {
    name: "training",
    title: "Train, stop, look, go on",
    keys: [
      ["Train, Stop, Go on", "one button; Enter or Space presses it; Escape stops"],
      ["arrow keys on Epochs", "plan more epochs, or fewer, at any time"],
      ["arrow keys on filters", "go from one to the next; Enter goes into one, to read its weights"],
    ],
  });
  const set = settings(model, redraw);
  const facts = model.get("facts");
  let asked = ""; // what the button was pressed for, until the kernel answers
  let told = ""; // the phase and epoch that were last said
  const kernel = patience(
    frame,
    PATIENCE,
    "The kernel has not answered. If a cell is running, wait until it has finished; if the " +
      "kernel was restarted, run this cell again.",
    () => {
      asked = "";
      redraw();
    },
  );

  /** @returns {Progress} */
  const now = () => model.get("progress");
  const go = button("Train", press);
  go.classList.add("cnn-play");
  const epochs = frame.field("Epochs", {
    min: 1, max: facts.epochs, whole: true, change: (value) => set.change({ epochs: value }),
  });
  const status = h("p", { class: "train-status" });
  const loss = chart("Loss", "epoch");
  const accuracy = chart("Accuracy", "epoch");
  const norms = h("dl", { class: "train-norms" });
  const normsFigure = figure("gradient norm of each layer", norms);
  const filters = mapTiles({ say: frame.say, colours: facts.diverging });
  const legend = h("p", {}, LEGEND);
  const table = h("table", { class: "train-table" });
  frame.body.append(
    h("div", { class: "cnn-controls" }, go, epochs.node),
    status,
    h(
      "div",
      { class: "cnn-figures" },
      figure("loss", loss.node).node,
      figure("accuracy", accuracy.node).node,
      normsFigure.node,
      h("div", {}, filters.node, legend),
    ),
  );
  frame.footer.prepend(fold("Table", h("div", { class: "cnn-scroll" }, table)));

  // To and from the kernel

  /** @param {"start" | "stop"} what */
  function order(what) {
    asked = what;
    kernel.wait();
    attempt(() => model.send({ do: what }));
    redraw();
  }
  function press() {
    if (asked) return;
    const { phase, epochs: done } = now();
    if (phase === "running") order("stop");
    else if (done.length >= set.now.epochs) {
      frame.complain(`All ${done.length} epochs are done. Raise Epochs to train more.`);
    } else {
      frame.complain("");
      order("start");
    }
  }
  frame.onEscape(() => {
    if (now().phase === "running" && !asked) order("stop");
  });
  function heard() {
    const { phase } = now();
    const answered = asked === "stop" ? phase !== "running" : phase === "running" || phase === "done";
    const over = !asked || answered || phase === "failed";
    if (over) asked = "";
    kernel.heard(over);
    redraw();
    speak();
  }
  function speak() {
    const { phase, epochs: done, trouble } = now();
    const news = `${phase} ${done.length}`;
    if (news === told) return;
    told = news;
    if (phase === "failed") frame.complain(trouble);
    frame.say(statusWords(now(), set.now.epochs));
  }

  // What is seen

  function redraw() {
    const progress = now();
    const { phase, epochs: done, batches, ends, losses } = progress;
    epochs.set(set.now.epochs);
    setText(go, buttonWords(phase));
    setAttribute(go, "aria-disabled", asked || (phase !== "running" && done.length >= set.now.epochs) ? "true" : null);
    let waits = "";
    if (asked) waits = asked === "start" ? " Starting …" : " Stopping after this batch …";
    setText(status, statusWords(progress, set.now.epochs) + waits);

    const count = Math.max(set.now.epochs, done.length, (ends[ends.length - 1] ?? 0) / batches);
    const after = done.map((_, k) => k + 1);
    const high = Math.min(Math.max(...losses, 0.1), HIGHEST);
    /** @type {Curve[]} */
    const curves = [["training batches", ends.map((one) => one / batches), losses, false]];
    const validated = done.some((one) => one[2] !== null);
    if (validated) curves.push(["validation", after, done.map((one) => one[2]), true]);
    loss.draw(curves, count, high, (value) => number(value, 3));
    /** @type {Curve[]} */
    const shares = [["training", after, done.map((one) => one[1]), true]];
    if (validated) shares.push(["validation", after, done.map((one) => one[3]), true]);
    accuracy.draw(shares, count, 1, share, (value) => `${Math.round(100 * value)}%`);
    drawNorms(progress.norms);
    drawFilters(progress);
    drawTable(done);
  }
  /** @param {Progress["norms"]} lengths */
  function drawNorms(lengths) {
    const longest = Math.max(...lengths.map(([, value]) => value ?? 0), 1e-12);
    while (norms.children.length > 3 * lengths.length) norms.lastElementChild?.remove();
    lengths.forEach(([name, value], k) => {
      if (!norms.children[3 * k]) {
        norms.append(h("dt"), h("dd", { class: "train-bar", "aria-hidden": "true" }, h("span")), h("dd"));
      }
      const [label, bar, text] = [0, 1, 2].map((part) => norms.children[3 * k + part]);
      setText(label, name);
      /** @type {HTMLElement} */ (bar.firstChild).style.width = `${(100 * (value ?? 0)) / longest}%`;
      setText(text, value === null ? "none yet" : number(value, 3));
    });
  }
  /** @param {Progress} progress */
  function drawFilters({ filters: name, shape, maps }) {
    filters.node.hidden = legend.hidden = !name;
    if (!name) return;
    const bytes = new Uint8Array(maps.buffer, maps.byteOffset, maps.byteLength).slice();
    filters.draw(`first weights: ${name}`, shape, new Float32Array(bytes.buffer), { name: "filter" });
  }
  /** @param {Epoch[]} done */
  function drawTable(done) {
    const heads = ["epoch", "training loss", "accuracy", "validation loss", "accuracy"];
    /** @param {Epoch} one @param {number} k */
    const cells = (one, k) => [k + 1, rounded(one[0]), share(one[1]), rounded(one[2]), share(one[3])];
    if (table.rows.length === done.length + 1) return;
    table.replaceChildren(
      h("tr", {}, heads.map((one) => h("th", { scope: "col" }, one))),
      ...done.map((one, k) => h("tr", {}, cells(one, k).map((text) => h("td", {}, String(text))))),
    );
  }

  const ear = hearing(model, "progress", heard);
  told = `${now().phase} ${now().epochs.length}`;
  redraw();
  if (now().phase === "failed") frame.complain(now().trouble);
  return closing(kernel, ear, set, frame);
}

export default { render };
