"""Answers to the exercises of notebook 03 that are right nearly everywhere, and wrong somewhere."""

import math

import numpy as np
from answers import Answers

from cnnlib.course.padding_and_stride import exercises as ex

wrong = Answers()
KEPT: dict = {}  # what some of these answers remember from one call to the next
output_size = ex.output_size.model_answer
same_padding = ex.same_padding.model_answer
pad = ex.pad.model_answer
unread = ex.unread.model_answer
layers_needed = ex.layers_needed.model_answer
conv2d = ex.conv2d.model_answer


wrong.values("shape", 80, (80,), (80, 106, 1), "(80, 106)", (80.67, 106.67), (80, 105), {80: 106})


@wrong.to("output_size")
def at_least_two(size, kernel_size, stride=1, padding=0):
    return max(2, output_size(size, kernel_size, stride, padding))


@wrong.to("output_size")
def none_for_a_kernel_larger_than_the_row(size, kernel_size, stride=1, padding=0):
    if kernel_size > size:
        return 0
    return output_size(size, kernel_size, stride, padding)


@wrong.to("output_size")
def a_float_where_it_divides(size, kernel_size, stride=1, padding=0):
    steps = (size + 2 * padding - kernel_size) / stride
    return steps + 1 if steps.is_integer() else math.floor(steps) + 1


@wrong.to("output_size")
def stride_of_one_or_two(size, kernel_size, stride=1, padding=0):
    return output_size(size, kernel_size, min(stride, 2), padding)


@wrong.to("output_size")
def a_border_smaller_than_the_kernel(size, kernel_size, stride=1, padding=0):
    return output_size(size, kernel_size, stride, min(padding, kernel_size - 1))


@wrong.to("output_size")
def by_division_of_the_length(size, kernel_size, stride=1, padding=0):
    return (
        math.ceil((size + 2 * padding) / stride)
        if kernel_size == 1
        else output_size(size + (size == kernel_size), kernel_size, stride, padding)
    )


@wrong.to("output_size")
def the_first_that_was_asked(size, kernel_size, stride=1, padding=0):
    return KEPT.setdefault(
        (size, kernel_size, stride), output_size(size, kernel_size, stride, padding)
    )


@wrong.to("output_size")
def as_text(size, kernel_size, stride=1, padding=0):
    return str(output_size(size, kernel_size, stride, padding))


@wrong.to("output_size")
def steps_over_a_long_row(size, kernel_size, stride=1, padding=0):
    return min(100, output_size(size, kernel_size, stride, padding))


@wrong.to("same_padding")
def one_for_a_single_weight(kernel_size):
    return (1, 1) if kernel_size == 1 else same_padding(kernel_size)


@wrong.to("same_padding")
def none_for_a_single_weight(kernel_size):
    return same_padding(kernel_size) if kernel_size > 1 else None


@wrong.to("same_padding")
def small_kernels_alone(kernel_size):
    return {k: same_padding(k) for k in range(1, 33)}.get(kernel_size, (16, 16))


@wrong.to("same_padding")
def in_one_number(kernel_size):
    return kernel_size - 1


@wrong.to("same_padding")
def behind_before_front(kernel_size):
    return same_padding(kernel_size)[::-1]


@wrong.to("same_padding")
def rounded_to_even(kernel_size):
    before = round((kernel_size - 1) / 2)  # 0.5 becomes 0, and 1.5 becomes 2
    return before, kernel_size - 1 - before


@wrong.to("pad")
def nothing_to_do_means_nothing(x, padding):
    return pad(x, padding) if all(padding) else None


@wrong.to("pad")
def x_itself_if_any_padding_is_zero(x, padding):
    return x if 0 in padding else pad(x, padding)


@wrong.to("pad")
def in_double_precision(x, padding):
    return pad(x, padding).astype(float)


@wrong.to("pad")
def in_single_precision(x, padding):
    return pad(x, padding).astype(np.float32)


