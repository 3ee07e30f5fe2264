"""Changes that notebook 10 makes to images before a network sees them: rotation, and pictures back.

What is the lesson stands in the notebook. This is what it needs besides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlib.types import Array

__all__ = ["as_picture", "crop", "digit_as_photo", "rotate"]


def rotate(images: Array, degrees: float) -> Array:
    """Return the images turned about their middle, anticlockwise; zeros come in from outside.

    Each new pixel is read where it came from, as a mean of the four pixels around that place
    (bilinear interpolation).

    Parameters
    ----------
    images : array of floats, (N, C, H, W)
    degrees : float

    Returns
    -------
    array, (N, C, H, W)

    Examples
    --------
    >>> rotate(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), 90)[0, 0].round(3)
    array([[2., 4.],
           [1., 3.]])
    """
    if images.ndim != 4:
        raise ValueError(
            f"rotate: images must be (N, C, H, W), got {images.shape}. "
            "One digit is digit[None, None]."
        )
    height, width = images.shape[2:]
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    down, right = (np.indices((height, width)).T - middle).T
    angle = np.deg2rad(degrees)
    rows = np.cos(angle) * down + np.sin(angle) * right + middle[0]
    columns = np.cos(angle) * right - np.sin(angle) * down + middle[1]
    rows, columns = rows.round(9), columns.round(9)  # a quarter turn is exact
    first_row, first_column = np.floor(rows).astype(int), np.floor(columns).astype(int)
    turned = np.zeros_like(images)
    for row, below in ((first_row, 0), (first_row + 1, 1)):
        for column, beside in ((first_column, 0), (first_column + 1, 1)):
            share = np.abs(1 - below - (rows - first_row)) * np.abs(
                1 - beside - (columns - first_column)
            )
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            share = np.where(inside, share, 0).astype(images.dtype)
            turned += share * images[..., row.clip(0, height - 1), column.clip(0, width - 1)]
    return turned


def as_picture(x: Array) -> NDArray[np.uint8]:
    """Return what the network for photographs is given as a picture: bytes, (H, W, 3).

    Parameters
    ----------
    x : array of floats, (1, 3, H, W)
        As `cnnlib.pretrained.imagenet_input` makes it.

    Examples
    --------
    >>> as_picture(np.zeros((1, 3, 1, 1), np.float32))
    array([[[127, 127, 127]]], dtype=uint8)
    """
    if x.ndim != 4 or x.shape[:2] != (1, 3):
        raise ValueError(f"as_picture: x must be (1, 3, H, W), got {x.shape}. Take one: x[:1].")
    picture: NDArray[Any] = (x[0].transpose(1, 2, 0) * 128 + 127).round().clip(0, 255)
    return picture.astype(np.uint8)


def crop(picture: Array, top: int, left: int, size: int) -> Array:
    """Return a square of a picture; what lies outside the picture is grey.

    Parameters
    ----------
    picture : array, (H, W) or (H, W, 3)
    top, left : int
        Where the square begins; it may begin outside.
    size : int

    Examples
    --------
    >>> crop(np.array([[1, 2], [3, 4]], np.uint8), -1, 0, 2)
    array([[127, 127],
           [  1,   2]], dtype=uint8)
    """
    border = [(size, size), (size, size), (0, 0)][: picture.ndim]
    grey = 127 if picture.dtype.kind in "iu" else 0.0
    wide = np.pad(picture, border, constant_values=grey)
    return wide[top + size : top + 2 * size, left + size : left + 2 * size]


def digit_as_photo(digit: Array) -> NDArray[np.uint8]:
    """Return a digit, (28, 28) from 0 to 1, as a grey photograph of 224×224: 8 pixels for one.

    Examples
    --------
    >>> digit_as_photo(np.zeros((28, 28))).shape
    (224, 224, 3)
    """
    large = np.kron((np.asarray(digit) * 255).round().astype(np.uint8), np.ones((8, 8), np.uint8))
    return np.repeat(large[:, :, None], 3, axis=2)
