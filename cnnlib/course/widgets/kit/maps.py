"""Maps in the pictures that stand in for widgets; `maps.js` draws them in the browser."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from cnnlib.course.drawing.theme import DIVERGING


def mosaic(maps: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Lay maps (C, H, W) side by side into one, parted by lines of nan.

    Examples
    --------
    >>> mosaic(np.zeros((4, 5, 5))).shape
    (11, 11)
    """
    count, height, width = maps.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    board = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for k, one in enumerate(maps):
        top, left = k // columns * (height + 1), k % columns * (width + 1)
        board[top : top + height, left : left + width] = one
    return board


def draw_maps(maps: npt.NDArray[Any], ax: Axes, title: str) -> None:
    """Draw maps (C, H, W) with one scale of colours, which has white at zero."""
    strongest = float(np.abs(maps).max()) or 1.0
    ax.imshow(mosaic(maps), cmap=DIVERGING, vmin=-strongest, vmax=strongest)
    ax.set_title(title)
    ax.set_axis_off()