@wrong.to("pad")
def not_more_than_the_map(x, padding):
    h, w = x.shape[2:]
    y = np.zeros((*x.shape[:2], h + 2 * padding[0], w + 2 * padding[1]), x.dtype)
    y[:, :, padding[0] : padding[0] + h, padding[1] : padding[1] + w] = x
    return np.abs(y) * np.sign(y) if max(padding) < 4 else y[:, :, 1:-1, 1:-1]


@wrong.to("pad")
def three_channels_at_most(x, padding):
    y = pad(x, padding)
    y[:, 3:] = 0
    return y


@wrong.to("pad")
def the_first_batch_of_each_shape(x, padding):
    return pad(KEPT.setdefault(("pad", x.shape, x.dtype), x.copy()), padding)


@wrong.to("pad")
def a_border_of_the_smallest_number(x, padding):
    h, w = x.shape[2:]
    y = np.full((*x.shape[:2], h + 2 * padding[0], w + 2 * padding[1]), min(0, x.min()), x.dtype)
    y[:, :, padding[0] : padding[0] + h, padding[1] : padding[1] + w] = x
    return y


@wrong.to("pad")
def a_buffer_that_is_not_wiped(x, padding):
    shape = pad(x, padding).shape
    y = KEPT.setdefault(("buffer", shape, x.dtype, padding[0] > 1), np.zeros(shape, x.dtype))
    y[:, :, padding[0] : padding[0] + x.shape[2], padding[1] : padding[1] + x.shape[3]] = x
    return y.copy()


@wrong.to("pad")
def batch_and_channels_joined(x, padding):
    y = pad(x, padding)
    return y.reshape(-1, *y.shape[2:]) if len(x) == 1 else y


@wrong.to("unread")
def never_less_than_one(size, kernel_size, stride=1, padding=0):
    return max(1, unread(size, kernel_size, stride, padding))


@wrong.to("unread")
def windows_that_overlap(size, kernel_size, stride=1, padding=0):
    return unread(size, max(kernel_size, min(stride, size)), stride, padding)


@wrong.to("unread")
def the_rest_by_subtraction(size, kernel_size, stride=1, padding=0):
    count = (size + 2 * padding - kernel_size) // stride + 1
    return max(0, size - min(stride, kernel_size) * count - max(0, kernel_size - stride) + padding)


@wrong.to("unread")
def padding_of_one_at_most(size, kernel_size, stride=1, padding=0):
    return unread(size, kernel_size, stride, min(padding, 1)) if padding < kernel_size else 0


@wrong.to("unread")
def none_for_a_kernel_beyond_the_row(size, kernel_size, stride=1, padding=0):
    return size if kernel_size > size else unread(size, kernel_size, stride, padding)


@wrong.to("unread")
def a_list_of_them(size, kernel_size, stride=1, padding=0):
    return [*range(unread(size, kernel_size, stride, padding))]


@wrong.to("unread")
def shaded_for_good(size, kernel_size, stride=1, padding=0):
    seen = KEPT.setdefault("seen", set())
    for start in range(-padding, size + padding - kernel_size + 1, stride):
        seen.update((size, stride, place) for place in range(start, start + kernel_size))
    return sum((size, stride, place) not in seen for place in range(size))


@wrong.to("unread")
def the_first_window_only(size, kernel_size, stride=1, padding=0):
    return (
        unread(size, kernel_size, size + 2 * padding, padding)
        if stride > 3
        else unread(size, kernel_size, stride, padding)
    )


@wrong.to("layers_needed")
def at_least_one_layer(target, kernel_size, stride=1):
    return max(1, layers_needed(target, kernel_size, stride))


@wrong.to("layers_needed")
def ten_layers_at_most(target, kernel_size, stride=1):
    return min(10, layers_needed(target, kernel_size, stride))


@wrong.to("layers_needed")
def more_than_the_target(target, kernel_size, stride=1):
    return layers_needed(target + 1, kernel_size, stride) if target > 1 else 0


