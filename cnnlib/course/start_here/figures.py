"""Figures of notebook 00: shapes, what an axis does, and the answers of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from cnnlib.course import drawing
from cnnlib.course.start_here.course_map import Stop

__all__ = ["map_of_minutes", "named", "stretched"]


@drawing.styled
def named(
    photos: Sequence[NDArray[np.uint8]], probabilities: ArrayLike, classes: Sequence[str]
) -> Figure:
    """Draw photographs, and beside each the three words that fit it best.

    Parameters
    ----------
    photos : sequence of arrays, (H, W, 3)
    probabilities : array_like, (number of photographs, number of classes)
    classes : sequence of str

    Returns
    -------
    Figure
        Two axes for each photograph.

    Examples
    --------
    >>> fig = named([np.zeros((4, 6, 3), np.uint8)], [[0.2, 0.5, 0.3]], ["cat", "cup", "kite"])
    >>> [label.get_text() for label in fig.axes[1].get_yticklabels()]
    ['cup', 'kite', 'cat']
    """
    odds = np.asarray(probabilities)
    fig, axes = drawing.new(nrows=len(photos), ncols=2, width=8, height=2.1 * len(photos))
    for (left, right), photo, row in zip(np.atleast_2d(axes), photos, odds, strict=True):
        drawing.image(photo, left)
        best = np.argsort(-row)[:3]
        words = [classes[k].split(",")[0] for k in best]
        drawing.bars(words, row[best], right, fmt=".0%")
        right.set_xlim(0, 1)
        right.set_xticks([])
        right.grid(visible=False)
    return fig


@drawing.styled
def stretched(table: ArrayLike, row: ArrayLike) -> Figure:
    """Draw a table, a row that is used again for each of its rows, and their sum.

    Examples
    --------
    >>> fig = stretched([[1, 2], [3, 4]], [10, 20])
    >>> [text.get_text() for text in fig.axes[2].texts]
    ['11', '22', '13', '24']
    """
    table, row = np.asarray(table), np.asarray(row)
    fig, (left, middle, right) = drawing.new(ncols=3, width=8, height=1.8)
    drawing.grid(table, left, title=f"table {table.shape}")
    copies = np.broadcast_to(row, table.shape)
    drawing.grid(copies, middle, title=f"row {row.shape}, used {len(table)} times")
    drawing.grid(table + row, right, title="table + row")
    return fig


@drawing.styled
def map_of_minutes(stops: Sequence[Stop]) -> Figure:
    """Draw how long each notebook takes to read, and how long its exercises take.

    Examples
    --------
    >>> fig = map_of_minutes([Stop("00 Start here", "", 30, 1, 17)])
    >>> [bar.get_width() for bar in fig.axes[0].patches]
    [np.int64(30), np.int64(17)]
    """
    fig, ax = drawing.new(width=8, height=0.52 * len(stops) + 0.8)
    minutes = {
        "reading": [stop.minutes for stop in stops],
        "exercises": [stop.exercises for stop in stops],
    }
    drawing.bars([stop.heading for stop in stops], minutes, ax, xlabel="minutes")
    return fig
