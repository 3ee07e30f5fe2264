"""What the exercises of chapter 04 share: their set, and random sizes."""

import numpy as np

from cnnlib.course.judge.exercise import ExerciseSet

chapter = ExerciseSet.of(__name__)


def sides(rng: np.random.Generator, *tops: int) -> list[int]:
    """Return a whole number from 1 to each of the given ones."""
    return [int(rng.integers(1, top + 1)) for top in tops]
