"""Exercises that check an answer and name what is wrong with it.

The exercises of a chapter are in the chapter's package. They are used like this::

    from cnnlib.course.padding_and_stride import exercises as ex

    ex.output_size.check(my_output_size)   # ○ not attempted, ✗ with the diagnosis, or ✓
    ex.output_size.hint()                  # the next of two or three hints
    ex.output_size.solution()              # one way to do it, as code
    ex.quiz                                # the questions at the end of the notebook
    ex.progress()                          # which exercises of the chapter are done

`progress` shows the whole course.
"""

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.judge.exercise import (
    Coding,
    Exercise,
    ExerciseSet,
    NotAttempted,
    Prediction,
    Project,
    Refused,
    progress_of,
)
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.record import Progress
from cnnlib.course.judge.run import case
from cnnlib.course.judge.show import Verdict

__all__ = [
    "Coding",
    "Exercise",
    "ExerciseSet",
    "NotAttempted",
    "Prediction",
    "Progress",
    "Project",
    "Quiz",
    "Refused",
    "Verdict",
    "case",
    "progress",
    "right",
    "wrong",
]


def progress() -> Progress:
    """Return which exercises of the whole course are done.

    Examples
    --------
    >>> len(progress().chapters) > 8
    True
    """
    return progress_of(chapter.exercises().chapter for chapter in CHAPTERS)