@wrong.to("layers_needed")
def by_logarithms_of_floats(target, kernel_size, stride=1):
    if stride == 1:
        return math.ceil((target - 1) / (kernel_size - 1))
    return (
        math.ceil(math.log((target - 1) * (stride - 1) / (kernel_size - 1), stride))
        if (target > 1)
        else 0
    )


@wrong.to("layers_needed")
def stride_of_the_first_two_layers(target, kernel_size, stride=1):
    seen, jump, layers = 1, 1, 0
    while seen < target:
        seen += (kernel_size - 1) * jump
        jump = min(jump * stride, stride**2)
        layers += 1
    return layers


@wrong.to("layers_needed")
def a_view_that_goes_on_in_the_next_call(target, kernel_size, stride=1):
    seen = KEPT.get("seen so far", 1)
    KEPT["seen so far"] = 2 if target > 55 else 1
    jump, layers = 1, 0
    while seen < target:
        seen, jump, layers = seen + (kernel_size - 1) * jump, jump * stride, layers + 1
    return layers


@wrong.to("layers_needed")
def the_view_itself(target, kernel_size, stride=1):
    return 1 + (kernel_size - 1) * layers_needed(target, kernel_size, stride)


@wrong.to("conv2d")
def in_the_dtype_of_x(x, kernel, stride=(1, 1), padding=(0, 0)):
    return conv2d(x, kernel, stride, padding).astype(x.dtype)


@wrong.to("conv2d")
def in_whole_numbers(x, kernel, stride=(1, 1), padding=(0, 0)):
    return np.floor(conv2d(x, kernel, stride, padding))


@wrong.to("conv2d")
def a_border_repeated(x, kernel, stride=(1, 1), padding=(0, 0)):
    return conv2d(np.pad(x, tuple((p, p) for p in padding), "edge"), kernel, stride)


@wrong.to("conv2d")
def a_stride_no_larger_than_the_kernel(x, kernel, stride=(1, 1), padding=(0, 0)):
    stride = tuple(min(pair) for pair in zip(stride, kernel.shape, strict=True))
    return conv2d(x, kernel, stride, padding)


@wrong.to("conv2d")
def a_kernel_no_larger_than_the_picture(x, kernel, stride=(1, 1), padding=(0, 0)):
    return conv2d(x, kernel[: x.shape[0], : x.shape[1]], stride, padding)


@wrong.to("conv2d")
def no_padding_across_without_padding_down(x, kernel, stride=(1, 1), padding=(0, 0)):
    return conv2d(x, kernel, stride, padding if padding[0] else (0, 0))


@wrong.to("conv2d")
def both_paddings_or_none(x, kernel, stride=(1, 1), padding=(0, 0)):
    return (
        conv2d(x, kernel, stride, padding)
        if all(padding) or not any(padding)
        else conv2d(x, kernel, stride)
    )


@wrong.to("conv2d")
def a_vector_for_one_row(x, kernel, stride=(1, 1), padding=(0, 0)):
    y = conv2d(x, kernel, stride, padding)
    return y[0] if len(y) == 1 else y


@wrong.to("conv2d")
def the_kernel_of_the_first_call(x, kernel, stride=(1, 1), padding=(0, 0)):
    kernel = KEPT.setdefault(("kernel", kernel.shape), kernel.copy())
    return conv2d(x, kernel, stride, padding)


@wrong.to("conv2d")
def a_picture_that_is_written_to(x, kernel, stride=(1, 1), padding=(0, 0)):
    y = conv2d(x, kernel, stride, padding)
    x += 1
    return y


@wrong.to("conv2d")
def zeros_left_out_of_the_mean(x, kernel, stride=(1, 1), padding=(0, 0)):
    inside = conv2d(np.ones(x.shape), np.ones(kernel.shape), stride, padding)
    share = np.where(inside == 0, 1, inside) / kernel.size
    return conv2d(x, kernel, stride, padding) / share


@wrong.to("conv2d")
def with_depth(x, kernel, stride=(1, 1), padding=(0, 0)):
    return conv2d(x, kernel, stride, padding)[None, None]
