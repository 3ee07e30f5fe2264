// @ts-check
// Drawings with lines and text: pictures that grow with the text, and charts.

import { clamp, present, setAttribute } from "./kit.js";

/** @import { Child } from "./kit.js" */
/** @typedef {[x: number, y: number]} Point */
/** @typedef {{ min: number, max: number, ticks: [number, string][] }} Axis */
/** @typedef {{ points: Point[], class: string, dot?: boolean }} Mark */

const EM = 10; // units of a drawing in one em

/** Make an element of a drawing; like `h`, but for <svg> and what stands in it.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} attributes
 * @param {Child[]} children
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...present(children));
  return node;
}

/** An empty drawing of so many em. Give it an aria-label that says what is on it now.
 * @param {number} width @param {number} height
 */
export function picture(width, height) {
  return svg("svg", {
    class: "svg-picture",
    role: "img",
    viewBox: `0 0 ${width * EM} ${height * EM}`,
    style: `width: ${width}em`, // the height follows
  });
}

/** A text in a drawing, centred at a place in em unless a class says otherwise.
 * @param {string} text @param {number} x @param {number} y
 */
export function label(text, x, y, className = "") {
  return svg("text", { class: `svg-text ${className}`, x: x * EM, y: y * EM }, text);
}

/** A straight line in a drawing, from place to place in em.
 * @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2
 */
export function line(x1, y1, x2, y2, className = "") {
  return svg("line", { class: className, x1: x1 * EM, y1: y1 * EM, x2: x2 * EM, y2: y2 * EM });
}

/**
 * A chart with two axes; `under` is written below the first.
 *
 * `draw({ x, y, marks, words })` draws it anew. An axis is {min, max, ticks: [[value, text]]}.
 * A mark is {points: [[x, y], …], class} for a line, with {dot: true} for single dots. Lines are
 * cut off at the edge. `at(event)` tells over which x the pointer is.
 * @param {{ width: number, height: number, under?: string }} size
 */
export function chart({ width, height, under = "" }) {
  const node = picture(width, height);
  const inner = { left: 4.4, right: width - 0.8, top: 0.7, bottom: height - (under ? 2.6 : 1.6) };
  let axis = { min: 0, max: 1 };
  /** @param {Axis} axis @param {number} value @param {number} from @param {number} to */
  const place = ({ min, max }, value, from, to) => from + ((value - min) / (max - min)) * (to - from);

  /** @param {{ x: Axis, y: Axis, marks: Mark[], words: string }} chart */
  function draw({ x, y, marks, words }) {
    axis = x;
    const toX = (/** @type {number} */ value) => place(x, value, inner.left, inner.right);
    // A line may leave the chart far away; a browser draws no number that has no end.
    const toY = (/** @type {number} */ value) => {
      const near = clamp(value, 2 * y.min - y.max, 2 * y.max - y.min);
      return place(y, near, inner.bottom, inner.top);
    };
    const parts = [];
    for (const [value, text] of x.ticks) {
      parts.push(line(toX(value), inner.top, toX(value), inner.bottom, axisClass(value)));
      parts.push(label(text, toX(value), inner.bottom + 0.8, "svg-small"));
    }
    for (const [value, text] of y.ticks) {
      parts.push(line(inner.left, toY(value), inner.right, toY(value), axisClass(value)));
      parts.push(label(text, inner.left - 0.3, toY(value), "svg-small svg-right"));
    }
    const middle = (inner.left + inner.right) / 2;
    if (under) parts.push(label(under, middle, height - 0.6, "svg-small"));
    const drawn = marks.map(({ points, class: className, dot }) =>
      dot
        ? points.map(([u, v]) =>
            svg("circle", { class: className, cx: toX(u) * EM, cy: toY(v) * EM, r: 0.42 * EM }),
          )
        : svg("polyline", {
            class: className,
            points: points.map(([u, v]) => `${toX(u) * EM},${toY(v) * EM}`).join(" "),
          }),
    );
    const room = 0.5; // so that a dot on the edge is whole
    const cut = {
      x: (inner.left - room) * EM,
      y: (inner.top - room) * EM,
      width: (inner.right - inner.left + 2 * room) * EM,
      height: (inner.bottom - inner.top + 2 * room) * EM,
    };
    const viewBox = `${cut.x} ${cut.y} ${cut.width} ${cut.height}`;
    const hidden = { overflow: "hidden", role: "presentation" };
    node.replaceChildren(...parts, svg("svg", { ...cut, ...hidden, viewBox }, drawn));
    setAttribute(node, "aria-label", words);
  }
  return {
    node,
    draw,
    /** @param {PointerEvent} event */
    at(event) {
      const box = node.getBoundingClientRect();
      const em = ((event.clientX - box.left) / box.width) * width;
      const along = (em - inner.left) / (inner.right - inner.left);
      return axis.min + clamp(along, 0, 1) * (axis.max - axis.min);
    },
  };
}

/** @param {number} value */
function axisClass(value) {
  return value === 0 ? "svg-zero" : "svg-tick";
}
