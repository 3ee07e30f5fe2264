"""The likeliest wrong answers to the exercises of notebook 00 are named, not only refused."""

import numpy as np
import pytest

from cnnlib.course.start_here import exercises as ex


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (ex.by_channel, lambda photo, factors: photo * factors, "lie along the columns"),
        (ex.by_channel, lambda photo, factors: photo * factors[:, None], "lie along the rows"),
        (ex.row_means, lambda picture: picture.sum(axis=1) / len(picture), "number of rows"),
        (ex.row_means, lambda picture: picture.mean(axis=0), "means of the columns"),
        (ex.without_border, lambda picture: np.pad(picture[1:-1, 1:-1], 1), "still there"),
    ],
)
def test_a_likely_wrong_answer_is_named(exercise, answer, words: str) -> None:
    assert words in exercise.check(answer).diagnosis
