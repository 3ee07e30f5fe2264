// @ts-check
// The pixel inspector: zoom into a photograph until it is numbers.

import {
  button, choice, clamp, closing, figure, h, panel, setAttribute, setText, settings, sum,
} from "../kit/kit.js";
import { board, unpacker } from "../kit/pixels.js";

/** @import { Given, Place } from "../kit/kit.js" */
/** @import { Packed, Picture } from "../kit/pixels.js" */
/** @typedef {"rgb" | "grey"} Show */
/** @typedef {{ image: Packed, place: Place, show: Show }} Set */

const SIDES = [64, 32, 16, 8, 4]; // pixels along a side of the window

// --- Arithmetic ----------------------------------------------------------------------------------

/** The window centred on a pixel, as far as the edges allow: [row, column, side].
 * @param {number[]} size @param {Place} place @param {number} wanted
 */
export function windowAt([rows, columns], [row, column], wanted) {
  const side = Math.min(wanted, rows, columns);
  const first = (/** @type {number} */ at, /** @type {number} */ length) =>
    clamp(at - Math.floor(side / 2), 0, length - side);
  return [first(row, rows), first(column, columns), side];
}

/** The numbers of a pixel: three, or one, their mean, rounded.
 * @param {Picture} picture @param {Show} show @param {number} i @param {number} j
 */
export function numbersOf({ shape, data }, show, i, j) {
  const channels = shape[2] ?? 1;
  const start = (i * shape[1] + j) * channels;
  const values = [...data.slice(start, start + channels)];
  if (channels === 1 || show === "rgb") return values;
  return [Math.round(sum(values) / channels)]; // thirds: never a half
}

/** @param {number[]} values */
function colourOf(values) {
  return values.length === 3 ? values : Array(3).fill(values[0]);
}

/** Black or white, whichever reads better on a colour (Rec. 709 weights).
 * @param {number[]} colour
 */
export function inkOn([red, green, blue]) {
  const light = [red, green, blue].map((value) => (value / 255) ** 2.2);
  return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] > 0.18 ? "#000" : "#fff";
}

// --- Words ---------------------------------------------------------------------------------------

/** "red 97, green 160, blue 231", or "grey 160".
 * @param {number[]} values
 */
export function told(values) {
  if (values.length === 1) return `grey ${values[0]}`;
  return ["red", "green", "blue"].map((name, k) => `${name} ${values[k]}`).join(", ");
}

/** The numbers of a pixel, one below the other; with their names where there is room.
 * @param {number[]} values @param {boolean} roomy
 */
export function written(values, roomy) {
  const names = roomy && values.length === 3 ? ["R ", "G ", "B "] : ["", "", ""];
  return values.map((value, k) => names[k] + value).join("\n");
}

// --- Drawing -------------------------------------------------------------------------------------

