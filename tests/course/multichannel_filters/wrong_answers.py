"""Answers to the exercises of notebook 04 that are right nearly everywhere, and wrong somewhere."""

import numpy as np
from answers import Answers

from cnnlib.course.multichannel_filters import exercises as ex

wrong = Answers()
KEPT: dict = {}  # what some of these answers remember from one call to the next
parameter_count = ex.parameter_count.model_answer
combined_bias = ex.combined_bias.model_answer
im2col = ex.im2col.model_answer
conv2d = ex.conv2d.model_answer


wrong.values("maps_out", 6, (6, 26, 16), (16, 26), "(6, 16, 26)", (1, 6, 16, 26), (6, 16, 26.5))
wrong.values("mixed_pixel", 4, (4, -1), (0, 4), (4,), "4, 0", (4, None), [[4, 0]], (4.0001, 0))
wrong.values("weight_shape", (20, 8, 15), (8, 20, 3, 5), 2400, "(20, 8, 3, 5)", (20, 8, 3, 5, 1))


@wrong.to("parameter_count")
def two_layers_at_most(channels, stack):
    return parameter_count(channels, stack[:2])


@wrong.to("parameter_count")
def colour_images_alone(channels, stack):
    return parameter_count(max(channels, 3), stack)


@wrong.to("parameter_count")
def no_bias_after_the_first_layer(channels, stack):
    return parameter_count(channels, stack) - sum(filters for filters, _, _ in stack[1:])


@wrong.to("parameter_count")
def no_bias_for_one_filter(channels, stack):
    return parameter_count(channels, stack) - sum(filters == 1 for filters, _, _ in stack)


@wrong.to("parameter_count")
def a_kernel_of_one_is_free(channels, stack):
    return parameter_count(channels, stack) - sum((kh, kw) == (1, 1) for _, kh, kw in stack)


@wrong.to("parameter_count")
def counted_in_small_integers(channels, stack):
    return int(np.array(parameter_count(channels, stack)).astype(np.int16))


@wrong.to("parameter_count")
def a_stack_that_is_used_up(channels, stack):
    total = parameter_count(channels, stack)
    stack.pop()
    return total


@wrong.to("parameter_count")
def every_stack_once(channels, stack):
    return KEPT.setdefault(tuple(stack), parameter_count(channels, stack))


@wrong.to("parameter_count")
def a_total_that_is_kept(channels, stack):
    KEPT["total"] = KEPT.get("total", 0) + parameter_count(channels, stack)
    return KEPT["total"]


@wrong.to("parameter_count")
def in_millions(channels, stack):
    return parameter_count(channels, stack) / 1e6


@wrong.to("combined_bias")
def into_the_second_bias(first_bias, second_weight, second_bias):
    second_bias += second_weight.sum(axis=(2, 3)) @ first_bias
    return second_bias


@wrong.to("combined_bias")
def transposed_where_square(first_bias, second_weight, second_bias):
    sums = second_weight.sum(axis=(2, 3))
    return (sums.T if sums.shape[0] == sums.shape[1] else sums) @ first_bias + second_bias


@wrong.to("combined_bias")
def as_many_as_middle_channels(first_bias, second_weight, second_bias):
    result = second_bias.copy()
    for out in range(min(len(result), len(first_bias))):
        result[out] += (first_bias * second_weight[out].sum(axis=(1, 2))).sum()
    return result


@wrong.to("combined_bias")
def square_kernels(first_bias, second_weight, second_bias):
    k = min(second_weight.shape[2:])
    return combined_bias(first_bias, second_weight[:, :, :k, :k], second_bias)


@wrong.to("combined_bias")
def one_number_for_one_filter(first_bias, second_weight, second_bias):
    return combined_bias(first_bias, second_weight, second_bias).squeeze()


@wrong.to("combined_bias")
def none_without_a_first_bias(first_bias, second_weight, second_bias):
    return combined_bias(first_bias, second_weight, second_bias) if first_bias.any() else None


@wrong.to("combined_bias")
def in_whole_numbers(first_bias, second_weight, second_bias):
    return np.array([int(b) for b in combined_bias(first_bias, second_weight, second_bias)])


@wrong.to("combined_bias")
def biases_of_the_first_call(first_bias, second_weight, second_bias):
    first_bias = KEPT.setdefault(("bias", len(first_bias)), first_bias.copy())
    return combined_bias(first_bias, second_weight, second_bias)


@wrong.to("combined_bias")
def as_a_column(first_bias, second_weight, second_bias):
    return combined_bias(first_bias, second_weight, second_bias)[:, None]


@wrong.to("im2col")
def two_images_at_most_one_read(x, kh, kw, stride=1):
    return np.repeat(im2col(x[:1], kh, kw, stride), len(x), axis=0)


