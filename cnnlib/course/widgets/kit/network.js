// @ts-check
// What the layers of a small network make of one image: for a page that has no kernel to ask.
// `network.py` writes the layers; arithmetic is in float64, and what a layer makes is float32.

/** @typedef {[number, number]} Pair rows and columns */
/**
 * @typedef {object} Layer
 * @property {string} kind the class in cnnlib
 * @property {string} name
 * @property {number} [out] filters, or values
 * @property {boolean} [bias]
 * @property {Pair} [kernel_size]
 * @property {Pair} [stride]
 * @property {Pair} [padding]
 */
/** @typedef {{ shape: number[], values: Float32Array }} Maps (C, H, W) or (F), and what stands there */

/** Windows of a size over a map of (height, width): where each begins, row by row.
 * @param {Layer} layer @param {number} height @param {number} width
 */
function windows({ kernel_size = [1, 1], stride = [1, 1], padding = [0, 0] }, height, width) {
  const [kh, kw] = kernel_size;
  const [rows, columns] = [height, width].map(
    (size, axis) => Math.floor((size + 2 * padding[axis] - kernel_size[axis]) / stride[axis]) + 1,
  );
  /** The part of a window that lies on the map, for one of its beginnings along one axis.
   * @param {number} k @param {0 | 1} axis @param {number} size
   */
  const inside = (k, axis, size) => {
    const first = k * stride[axis] - padding[axis];
    return [first, Math.max(0, -first), Math.min(kernel_size[axis], size - first)];
  };
  return { kh, kw, rows, columns, inside };
}

/** @param {Maps} x @param {Layer} layer @param {Float32Array} weight @param {Float32Array} bias */
function convolved({ shape: [channels, height, width], values }, layer, weight, bias) {
  const { kh, kw, rows, columns, inside } = windows(layer, height, width);
  const out = layer.out ?? 0;
  const made = new Float32Array(out * rows * columns);
  let at = 0;
  for (let f = 0; f < out; f += 1) {
    for (let i = 0; i < rows; i += 1) {
      const [top, firstRow, lastRow] = inside(i, 0, height);
      for (let j = 0; j < columns; j += 1) {
        const [left, firstColumn, lastColumn] = inside(j, 1, width);
        let total = bias.length ? bias[f] : 0;
        for (let c = 0; c < channels; c += 1) {
          for (let u = firstRow; u < lastRow; u += 1) {
            const line = (c * height + top + u) * width + left;
            const own = ((f * channels + c) * kh + u) * kw;
            for (let v = firstColumn; v < lastColumn; v += 1) total += values[line + v] * weight[own + v];
          }
        }
        made[at] = total;
        at += 1;
      }
    }
  }
  return { shape: [out, rows, columns], values: made };
}

/** The largest value of each window; NaN where one is in it.
 * @param {Maps} x @param {Layer} layer
 */
function pooled({ shape: [channels, height, width], values }, layer) {
  const { rows, columns, inside } = windows(layer, height, width);
  const made = new Float32Array(channels * rows * columns);
  let at = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let i = 0; i < rows; i += 1) {
      const [top, firstRow, lastRow] = inside(i, 0, height);
      for (let j = 0; j < columns; j += 1) {
        const [left, firstColumn, lastColumn] = inside(j, 1, width);
        let most = -Infinity;
        for (let u = firstRow; u < lastRow; u += 1) {
          const line = (c * height + top + u) * width + left;
          for (let v = firstColumn; v < lastColumn; v += 1) most = Math.max(most, values[line + v]);
        }
        made[at] = most;
        at += 1;
      }
    }
  }
  return { shape: [channels, rows, columns], values: made };
}

/** @param {Maps} x @param {Layer} layer @param {Float32Array} weight @param {Float32Array} bias */
function connected({ values }, { out = 0 }, weight, bias) {
  const made = Float32Array.from({ length: out }, (_, f) => {
    let total = bias.length ? bias[f] : 0;
    values.forEach((value, k) => {
      total += value * weight[f * values.length + k];
    });
    return total;
  });
  return { shape: [out], values: made };
}

/** What each layer makes of an image, from first to last.
 * @param {Layer[]} layers @param {Float32Array} weights of all layers, one after the other
 * @param {Maps} image
 */
export function layerOutputs(layers, weights, image) {
  let used = 0;
  const take = (/** @type {number} */ count) => {
    used += count;
    return weights.subarray(used - count, used);
  };
  let x = image;
  return layers.map((layer) => {
    const { kind, out = 0, bias = false, kernel_size: [kh, kw] = [1, 1] } = layer;
    if (kind === "Conv2d") {
      x = convolved(x, layer, take(out * x.shape[0] * kh * kw), take(bias ? out : 0));
    } else if (kind === "Linear") {
      x = connected(x, layer, take(out * x.values.length), take(bias ? out : 0));
    } else if (kind === "MaxPool2d") {
      x = pooled(x, layer);
    } else if (kind === "ReLU") {
      x = { shape: x.shape, values: x.values.map((value) => Math.max(value, 0)) };
    } else if (kind === "Flatten") {
      x = { shape: [x.values.length], values: x.values };
    } else if (kind !== "Dropout") {
      throw new Error(`a layer of the kind ${kind} is not known here`);
    }
    return x;
  });
}

/** From scores to probabilities.
 * @param {Float32Array} scores
 */
export function softmax(scores) {
  const highest = Math.max(...scores);
  const powers = Float64Array.from(scores, (score) => Math.exp(score - highest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
