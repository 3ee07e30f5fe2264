"""Right answers to the exercises of notebook 05, of as many kinds as readers write them in."""

import itertools
import math
from functools import partial, reduce

import numpy as np
from answers import Answers
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from cnnlib import functional as F
from cnnlib import layers, reference

right = Answers()


right.values(
    "shape", (2, 16, 14, 10), [2, 16, 14, 10], np.array([2, 16, 14, 10]), (2.0, 16, 14, 10)
)
right.values(
    "maxima",
    [[-1, -1], [4, -5]],
    ((-1, -1), (4, -5)),
    np.array([[-1, -1], [4, -5]]),
    np.array([[-1, -1], [4, -5]], np.float32),
    np.array([[-1, -1], [4, -5]], np.int8),
    [[-1.0, -1.0], [4.0, -5.0]],
    [np.array([-1, -1]), np.array([4, -5])],
)
right.values("room", 2, 2.0, np.int64(2), np.uint8(2))


@right.to("global_average")
def by_mean_over_two_axes(x):
    return np.mean(x, axis=(-1, -2))


@right.to("global_average")
def by_two_means(x):
    return x.mean(axis=3).mean(axis=2)


@right.to("global_average")
def by_flat_maps(x):
    n, c = x.shape[:2]
    return x.reshape(n, c, -1).mean(axis=-1)


@right.to("global_average")
def by_a_sum(x):
    return x.sum((2, 3)) / (x.shape[2] * x.shape[3])


@right.to("global_average")
def by_the_library(x):
    return F.global_avg_pool2d(x)[:, :, 0, 0]


@right.to("global_average")
def by_a_layer_and_squeeze(x):
    return layers.GlobalAvgPool2d()(x).reshape(x.shape[:2])


@right.to("global_average")
def by_loops(x):
    result = np.zeros(x.shape[:2], x.dtype)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            result[n, c] = x[n, c].mean()
    return result


@right.to("global_average")
def by_lists(x):
    h, w = x.shape[2:]
    means = [[math.fsum(itertools.chain(*one)) / (h * w) for one in image] for image in x.tolist()]
    return np.array(means, dtype=x.dtype)


@right.to("global_average")
def by_einsum(x):
    return np.einsum("nchw->nc", x) / math.prod(x.shape[2:])


@right.to("global_average")
def by_a_product_with_ones(x):
    flat = x.reshape(*x.shape[:2], -1)
    return (flat @ np.ones(flat.shape[-1], x.dtype) / flat.shape[-1]).astype(x.dtype)


@right.to("global_average")
def by_average_pooling(x):
    square = np.pad(x, ((0, 0), (0, 0), (0, 0), (0, 0)))
    return np.average(square.reshape(*x.shape[:2], x[0, 0].size), axis=2).astype(x.dtype)


@right.to("global_average")
def by_convolving(x):
    c = x.shape[1]
    weight = np.zeros((c, c, *x.shape[2:]), x.dtype)
    weight[range(c), range(c)] = 1 / x[0, 0].size
    return F.conv2d(x, weight).reshape(len(x), c)


right.add("global_average", "partial", partial(np.mean, axis=(2, 3)))


def windows_of(x, kernel_size, stride):
    shape = (kernel_size, kernel_size)
    return sliding_window_view(x, shape, axis=(2, 3))[:, :, ::stride, ::stride]


@right.to("max_pool")
def by_a_view_of_windows(x, kernel_size, stride):
    return windows_of(x, kernel_size, stride).max(axis=(4, 5))


@right.to("max_pool")
def by_the_library_max(x, kernel_size, stride):
    return F.max_pool2d(x, kernel_size, stride)


@right.to("max_pool")
def by_the_reference_max(x, kernel_size, stride):
    return reference.max_pool2d(x, kernel_size, stride=stride)


@right.to("max_pool")
def by_a_layer_max(x, kernel_size, stride):
    return layers.MaxPool2d(kernel_size, stride)(x)


@right.to("max_pool")
def by_min_pooling_of_the_negative(x, kernel_size, stride):
    return -F.min_pool2d(-x, kernel_size, stride)


@right.to("max_pool")
def by_starting_from_minus_infinity(x, kernel_size, stride):
    n, c, h, w = x.shape
    oh, ow = (h - kernel_size) // stride + 1, (w - kernel_size) // stride + 1
    y = np.full((n, c, oh, ow), -np.inf, dtype=x.dtype)
    for a, b, i, j in np.ndindex(y.shape):
        for m, k in np.ndindex(kernel_size, kernel_size):
            value = x[a, b, i * stride + m, j * stride + k]
            if value > y[a, b, i, j]:
                y[a, b, i, j] = value
    return y


