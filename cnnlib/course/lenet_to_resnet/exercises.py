"""Exercises of notebook 11: counting blocks, batch normalisation, a shortcut, and a small net."""

from typing import Any

import numpy as np

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.numbers import halves
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case
from cnnlib.course.lenet_to_resnet import small_net_judge
from cnnlib.layers import BatchNorm2d, Conv2d, Flatten, GlobalAvgPool2d, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential

chapter = ExerciseSet.of(__name__)
progress = chapter.progress
try_network = small_net_judge.try_network


# 1. Inception


def _inceptions(rng: np.random.Generator) -> Call:
    return case(*(int(value) for value in rng.integers(1, 20, 7)))


def _convolutions(c_in, one, reduce3, three, reduce5, five, pool):
    """Return the convolutions of a block: channels before, channels after, size of the kernel."""
    return [
        *((c_in, one, 1), (c_in, reduce3, 1), (reduce3, three, 3)),
        *((c_in, reduce5, 1), (reduce5, five, 5), (c_in, pool, 1)),
    ]


def _counted(*sizes):
    """Count a weight for each cell of each kernel, and a bias for each filter."""
    layers = _convolutions(*sizes)
    weights = sum(size**2 * before * after for before, after, size in layers)
    return weights + sum(after for _, after, _ in layers)


_INCEPTION_3A = case(192, 64, 96, 128, 16, 32, 32)

_INCEPTION_REGIONS = {
    "all branches are equally wide": [case(8, 8, 8, 8, 8, 8, 8)],
    "every number is 1": [case(1, 1, 1, 1, 1, 1, 1)],
    "the reductions widen": [case(2, 3, 16, 3, 16, 3, 3)],
    "the block is one of GoogLeNet's last": [case(832, 384, 192, 384, 48, 128, 128)],
}


@chapter.coding(
    "Count an inception block",
    level=1,
    minutes=8,
    hand=[(_INCEPTION_3A, 163_696), (case(1, 1, 1, 1, 1, 1, 1), 44)],
    cases=_inceptions,
    regions=_INCEPTION_REGIONS,
    oracle=_counted,
    hints=[
        "Six convolutions learn: one in the first branch, two in the second, two in the third, one "
        "behind the pool. Which of them read the input of the block, and which a reduction?",
        "A convolution of K×K from `c_in` to `c_out` channels learns `(K * K * c_in + 1) * c_out` "
        "numbers. The 3×3 reads `reduce3` channels, the 5×5 reads `reduce5`.",
    ],
)
def inception_parameters(c_in, one, reduce3, three, reduce5, five, pool):
    """Return how many numbers an inception block learns."""

    def conv(before, after, size):
        return (size * size * before + 1) * after

    first = conv(c_in, one, 1)
    second = conv(c_in, reduce3, 1) + conv(reduce3, three, 3)
    third = conv(c_in, reduce5, 1) + conv(reduce5, five, 5)
    return first + second + third + conv(c_in, pool, 1)


_NO_BIASES = "The biases are missing: each of the filters has one."


@inception_parameters.mistake(_NO_BIASES)
def _no_biases(*sizes):
    return sum(size**2 * before * after for before, after, size in _convolutions(*sizes))


def _other_layers(change: Any, biases: bool) -> Any:
    """Return a count of convolutions that are not those of the block."""

    def count(*sizes):
        layers = change(*sizes)
        return sum((size**2 * before + biases) * after for before, after, size in layers)

    return count


def _leaving_out(*places: int) -> Any:
    def layers(*sizes):
        return [one for k, one in enumerate(_convolutions(*sizes)) if k not in places]

    return layers


def _with_sizes(three: int, five: int) -> Any:
    def layers(*sizes):
        kernels = {3: three, 5: five}
        return [(c, d, kernels.get(size, size)) for c, d, size in _convolutions(*sizes)]

    return layers


def _unreduced(c_in, one, reduce3, three, reduce5, five, pool):
    reductions = [(c_in, reduce3, 1), (c_in, reduce5, 1)]
    return [(c_in, one, 1), *reductions, (c_in, three, 3), (c_in, five, 5), (c_in, pool, 1)]


def _never_reduced(c_in, one, reduce3, three, reduce5, five, pool):
    return [(c_in, one, 1), (c_in, three, 3), (c_in, five, 5), (c_in, pool, 1)]


def _reductions_exchanged(c_in, one, reduce3, three, reduce5, five, pool):
    return _convolutions(c_in, one, reduce5, three, reduce3, five, pool)


def _in_a_row(c_in, one, reduce3, three, reduce5, five, pool):
    rows = [(c_in, one, 1), (one, reduce3, 1), (reduce3, three, 3), (three, reduce5, 1)]
    return [*rows, (reduce5, five, 5), (five, pool, 1)]


def _reads_one_channel(c_in, one, reduce3, three, reduce5, five, pool):
    reading = [(c_in, filters, 1) for filters in (one, reduce3, reduce5, pool)]
    return [*reading, (1, three, 3), (1, five, 5)]


def _behind_the_others(c_in, one, reduce3, three, reduce5, five, pool):
    return [*_leaving_out(5)(c_in, one, reduce3, three, reduce5, five, pool),
            (one + three + five, pool, 1)]  # fmt: skip


def _pool_learns(c_in, one, reduce3, three, reduce5, five, pool):
    return [*_leaving_out(5)(c_in, one, reduce3, three, reduce5, five, pool), (c_in, pool, 3)]