@wrong.to("im2col")
def channel_last_for_two_channels(x, kh, kw, stride=1):
    rows = im2col(x, kh, kw, stride)
    if x.shape[1] != 2:
        return rows
    return rows.reshape(len(rows), 2, -1).swapaxes(1, 2).reshape(len(rows), -1)


@wrong.to("im2col")
def a_row_of_its_own(x, kh, kw, stride=1):
    rows = im2col(x, kh, kw, stride)
    return rows[0] if len(rows) == 1 else rows


@wrong.to("im2col")
def a_last_window_that_sticks_out(x, kh, kw, stride=1):
    more = [-(size - k) % stride for size, k in ((x.shape[2], kh), (x.shape[3], kw))]
    return im2col(np.pad(x, ((0, 0), (0, 0), (0, more[0]), (0, more[1]))), kh, kw, stride)


@wrong.to("im2col")
def a_stride_no_larger_than_the_window(x, kh, kw, stride=1):
    return im2col(x, kh, kw, min(stride, max(kh, kw)))


@wrong.to("im2col")
def square_windows(x, kh, kw, stride=1):
    return im2col(x, kh, kh, stride)


@wrong.to("im2col")
def cut_to_whole(x, kh, kw, stride=1):
    return im2col(x, kh, kw, stride).astype(int)


@wrong.to("im2col")
def windows_of_the_first_batch(x, kh, kw, stride=1):
    return im2col(KEPT.setdefault(("im2col", x.shape), x.copy()), kh, kw, stride)


@wrong.to("im2col")
def a_batch_that_is_flattened(x, kh, kw, stride=1):
    rows = im2col(x, kh, kw, stride)
    return rows.reshape(len(x), -1, rows.shape[1])


@wrong.to("conv2d")
def a_bias_along_the_columns(x, weight, bias=None, stride=1, padding=0):
    y = conv2d(x, weight, None, stride, padding)
    if bias is None:
        return y
    return y + bias if y.shape[3] == len(bias) else y + bias[:, None, None]


@wrong.to("conv2d")
def a_bias_for_each_image(x, weight, bias=None, stride=1, padding=0):
    y = conv2d(x, weight, None, stride, padding)
    if bias is None:
        return y
    return y + (bias[:, None, None, None] if len(bias) == len(x) else bias[:, None, None])


@wrong.to("conv2d")
def filters_for_channels_where_square(x, weight, bias=None, stride=1, padding=0):
    if weight.shape[0] == weight.shape[1]:
        weight = weight.swapaxes(0, 1)
    return conv2d(x, weight, bias, stride, padding)


@wrong.to("conv2d")
def in_double_precision(x, weight, bias=None, stride=1, padding=0):
    return conv2d(x, weight, bias, stride, padding).astype(float)


@wrong.to("conv2d")
def two_images_at_most(x, weight, bias=None, stride=1, padding=0):
    y = conv2d(x, weight, bias, stride, padding)
    y[2:] = 0
    return y


@wrong.to("conv2d")
def padding_of_one_at_most(x, weight, bias=None, stride=1, padding=0):
    return conv2d(x, weight, bias, stride, min(padding, 1))


@wrong.to("conv2d")
def no_padding_for_a_kernel_of_one(x, weight, bias=None, stride=1, padding=0):
    return conv2d(x, weight, bias, stride, padding if max(weight.shape[2:]) > 1 else 0)


@wrong.to("conv2d")
def into_the_bias(x, weight, bias=None, stride=1, padding=0):
    y = conv2d(x, weight, bias, stride, padding)
    if bias is not None:
        bias *= 2
    return y


@wrong.to("conv2d")
def one_batch_for_every_shape(x, weight, bias=None, stride=1, padding=0):
    x = KEPT.setdefault(("conv2d", x.shape, x.dtype), x.copy())
    return conv2d(x, weight, bias, stride, padding)


@wrong.to("conv2d")
def activated(x, weight, bias=None, stride=1, padding=0):
    return np.maximum(conv2d(x, weight, bias, stride, padding), 0)


@wrong.to("conv2d")
def a_bias_of_zeros_is_none(x, weight, bias=None, stride=1, padding=0):
    y = conv2d(x, weight, bias, stride, padding)
    return y if bias is None or bias.any() else None


@wrong.to("conv2d")
def no_axis_for_one_filter(x, weight, bias=None, stride=1, padding=0):
    y = conv2d(x, weight, bias, stride, padding)
    return y[:, 0] if len(weight) == 1 else y


@wrong.to("conv2d")
def numbers_under_a_mask(x, weight, bias=None, stride=1, padding=0):
    return np.ma.masked_greater(conv2d(x, weight, bias, stride, padding), 0)
