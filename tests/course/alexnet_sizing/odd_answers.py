"""Right answers to the exercises of notebook 08, of odd kinds. All of them pass."""

import math
from fractions import Fraction
from functools import partial, reduce

import numpy as np
from answers import Answers

from cnnlib import functional as F
from cnnlib import shapes
from cnnlib.layers import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Tanh,
)
from cnnlib.model import Parallel, Residual, Sequential

right = Answers()

right.values(
    "fc6_inputs",
    12_544,
    12544.0,
    np.int64(12_544),
    np.float32(12_544),
    np.prod((256, 7, 7), dtype=np.int32),
    Fraction(12_544),
)
right.values(
    "memory",
    23_887_872,
    23887872.0,
    np.int64(23_887_872),
    np.float64(23_887_872),
    Fraction(23_887_872),
    np.uint32(23_887_872),
)
right.values("view", 31, 31.0, np.int64(31), np.int8(31), Fraction(31), np.array(31))


# Parameters


@right.to("conv_parameters")
def by_a_layer(c_in, c_out, kernel_size, groups=1):
    layer = Conv2d(c_in, c_out, kernel_size, groups=groups, rng=np.random.default_rng(0))
    return sum(parameter.size for parameter in layer.parameters())


@right.to("conv_parameters")
def group_by_group(c_in, c_out, kernel_size, groups=1):
    one = kernel_size**2 * (c_in // groups) * (c_out // groups) + c_out // groups
    return groups * one


@right.to("conv_parameters")
def by_product(c_in, c_out, kernel_size, groups=1):
    return math.prod((kernel_size, kernel_size, c_in // groups, c_out)) + c_out


@right.to("conv_parameters")
def divided_last(c_in, c_out, kernel_size, groups=1):
    return kernel_size * kernel_size * c_in * c_out // groups + c_out


@right.to("conv_parameters")
def divided_and_cut(c_in, c_out, kernel_size, groups=1):
    return int(c_in / groups) * kernel_size**2 * c_out + c_out


@right.to("conv_parameters")
def by_arithmetic_of_fractions(c_in, c_out, kernel_size, groups=1):
    return int(Fraction(c_in, groups) * kernel_size**2 * c_out) + c_out


@right.to("conv_parameters")
def by_numpy(c_in, c_out, kernel_size, groups=1):
    return np.prod([c_out, c_in // groups, kernel_size, kernel_size], dtype=np.int64) + c_out


@right.to("conv_parameters")
def by_reduce(c_in, c_out, kernel_size, groups=1):
    return reduce(lambda a, b: a * b, [kernel_size, kernel_size, c_in // groups]) * c_out + c_out


@right.to("conv_parameters")
def groups_recursive(c_in, c_out, kernel_size, groups=1):
    if groups == 1:
        return (kernel_size**2 * c_in + 1) * c_out
    return groups * groups_recursive(c_in // groups, c_out // groups, kernel_size)


@right.to("conv_parameters")
def with_divmod(c_in, c_out, kernel_size, groups=1):
    seen, rest = divmod(c_in, groups)
    if rest:
        raise ValueError("the groups do not divide the channels")
    return c_out * (1 + seen * pow(kernel_size, 2))


# The rows


@right.to("output_shapes")
def by_the_shapes_module(shape, rows):
    found = {}
    depth, *sides = shape
    for name, filters, window, stride, padding in rows:
        depth = filters or depth
        sides = [shapes.output_size(side, window, stride, padding) for side in sides]
        found[name] = (depth, *sides)
    return found


@right.to("output_shapes")
def by_layers(shape, rows):
    found = {}
    for name, filters, window, stride, padding in rows:
        if filters is None:
            places = [len(range(0, side + 2 * padding - window + 1, stride)) for side in shape[1:]]
            shape = (shape[0], *places)
        else:
            layer = Conv2d(shape[0], filters, window, stride, padding, rng=np.random.default_rng(0))
            shape = layer.output_shape(shape)
        found[name] = shape
    return found


@right.to("output_shapes")
def rows_recursive(shape, rows):
    if not rows:
        return {}
    (name, filters, window, stride, padding), *rest = rows
    c, h, w = shape
    new = (
        c if filters is None else filters,
        (h + 2 * padding - window) // stride + 1,
        (w + 2 * padding - window) // stride + 1,
    )
    return {name: new} | rows_recursive(new, rest)


@right.to("output_shapes")
def in_lists(shape, rows):
    c, h, w = shape
    out = {}
    for row in rows:
        if row[1] is not None:
            c = row[1]
        h, w = (math.floor((n + 2 * row[4] - row[2]) / row[3]) + 1 for n in (h, w))
        out[row[0]] = [c, h, w]
    return out


@right.to("output_shapes")
def in_numpys_integers(shape, rows):
    size, out = np.array(shape), {}
    for name, filters, window, stride, padding in rows:
        size[1:] = (size[1:] + 2 * padding - window) // stride + 1
        size[0] = size[0] if filters is None else filters
        out[name] = tuple(size)
    return out


@right.to("output_shapes")
def in_arrays(shape, rows):
    size, out = np.array(shape), {}
    for name, filters, window, stride, padding in rows:
        size = np.append(
            size[:1] if filters is None else filters,
            (size[1:] + 2 * padding - window) // stride + 1,
        )
        out[name] = tuple(size.tolist())
    return out


@right.to("output_shapes")
def by_counting_windows(shape, rows):
    out = dict()
    for name, filters, k, s, p in rows:
        sides = []
        for side in shape[1:]:
            place, count = -p, 0
            while place + k <= side + p:
                place, count = place + s, count + 1
            sides.append(count)
        shape = out[name] = (filters if filters is not None else shape[0], *sides)
    return out


@right.to("output_shapes")
def by_convolving_zeros(shape, rows):
    out = {}
    for name, filters, window, stride, padding in rows:
        one = np.zeros((1, 1, *shape[1:]))
        y = F.conv2d(one, np.zeros((1, 1, window, window)), stride=stride, padding=padding)
        shape = (shape[0] if filters is None else filters, *y.shape[2:])
        out[name] = shape
    return out


@right.to("output_shapes")
def with_ceil(shape, rows):
    d, h, w = shape
    result = {}
    for name, filters, k, s, p in rows:
        d, h, w = (
            d if filters is None else filters,
            *(-(-(n + 2 * p - k + 1) // s) for n in (h, w)),
        )
        result.update({name: (d, h, w)})
    return result


@right.to("output_shapes")
def by_a_generator(shape, rows):
    def walk(shape):
        for name, filters, window, stride, padding in rows:
            c, *sides = shape
            sides = [(side - window + 2 * padding + stride) // stride for side in sides]
            shape = (c if filters is None else filters, *sides)
            yield name, shape

    return dict(walk(shape))


# The work


@right.to("multiply_adds")
def work_of_a_layer(shape, filters, window, stride=1, padding=0):
    layer = Conv2d(shape[0], filters, window, stride, padding, rng=np.random.default_rng(0))
    return layer.multiply_adds(shape)


@right.to("multiply_adds")
def by_parameters_and_places(shape, filters, window, stride=1, padding=0):
    places = math.prod((n + 2 * padding - window) // stride + 1 for n in shape[1:])
    return shape[0] * window**2 * filters * places


@right.to("multiply_adds")
def summed_over_filters(shape, filters, window, stride=1, padding=0):
    c, h, w = shape
    total = 0
    for _ in range(filters):
        rows = len(range(-padding, h + padding - window + 1, stride))
        columns = len(range(-padding, w + padding - window + 1, stride))
        total += rows * columns * c * window * window
    return total


@right.to("multiply_adds")
def by_output_size(shape, filters, window, stride=1, padding=0):
    oh, ow = (shapes.output_size(n, window, stride, padding) for n in shape[1:])
    return np.int64(window) ** 2 * shape[0] * filters * oh * ow


@right.to("multiply_adds")
def in_python_and_floor(shape, filters, window, stride=1, padding=0):
    (c, *sides), product = shape, filters * window * window
    for n in sides:
        product *= math.floor((n - window + 2 * padding) / stride) + 1
    return product * c


@right.to("multiply_adds")
def by_a_lambda(shape, filters, window, stride=1, padding=0):
    size = lambda n: (n + 2 * padding - window) // stride + 1  # noqa: E731
    return window * window * shape[0] * size(shape[1]) * size(shape[2]) * filters


@right.to("multiply_adds")
def by_numpys_product(shape, filters, window, stride=1, padding=0):
    outputs = (np.array(shape[1:]) + 2 * padding - window) // stride + 1
    return int(np.prod([window, window, shape[0], filters, *outputs], dtype=np.int64))


@right.to("multiply_adds")
def padded_first(shape, filters, window, stride=1, padding=0):
    if padding:
        c, h, w = shape
        return padded_first((c, h + 2 * padding, w + 2 * padding), filters, window, stride)
    c, h, w = shape
    return ((h - window) // stride + 1) * ((w - window) // stride + 1) * filters * c * window**2


# A network within a budget


def block(c_in, c_out, rng, stride=2, activation=ReLU):
    return Sequential(Conv2d(c_in, c_out, 3, stride, padding=1, rng=rng), activation())


def head(c, rng):
    return GlobalAvgPool2d(), Flatten(), Linear(c, 10, rng=rng)


def stages(rng, activation=ReLU):
    depths = (3, 16), (16, 32), (32, 48), (48, 64)
    blocks = [block(a, b, rng, activation=activation) for a, b in depths]
    return [*blocks, block(64, 64, rng, stride=1, activation=activation)]


class Swish(Layer):
    """A reader's own activation function."""

    def forward(self, x):
        self._x = x
        return x / (1 + np.exp(-x))

    def backward(self, dout):
        s = 1 / (1 + np.exp(-self._x))
        return dout * (s + self._x * s * (1 - s))


class Clip(Layer):
    def forward(self, x):
        self._x = x
        return np.clip(x, -6, 6)


class ConvAndReLU(Conv2d):
    """A convolution with its activation inside."""

    def forward(self, x):
        return F.relu(super().forward(x))


class MyReLU(ReLU):
    pass


class Named(Sequential):
    def __init__(self, rng):
        super().__init__(*stages(rng), *head(64, rng))


right.add("network", "blocks", lambda rng: Sequential(*stages(rng), *head(64, rng)))
right.add("network", "a class", Named)
right.add(
    "network",
    "a partial function",
    partial(lambda rng, c: Sequential(*stages(rng), *head(c, rng)), c=64),
)
for _kind in (LeakyReLU, Tanh, Sigmoid, Swish, Clip, MyReLU):
    right.add(
        "network",
        f"with {_kind.__name__}",
        lambda rng, kind=_kind: Sequential(*stages(rng, kind), *head(64, rng)),
    )


@right.to("network")
def its_own_generator(rng=None):
    rng = np.random.default_rng(1)
    return Sequential(*stages(rng), *head(64, rng))


@right.to("network")
def nested_in_depth(rng):
    body = Sequential(Sequential(*stages(rng)[:2]), Sequential(Sequential(*stages(rng)[2:])))
    return Sequential(body, Sequential(*head(64, rng)))


@right.to("network")
def with_a_convolution_for_a_head(rng):
    return Sequential(*stages(rng), Conv2d(64, 10, 1, rng=rng), GlobalAvgPool2d(), Flatten())


@right.to("network")
def with_a_convolution_that_covers_the_map(rng):
    return Sequential(*stages(rng), Conv2d(64, 10, 4, rng=rng), Flatten())


@right.to("network")
def with_batch_norm_and_dropout(rng):
    layers = []
    for c_in, c_out in ((3, 16), (16, 32), (32, 48), (48, 64)):
        conv = Conv2d(c_in, c_out, 3, padding=1, bias=False, rng=rng)
        layers += [conv, BatchNorm2d(c_out), ReLU(), MaxPool2d(2)]
    return Sequential(*layers, Flatten(), Dropout(0.5, rng=rng), Linear(64 * 16, 10, rng=rng))


@right.to("network")
def pooled_before_the_activation(rng):
    layers = []
    for c_in, c_out in ((3, 16), (16, 32), (32, 48), (48, 64)):
        layers += [Conv2d(c_in, c_out, 3, padding=1, rng=rng), MaxPool2d(2), LeakyReLU()]
    return Sequential(
        *layers, LocalResponseNorm(5, 2, 1e-4, 0.75), Flatten(), Linear(1024, 10, rng=rng)
    )


@right.to("network")
def with_a_shortcut(rng):
    first, second, third, fourth, fifth = stages(rng)
    main = Sequential(block(32, 16, rng, stride=1), Conv2d(16, 32, 3, padding=1, rng=rng))
    return Sequential(first, second, Residual(main), ReLU(), third, fourth, fifth, *head(64, rng))


@right.to("network")
def with_a_learned_shortcut(rng):
    first, second, *rest = stages(rng)
    main = Sequential(block(32, 16, rng, stride=1), Conv2d(16, 48, 3, 2, padding=1, rng=rng))
    joined = Residual(main, Conv2d(32, 48, 1, 2, rng=rng))
    return Sequential(first, second, joined, ReLU(), *rest[1:], *head(64, rng))


@right.to("network")
def activated_before_each_convolution(rng):
    def before(c):
        return Residual(Sequential(ReLU(), Conv2d(c, c, 3, padding=1, rng=rng)))

    grown = Sequential(ReLU(), Conv2d(16, 32, 3, 2, padding=1, rng=rng))
    again = Sequential(ReLU(), Conv2d(32, 48, 3, 2, padding=1, rng=rng))
    stem = Conv2d(3, 16, 5, 4, padding=2, rng=rng)
    return Sequential(stem, before(16), grown, before(32), again, ReLU(), *head(48, rng))


@right.to("network")
def with_parallel_branches(rng):
    split = Parallel(block(32, 24, rng, stride=1), Sequential(Conv2d(32, 24, 1, rng=rng), ReLU()))
    rest = block(48, 48, rng), block(48, 64, rng), block(64, 32, rng, stride=1)
    return Sequential(*stages(rng)[:2], split, *rest, *head(32, rng))


@right.to("network")
def with_a_residual_at_the_end(rng):
    scores = Linear(64, 10, rng=rng)
    hidden = Sequential(ReLU(), Linear(10, 10, rng=rng))
    return Sequential(*stages(rng), GlobalAvgPool2d(), Flatten(), scores, Residual(hidden))


@right.to("network")
def with_activations_inside_the_convolutions(rng):
    depths = (3, 16), (16, 32), (32, 48), (48, 64)
    layers = [ConvAndReLU(a, b, 3, 2, padding=1, rng=rng) for a, b in depths]
    return Sequential(*layers, ConvAndReLU(64, 64, 3, padding=1, rng=rng), *head(64, rng))


@right.to("network")
def in_double_precision(rng):
    layers = []
    for c_in, c_out in ((3, 16), (16, 32), (32, 48), (48, 64)):
        conv = Conv2d(c_in, c_out, 3, padding=1, rng=rng, dtype=np.float64)
        layers += [conv, ReLU(), MaxPool2d(2)]
    return Sequential(*layers, Flatten(), Linear(1024, 10, rng=rng, dtype=np.float64))


@right.to("network")
def in_groups(rng):
    layers = [Conv2d(3, 24, 5, 2, padding=2, rng=rng), ReLU()]
    for c_in, c_out in ((24, 48), (48, 96), (96, 96)):
        layers += [Conv2d(c_in, c_in, 5, 2, padding=2, groups=c_in, rng=rng), ReLU()]
        layers += [Conv2d(c_in, c_out, 1, rng=rng), ReLU()]
    return Sequential(*layers, *head(96, rng))


@right.to("network")
def activated_twice(rng):
    return Sequential(*(layer for one in stages(rng) for layer in (one, ReLU())), *head(64, rng))
