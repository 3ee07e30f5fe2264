"""Networks with a name."""

import numpy as np
import numpy.typing as npt

from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential

__all__ = ["course_cnn"]


def course_cnn(rng: np.random.Generator, dtype: npt.DTypeLike = np.float32) -> Sequential:
    """Return the network that the course trains: convolution, ReLU, pool, twice; then two dense.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        Takes (N, 1, 28, 28), returns 10 scores for each image.

    Examples
    --------
    >>> model = course_cnn(np.random.default_rng(0))
    >>> model(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape
    (2, 10)
    """
    return Sequential(
        Conv2d(1, 16, kernel_size=5, rng=rng, dtype=dtype),  # 28 → 24
        ReLU(),
        MaxPool2d(2),  # 24 → 12
        Conv2d(16, 32, kernel_size=5, rng=rng, dtype=dtype),  # 12 → 8
        ReLU(),
        MaxPool2d(2),  # 8 → 4
        Flatten(),
        Linear(32 * 4 * 4, 128, rng=rng, dtype=dtype),
        ReLU(),
        Linear(128, 10, rng=rng, dtype=dtype),
    )
