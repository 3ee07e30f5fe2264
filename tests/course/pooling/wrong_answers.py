"""Answers to the exercises of notebook 05 that are right nearly everywhere, and wrong somewhere."""

import numpy as np
from answers import Answers

from cnnlib import reference
from cnnlib.course.pooling import exercises as ex

wrong = Answers()
KEPT: dict = {}  # what some of these answers remember from one call to the next
global_average = ex.global_average.model_answer
max_pool = ex.max_pool.model_answer
avg_pool = ex.avg_pool.model_answer
winners = ex.winners.model_answer
put_back = ex.put_back.model_answer


wrong.values("shape", 140, (14, 10), (2, 16, 14.5, 10), "(2, 16, 14, 10)", (2, 16, 10, 14), None)
wrong.values(
    "maxima",
    [-1, -1, 4, -5],
    [[-1, -1], [4, -6]],
    [[-1, -1], [4]],
    [[[[-1, -1], [4, -5]]]],
    "[[-1, -1], [4, -5]]",
    np.array([["-1", "-1"], ["4", "-5"]]),
    4,
    [[-1, -1], [4, -5.5]],
)
wrong.values("room", 2.5, "2", (6, 7), -2, True, [2, 2])


@wrong.to("global_average")
def no_axes_for_one_pixel(x):
    return global_average(x) if x[0, 0].size > 1 else x


@wrong.to("global_average")
def without_axes_of_one(x):
    return global_average(x).squeeze()


@wrong.to("global_average")
def transposed_where_square(x):
    y = global_average(x)
    return y.T if y.shape[0] == y.shape[1] else y


@wrong.to("global_average")
def mean_of_the_positive(x):
    return np.maximum(x, 0).mean(axis=(2, 3))


@wrong.to("global_average")
def in_double_precision(x):
    return x.mean(axis=(2, 3)).astype(float)


@wrong.to("global_average")
def by_the_larger_side(x):
    return x.sum(axis=(2, 3)) / max(x.shape[2:]) ** 2


@wrong.to("global_average")
def in_half_precision(x):
    return x.astype(np.float16).mean(axis=(2, 3)).astype(x.dtype)


@wrong.to("global_average")
def means_of_the_first_batch(x):
    return KEPT.setdefault((x.shape, x.dtype), global_average(x))


@wrong.to("global_average")
def averaged_in_place(x):
    y = global_average(x)
    x[...] = y[:, :, None, None]
    return y


@wrong.to("global_average")
def numbers_under_a_mask(x):
    return np.ma.masked_less(global_average(x), 0)


def from_a_start(start):
    def pooled(x, kernel_size, stride):
        return np.maximum(max_pool(x, kernel_size, stride), x.dtype.type(start))

    return pooled


for start in (0, -1, -99, -100, -999, -1000, -1e4, -99999, -1e9, np.finfo(float).tiny):
    wrong.add("max_pool", f"a maximum that starts at {start:g}", from_a_start(start))


@wrong.to("max_pool")
def no_larger_than_two(x, kernel_size, stride):
    return max_pool(x, kernel_size, stride) if kernel_size < 4 else max_pool(x[..., :-1], 3, stride)


@wrong.to("max_pool")
def windows_without_gaps(x, kernel_size, stride):
    y = max_pool(x, kernel_size, stride)
    return y if stride <= kernel_size else max_pool(x, stride, stride)


@wrong.to("max_pool")
def overlaps_left_out(x, kernel_size, stride):
    return max_pool(x, kernel_size, max(stride, kernel_size))


@wrong.to("max_pool")
def a_last_window_cut_short(x, kernel_size, stride):
    more = [-(size - kernel_size) % stride for size in x.shape[2:]]
    low = np.pad(x, ((0, 0), (0, 0), (0, more[0]), (0, more[1])), constant_values=x.min())
    return max_pool(low, kernel_size, stride)


@wrong.to("max_pool")
def one_channel_for_all(x, kernel_size, stride):
    y = max_pool(x, kernel_size, stride)
    return y if x.shape[1] < 4 else np.repeat(y[:, :1], x.shape[1], axis=1)


@wrong.to("max_pool")
def in_single_precision(x, kernel_size, stride):
    return max_pool(x, kernel_size, stride).astype(np.float32)


@wrong.to("max_pool")
def the_largest_by_size_alone(x, kernel_size, stride):
    y = np.zeros_like(max_pool(x, kernel_size, stride))
    for n, c, i, j in np.ndindex(y.shape):
        window = x[n, c, i * stride :, j * stride :][:kernel_size, :kernel_size]
        y[n, c, i, j] = window.flat[np.abs(window).argmax()]
    return y


@wrong.to("max_pool")
def one_batch_for_every_shape(x, kernel_size, stride):
    return max_pool(KEPT.setdefault(("max", x.shape, x.dtype), x.copy()), kernel_size, stride)


@wrong.to("max_pool")
def maps_that_are_written_to(x, kernel_size, stride):
    y = max_pool(x, kernel_size, stride)
    x[:, :, 0, 0] -= 1
    return y


@wrong.to("max_pool")
def without_axes_of_one_pixel(x, kernel_size, stride):
    y = max_pool(x, kernel_size, stride)
    return y[:, :, 0, 0] if y.shape[2:] == (1, 1) else y


@wrong.to("avg_pool")
def a_stride_of_two_by_default(x, kernel_size, stride=2):
    return avg_pool(x, kernel_size, stride)


@wrong.to("avg_pool")
def touching_if_the_stride_is_smaller(x, kernel_size, stride=None):
    return avg_pool(x, kernel_size, max(stride or 0, kernel_size))


