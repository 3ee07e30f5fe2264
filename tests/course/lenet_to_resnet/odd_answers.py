"""Right answers to the exercises of notebook 11, of odd kinds. All of them pass.

Those to `small_net` are in `test_exercises.py`: each of them would train three networks here.
"""

from fractions import Fraction

import numpy as np
from answers import Answers

from cnnlib import functional as F
from cnnlib.layers import BatchNorm2d, Conv2d, MaxPool2d, ReLU
from cnnlib.model import Parallel, Residual, Sequential

right = Answers()

right.values("separable", (73_728, 8_768), [73_728, 8_768], np.array([73_728, 8_768]))
right.values("separable", (73_728.0, Fraction(8_768)), (np.int64(73_728), np.int32(8_768)))
right.values("wrong_row", 6, 6.0, np.int8(6), np.array(6), Fraction(6))


# Inception


@right.to("inception_parameters")
def by_layers(c_in, one, reduce3, three, reduce5, five, pool):
    rng = np.random.default_rng(0)

    def conv(before, after, size):
        return Conv2d(before, after, size, padding=size // 2, rng=rng)

    block = Parallel(
        conv(c_in, one, 1),
        Sequential(conv(c_in, reduce3, 1), conv(reduce3, three, 3)),
        Sequential(conv(c_in, reduce5, 1), conv(reduce5, five, 5)),
        Sequential(MaxPool2d(3, 1, 1), conv(c_in, pool, 1)),
    )
    return sum(parameter.size for parameter in block.parameters())


@right.to("inception_parameters")
def gathered(c_in, one, reduce3, three, reduce5, five, pool):
    read_the_input = one + reduce3 + reduce5 + pool
    return (c_in + 1) * read_the_input + (9 * reduce3 + 1) * three + (25 * reduce5 + 1) * five


@right.to("inception_parameters")
def by_a_table(c_in, one, reduce3, three, reduce5, five, pool):
    table = np.array(
        [
            [1, c_in, one],
            [1, c_in, reduce3],
            [9, reduce3, three],
            [1, c_in, reduce5],
            [25, reduce5, five],
            [1, c_in, pool],
        ],
        dtype=np.int64,
    )
    return (table.prod(axis=1) + table[:, 2]).sum()


# Folding


@right.to("fold_batch_norm")
def filter_by_filter(weight, bias, scale, shift, mean, var, eps):
    weights, biases = [], []
    for w, b, s, t, m, v in zip(weight, bias, scale, shift, mean, var, strict=True):
        factor = s / (v + eps) ** 0.5
        weights.append(w * factor)
        biases.append((b - m) * factor + t)
    return np.array(weights), np.array(biases)


@right.to("fold_batch_norm")
def through_einsum(weight, bias, scale, shift, mean, var, eps):
    factor = scale * (var + eps) ** -0.5
    return np.einsum("oikl,o->oikl", weight, factor), factor * bias - factor * mean + shift


@right.to("fold_batch_norm")
def in_turned_axes(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    return (weight.T * factor).T, shift + factor * (bias - mean)


@right.to("fold_batch_norm")
def by_asking_the_layers(weight, bias, scale, shift, mean, var, eps):
    """Read the new numbers off what the two layers make of chosen inputs."""
    _, c_in, kh, kw = weight.shape

    def both(x):
        return F.batch_norm2d(F.conv2d(x, weight, bias), scale, shift, mean, var, eps)[:, :, 0, 0]

    nothing = both(np.zeros((1, c_in, kh, kw)))[0]
    one_each = both(np.eye(c_in * kh * kw).reshape(-1, c_in, kh, kw))
    return (one_each - nothing).T.reshape(weight.shape), nothing


# Batch normalisation


@right.to("batch_norm_backward")
def by_the_library(dout, x, weight, eps):
    if eps == 0:
        eps = 1e-300
    return F.batch_norm2d_backward(dout, x, weight, eps=eps)


@right.to("batch_norm_backward")
def step_by_step(dout, x, weight, eps):
    """Go back through the graph of the forward pass, node by node."""
    axes, m = (0, 2, 3), x.shape[0] * x.shape[2] * x.shape[3]
    mean = x.mean(axis=axes, keepdims=True)
    centred = x - mean
    var = (centred**2).mean(axis=axes, keepdims=True)
    inverse = 1 / np.sqrt(var + eps)
    dnormal = dout * weight[None, :, None, None]
    dinverse = (dnormal * centred).sum(axis=axes, keepdims=True)
    dvar = dinverse * -0.5 * inverse**3
    dcentred = dnormal * inverse + dvar * 2 * centred / m
    dmean = -dcentred.sum(axis=axes, keepdims=True)
    return dcentred + dmean / m, (dout * centred * inverse).sum(axis=axes), dout.sum(axis=axes)


@right.to("batch_norm_backward")
def as_rows(dout, x, weight, eps):
    """Bring each channel into a row first."""
    n, c, h, w = x.shape
    rows = x.transpose(1, 0, 2, 3).reshape(c, -1)
    slopes = dout.transpose(1, 0, 2, 3).reshape(c, -1)
    m = rows.shape[1]
    deviation = np.sqrt(rows.var(axis=1, keepdims=True) + eps)
    normal = (rows - rows.mean(axis=1, keepdims=True)) / deviation
    dweight, dbias = (slopes * normal).sum(axis=1), slopes.sum(axis=1)
    dx = m * slopes - dbias[:, None] - normal * dweight[:, None]
    dx *= weight[:, None] / deviation / m
    return dx.reshape(c, n, h, w).transpose(1, 0, 2, 3), dweight, dbias


@right.to("batch_norm_backward")
def channel_by_channel(dout, x, weight, eps):
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(len(weight)), np.zeros(len(weight))
    for c in range(len(weight)):
        values, slopes = x[:, c], dout[:, c]
        deviation = np.sqrt(values.var() + eps)
        normal = (values - values.mean()) / deviation
        dweight[c], dbias[c] = np.sum(slopes * normal), np.sum(slopes)
        dx[:, c] = slopes - slopes.mean() - normal * np.mean(slopes * normal)
        dx[:, c] *= weight[c] / deviation
    return dx, dweight, dbias


@right.to("batch_norm_backward")
def by_a_layer(dout, x, weight, eps):
    layer = BatchNorm2d(x.shape[1], eps=eps or 1e-300, dtype=np.float64)
    layer.weight.value = weight.astype(float)
    layer(x)
    return layer.backward(dout), layer.weight.grad, layer.bias.grad


# The residual block


@right.to("residual_backward")
def by_layers_of_the_library(dout, x, weight1, weight2):
    rng = np.random.default_rng(0)
    layers = []
    for weight in (weight1, weight2):
        c_out, c_in = weight.shape[:2]
        conv = Conv2d(c_in, c_out, 3, padding=1, bias=False, rng=rng, dtype=np.float64)
        conv.weight.value = weight.astype(float)
        layers.append(conv)
    main = Sequential(layers[0], ReLU(), layers[1])
    block = Residual(main)
    block(x.astype(float))
    return block.backward(dout.astype(float)), layers[0].weight.grad, layers[1].weight.grad


@right.to("residual_backward")
def with_a_mask(dout, x, weight1, weight2):
    before = F.conv2d(x, weight1, padding=1)
    mask = before > 0
    dafter, dweight2, _ = F.conv2d_backward(dout, before * mask, weight2, padding=1)
    dx, dweight1, _ = F.conv2d_backward(dafter * mask, x, weight1, padding=1)
    dx += dout
    return dx, dweight1, dweight2


@right.to("residual_backward")
def shortcut_first(dout, x, weight1, weight2):
    total = dout.copy()
    hidden = np.maximum(F.conv2d(x, weight1, padding=(1, 1)), 0)
    back, second, _ = F.conv2d_backward(dout, hidden, weight2, 1, 1)
    back = np.where(hidden > 0, back, 0)
    through, first, _ = F.conv2d_backward(back, x, weight1, 1, 1)
    total = total + through
    return [total, first, second]