@right.to("max_pool")
def by_maximum_of_shifted_maps(x, kernel_size, stride):
    h, w = x.shape[2] - kernel_size + 1, x.shape[3] - kernel_size + 1
    places = itertools.product(range(kernel_size), repeat=2)
    return reduce(np.maximum, [x[:, :, m : m + h, n : n + w] for m, n in places])[
        :, :, ::stride, ::stride
    ]


@right.to("max_pool")
def rows_first_and_columns_then(x, kernel_size, stride):
    tall = sliding_window_view(x, kernel_size, axis=2).max(axis=-1)[:, :, ::stride]
    return sliding_window_view(tall, kernel_size, axis=3).max(axis=-1)[..., ::stride]


@right.to("max_pool")
def by_sorting(x, kernel_size, stride):
    windows = windows_of(x, kernel_size, stride)
    return np.sort(windows.reshape(*windows.shape[:4], -1))[..., -1]


@right.to("max_pool")
def by_lists_of_python_max(x, kernel_size, stride):
    h, w = x.shape[2:]
    return np.array(
        [
            [
                [
                    [
                        max(max(row[j : j + kernel_size]) for row in one[i : i + kernel_size])
                        for j in range(0, w - kernel_size + 1, stride)
                    ]
                    for i in range(0, h - kernel_size + 1, stride)
                ]
                for one in image
            ]
            for image in x.tolist()
        ],
        x.dtype,
    )


@right.to("max_pool")
def by_strides(x, kernel_size, stride):
    x = np.ascontiguousarray(x)
    (n, c, h, w), (sn, sc, sh, sw) = x.shape, x.strides
    oh, ow = (h - kernel_size) // stride + 1, (w - kernel_size) // stride + 1
    shape = (n, c, oh, ow, kernel_size, kernel_size)
    return np.amax(as_strided(x, shape, (sn, sc, sh * stride, sw * stride, sh, sw)), (-2, -1))


@right.to("max_pool")
def by_ranges_of_starts(x, kernel_size, stride):
    tops = range(0, x.shape[2] - kernel_size + 1, stride)
    lefts = range(0, x.shape[3] - kernel_size + 1, stride)
    y = np.empty((*x.shape[:2], len(tops), len(lefts)), x.dtype)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            y[:, :, i, j] = x[:, :, top : top + kernel_size, left : left + kernel_size].max((2, 3))
    return y


