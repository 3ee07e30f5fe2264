// @ts-check
// From the points of the pad to the pixels that the network sees, as `as_mnist` in Python does it.

/** A grid of numbers, row by row. @typedef {{ rows: number, columns: number, values: Float64Array }} Grid */
/** @typedef {{ digit: number, fine: number, box: number }} Sizes pixels of an image, points for each, pixels of its box */

/** To the nearest whole number, and from the middle to the even one, as Python rounds.
 * @param {number} value
 */
export function rounded(value) {
  const low = Math.floor(value);
  if (value - low === 0.5) return low + (low & 1);
  return Math.round(value);
}

/** The mean over the area of each pixel, when rows and columns become fewer, or more.
 * @param {Grid} grid @param {number} rows @param {number} columns
 * @returns {Grid}
 */
function resized(grid, rows, columns) {
  const [down, across] = [shares(grid.rows, rows), shares(grid.columns, columns)];
  const lines = new Float64Array(rows * grid.columns);
  down.forEach(([from, to, share]) => {
    for (let j = 0; j < grid.columns; j += 1) {
      lines[to * grid.columns + j] += share * grid.values[from * grid.columns + j];
    }
  });
  const values = new Float64Array(rows * columns);
  across.forEach(([from, to, share]) => {
    for (let i = 0; i < rows; i += 1) {
      values[i * columns + to] += share * lines[i * grid.columns + from];
    }
  });
  return { rows, columns, values };
}

/** How much of each old place goes into each new one: [old, new, share].
 * @param {number} size @param {number} count
 */
function shares(size, count) {
  /** @type {[number, number, number][]} */
  const found = [];
  for (let to = 0; to < count; to += 1) {
    const low = to * (size / count);
    const high = to + 1 === count ? size : (to + 1) * (size / count);
    for (let from = Math.floor(low); from < Math.min(size, Math.ceil(high)); from += 1) {
      const shared = Math.min(high, from + 1) - Math.max(low, from);
      if (shared > 0) found.push([from, to, shared * (count / size)]);
    }
  }
  return found;
}

/** A drawing only made smaller: the mean of the points of each pixel.
 * @param {Uint8Array} ink @param {Sizes} sizes
 */
export function smaller(ink, { digit, fine }) {
  const side = digit * fine;
  const values = Float64Array.from(ink, (one) => one / 255);
  return Float32Array.from(resized({ rows: side, columns: side, values }, digit, digit).values);
}

/** The first and last row and column with ink, in points; null where there is none.
 * @param {Uint8Array} ink @param {number} side points of the pad, each way
 */
export function inkBox(ink, side) {
  let [top, bottom, left, right] = [side, -1, side, -1];
  ink.forEach((one, k) => {
    if (!one) return;
    const [i, j] = [Math.floor(k / side), k % side];
    [top, bottom] = [Math.min(top, i), Math.max(bottom, i)];
    [left, right] = [Math.min(left, j), Math.max(right, j)];
  });
  return bottom < 0 ? null : [top, bottom, left, right];
}

/** A drawing fitted into the box of MNIST's digits, with its centre of mass in the middle.
 * @param {Uint8Array} ink @param {Sizes} sizes
 */
export function asMnist(ink, { digit, fine, box }) {
  const side = digit * fine;
  const image = new Float32Array(digit * digit);
  const found = inkBox(ink, side);
  if (!found) return image;
  const [top, bottom, left, right] = found;
  const [height, width] = [bottom - top + 1, right - left + 1];
  const cut = new Float64Array(height * width);
  cut.forEach((_, k) => {
    cut[k] = ink[(top + Math.floor(k / width)) * side + left + (k % width)] / 255;
  });
  const longest = Math.max(height, width);
  const [rows, columns] = [height, width].map((size) =>
    Math.max(1, rounded((box * size) / longest)),
  );
  const { values } = resized({ rows: height, columns: width, values: cut }, rows, columns);
  let [mass, row, column] = [0, 0, 0];
  values.forEach((value, k) => {
    mass += value;
    row += value * Math.floor(k / columns);
    column += value * (k % columns);
  });
  const [first, start] = [
    [row / mass, rows],
    [column / mass, columns],
  ].map(([centre, size]) => {
    // Numbers that differ in the last bits alone shall not fall on two sides of a middle.
    const place = rounded(Number((digit / 2 - centre).toFixed(9)));
    return Math.min(Math.max(place, 0), digit - size);
  });
  values.forEach((value, k) => {
    image[(first + Math.floor(k / columns)) * digit + start + (k % columns)] = value;
  });
  return image;
}
