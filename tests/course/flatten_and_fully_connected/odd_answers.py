"""Right answers to the exercises of notebook 06, of odd kinds. All of them pass."""

# Learners zip without `strict`.
# ruff: noqa: B905

import math
from fractions import Fraction
from functools import reduce

import numpy as np
from answers import Answers

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.layers import Linear

right = Answers()

right.values(
    "flat_place",
    48,
    48.0,
    np.int64(48),
    np.uint8(48),
    np.float32(48),
    np.array(48),
    Fraction(48),
)
right.values(
    "dense_parameters",
    64 * 7 * 7 * 100 + 100,
    313700.0,
    np.int32(313_700),
    np.prod([64, 7, 7, 100]) + 100,
    Fraction(313_700, 1),
)
right.values(
    "batch_loss",
    1.04,
    1.0397,
    1.5 * 0.693,
    np.float32(1.5 * np.log(2)),
    np.mean(-np.log([1, 1 / 2, 1 / 4, 1 / 8])),
    math.log(64) / 4,
    Fraction(104, 100),
)


# A dense layer for a batch


@right.to("dense")
def in_einsum(x, weight, bias=None):
    y = np.einsum("ni,oi->no", x, weight)
    return y if bias is None else y + bias


@right.to("dense")
def in_tensordot(x, weight, bias=None):
    return np.tensordot(x, weight, axes=(1, 1)) + (0 if bias is None else bias)


@right.to("dense")
def spread_out(x, weight, bias=None):
    y = (x[:, None, :] * weight[None]).sum(axis=-1)
    if bias is not None:
        y += bias
    return y


@right.to("dense")
def with_a_column_of_ones(x, weight, bias=None):
    if bias is None:
        bias = np.zeros(len(weight), x.dtype)
    x = np.hstack([x, np.ones((len(x), 1), x.dtype)])
    weight = np.column_stack([weight, bias])
    return x @ weight.T


@right.to("dense")
def in_lists(x, weight, bias=None):
    rows = [[sum(a * b for a, b in zip(row, one)) for one in weight] for row in x]
    if bias is not None:
        rows = [[y + b for y, b in zip(row, bias)] for row in rows]
    return np.array(rows, dtype=x.dtype)


@right.to("dense")
def in_python_alone(x, weight, bias=None):
    bias = [0.0] * len(weight) if bias is None else bias.tolist()
    return np.array(
        [
            [math.fsum([b, *map(float.__mul__, row, one)]) for one, b in zip(weight.tolist(), bias)]
            for row in x.tolist()
        ],
        x.dtype,
    )


@right.to("dense")
def sample_by_sample(x, weight, bias=None):
    if len(x) == 1:
        y = weight @ x[0]
        return (y if bias is None else y + bias)[None]
    return np.vstack([sample_by_sample(row[None], weight, bias) for row in x])


@right.to("dense")
def input_by_input(x, weight, bias=None):
    y = np.zeros((x.shape[0], weight.shape[0]), dtype=x.dtype)
    for i in range(x.shape[1]):
        y += np.outer(x[:, i], weight[:, i])
    return y if bias is None else np.add(y, bias, dtype=x.dtype)


@right.to("dense")
def on_paper(x, weight, bias=None):
    y = np.dot(weight, x.T)
    if bias is not None:
        y = y + bias[:, np.newaxis]
    return y.T


@right.to("dense")
def by_the_library(x, weight, bias=None):
    return F.linear(x, weight, bias)


@right.to("dense")
def by_the_textbook(x, weight, bias=None):
    return reference.linear(x, weight, bias)


@right.to("dense")
def by_a_layer(x, weight, bias=None):
    rng = np.random.default_rng(0)
    layer = Linear(*weight.T.shape, bias=bias is not None, rng=rng, dtype=x.dtype)
    layer.weight.value = weight
    if bias is not None:
        layer.bias.value = bias
    return layer(x)


@right.to("dense")
def as_a_convolution(x, weight, bias=None):
    return F.conv2d(x[..., None, None], weight[..., None, None], bias)[:, :, 0, 0]


@right.to("dense")
def bias_in_a_try(x, weight, bias=None):
    y = x @ weight.T
    try:
        return y + bias
    except TypeError:
        return y


@right.to("dense")
def bias_or_zero(x, weight, bias=None, *, zero=0):
    return np.matmul(x, weight.transpose()) + (zero if bias is None else bias)


@right.to("dense")
def started_from_empty(x, weight, bias=None):
    y = np.empty((len(x), len(weight)), x.dtype)
    for place in np.ndindex(y.shape):
        y[place] = np.vdot(x[place[0]], weight[place[1]])
        y[place] += 0 if bias is None else bias[place[1]]
    return y


# Softmax


