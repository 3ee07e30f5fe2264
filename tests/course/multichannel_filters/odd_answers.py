"""Right answers to the exercises of notebook 04, of as many kinds as readers write them in."""

import itertools
import math
from functools import reduce

import numpy as np
from answers import Answers
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from cnnlib import functional as F
from cnnlib import layers, reference

right = Answers()


right.values(
    "maps_out", (6, 16, 26), [6, 16, 26], np.array([6, 16, 26]), (6.0, 16.0, 26.0),
    (np.int64(6), 16, 26),
)  # fmt: skip
right.values("mixed_pixel", (4, 0), [4, 0], (4.0, 0.0), np.array([4, 0]), (np.float32(4), -0.0))
right.values("weight_shape", (20, 8, 3, 5), [20, 8, 3, 5], np.array([20, 8, 3, 5]))


@right.to("parameter_count")
def by_arrays(channels, stack):
    total = 0
    for filters, kh, kw in stack:
        total += np.zeros((filters, channels, kh, kw)).size + np.zeros(filters).size
        channels = filters
    return total


@right.to("parameter_count")
def by_depths(channels, stack):
    depths = [channels] + [filters for filters, _, _ in stack]
    return sum(f * (c * kh * kw + 1) for c, (f, kh, kw) in zip(depths, stack, strict=False))


@right.to("parameter_count")
def by_recursion(channels, stack):
    if not stack:
        return 0
    (filters, kh, kw), *rest = stack
    return filters * channels * kh * kw + filters + by_recursion(filters, rest)


@right.to("parameter_count")
def by_a_table(channels, stack):
    table = np.array(stack)
    depths = np.append(channels, table[:-1, 0])
    return (table.prod(axis=1) * depths).sum() + table[:, 0].sum()


@right.to("parameter_count")
def by_the_layers_of_the_library(channels, stack):
    rng, total = np.random.default_rng(0), 0
    for filters, kh, kw in stack:
        layer = layers.Conv2d(channels, filters, (kh, kw), rng=rng)
        total += sum(parameter.size for parameter in layer.parameters())
        channels = filters
    return total


@right.to("parameter_count")
def by_a_while_loop(channels, stack):
    total = number = 0
    while number < len(stack):
        layer = stack[number]
        total += layer[0] * (channels * layer[1] * layer[2] + 1)
        channels, number = layer[0], number + 1
    return total


@right.to("parameter_count")
def weights_and_biases_apart(channels, stack):
    weights, depth = [], channels
    for f, kh, kw in stack:
        weights.append(math.prod((f, depth, kh, kw)))
        depth = f
    biases = sum(f for f, _, _ in stack)
    return sum(weights) + biases


@right.to("parameter_count")
def by_pairs(channels, stack):
    pairs = itertools.pairwise([(channels, 0, 0), *stack])
    return int(np.sum([f * (c * kh * kw + 1) for (c, _, _), (f, kh, kw) in pairs]))


@right.to("parameter_count")
def by_reduce(channels, stack):
    def add(state, layer):
        depth, total = state
        return layer[0], total + layer[0] * (depth * layer[1] * layer[2] + 1)

    return reduce(add, stack, (channels, 0))[1]


@right.to("parameter_count")
def filter_by_filter(channels, stack):
    count = 0
    for filters, kh, kw in stack:
        for _ in range(filters):
            for _ in range(channels):
                count += kh * kw
            count += 1
        channels = filters
    return count


@right.to("combined_bias")
def by_sums_and_a_product(first_bias, second_weight, second_bias):
    return second_weight.sum(axis=(2, 3)) @ first_bias + second_bias


@right.to("combined_bias")
def by_einsum(first_bias, second_weight, second_bias):
    return np.einsum("omij,m->o", second_weight, first_bias) + second_bias


@right.to("combined_bias")
def by_broadcasting(first_bias, second_weight, second_bias):
    return (second_weight * first_bias[:, None, None]).sum(axis=(1, 2, 3)) + second_bias


