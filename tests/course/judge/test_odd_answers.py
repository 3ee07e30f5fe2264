"""No right answer is refused, however odd its form, its result, its habits or its session."""

import inspect
import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from course.judge.odd_answers import (
    SESSIONS,
    few,
    forms,
    odd_answers,
    odd_values,
    replay,
)

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.judge import Coding, Prediction
from cnnlib.course.judge.show import Verdict
from cnnlib.course.training_a_cnn import my_cnn_judge

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
ALL = [one for chapter in CHAPTERS for one in chapter.exercises().chapter.exercises.values()]
CODING = [one for one in ALL if isinstance(one, Coding)] + list(my_cnn_judge.PARTS.values())
PREDICTIONS = [one for one in ALL if isinstance(one, Prediction)]
IDS = {"ids": lambda one: one.key}


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


def said(verdict: Verdict) -> str:
    return repr(verdict).replace("\n", " ")


def problems(exercise: Any, answers: Any) -> list[str]:
    """Return what the judge says to right answers that it refuses, or refuses without a remedy."""
    found = []
    for odd in answers:
        verdict = exercise.check(odd.answer)
        text = said(verdict)
        helped = odd.remedy and re.search(odd.remedy, text) and verdict.status == "wrong"
        if not verdict.passed and not helped:
            found.append(f"{odd.kind} (remedy {odd.remedy!r}): {text[:400]}")
    return found


@pytest.mark.parametrize("exercise", CODING, **IDS)
def test_a_right_answer_passes_in_any_form(exercise: Coding) -> None:
    exercise = few(exercise)
    assert problems(exercise, odd_answers(exercise)) == []


@pytest.mark.parametrize("exercise", PREDICTIONS, **IDS)
def test_a_right_value_passes_in_any_form(exercise: Prediction) -> None:
    assert problems(exercise, odd_values(exercise.expected)) == []


@pytest.mark.parametrize("session", SESSIONS)
def test_a_right_answer_passes_in_any_session(session: str) -> None:
    found = []
    for exercise in CODING:
        fresh = few(exercise)
        answer = fresh.model_answer if isinstance(fresh.model_answer, type) else replay(fresh)
        if isinstance(answer, type) and ("NumPy" in session or "np." in session):
            continue
        fresh._kept = []  # they are worked out in that session
        fresh._count = 12
        known = few(fresh)
        known._kept = fresh.trials
        fresh._kept = []
        if not isinstance(answer, type):
            answer = replay(known)
        with SESSIONS[session]():
            verdict = fresh.check(answer)
            text = said(verdict)
        if not verdict.passed:
            found.append(f"{exercise.key}: {text[:300]}")
    for exercise in PREDICTIONS:
        with SESSIONS[session]():
            verdict = exercise.check(exercise.expected)
            text = said(verdict)
        if not verdict.passed:
            found.append(f"{exercise.key}: {text[:300]}")
    assert found == []


def test_there_are_enough_of_them() -> None:
    count = sum(len(list(odd_answers(few(one)))) for one in CODING)
    count += sum(len(list(odd_values(one.expected))) for one in PREDICTIONS)
    assert count >= 1500, count
    assert len(list(forms(few(CODING[0])))) >= 20
    assert len(SESSIONS) >= 15


def test_every_form_is_a_form_of_the_solution() -> None:
    """Else the matrix would ask for something that no reader does."""
    for exercise in CODING:
        if isinstance(exercise.model_answer, type):
            continue
        for name, answer in forms(few(exercise)):
            trial = exercise.trials[0]
            call = trial.call.copy()
            result = answer(*call.args, **call.kwargs)
            assert type(result) is type(trial.expected) or np.ndim(result) == 0, name


def text_of(exercise: Coding) -> str:
    """Return what the notebook and the docstring ask of an answer."""
    asked = [inspect.getdoc(exercise.model_answer) or ""]
    for chapter in CHAPTERS:
        if exercise.chapter.name != chapter.slug:
            continue
        (path,) = NOTEBOOKS.glob(f"*_{chapter.slug}.ipynb")
        cells = json.loads(path.read_text())["cells"]
        for before, cell in itertools.pairwise(cells):
            if f"ex.{exercise.name}.check(" in "".join(cell["source"]):
                asked.append("".join(before["source"]))
    return " ".join(asked)


@pytest.mark.parametrize("exercise", [one for one in CODING if one.dtype == "same"], **IDS)
def test_a_dtype_is_refused_only_where_a_text_asks_for_it(exercise: Coding) -> None:
    if exercise in my_cnn_judge.PARTS.values():
        return
    assert re.search(r"dtype|float32|float64|bytes", text_of(exercise)), text_of(exercise)
