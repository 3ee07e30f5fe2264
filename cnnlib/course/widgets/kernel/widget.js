// @ts-check
// The kernel playground: nine numbers, and what they make of a photograph.

import {
  aloud, choice, clamp, closing, figure, h, number, panel, setText, settings, spoken, sum, term,
  withNumber, worked,
} from "../kit/kit.js";
import { board, signedColour, unpacked, unpacker } from "../kit/pixels.js";

/** @import { Given, Place, Rows } from "../kit/kit.js" */
/** @import { Colours, Packed, Picture } from "../kit/pixels.js" */
/** @typedef {"signed" | "grey"} Show */
/** @typedef {{ image: Packed, kernel: Rows, show: Show }} Set */
/** @typedef {{ kernels: Record<string, Rows>, limit: number, diverging: Colours }} Facts */

const OWN = "your own";

// --- Arithmetic ----------------------------------------------------------------------------------

/** Slide, multiply, add: one row of the result after the other.
 * @param {Picture} picture @param {Rows} kernel
 */
export function slid({ shape: [rows, columns], data }, kernel) {
  const result = new Float64Array((rows - 2) * (columns - 2));
  let at = 0;
  for (let i = 0; i < rows - 2; i += 1) {
    for (let j = 0; j < columns - 2; j += 1) {
      let value = 0;
      for (let m = 0; m < 3; m += 1) {
        for (let n = 0; n < 3; n += 1) value += data[(i + m) * columns + j + n] * kernel[m][n];
      }
      result[at] = value;
      at += 1;
    }
  }
  return result;
}

/** The result of settings as they come from Python, as a list of numbers.
 * @param {Set} set
 */
export function applied({ image, kernel }) {
  return [...slid(unpacked(image), kernel)];
}

/** The name of a kernel, or "your own".
 * @param {Rows} kernel @param {Facts} facts
 */
export function named(kernel, { kernels }) {
  const found = Object.entries(kernels).find(([, k]) => String(k) === String(kernel));
  return found ? found[0] : OWN;
}

// --- Words ---------------------------------------------------------------------------------------

/** The nine products of one place, a line for each row of the kernel.
 * @param {Picture} picture @param {Rows} kernel @param {number} i @param {number} j
 */
export function products({ shape, data }, kernel, i, j) {
  return kernel.map((row, m) =>
    row.map((w, n) => `${number(data[(i + m) * shape[1] + j + n], 3)}·${term(w, 3)}`).join(" + "),
  );
}

/** What the weights do to an even surface, and how far the result reaches.
 * @param {Rows} kernel @param {Float64Array} result @param {Show} show
 */
export function note(kernel, result, show) {
  const weight = Number(sum(kernel.flat()).toFixed(9)) + 0; // never −0
  let even = `A flat area becomes ${number(weight, 3)} times as bright.`;
  if (weight === 0) even = "A flat area becomes 0.";
  if (weight === 1) even = "A flat area stays as it is.";
  let low = Infinity;
  let high = -Infinity;
  let below = 0;
  let above = 0;
  for (const value of result) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value < -1e-12) below += 1;
    if (value > 1 + 1e-12) above += 1;
  }
  const share = (/** @type {number} */ count) => `${Math.round((100 * count) / result.length)}%`;
  const drawn = show === "grey" ? [", drawn black", ", drawn white"] : ["", ""];
  return (
    `The weights add up to ${number(weight, 3)}. ${even} ` +
    `The result goes from ${number(low, 3)} to ${number(high, 3)}: ${share(below)} of it below 0` +
    `${drawn[0]}, ${share(above)} above 1${drawn[1]}.`
  );
}

