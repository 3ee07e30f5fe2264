"""Right answers to the exercises of notebook 03, of as many kinds as readers write them in."""

import functools
import itertools
import math

import numpy as np
from answers import Answers
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib import functional as F
from cnnlib import shapes

right = Answers()


right.values("shape", (80, 106), [80, 106], (80.0, 106.0), np.array([80, 106]), np.int32([80, 106]))


@right.to("output_size")
def by_a_range(size, kernel_size, stride=1, padding=0):
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))


@right.to("output_size")
def by_a_while_loop(size, kernel_size, stride=1, padding=0):
    places, start = 0, -padding
    while start + kernel_size <= size + padding:
        places += 1
        start += stride
    return places


@right.to("output_size")
def by_floor(size, kernel_size, stride=1, padding=0):
    return math.floor((size + 2 * padding - kernel_size) / stride) + 1


@right.to("output_size")
def by_int(size, kernel_size, stride=1, padding=0):
    return int((size + 2 * padding - kernel_size) / stride + 1)


@right.to("output_size")
def by_one_division(size, kernel_size, stride=1, padding=0):
    return (size + padding * 2 - kernel_size + stride) // stride


@right.to("output_size")
def by_divmod(size, kernel_size, stride=1, padding=0):
    steps, _left_over = divmod(size + padding + padding - kernel_size, stride)
    return steps + 1


@right.to("output_size")
def by_rounding_up(size, kernel_size, stride=1, padding=0):
    return math.ceil((size + 2 * padding - kernel_size + 1) / stride)


@right.to("output_size")
def by_windows_of_numpy(size, kernel_size, stride=1, padding=0):
    return len(sliding_window_view(np.zeros(size + 2 * padding), kernel_size)[::stride])


@right.to("output_size")
def by_numpy_numbers(size, kernel_size, stride=1, padding=0):
    return np.int64(size + 2 * padding - kernel_size) // np.int32(stride) + np.uint8(1)


@right.to("output_size")
def by_arange(size, kernel_size, stride=1, padding=0):
    return np.arange(-padding, size + padding - kernel_size + 1, stride).size


@right.to("output_size")
def by_recursion(size, kernel_size, stride=1, padding=0):
    if padding:
        return by_recursion(size + 2 * padding, kernel_size, stride)
    return 0 if size < kernel_size else 1 + by_recursion(size - stride, kernel_size, stride)


@right.to("output_size")
def by_the_library(size, kernel_size, stride=1, padding=0):
    return shapes.output_size(size, kernel_size, stride, padding)


@right.to("output_size")
def by_convolving_ones(size, kernel_size, stride=1, padding=0):
    return np.convolve(np.ones(size + 2 * padding), np.ones(kernel_size), "valid")[::stride].size


@right.to("output_size")
def by_a_generator(size, kernel_size, stride=1, padding=0):
    room = size + 2 * padding
    return sum(1 for start in range(0, room, stride) if start + kernel_size <= room)


@right.to("same_padding")
def by_two_halves(kernel_size):
    return (kernel_size - 1) // 2, kernel_size // 2


@right.to("same_padding")
def by_a_list(kernel_size):
    before = (kernel_size - 1) // 2
    return [before, kernel_size - 1 - before]


@right.to("same_padding")
def by_divmod_of_the_rest(kernel_size):
    half, odd = divmod(kernel_size - 1, 2)
    return half, half + odd


@right.to("same_padding")
def by_cases(kernel_size):
    if kernel_size % 2 == 1:
        return (kernel_size - 1) // 2, (kernel_size - 1) // 2
    return kernel_size // 2 - 1, kernel_size // 2


@right.to("same_padding")
def by_floor_and_ceil(kernel_size):
    half = (kernel_size - 1) / 2
    return math.floor(half), math.ceil(half)


@right.to("same_padding")
def by_shifting_bits(kernel_size):
    return (kernel_size - 1) >> 1, kernel_size >> 1


@right.to("same_padding")
def by_sharing_out_pixels(kernel_size):
    sides = [0, 0]
    for pixel in range(kernel_size - 1):
        sides[1 - pixel % 2] += 1
    return tuple(sides)


@right.to("same_padding")
def by_splitting_an_array(kernel_size):
    behind, front = np.array_split(np.ones(kernel_size - 1), 2)  # the first is the longer one
    return len(front), len(behind)


