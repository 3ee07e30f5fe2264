// @ts-check
// From scores to probabilities: softmax with a temperature, and the cross-entropy of a class.

import {
  aloud, button, closing, dusted, h, number, panel, setText, settings, slider, spoken,
  sum as added, uniqueId, withItem, worked,
} from "../kit/kit.js";

/** @import { Given } from "../kit/kit.js" */
/** @typedef {{ scores: number[], temperature: number, right: number }} Set */
/** @typedef {Record<"scores" | "coldest" | "hottest" | "classes", number>} Limits */

const SLIDER = 100; // the temperature is 10 to the power of its place over this

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** All that lies between the scores and the loss, class by class.
 * @param {Set} set
 */
export function softened({ scores, temperature, right }) {
  const divided = scores.map((score) => score / temperature);
  const exps = divided.map(Math.exp);
  const highest = Math.max(...divided);
  // Only differences count. Taken from the highest score, no power of e can overflow.
  const safe = divided.map((z) => Math.exp(z - highest));
  const total = added(safe);
  const loss = highest - divided[right] + Math.log(total);
  return {
    divided,
    exps,
    sum: added(exps),
    probabilities: safe.map((e) => e / total),
    loss: loss === 0 ? 0 : loss, // never −0
  };
}

// --- Words ---------------------------------------------------------------------------------------

/** Three digits behind the point, or more for what is nearly 0 or nearly 1.
 * @param {number} p
 */
export function probability(p) {
  if (p === 0 || p === 1) return number(p);
  return p < 0.001 ? number(p, 2) : p > 0.999 ? "> 0.999" : p.toFixed(3);
}

/** How the probability of the right class and its loss come about, as lines to read.
 * @param {Set} set
 */
export function lines(set) {
  const { exps, sum, probabilities, loss } = softened(set);
  const k = set.right;
  const p = probability(probabilities[k]);
  const entropy = `cross-entropy of class ${k}: −ln p = ${number(loss, 4)}`;
  if (!Number.isFinite(sum) || sum === 0) {
    const what = sum === 0 ? "too small" : "too large";
    return [
      `The powers of e are ${what} for the computer. The highest score is subtracted from all scores ` +
        `first, which changes no probability: class ${k} has p = ${p}.`,
      entropy,
    ];
  }
  const terms = exps.map((e) => number(e, 4)).join(" + ");
  return [
    `class ${k}: p = ${number(exps[k], 4)} / (${terms}) = ${number(exps[k], 4)} / ` +
      `${number(sum, 4)} = ${p}`,
    entropy,
  ];
}

/** What the temperature does.
 * @param {Set} set
 */
export function advice({ temperature }) {
  if (temperature === 1) return "At temperature 1 the scores count as they are.";
  if (temperature > 1) return "Above 1, scores move together and the probabilities level out.";
  return "Below 1, scores move apart and the highest one takes all.";
}

