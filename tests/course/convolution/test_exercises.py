"""The judge of the kernel that a reader designs: more than one answer is right."""

import re
from pathlib import Path

import numpy as np
import pytest

from cnnlib.course.convolution import exercises as ex


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


@pytest.mark.parametrize(
    "kernel",
    [
        np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]) / 3,
        np.array([[0, -1, 0], [0, 0, 0], [0, 1, 0]]),
        np.array([[-1, -2, -1], [-1, -2, -1], [2, 4, 2]]) / 8,
        [[0, 0, 0], [-0.5, 0, -0.5], [0.5, 0, 0.5]],
    ],
)
def test_every_kernel_that_does_what_is_asked_is_right(kernel):
    assert ex.level_edges.check(kernel).passed


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "finds vertical edges"),
        ([[-1, -1, -1], [0, 0, 0], [1, 1, 1.5]], "sum to 0.5, so a flat white picture"),
        ([[-1, 0, 0], [0, 0, 0], [0, 0, 1]], "its columns sum to -1, 0, 1"),
        ([[1, 1, 1], [-2, -2, -2], [1, 1, 1]], "gives -3 above the middle row and 3 below"),
        ([[0, -3, 0], [0, 0, 0], [0, 3, 0]], "gives 3 instead of 1: divide all weights by 3"),
        ([[-0.25, 0, 0], [0, 0, 0], [0.25, 0, 0]], "gives 0.25 instead of 1"),
        ([[np.nan] * 3] * 3, "finite number"),
        ([[1, 2], [3]], "Expected a kernel of 3×3 numbers"),
        ([[..., 0, 0], [0, 0, 0], [0, 0, 0]], "Expected a kernel of 3×3 numbers"),
    ],
)
def test_what_a_kernel_does_wrong_is_said(kernel, words):
    verdict = ex.level_edges.check(kernel)
    assert verdict.status == "wrong"
    assert words in verdict.diagnosis


@pytest.mark.parametrize("weights", [[1, 1, 1], [1, 2, 1], [1, 5, 1], [1 / 3, 1, 1], [2, 3, 6]])
def test_the_advised_division_makes_a_kernel_right(weights):
    kernel = np.outer([-1, 0, 1], weights)
    if (found := re.search(r"divide all weights by ([\d.]+)\.", judged(kernel))) is not None:
        kernel = kernel / float(found[1])
    assert ex.level_edges.check(kernel).passed
    assert "Swap rows and columns: `.T`" in judged(kernel.T)


def judged(kernel):
    return ex.level_edges.check(kernel).diagnosis


def test_two_mistakes_at_once_are_named_together():
    def turned_without_bias(x, kernel, bias=0):
        return ex.feature_map.model_answer(x, kernel[::-1, ::-1])

    text = ex.feature_map.check(turned_without_bias).diagnosis
    assert "half a turn" in text
    assert "the bias is missing" in text


def sum_set_back_inside(x, kernel, bias=0):
    y = np.zeros((x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1))
    for i, j in np.ndindex(y.shape):
        for m, n in np.ndindex(kernel.shape):
            total = bias
            total += x[i + m, j + n] * kernel[m, n]
        y[i, j] = total
    return y


def turned_twice(x, kernel):
    return ex.true_convolution.model_answer(x, kernel)[::-1, ::-1]


def by_a_transform_that_goes_around(x, kernel):
    y = np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(kernel, x.shape)).real
    return y[: x.shape[0] - kernel.shape[0] + 1, : x.shape[1] - kernel.shape[1] + 1]


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (ex.feature_map, sum_set_back_inside, "or is the sum set back inside the inner loops?"),
        (ex.true_convolution, turned_twice, "or kernel and map both"),
        (ex.true_convolution, by_a_transform_that_goes_around, "This is what comes out when"),
        (
            ex.feature_map,
            lambda x, kernel, bias=0: (ex.feature_map.model_answer(x, kernel, bias)).tolist(),
            "np.array(",
        ),
    ],
)
def test_a_diagnosis_is_true_for_whatever_gives_these_numbers(exercise, answer, words):
    verdict = exercise.check(answer)
    assert verdict.status == "wrong"
    assert words in verdict.diagnosis


def test_the_transcript_in_the_readme_is_what_a_reader_sees():
    def my_feature_map(x, kernel, bias=0):
        kh, kw = kernel.shape
        y = np.zeros((x.shape[0] - kh + 1, x.shape[1] - kw + 1))
        for i, j in np.ndindex(y.shape):
            y[i, j] = (x[i : i + kh, j : j + kw] * kernel[::-1, ::-1]).sum() + bias
        return y

    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    assert f"\n{ex.feature_map.check(my_feature_map)!r}\n```" in readme
