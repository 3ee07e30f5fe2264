"""Answers to the exercises of notebook 06 that are wrong, most of them in one region only."""

import numpy as np
from answers import Answers

from cnnlib import functional as F

wrong = Answers()

wrong.values("flat_place", 49, 48.5, -48, True, "forty-eight", [48, 0], np.nan)
wrong.values("dense_parameters", 313_600, (313, 700), 313_700.5, -313_700, np.inf)
wrong.values("batch_loss", 1.05, 1.03, 0, -1.04, np.nan, "ln 2")


# A dense layer: the regions are one sample, one output, many of each, a bias of None or of zeros,
# negative scores, as many samples as outputs, and what is kept from call to call.


@wrong.to("dense")
def one_sample_loses_its_axis(x, weight, bias=None):
    return F.linear(x, weight, bias).squeeze()


@wrong.to("dense")
def one_output_loses_its_axis(x, weight, bias=None):
    y = F.linear(x, weight, bias)
    return y[:, 0] if y.shape[1] == 1 else y


@wrong.to("dense")
def bias_down_the_samples(x, weight, bias=None):
    y = x @ weight.T
    if bias is None:
        return y
    return y + (bias[:, None] if len(x) == len(bias) else bias)


@wrong.to("dense")
def bias_for_the_first_sample(x, weight, bias=None):
    y = x @ weight.T
    if bias is not None:
        y[0] += bias
    return y


@wrong.to("dense")
def at_most_four_of_each(x, weight, bias=None):
    y = np.zeros((len(x), len(weight)), x.dtype)
    for n, k in np.ndindex(y.shape):
        y[n, k] = 0 if bias is None else bias[k]
        for i in range(min(4, x.shape[1])):
            y[n, k] += x[n, i] * weight[k, i]
    return y


@wrong.to("dense")
def only_positive_scores_get_a_bias(x, weight, bias=None):
    y = x @ weight.T
    return y if bias is None else np.where(y > 0, y + bias, y)


@wrong.to("dense")
def in_double_precision(x, weight, bias=None):
    return F.linear(x, weight, bias).astype(np.float64)


@wrong.to("dense")
def in_single_precision(x, weight, bias=None):
    return F.linear(x, weight, bias).astype(np.float32)


@wrong.to("dense")
def bias_added_to_the_argument(x, weight, bias=None):
    if bias is not None:
        bias *= 1.0
        bias += 0.5
        bias -= 1.0
        return F.linear(x, weight, bias + 0.5)
    return F.linear(x, weight)


@wrong.to("dense")
def under_a_mask(x, weight, bias=None):
    return np.ma.masked_array(F.linear(x, weight, bias), mask=True)


class KeepsTheWeight:
    """A weight that is looked up once, and used in all later calls of its shape."""

    def __init__(self):
        self.known = {}

    def __call__(self, x, weight, bias=None):
        return F.linear(x, self.known.setdefault((weight.shape, weight.dtype), weight.copy()), bias)


wrong.add("dense", "keeps the weight", KeepsTheWeight())


# Softmax: scores of any size, equal ones, one class, rows apart from each other.


@wrong.to("softmax")
def shifted_by_a_hundred(z):
    exps = np.exp(np.clip(z, -100, 100))
    return exps / exps.sum(axis=1, keepdims=True)


@wrong.to("softmax")
def never_quite_zero(z):
    exps = np.exp(z - z.max(axis=1, keepdims=True)) + 1e-3
    return exps / exps.sum(axis=1, keepdims=True)


@wrong.to("softmax")
def safe_for_positive_scores(z):
    with np.errstate(all="ignore"):
        exps = np.exp(z - np.maximum(z.max(axis=1, keepdims=True), 0))
        return exps / exps.sum(axis=1, keepdims=True)


@wrong.to("softmax")
def the_first_row_for_all(z):
    exps = np.exp(z - z[0].max())
    with np.errstate(all="ignore"):
        return exps / exps.sum(axis=1, keepdims=True)


@wrong.to("softmax")
def scaled_when_large(z):
    size = np.abs(z).max(axis=1, keepdims=True)
    return F.softmax(np.where(size > 1e5, z / 1e5, z).astype(z.dtype))


