"""Random numbers for the cases of exercises: easy to read, and exact in every float."""

from __future__ import annotations

from typing import Any

import numpy as np


def halves(rng: np.random.Generator, *shape: int, dtype: Any = np.float64) -> np.ndarray:
    """Return multiples of one half from -4 to 4."""
    return (rng.integers(-8, 9, shape) / 2).astype(dtype)


def random_dtype(rng: np.random.Generator, *, float32: float = 0.2) -> type[np.floating]:
    """Return float32 with the given probability, else float64."""
    return np.float32 if rng.random() < float32 else np.float64