for _told, _layers in (
    (
        "The 3×3 and the 5×5 read the whole input here. They read what their 1×1 reductions put "
        "out.",
        _unreduced,
    ),
    (
        "The 3×3 and the 5×5 read the whole input here, and their reductions are not counted. A "
        "1×1 stands before each of them: it learns too, and its channels are what they read.",
        _never_reduced,
    ),
    (
        "The two reductions are not counted. They are convolutions of 1×1, with weights and "
        "biases.",
        _leaving_out(1, 3),
    ),
    (
        "The last branch is missing. The pool learns nothing, but a convolution of 1×1 follows it.",
        _leaving_out(5),
    ),
    ("The first branch, a convolution of 1×1 alone, is missing.", _leaving_out(0)),
    ("The second branch is missing: the 1×1 and the 3×3 behind it.", _leaving_out(1, 2)),
    ("The third branch is missing: the 1×1 and the 5×5 behind it.", _leaving_out(3, 4)),
    (
        "The pool is counted as a convolution of 3×3. It takes a maximum and learns nothing; only "
        "the 1×1 after it does.",
        _pool_learns,
    ),
    (
        "A kernel has two sides: the 3×3 has 9 weights for each channel, and the 5×5 has 25.",
        lambda *sizes: [(before * size, after, 1) for before, after, size in _convolutions(*sizes)],
    ),
    (
        "All kernels are counted as 1×1. The 3×3 has 9 weights for each channel that it reads, and "
        "the 5×5 has 25.",
        _with_sizes(1, 1),
    ),
    ("The 5×5 is counted as a 3×3: it has 25 weights for each channel.", _with_sizes(3, 3)),
    ("The 3×3 is counted as a 5×5: it has 9 weights for each channel.", _with_sizes(5, 5)),
    (
        "The two reductions are exchanged: the 3×3 reads `reduce3` channels, and the 5×5 reads "
        "`reduce5`.",
        _reductions_exchanged,
    ),
    (
        "The branches are counted as if each read the one before it. They lie side by side, and "
        "all four read the input of the block.",
        _in_a_row,
    ),
    (
        "The 3×3 and the 5×5 are counted with one kernel a filter. A filter has a kernel for each "
        "channel that it reads: `reduce3` and `reduce5` of them.",
        _reads_one_channel,
    ),
    (
        "The 1×1 behind the pool reads the other branches here. The pool keeps the channels of the "
        "input, so its 1×1 reads `c_in`.",
        _behind_the_others,
    ),
):
    inception_parameters.mistake(_told)(_other_layers(_layers, biases=True))
    inception_parameters.mistake(f"Two things. {_NO_BIASES} And: {_told}")(
        _other_layers(_layers, biases=False)
    )


def _biases_otherwise(biases: Any) -> Any:
    """Return a count in which the biases alone are counted in another way."""

    def count(*sizes):
        return _no_biases(*sizes) + biases(_convolutions(*sizes), *sizes)

    return count


for _told, _biases in (
    (
        "One bias is counted for each convolution. Each filter has a bias of its own.",
        lambda layers, *sizes: len(layers),
    ),
    (
        "One bias is counted for the whole block. Each filter of each convolution has one.",
        lambda layers, *sizes: 1,
    ),
    (
        "The biases are counted by the channels that come in. There is one for each filter, so "
        "they follow the channels that come out.",
        lambda layers, *sizes: sum(before for before, _, _ in layers),
    ),
    (
        "Only the filters whose maps leave the block have a bias here. Those of the two reductions "
        "have one as well.",
        lambda layers, c_in, one, r3, three, r5, five, pool: one + three + five + pool,
    ),
    (
        "A bias is counted for each cell of a kernel: `K * K * (c_in + 1)`. A filter has one: "
        "`K * K * c_in + 1`.",
        lambda layers, *sizes: sum(size**2 * after for _, after, size in layers),
    ),
):
    inception_parameters.mistake(_told)(_biases_otherwise(_biases))


@inception_parameters.mistake(
    "That is how many maps come out of the block. The question is how many numbers it learns."
)
def _maps_that_come_out(c_in, one, reduce3, three, reduce5, five, pool):
    return one + three + five + pool


# 2. Separable

separable = chapter.prediction(
    "separable",
    "In two steps",
    level=1,
    minutes=5,
    expected=(9 * 64 * 128, 9 * 64 + 64 * 128),
    mistakes=[
        (
            (9 * 64 * 128, 9 * 64 + 64 * 64),
            "The first is right. But the 1×1 has 128 filters: it leads from 64 channels to 128.",
        ),
        (
            (9 * 64 * 128, 9 * 128 + 64 * 128),
            "The first is right. But the depthwise step works on the 64 channels that come in, one "
            "kernel for each.",
        ),
        (
            (9 * 64 * 128, 9 * 64 * 64 + 64 * 128),
            "The first is right. But a depthwise filter reads one channel: 9 weights each, and no "
            "sum over 64.",
        ),
        ((9 * 64 * 128, 9 * 64), "The first is right. The 1×1 convolution is still missing."),
        (
            (9 * 64 * 128, 64 * 128),
            "The first is right. The depthwise kernels are still missing: 9 for each channel.",
        ),
        (
            ((9 * 64 + 1) * 128, (9 + 1) * 64 + (64 + 1) * 128),
            "The biases are counted too. The question is about weights alone.",
        ),
        (
            (9 * 64 + 64 * 128, 9 * 64 * 128),
            "The two numbers are exchanged: first the full convolution.",
        ),
        (
            (9 * 64 * 64, 9 * 64 + 64 * 64),
            "Both are counted for 64 filters. From 64 channels to 128 there are 128.",
        ),
        (
            ((9 * 64 + 1) * 128, 9 * 64 + 64 * 128),
            "The second is right. The first counts the 128 biases too; the question is about "
            "weights alone.",
        ),
        *(
            (
                (9 * 64 * 128, 9 * 64 + 64 * 128 + biases),
                "The first is right. The second counts biases too; the question is about weights "
                "alone.",
            )
            for biases in (64, 128, 64 + 128)
        ),
        (
            (9 * 64 * 128, 9 * 64 * 128),
            "The first is right. The two steps come one after the other, so their weights are "
            "added: those of the 64 kernels of 3×3, and those of the 1×1.",
        ),
        (
            (9 * 64 * 128, 9 * 128),
            "The first is right. The second has one kernel of 3×3 for each of 128 filters. The "
            "depthwise step has one for each of the 64 channels that come in, and the 1×1 that "
            "mixes them is missing.",
        ),
        (
            (9 * 64 * 128, 9 + 64 * 128),
            "The first is right. The depthwise step has a kernel of its own for each of 64 "
            "channels, not one for all.",
        ),
        (
            (9 * 64 * 128, 64 + 64 * 128),
            "The first is right. A depthwise kernel of 3×3 has 9 weights, not one.",
        ),
        (
            (9 * 64 * 128, 25 * 64 + 64 * 128),
            "The first is right. The second is for kernels of 5×5; these are 3×3.",
        ),
        (
            (3 * 64 * 128, 3 * 64 + 64 * 128),
            "A kernel of 3×3 has two sides: 9 weights, not 3.",
        ),
        (
            (9 * 128, 9 * 64 + 64 * 128),
            "The second is right. In the full convolution each of the 128 filters reads all 64 "
            "channels, with a kernel for each.",
        ),
        (
            (64 * 128, 9 * 64 + 64 * 128),
            "The second is right. In the full convolution each of the 64·128 kernels has 9 "
            "weights.",
        ),
        *(
            (
                parts,
                "Those are the two parts of the second number: add them. The first number is that "
                "of the full convolution.",
            )
            for parts in ((9 * 64, 64 * 128), (64 * 128, 9 * 64))
        ),
    ],
    why="9·64·128 = 73,728 against 9·64 + 64·128 = 576 + 8,192 = 8,768: less than an eighth. Most "
    "of what is left sits in the 1×1.",
    hints=[
        "Each of the 128 filters of the full convolution has a 3×3 kernel for each of 64 channels.",
        "In two steps: 64 kernels of 3×3, one for each channel; then 128 filters of 1×1×64.",
    ],
)


