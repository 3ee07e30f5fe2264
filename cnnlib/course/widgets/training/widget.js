// @ts-check
// The training dashboard: what a training comes to while it runs, and a button that stops it.

import {
  attempt, button, capital, closing, figure, fold, h, hearing, number, panel, patience, setAttribute,
  setText, settings,
} from "../kit/kit.js";
import { LEGEND, mapTiles } from "../kit/maps.js";
import { chart } from "../kit/svg.js";

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

const SOLID = { line: "svg-curve", dot: "svg-dot svg-dot-first" };
const DASHED = { line: "svg-dashed", dot: "svg-dot" };

/** A chart with a line or two, the first solid and the second dashed.
 * @param {string} name
 */
function lines(name) {
  const plot = chart({ width: 27, height: 15, under: "epoch" });
  const part = figure(name, plot.node);
  return {
    node: part.node,
    /**
     * @param {Curve[]} curves @param {number} xHigh @param {number} yHigh
     * @param {Write} write @param {Write} writeTick
     */
    draw(curves, xHigh, yHigh, write, writeTick = write) {
      plot.draw({
        x: { min: 0, max: xHigh, ticks: ticks(xHigh).filter(Number.isInteger).map((k) => [k, number(k)]) },
        y: { min: 0, max: yHigh, ticks: ticks(yHigh).map((tick) => [tick, writeTick(tick)]) },
        marks: curves.flatMap(([, xs, ys, marked], k) => {
          const style = [SOLID, DASHED][k];
          /** @type {Point[]} */
          const points = xs.flatMap((x, i) => {
            const y = ys[i];
            return y === null ? [] : [[x, y]];
          });
          const dots = { points, class: style.dot, dot: true };
          return [{ points, class: style.line }, ...(marked ? [dots] : [])];
        }),
        words: `${capital(name)}. ${curves.map(([one, , ys]) => curveWords(one, ys, write)).join(" ")}`,
      });
      const styles = curves.map(([one], k) => `${["solid", "dashed"][k]}: ${one}`);
      part.set(`${name}; ${styles.join(", ")}`);
    },
  };
}

// --- The dashboard -------------------------------------------------------------------------------

/** @param {Given<{ epochs: number }, { epochs: number, diverging: Colours }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
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
  const loss = lines("loss");
  const accuracy = lines("accuracy");
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
      loss.node,
      accuracy.node,
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
        norms.append(h("dt"), h("dd", { class: "train-bar", "aria-hidden": "true" }, h("span", { class: "cnn-bar" })), h("dd"));
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