@right.to("same_padding")
def by_numpy_ints(kernel_size):
    total = np.int64(kernel_size - 1)
    return total // 2, total - total // 2


@right.to("same_padding")
def by_recursion_on_two(kernel_size):
    if kernel_size <= 2:
        return 0, kernel_size - 1
    before, after = by_recursion_on_two(kernel_size - 2)
    return before + 1, after + 1


@right.to("same_padding")
def by_trying(kernel_size):
    pairs = ((before, after) for before in range(kernel_size) for after in (before, before + 1))
    return next(pair for pair in pairs if sum(pair) == kernel_size - 1)


@right.to("same_padding")
def by_ranges(kernel_size):
    return len(range(1, kernel_size)[1::2]), len(range(1, kernel_size)[::2])


@right.to("pad")
def by_numpy(x, padding):
    down, across = padding
    return np.pad(x, ((0, 0), (0, 0), (down, down), (across, across)))


@right.to("pad")
def by_the_librarys_pad(x, padding):
    return F.pad2d(x, padding)


@right.to("pad")
def by_negative_ends(x, padding):
    n, c, h, w = x.shape
    y = np.zeros((n, c, h + 2 * padding[0], w + 2 * padding[1]), dtype=x.dtype)
    y[..., padding[0] : -padding[0] or None, padding[1] : -padding[1] or None] = x
    return y


@right.to("pad")
def by_concatenating(x, padding):
    n, c, h, w = x.shape
    down, across = padding
    side = np.zeros((n, c, h, across), x.dtype)
    wide = np.concatenate([side, x, side], axis=3)
    above = np.zeros((n, c, down, w + 2 * across), x.dtype)
    return np.concatenate([above, wide, above], axis=2)


@right.to("pad")
def by_six_loops(x, padding):
    n, c, h, w = x.shape
    y = np.zeros((n, c, h + 2 * padding[0], w + 2 * padding[1])).astype(x.dtype)
    for a in range(n):
        for b in range(c):
            for i in range(h):
                for j in range(w):
                    y[a, b, i + padding[0], j + padding[1]] = x[a, b, i, j]
    return y


@right.to("pad")
def by_maps_one_by_one(x, padding):
    maps = [[np.pad(one, [(p, p) for p in padding]) for one in image] for image in x]
    return np.array(maps, dtype=x.dtype)


@right.to("pad")
def by_products_with_eyes(x, padding):
    h, w = x.shape[2:]
    rows = np.eye(h + 2 * padding[0], h, -padding[0], dtype=x.dtype)
    columns = np.eye(w, w + 2 * padding[1], padding[1], dtype=x.dtype)
    return rows @ x @ columns


@right.to("pad")
def by_rolling(x, padding):
    n, c, h, w = x.shape
    y = np.zeros((n, c, h + 2 * padding[0], w + 2 * padding[1]), x.dtype)
    y[:, :, :h, :w] = x
    return np.roll(y, padding, axis=(2, 3))


@right.to("pad")
def by_lists(x, padding):
    down, across = padding
    width = x.shape[3] + 2 * across
    return np.array(
        [
            [
                [[0] * width] * down
                + [[0] * across + row + [0] * across for row in one]
                + [[0] * width] * down
                for one in image
            ]
            for image in x.tolist()
        ],
        x.dtype,
    )


@right.to("pad")
def by_an_index_for_each_place(x, padding):
    h, w = x.shape[2:]
    i = np.arange(-padding[0], h + padding[0])
    j = np.arange(-padding[1], w + padding[1])
    inside = ((i >= 0) & (i < h))[:, None] & ((j >= 0) & (j < w))
    picked = x[:, :, i.clip(0, h - 1)[:, None], j.clip(0, w - 1)]
    return np.where(inside, picked, x.dtype.type(0))


@right.to("pad")
def by_a_ring_at_a_time(x, padding):
    if padding[0]:
        grown = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 0)))
        return by_a_ring_at_a_time(grown, (padding[0] - 1, padding[1]))
    if padding[1]:
        grown = np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1)))
        return by_a_ring_at_a_time(grown, (0, padding[1] - 1))
    return x


