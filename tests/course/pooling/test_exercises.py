"""Wrong answers to the exercises of notebook 05, written otherwise than the planted ones."""

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.course.pooling import exercises as ex


def max_with_one_best(x, kernel_size, stride):
    y = np.zeros_like(F.max_pool2d(x, kernel_size, stride))
    best = -np.inf  # never set back
    for n, c, i, j in np.ndindex(y.shape):
        for a, b in np.ndindex(kernel_size, kernel_size):
            best = max(best, x[n, c, i * stride + a, j * stride + b])
        y[n, c, i, j] = best
    return y


def windows_of_the_stride(x, kernel_size, stride):
    y = np.zeros_like(F.max_pool2d(x, kernel_size, stride))
    for i, j in np.ndindex(y.shape[2:]):
        window = x[:, :, i * stride : (i + 1) * stride, j * stride : (j + 1) * stride]
        y[:, :, i, j] = window.max(axis=(2, 3))
    return y


def winners_as_floats(image, kernel_size, stride):
    rows, columns = ex.winners.model_answer(image, kernel_size, stride)
    return rows * 1.0, columns * 1.0


def pool_of_a_single_map(x, kernel_size, stride):
    h, w = x.shape
    y = np.zeros(((h - kernel_size) // stride + 1, (w - kernel_size) // stride + 1))
    for i, j in np.ndindex(y.shape):
        top, left = i * stride, j * stride
        y[i, j] = x[top : top + kernel_size, left : left + kernel_size].max()
    return y


def winners_by_the_number_in_the_window(image, kernel_size, stride):
    rows = np.zeros(F.max_pool2d(image[None, None], kernel_size, stride).shape[2:], int)
    for i, j in np.ndindex(rows.shape):
        top, left = i * stride, j * stride
        rows[i, j] = image[top : top + kernel_size, left : left + kernel_size].argmax()
    return rows, rows


def mean_with_the_sum_set_back(x, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    y = np.zeros_like(F.avg_pool2d(x, kernel_size, stride))
    for n, c, i, j in np.ndindex(y.shape):
        for a, b in np.ndindex(kernel_size, kernel_size):
            total = 0
            total += x[n, c, i * stride + a, j * stride + b]
        y[n, c, i, j] = total / kernel_size**2
    return y


def stride_asked_for_and_not_kept(x, kernel_size, stride=None):
    if stride is None:
        step = kernel_size  # noqa: F841
    rows = (x.shape[2] - kernel_size) // stride + 1
    return F.avg_pool2d(x, kernel_size, stride)[:, :, :rows]


def winners_in_floats_of_a_list(image, kernel_size, stride):
    return [array.tolist() for array in ex.winners.model_answer(image, kernel_size, stride)]


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (ex.avg_pool, mean_with_the_sum_set_back, "or is the sum set back inside the inner loops?"),
        (
            ex.avg_pool,
            stride_asked_for_and_not_kept,
            "something is computed with it while it still",
        ),
        (ex.winners, winners_in_floats_of_a_list, "np.array("),
        (
            ex.max_pool,
            lambda x, kernel_size, stride: F.relu(F.max_pool2d(x, kernel_size, stride)),
            "does the maximum start at 0?",
        ),
        (ex.max_pool, pool_of_a_single_map, "values to unpack"),
        (ex.winners, winners_by_the_number_in_the_window, "number % kernel_size"),
        (ex.global_average, F.global_avg_pool2d, "two axes of length 1"),
        (ex.max_pool, max_with_one_best, "never falls again"),
        (ex.max_pool, windows_of_the_stride, "as long as the stride"),
        (ex.max_pool, lambda x, kernel_size, stride: F.avg_pool2d(x, kernel_size, stride), "mean"),
        (
            ex.avg_pool,
            lambda x, kernel_size, stride=2: F.avg_pool2d(x, kernel_size, stride),
            "always moves by 2",
        ),
        (ex.winners, winners_as_floats, "a float, say, is not an index"),
    ],
)
def test_a_variant_of_a_mistake_is_named(exercise, answer, words):
    assert words in exercise.check(answer).diagnosis


def test_predictions_may_be_lists(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))
    assert ex.maxima.check([[-1, -1], [4, -5]])
    assert ex.shape.check([2, 16, 14, 10])
    assert not ex.maxima.check([[-1, -1], [4, -5.5]])