@wrong.to("avg_pool")
def a_window_of_one_is_left_alone(x, kernel_size, stride=None):
    return x if kernel_size == 1 else avg_pool(x, kernel_size, stride)


@wrong.to("avg_pool")
def mean_of_the_numbers_that_are_not_zero(x, kernel_size, stride=None):
    shown = reference.avg_pool2d((x != 0).astype(x.dtype), kernel_size, stride)
    return avg_pool(x, kernel_size, stride) / np.where(shown == 0, 1, shown)


@wrong.to("avg_pool")
def halfway_from_smallest_to_largest(x, kernel_size, stride=None):
    stride = stride or kernel_size
    return (max_pool(x, kernel_size, stride) - max_pool(-x, kernel_size, stride)) / 2


@wrong.to("avg_pool")
def averages_in_double_precision(x, kernel_size, stride=None):
    return avg_pool(x, kernel_size, stride).astype(float)


@wrong.to("avg_pool")
def cut_to_whole_numbers(x, kernel_size, stride=None):
    return np.trunc(avg_pool(x, kernel_size, stride))


@wrong.to("avg_pool")
def never_below_zero(x, kernel_size, stride=None):
    return np.maximum(avg_pool(x, kernel_size, stride), 0)


@wrong.to("avg_pool")
def averages_of_the_first_batch(x, kernel_size, stride=None):
    return avg_pool(KEPT.setdefault(("avg", x.shape, x.dtype), x.copy()), kernel_size, stride)


@wrong.to("avg_pool")
def a_stride_that_must_divide(x, kernel_size, stride=None):
    stride = stride or kernel_size
    if (x.shape[2] - kernel_size) % stride or (x.shape[3] - kernel_size) % stride:
        raise ValueError("the windows do not fit")
    return avg_pool(x, kernel_size, stride)


def best_from(start):
    def places(image, kernel_size, stride):
        rows, columns = (array.copy() for array in winners(image, kernel_size, stride))
        below = image[rows, columns] <= start
        rows[below], columns[below] = 0, 0
        return rows, columns

    return places


for start in (0, -99, -1000, -1e6, -1e9):
    wrong.add("winners", f"a best that starts at {start:g}", best_from(start))


@wrong.to("winners")
def in_floats(image, kernel_size, stride):
    return tuple(array.astype(np.float32) for array in winners(image, kernel_size, stride))


@wrong.to("winners")
def the_last_of_a_row_in_a_tie(image, kernel_size, stride):
    rows, columns = winners(image, kernel_size, stride)
    for i, j in np.ndindex(rows.shape):
        row, left = image[rows[i, j]], j * stride
        window = row[left : left + kernel_size]
        columns[i, j] = left + np.flatnonzero(window == window.max())[-1]
    return rows, columns


@wrong.to("winners")
def first_by_columns_in_a_tie(image, kernel_size, stride):
    rows, columns = winners(image.T, kernel_size, stride)
    return columns.T, rows.T


@wrong.to("winners")
def square_maps(image, kernel_size, stride):
    rows, columns = winners(image, kernel_size, stride)
    side = min(rows.shape)
    return rows[:side, :side], columns[:side, :side]


@wrong.to("winners")
def pairs_of_places(image, kernel_size, stride):
    return np.stack(winners(image, kernel_size, stride), axis=-1)


@wrong.to("winners")
def windows_of_three_at_most(image, kernel_size, stride):
    rows, columns = winners(image, kernel_size, stride)
    if kernel_size > 3:
        return rows * 0, columns * 0
    return rows, columns


@wrong.to("winners")
def the_places_of_the_first_image(image, kernel_size, stride):
    kept = KEPT.setdefault(("winners", image.shape), image.copy())
    return winners(kept, kernel_size, stride)


@wrong.to("winners")
def an_image_that_is_written_to(image, kernel_size, stride):
    found = winners(image, kernel_size, stride)
    image[found] = -np.inf
    return found


@wrong.to("winners")
def zero_based_in_flat(image, kernel_size, stride):
    rows, columns = winners(image, kernel_size, stride)
    return rows * image.shape[1] + columns, columns


@wrong.to("winners")
def nothing_where_all_are_equal(image, kernel_size, stride):
    return winners(image, kernel_size, stride) if np.ptp(image) else None


@wrong.to("put_back")
def only_what_is_positive(pooled, rows, columns, shape):
    return np.maximum(put_back(pooled, rows, columns, shape), 0)


@wrong.to("put_back")
def added_where_two_windows_agree(pooled, rows, columns, shape):
    image = np.zeros(shape, pooled.dtype)
    for number, row, column in zip(pooled.flat, rows.flat, columns.flat, strict=True):
        image[row, column] += number
    return image


@wrong.to("put_back")
def a_square_map(pooled, rows, columns, shape):
    return put_back(pooled, rows, columns, (max(shape), max(shape)))


@wrong.to("put_back")
def always_in_double_precision(pooled, rows, columns, shape):
    return put_back(pooled.astype(float), rows, columns, shape)


@wrong.to("put_back")
def up_to_the_last_winner(pooled, rows, columns, shape):
    return put_back(pooled, rows, columns, (rows.max() + 1, columns.max() + 1))


@wrong.to("put_back")
def the_map_of_the_first_call(pooled, rows, columns, shape):
    return KEPT.setdefault((shape, pooled.dtype), put_back(pooled, rows, columns, shape))


@wrong.to("put_back")
def turned_where_square(pooled, rows, columns, shape):
    image = put_back(pooled, rows, columns, shape)
    return image.T if shape[0] == shape[1] else image


@wrong.to("put_back")
def holes_with_the_smallest(pooled, rows, columns, shape):
    image = np.full(shape, pooled.min())
    image[rows, columns] = pooled
    return image
