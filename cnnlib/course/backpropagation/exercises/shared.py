"""What the exercises of chapter 07 share: their set, and maps written row by row."""

import numpy as np

from cnnlib.course.judge.exercise import ExerciseSet

chapter = ExerciseSet.of(__name__)


def maps(*rows: list[float]) -> np.ndarray:
    """Return a batch of one image with one channel."""
    return np.array(rows, dtype=float)[None, None]
