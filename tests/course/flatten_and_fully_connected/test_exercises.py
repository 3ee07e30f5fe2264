"""Notebook 06: answers as learners write them are diagnosed, and the numbers in the texts hold."""

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.course.flatten_and_fully_connected import exercises as ex


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


def lesson_dense(x, weight, bias=None):
    """The dense layer of the lesson, with a loop over the samples put round it."""
    y = np.zeros((len(x), len(weight)), x.dtype)
    for n in range(len(x)):
        for k in range(len(weight)):
            if bias is not None:
                y[n, k] = bias[k]
            for i in range(len(x)):
                y[n, k] += weight[k, i] * x[n, i]
    return y


def running_dense(x, weight, bias=None):
    y = np.zeros((len(x), len(weight)), x.dtype)
    total = 0
    for n in range(len(x)):
        for k in range(len(weight)):
            for i in range(x.shape[1]):
                total += weight[k, i] * x[n, i]
            y[n, k] = total if bias is None else total + bias[k]
    return y


def lesson_softmax(z):
    """The softmax of the lesson as it stands, which was for one vector."""
    exps = np.exp(z - z.max())
    return exps / exps.sum()


def double_precision(z):
    p = np.zeros(z.shape)
    for n in range(len(z)):
        p[n] = F.softmax(z[n : n + 1])[0]
    return p


def early_return(logits, targets):
    total = 0.0
    for n in range(len(logits)):
        total -= F.log_softmax(logits)[n, targets[n]]
        return total / len(logits)


def broken_off(logits, targets):
    total = 0.0
    for n in range(len(logits)):
        total -= F.log_softmax(logits)[n, targets[n]]
        break
    return total / len(logits)


def set_back(logits, targets):
    for n in range(len(logits)):
        total = 0.0
        total += -F.log_softmax(logits)[n, targets[n]]
    return total / len(logits)


def set_back_dense(x, weight, bias=None):
    y = np.zeros((len(x), len(weight)), x.dtype)
    for n in range(len(x)):
        for k in range(len(weight)):
            for i in range(x.shape[1]):
                y[n, k] = 0 if bias is None else bias[k]
                y[n, k] += weight[k, i] * x[n, i]
    return y


def asks_too_late(x, weight, bias=None):
    y = x @ weight.T
    total = y + bias
    return y if bias is None else total


def compared_with_none(x, weight, bias=None):
    y = x @ weight.T
    if bias != None:  # noqa: E711
        y = y + bias
    return y


def safe_logarithm(logits, targets):
    p = F.softmax(logits)
    total = 0.0
    for n in range(len(p)):
        total += -np.log(p[n, targets[n]] + 1e-12)
    return total / len(p)


def lesson_log_softmax(logits, targets):
    """The log-softmax of the lesson, with `axis=1` put in at the maximum only."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum())
    return -log_p[np.arange(len(targets)), targets].mean()


def in_place(weight, channels, height, width):
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                new, old = (i * width + j) * channels + c, (c * height + i) * width + j
                weight[:, new] = weight[:, old]
    return weight


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (ex.dense, lesson_dense, "Does the loop over the inputs end at `len(x)`?"),
        (ex.dense, set_back_dense, "is the sum set back inside the loop over the inputs?"),
        (ex.dense, asks_too_late, "is there an `if bias is not None` before each line"),
        (ex.dense, compared_with_none, "with `if bias` and with `if bias != None`"),
        (ex.dense, running_dense, "The sum is not set back to 0"),
        (ex.softmax, lesson_softmax, "All numbers of the batch together add up to 1"),
        (ex.softmax, double_precision, "their dtype is float64; expected float32"),
        (ex.cross_entropy, early_return, "Is a `return` or a `break` inside the loop?"),
        (ex.cross_entropy, broken_off, "Is a `return` or a `break` inside the loop?"),
        (ex.cross_entropy, set_back, "is the sum set back to 0 inside the loop?"),
        (ex.cross_entropy, safe_logarithm, "it stops near 27.6"),
        (ex.cross_entropy, lesson_log_softmax, "The sum of the exponentials goes over the whole"),
        (ex.channels_last, in_place, "written into the array that is still being read"),
    ],
)
def test_an_answer_written_in_loops_is_diagnosed(exercise, answer, words):
    assert words in exercise.check(answer).diagnosis


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (ex.dense, F.linear),
        (ex.softmax, lambda z: np.exp(F.log_softmax(z))),
        (ex.cross_entropy, lambda z, t: -(np.eye(z.shape[1])[t] * F.log_softmax(z)).sum() / len(z)),
        (
            ex.channels_last,
            lambda w, c, h, b: w.reshape(len(w), c, h * b).swapaxes(1, 2).reshape(w.shape),
        ),
    ],
)
def test_another_way_to_do_it_passes(exercise, answer):
    assert exercise.check(answer).passed


def test_the_case_that_is_shown_has_the_wrong_numbers_and_not_only_a_wrong_dtype():
    def over_the_batch_in_double_precision(z):
        exps = np.exp(z - z.max(axis=1, keepdims=True)).astype(np.float64)
        return exps / exps.sum()

    verdict = ex.softmax.check(over_the_batch_in_double_precision)
    assert verdict.diagnosis.startswith("The sum goes over the whole batch.")
    assert "[" in repr(verdict).split("with brackets where it differs:")[1]


def test_the_smallest_case_and_the_tables_are_shown():
    assert repr(ex.dense.check(lambda x, weight, bias=None: x @ weight.T)) == (
        "✗ dense: not yet right\n"
        "The bias is missing: one number for each output, added to its weighted sum.\n"
        "Worked out by hand:\n"
        "    my_dense(x, weight, bias)\n"
        "    x (2, 2)\n"
        "     1  2\n"
        "     0  1\n"
        "    weight (1, 2)\n"
        "     3  4\n"
        "    bias (1,)\n"
        "     0.5\n"
        "Expected (2, 1):\n"
        "     11.5\n"
        "      4.5\n"
        "Got (2, 1), with brackets where it differs:\n"
        "    [11]\n"
        "     [4]"
    )


def test_predictions_agree_with_the_library():
    block = np.zeros((3, 4, 5))
    block[2, 1, 3] = 1
    assert ex.flat_place.expected == block.ravel().argmax()
    assert ex.dense_parameters.expected == 64 * 7 * 7 * 100 + 100
    p = np.array([1, 1 / 2, 1 / 4, 1 / 8])
    assert ex.batch_loss.expected == pytest.approx(-np.log(p).mean())


def test_numbers_in_the_quiz_and_the_diagnoses_hold():
    perfect = np.eye(3)[[2]]
    assert F.softmax(perfect).round(2).tolist() == [[0.21, 0.21, 0.58]]
    assert round(F.cross_entropy(perfect, np.array([2])), 2) == 0.55
    assert F.conv2d(np.zeros((1, 1, 30, 40)), np.zeros((10, 1, 28, 28))).shape == (1, 10, 3, 13)
    assert round(-np.log(1e-12), 1) == 27.6
