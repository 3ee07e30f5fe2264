// @ts-check
// The attack lab: a change of a picture that nobody sees, and what it does to a network's answer.

import {
  button, capital, choice, clamp, closing, figure, h, hearing, number, panel, setAttribute, setText,
  settings, slider,
} from "../kit/kit.js";
import { board } from "../kit/pixels.js";
import {
  awaiting, best, chooser, colours, doublesOf, percent, pixelsOf, signsOf, wordOptions,
} from "../kit/subject.js";

/** @import { Given } from "../kit/kit.js" */
/** @import { Pixels, Told } from "../kit/subject.js" */
/** @typedef {"gradient" | "random"} Direction */
/**
 * @typedef {object} Set
 * @property {string} network
 * @property {string} picture
 * @property {number} epsilon
 * @property {Direction} direction
 * @property {number | null} target
 * @property {number} seed
 */
/**
 * @typedef {Told & {
 *   labels: Record<string, number>, largest: number, step: number, magnified: number,
 * }} Network
 */

// --- Arithmetic ----------------------------------------------------------------------------------

/** The changed picture: each number by ε up or down, and none beyond black and white.
 * @param {ArrayLike<number>} pixels @param {ArrayLike<number>} signs
 * @param {number} epsilon @param {number} white
 */
export function changed(pixels, signs, epsilon, white) {
  return Float32Array.from(pixels, (value, k) => clamp(value + epsilon * (signs[k] ?? 0), 0, white));
}

/** The difference of two pictures, so many times as large, about the grey in the middle.
 * @param {ArrayLike<number>} before @param {ArrayLike<number>} after
 * @param {number} magnified @param {number} white
 */
export function difference(before, after, magnified, white) {
  return Float32Array.from(before, (value, k) => white / 2 + magnified * (after[k] - value));
}

// --- Words ---------------------------------------------------------------------------------------

/** How large ε is, with its unit.
 * @param {number} epsilon @param {number} white
 */
export function epsilonWords(epsilon, white) {
  if (white === 1) return `${number(epsilon)} of 1`;
  return `${number(epsilon)} grey level${epsilon === 1 ? "" : "s"}`;
}

/** The most probable class, with its probability.
 * @param {Float64Array | number[]} odds @param {string[]} classes
 */
export function answerWords(odds, classes) {
  const [first] = best(odds, 1);
  return `${classes[first]}, ${percent(odds[first])}`;
}

/** What has happened, in words.
 * @param {{ before: Float64Array | number[], odds: Float64Array | number[], classes: string[], epsilon: number, white: number }} what
 */
export function outcomeWords({ before, odds, classes, epsilon, white }) {
  const [was] = best(before, 1);
  const [now] = best(odds, 1);
  if (!epsilon) return `Unchanged, the network says ${answerWords(before, classes)}.`;
  const size = epsilonWords(epsilon, white);
  if (was === now) {
    return `With ${size} it still says ${classes[now]}: ${percent(before[was])} before, ${percent(odds[now])} now.`;
  }
  return `With ${size} it says ${answerWords(odds, classes)}. ${capital(classes[was])} falls from ${percent(before[was])} to ${percent(odds[was])}.`;
}

/** The classes that are shown: the most probable ones, and the one that was most probable before.
 * @param {Float64Array | number[]} odds @param {Float64Array | number[]} before @param {number} top
 */
