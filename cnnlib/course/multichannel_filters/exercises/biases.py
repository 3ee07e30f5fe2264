"""The bias of two layers in one."""

from typing import Any

import numpy as np

from cnnlib import reference
from cnnlib.course.judge.numbers import halves
from cnnlib.course.judge.run import Call, case
from cnnlib.course.multichannel_filters.exercises.shared import chapter, sides


def _bias_cases(rng: np.random.Generator) -> Call:
    mid, out, kh, kw = sides(rng, 3, 3, 3, 3)
    return case(halves(rng, mid), halves(rng, out, mid, kh, kw), halves(rng, out))


def _biases(mid: int, out: int, kh: int, kw: int) -> tuple[Any, Any, Any]:
    """Return two biases and the weights between them, all numbers different."""
    weight = np.arange(1.0, out * mid * kh * kw + 1).reshape(out, mid, kh, kw) / 2 - 1.25
    return np.arange(mid) * 1.5 - 0.5, weight, np.arange(out) * -2.0 + 3


_SQUARE = _biases(3, 3, 2, 2)
_REGIONS = {
    "there is one middle channel": [case(*_biases(1, 3, 2, 2))],
    "there is one filter": [case(*_biases(3, 1, 2, 2))],
    "filters and middle channels are as many": [case(*_SQUARE), case(*_biases(2, 2, 1, 3))],
    "there are more filters than middle channels": [case(*_biases(2, 5, 1, 2))],
    "the kernels are 1×1": [case(*_biases(3, 2, 1, 1)), case(*_biases(1, 1, 1, 1))],
    "the kernels are not square": [case(*_biases(2, 2, 3, 1)), case(*_biases(2, 3, 1, 4))],
    "the first bias is 0": [case(np.zeros(3), *_SQUARE[1:])],
    "the second bias is 0": [case(*_SQUARE[:2], np.zeros(3))],
    "the weights are 0": [case(_SQUARE[0], np.zeros((3, 3, 2, 2)), _SQUARE[2])],
    "other biases had the same shape": [case(-_SQUARE[0], _SQUARE[1], _SQUARE[2] + 1)],
}


def _combined_bias(first_bias: Any, second_weight: Any, second_bias: Any) -> Any:
    """Give the second layer what the first one puts out for a black image: its biases."""
    maps = np.broadcast_to(first_bias[:, None, None], second_weight.shape[1:])
    return reference.conv2d(maps[None], second_weight, second_bias)[0, :, 0, 0]


@chapter.coding(
    "The bias of two layers in one",
    level=2,
    minutes=8,
    hand=[
        (
            case(np.array([2.0]), np.array([[[[1.0, 0.0], [3.0, -1.0]]]]), np.array([5.0])),
            np.array([11.0]),
        )
    ],
    regions=_REGIONS,
    cases=_bias_cases,
    oracle=_combined_bias,
    hints=[
        "Give the two layers a black image, all zeros. What does the first layer put out then, "
        "and what does the second layer make of it?",
        "Middle map `mid` is then `first_bias[mid]` in every cell. The kernel "
        "`second_weight[out, mid]` multiplies that number by each of its weights and adds up.",
        "So the channel `mid` adds `first_bias[mid]` times the sum of the weights in "
        "`second_weight[out, mid]`. Add this up over `mid`, and do not forget `second_bias[out]`.",
    ],
)
def combined_bias(first_bias, second_weight, second_bias):
    """Return the biases of the one layer that does what two layers do."""
    result = second_bias.copy()
    for out in range(second_weight.shape[0]):
        for mid in range(second_weight.shape[1]):
            result[out] += first_bias[mid] * second_weight[out, mid].sum()
    return result


@combined_bias.mistake(
    "The biases of the second layer are missing. They are added at the end, as they are."
)
def _no_second_bias(first_bias, second_weight, second_bias):
    return second_weight.sum(axis=(2, 3)) @ first_bias


@combined_bias.mistake(
    "The biases of the first layer are added up as they are. On their way through the second "
    "layer they are multiplied by its weights."
)
def _first_unweighted(first_bias, second_weight, second_bias):
    return second_bias + first_bias.sum()


@combined_bias.mistake(
    "Bias is added to bias, place by place. But each output channel sees all middle channels, "
    "through the weights of its filter."
)
def _plain_sum(first_bias, second_weight, second_bias):
    return first_bias + second_bias


@combined_bias.mistake(
    "The biases of the first layer are missing. Every middle number is larger by such a bias, and "
    "the second layer passes that on."
)
def _second_only(first_bias, second_weight, second_bias):
    return second_bias.copy()


@combined_bias.mistake(
    "The bias of a middle channel meets the mean of its kernel. It meets every weight of it, and "
    "the products are added: the sum."
)
def _mean_of_kernel(first_bias, second_weight, second_bias):
    return second_weight.mean(axis=(2, 3)) @ first_bias + second_bias


@combined_bias.mistake(
    "Only the upper left weight of each kernel is used. The bias lies under all of them, so take "
    "the sum of the kernel."
)
def _one_weight(first_bias, second_weight, second_bias):
    return second_weight[:, :, 0, 0] @ first_bias + second_bias


@combined_bias.mistake(
    "All weights of a filter meet the sum of all biases. Each middle channel has its own bias, "
    "which meets its own kernel only: `first_bias[mid] * second_weight[out, mid].sum()`."
)
def _all_with_all(first_bias, second_weight, second_bias):
    return second_weight.sum(axis=(1, 2, 3)) * first_bias.sum() + second_bias


@combined_bias.mistake(
    "The bias of the second layer is added once for each middle channel. It comes once for each "
    "filter."
)
def _second_bias_again(first_bias, second_weight, second_bias):
    return second_weight.sum(axis=(2, 3)) @ first_bias + len(first_bias) * second_bias


@combined_bias.mistake(
    "Only the last middle channel is left, without the bias of the second layer. Is there `=` "
    "where `+=` belongs?"
)
def _last_channel(first_bias, second_weight, second_bias):
    return second_weight[:, -1].sum(axis=(1, 2)) * first_bias[-1]


@combined_bias.mistake(
    "Only the last middle channel is left, plus the bias of the second layer. Is there `=` where "
    "`+=` belongs, or is the sum set back inside the loop over `mid`?"
)
def _last_channel_and_bias(first_bias, second_weight, second_bias):
    return second_weight[:, -1].sum(axis=(1, 2)) * first_bias[-1] + second_bias


@combined_bias.mistake(
    "The bias of the first layer is chosen by the number of the output channel. Kernel "
    "`second_weight[out, mid]` lies on middle map `mid`, so it meets `first_bias[mid]`."
)
def _bias_of_out(first_bias, second_weight, second_bias):
    result = second_bias.copy()
    for out, mid in np.ndindex(second_weight.shape[:2]):
        result[out] += first_bias[out] * second_weight[out, mid].sum()
    return result


@combined_bias.mistake(
    "The matrix product is the wrong way round. Each row of sums belongs to an output channel and "
    "meets all of `first_bias`: `second_weight.sum(axis=(2, 3)) @ first_bias`."
)
def _product_reversed(first_bias, second_weight, second_bias):
    return first_bias @ second_weight.sum(axis=(2, 3)) + second_bias