/** @param {Set} set */
function summary(set) {
  const { probabilities, loss } = softened(set);
  const all = probabilities.map((p, k) => `class ${k} ${probability(p).replace("> ", "above ")}`);
  return `Probabilities: ${all.join(", ")}. Cross-entropy of class ${set.right}: ${number(loss, 4)}.`;
}

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Given<Set, { limits: Limits }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "softmax",
    title: "From scores to probabilities",
    keys: [
      ["arrow keys in a score", "make it larger or smaller by 0.1"],
      ["arrow keys on the slider", "change the temperature; Page Up and Page Down change it more"],
      ["arrow keys on “right”", "choose the right class"],
    ],
  });
  const set = settings(model, redraw);
  const { limits } = model.get("facts");
  const change = (/** @type {Partial<Set>} */ values) => {
    set.change(values);
    frame.say(aloud(summary(set.now)));
  };
  const warmth = frame.field("Temperature T", {
    min: limits.coldest,
    max: limits.hottest,
    step: 0.1,
    change: (temperature) => change({ temperature }),
  });
  const along = slider("Temperature, slider", {
    frame,
    min: Math.log10(limits.coldest) * SLIDER,
    max: Math.log10(limits.hottest) * SLIDER,
    step: 5,
    quiet: true,
    change: (place) => change({ temperature: dusted(10 ** (place / SLIDER), 2) }),
  });
  const classes = frame.field("Classes", {
    min: 2,
    max: limits.classes,
    whole: true,
    change: (count) => {
      const { scores, right } = set.now;
      const kept = Array.from({ length: count }, (_, k) => scores[k] ?? 0);
      change({ scores: kept, right: Math.min(right, count - 1) });
    },
  });
  const shift = (/** @type {number} */ by) => () => {
    const scores = set.now.scores.map((score) => score + by);
    if (scores.some((score) => Math.abs(score) > limits.scores)) {
      return frame.complain("No score may be beyond a million. The scores stay as they are.");
    }
    frame.complain("");
    change({ scores });
  };
  const group = uniqueId();
  const body = h("tbody");
  const power = [
    h("span", { "aria-hidden": "true" }, "e", h("sup", {}, "z / T")),
    h("span", { class: "cnn-spoken" }, "e to the power of z over T"),
  ];
  const work = worked();
  const note = h("p", { class: "soft-note" });
  const total = h("td", { class: "soft-number" });
  /** @type {ReturnType<typeof makeRow>[]} */
  let rows = [];

  frame.body.append(
    h(
      "div",
      { class: "cnn-controls" },
      warmth.node,
      along.parts,
      button("T = 1", () => change({ temperature: 1 })),
      classes.node,
      button("All scores + 100", shift(100)),
      button("All scores − 100", shift(-100)),
    ),
    h(
      "div",
      { class: "soft-scroll" },
      h(
        "table",
        { class: "cnn-table soft-table" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["right", "class", "score z", "z / T", power, "probability p"].map((name) =>
              h("th", { scope: "col" }, name),
            ),
          ),
        ),
        body,
        h(
          "tfoot",
          {},
          h("tr", {}, h("th", { scope: "row", colspan: "4" }, "sum"), total, h("td", {}, "1")),
        ),
      ),
    ),
    work.node,
    note,
  );

  /** @param {number} k */
  function makeRow(k) {
    const radio = h("input", {
      type: "radio",
      name: group,
      class: "soft-right",
      "aria-label": `class ${k} is right`,
      onchange: () => change({ right: k }),
    });
    const score = frame.field(`Score of class ${k}`, {
      min: -limits.scores,
      max: limits.scores,
      step: 0.1,
      change: (value) => change({ scores: withItem(set.now.scores, k, dusted(value, 12)) }),
    });
    const cell = () => h("td", { class: "soft-number" });
    const [divided, exp] = [cell(), cell()];
    const bar = h("span", { class: "soft-bar cnn-bar", "aria-hidden": "true" });
    const share = h("span", { class: "soft-share" });
    const node = h(
      "tr",
      {},
      h("td", {}, radio),
      h("th", { scope: "row" }, `class ${k}`),
      h("td", {}, score.node),
      divided,
      exp,
      h("td", { class: "soft-p" }, share, bar),
    );
    return { node, radio, score, divided, exp, bar, share };
  }

  function redraw() {
    const now = set.now;
    const { divided, exps, sum, probabilities } = softened(now);
    if (rows.length !== now.scores.length) {
      rows = now.scores.map((_, k) => rows[k] ?? makeRow(k));
      body.replaceChildren(...rows.map((row) => row.node));
    }
    rows.forEach((row, k) => {
      row.score.set(now.scores[k]);
      row.radio.checked = k === now.right;
      row.node.classList.toggle("soft-chosen", k === now.right);
      setText(row.divided, number(divided[k], 4));
      setText(row.exp, number(exps[k], 4));
      row.bar.style.setProperty("--soft-p", String(probabilities[k]));
      setText(row.share, probability(probabilities[k]));
    });
    setText(total, number(sum, 4));
    warmth.set(now.temperature);
    along.set(Math.log10(now.temperature) * SLIDER, spoken(now.temperature, 3));
    classes.set(now.scores.length);
    work.set({ lines: lines(now) });
    setText(note, advice(now));
  }

  redraw();
  return closing(set, frame);
}

export default { render };
