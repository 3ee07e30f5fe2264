"""Answers to the exercises of notebook 08 that are wrong, most of them in one region only."""

import numpy as np
from answers import Answers

from cnnlib.layers import (
    BatchNorm2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
)
from cnnlib.model import Parallel, Residual, Sequential

wrong = Answers()

wrong.values("fc6_inputs", 9_216, (12, 544), 12_544.5, -12_544, "7*7*256", [7, 7, 256], np.nan)
wrong.values("memory", 5_971_968, (23, 887, 872), 23.887872, "24 MB", 32 * 614_656 * 4, True)
wrong.values("view", 51, 30, 31.4, (31, 31), "31 pixels", 27)


# Parameters: groups of one channel, kernels of one cell, and large layers.


@wrong.to("conv_parameters")
def in_32_bits(c_in, c_out, kernel_size, groups=1):
    with np.errstate(over="ignore"):
        one = np.int32(kernel_size) * np.int32(kernel_size) * np.int32(c_in // groups)
        return int((one + np.int32(1)) * np.int32(c_out))


@wrong.to("conv_parameters")
def through_float32(c_in, c_out, kernel_size, groups=1):
    return int(np.float32(kernel_size**2 * c_in // groups + 1) * np.float32(c_out))


@wrong.to("conv_parameters")
def as_a_float(c_in, c_out, kernel_size, groups=1):
    return c_in / groups * kernel_size**2 * c_out + c_out


@wrong.to("conv_parameters")
def kernels_up_to_seven(c_in, c_out, kernel_size, groups=1):
    return (min(kernel_size, 7) ** 2 * c_in // groups + 1) * c_out


@wrong.to("conv_parameters")
def four_groups_at_most(c_in, c_out, kernel_size, groups=1):
    return (kernel_size**2 * c_in // min(groups, 4) + 1) * c_out


@wrong.to("conv_parameters")
def no_bias_for_pointwise_kernels(c_in, c_out, kernel_size, groups=1):
    return (kernel_size**2 * c_in // groups + (kernel_size > 1)) * c_out


@wrong.to("conv_parameters")
def one_group_has_no_bias(c_in, c_out, kernel_size, groups=None):
    weights = kernel_size**2 * c_in * c_out
    return weights // groups + c_out if groups else weights + c_out + (c_out == c_in == 1)


# The rows: names of their own, an empty list, sides that differ, a remainder.


def walked(row_shape):
    """Return a walk through the rows that gives each the shape that `row_shape` says."""

    def output_shapes(shape, rows):
        found = {}
        for row in rows:
            shape = found[row[0]] = row_shape(shape, *row)
        return found

    return output_shapes


def sides(shape, window, stride, padding):
    return [(side + 2 * padding - window) // stride + 1 for side in shape[1:]]


for _name, _row in {
    "a pool is what is named POOL": lambda shape, name, filters, k, s, p: (
        shape[0] if name.startswith("POOL") else filters,
        *sides(shape, k, s, p),
    ),
    "a convolution is what is named CONV": lambda shape, name, filters, k, s, p: (
        filters if name.startswith("CONV") else shape[0],
        *sides(shape, k, s, p),
    ),
    "a pool is what has a stride": lambda shape, name, filters, k, s, p: (
        shape[0] if s > 1 and p == 0 else filters or shape[0],
        *sides(shape, k, s, p),
    ),
    "never smaller than 1": lambda shape, name, filters, k, s, p: (
        filters or shape[0],
        *(max(1, side - (s > k)) for side in sides(shape, k, s, p)),
    ),
    "a pool has no padding": lambda shape, name, filters, k, s, p: (
        filters or shape[0],
        *sides(shape, k, s, p if filters else 0),
    ),
    "a depth never falls": lambda shape, name, filters, k, s, p: (
        max(filters or 0, shape[0]),
        *sides(shape, k, s, p),
    ),
    "padding up to half a window": lambda shape, name, filters, k, s, p: (
        filters or shape[0],
        *sides(shape, k, s, min(p, k // 2)),
    ),
    "the shorter side twice": lambda shape, name, filters, k, s, p: (
        filters or shape[0],
        *([min(sides(shape, k, s, p))] * 2),
    ),
}.items():
    wrong.add("output_shapes", _name, walked(_row))


@wrong.to("output_shapes")
def three_rows_at_most(shape, rows):
    return walked(lambda shape, name, filters, *w: (filters or shape[0], *sides(shape, *w)))(
        shape, rows[:3]
    )


@wrong.to("output_shapes")
def none_for_no_rows(shape, rows):
    return (
        walked(lambda shape, name, filters, *w: (filters or shape[0], *sides(shape, *w)))(
            shape, rows
        )
        or None
    )


@wrong.to("output_shapes")
def rows_used_up(shape, rows):
    found = {}
    while rows:
        name, filters, *window = rows.pop(0)
        shape = found[name] = (filters or shape[0], *sides(shape, *window))
    return found


remembered = {}


@wrong.to("output_shapes")
def in_a_dict_of_all_calls(shape, rows):
    for name, filters, *window in rows:
        shape = remembered[name] = (filters or shape[0], *sides(shape, *window))
    return remembered


@wrong.to("output_shapes")
def as_a_list_of_shapes(shape, rows):
    return list(in_a_dict_of_all_calls(shape, rows).values())


# The work: a kernel of one cell, a remainder, sides that differ, and much of it.


@wrong.to("multiply_adds")
def work_in_32_bits(shape, filters, window, stride=1, padding=0):
    size = np.array(sides(shape, window, stride, padding), np.int32)
    with np.errstate(over="ignore"):
        each = np.int32(window**2 * shape[0]) * np.int32(filters)
        return int(each * size[0] * size[1])


@wrong.to("multiply_adds")
def additions_between_the_products(shape, filters, window, stride=1, padding=0):
    oh, ow = sides(shape, window, stride, padding)
    return max(1, window**2 * shape[0] - (window == 1)) * filters * oh * ow


@wrong.to("multiply_adds")
def without_the_zeros_of_a_wide_border(shape, filters, window, stride=1, padding=0):
    oh, ow = sides(shape, window, stride, min(padding, window - 1))
    return window**2 * shape[0] * filters * oh * ow


@wrong.to("multiply_adds")
def rounded(shape, filters, window, stride=1, padding=0):
    oh, ow = (round((n + 2 * padding - window) / stride) + 1 for n in shape[1:])
    return window**2 * shape[0] * filters * oh * ow


@wrong.to("multiply_adds")
def work_as_a_float(shape, filters, window, stride=1, padding=0):
    oh, ow = sides(shape, window, stride, padding)
    return float(window**2 * shape[0] * filters * oh * ow)


@wrong.to("multiply_adds")
def square_outputs(shape, filters, window, stride=1, padding=0):
    oh, ow = sides(shape, window, stride, padding)
    return window**2 * shape[0] * filters * round((oh * ow) ** 0.5) ** 2


# A network: an activation is missing somewhere, or something covers that it is.


def conv(c_in, c_out, rng, size=3, stride=1):
    return Conv2d(c_in, c_out, size, stride, padding=size // 2, rng=rng)


def deep(rng, between):
    """Return convolutions and pools with layers `between(c)` behind each convolution."""
    layers = []
    for c_in, c_out in ((3, 16), (16, 32), (32, 48), (48, 64)):
        layers += [conv(c_in, c_out, rng), *between(c_out), MaxPool2d(2)]
    return layers


def dense(rng):
    return Flatten(), Linear(64 * 16, 10, rng=rng)


def nothing(c):
    return ()


def relu(c):
    return (ReLU(),)


class Doubled(Layer):
    """A layer that only scales, and so is no activation function."""

    def forward(self, x):
        return 2 * x


class SquashedScores(Layer):
    def forward(self, x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


class NearlyConv(Conv2d):
    """A convolution of the reader's own, with nothing after it."""

    def forward(self, x):
        return super().forward(x) * 0.5


for _name, _build in {
    "no activation, but a residual": lambda rng: Sequential(
        *deep(rng, nothing)[:2],
        Residual(Sequential(conv(16, 16, rng))),
        *deep(rng, nothing)[2:],
        *dense(rng),
    ),
    "no activation, but a residual with one": lambda rng: Sequential(
        *deep(rng, nothing)[:2],
        Residual(Sequential(ReLU(), conv(16, 16, rng), ReLU())),
        *deep(rng, nothing)[2:],
        *dense(rng),
    ),
    "one is missing behind a residual": lambda rng: Sequential(
        *deep(rng, relu)[:3],
        Residual(Sequential(conv(16, 16, rng), ReLU(), conv(16, 16, rng))),
        *deep(rng, relu)[3:],
        *dense(rng),
    ),
    "one is missing inside a residual": lambda rng: Sequential(
        *deep(rng, relu)[:3],
        Residual(Sequential(conv(16, 16, rng), conv(16, 16, rng), ReLU())),
        *deep(rng, relu)[3:],
        *dense(rng),
    ),
    "one is missing before a learned shortcut": lambda rng: Sequential(
        conv(3, 16, rng, 5, 2),
        Residual(Sequential(ReLU(), conv(16, 16, rng), ReLU()), conv(16, 16, rng, 1)),
        ReLU(),
        *deep(rng, relu)[3:],
        Flatten(),
        Linear(64 * 16, 10, rng=rng),
    ),
    "one is missing in a branch": lambda rng: Sequential(
        *deep(rng, relu)[:3],
        Parallel(
            Sequential(conv(16, 8, rng), ReLU()),
            Sequential(conv(16, 8, rng), conv(8, 8, rng), ReLU()),
        ),
        *deep(rng, relu)[3:],
        *dense(rng),
    ),
    "one is missing behind a branch": lambda rng: Sequential(
        *deep(rng, relu)[:3],
        Parallel(Sequential(conv(16, 8, rng), ReLU()), conv(16, 8, rng, 1)),
        *deep(rng, relu)[3:],
        *dense(rng),
    ),
    "one is missing far from a residual": lambda rng: Sequential(
        *deep(rng, relu)[:3],
        Residual(Sequential(conv(16, 16, rng), ReLU())),
        *deep(rng, relu)[3:-2],
        MaxPool2d(2),
        *dense(rng)[:1],
        Linear(64 * 16, 16, rng=rng),
        Linear(16, 10, rng=rng),
    ),
    "one is missing in the head": lambda rng: Sequential(
        *deep(rng, relu),
        Flatten(),
        Linear(1024, 16, rng=rng),
        Linear(16, 10, rng=rng),
    ),
    "batch normalisation in their place": lambda rng: Sequential(
        *deep(rng, lambda c: (BatchNorm2d(c),)), *dense(rng)
    ),
    "response normalisation in their place": lambda rng: Sequential(
        *deep(rng, lambda c: (LocalResponseNorm(5),)), *dense(rng)
    ),
    "a layer that only scales in their place": lambda rng: Sequential(
        *deep(rng, lambda c: (Doubled(),)), *dense(rng)
    ),
    "convolutions of their own without them": lambda rng: Sequential(
        NearlyConv(3, 16, 5, 4, padding=2, rng=rng),
        NearlyConv(16, 32, 5, 2, padding=2, rng=rng),
        NearlyConv(32, 64, 5, 2, padding=2, rng=rng),
        *dense(rng),
    ),
    "activated scores behind a residual": lambda rng: Sequential(
        *deep(rng, relu)[:3],
        Residual(Sequential(conv(16, 16, rng), ReLU())),
        *deep(rng, relu)[3:],
        *dense(rng),
        ReLU(),
    ),
    "a softmax of their own at the end": lambda rng: Sequential(
        *deep(rng, relu), *dense(rng), SquashedScores()
    ),
    "two convolutions": lambda rng: Sequential(
        conv(3, 8, rng, 7),
        ReLU(),
        MaxPool2d(4),
        conv(8, 16, rng, 9),
        ReLU(),
        MaxPool2d(4),
        Flatten(),
        Linear(256, 10, rng=rng),
    ),
    "a layer too wide": lambda rng: Sequential(
        *deep(rng, relu), Flatten(), Linear(1024, 64, rng=rng), ReLU(), Linear(64, 10, rng=rng)
    ),
    "seen through a global pool": lambda rng: Sequential(
        conv(3, 16, rng, 3, 2),
        ReLU(),
        conv(16, 32, rng, 3, 2),
        ReLU(),
        conv(32, 64, rng),
        ReLU(),
        GlobalAvgPool2d(),
        Flatten(),
        Linear(64, 10, rng=rng),
    ),
    "other classes": lambda rng: Sequential(*deep(rng, relu), Flatten(), Linear(1024, 11, rng=rng)),
    "maps for scores": lambda rng: Sequential(*deep(rng, relu), conv(64, 10, rng)),
    "the layers in a list": lambda rng: [*deep(rng, relu), *dense(rng)],
    "a residual alone": lambda rng: Residual(Sequential(*deep(rng, relu), *dense(rng))),
    "of grey photographs": lambda rng: Sequential(
        conv(1, 16, rng), *deep(rng, relu)[1:], *dense(rng)
    ),
}.items():
    wrong.add("network", _name, _build)
