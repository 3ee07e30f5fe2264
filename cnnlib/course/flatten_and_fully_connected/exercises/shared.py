"""What the exercises of chapter 06 share: their set, and random scores."""

import numpy as np

from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.numbers import halves

chapter = ExerciseSet.of(__name__)


def scores(rng: np.random.Generator) -> np.ndarray:
    """Return scores of which some rows, or single entries, are far from the others."""
    samples, classes = int(rng.integers(1, 5)), int(rng.integers(2, 5))
    z = halves(rng, samples, classes)
    if rng.random() < 0.4:
        z += rng.choice([-1000, 0, 100, 1000], (samples, 1))
    if rng.random() < 0.3:
        z[rng.integers(samples), rng.integers(classes)] += rng.choice([-2000, 1000])
    return z