/** @param {Float64Array} result */
function largest(result) {
  return result.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

// --- Drawing -------------------------------------------------------------------------------------

/** A grey value as bytes, cut off at 0 and 1.
 * @param {number} value
 */
function grey(value) {
  return Array(3).fill(Math.round(255 * clamp(value, 0, 1)));
}

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "kernel",
    title: "Nine numbers and a photograph",
    keys: [
      ["arrow keys on the result", "move by one pixel and hear it; with Shift, by eight"],
      ["arrow keys on the kernel", "move from weight to weight"],
      ["Enter, or a digit, on a weight", "edit it; Enter keeps it, Escape cancels"],
      ["mouse or finger", "point at a picture to see one sum; click a weight twice to edit it"],
    ],
  });
  const set = settings(model, redraw);
  const picture = unpacker();
  const facts = model.get("facts");
  /** A row and a column of the result. @type {Place} */
  let place = [NaN, NaN];
  /** The same, under the pointer. @type {Place | null} */
  let peek = null;

  const kernelChoice = choice(
    "Kernel",
    [...Object.keys(facts.kernels), OWN].map((name) => [name, name]),
    (name) => {
      if (name === OWN) {
        kernelChoice.set(named(set.now.kernel, facts));
        return frame.complain("Edit a weight, and the kernel is your own.");
      }
      frame.complain("");
      set.change({ kernel: facts.kernels[name] });
      frame.say(`${name}. ${note(set.now.kernel, latest, set.now.show)}`);
    },
  );
  const showChoice = choice(
    "Show the result",
    [["signed", "blue below 0, red above"], ["grey", "in grey, from 0 to 1"]],
    (value) => {
      const show = /** @type {Show} */ (value);
      set.change({ show });
      frame.say(note(set.now.kernel, latest, show));
    },
  );
  const weights = frame.grid({
    name: "kernel",
    edit: (i, j, value) => {
      const { limit } = facts;
      if (Math.abs(value) > limit) return `A weight goes from −${limit} to ${limit}.`;
      const kernel = withNumber(set.now.kernel, i, j, value);
      set.change({ kernel });
      frame.say(note(kernel, latest, set.now.show));
    },
  });
  const goTo = (/** @type {number} */ i, /** @type {number} */ j) => {
    place = [i, j];
    peek = null;
    redraw();
    const [rows, columns] = picture(set.now.image).shape;
    const value = latest[i * (columns - 2) + j];
    const edge = i === 0 || j === 0 || i === rows - 3 || j === columns - 3 ? " At the edge." : "";
    frame.say(`Row ${i}, column ${j}: ${spoken(value, 3)}.${edge}`);
  };
  const look = (/** @type {Place | null} */ at) => {
    peek = at;
    redraw();
  };
  /** A pixel of the picture is the middle of the window that belongs to it.
   * @param {Place} pixel @returns {Place}
   */
  const inside = ([i, j]) => {
    const [rows, columns] = picture(set.now.image).shape;
    return [clamp(i - 1, 0, rows - 3), clamp(j - 1, 0, columns - 3)];
  };
  const before = board({
    name: "picture: arrow keys move the window",
    go: (i, j) => goTo(...inside([i, j])),
    hover: (at) => look(at && inside(at)),
  });
  const after = board({ name: "result: arrow keys move", go: goTo, hover: look });
  const figures = {
    before: figure("", before.node),
    kernel: figure("kernel", weights.node),
    after: figure("", after.node),
  };
  const about = h("p", { class: "kern-note" });
  const scale = h("p", { class: "kern-legend" });
  const work = worked();
  frame.body.append(
    h("div", { class: "cnn-controls" }, kernelChoice.node, showChoice.node),
    h("div", { class: "cnn-figures" }, figures.before.node, figures.kernel.node, figures.after.node),
    scale,
    about,
    work.node,
  );

  let latest = new Float64Array();
  /**
   * What stands on the boards, so that a pointer that moves does not paint them again.
   * @type {{ image?: Picture, kernel?: string, show?: Show }}
   */
  let painted = {};

  /** @param {Picture} image @param {Set} set */
  function paint(image, { kernel, show }) {
    const [rows, columns] = image.shape;
    if (painted.image !== image) {
      before.paint(
        rows,
        columns,
        (i, j) => grey(image.data[i * columns + j]),
        `The picture, ${rows} by ${columns} pixels, in grey.`,
      );
      after.node.style.width = `${(20 * (columns - 2)) / columns}em`;
    }
    if (painted.image === image && painted.kernel === String(kernel) && painted.show === show) return;
    latest = slid(image, kernel);
    const most = largest(latest);
    const colour = (/** @type {number} */ value) =>
      show === "grey" ? grey(value) : signedColour(facts.diverging, value, most);
    after.paint(
      rows - 2,
      columns - 2,
      (i, j) => colour(latest[i * (columns - 2) + j]),
      `What ${named(kernel, facts)} makes of the picture. ${note(kernel, latest, show)}`,
    );
    const ends = show === "grey" ? [0, 1] : [-most, most];
    const stops = Array.from({ length: 17 }, (_, k) => {
      return `rgb(${colour(ends[0] + (k / 16) * (ends[1] - ends[0]))})`;
    });
    const bar = h("span", { class: "kern-scale cnn-data", "aria-hidden": "true" });
    bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
    const says = show === "grey" ? ["0 and less", "1 and more"] : ends.map((end) => number(end, 3));
    scale.replaceChildren(
      `Colours of the result: ${says[0]} `,
      bar,
      ` ${says[1]}${show === "grey" ? "" : ", with 0 in the middle, white"}`,
    );
    painted = { image, kernel: String(kernel), show };
  }

  function redraw() {
    const now = set.now;
    const image = picture(now.image);
    const [rows, columns] = image.shape;
    paint(image, now);
    if (Number.isNaN(place[0])) place = [Math.floor((rows - 2) / 2), Math.floor((columns - 2) / 2)];
    place = [Math.min(place[0], rows - 3), Math.min(place[1], columns - 3)];
    const [i, j] = peek ?? place;
    const value = latest[i * (columns - 2) + j];

    weights.draw(3, 3, (m, n) => ({
      text: number(now.kernel[m][n], 3),
      label: `kernel row ${m}, column ${n}: ${spoken(now.kernel[m][n], 3)}`,
      value: now.kernel[m][n],
    }));
    before.at(place[0] + 1, place[1] + 1);
    before.mark({ row: i, column: j, height: 3, width: 3 });
    after.at(...place);
    after.mark({ row: i, column: j, height: 1, width: 1 });
    figures.before.set(`picture, ${rows}×${columns}`);
    figures.after.set(`result, ${rows - 2}×${columns - 2}`);
    kernelChoice.set(named(now.kernel, facts));
    showChoice.set(now.show);
    setText(about, note(now.kernel, latest, now.show));
    const [first, second, third] = products(image, now.kernel, i, j);
    const whole = ![first, second, third].join("").includes(".");
    const result = number(value, 3);
    work.set({
      place: `Result row ${i}, column ${j}: ${result}`,
      // What is written is rounded.
      lines: [first, `+ ${second}`, `+ ${third} ${whole ? "=" : "≈"} ${result}`],
      words: aloud(`${first} + ${second} + ${third} = ${result}${whole ? "" : ", rounded"}`),
    });
  }

  redraw();
  return closing(set, frame);
}

export default { render };
