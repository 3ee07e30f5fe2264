"""Read off a figure what is drawn in it, so that a test can compare it with the data.

nbval sees no difference between two pictures, and an alternative text is written beside them, not
read off. So whether a picture shows what it should is for tests to ask.
"""

import numpy as np
from matplotlib.axes import Axes


def numbers(ax: Axes) -> list[str]:
    """Return the numbers in the cells of a grid, row by row."""
    return [text.get_text() for text in ax.texts if text.get_gid() == "cell-number"]


def outlines(ax: Axes) -> list[tuple[int, int, int, int]]:
    """Return the outlined windows: first row, first column, height, width."""
    return [
        (
            round(patch.get_y() + 0.5),
            round(patch.get_x() + 0.5),
            round(patch.get_height()),
            round(patch.get_width()),
        )
        for patch in ax.patches
        if patch.get_gid() == "highlight"
    ]


def lengths(ax: Axes) -> list[float]:
    """Return the lengths of the bars, from above."""
    return [patch.get_width() for patch in ax.patches]


def pixels(ax: Axes) -> np.ndarray:
    """Return the picture in an axes, as it was given to be drawn."""
    return np.asarray(ax.images[0].get_array())
