"""Answers to the exercises of notebook 02 that are right nearly everywhere, and wrong somewhere."""

import numpy as np
from answers import Answers

from cnnlib.course.convolution import exercises as ex

wrong = Answers()
KEPT: dict = {}  # what some of these answers remember from one call to the next
feature_map = ex.feature_map.model_answer
true_convolution = ex.true_convolution.model_answer
slopes_with_bias = ex.slopes_with_bias.model_answer


wrong.values("map_shape", 4, "(4, 8)", (4,), (4, 8, 1), [[4, 8]], (4.5, 8), (-4, 8), {4, 8})
wrong.values("one_cell", 2.5, "2", (2,), True, None, np.nan, [2, 2], -2)
wrong.values("shared_numbers", 27, "26", 26.5, (25, 1), [25, 1], 0)
wrong.values(
    "level_edges",
    [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    [[1 / 3] * 3, [0] * 3, [-1 / 3] * 3],
    [[-0.25, 0, 0.25], [-0.5, 0, 0.5], [-0.25, 0, 0.25]],
    np.zeros((3, 3)),
    np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])[None] / 3,
    [[-1 / 3] * 3, [0] * 3, [np.inf] * 3],
    [[-1, 0, 0], [0, 0, 0], [0, 1, 0]],
    [[-1, -1, 2], [0, 0, 0], [1, 1, -2]],
    np.ones((2, 3)),
    "[[-1, -1, -1], [0, 0, 0], [1, 1, 1]]",
    {},
)


@wrong.to("feature_map")
def in_the_dtype_of_the_picture(x, kernel, bias=0):
    y = np.zeros((x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1), x.dtype)
    y[...] = feature_map(x, kernel, bias)
    return y


@wrong.to("feature_map")
def in_the_dtype_of_the_kernel(x, kernel, bias=0):
    return feature_map(x, kernel, bias).astype(kernel.dtype)


@wrong.to("feature_map")
def a_bias_in_whole_numbers(x, kernel, bias=0):
    return feature_map(x, kernel, int(bias))


@wrong.to("feature_map")
def a_bias_that_may_not_be_zero(x, kernel, bias=0):
    return feature_map(x, kernel, bias) if bias else None


@wrong.to("feature_map")
def a_bias_that_only_adds(x, kernel, bias=0):
    return feature_map(x, kernel, max(bias, 0))


@wrong.to("feature_map")
def one_row_for_vectors(x, kernel, bias=0):
    return feature_map(x, kernel, bias).squeeze()


@wrong.to("feature_map")
def a_number_for_one_cell(x, kernel, bias=0):
    y = feature_map(x, kernel, bias)
    return y.item() if y.size == 1 else y


@wrong.to("feature_map")
def square_kernels_alone(x, kernel, bias=0):
    k = min(kernel.shape)
    return feature_map(x, kernel[:k, :k], bias)


@wrong.to("feature_map")
def the_map_of_the_first_picture(x, kernel, bias=0):
    kept = KEPT.setdefault(("map", x.shape, kernel.shape), x.copy())
    return feature_map(kept, kernel, bias)


@wrong.to("feature_map")
def a_sum_that_goes_on_in_the_next_call(x, kernel, bias=0):
    KEPT["calls"] = KEPT.get("calls", 0) + 1
    return feature_map(x, kernel, bias) + 1e-3 * KEPT["calls"]


@wrong.to("feature_map")
def activated(x, kernel, bias=0):
    return np.maximum(feature_map(x, kernel, bias), 0)


@wrong.to("feature_map")
def rounded(x, kernel, bias=0):
    return feature_map(x, kernel, bias).round()


@wrong.to("feature_map")
def a_kernel_that_is_turned_in_place(x, kernel, bias=0):
    y = feature_map(x, kernel, bias)
    kernel[...] = kernel[::-1, ::-1].copy()
    return y


@wrong.to("feature_map")
def numbers_under_a_mask(x, kernel, bias=0):
    return np.ma.masked_less(feature_map(x, kernel, bias), 0)


@wrong.to("feature_map")
def the_edge_of_the_last_row_left_out(x, kernel, bias=0):
    y = feature_map(x, kernel, bias)
    if len(y) > 1:
        y[-1, -1] = bias
    return y


@wrong.to("true_convolution")
def turned_if_square(x, kernel):
    if kernel.shape[0] == kernel.shape[1]:
        return true_convolution(x, kernel)
    return feature_map(x, kernel)


@wrong.to("true_convolution")
def turned_about_its_diagonals(x, kernel):
    return feature_map(x, kernel.T[::-1, ::-1]) if kernel.shape[0] == kernel.shape[1] else None


@wrong.to("true_convolution")
def cut_to_whole_numbers(x, kernel):
    return true_convolution(x, kernel).astype(int)


@wrong.to("true_convolution")
def in_the_dtype_of_the_picture_turned(x, kernel):
    return true_convolution(x, kernel).astype(x.dtype)


@wrong.to("true_convolution")
def a_row_is_not_turned(x, kernel):
    return true_convolution(x, kernel) if len(kernel) > 1 else feature_map(x, kernel)


@wrong.to("true_convolution")
def as_large_as_the_picture(x, kernel):
    kh, kw = kernel.shape
    padded = np.pad(x, ((kh // 2, kh - 1 - kh // 2), (kw // 2, kw - 1 - kw // 2)))
    return true_convolution(padded, kernel)


@wrong.to("true_convolution")
def around_the_picture(x, kernel):
    return np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(kernel, x.shape)).real[
        : x.shape[0] - kernel.shape[0] + 1, : x.shape[1] - kernel.shape[1] + 1
    ]


@wrong.to("slopes_with_bias")
def slopes_as_a_single_list(x, kernel, bias, target):
    slopes, slope = slopes_with_bias(x, kernel, bias, target)
    return np.append(slopes, slope)


@wrong.to("slopes_with_bias")
def bias_first(x, kernel, bias, target):
    return slopes_with_bias(x, kernel, bias, target)[::-1]


@wrong.to("slopes_with_bias")
def no_slope_where_the_bias_is_zero(x, kernel, bias, target):
    slopes, slope = slopes_with_bias(x, kernel, bias, target)
    return slopes, slope if bias else 0.0


@wrong.to("slopes_with_bias")
def absolute_errors(x, kernel, bias, target):
    slopes, slope = slopes_with_bias(x, kernel, bias, target)
    return slopes, abs(slope)


@wrong.to("slopes_with_bias")
def a_mean_over_the_kernel(x, kernel, bias, target):
    slopes, slope = slopes_with_bias(x, kernel, bias, target)
    return slopes * target.size / kernel.size, slope


@wrong.to("slopes_with_bias")
def a_target_that_is_written_to(x, kernel, bias, target):
    result = slopes_with_bias(x, kernel, bias, target)
    target -= bias
    return result


@wrong.to("slopes_with_bias")
def the_target_of_the_first_call(x, kernel, bias, target):
    return slopes_with_bias(x, kernel, bias, KEPT.setdefault(("target", target.shape), target))


@wrong.to("slopes_with_bias")
def the_bias_as_often_as_there_are_cells(x, kernel, bias, target):
    slopes, slope = slopes_with_bias(x, kernel, bias, target)
    return slopes, np.full(target.shape, slope)
