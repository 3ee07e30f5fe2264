// The training dashboard: what a training comes to while it runs, and a button that stops it.

import { button, figure, h, number, numberField, panel, setAttribute, setText, settings } from "../kit/kit.js";
import { COLOURS, mapTiles } from "../kit/maps.js";

const PATIENCE = 5000; // milliseconds until we say that the kernel does not answer
const HIGHEST = 5; // of the axis of the loss; what flies off further is cut off

// --- Numbers and words -----------------------------------------------------------------------------

/** A few round numbers from 0 to at most `high`, for an axis. */
export function ticks(high) {
  const rough = high / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  const count = Math.floor(high / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, k) => Number((k * step).toPrecision(6)));
}

function share(value) {
  return value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)}%`;
}

function rounded(value) {
  return value === null || value === undefined ? "–" : number(value, 3);
}

/** How the training stands, in words. */
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

/** What the button does next. */
export function buttonWords(phase) {
  return { ready: "Train", running: "Stop", stopped: "Go on", done: "Train", failed: "Go on" }[phase];
}

/** What a curve shows, in words. */
export function curveWords(name, values, write) {
  const known = values.filter((one) => one !== null);
  if (!known.length) return `${name}: nothing yet.`;
  const [first, last] = [known[0], known[known.length - 1]];
  return known.length === 1
    ? `${name}: ${write(first)}.`
    : `${name}: ${known.length} points, from ${write(first)} to ${write(last)}.`;
}

// --- Charts --------------------------------------------------------------------------------------

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const CHART = { width: 378, height: 210, left: 46, right: 12, top: 26, bottom: 36 };

/** A chart with a line or two. `draw(curves, xHigh, yHigh, write)` takes [name, xs, ys, marked]. */
function chart(label, xLabel) {
  const node = svg("svg", {
    class: "train-chart",
    viewBox: `0 0 ${CHART.width} ${CHART.height}`,
    role: "img",
  });
  const x = (value, high) => CHART.left + (value / high) * (CHART.width - CHART.left - CHART.right);
  const y = (value, high) =>
    CHART.height - CHART.bottom - (value / high) * (CHART.height - CHART.top - CHART.bottom);
  const text = (at, words, anchor) => svg("text", { x: at[0], y: at[1], "text-anchor": anchor }, words);
  const marker = (style, px, py) =>
    style === "one"
      ? svg("circle", { class: style, cx: px, cy: py, r: 3.5 })
      : svg("rect", { class: style, x: px - 3.5, y: py - 3.5, width: 7, height: 7 });
  return {
    node,
    draw(curves, xHigh, yHigh, write, writeTick = write) {
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
        const points = xs
          .map((value, i) => [x(value, xHigh), ys[i]])
          .filter(([, value]) => value !== null)
          .map(([px, value]) => [px, y(Math.min(value, yHigh), yHigh)]);
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
  let timer = null;
  let silent = false;
  let asked = ""; // what the button was pressed for, until the kernel answers
  let told = null; // the phase and epoch that were last said

  const now = () => model.get("progress");
  const go = button("Train", press);
  go.classList.add("cnn-play");
  const epochs = numberField("Epochs", {
    min: 1,
    max: 1000,
    whole: true,
    complain: frame.complain,
    change: (value) => {
      set.change({ epochs: value });
      return "";
    },
  });
  const status = h("p", { class: "train-status" });
  const loss = chart("Loss", "epoch");
  const accuracy = chart("Accuracy", "epoch");
  const norms = h("dl", { class: "train-norms" });
  const normsFigure = figure("gradient norm of each layer", norms);
  const filters = mapTiles({ say: frame.say });
  const legend = h("p", {}, COLOURS);
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
  frame.footer.prepend(
    h("details", { class: "cnn-help" }, h("summary", {}, "Table"), h("div", { class: "cnn-scroll" }, table)),
  );

  // To and from the kernel

  function order(what) {
    asked = what;
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      asked = "";
      redraw();
      frame.complain(
        "The kernel has not answered. If a cell is running, wait until it has finished; if the " +
          "kernel was restarted, run this cell again.",
      );
    }, PATIENCE);
    try {
      model.send({ do: what });
    } catch {
      // The timer says that nobody answers.
    }
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
    if (!asked || answered || phase === "failed") {
      clearTimeout(timer);
      asked = "";
    }
    if (silent) frame.complain("");
    silent = false;
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
    const waits = { start: " Starting …", stop: " Stopping after this batch …" }[asked] ?? "";
    setText(status, statusWords(progress, set.now.epochs) + waits);

    const count = Math.max(set.now.epochs, done.length, (ends[ends.length - 1] ?? 0) / batches);
    const after = done.map((_, k) => k + 1);
    const high = Math.min(Math.max(...losses, 0.1), HIGHEST);
    const curves = [["training batches", ends.map((one) => one / batches), losses, false]];
    const validated = done.some((one) => one[2] !== null);
    if (validated) curves.push(["validation", after, done.map((one) => one[2]), true]);
    loss.draw(curves, count, high, (value) => number(value, 3));
    const shares = [["training", after, done.map((one) => one[1]), true]];
    if (validated) shares.push(["validation", after, done.map((one) => one[3]), true]);
    accuracy.draw(shares, count, 1, share, (value) => `${Math.round(100 * value)}%`);
    drawNorms(progress.norms);
    drawFilters(progress);
    drawTable(done);
  }
  function drawNorms(lengths) {
    const longest = Math.max(...lengths.map(([, value]) => value ?? 0), 1e-12);
    while (norms.children.length > 3 * lengths.length) norms.lastChild.remove();
    lengths.forEach(([name, value], k) => {
      if (!norms.children[3 * k]) {
        norms.append(h("dt"), h("dd", { class: "train-bar", "aria-hidden": "true" }, h("span")), h("dd"));
      }
      const [label, bar, text] = [0, 1, 2].map((part) => norms.children[3 * k + part]);
      setText(label, name);
      bar.firstChild.style.width = `${(100 * (value ?? 0)) / longest}%`;
      setText(text, value === null ? "none yet" : number(value, 3));
    });
  }
  function drawFilters({ filters: name, shape, maps }) {
    filters.node.hidden = legend.hidden = !name;
    if (!name) return;
    const bytes = new Uint8Array(maps.buffer, maps.byteOffset, maps.byteLength).slice();
    filters.draw(`first weights: ${name}`, shape, new Float32Array(bytes.buffer), { name: "filter" });
  }
  function drawTable(done) {
    const heads = ["epoch", "training loss", "accuracy", "validation loss", "accuracy"];
    const cells = (one, k) => [k + 1, rounded(one[0]), share(one[1]), rounded(one[2]), share(one[3])];
    if (table.rows.length === done.length + 1) return;
    table.replaceChildren(
      h("tr", {}, heads.map((one) => h("th", { scope: "col" }, one))),
      ...done.map((one, k) => h("tr", {}, cells(one, k).map((text) => h("td", {}, String(text))))),
    );
  }

  model.on("change:progress", heard);
  told = `${now().phase} ${now().epochs.length}`;
  redraw();
  if (now().phase === "failed") frame.complain(now().trouble);
  return () => {
    clearTimeout(timer);
    model.off("change:progress", heard);
    set.dispose();
    frame.dispose();
  };
}

export default { render };