export function listed(odds, before, top) {
  return [...new Set([...best(odds, top), ...best(before, 1)])];
}

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Given<Set, { top: number, seeds: number }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "attack",
    title: "Change a picture a little, and watch the answer",
    describe: "Every number of the picture changes by ε, up or down. Which way, the gradient says, or chance.",
    keys: [
      ["arrow keys on ε", "change it by one step; Home goes back to 0"],
      ["first letters on Goal", "go to a class whose word begins so"],
    ],
  });
  const set = settings(model, () => redraw());
  const facts = model.get("facts");
  /** @returns {Network[]} */
  const all = () => model.get("given");
  let tell = false; // whether the next answer is to be read out

  const chosen = chooser(all(), (to) =>
    go({ ...to, ...(to.network === set.now.network ? {} : { epsilon: 0, target: null }) }),
  );
  const direction = choice(
    "Signs",
    [["gradient", "of the gradient"], ["random", "random"]],
    (value) => go({ direction: /** @type {Direction} */ (value) }),
  );
  const goal = choice("Goal", [], (value) => go({ target: value === "" ? null : Number(value) }));
  const again = button("Other random signs", () => go({ seed: (set.now.seed + 1) % (facts.seeds + 1) }));
  const along = slider("ε", { frame, change: (epsilon) => go({ epsilon: Number(epsilon.toFixed(4)) }) });
  const size = h("output", { class: "attack-epsilon" });
  const shown = ["picture", "changed picture", "difference"].map((name) => {
    const pixels = board({ name: `${name}: arrow keys read its numbers`, go: (i, j) => read(i, j) });
    return { pixels, part: figure("", pixels.node) };
  });
  const odds = h("dl", { class: "attack-odds" });
  const oddsFigure = figure("", odds);
  const words = h("p", { class: "attack-words" });
  const pixel = h("p", { class: "attack-pixel" });
  const wait = awaiting(frame, model, { set, redraw: () => redraw(), arrived: speak });
  frame.body.append(
    h("div", { class: "cnn-controls" }, chosen.nodes, direction.node, goal.node, again),
    h("div", { class: "cnn-controls" }, along.parts, size, wait.node),
    words,
    h("div", { class: "cnn-figures attack-shown" }, shown.map(({ part }) => part.node)),
    pixel,
    oddsFigure.node,
  );

  // Where the learner goes

  function network() {
    return /** @type {Network} */ (chosen.about(set.now.network));
  }
  /** @param {Partial<Set>} to */
  function go(to) {
    tell = true;
    frame.complain("");
    set.change(to);
    wait.wait();
    if (wait.fresh()) speak();
  }
  function speak() {
    if (!tell) return;
    tell = false;
    frame.say(words.textContent ?? "");
  }
  /** @type {[number, number]} */
  let at = [0, 0];
  /** Read out what stands in one pixel, before and after.
   * @param {number} i @param {number} j
   */
  function read(i, j) {
    at = [i, j];
    mark();
    const { before, after } = pictures();
    const [channels, rows, columns] = before.shape;
    const numbers = (/** @type {Pixels} */ pixels) =>
      Array.from({ length: channels }, (_, c) => number(pixels.data[c * rows * columns + i * columns + j], 4));
    setText(pixel, `Row ${i}, column ${j}: ${numbers(before).join(", ")} before, ${numbers(after).join(", ")} now.`);
    frame.say(pixel.textContent ?? "");
  }
  function mark() {
    for (const { pixels } of shown) {
      pixels.at(...at);
      pixels.mark({ row: at[0], column: at[1], height: 1, width: 1 });
    }
  }

  // What is seen

  /** Whether the kernel has sent the signs for what is chosen now. */
  function known() {
    const of = model.get("way").of ?? {};
    const input = model.get("input").of ?? [];
    const now = set.now;
    const same = Object.keys(now).every((name) => name === "epsilon" || JSON.stringify(of[name]) === JSON.stringify(/** @type {any} */ (now)[name]));
    return same && String(input) === String([now.network, now.picture]);
  }
  function pictures() {
    const before = pixelsOf(model.get("input"));
    const signs = signsOf(model.get("way").signs);
    const { white } = network();
    return { before, after: { shape: before.shape, data: changed(before.data, signs, set.now.epsilon, white) } };
  }
  function redraw() {
    const now = set.now;
    chosen.set(now);
    const { classes, largest, step, white } = network();
    const { away } = model.get("answer");
    goal.offer([
      ["", wait.fresh() ? `away from ${classes[away]}` : "away from its class"],
      ...wordOptions(network()).map(([k, word]) => /** @type {[string, string]} */ ([k, `towards ${word}`])),
    ]);
    goal.set(now.target === null ? "" : String(now.target));
    direction.set(now.direction);
    goal.node.hidden = now.direction === "random";
    again.hidden = now.direction !== "random";
    setAttribute(along.input, "max", largest);
    setAttribute(along.input, "step", step);
    along.set(now.epsilon, epsilonWords(now.epsilon, white));
    setText(size, epsilonWords(now.epsilon, white));
    if (known()) drawPictures();
    wait.draw();
    if (wait.fresh()) drawOdds();
  }
  let painted = "";
  const READ = "To read the numbers of a pixel, click on it, or walk there with the arrow keys.";
  function drawPictures() {
    const { white, magnified } = network();
    const { picture, epsilon } = set.now;
    const state = JSON.stringify([model.get("way").of, epsilon]);
    if (painted === state) return;
    painted = state;
    const { before, after } = pictures();
    const [, rows, columns] = before.shape;
    const apart = { shape: before.shape, data: difference(before.data, after.data, magnified, white) };
    [before, after, apart].forEach((pixels, k) => {
      const label = [picture, `${picture}, changed`, `the difference, ${magnified} times as large`][k];
      shown[k].pixels.paint(rows, columns, colours(pixels, white), `${label}, ${rows} by ${columns} pixels.`);
    });
    at = [Math.min(at[0], rows - 1), Math.min(at[1], columns - 1)];
    mark();
    setText(pixel, READ);
    shown[2].part.set(`the difference, ${number(magnified)} times as large; grey is no change`);
  }
  function drawOdds() {
    const { classes, white } = network();
    const answer = model.get("answer");
    const [now, before] = [doublesOf(answer.odds), doublesOf(answer.before)];
    const rows = listed(now, before, facts.top);
    while (odds.children.length > 3 * rows.length) odds.lastElementChild?.remove();
    rows.forEach((one, k) => {
      if (!odds.children[3 * k]) {
        const bar = h("dd", { class: "attack-bar", "aria-hidden": "true" }, h("span", { class: "cnn-bar" }), h("span", { class: "attack-was" }));
        odds.append(h("dt"), bar, h("dd"));
      }
      const [name, bar, text] = [0, 1, 2].map((part) => odds.children[3 * k + part]);
      const [length, was] = /** @type {HTMLElement[]} */ ([...bar.children]);
      setText(name, k === 0 ? `▶ ${classes[one]}` : classes[one]);
      for (const part of [name, bar, text]) part.classList.toggle("first", k === 0);
      length.style.width = `${100 * now[one]}%`;
      was.style.left = `${100 * before[one]}%`;
      setText(text, `${percent(now[one])}, was ${percent(before[one])}`);
    });
    shown[0].part.set(`${set.now.picture}: ${answerWords(before, classes)}`);
    shown[1].part.set(`changed: ${answerWords(now, classes)}`);
    oddsFigure.set("probabilities now; dashed: before");
    setText(words, outcomeWords({ before, odds: now, classes, epsilon: set.now.epsilon, white }));
  }

  const ears = ["input", "way", "given"].map((name) => hearing(model, name, () => redraw()));
  redraw();
  return closing(wait, ...ears, set, frame);
}

export default { render };