@right.to("unread")
def by_counting_readers(size, kernel_size, stride=1, padding=0):
    counts = np.zeros(size + 2 * padding, int)
    for start in range(0, len(counts) - kernel_size + 1, stride):
        counts[start : start + kernel_size] += 1
    return int((counts[padding : padding + size] == 0).sum())


@right.to("unread")
def by_sets(size, kernel_size, stride=1, padding=0):
    read = set()
    for start in range(-padding, size + padding - kernel_size + 1, stride):
        read |= set(range(start, start + kernel_size))
    return len(set(range(size)) - read)


@right.to("unread")
def by_asking_each_pixel(size, kernel_size, stride=1, padding=0):
    starts = range(0, size + 2 * padding - kernel_size + 1, stride)
    places = range(padding, padding + size)
    return sum(not any(s <= place < s + kernel_size for s in starts) for place in places)


@right.to("unread")
def by_windows_of_a_row(size, kernel_size, stride=1, padding=0):
    row = np.pad(np.arange(1, size + 1), padding)
    seen = np.unique(sliding_window_view(row, kernel_size)[::stride])
    return size - np.count_nonzero(seen)


@right.to("unread")
def by_remainders(size, kernel_size, stride=1, padding=0):
    places = (size + 2 * padding - kernel_size) // stride
    unseen = 0
    for place in range(padding, padding + size):
        beyond = place >= places * stride + kernel_size
        unseen += beyond or place % stride >= kernel_size
    return unseen


@right.to("unread")
def by_text(size, kernel_size, stride=1, padding=0):
    row = list("-" * padding + "." * size + "-" * padding)
    for start in range(0, len(row) - kernel_size + 1, stride):
        row[start : start + kernel_size] = "x" * kernel_size
    return "".join(row).count(".")


@right.to("unread")
def by_bits(size, kernel_size, stride=1, padding=0):
    pixels = ((1 << size) - 1) << padding
    window, start = (1 << kernel_size) - 1, 0
    while start + kernel_size <= size + 2 * padding:
        pixels &= ~(window << start)
        start += stride
    return pixels.bit_count()


@right.to("unread")
def by_a_gradient(size, kernel_size, stride=1, padding=0):
    count = (size + 2 * padding - kernel_size) // stride + 1
    change = np.zeros(size + 2 * padding + 1, int)
    for start in np.arange(count) * stride:
        change[start] += 1
        change[start + kernel_size] -= 1
    return np.sum(change.cumsum()[padding : padding + size] == 0)


@right.to("unread")
def by_convolving_starts(size, kernel_size, stride=1, padding=0):
    starts = np.zeros(size + 2 * padding - kernel_size + 1)
    starts[::stride] = 1
    readers = np.convolve(starts, np.ones(kernel_size))[padding : padding + size]
    return len(readers) - np.count_nonzero(readers.round())


@right.to("unread")
def by_recursion_from_the_left(size, kernel_size, stride=1, padding=0, start=0):
    if start + kernel_size > size + 2 * padding:
        return max(0, size + padding - max(start, padding))
    end = min(start + stride, size + 2 * padding)
    if start + stride + kernel_size > size + 2 * padding:
        end = size + 2 * padding
    gap = sum(padding <= place < padding + size for place in range(start + kernel_size, end))
    if end == size + 2 * padding:
        return gap
    return gap + by_recursion_from_the_left(size, kernel_size, stride, padding, start + stride)


@right.to("unread")
def by_a_mask_of_indices(size, kernel_size, stride=1, padding=0):
    places = np.arange(-padding, size + padding)
    windows = places[: len(places) - kernel_size + 1 : stride, None] + np.arange(kernel_size)
    return int(size - np.isin(np.arange(size), windows).sum())


@right.to("layers_needed")
def by_following_pixels_back(target, kernel_size, stride=1):
    for layers in itertools.count():
        pixels = {0}
        for _ in range(layers):
            pixels = {pixel * stride + k for pixel in pixels for k in range(kernel_size)}
        if len(pixels) >= target:
            return layers


@right.to("layers_needed")
def by_the_size_that_one_pixel_needs(target, kernel_size, stride=1):
    layers, size = 0, 1
    while size < target:
        size = 1
        layers += 1
        for _ in range(layers):
            size = (size - 1) * stride + kernel_size
    return layers


