"""Exercises that check an answer, name what is wrong with it, and cannot be fooled.

Each chapter has a module of the notebook's name. Its exercises are used like this::

    from cnnlib.exercises import padding_and_stride as ex

    ex.output_size.check(my_output_size)   # ○ not attempted, ✗ with the diagnosis, or ✓
    ex.output_size.hint()                  # the next of two or three hints
    ex.output_size.solution()              # one way to do it, as code
    ex.quiz                                # the questions at the end of the notebook
    ex.progress()                          # which exercises of the chapter are done

`progress` shows the whole course.
"""

from importlib import import_module

from ._exercise import Chapter, Coding, Exercise, NotAttempted, Prediction, Project, progress_of
from ._progress import Progress
from ._quiz import Quiz, right, wrong
from ._run import case
from ._show import Verdict

CHAPTERS = (
    "pixels_and_channels",
    "convolution",
    "padding_and_stride",
    "multichannel_filters",
    "pooling",
    "flatten_and_fully_connected",
    "backpropagation",
    "alexnet_sizing",
    "training_a_cnn",
)

__all__ = [
    "CHAPTERS",
    "Chapter",
    "Coding",
    "Exercise",
    "NotAttempted",
    "Prediction",
    "Progress",
    "Project",
    "Quiz",
    "Verdict",
    "case",
    "progress",
    "right",
    "wrong",
]


def progress() -> Progress:
    """Return which exercises of the whole course are done."""
    return progress_of(import_module(f"{__name__}.{name}").chapter for name in CHAPTERS)