@right.to("softmax")
def through_the_logarithm(z):
    shifted = z - z.max(axis=1, keepdims=True)
    return np.exp(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


@right.to("softmax")
def by_logaddexp(z):
    return np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))


@right.to("softmax")
def of_differences(z):
    """1 / Σ exp(z_j - z_i), which has no largest score at all."""
    with np.errstate(over="ignore"):
        return (1 / np.exp(z[:, None, :] - z[:, :, None]).sum(axis=2)).astype(z.dtype)


@right.to("softmax")
def turned(z):
    columns = z.T
    exps = np.exp(columns - columns.max(axis=0))
    return (exps / exps.sum(axis=0)).T


@right.to("softmax")
def row_by_row_in_a_list(z):
    return np.array([np.exp(row - max(row)) / sum(np.exp(row - max(row))) for row in z], z.dtype)


@right.to("softmax")
def in_python(z):
    rows = []
    for row in z.tolist():
        exps = [math.exp(score - max(row)) for score in row]
        rows.append([e / sum(exps) for e in exps])
    return np.asarray(rows, dtype=z.dtype)


@right.to("softmax")
def along_an_axis(z):
    def one(row):
        exps = np.exp(row - row.max())
        return exps / exps.sum()

    return np.apply_along_axis(one, 1, z)


@right.to("softmax")
def softmax_of_the_library(z):
    return F.softmax(z)


@right.to("softmax")
def log_softmax_of_the_library(z):
    return np.exp(F.log_softmax(z))


@right.to("softmax")
def softmax_recursive(z):
    if len(z) == 0:
        return z.copy()
    exps = np.exp(z[0] - np.max(z[0]))
    return np.concatenate([(exps / exps.sum())[None], softmax_recursive(z[1:])])


@right.to("softmax")
def in_double_and_back(z):
    wide = z.astype(np.float64)
    exps = np.exp(wide - wide.max(1)[:, None])
    return (exps / exps.sum(1)[:, None]).astype(z.dtype)


@right.to("softmax")
def base_two(z):
    powers = np.exp2((z - z.max(axis=-1, keepdims=True)) * z.dtype.type(1 / math.log(2)))
    return powers / powers.sum(axis=-1, keepdims=True)


@right.to("softmax")
def shifted_twice(z):
    z = z - np.amax(z, axis=1).reshape(-1, 1)
    z = z - z.max(axis=1, keepdims=True)
    return np.divide(np.exp(z), np.exp(z).sum(axis=1, keepdims=True))


@right.to("softmax")
def far_scores_clipped(z):
    exps = np.exp(np.clip(z - z.max(axis=1, keepdims=True), -80, 0))
    return exps / exps.sum(axis=1, keepdims=True)


# Cross-entropy


@right.to("cross_entropy")
def vectorised(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(targets)), targets].mean()


@right.to("cross_entropy")
def with_one_hot_rows(logits, targets):
    rows = np.eye(logits.shape[1])[targets]
    return -(rows * F.log_softmax(logits)).sum() / len(logits)


@right.to("cross_entropy")
def by_logaddexp_minus_score(logits, targets):
    log_sums = np.logaddexp.reduce(logits, axis=1)
    return float((log_sums - logits[range(len(targets)), targets]).mean())


@right.to("cross_entropy")
def with_take_along_axis(logits, targets):
    return -np.take_along_axis(F.log_softmax(logits), targets[:, None], axis=1).mean()


@right.to("cross_entropy")
def with_choose(logits, targets):
    return -np.choose(targets, F.log_softmax(logits).T).mean()


@right.to("cross_entropy")
def with_a_mask(logits, targets):
    log_p = F.log_softmax(logits)
    return -log_p[targets[:, None] == np.arange(logits.shape[1])].mean()


@right.to("cross_entropy")
def by_the_trace(logits, targets):
    return -np.trace(F.log_softmax(logits)[:, targets]) / len(targets)


@right.to("cross_entropy")
def cross_entropy_of_the_library(logits, targets):
    return F.cross_entropy(logits, targets)


@right.to("cross_entropy")
def with_log1p(logits, targets):
    losses = []
    for row, target in zip(logits, targets):
        others = np.delete(row, row.argmax()) - row.max()
        losses.append(row.max() + np.log1p(np.exp(others).sum()) - row[target])
    return np.mean(losses)


@right.to("cross_entropy")
def with_math(logits, targets):
    def loss(row, target):
        top = max(row)
        return math.log(math.fsum(math.exp(score - top) for score in row)) + top - row[target]

    return math.fsum(map(loss, logits.tolist(), targets.tolist())) / len(targets)


@right.to("cross_entropy")
def as_an_array_of_no_axes(logits, targets):
    return np.array(vectorised(logits, targets))


@right.to("cross_entropy")
def in_float32(logits, targets):
    return np.float32(vectorised(logits, targets))