@right.to("layers_needed")
def by_recursion_on_layers(target, kernel_size, stride=1, seen=1, jump=1):
    if seen >= target:
        return 0
    grown = seen + (kernel_size - 1) * jump
    return 1 + by_recursion_on_layers(target, kernel_size, stride, grown, jump * stride)


@right.to("layers_needed")
def by_the_librarys_field(target, kernel_size, stride=1):
    layers = 0
    while (shapes.receptive_field([(kernel_size, stride)] * layers) or [1])[-1] < target:
        layers += 1
    return layers


@right.to("layers_needed")
def by_powers(target, kernel_size, stride=1):
    layers = 0
    while 1 + (kernel_size - 1) * sum(stride**n for n in range(layers)) < target:
        layers += 1
    return layers


@right.to("layers_needed")
def by_a_loop_that_breaks(target, kernel_size, stride=1):
    seen, jump, layers = 1, 1, 0
    while True:
        if seen >= target:
            break
        seen += (kernel_size - 1) * jump
        jump *= stride
        layers += 1
    return layers


@right.to("layers_needed")
def by_accumulating(target, kernel_size, stride=1):
    steps = ((kernel_size - 1) * stride**n for n in itertools.count())
    views = itertools.accumulate(itertools.chain([1], steps))
    return next(layers for layers, view in enumerate(views) if view >= target)