/** @param {Given<Set, { close: number }>} given numbers are written in windows of `close` pixels */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "inspector",
    title: "A photograph is numbers",
    keys: [
      ["arrow keys on an image", "move by one pixel and hear its numbers; with Shift, by eight"],
      ["+ and −", "zoom in and out; from 8×8 pixels on, the numbers show"],
      ["mouse or finger", "click a pixel to go there"],
    ],
  });
  const set = settings(model, redraw);
  const picture = unpacker();
  const { close } = model.get("facts");
  let begun = ""; // the place that Python set last
  /** @type {Place} */
  let place = [0, 0];
  let zoom = 2;

  const showChoice = choice(
    "Numbers",
    [["rgb", "red, green, blue"], ["grey", "grey: their mean"]],
    (show) => {
      set.change({ show: /** @type {Show} */ (show) });
      sayPlace();
    },
  );
  const zoomOut = button("Zoom out −", () => zoomTo(zoom - 1));
  const zoomIn = button("Zoom in +", () => zoomTo(zoom + 1));

  /** @param {number} i @param {number} j */
  function values(i, j) {
    return numbersOf(picture(set.now.image), set.now.show, i, j);
  }
  function sayPlace() {
    frame.say(`Row ${place[0]}, column ${place[1]}: ${told(values(...place))}.`);
  }
  /** @param {number} i @param {number} j */
  function goTo(i, j) {
    place = [i, j];
    redraw();
    sayPlace();
  }
  /** @param {number} to */
  function zoomTo(to) {
    const next = clamp(to, 0, SIDES.length - 1);
    const end = next === zoom ? " This is as far as it goes." : "";
    zoom = next;
    redraw();
    const [, , side] = view();
    const seen = side <= close ? ", with their numbers" : "";
    frame.say(`${side} by ${side} pixels${seen}.${end}`);
  }
  /** @param {string} key */
  function press(key) {
    if (key === "+" || key === "=") zoomTo(zoom + 1);
    else if (key === "-" || key === "−" || key === "_") zoomTo(zoom - 1);
    else return false;
    return true;
  }
  function view() {
    return windowAt(picture(set.now.image).shape, place, SIDES[zoom]);
  }
  // On the large view, a place is counted from the window; keys may leave it, and it follows.
  /** @param {number} i @param {number} j */
  function within(i, j) {
    const [row, column] = view();
    goTo(row + i, column + j);
  }
  const far = board({ name: "image: arrow keys move, plus and minus zoom", go: goTo, press });
  const near = board({
    name: "window: arrow keys move, plus and minus zoom",
    go: within,
    press,
    step: (down, right) => far.step(down, right),
  });
  const overlay = h("div", { class: "look-numbers cnn-data", "aria-hidden": "true" });
  near.node.append(overlay);
  const figures = { far: figure("", far.node), near: figure("", near.node) };
  figures.near.node.classList.add("look-close");
  const heading = h("span", {});
  const patch = h("span", { class: "look-patch cnn-data", "aria-hidden": "true" });
  frame.body.append(
    h("div", { class: "cnn-controls" }, zoomOut, zoomIn, showChoice.node),
    h("p", { class: "look-place" }, heading, patch),
    h("div", { class: "cnn-figures" }, figures.far.node, figures.near.node),
  );
  let painted = "";

  function redraw() {
    const now = set.now;
    const image = picture(now.image);
    const [rows, columns] = image.shape;
    if (begun !== String(now.place)) {
      begun = String(now.place);
      place = [...now.place];
    }
    place = [clamp(place[0], 0, rows - 1), clamp(place[1], 0, columns - 1)];
    const [row, column, side] = view();
    const colour = (/** @type {number} */ i, /** @type {number} */ j) =>
      colourOf(numbersOf(image, now.show, i, j));
    const state = [now.show, now.image.data.length, now.image.shape, now.image.data].join();
    if (painted !== state) {
      far.paint(rows, columns, colour, `The image, ${rows} by ${columns} pixels.`);
      painted = state;
    }
    far.at(...place);
    far.mark({ row, column, height: side, width: side });
    const rowsShown = `rows ${row} to ${row + side - 1}, columns ${column} to ${column + side - 1}`;
    near.paint(
      side,
      side,
      (i, j) => colour(row + i, column + j),
      `${rowsShown}: ${side} by ${side} pixels.`,
    );
    near.at(place[0] - row, place[1] - column);
    near.mark({ row: place[0] - row, column: place[1] - column, height: 1, width: 1 });
    overlay.style.setProperty("--look-side", String(side));
    overlay.style.fontSize = side < close ? "1.2em" : "";
    overlay.hidden = side > close;
    if (side <= close) {
      overlay.replaceChildren(
        ...Array.from({ length: side * side }, (_, k) => {
          const [i, j] = [row + Math.floor(k / side), column + (k % side)];
          const cell = h("span", {}, written(values(i, j), side < close));
          cell.style.color = inkOn(colour(i, j));
          return cell;
        }),
      );
    }
    figures.far.set(`image, ${rows}×${columns}`);
    figures.near.set(rowsShown);
    showChoice.set(now.show);
    showChoice.node.hidden = image.shape.length === 2;
    setText(heading, `Row ${place[0]}, column ${place[1]}: ${told(values(...place))}`);
    patch.style.background = `rgb(${colour(...place)})`;
    setAttribute(zoomOut, "aria-disabled", zoom === 0 ? "true" : null);
    setAttribute(zoomIn, "aria-disabled", zoom === SIDES.length - 1 ? "true" : null);
  }

  redraw();
  return closing(set, frame);
}

export default { render };