@right.to("cross_entropy")
def running_mean(logits, targets):
    mean = 0.0
    for n, (row, target) in enumerate(zip(F.log_softmax(logits), targets), start=1):
        mean += (-row[target] - mean) / n
    return mean


@right.to("cross_entropy")
def reduced(logits, targets):
    log_p = F.log_softmax(logits)
    return reduce(lambda total, n: total - log_p[n, targets[n]], range(len(targets)), 0.0) / len(
        log_p
    )


@right.to("cross_entropy")
def loss_recursive(logits, targets):
    if len(logits) == 1:
        return -F.log_softmax(logits)[0, targets[0]]
    first, rest = loss_recursive(logits[:1], targets[:1]), loss_recursive(logits[1:], targets[1:])
    return (first + (len(logits) - 1) * rest) / len(logits)


@right.to("cross_entropy")
def gaps(logits, targets):
    """The logarithm of Σ exp(z_j - z_right), with the largest gap taken out."""
    gap = logits - logits[np.arange(len(targets)), targets][:, None]
    top = gap.max(axis=1)
    return (top + np.log(np.exp(gap - top[:, None]).sum(axis=1))).mean()


# Weights for another order


@right.to("channels_last")
def by_transpose(weight, channels, height, width):
    blocks = weight.reshape(-1, channels, height, width)
    return blocks.transpose(0, 2, 3, 1).reshape(len(weight), -1)


@right.to("channels_last")
def by_moveaxis(weight, channels, height, width):
    blocks = weight.reshape(len(weight), channels, height, width)
    return np.moveaxis(blocks, 1, -1).reshape(weight.shape)


@right.to("channels_last")
def as_a_matrix_of_pixels(weight, channels, height, width):
    return (
        weight.reshape(len(weight), channels, height * width).swapaxes(1, 2).reshape(weight.shape)
    )


@right.to("channels_last")
def by_order(weight, channels, height, width):
    order = np.arange(weight.shape[1]).reshape(channels, height, width).transpose(1, 2, 0)
    return weight[:, order.ravel()]


@right.to("channels_last")
def by_permutation_matrix(weight, channels, height, width):
    order = np.arange(weight.shape[1]).reshape(channels, -1).T.ravel()
    return weight @ np.eye(weight.shape[1])[order].T


@right.to("channels_last")
def by_einsum(weight, channels, height, width):
    blocks = weight.reshape(len(weight), channels, height, width)
    return np.einsum("ochw->ohwc", blocks).reshape(len(weight), -1)


@right.to("channels_last")
def by_stack(weight, channels, height, width):
    return np.stack(np.split(weight, channels, axis=1), axis=-1).reshape(weight.shape)


@right.to("channels_last")
def by_stride(weight, channels, height, width):
    moved = np.empty_like(weight)
    pixels = height * width
    for c in range(channels):
        moved[:, c::channels] = weight[:, c * pixels : (c + 1) * pixels]
    return moved


@right.to("channels_last")
def by_places_read(weight, channels, height, width):
    pixels = height * width
    return np.stack(
        [weight[:, (p % channels) * pixels + p // channels] for p in range(weight.shape[1])], axis=1
    )


@right.to("channels_last")
def in_lists_of_lists(weight, channels, height, width):
    return np.array(
        [
            [
                row[(c * height + i) * width + j]
                for i in range(height)
                for j in range(width)
                for c in range(channels)
            ]
            for row in weight.tolist()
        ]
    )


@right.to("channels_last")
def by_sorting(weight, channels, height, width):
    places = list(range(weight.shape[1]))
    places.sort(key=lambda place: place % (height * width))  # a stable sort keeps the channels
    return weight.take(places, axis=1)


@right.to("channels_last")
def by_fortran(weight, channels, height, width):
    return np.array([row.reshape(channels, -1).ravel(order="F") for row in weight])


@right.to("channels_last")
def in_default_zeros(weight, channels, height, width):
    moved = np.zeros(weight.shape)
    for old in range(weight.shape[1]):
        c, i, j = np.unravel_index(old, (channels, height, width))
        moved[:, np.ravel_multi_index((i, j, c), (height, width, channels))] = weight[:, old]
    return moved


@right.to("channels_last")
def on_its_own_copy(weight, channels, height, width):
    weight = weight.copy()
    old = weight.copy()
    for n, (i, j, c) in enumerate(np.ndindex(height, width, channels)):
        weight[:, n] = old[:, (c * height + i) * width + j]
    return weight


@right.to("channels_last")
def with_the_sides_exchanged(weight, channels, height, width):
    """Only where a map begins and ends matters: its pixels stay in their order."""
    blocks = weight.reshape(-1, channels, width, height)
    return blocks.transpose(0, 2, 3, 1).reshape(weight.shape)