@right.to("layers_needed")
def by_solving_the_sum(target, kernel_size, stride=1):
    if stride == 1:
        return -(-(target - 1) // (kernel_size - 1))
    needed = -(-(target - 1) * (stride - 1) // (kernel_size - 1)) + 1  # stride ** layers
    layers = 0
    while stride**layers < needed:
        layers += 1
    return layers


@right.to("layers_needed")
def by_lighting_a_row(target, kernel_size, stride=1):
    lit, layers = np.ones(1, bool), 0
    while lit.sum() < target:
        wider = np.zeros((len(lit) - 1) * stride + kernel_size, bool)
        for place in np.flatnonzero(lit):
            wider[place * stride : place * stride + kernel_size] = True
        lit, layers = wider, layers + 1
    return layers


@right.to("layers_needed")
def by_counting_down(target, kernel_size, stride=1):
    missing, step, layers = target - 1, kernel_size - 1, 0
    while missing > 0:
        missing, step, layers = missing - step, step * stride, layers + 1
    return layers


@right.to("layers_needed")
def by_reduce(target, kernel_size, stride=1):
    def grow(state, _):
        seen, jump, layers = state
        return (
            state
            if seen >= target
            else (seen + (kernel_size - 1) * jump, jump * stride, layers + 1)
        )

    return functools.reduce(grow, range(target), (1, 1, 0))[2]


def framed(x, padding):
    return np.pad(x, ((padding[0],) * 2, (padding[1],) * 2))


@right.to("conv2d")
def by_strided_windows(x, kernel, stride=(1, 1), padding=(0, 0)):
    windows = sliding_window_view(framed(x, padding), kernel.shape)
    return (windows[:: stride[0], :: stride[1]] * kernel).sum(axis=(2, 3))


@right.to("conv2d")
def by_all_cells_and_then_some(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded, (kh, kw) = framed(x, padding), kernel.shape
    oh, ow = padded.shape[0] - kh + 1, padded.shape[1] - kw + 1
    y = sum(kernel[m, n] * padded[m : m + oh, n : n + ow] for m, n in np.ndindex(kh, kw))
    return y[:: stride[0], :: stride[1]]


@right.to("conv2d")
def by_strided_slices(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded, (sh, sw) = framed(x, padding), stride
    oh = (padded.shape[0] - kernel.shape[0]) // sh + 1
    ow = (padded.shape[1] - kernel.shape[1]) // sw + 1
    y = np.zeros((oh, ow))
    for (m, n), weight in np.ndenumerate(kernel):
        y += weight * padded[m : m + sh * oh : sh, n : n + sw * ow : sw][:oh, :ow]
    return y


@right.to("conv2d")
def by_asking_where_the_picture_is(x, kernel, stride=(1, 1), padding=(0, 0)):
    oh = by_range_of(x.shape[0], kernel.shape[0], stride[0], padding[0])
    ow = by_range_of(x.shape[1], kernel.shape[1], stride[1], padding[1])
    y = np.zeros((oh, ow))
    for i, j, m, n in np.ndindex(oh, ow, *kernel.shape):
        row, column = i * stride[0] + m - padding[0], j * stride[1] + n - padding[1]
        if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
            y[i, j] += x[row, column] * kernel[m, n]
    return y


def by_range_of(size, kernel_size, stride, padding):
    return len(range(-padding, size + padding - kernel_size + 1, stride))


@right.to("conv2d")
def by_one_matrix_product(x, kernel, stride=(1, 1), padding=(0, 0)):
    windows = sliding_window_view(framed(x, padding), kernel.shape)[:: stride[0], :: stride[1]]
    return windows.reshape(*windows.shape[:2], -1) @ kernel.ravel()


@right.to("conv2d")
def by_einsum(x, kernel, stride=(1, 1), padding=(0, 0)):
    windows = sliding_window_view(framed(x, padding), kernel.shape)
    return np.einsum("ijmn,mn->ij", windows[:: stride[0], :: stride[1]], kernel)


@right.to("conv2d")
def by_lists_of_lists(x, kernel, stride=(1, 1), padding=(0, 0)):
    (down, across), (top, left) = stride, padding
    width = x.shape[1] + 2 * left
    rows = [[0] * width for _ in range(top)]
    rows += [[0] * left + row + [0] * left for row in x.tolist()]
    rows += [[0] * width for _ in range(top)]
    weights = kernel.tolist()
    return np.array(
        [
            [
                sum(
                    weight * rows[i + m][j + n]
                    for m, line in enumerate(weights)
                    for n, weight in enumerate(line)
                )
                for j in range(0, width - len(weights[0]) + 1, across)
            ]
            for i in range(0, len(rows) - len(weights) + 1, down)
        ]
    )


@right.to("conv2d")
def by_fourier(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded = framed(x, padding)
    whole = np.fft.ifft2(np.fft.fft2(padded) * np.fft.fft2(kernel, padded.shape).conj()).real
    rows, columns = (p - k + 1 for p, k in zip(padded.shape, kernel.shape, strict=True))
    return whole[: rows : stride[0], : columns : stride[1]]


@right.to("conv2d")
def by_rows_correlated(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded = framed(x, padding).astype(float)
    starts = range(0, len(padded) - len(kernel) + 1, stride[0])
    rows = [
        np.sum([np.correlate(padded[i + m], line) for m, line in enumerate(kernel)], axis=0)
        for i in starts
    ]
    return np.array(rows)[:, :: stride[1]]


@right.to("conv2d")
def by_the_layer_of_the_library(x, kernel, stride=(1, 1), padding=(0, 0)):
    x, kernel = (values.astype(float)[None, None] for values in (x, kernel))
    return F.conv2d(x, kernel, stride=stride, padding=padding)[0, 0]


@right.to("conv2d")
def by_a_dictionary_of_pixels(x, kernel, stride=(1, 1), padding=(0, 0)):
    pixels = dict(np.ndenumerate(x))
    oh = by_range_of(x.shape[0], kernel.shape[0], stride[0], padding[0])
    ow = by_range_of(x.shape[1], kernel.shape[1], stride[1], padding[1])

    def cell(i, j):
        top, left = i * stride[0] - padding[0], j * stride[1] - padding[1]
        return sum(w * pixels.get((top + m, left + n), 0) for (m, n), w in np.ndenumerate(kernel))

    return np.array([[cell(i, j) for j in range(ow)] for i in range(oh)], dtype=float)


@right.to("conv2d")
def by_scattering_pixels(x, kernel, stride=(1, 1), padding=(0, 0)):
    (sh, sw), (ph, pw) = stride, padding
    oh = by_range_of(x.shape[0], kernel.shape[0], sh, ph)
    ow = by_range_of(x.shape[1], kernel.shape[1], sw, pw)
    y = np.zeros((oh, ow))
    for (row, column), pixel in np.ndenumerate(x):
        for (m, n), weight in np.ndenumerate(kernel):
            (i, down), (j, across) = divmod(row + ph - m, sh), divmod(column + pw - n, sw)
            if not down and not across and 0 <= i < oh and 0 <= j < ow:
                y[i, j] += pixel * weight
    return y
