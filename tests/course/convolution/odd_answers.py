"""Right answers to the exercises of notebook 02, of as many kinds as readers write them in."""

import itertools
from fractions import Fraction
from functools import reduce

import numpy as np
from answers import Answers
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from cnnlib import functional as F
from cnnlib import layers, reference

right = Answers()


right.values("map_shape", (4, 8), [4, 8], (4.0, 8.0), np.array([4, 8]), (np.int64(4), np.uint8(8)))
right.values("one_cell", 2, 2.0, np.int64(2), np.float32(2), np.uint8(2))
right.values("shared_numbers", 26, 26.0, np.int64(26), np.float64(26))
right.values(
    "level_edges",
    [[-1 / 3] * 3, [0] * 3, [1 / 3] * 3],
    ((-0.25, -0.5, -0.25), (0, 0, 0), (0.25, 0.5, 0.25)),
    np.array([[0, -1, 0], [0, 0, 0], [0, 1, 0]]),
    np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], np.float32) / np.float32(4),
    np.outer([-1, 0, 1], [0.3, 0.3, 0.4]),
    np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]).T / 4,
    [[0, -1, 0], [0, 1, 0], [0, 0, 0]],
    [[0, 0, 0], [-0.5, 0, -0.5], [0.5, 0, 0.5]],
    [[Fraction(-1, 3)] * 3, [0, 0, 0], [Fraction(1, 3)] * 3],
    np.array([[-1, -1, -1], [-1, -1, -1], [2, 2, 2]]) / 6,
)


@right.to("feature_map")
def by_slices(x, kernel, bias=0):
    kh, kw = kernel.shape
    rows, columns = x.shape[0] - kh + 1, x.shape[1] - kw + 1
    y = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            y[i, j] = np.sum(x[i : i + kh, j : j + kw] * kernel) + bias
    return y


@right.to("feature_map")
def by_a_view_of_all_windows(x, kernel, bias=0):
    return (sliding_window_view(x, kernel.shape) * kernel).sum(axis=(-1, -2)) + bias


@right.to("feature_map")
def by_einsum(x, kernel, bias=0):
    return np.einsum("ijmn,mn->ij", sliding_window_view(x, kernel.shape), kernel) + bias


@right.to("feature_map")
def by_tensordot(x, kernel, bias=0):
    return bias + np.tensordot(sliding_window_view(x, kernel.shape), kernel, axes=2)


@right.to("feature_map")
def by_columns_and_one_product(x, kernel, bias=0):
    kh, kw = kernel.shape
    oh, ow = x.shape[0] - kh + 1, x.shape[1] - kw + 1
    windows = [x[i : i + kh, j : j + kw].ravel() for i in range(oh) for j in range(ow)]
    return (np.array(windows) @ kernel.ravel()).reshape(oh, ow) + bias


@right.to("feature_map")
def by_shifted_pictures(x, kernel, bias=0):
    kh, kw = kernel.shape
    oh, ow = x.shape[0] - kh + 1, x.shape[1] - kw + 1
    total = np.full((oh, ow), float(bias))
    for m, n in np.ndindex(kernel.shape):
        total += kernel[m, n] * x[m : m + oh, n : n + ow]
    return total


@right.to("feature_map")
def by_fourier(x, kernel, bias=0):
    kh, kw = kernel.shape
    spectrum = np.fft.rfft2(x) * np.conj(np.fft.rfft2(kernel, x.shape))
    whole = np.fft.irfft2(spectrum, x.shape)
    return whole[: x.shape[0] - kh + 1, : x.shape[1] - kw + 1] + bias


@right.to("feature_map")
def by_correlating_rows(x, kernel, bias=0):
    kh = kernel.shape[0]
    return bias + np.array(
        [
            sum(np.correlate(x[i + m].astype(float), kernel[m].astype(float)) for m in range(kh))
            for i in range(x.shape[0] - kh + 1)
        ]
    )


