"""Changed copies of images whose label stays true; `cnnlib.training.random_shift` is another."""

import numpy as np

from cnnlib.checks import array, generator
from cnnlib.types import Array

__all__ = ["random_flip"]


def random_flip(images: Array, rng: np.random.Generator) -> Array:
    """Return the images, half of them mirrored left to right, drawn by chance.

    A mirrored shoe is a shoe. (A mirrored digit is none: this is not for digits.)

    Parameters
    ----------
    images : array, (N, C, H, W)
    rng : numpy.random.Generator

    Returns
    -------
    array, shaped like `images`

    Examples
    --------
    >>> images = np.array([[1.0, 2], [3, 4]])[:, None, None, :].repeat(4, axis=0)
    >>> random_flip(images, np.random.default_rng(0))[:, 0, 0, 0].tolist()
    [1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0]
    """
    images = array("random_flip", "images", images, "N C H W")
    mirrored = generator("random_flip", rng).random(len(images)) < 0.5
    return np.where(mirrored[:, None, None, None], images[..., ::-1], images)
