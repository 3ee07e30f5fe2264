"""The likeliest wrong answers to the exercises of notebook 12 are named, not only refused."""

import numpy as np
import pytest

from cnnlib.course.beyond_numpy import exercises as ex


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


def filled(gradients, every, clear: bool):
    """Add up in one array, put that array into the list, and go on with it."""
    steps, kept = [], np.zeros(gradients.shape[1])
    for number, gradient in enumerate(gradients, start=1):
        kept += gradient / every
        if number % every == 0:
            steps.append(kept)
            if clear:
                kept[:] = 0
    return np.array(steps)


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (ex.accumulate, lambda g, every: filled(g, every, True), "Every row is the same"),
        (ex.accumulate, lambda g, every: filled(g, every, False), "Every row is the same"),
        (ex.average_gradient, lambda g, c: (g * c).sum(axis=0) / c.sum(), "counts[:, None]"),
        (ex.average_gradient, lambda g, c: g.sum(axis=0) / c.sum(), "by its own count first"),
        (ex.all_reduce_seconds, lambda n, p, b: 16 * n * (p - 1) / p / b, "float64"),
        (ex.all_reduce_seconds, lambda n, p, b: 4 * n / b, "two rounds"),
        (ex.all_reduce_seconds, lambda n, p, b: 8 * (p - 1) * -(-n // p) / b, "rounded up"),
        (ex.all_reduce_seconds, lambda n, p, b: 8 * (p - 1) * (n // p) / b, "`//`"),
        (ex.all_reduce_seconds, lambda n, p, b: round(8 * n * (p - 1) / p / b, 2), "Do not round"),
        (ex.all_reduce_seconds, lambda n, p, b: round(8 * n * (p - 1) / p / b, 3), "Do not round"),
    ],
)
def test_a_likely_wrong_answer_is_named(exercise, answer, words: str) -> None:
    assert words in exercise.check(answer).diagnosis


def test_both_sides_of_the_output_are_more_than_was_asked_for() -> None:
    assert "The height alone" in ex.dilated.check((24, 24)).diagnosis