@right.to("feature_map")
def by_convolving_turned_rows(x, kernel, bias=0):
    kh, _ = kernel.shape
    rows = []
    for i in range(x.shape[0] - kh + 1):
        parts = [np.convolve(x[i + m], kernel[m, ::-1], mode="valid") for m in range(kh)]
        rows.append(np.add.reduce(parts) + bias)
    return np.vstack(rows)


@right.to("feature_map")
def by_lists(x, kernel, bias=0):
    x, kernel = x.tolist(), kernel.tolist()
    kh, kw = len(kernel), len(kernel[0])
    return np.array(
        [
            [
                bias + sum(x[i + m][j + n] * kernel[m][n] for m in range(kh) for n in range(kw))
                for j in range(len(x[0]) - kw + 1)
            ]
            for i in range(len(x) - kh + 1)
        ]
    )


@right.to("feature_map")
def by_a_while_loop(x, kernel, bias=0):
    (h, w), (kh, kw) = x.shape, kernel.shape
    cells, place = [], 0
    while place < (h - kh + 1) * (w - kw + 1):
        i, j = divmod(place, w - kw + 1)
        cells.append((x[i : i + kh, j : j + kw] * kernel).sum() + bias)
        place += 1
    return np.reshape(cells, (h - kh + 1, w - kw + 1))


@right.to("feature_map")
def by_the_library(x, kernel, bias=0):
    x, kernel = x.astype(float)[None, None], kernel.astype(float)[None, None]
    return F.conv2d(x, kernel, np.array([float(bias)])).squeeze((0, 1))


@right.to("feature_map")
def by_the_plain_reference(x, kernel, bias=0):
    return reference.conv2d(x[None, None] * 1.0, kernel[None, None] * 1.0)[0, 0] + bias


@right.to("feature_map")
def by_a_layer(x, kernel, bias=0):
    layer = layers.Conv2d(1, 1, kernel.shape, rng=np.random.default_rng(0), dtype=np.float64)
    layer.weight.value = kernel[None, None].astype(float)
    layer.bias.value = np.array([float(bias)])
    return layer(x[None, None].astype(float))[0, 0]


@right.to("feature_map")
def by_a_matrix_of_zeros_and_weights(x, kernel, bias=0):
    (h, w), (kh, kw) = x.shape, kernel.shape
    oh, ow = h - kh + 1, w - kw + 1
    matrix = np.zeros((oh, ow, h, w))
    for i, j in np.ndindex(oh, ow):
        matrix[i, j, i : i + kh, j : j + kw] = kernel
    return (matrix.reshape(oh * ow, h * w) @ x.ravel()).reshape(oh, ow) + bias


@right.to("feature_map")
def by_strides(x, kernel, bias=0):
    x = np.ascontiguousarray(x, dtype=float)
    (h, w), (kh, kw) = x.shape, kernel.shape
    windows = as_strided(x, (h - kh + 1, w - kw + 1, kh, kw), x.strides * 2)
    return (windows * kernel).sum((2, 3)) + bias


@right.to("feature_map")
def by_recursion_over_rows(x, kernel, bias=0):
    kh, kw = kernel.shape
    if kh > 1:
        above = by_recursion_over_rows(x[: x.shape[0] - 1], kernel[:-1], bias)
        below = by_recursion_over_rows(x[kh - 1 :], kernel[-1:], 0)
        return above[: len(below)] + below
    columns = range(x.shape[1] - kw + 1)
    return np.stack([x[:, j : j + kw] @ kernel[0] for j in columns], axis=1) + bias


@right.to("feature_map")
def by_vdot(x, kernel, bias=0):
    return np.array(
        [[np.vdot(window, kernel) + bias for window in row]
         for row in sliding_window_view(x, kernel.shape)]
    )  # fmt: skip


@right.to("feature_map")
def in_whole_numbers_where_all_are(x, kernel, bias=0):
    kinds = np.result_type(x, kernel, np.asarray(bias))
    y = np.zeros((x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1), kinds)
    y += np.asarray(bias, kinds)
    for (m, n), weight in np.ndenumerate(kernel):
        y += (weight * x[m : m + y.shape[0], n : n + y.shape[1]]).astype(kinds)
    return y