@right.to("max_pool")
def by_columns_of_windows(x, kernel_size, stride):
    n, c, h, w = x.shape
    rows = F.im2col(x.reshape(n * c, 1, h, w), kernel_size, stride).max(axis=1)
    return rows.reshape(n, c, (h - kernel_size) // stride + 1, -1)


@right.to("max_pool")
def by_recursion_on_the_window(x, kernel_size, stride):
    if stride > 1:
        return by_recursion_on_the_window(x, kernel_size, 1)[:, :, ::stride, ::stride]
    if kernel_size == 1:
        return x.copy()
    smaller = by_recursion_on_the_window(x, kernel_size - 1, 1)
    down = np.maximum(smaller[:, :, 1:], smaller[:, :, :-1])
    return np.maximum(down[..., 1:], down[..., :-1])


@right.to("avg_pool")
def by_a_mean_of_windows(x, kernel_size, stride=None):
    return windows_of(x, kernel_size, stride or kernel_size).mean(axis=(4, 5))


@right.to("avg_pool")
def by_the_library_average(x, kernel_size, stride=None):
    return F.avg_pool2d(x, kernel_size, stride)


@right.to("avg_pool")
def by_a_layer_average(x, kernel_size, stride=None):
    return layers.AvgPool2d(kernel_size, stride)(x)


@right.to("avg_pool")
def by_sums_in_loops(x, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    n, c, h, w = x.shape
    y = np.zeros((n, c, (h - kernel_size) // stride + 1, (w - kernel_size) // stride + 1), x.dtype)
    for a, b, i, j in np.ndindex(y.shape):
        total = 0
        for m in range(i * stride, i * stride + kernel_size):
            for k in range(j * stride, j * stride + kernel_size):
                total += x[a, b, m, k]
        y[a, b, i, j] = total / kernel_size**2
    return y


@right.to("avg_pool")
def by_convolving_with_equal_weights(x, kernel_size, stride=None):
    n, c, h, w = x.shape
    weight = np.full((1, 1, kernel_size, kernel_size), 1 / kernel_size**2, x.dtype)
    y = F.conv2d(x.reshape(n * c, 1, h, w), weight, stride=stride or kernel_size)
    return y.reshape(n, c, *y.shape[2:])


@right.to("avg_pool")
def by_a_table_of_sums(x, kernel_size, stride=None):
    step = stride if stride is not None else kernel_size
    table = np.pad(x.astype(float), ((0, 0), (0, 0), (1, 0), (1, 0))).cumsum(2).cumsum(3)
    k = kernel_size
    sums = table[:, :, k:, k:] - table[:, :, :-k, k:] - table[:, :, k:, :-k] + table[:, :, :-k, :-k]
    return (sums[:, :, ::step, ::step] / k**2).astype(x.dtype)


@right.to("avg_pool")
def rows_then_columns_averaged(x, kernel_size, stride=None):
    if stride is None:
        stride = kernel_size
    tall = sliding_window_view(x, kernel_size, 2)[:, :, ::stride].mean(-1)
    return sliding_window_view(tall, kernel_size, 3)[..., ::stride, :].mean(-1)


@right.to("avg_pool")
def by_einsum_over_windows(x, kernel_size, stride=None):
    windows = windows_of(x, kernel_size, kernel_size if stride is None else stride)
    return np.einsum("nchwij->nchw", windows) / x.dtype.type(kernel_size * kernel_size)


@right.to("avg_pool")
def by_shifted_maps_added(x, kernel_size, stride=None):
    if not stride:
        stride = kernel_size
    h, w = x.shape[2] - kernel_size + 1, x.shape[3] - kernel_size + 1
    total = 0
    for m, n in np.ndindex(kernel_size, kernel_size):
        total = total + x[:, :, m : m + h, n : n + w][:, :, ::stride, ::stride]
    return total / kernel_size**2


@right.to("avg_pool")
def by_lists_of_averages(x, kernel_size, stride=None):
    stride = {None: kernel_size}.get(stride, stride)
    n, c, h, w = x.shape
    means = [
        sum(sum(row[j : j + kernel_size]) for row in one[i : i + kernel_size]) / kernel_size**2
        for image in x.tolist()
        for one in image
        for i in range(0, h - kernel_size + 1, stride)
        for j in range(0, w - kernel_size + 1, stride)
    ]
    return np.array(means, x.dtype).reshape(n, c, (h - kernel_size) // stride + 1, -1)


@right.to("avg_pool")
def by_weights_of_average(x, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    rows, columns = ((size - kernel_size) // stride + 1 for size in x.shape[2:])
    y = np.zeros((*x.shape[:2], rows, columns))
    i = 0
    while i < rows:
        for j in range(columns):
            window = x[:, :, i * stride :, j * stride :][:, :, :kernel_size, :kernel_size]
            y[:, :, i, j] = np.average(np.average(window, axis=3), axis=2)
        i += 1
    return y.astype(x.dtype)


def places_of_windows(image, kernel_size, stride):
    rows, columns = ((size - kernel_size) // stride + 1 for size in image.shape)
    return rows, columns


@right.to("winners")
def by_argmax_in_loops(image, kernel_size, stride):
    shape = places_of_windows(image, kernel_size, stride)
    rows, columns = np.zeros(shape, int), np.zeros(shape, int)
    for i, j in np.ndindex(shape):
        top, left = i * stride, j * stride
        window = image[top : top + kernel_size, left : left + kernel_size]
        row, column = divmod(window.argmax(), kernel_size)
        rows[i, j], columns[i, j] = top + row, left + column
    return rows, columns


@right.to("winners")
def by_argmax_of_all_windows(image, kernel_size, stride):
    windows = sliding_window_view(image, (kernel_size, kernel_size))[::stride, ::stride]
    best = windows.reshape(*windows.shape[:2], -1).argmax(axis=2)
    rows, columns = np.unravel_index(best, (kernel_size, kernel_size))
    i, j = np.indices(best.shape) * stride
    return i + rows, j + columns


@right.to("winners")
def in_32_bits(image, kernel_size, stride):
    rows, columns = by_argmax_in_loops(image, kernel_size, stride)
    return rows.astype(np.int32), columns.astype(np.int32)


@right.to("winners")
def in_bytes(image, kernel_size, stride):
    rows, columns = by_argmax_in_loops(image, kernel_size, stride)
    return rows.astype(np.uint8), columns.astype(np.uint8)


@right.to("winners")
def in_two_widths(image, kernel_size, stride):
    rows, columns = by_argmax_of_all_windows(image, kernel_size, stride)
    return [rows.astype(np.int16), columns.astype(np.uint64)]


@right.to("winners")
def in_one_array(image, kernel_size, stride):
    both = np.stack(by_argmax_in_loops(image, kernel_size, stride))
    return both[0], both[1]


@right.to("winners")
def by_keys(image, kernel_size, stride):
    def best(i, j):
        span = range(kernel_size)
        places = [(i * stride + a, j * stride + b) for a in span for b in span]
        return max(places, key=lambda place: image[place])

    rows, columns = places_of_windows(image, kernel_size, stride)
    found = [[best(i, j) for j in range(columns)] for i in range(rows)]
    return tuple(np.array([[place[axis] for place in row] for row in found]) for axis in (0, 1))


@right.to("winners")
def by_where_the_maximum_is(image, kernel_size, stride):
    shape = places_of_windows(image, kernel_size, stride)
    rows, columns = np.zeros(shape, np.intp), np.zeros(shape, np.intp)
    for i, j in np.ndindex(shape):
        window = image[i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size]
        row, column = np.argwhere(window == window.max())[0]
        rows[i, j], columns[i, j] = i * stride + row, j * stride + column
    return rows, columns


@right.to("winners")
def by_flat_places(image, kernel_size, stride):
    numbers = np.arange(image.size).reshape(image.shape)
    shape = (kernel_size, kernel_size)
    windows = sliding_window_view(image, shape)[::stride, ::stride]
    places = sliding_window_view(numbers, shape)[::stride, ::stride]
    best = windows.reshape(*windows.shape[:2], -1).argmax(-1)[..., None]
    flat = np.take_along_axis(places.reshape(*best.shape[:2], -1), best, axis=-1)[..., 0]
    return np.divmod(flat, image.shape[1])


@right.to("winners")
def by_going_backwards(image, kernel_size, stride):
    shape = places_of_windows(image, kernel_size, stride)
    rows, columns = np.zeros(shape, int), np.zeros(shape, int)
    for i, j in np.ndindex(shape):
        best = -np.inf
        for row in reversed(range(i * stride, i * stride + kernel_size)):
            for column in reversed(range(j * stride, j * stride + kernel_size)):
                if image[row, column] >= best:
                    best = image[row, column]
                    rows[i, j], columns[i, j] = row, column
    return rows, columns


@right.to("winners")
def by_a_generator_of_pairs(image, kernel_size, stride):
    rows, columns = places_of_windows(image, kernel_size, stride)

    def pairs():
        for i in range(rows):
            for j in range(columns):
                top, left = i * stride, j * stride
                window = image[top:, left:][:kernel_size, :kernel_size]
                a, b = np.unravel_index(np.argmax(window), window.shape)
                yield top + a, left + b

    first, second = zip(*pairs(), strict=True)
    return np.reshape(first, (rows, columns)), np.reshape(second, (rows, columns))


@right.to("winners")
def by_the_gradient_of_the_pooling(image, kernel_size, stride):
    shape = places_of_windows(image, kernel_size, stride)
    rows, columns = np.zeros(shape, int), np.zeros(shape, int)
    for i, j in np.ndindex(shape):
        window = image[i * stride :, j * stride :][:kernel_size, :kernel_size][None, None]
        marked = F.max_pool2d_backward(np.ones((1, 1, 1, 1)), window.astype(float), kernel_size)
        row, column = np.argwhere(marked[0, 0])[0]
        rows[i, j], columns[i, j] = i * stride + row, j * stride + column
    return rows, columns


@right.to("put_back")
def by_lists_of_places(pooled, rows, columns, shape):
    image = np.zeros(shape, pooled.dtype)
    image[rows, columns] = pooled
    return image


@right.to("put_back")
def by_flat_numbers(pooled, rows, columns, shape):
    image = np.zeros(shape[0] * shape[1], pooled.dtype)
    image[rows * shape[1] + columns] = pooled
    return image.reshape(shape)


@right.to("put_back")
def number_after_number(pooled, rows, columns, shape):
    image = np.zeros(shape, pooled.dtype)
    for row, column, number in zip(rows.ravel(), columns.ravel(), pooled.ravel(), strict=True):
        image[row, column] = number
    return image