# 3. The wrong row

wrong_row = chapter.prediction(
    "wrong_row",
    "Find the wrong row",
    level=2,
    minutes=10,
    expected=6,
    mistakes=[
        (1, "Row 1 is right: 9·3·16 = 432 weights, and no biases."),
        (2, "Row 2 is right: a scale and a shift for each of 16 channels."),
        (
            3,
            "Row 3 is right: two convolutions of 9·16·16 = 2,304, and two normalisations of 32. "
            "The shortcut changes nothing, so it learns nothing.",
        ),
        (
            4,
            "Row 4 is right: 9·16·32 + 9·32·32 + 2·64, and the shortcut, 16·32 + 64. A convolution "
            "with padding 1 and stride 2 makes 16 of 32.",
        ),
        (5, "Row 5 is right: two convolutions of 9·32·32 = 9,216, and two normalisations of 64."),
        (7, "Row 7 is right: a mean over each map, one number for each of 64 channels."),
        (8, "Row 8 is right: 64·10 weights and 10 biases."),
        *(
            (number, "The rows are numbered from 1 to 8. Which of them is wrong?")
            for number in (-1, 0, 9, 10)
        ),
        *(
            (
                number,
                "That is a number out of the table. Answer with the number of its row, 1 to 8.",
            )
            for number in (432, 32, 4_672, 14_528, 18_560, 55_552, 650)
        ),
        (
            57_728,
            "You have found what one row should say. Answer with the number of that row.",
        ),
        (
            2_176,
            "You have found what is missing. Answer with the number of the row that lacks it.",
        ),
    ],
    why="Row 6 must have 57,728: 9·32·64 + 9·64·64 + 2·128 = 55,552 on the main way, and "
    "32·64 + 128 = 2,176 on the shortcut. Whoever wrote the table forgot the shortcut, which row 4 "
    "counts.",
    hints=[
        "Rows 4 and 6 are of one kind, and so are rows 3 and 5. Recompute one of each kind, and "
        "see whether its partner follows the same sum.",
        "A shortcut that must change the number of channels is a convolution of 1×1 with its own "
        "normalisation.",
        "The main way of row 6: 9·32·64 + 9·64·64, and two normalisations of 64 channels. Then the "
        "shortcut.",
    ],
)


# 4. Folding a normalisation into a convolution


def _folds(rng: np.random.Generator) -> Call:
    c_out, c_in, size = (int(value) for value in rng.integers(1, 4, 3))
    positive = rng.integers(1, 9, c_out) / 2
    eps = float(rng.choice([1e-5, 0.5]))
    weight, bias = halves(rng, c_out, c_in, size, size), halves(rng, c_out)
    return case(weight, bias, halves(rng, c_out), halves(rng, c_out), halves(rng, c_out),
                positive, eps)  # fmt: skip


def _folded(weight, bias, scale, shift, mean, var, eps):
    """Fold filter by filter."""
    new_weight, new_bias = np.zeros(weight.shape), np.zeros(bias.shape)
    for k in range(len(weight)):
        factor = scale[k] / (var[k] + eps) ** 0.5
        new_weight[k] = factor * weight[k]
        new_bias[k] = factor * (bias[k] - mean[k]) + shift[k]
    return new_weight, new_bias


def _fold_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(4)

    def of(c_out: int, c_in: int, size: int, scale: Any = None, eps: float = 1e-5) -> Call:
        given = halves(rng, c_out) if scale is None else np.full(c_out, float(scale))
        return case(
            *(halves(rng, c_out, c_in, size, size), halves(rng, c_out), given),
            *(halves(rng, c_out), halves(rng, c_out), rng.integers(1, 9, c_out) / 2, eps),
        )

    return {
        "there are as many filters as channels and cells": [of(3, 3, 3)],
        "the scale is 0": [of(2, 3, 1, scale=0)],
        "the scale is negative": [of(2, 1, 3, scale=-1.5)],
        "eps is large": [of(2, 2, 2, eps=3.0)],
        "there are more than four filters": [of(7, 2, 5)],
    }


_ONE = np.ones(1)


