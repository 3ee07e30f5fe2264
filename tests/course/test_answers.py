"""A right answer passes, however odd it is; a wrong one fails, even if it is wrong only in part."""

from typing import Any

import pytest
from answers import answers

from cnnlib.course.judge import Exercise

RIGHT = answers("odd_answers", "right")
WRONG = answers("wrong_answers", "wrong")


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


@pytest.mark.parametrize(("name", "exercise", "answer"), RIGHT, ids=[name for name, *_ in RIGHT])
def test_a_right_answer_passes(name: str, exercise: Exercise, answer: Any) -> None:
    verdict = exercise.check(answer)
    assert verdict.passed, repr(verdict)


@pytest.mark.parametrize(("name", "exercise", "answer"), WRONG, ids=[name for name, *_ in WRONG])
def test_a_wrong_answer_fails(name: str, exercise: Exercise, answer: Any) -> None:
    verdict = exercise.check(answer)
    assert verdict.status == "wrong", repr(verdict)
    assert verdict.diagnosis
