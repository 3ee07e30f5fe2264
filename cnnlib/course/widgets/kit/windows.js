// @ts-check
// Where windows stop along one axis, and what they read: shared by widgets that slide a window.

import { joined } from "./kit.js";

/** @import { Place } from "./kit.js" */
/** @typedef {[kernelSize: number, stride: number, padding: number]} Layer along one axis */

/** How many places the window has: 0 or less if it does not fit.
 * @param {number} size @param {Layer} layer
 */
export function stops(size, [kernelSize, stride, padding]) {
  return Math.floor((size + 2 * padding - kernelSize) / stride) + 1;
}

/** Say in words why a window does not fit into a map, or return "".
 * @param {Place} size @param {Layer} layer @param {{ what: string, into: string }} names
 */
export function misfit([rows, columns], [kernelSize, , padding], { what, into }) {
  const size = Math.min(rows, columns);
  if (kernelSize <= size + 2 * padding) return "";
  const side = rows <= columns ? "rows" : "columns";
  const border = padding ? ` with its border (${size} + 2·${padding})` : "";
  return `The ${what} does not fit: it has ${kernelSize} ${side}, but ${into}${border} has ${
    size + 2 * padding
  }.`;
}

/** How many windows read each pixel along one axis.
 * @param {number} size @param {Layer} layer
 * @returns {number[]}
 */
export function reads(size, [kernelSize, stride, padding]) {
  const counts = new Array(size).fill(0);
  const last = stops(size, [kernelSize, stride, padding]);
  for (let stop = 0; stop < last; stop += 1) {
    for (let k = 0; k < kernelSize; k += 1) {
      const at = stop * stride - padding + k;
      if (at >= 0 && at < size) counts[at] += 1;
    }
  }
  return counts;
}

/** Name some rows or columns: "row 7", "rows 2 and 5", "rows 4 to 9".
 * @param {string} what @param {number[]} places
 */
export function listed(what, places) {
  const [first, last] = [places[0], places[places.length - 1]];
  if (places.length === 1) return `${what} ${first}`;
  const inARow = last - first === places.length - 1;
  return `${what}s ${inARow && places.length > 2 ? `${first} to ${last}` : joined(places)}`;
}

/** Say which rows and columns no window reads, and how many pixels that makes, or return "".
 * @param {Place} size @param {Layer} layer
 */
export function neverRead([rows, columns], layer) {
  const zeros = (/** @type {number} */ size) => reads(size, layer).flatMap((count, i) => (count ? [] : [i]));
  const [lostRows, lostColumns] = [zeros(rows), zeros(columns)];
  if (!lostRows.length && !lostColumns.length) return "";
  const parts = [
    ...(lostRows.length ? [listed("row", lostRows)] : []),
    ...(lostColumns.length ? [listed("column", lostColumns)] : []),
  ];
  const count = rows * columns - (rows - lostRows.length) * (columns - lostColumns.length);
  const pixels = `${count} of ${rows * columns} pixels`;
  return `No window reads ${parts.join(" or ")}: ${pixels} are never seen.`;
}