@right.to("feature_map")
def in_single_precision(x, kernel, bias=0):
    windows = sliding_window_view(x.astype(np.float32), kernel.shape)
    return np.einsum("ijmn,mn->ij", windows, kernel.astype(np.float32)) + np.float32(bias)


class Slider:
    """Slides when it is called."""

    def __call__(self, x, kernel, bias=0):
        return by_slices(x, kernel) + bias


right.add("feature_map", "an object that can be called", Slider())


@right.to("true_convolution")
def by_turning_twice(x, kernel):
    return by_slices(x, np.rot90(kernel, 2))


@right.to("true_convolution")
def by_flipping_both_axes(x, kernel):
    return by_einsum(x, np.flip(kernel))


@right.to("true_convolution")
def by_up_down_and_left_right(x, kernel):
    return by_tensordot(x, np.fliplr(np.flipud(kernel)))


@right.to("true_convolution")
def by_turning_everything_else(x, kernel):
    return by_slices(x[::-1, ::-1], kernel)[::-1, ::-1]


@right.to("true_convolution")
def by_full_convolution_cut(x, kernel):
    (h, w), (kh, kw) = x.shape, kernel.shape
    full = np.zeros((h + kh - 1, w + kw - 1))
    for (m, n), weight in np.ndenumerate(kernel):
        full[m : m + h, n : n + w] += weight * x
    return full[kh - 1 : h, kw - 1 : w]


@right.to("true_convolution")
def by_fourier_without_conjugate(x, kernel):
    kh, kw = kernel.shape
    whole = np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(kernel, x.shape)).real
    return whole[kh - 1 :, kw - 1 :]


@right.to("true_convolution")
def by_convolving_rows(x, kernel):
    kh = len(kernel)
    rows = [
        reduce(np.add, (np.convolve(x[i + kh - 1 - m], kernel[m], "valid") for m in range(kh)))
        for i in range(len(x) - kh + 1)
    ]
    return np.array(rows)


@right.to("true_convolution")
def by_negative_indices(x, kernel):
    kh, kw = kernel.shape
    y = np.zeros((x.shape[0] - kh + 1, x.shape[1] - kw + 1))
    for i, j in np.ndindex(y.shape):
        for m, n in itertools.product(range(kh), range(kw)):
            y[i, j] += x[i + m, j + n] * kernel[-1 - m, -1 - n]
    return y


@right.to("true_convolution")
def by_the_formula_from_its_lower_right_corner(x, kernel):
    (h, w), (kh, kw) = x.shape, kernel.shape
    return np.array(
        [
            [
                sum(x[i - m, j - n] * kernel[m, n] for m in range(kh) for n in range(kw))
                for j in range(kw - 1, w)
            ]
            for i in range(kh - 1, h)
        ]
    )


@right.to("true_convolution")
def by_reversing_the_list_of_weights(x, kernel):
    turned = np.array(kernel.ravel().tolist()[::-1]).reshape(kernel.shape)
    windows = sliding_window_view(x, kernel.shape)
    return np.inner(windows.reshape(*windows.shape[:2], -1), turned.ravel())


@right.to("true_convolution")
def by_the_library_with_a_turned_kernel(x, kernel):
    x, kernel = x.astype(float), kernel.astype(float)
    return F.conv2d(x[None, None], kernel[None, None, ::-1, ::-1])[0, 0]


@right.to("slopes_with_bias")
def by_the_chain_rule_in_the_library(x, kernel, bias, target):
    x, kernel = x[None, None], kernel[None, None]
    error = F.conv2d(x, kernel, np.array([bias])) - target
    _, dkernel, dbias = F.conv2d_backward(2 * error / error.size, x, kernel)
    return dkernel[0, 0], dbias[0]


@right.to("slopes_with_bias")
def by_one_more_convolution(x, kernel, bias, target):
    error = by_slices(x, kernel, bias) - target
    return by_slices(x, error) * 2 / error.size, 2 * error.sum() / error.size


