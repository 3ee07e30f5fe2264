"""What the exercises of notebook 04 say to wrong answers that are written in other ways."""

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.course.multichannel_filters import exercises as ex


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


def count_set_back_inside(channels, stack):
    for filters, kh, kw in stack:
        total = 0
        total += filters * (kh * kw * channels + 1)
        channels = filters
    return total


def bias_set_back_inside(first_bias, second_weight, second_bias):
    result = second_bias.copy()
    for out in range(len(result)):
        for mid in range(len(first_bias)):
            total = 0
            total += first_bias[mid] * second_weight[out, mid].sum()
        result[out] += total
    return result


def sum_set_back_inside(x, weight, bias=None, stride=1, padding=0):
    for channel in range(x.shape[1]):
        y = 0
        y += F.conv2d(x[:, channel, None], weight[:, channel, None], bias, stride, padding)
    return y


def none_asked_for_and_used(x, weight, bias=None, stride=1, padding=0):
    y = F.conv2d(x, weight, None, stride, padding)
    if bias is not None:
        y = y * 1
    return y + bias[:, None, None]


def turned_and_in_the_corner(x, weight, bias=None, stride=1, padding=0):
    padded = np.pad(x, ((0, 0), (0, 0), (0, padding), (0, padding)))
    return F.conv2d(padded, weight[..., ::-1, ::-1], bias, stride)


def no_bias_and_no_stride(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, padding=padding)


def padding_in_front_and_no_stride(x, weight, bias=None, stride=1, padding=0):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, 0), (padding, 0)))
    return F.conv2d(padded, weight, bias)


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (ex.parameter_count, count_set_back_inside, "or is the sum set back inside the loop?"),
        (ex.combined_bias, bias_set_back_inside, "set back inside the loop over `mid`?"),
        (ex.conv2d, sum_set_back_inside, "set back inside the loop over the channels?"),
        (ex.conv2d, none_asked_for_and_used, "something is still computed with it"),
        (ex.conv2d, turned_and_in_the_corner, "half a turn, and the padding is put below and"),
        (ex.conv2d, no_bias_and_no_stride, "the bias is missing, and the stride is not used"),
        (ex.conv2d, padding_in_front_and_no_stride, "to the left only, and the stride is not used"),
    ],
)
def test_a_variant_of_a_mistake_is_named(exercise, answer, words):
    verdict = exercise.check(answer)
    assert verdict.status == "wrong"
    assert words in verdict.diagnosis
