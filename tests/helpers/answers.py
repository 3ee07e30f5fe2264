"""Answers to the exercises, in tables: right ones of an odd kind, and wrong ones.

A room's tables are `right` in `tests/course/ROOM/odd_answers.py`, and `wrong` in
`tests/course/ROOM/wrong_answers.py`. The tests in `tests/course/test_answers.py` run them all.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.judge import Exercise

TESTS = Path(__file__).parents[1] / "course"


class Answers(dict[str, dict[str, Any]]):
    """Answers by exercise and by name."""

    def to(self, exercise: str) -> Callable[[Any], Any]:
        """Return a decorator that notes a function or a class as an answer."""

        def note(answer: Any) -> Any:
            self.add(exercise, answer.__name__, answer)
            return answer

        return note

    def values(self, exercise: str, *answers: Any) -> None:
        """Note several values as answers."""
        for answer in answers:
            self.add(exercise, f"{type(answer).__name__} {answer!r}", answer)

    def add(self, exercise: str, name: str, answer: Any) -> None:
        """Note an answer under a name, which no other has."""
        known = self.setdefault(exercise, {})
        if name in known:
            raise ValueError(f"{exercise}: there are two answers named {name}")
        known[name] = answer


def answers(file: str, table: str) -> list[tuple[str, Exercise, Any]]:
    """Return (name, exercise, answer) for every answer in the rooms' tables of this name."""
    found = []
    for chapter in CHAPTERS:
        if (TESTS / chapter.slug / f"{file}.py").exists():
            exercises = chapter.exercises().chapter.exercises
            for exercise, ones in getattr(
                import_module(f"course.{chapter.slug}.{file}"), table
            ).items():
                found += [
                    (f"{chapter.slug}.{exercise}: {name}", exercises[exercise], one)
                    for name, one in ones.items()
                ]
    return found