@chapter.coding(
    "Fold it away",
    level=2,
    minutes=12,
    hand=[
        (
            case(np.full((1, 1, 1, 1), 3.0), 5 * _ONE, 4 * _ONE, 1 * _ONE, 2 * _ONE, 3 * _ONE, 1.0),
            (np.full((1, 1, 1, 1), 6.0), np.array([7.0])),
        ),
    ],
    cases=_folds,
    regions=_fold_regions(),
    oracle=_folded,
    parts=("weight", "bias"),
    hints=[
        "Write down what comes out for one filter: `(w * x + b - mean) / sqrt(var + eps) * scale + "
        "shift`. What stands before x, and what is left?",
        "`factor = scale / np.sqrt(var + eps)` has one number a filter. The new bias is "
        "`(bias - mean) * factor + shift`.",
        "The weights are (C_out, C_in, KH, KW), so the factor must lie along their first axis: "
        "`factor[:, None, None, None]`.",
    ],
)
def fold_batch_norm(weight, bias, scale, shift, mean, var, eps):
    """Return weight and bias of one convolution that does the work of both layers."""
    factor = scale / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], (bias - mean) * factor + shift


@fold_batch_norm.mistake(
    "The new bias does not subtract the mean. What comes out of the convolution, bias included, is "
    "centred first: `bias - mean`."
)
def _no_mean(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], bias * factor + shift


@fold_batch_norm.mistake(
    "The old bias is lost. The convolution adds it before the normalisation: `bias - mean`."
)
def _bias_lost(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], shift - mean * factor


@fold_batch_norm.mistake(
    "The old bias is not multiplied by the factor. It goes through the normalisation as well."
)
def _bias_unscaled(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], bias - mean * factor + shift


@fold_batch_norm.mistake(
    "The mean is not divided. It is subtracted before the division, so the factor meets it too."
)
def _mean_unscaled(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], bias * factor - mean + shift


@fold_batch_norm.mistake("The shift is missing in the new bias.")
def _no_shift(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], (bias - mean) * factor


@fold_batch_norm.mistake(
    "The shift is multiplied by the factor. It is added at the very end, as it is."
)
def _shift_scaled(weight, bias, scale, shift, mean, var, eps):
    factor = scale / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], (bias - mean + shift) * factor


@fold_batch_norm.mistake("The square root is missing: divide by `np.sqrt(var + eps)`.")
def _no_root(weight, bias, scale, shift, mean, var, eps):
    factor = scale / (var + eps)
    return weight * factor[:, None, None, None], (bias - mean) * factor + shift


@fold_batch_norm.mistake("`eps` is not used. It is added to the variance, under the root.")
def _no_eps(weight, bias, scale, shift, mean, var, eps):
    return _folded(weight, bias, scale, shift, mean, var, 0)


@fold_batch_norm.mistake(
    "`eps` is added behind the root. It belongs to the variance: `np.sqrt(var + eps)`."
)
def _eps_outside(weight, bias, scale, shift, mean, var, eps):
    factor = scale / (np.sqrt(var) + eps)
    return weight * factor[:, None, None, None], (bias - mean) * factor + shift


@fold_batch_norm.mistake("The scale is not used: the factor is `scale / np.sqrt(var + eps)`.")
def _no_scale(weight, bias, scale, shift, mean, var, eps):
    return _folded(weight, bias, np.ones(scale.shape), shift, mean, var, eps)


@fold_batch_norm.mistake(
    "The weights come back as they were. Each filter is multiplied by its factor."
)
def _weights_stay(weight, bias, scale, shift, mean, var, eps):
    return weight.copy(), _folded(weight, bias, scale, shift, mean, var, eps)[1]


@fold_batch_norm.mistake(
    "The factor runs along the last axis of the weights, over the columns of a kernel. It belongs "
    "to the filters, the first axis: `factor[:, None, None, None]`."
)
def _wrong_axis(weight, bias, scale, shift, mean, var, eps):
    return weight * (scale / np.sqrt(var + eps)), _folded(
        weight, bias, scale, shift, mean, var, eps
    )[1]


# 5. Batch normalisation, backward


def _maps(rng: np.random.Generator) -> Call:
    shape = tuple(int(value) for value in rng.integers((2, 1, 1, 1), (4, 4, 4, 4)))
    x, dout = halves(rng, *shape), halves(rng, *shape)
    return case(dout, x, halves(rng, shape[1]), float(rng.choice([1e-3, 0.5])))


def _by_jacobian(dout, x, weight, eps):
    """Write out, channel by channel, how each value that comes out answers to each that goes in."""
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(weight.shape)
    for c in range(x.shape[1]):
        values, slopes = x[:, c].ravel(), dout[:, c].ravel()
        m = len(values)
        normal = (values - values.mean()) / np.sqrt(values.var() + eps)
        jacobian = np.eye(m) - 1 / m - np.outer(normal, normal) / m
        jacobian = jacobian * weight[c] / np.sqrt(values.var() + eps)
        dx[:, c] = (jacobian.T @ slopes).reshape(dx[:, c].shape)
        dweight[c], dbias[c] = slopes @ normal, slopes.sum()
    return dx, dweight, dbias


def _bn_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(5)

    def of(*shape: int, eps: float = 1e-3, offset: float = 0) -> Call:
        x = halves(rng, *shape) + offset
        return case(halves(rng, *shape), x, halves(rng, shape[1]), eps)

    flat = case(np.array([1.0, 2, 4, 8]).reshape(4, 1, 1, 1), np.ones((4, 1, 1, 1)), _ONE, 0.25)
    return {
        "a map has one pixel": [of(4, 2, 1, 1)],
        "there is one image": [of(1, 2, 3, 3)],
        "there are as many images as channels, rows and columns": [of(3, 3, 3, 3)],
        "a channel does not vary": [flat],
        "the values lie far from 0": [of(2, 2, 3, 2, offset=100)],
        "there are more than three of everything": [of(5, 4, 6, 7)],
        "eps is large": [of(2, 3, 2, 2, eps=4.0)],
    }


_EIGHT = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
_LAST = np.array([0.0, 0, 0, 0, 0, 0, 0, 8])