@right.to("combined_bias")
def by_a_black_image(first_bias, second_weight, second_bias):
    maps = np.zeros((1, len(first_bias), *second_weight.shape[2:])) + first_bias[:, None, None]
    return F.conv2d(maps, second_weight, second_bias).ravel()


@right.to("combined_bias")
def by_the_reference(first_bias, second_weight, second_bias):
    maps = np.tile(first_bias.reshape(1, -1, 1, 1), (1, 1, *second_weight.shape[2:]))
    return reference.conv2d(maps, second_weight, second_bias)[0, :, 0, 0]


@right.to("combined_bias")
def by_five_loops(first_bias, second_weight, second_bias):
    result = np.zeros(len(second_bias))
    for out in range(len(second_bias)):
        for mid in range(len(first_bias)):
            for m, n in np.ndindex(second_weight.shape[2:]):
                result[out] += first_bias[mid] * second_weight[out, mid, m, n]
        result[out] += second_bias[out]
    return result


@right.to("combined_bias")
def by_a_list(first_bias, second_weight, second_bias):
    return np.array(
        [
            bias + sum(b * kernel.sum() for b, kernel in zip(first_bias, filt, strict=True))
            for filt, bias in zip(second_weight, second_bias, strict=True)
        ]
    )


@right.to("combined_bias")
def by_tensordot(first_bias, second_weight, second_bias):
    return second_bias + np.tensordot(second_weight, first_bias, axes=(1, 0)).sum((1, 2))


@right.to("combined_bias")
def by_the_bias_as_one_more_column(first_bias, second_weight, second_bias):
    table = np.column_stack([second_weight.sum((-1, -2)), second_bias])
    return table @ np.append(first_bias, 1)


@right.to("combined_bias")
def by_the_mean_times_the_size(first_bias, second_weight, second_bias):
    size = math.prod(second_weight.shape[2:])
    return size * (second_weight.mean(axis=(2, 3)) @ first_bias) + second_bias


@right.to("combined_bias")
def by_what_changes(first_bias, second_weight, second_bias):
    def answer(bias):
        maps = np.ones((1, len(bias), *second_weight.shape[2:])) * bias[:, None, None]
        return F.conv2d(maps, second_weight)[0, :, 0, 0]

    return answer(first_bias) - answer(0 * first_bias) + second_bias


@right.to("im2col")
def by_a_view(x, kh, kw, stride=1):
    windows = sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * kh * kw)


@right.to("im2col")
def by_windows_with_channels(x, kh, kw, stride=1):
    windows = sliding_window_view(x, (x.shape[1], kh, kw), axis=(1, 2, 3))
    return np.vstack(
        [one[0, ::stride, ::stride].reshape(-1, x.shape[1] * kh * kw) for one in windows]
    )


@right.to("im2col")
def by_all_six_loops(x, kh, kw, stride=1):
    n, c, h, w = x.shape
    oh, ow = (h - kh) // stride + 1, (w - kw) // stride + 1
    rows = np.zeros((n * oh * ow, c * kh * kw))
    for image, i, j, channel, m, k in np.ndindex(n, oh, ow, c, kh, kw):
        row = (image * oh + i) * ow + j
        column = (channel * kh + m) * kw + k
        rows[row, column] = x[image, channel, i * stride + m, j * stride + k]
    return rows


@right.to("im2col")
def by_the_library_with_its_columns_moved(x, kh, kw, stride=1):
    rows = F.im2col(x, (kh, kw), stride)
    return rows.reshape(-1, kh, kw, x.shape[1]).transpose(0, 3, 1, 2).reshape(len(rows), -1)