@wrong.to("softmax")
def winner_takes_all_ties(z):
    return np.where(
        z.max(axis=1, keepdims=True) > 100, z == z.max(axis=1, keepdims=True), F.softmax(z)
    ).astype(z.dtype)


@wrong.to("softmax")
def one_class_is_a_sigmoid(z):
    if z.shape[1] == 1:
        return 1 / (1 + np.exp(-np.clip(z, -50, 50)))
    return F.softmax(z)


@wrong.to("softmax")
def written_into_the_scores(z):
    p = F.softmax(z)
    z -= z.max(axis=1, keepdims=True)
    return p


@wrong.to("softmax")
def nan_made_zero(z):
    with np.errstate(all="ignore"):
        exps = np.exp(z)
        return np.nan_to_num(exps / exps.sum(axis=1, keepdims=True))


@wrong.to("softmax")
def four_rows_at_most(z):
    p = np.zeros_like(z)
    for n in range(min(4, len(z))):
        p[n] = F.softmax(z[n : n + 1])[0]
    return p


# Cross-entropy: a right class far above or below, one class, more samples than four.


@wrong.to("cross_entropy")
def capped_far_out(logits, targets):
    return min(F.cross_entropy(logits, targets), 5000.0)


@wrong.to("cross_entropy")
def with_a_floor(logits, targets):
    p = F.softmax(logits)[np.arange(len(targets)), targets]
    return -np.log(np.maximum(p, 1e-300)).mean()


@wrong.to("cross_entropy")
def every_class_once(logits, targets):
    log_p = F.log_softmax(logits)
    chosen = np.unique(np.stack([np.arange(len(targets)), targets]), axis=1)
    some = {int(k): log_p[n, k] for n, k in chosen.T}
    return -sum(some.values()) / len(some)


@wrong.to("cross_entropy")
def median(logits, targets):
    return -np.median(F.log_softmax(logits)[np.arange(len(targets)), targets])


@wrong.to("cross_entropy")
def one_class_by_the_sigmoid(logits, targets):
    if logits.shape[1] == 1:
        return float(np.log1p(np.exp(-np.clip(logits, -50, 50))).mean())
    return F.cross_entropy(logits, targets)


@wrong.to("cross_entropy")
def shifted_in_place(logits, targets):
    logits -= logits.max(axis=1, keepdims=True)
    return F.cross_entropy(logits, targets)


@wrong.to("cross_entropy")
def never_below_a_thousandth(logits, targets):
    return max(F.cross_entropy(logits, targets), 1e-3)


@wrong.to("cross_entropy")
def as_an_array(logits, targets):
    return np.array([F.cross_entropy(logits, targets)])


@wrong.to("cross_entropy")
def as_text(logits, targets):
    return str(F.cross_entropy(logits, targets))


# Weights for another order: one channel, row or column, square blocks, many outputs.


@wrong.to("channels_last")
def two_outputs_at_most(weight, channels, height, width):
    moved = np.zeros_like(weight)
    order = np.arange(weight.shape[1]).reshape(channels, -1).T.ravel()
    for k in range(min(2, len(weight))):
        moved[k] = weight[k, order]
    return moved


@wrong.to("channels_last")
def four_by_four_at_most(weight, channels, height, width):
    moved = np.zeros_like(weight)
    for c, i, j in np.ndindex(min(channels, 4), min(height, 4), min(width, 4)):
        moved[:, (i * width + j) * channels + c] = weight[:, (c * height + i) * width + j]
    return moved


@wrong.to("channels_last")
def moved_in_the_argument(weight, channels, height, width):
    order = np.arange(weight.shape[1]).reshape(channels, -1).T.ravel()
    weight[:] = weight[:, order]
    return weight


@wrong.to("channels_last")
def in_blocks(weight, channels, height, width):
    blocks = weight.reshape(-1, channels, height, width)
    return blocks.transpose(0, 2, 3, 1)


@wrong.to("channels_last")
def sorted_weights(weight, channels, height, width):
    order = np.arange(weight.shape[1]).reshape(channels, -1).T.ravel()
    return np.abs(weight[:, order])