@chapter.coding(
    "Batch normalisation, backward",
    level=3,
    minutes=20,
    hand=[
        (
            case(_LAST.reshape(2, 1, 2, 2), _EIGHT.reshape(2, 1, 2, 2), _ONE, 0.0),
            (
                np.array([1.0, 0, 0, 0, -0.5, -0.5, -1.5, 1.5]).reshape(2, 1, 2, 2),
                np.array([16.0]),
                np.array([8.0]),
            ),
        ),
    ],
    cases=_maps,
    regions=_bn_regions(),
    oracle=_by_jacobian,
    parts=("dx", "dweight", "dbias"),
    hints=[
        "Begin with what needs no calculus of the mean: `dbias` adds up `dout` over images, rows "
        "and columns, and `dweight` adds up `dout * normal`.",
        "A mean over images, rows and columns, with the axes kept for broadcasting: "
        "`x.mean(axis=(0, 2, 3), keepdims=True)`.",
        "`dx` is `weight / sqrt(var + eps)` times `dout - mean of dout - normal * mean of "
        "(dout * normal)`, each mean over one channel.",
    ],
)
def batch_norm_backward(dout, x, weight, eps):
    """Return dx, dweight and dbias, new arrays, of a batch normalisation in training."""

    def mean(values):
        return values.mean(axis=(0, 2, 3), keepdims=True)

    deviation = np.sqrt(mean((x - mean(x)) ** 2) + eps)
    normal = (x - mean(x)) / deviation
    slopes = dout - mean(dout) - normal * mean(dout * normal)
    dx = weight[:, None, None] / deviation * slopes
    return dx, (dout * normal).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def _with(statistics: tuple[int, ...] = (0, 2, 3), **changed: Any) -> Any:
    """Return a backward function in which one step is done otherwise."""

    def mean(values):
        return values.mean(axis=statistics, keepdims=True)

    def backward(dout, x, weight, eps):
        eps = changed.get("eps", lambda eps: eps)(eps)
        var = changed.get("var", lambda v: mean((v - mean(v)) ** 2))(x)
        deviation = changed.get("root", lambda var, eps: np.sqrt(var + eps))(var, eps)
        normal = (x - mean(x)) / deviation
        slopes = dout.copy()
        if changed.get("through_mean", True):
            slopes = slopes - changed.get("mean_sign", 1) * changed.get("average", mean)(dout)
        if changed.get("through_deviation", True):
            along = changed.get("along", lambda x, normal: normal)(x, normal)
            part = changed.get("times", along) * changed.get("average", mean)(dout * along)
            slopes = slopes - changed.get("deviation_sign", 1) * part
        scale = changed.get("scale", lambda weight: weight)(weight)[:, None, None]
        dx = scale / changed.get("divide", lambda d: d)(deviation) * slopes
        dweight = (dout * changed.get("seen", lambda x, normal: normal)(x, normal)).sum((0, 2, 3))
        return dx, dweight, dout.sum(axis=(0, 2, 3))

    return backward


def _add_up(values):
    return values.sum(axis=(0, 2, 3), keepdims=True)


def _unbiased(values):
    count = values.size // values.shape[1]
    return values.var(axis=(0, 2, 3), keepdims=True) * count / max(1, count - 1)


for _diagnosis, _backward in (
    (
        "`dx` treats mean and deviation as constants. Each value moves the mean and the deviation "
        "of its channel, and through them all the others: two parts must be taken off.",
        _with(through_mean=False, through_deviation=False),
    ),
    (
        "The way through the mean is missing in `dx`: take off the mean of `dout`.",
        _with(through_mean=False),
    ),
    (
        "The way through the deviation is missing in `dx`: take off `normal` times the mean of "
        "`dout * normal`.",
        _with(through_deviation=False),
    ),
    (
        "`dx` takes off sums where it should take off means: divide them by the number of values "
        "in a channel, N·H·W.",
        _with(average=_add_up),
    ),
    (
        "The learned scale is missing in `dx`: it is multiplied by `weight`.",
        _with(scale=np.ones_like),
    ),
    (
        "`dx` is multiplied by `weight` twice. The scale stands in the forward pass once.",
        _with(scale=np.square),
    ),
    (
        "The mean of `dout` has the wrong sign in `dx`: it is taken off.",
        _with(mean_sign=-1),
    ),
    (
        "The part that goes through the deviation has the wrong sign in `dx`: take off `normal` "
        "times the mean of `dout * normal`.",
        _with(deviation_sign=-1),
    ),
    (
        "The mean of `dout * normal` is taken off as it is. It belongs to each value in proportion "
        "to its own `normal`: take off `normal` times that mean.",
        _with(times=1.0),
    ),
    (
        "The part through the deviation is computed with the values that came in. It is made of "
        "the normalised ones: `normal` times the mean of `dout * normal`.",
        _with(along=lambda x, normal: x),
    ),
    (
        "The part through the deviation is computed with the centred values. They must also be "
        "divided by the deviation: `normal` times the mean of `dout * normal`.",
        _with(along=lambda x, normal: x - x.mean(axis=(0, 2, 3), keepdims=True)),
    ),
    (
        "The square root is missing: `normal` is divided by the variance. Divide by "
        "`np.sqrt(var + eps)`.",
        _with(root=lambda var, eps: var + eps),
    ),
    (
        "`eps` is added behind the root. It belongs to the variance: `np.sqrt(var + eps)`.",
        _with(root=lambda var, eps: np.sqrt(var) + eps),
    ),
    (
        "One mean and one deviation serve all channels. Each channel has its own: "
        "`axis=(0, 2, 3)`.",
        _with(statistics=(0, 1, 2, 3)),
    ),
    (
        "`dx` takes off sums that are divided by the number of images. In maps a channel has "
        "N·H·W values: take the mean over images, rows and columns.",
        _with(average=lambda values: _add_up(values) / len(values)),
    ),
    (
        "`dx` is not divided by the deviation.",
        _with(divide=lambda deviation: 1.0),
    ),
    (
        "`dx` is divided by the variance. Divide by its root, the deviation.",
        _with(divide=lambda deviation: deviation**2),
    ),
    (
        "Mean and deviation are taken over the images alone. In maps each channel has one of each: "
        "over images, rows and columns, `axis=(0, 2, 3)`.",
        _with(statistics=(0,)),
    ),
    (
        "Mean and deviation are taken over each image by itself. A channel's are those of the "
        "whole batch: `axis=(0, 2, 3)`.",
        _with(statistics=(2, 3)),
    ),
    ("`eps` is not used. It is added to the variance, under the root.", _with(eps=lambda eps: 0.0)),
    (
        "The variance is divided by one less than the number of values. The forward pass divides "
        "by the number itself.",
        _with(var=_unbiased),
    ),
    (
        "`dweight` meets the values that came in. The scale is multiplied with the normalised "
        "ones: add up `dout * normal`.",
        _with(seen=lambda x, normal: x),
    ),
    (
        "`dweight` meets the centred values. They must also be divided by the deviation.",
        _with(seen=lambda x, normal: x - x.mean(axis=(0, 2, 3), keepdims=True)),
    ),
):
    batch_norm_backward.mistake(_diagnosis)(_backward)