@right.to("im2col")
def by_filling_columns(x, kh, kw, stride=1):
    n, c, h, w = x.shape
    oh, ow = (h - kh) // stride + 1, (w - kw) // stride + 1
    rows = np.empty((n, oh, ow, c, kh, kw), x.dtype)
    for m, k in itertools.product(range(kh), range(kw)):
        seen = x[
            :, :, m : m + stride * (oh - 1) + 1 : stride, k : k + stride * (ow - 1) + 1 : stride
        ]
        rows[..., m, k] = np.moveaxis(seen, 1, -1)
    return rows.reshape(n * oh * ow, c * kh * kw)


@right.to("im2col")
def by_indices(x, kh, kw, stride=1):
    c, h, w = x.shape[1:]
    top, left = np.mgrid[0 : h - kh + 1 : stride, 0 : w - kw + 1 : stride].reshape(2, -1, 1)
    channel, m, k = np.indices((c, kh, kw)).reshape(3, 1, -1)
    return np.concatenate([image[channel, top + m, left + k] for image in x])


@right.to("im2col")
def by_strides(x, kh, kw, stride=1):
    x = np.ascontiguousarray(x)
    (n, c, h, w), (sn, sc, sh, sw) = x.shape, x.strides
    oh, ow = (h - kh) // stride + 1, (w - kw) // stride + 1
    shape = (n, oh, ow, c, kh, kw)
    windows = as_strided(x, shape, (sn, sh * stride, sw * stride, sc, sh, sw))
    return windows.reshape(n * oh * ow, -1).copy()


@right.to("im2col")
def by_lists(x, kh, kw, stride=1):
    return np.array(
        [
            [row[j + k] for channel in image for row in channel[i : i + kh] for k in range(kw)]
            for image in x.tolist()
            for i in range(0, x.shape[2] - kh + 1, stride)
            for j in range(0, x.shape[3] - kw + 1, stride)
        ]
    )


@right.to("im2col")
def by_a_generator_of_rows(x, kh, kw, stride=1):
    def rows():
        for image in x:
            for i in range(0, image.shape[1] - kh + 1, stride):
                for j in range(0, image.shape[2] - kw + 1, stride):
                    yield image[:, i : i + kh, j : j + kw].flatten()

    return np.stack(list(rows()))


@right.to("im2col")
def by_appending_arrays(x, kh, kw, stride=1):
    rows = np.empty((0, x.shape[1] * kh * kw))
    for image in x:
        i = 0
        while i + kh <= x.shape[2]:
            for j in range(0, x.shape[3] - kw + 1, stride):
                rows = np.append(
                    rows, image[None, :, i : i + kh, j : j + kw].reshape(1, -1), axis=0
                )
            i += stride
    return rows


@right.to("im2col")
def by_convolving_with_unit_filters(x, kh, kw, stride=1):
    size = x.shape[1] * kh * kw
    filters = np.eye(size, dtype=x.dtype).reshape(size, x.shape[1], kh, kw)
    return np.moveaxis(F.conv2d(x, filters, stride=stride), 1, -1).reshape(-1, size)


@right.to("conv2d")
def by_the_librarys_conv2d(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, stride, padding)


@right.to("conv2d")
def by_the_plain_loops_of_the_library(x, weight, bias=None, stride=1, padding=0):
    return reference.conv2d(x, weight, bias, stride, padding)


@right.to("conv2d")
def by_im2col(x, weight, bias=None, stride=1, padding=0):
    padded = F.pad2d(x, padding)
    (n, _, h, w), (c_out, _, kh, kw) = padded.shape, weight.shape
    rows = by_a_view(padded, kh, kw, stride) @ weight.reshape(c_out, -1).T
    if bias is not None:
        rows = rows + bias
    oh, ow = (h - kh) // stride + 1, (w - kw) // stride + 1
    return rows.reshape(n, oh, ow, c_out).transpose(0, 3, 1, 2)