@right.to("slopes_with_bias")
def by_a_list_of_two(x, kernel, bias, target):
    windows = sliding_window_view(x, kernel.shape)
    error = (windows * kernel).sum((2, 3)) + bias - target
    return [np.tensordot(error, windows, 2) * (2 / error.size), np.mean(error) * 2]


@right.to("slopes_with_bias")
def by_loops_alone(x, kernel, bias, target):
    oh, ow = target.shape
    slopes, slope = np.zeros(kernel.shape), 0
    for i in range(oh):
        for j in range(ow):
            error = bias - target[i, j]
            for m, n in np.ndindex(kernel.shape):
                error += x[i + m, j + n] * kernel[m, n]
            slope += 2 * error / (oh * ow)
            for m, n in np.ndindex(kernel.shape):
                slopes[m, n] += 2 * error * x[i + m, j + n] / (oh * ow)
    return slopes, slope


@right.to("slopes_with_bias")
def by_turning_each_weight_a_little(x, kernel, bias, target):
    def loss(weights, b):
        return ((by_slices(x, weights, b) - target) ** 2).mean()

    def nudged(place, step):
        weights = kernel.copy()
        weights[place] += step
        return loss(weights, bias)

    slopes = np.zeros(kernel.shape)
    for place in np.ndindex(kernel.shape):
        slopes[place] = (nudged(place, 1) - nudged(place, -1)) / 2  # exact for a square
    return slopes, (loss(kernel, bias + 1) - loss(kernel, bias - 1)) / 2


@right.to("slopes_with_bias")
def by_one_matrix(x, kernel, bias, target):
    windows = sliding_window_view(x, kernel.shape).reshape(target.size, kernel.size)
    matrix = np.hstack([windows, np.ones((target.size, 1))])
    error = matrix @ np.append(kernel, bias) - target.ravel()
    slopes = 2 * matrix.T @ error / target.size
    return slopes[:-1].reshape(kernel.shape), slopes[-1]


@right.to("slopes_with_bias")
def by_einsum_twice(x, kernel, bias, target):
    windows = sliding_window_view(x, kernel.shape)
    dout = 2 / target.size * (np.einsum("ijmn,mn", windows, kernel) + bias - target)
    return np.einsum("ij,ijmn->mn", dout, windows), np.einsum("ij->", dout)


@right.to("slopes_with_bias")
def by_the_bias_as_one_more_pixel(x, kernel, bias, target):
    error = np.array(
        [
            [np.vdot(kernel, x[i : i + kernel.shape[0], j : j + kernel.shape[1]]) + bias
             for j in range(target.shape[1])]
            for i in range(target.shape[0])
        ]
    ) - target  # fmt: skip
    mean = [
        [(2 * error * x[m:, n:][: error.shape[0], : error.shape[1]]).mean()
         for n in range(kernel.shape[1])]
        for m in range(kernel.shape[0])
    ]  # fmt: skip
    return np.array(mean), np.float64((2 * error * np.ones_like(error)).mean())


@right.to("slopes_with_bias")
def by_a_layer_and_its_gradients(x, kernel, bias, target):
    layer = layers.Conv2d(1, 1, kernel.shape, rng=np.random.default_rng(0), dtype=np.float64)
    layer.weight.value, layer.bias.value = kernel[None, None].copy(), np.array([bias])
    error = layer(x[None, None]) - target
    layer.backward(2 * error / error.size)
    return layer.weight.grad[0, 0], float(layer.bias.grad[0])


@right.to("slopes_with_bias")
def by_a_generator_of_weights(x, kernel, bias, target):
    oh, ow = target.shape
    error = by_columns_and_one_product(x, kernel, bias) - target
    each = (2 * np.average(error * x[m : m + oh, n : n + ow]) for m, n in np.ndindex(kernel.shape))
    return np.fromiter(each, float, kernel.size).reshape(kernel.shape), 2 * np.average(error)