@batch_norm_backward.mistake(
    "`dweight` and `dbias` are means. The scale and the shift meet every value: add up."
)
def _mean_gradients(dout, x, weight, eps):
    dx, dweight, dbias = _by_jacobian(dout, x, weight, eps)
    count = x.size // x.shape[1]
    return dx, dweight / count, dbias / count


def _other_sums(dweight: Any = None, dbias: Any = None) -> Any:
    """Return a backward function whose `dx` is right, and one of the sums is not."""

    def backward(dout, x, weight, eps):
        dx, right_dweight, right_dbias = _by_jacobian(dout, x, weight, eps)
        values = {"dout": dout, "dx": dx, "dweight": right_dweight, "weight": weight}
        return (
            dx,
            right_dweight if dweight is None else dweight(values),
            right_dbias if dbias is None else dbias(values),
        )

    return backward


for _diagnosis, _backward in (
    (
        "`dweight` is multiplied by `weight`. The scale meets the normalised values in the forward "
        "pass, so its gradient adds up `dout * normal` and nothing else.",
        _other_sums(dweight=lambda v: v["dweight"] * v["weight"]),
    ),
    (
        "`dbias` is multiplied by `weight`. The shift is added after the scale, so its gradient "
        "adds up `dout` alone.",
        _other_sums(dbias=lambda v: v["dout"].sum(axis=(0, 2, 3)) * v["weight"]),
    ),
    (
        "`dweight` adds up `dout` alone: that is `dbias`. The scale is multiplied with the "
        "normalised values: add up `dout * normal`.",
        _other_sums(dweight=lambda v: v["dout"].sum(axis=(0, 2, 3))),
    ),
    (
        "`dbias` adds up `dx`. It adds up `dout`, the gradient that comes back to the layer.",
        _other_sums(dbias=lambda v: v["dx"].sum(axis=(0, 2, 3))),
    ),
    (
        "`dweight` and `dbias` keep the axes of the maps. Each has one number a channel: leave out "
        "`keepdims=True` in these two sums.",
        _other_sums(
            dweight=lambda v: v["dweight"][None, :, None, None],
            dbias=lambda v: v["dout"].sum(axis=(0, 2, 3), keepdims=True),
        ),
    ),
    (
        "`dweight` and `dbias` add up over all channels. Each channel has a scale and a shift of "
        "its own: add up with `axis=(0, 2, 3)`.",
        _other_sums(dweight=lambda v: v["dweight"].sum(), dbias=lambda v: v["dout"].sum()),
    ),
):
    batch_norm_backward.mistake(_diagnosis)(_backward)


@batch_norm_backward.mistake(
    "The three come in another order. Return `dx` first, then `dweight`, then `dbias`."
)
def _dx_last(dout, x, weight, eps):
    dx, dweight, dbias = _by_jacobian(dout, x, weight, eps)
    return dweight, dbias, dx


@batch_norm_backward.mistake(
    "These are the lines for a single channel. Here each channel has its own mean, deviation and "
    "sums, `axis=(0, 2, 3)`, and there are `weight` and `eps`."
)
def _as_one_channel(dout, x, weight, eps):
    normal = (x - x.mean()) / max(x.std(), 1e-300)
    dx = (dout - dout.mean() - normal * (dout * normal).mean()) / max(x.std(), 1e-300)
    return dx, (dout * normal).sum(), dout.sum()


@batch_norm_backward.mistake(
    "`weight` has one number a channel, and here it runs along the columns of the maps. Give it "
    "two more axes: `weight[:, None, None]`."
)
def _scale_along_columns(dout, x, weight, eps):
    dx, dweight, dbias = _by_jacobian(dout, x, np.ones_like(weight), eps)
    return weight * dx, dweight, dbias


@batch_norm_backward.mistake("`dweight` and `dbias` are exchanged.")
def _exchanged(dout, x, weight, eps):
    dx, dweight, dbias = _by_jacobian(dout, x, weight, eps)
    return dx, dbias, dweight


# 6. A residual block, backward


def _blocks(rng: np.random.Generator) -> Call:
    n, c, mid, h, w = (int(value) for value in rng.integers(1, 4, 5))
    x, dout = halves(rng, n, c, h, w), halves(rng, n, c, h, w)
    return case(dout, x, halves(rng, mid, c, 3, 3), halves(rng, c, mid, 3, 3))


def _residual(dout, x, weight1, weight2):
    """Go back with the loops of the reference."""
    before = reference.conv2d(x, weight1, padding=1)
    after = np.maximum(before, 0)
    dafter, dweight2, _ = reference.conv2d_backward(dout, after, weight2, padding=1)
    dx, dweight1, _ = reference.conv2d_backward(dafter * (before > 0), x, weight1, padding=1)
    return dx + dout, dweight1, dweight2


def _block_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(6)

    def of(n: int, c: int, mid: int, h: int, w: int, scale: float = 1) -> Call:
        shape = n, c, h, w
        first, second = scale * halves(rng, mid, c, 3, 3), halves(rng, c, mid, 3, 3)
        return case(halves(rng, *shape), halves(rng, *shape), first, second)

    dead = case(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)), -np.ones((1, 1, 3, 3)),
                np.ones((1, 1, 3, 3)))  # fmt: skip
    return {
        "every ReLU is shut": [dead],
        "the first weights are 0": [of(1, 2, 2, 2, 3, scale=0)],
        "there are as many channels in the middle as outside": [of(2, 3, 3, 3, 3)],
        "a map has one pixel": [of(2, 1, 2, 1, 1)],
        "there are more than three of everything": [of(4, 4, 5, 5, 6)],
    }