@right.to("conv2d")
def by_einsum_over_windows(x, weight, bias=None, stride=1, padding=0):
    p = padding
    padded = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    windows = sliding_window_view(padded, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    y = np.einsum("nchwij,ocij->nohw", windows, weight)
    return y if bias is None else y + bias.reshape(1, -1, 1, 1)


@right.to("conv2d")
def by_tensordot_over_windows(x, weight, bias=None, stride=1, padding=0):
    padded = F.pad2d(x, padding)
    windows = sliding_window_view(padded, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    y = np.tensordot(windows, weight, axes=[(1, 4, 5), (1, 2, 3)])
    return np.moveaxis(y + (0 if bias is None else bias), -1, 1).astype(x.dtype)


@right.to("conv2d")
def by_weights_shifted(x, weight, bias=None, stride=1, padding=0):
    padded = F.pad2d(x, padding)
    kh, kw = weight.shape[2:]
    rows, columns = padded.shape[2] - kh + 1, padded.shape[3] - kw + 1
    y = np.zeros((len(x), len(weight), rows, columns), x.dtype)
    for i, j in np.ndindex(kh, kw):
        seen = padded[:, :, i : i + rows, j : j + columns]
        y += np.einsum("nchw,oc->nohw", seen, weight[:, :, i, j])
    if bias is not None:
        y += bias[:, None, None]
    return y[:, :, ::stride, ::stride]


@right.to("conv2d")
def channel_after_channel(x, weight, bias=None, stride=1, padding=0):
    maps = []
    for image in F.pad2d(x, padding):
        for number, filt in enumerate(weight):
            total = 0 if bias is None else bias[number]
            for channel, kernel in zip(image, filt, strict=True):
                windows = sliding_window_view(channel, kernel.shape)[::stride, ::stride]
                total = total + (windows * kernel).sum(axis=(2, 3))
            maps.append(total)
    return np.array(maps, x.dtype).reshape(len(x), len(weight), *maps[0].shape)


@right.to("conv2d")
def by_a_layer(x, weight, bias=None, stride=1, padding=0):
    c_out, c_in, kh, kw = weight.shape
    layer = layers.Conv2d(
        c_in, c_out, (kh, kw), stride, padding,
        bias=bias is not None, rng=np.random.default_rng(0), dtype=x.dtype,
    )  # fmt: skip
    layer.weight.value = weight
    if bias is not None:
        layer.bias.value = bias
    return layer(x)


@right.to("conv2d")
def by_fourier(x, weight, bias=None, stride=1, padding=0):
    padded = F.pad2d(x, padding).astype(float)
    size, (kh, kw) = padded.shape[2:], weight.shape[2:]
    spectrum = np.conj(np.fft.fft2(weight.astype(float), size))
    whole = np.fft.ifft2(np.einsum("nchw,ochw->nohw", np.fft.fft2(padded), spectrum)).real
    y = whole[:, :, : size[0] - kh + 1 : stride, : size[1] - kw + 1 : stride]
    return (y if bias is None else y + bias[:, None, None]).astype(x.dtype)


@right.to("conv2d")
def by_seven_loops(x, weight, bias=None, stride=1, padding=0):
    (n, c, h, w), (c_out, _, kh, kw) = x.shape, weight.shape
    oh, ow = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
    y = np.zeros((n, c_out, oh, ow), dtype=x.dtype)
    for a, o, i, j in np.ndindex(n, c_out, oh, ow):
        total = float(bias[o]) if bias is not None else 0.0
        for k, p, q in np.ndindex(c, kh, kw):
            row, column = i * stride + p - padding, j * stride + q - padding
            if 0 <= row < h and 0 <= column < w:
                total += x[a, k, row, column] * weight[o, k, p, q]
        y[a, o, i, j] = total
    return y


@right.to("conv2d")
def with_a_bias_of_zeros(x, weight, bias=None, stride=1, padding=0):
    bias = np.zeros(len(weight), x.dtype) if bias is None else bias
    rows = [by_im2col(image[None], weight, bias, stride, padding)[0] for image in x]
    return np.stack(rows)
