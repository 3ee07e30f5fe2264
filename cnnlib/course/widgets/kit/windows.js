// @ts-check
// Where windows stop, what they read, and what is multiplied and added in one: shared by widgets
// that slide a window.

import { joined, number, spoken, sum as total, term } from "./kit.js";

/** @import { Place, Rows } from "./kit.js" */
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

/** Say in words why a kernel does not fit into a map with its border, or return "".
 * @param {Rows} map @param {Rows} kernel @param {number} padding
 */
export function kernelMisfit(map, kernel, padding) {
  /** @type {[string, number, number][]} */
  const sides = [
    ["rows", map.length, kernel.length],
    ["columns", map[0].length, kernel[0].length],
  ];
  for (const [side, size, kernelSize] of sides) {
    if (kernelSize > size + 2 * padding) {
      const border = padding ? " with its border" : "";
      const need = Math.ceil((kernelSize - size) / 2);
      return (
        `The kernel does not fit: it has ${kernelSize} ${side}, but the input${border} has ` +
        `${size + 2 * padding}. Use a smaller kernel, or a padding of at least ${need}.`
      );
    }
  }
  return "";
}

/** Say which rows and columns a kernel never reaches, or return "".
 * @param {Rows} map @param {Rows} kernel @param {{ stride: number, padding: number }} step
 */
export function notReached(map, kernel, { stride, padding }) {
  const counts = [
    (map.length + 2 * padding - kernel.length) % stride,
    (map[0].length + 2 * padding - kernel[0].length) % stride,
  ];
  const parts = ["row", "column"].flatMap((what, k) => {
    if (counts[k] === 0) return [];
    return [counts[k] === 1 ? `the last ${what}` : `the last ${counts[k]} ${what}s`];
  });
  if (!parts.length) return "";
  const verb = total(counts) === 1 ? "is" : "are";
  return `With stride ${stride}, ${joined(parts)} ${verb} never under the kernel.`;
}

/** The number at a place of the input with its border of zeros.
 * @param {Rows} channel @param {number} padding @param {number} i @param {number} j
 */
export function padded(channel, padding, i, j) {
  return channel[i - padding]?.[j - padding] ?? 0;
}

/** All that is multiplied and added in one window: channel by channel, and all together.
 * @param {Rows[]} image @param {Rows[]} weights as they lie on the window
 * @param {{ stride: number, padding: number }} step @param {number} row @param {number} column
 */
export function windowSum(image, weights, { stride, padding }, row, column) {
  const channels = image.map((channel, c) => {
    const window = weights[c].map((line, m) =>
      line.map((_, n) => padded(channel, padding, row * stride + m, column * stride + n)),
    );
    const products = window.map((line, m) => line.map((value, n) => value * weights[c][m][n]));
    return { window, weights: weights[c], products, sum: total(products.flat()) };
  });
  return { channels, sum: total(channels.map((channel) => channel.sum)) };
}

/** The arithmetic of one window as lines to read.
 * @param {ReturnType<typeof windowSum>} worked @param {number} bias
 */
export function sumLines({ channels, sum }, bias) {
  const many = channels.length > 1;
  const text = channels.map(({ window, weights, products, sum: part }, c) => {
    const pairs = window.flat().map((value, k) => `${term(value)}·${term(weights.flat()[k])}`);
    const terms = products.flat().map((value) => term(value));
    const name = many ? `channel ${c}: ` : "";
    if (pairs.length === 1) return `${name}${pairs[0]} = ${number(part)}`;
    return `${name}${pairs.join(" + ")} = ${terms.join(" + ")} = ${number(part)}`;
  });
  if (many) {
    const parts = channels.map((channel) => term(channel.sum)).join(" + ");
    text.push(`all channels: ${parts} = ${number(sum)}`);
  }
  if (bias !== 0) text.push(`with the bias: ${number(sum)} + ${term(bias)} = ${number(sum + bias)}`);
  return text;
}

/** The same for the ear, after the place that it belongs to. With `brief`, only the result.
 * @param {string} place @param {ReturnType<typeof windowSum>} worked @param {number} bias
 */
export function sumSentence(place, { channels, sum }, bias, { brief = false } = {}) {
  const result = sum + bias;
  if (brief) return `${place}: ${spoken(result)}.`;
  const parts = channels.map(({ window, weights, sum: part }, c) => {
    const pairs = window.flat().map((v, k) => `${spoken(v)} times ${spoken(weights.flat()[k])}`);
    const name = channels.length > 1 ? `Channel ${c}: ` : "";
    return `${name}${pairs.join(" plus ")} equals ${spoken(part)}.`;
  });
  if (channels.length > 1) {
    const sums = channels.map((channel) => spoken(channel.sum)).join(" plus ");
    parts.push(`Together ${sums} equals ${spoken(sum)}.`);
  }
  if (bias !== 0) parts.push(`With the bias ${spoken(bias)}: ${spoken(result)}.`);
  return `${place}. ${parts.join(" ")}`;
}