def _center(value: float) -> np.ndarray:
    """Return a kernel of 3×3 with one number in its middle."""
    kernel = np.zeros((1, 1, 3, 3))
    kernel[0, 0, 1, 1] = value
    return kernel


@chapter.coding(
    "A residual block, backward",
    level=3,
    minutes=15,
    hand=[
        (
            case(5 * np.ones((1, 1, 1, 1)), 2 * np.ones((1, 1, 1, 1)), _center(3), _center(4)),
            (65 * np.ones((1, 1, 1, 1)), _center(40), _center(30)),
        ),
    ],
    cases=_blocks,
    regions=_block_regions(),
    oracle=_residual,
    parts=("dx", "dweight1", "dweight2"),
    hints=[
        "Go forward once more and keep what you need: `before = F.conv2d(x, weight1, padding=1)` "
        "and `after = F.relu(before)`.",
        "Then back on the main way: `F.conv2d_backward`, `F.relu_backward`, `F.conv2d_backward`. "
        "Each convolution returns three gradients, and the third belongs to a bias.",
        "The plus sign sends `dout` down both ways. What both ways make of it is added: "
        "`dx + dout`.",
    ],
)
def residual_backward(dout, x, weight1, weight2):
    """Return dx, dweight1 and dweight2 of y = x + conv(relu(conv(x, weight1)), weight2)."""
    before = F.conv2d(x, weight1, padding=1)
    after = F.relu(before)
    dafter, dweight2, _ = F.conv2d_backward(dout, after, weight2, padding=1)
    dbefore = F.relu_backward(dafter, before)
    dx, dweight1, _ = F.conv2d_backward(dbefore, x, weight1, padding=1)
    return dx + dout, dweight1, dweight2


def _changed(change: Any) -> Any:
    """Return a backward function that answers something else than the right one."""

    def backward(dout, x, weight1, weight2):
        return change(dout, x, *_residual(dout, x, weight1, weight2))

    return backward


for _diagnosis, _backward in (
    (
        "The shortcut is missing: `dx` is that of a plain block. The plus sign sends `dout` along "
        "the shortcut as well, so add it.",
        _changed(lambda dout, x, dx, d1, d2: (dx - dout, d1, d2)),
    ),
    (
        "`dx` is `dout` alone. What comes back along the main way must be added to it.",
        _changed(lambda dout, x, dx, d1, d2: (dout.copy(), d1, d2)),
    ),
    (
        "The slope of the shortcut is 1, and it is multiplied by `dout`. You added 1: add `dout`.",
        _changed(lambda dout, x, dx, d1, d2: (dx - dout + 1, d1, d2)),
    ),
    (
        "The gradient is shared out between the two ways, half to each. A plus sign hands all of "
        "it to both.",
        _changed(lambda dout, x, dx, d1, d2: ((dx - dout) / 2 + dout / 2, d1 / 2, d2 / 2)),
    ),
    (
        "The two gradients are multiplied. Where two ways meet, their gradients are added.",
        _changed(lambda dout, x, dx, d1, d2: ((dx - dout) * dout, d1, d2)),
    ),
    (
        "You added `x` to `dx`, as the forward pass does. Going back it is `dout` that takes the "
        "shortcut.",
        _changed(lambda dout, x, dx, d1, d2: (dx - dout + x, d1, d2)),
    ),
    (
        "`dout` is added twice to `dx`. The shortcut hands it back once.",
        _changed(lambda dout, x, dx, d1, d2: (dx + dout, d1, d2)),
    ),
    (
        "`dweight1` and `dweight2` are exchanged.",
        _changed(lambda dout, x, dx, d1, d2: (dx, d2, d1)),
    ),
):
    residual_backward.mistake(_diagnosis)(_backward)


@residual_backward.mistake(
    "ReLU is skipped on the way back. Where its input was negative, no gradient passes: "
    "`F.relu_backward(dafter, before)`."
)
def _relu_open(dout, x, weight1, weight2):
    after = F.relu(F.conv2d(x, weight1, padding=1))
    dafter, dweight2, _ = F.conv2d_backward(dout, after, weight2, padding=1)
    dx, dweight1, _ = F.conv2d_backward(dafter, x, weight1, padding=1)
    return dx + dout, dweight1, dweight2


@residual_backward.mistake(
    "ReLU's backward looks at the gradient here. It asks whether its input was positive: "
    "`F.relu_backward(dafter, before)`."
)
def _relu_of_gradient(dout, x, weight1, weight2):
    after = F.relu(F.conv2d(x, weight1, padding=1))
    dafter, dweight2, _ = F.conv2d_backward(dout, after, weight2, padding=1)
    dx, dweight1, _ = F.conv2d_backward(F.relu(dafter), x, weight1, padding=1)
    return dx + dout, dweight1, dweight2


@residual_backward.mistake(
    "`dweight2` is computed as if the second convolution had read what the first put out before "
    "ReLU. It read `after`."
)
def _second_reads_before(dout, x, weight1, weight2):
    dx, dweight1, _ = _residual(dout, x, weight1, weight2)
    before = F.conv2d(x, weight1, padding=1)
    return dx, dweight1, F.conv2d_backward(dout, before, weight2, padding=1)[1]


# 7. A net under a budget

small_net = chapter.project(
    "small_net",
    "Fewer numbers, fewer mistakes",
    level=3,
    minutes=30,
    judge=small_net_judge.judge,
    solution=small_net_judge.small_net,
    praise="Your network has fewer numbers than the one of notebook 09 and makes fewer mistakes "
    "with the same training, on the mean of three seeds. Which of your ideas did it? Take them "
    "away one by one.",
    hints=[
        "Where do the 80,202 numbers of the network of 09 sit? Print its `summary`. More than four "
        "fifths are in one dense layer, which a third convolution or a global average makes "
        "smaller.",
        "The training is short. What in this notebook makes training faster, whatever the network? "
        "Put it behind each convolution.",
        "Conv2d, BatchNorm2d, ReLU, MaxPool2d, twice with 5×5 kernels and depths of 16 and 32; "
        "then once with 3×3 and 64. A single Linear behind Flatten is enough.",
    ],
)


