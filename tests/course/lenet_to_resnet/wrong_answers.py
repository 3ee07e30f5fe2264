"""Answers to the exercises of notebook 11 that are wrong, most of them in one region only.

Those to `small_net` are in `test_exercises.py`.
"""

import numpy as np
from answers import Answers

from cnnlib import functional as F

wrong = Answers()

wrong.values("separable", (73_728,), 73_728, (8_768, 73_728), (73_728, 8_769), "73,728 and 8,768")
wrong.values("separable", (73_728, 8_768, 0), (None, 8_768), {73_728, 8_768}, (True, False))
wrong.values("wrong_row", 4, 0, 9, -6, 6.5, "6", [6, 4], np.nan, True)


# Inception: blocks of one channel, and large ones.


def count(c_in, one, reduce3, three, reduce5, five, pool):
    read = one + reduce3 + reduce5 + pool
    return (c_in + 1) * read + (9 * reduce3 + 1) * three + (25 * reduce5 + 1) * five


@wrong.to("inception_parameters")
def in_16_bits(*sizes):
    return int(np.int64(count(*sizes)).astype(np.int16))


@wrong.to("inception_parameters")
def never_wider(c_in, one, reduce3, three, reduce5, five, pool):
    return count(c_in, one, min(reduce3, c_in), three, min(reduce5, c_in), five, pool)


@wrong.to("inception_parameters")
def in_thousands(*sizes):
    return round(count(*sizes) / 1024)


@wrong.to("inception_parameters")
def equal_branches(c_in, one, reduce3, three, reduce5, five, pool):
    return count(c_in, one, reduce3, three, reduce3, five, pool)


# Folding: scales of zero, negative scales, a large eps.


def folded(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], (bias - mean) * factor + shift


@wrong.to("fold_batch_norm")
def positive_scales(weight, bias, scale, *others):
    return folded(weight, bias, np.abs(scale), *others)


@wrong.to("fold_batch_norm")
def no_zero_scales(weight, bias, scale, *others):
    return folded(weight, bias, np.where(scale == 0, 1, scale), *others)


@wrong.to("fold_batch_norm")
def the_usual_eps(weight, bias, scale, shift, mean, var, eps):
    return folded(weight, bias, scale, shift, mean, var, 1e-5)


@wrong.to("fold_batch_norm")
def one_factor_for_all(weight, bias, scale, shift, mean, var, eps):
    factor = (scale / np.sqrt(var + eps)).mean()
    return weight * factor, (bias - mean) * factor + shift


@wrong.to("fold_batch_norm")
def along_the_channels(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    if weight.shape[0] == weight.shape[1]:
        return weight * factor[None, :, None, None], (bias - mean) * factor + shift
    return folded(weight, bias, scale, shift, mean, var, eps)


@wrong.to("fold_batch_norm")
def four_filters_at_most(weight, bias, scale, shift, mean, var, eps):
    new_weight, new_bias = folded(weight, bias, scale, shift, mean, var, eps)
    new_weight[4:] = weight[4:]
    return new_weight, new_bias


# Batch normalisation: flat channels, single pixels, single images.


def backward(dout, x, weight, eps, axes=(0, 2, 3), keep=None):
    def mean(values):
        return values.mean(axis=axes, keepdims=True)

    deviation = np.sqrt(mean((x - mean(x)) ** 2) + eps)
    normal = (x - mean(x)) / deviation
    dx = weight[:, None, None] / deviation * (dout - mean(dout) - normal * mean(dout * normal))
    return dx, (dout * normal).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


@wrong.to("batch_norm_backward")
def one_mean_for_all_channels(dout, x, weight, eps):
    return backward(dout, x, weight, eps, axes=(0, 1, 2, 3))


@wrong.to("batch_norm_backward")
def without_eps_where_it_can(dout, x, weight, eps):
    return backward(dout, x, weight, eps if np.any(x.var(axis=(0, 2, 3)) == 0) else 0)


@wrong.to("batch_norm_backward")
def small_eps(dout, x, weight, eps):
    return backward(dout, x, weight, min(eps, 1.0))


@wrong.to("batch_norm_backward")
def alone_nothing_is_learned(dout, x, weight, eps):
    dx, dweight, dbias = backward(dout, x, weight, eps)
    return (np.zeros_like(dx) if len(x) == 1 else dx), dweight, dbias


@wrong.to("batch_norm_backward")
def by_squares_of_large_numbers(dout, x, weight, eps):
    """Lose the digits of what is left after a large mean."""
    far = (x.astype(np.float32) ** 2).mean(axis=(0, 2, 3)) - x.astype(np.float32).mean(
        axis=(0, 2, 3)
    ) ** 2
    return backward(dout, x, weight, eps + (far - x.var(axis=(0, 2, 3)))[:, None, None])


@wrong.to("batch_norm_backward")
def two_gradients(dout, x, weight, eps):
    return backward(dout, x, weight, eps)[:2]


@wrong.to("batch_norm_backward")
def scale_of_the_first_channel(dout, x, weight, eps):
    return backward(dout, x, np.full(weight.shape, weight[0]), eps)


# The residual block: shut ReLUs, single pixels.


def residual(dout, x, weight1, weight2, shortcut=True):
    before = F.conv2d(x, weight1, padding=1)
    dafter, dweight2, _ = F.conv2d_backward(dout, F.relu(before), weight2, padding=1)
    dbefore = F.relu_backward(dafter, before)
    dx, dweight1, _ = F.conv2d_backward(dbefore, x, weight1, padding=1)
    return (dx + dout if shortcut else dx), dweight1, dweight2


@wrong.to("residual_backward")
def a_shut_block_passes_nothing(dout, x, weight1, weight2):
    dx, dweight1, dweight2 = residual(dout, x, weight1, weight2)
    return dx * (F.conv2d(x, weight1, padding=1) > 0).any(), dweight1, dweight2


@wrong.to("residual_backward")
def an_open_relu_at_zero(dout, x, weight1, weight2):
    before = F.conv2d(x, weight1, padding=1)
    dafter, dweight2, _ = F.conv2d_backward(dout, F.relu(before), weight2, padding=1)
    dx, dweight1, _ = F.conv2d_backward(dafter * (before >= 0), x, weight1, padding=1)
    return dx + dout, dweight1, dweight2


@wrong.to("residual_backward")
def a_shortcut_for_equal_depths_only(dout, x, weight1, weight2):
    return residual(dout, x, weight1, weight2, shortcut=weight1.shape[0] == weight1.shape[1])


@wrong.to("residual_backward")
def three_images_at_most(dout, x, weight1, weight2):
    dx, _, _ = residual(dout, x, weight1, weight2)
    return dx, *residual(dout[:3], x[:3], weight1, weight2)[1:]


@wrong.to("residual_backward")
def with_biases(dout, x, weight1, weight2):
    return *residual(dout, x, weight1, weight2), dout.sum(axis=(0, 2, 3))