def _no_bottleneck(rng):
    return Sequential(
        *(Conv2d(1, 16, 5, rng=rng), BatchNorm2d(16), ReLU(), MaxPool2d(2)),
        *(Conv2d(16, 32, 5, rng=rng), BatchNorm2d(32), ReLU(), MaxPool2d(2)),
        *(Flatten(), Linear(512, 128, rng=rng), ReLU(), Linear(128, 10, rng=rng)),
    )


def _too_slow(rng):
    return Sequential(
        *(Conv2d(1, 48, 5, padding=2, rng=rng), ReLU()),
        *(Conv2d(48, 24, 5, padding=2, rng=rng), ReLU()),
        *(GlobalAvgPool2d(), Flatten(), Linear(24, 10, rng=rng)),
    )


def _linear(rng):
    return Sequential(Flatten(), Linear(784, 10, rng=rng))


def _nine_classes(rng):
    return Sequential(Flatten(), Linear(784, 9, rng=rng))


for _diagnosis, _build in (
    ("numbers, and fewer than 50,000 are allowed. The most,", _no_bottleneck),
    ("multiply-adds for a digit, and 3,000,000 are allowed", _too_slow),
    ("It is a weaker network:", _linear),
    ("Expected 10 scores, the shape (10,), got (9,).", _nine_classes),
    ("Expected a `Sequential`, got a list of 2.", lambda rng: list(_linear(rng))),
):
    small_net.mistake(_diagnosis)(_build)


# The quiz

quiz = Quiz(
    "ex.quiz",
    (
        "A plain network of 44 layers has a higher loss than one of 8, on the very digits that it "
        "learned from. What is that?",
        wrong(
            "Overfitting: it has more numbers than it needs",
            "An overfitted network does well on what it learned from, and badly on new digits. "
            "Here it does badly on what it learned from.",
        ),
        right(
            "Degradation: the deeper net could do what the shallow one does, and training does not "
            "find it",
            "Its extra layers could leave their input as it is. That they do not is a failure of "
            "training.",
        ),
        wrong(
            "A lack of capacity",
            "It has nearly seven times as many numbers as the net of 8 layers.",
        ),
        wrong(
            "Vanishing gradients",
            "That is the usual guess. With batch normalisation in place, the gradients of the "
            "first layers were measured in this notebook: they are large, not small.",
        ),
    ),
    (
        "What does the plus sign of a residual block do to the gradient on its way back?",
        right(
            "It hands all of it to both ways, and what both make of it is added",
            "The slope of a sum is 1 along each way. So the shortcut carries it back unchanged.",
        ),
        wrong(
            "It gives half of it to each way",
            "An average would do that. A sum moves by as much as each of its parts moves.",
        ),
        wrong(
            "It sends it along the shortcut only, so that the main way is spared",
            "Then the main way would never learn.",
        ),
        wrong(
            "It multiplies the gradients of the two ways",
            "Gradients are multiplied along one way, and added where ways meet.",
        ),
    ),
    (
        "A network with batch normalisation names a digit rightly when it stands in a batch of 64, "
        "and wrongly when it comes alone. What was forgotten?",
        wrong(
            "To shuffle the batch",
            "A network in use does not ask who else is there. Shuffled or not, it should give one "
            "answer.",
        ),
        wrong(
            "To train it longer",
            "Its weights are the same both times. What differs is where mean and variance come "
            "from.",
        ),
        right(
            "`eval()`: it still takes mean and variance from the batch",
            "In use, the running averages take their place, and a digit's answer no longer depends "
            "on its neighbours.",
        ),
        wrong(
            "To divide the pixels by 255",
            "That would spoil both answers alike.",
        ),
    ),
    (
        "Why does the 1×1 convolution before the 5×5 of an inception block save so much?",
        wrong(
            "It makes the map smaller",
            "Height and width stay. It is the number of channels that falls.",
        ),
        right(
            "The 5×5 then reads 16 channels in place of 192",
            "25 weights for each channel it reads and each filter: with a twelfth of the channels, "
            "a twelfth of the cost. The 1×1 itself is cheap.",
        ),
        wrong(
            "A 1×1 kernel has no weights",
            "It has one for each pair of channels: 192·16 here.",
        ),
        wrong(
            "It replaces the 5×5",
            "The 5×5 is still there. It reads less.",
        ),
    ),
    (
        "One ResNet-50 is right on 76.1% of ImageNet's validation photographs, another one on "
        "80.9%. What can be said of the two networks?",
        wrong(
            "The second is deeper",
            "Both have 50 layers and 25,557,032 learned numbers.",
        ),
        wrong(
            "The second has found the better architecture",
            "It is the same architecture, layer by layer.",
        ),
        right(
            "They may be the same network, trained with two recipes",
            "So they are. A comparison of architectures is fair only if both were trained alike.",
        ),
        wrong(
            "One of the numbers must be wrong",
            "Both are published with their weights, and can be measured again.",
        ),
    ),
    (
        "A person is said to make 5.1% mistakes on ImageNet, with five guesses. What is that "
        "number?",
        wrong(
            "The mean of many people",
            "Two people were tested at length. The other one made 12.0%.",
        ),
        wrong(
            "What a person reaches at first sight",
            "About a minute for each photograph, after practice on 500, with the list of classes "
            "at hand.",
        ),
        right(
            "One practised person's result on 1,500 photographs",
            "The authors call it an estimate. On the same photographs, GoogLeNet made 6.8%.",
        ),
        wrong(
            "A bound that no person can beat",
            "With more practice it may well fall. Of the two people, the one who had practised "
            "more made fewer mistakes.",
        ),
    ),
)
