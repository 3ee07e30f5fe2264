"""Figures of notebook 06: a block read out into a row, regions, surprise, and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import ArrayLike

from cnnlib.course.drawing.charts import bars
from cnnlib.course.drawing.grids import grid
from cnnlib.course.drawing.images import image
from cnnlib.course.drawing.theme import (
    COLORS,
    DIVERGING,
    INK,
    format_numbers,
    require_axes,
    require_numbers,
    styled,
)

__all__ = ["flattening", "regions", "score_strip", "surprise", "verdicts"]

_GROUNDS = ("#cfe3f5", "#fbe3c0", "#d3ecdf", "#f0d6e4")  # pale, and told apart by their names
_MARGIN = 0.12  # of a cell: what `grid` keeps around its border
_MARKER: dict[str, Any] = {"mfc": "none", "mec": "black", "mew": 2, "markersize": 11}


@styled
def flattening(block: ArrayLike, *, fmt: str | None = None, width: float = 9.0) -> Figure:
    """Draw the channels of a block, and below them the one row that flattening makes of it.

    Each channel has its own outline, and its stretch of the row has the same.

    Parameters
    ----------
    block : array_like, (C, H, W)
        Up to about 16 numbers can be read.
    fmt : str, optional
        How to write each number; see `format_numbers`.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        Its axes hold the channels, in order, then the row.

    Raises
    ------
    ValueError
        If `block` is not 3-D.

    Examples
    --------
    >>> from cnnlib.course.flatten_and_fully_connected import figures
    >>> fig = figures.flattening([[[1, 2]], [[3, 4]]])
    >>> [text.get_text() for text in fig.axes[-1].texts]
    ['1', '2', '3', '4']
    """
    values = require_numbers("flattening", block, "block")
    if values.ndim != 3:
        raise ValueError(
            f"flattening: block must be (C, H, W), but its shape is {values.shape}. "
            "Pick one sample of a batch first, for example x[0]."
        )
    c, h, w = values.shape
    cell = min((width - 0.3) / values.size, 0.8)
    head, row_head = 0.4, 0.75  # inches for a title, and for a title above indices
    gap = 0.9
    height = (h + 1 + 2 * _MARGIN) * cell + head + row_head + 0.05
    fig = Figure(figsize=(width, height))

    def place(left: float, bottom: float, columns: int, rows: int) -> Axes:
        across, up = (columns + _MARGIN) * cell, (rows + _MARGIN) * cell
        return fig.add_axes((left / width, bottom / height, across / width, up / height))

    left = (width - c * w * cell - (c - 1) * gap) / 2
    for k in range(c):
        ax = place(left + k * (w * cell + gap), 0.05 + (1 + _MARGIN) * cell + row_head, w, h)
        whole = [None] * k + [(0, 0, h, w)]
        grid(values[k], ax, title=f"channel {k}", highlight=whole, fmt=fmt)
    row = place((width - values.size * cell) / 2, 0.05, values.size, 1)
    stretches = [(0, k * h * w, 1, h * w) for k in range(c)]
    grid(values.ravel(), row, title="flattened", highlight=stretches, fmt=fmt, indices=True)
    return fig


@styled
def regions(weight: ArrayLike, bias: ArrayLike, points: ArrayLike, ax: Axes) -> Axes:
    """Draw which class has the highest score at each place of the plane, and some points.

    Parameters
    ----------
    weight : array_like, (classes, 2)
        At most four classes.
    bias : array_like, (classes,)
        One number for each class.
    points : array_like, (count, 2)
        Marked with a dot. The plane is drawn from −3 to 3 each way.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
        ``ax``: its texts name the classes that win somewhere, in order.

    Raises
    ------
    ValueError
        If `weight` does not hold two numbers for each of at most four classes.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.flatten_and_fully_connected import figures
    >>> fig, ax = drawing.new()
    >>> ax = figures.regions([[1, 0], [-1, 0]], [0, 0], [[2, 1]], ax)
    >>> [text.get_text() for text in ax.texts]
    ['class 0', 'class 1']
    """
    ax = require_axes("regions", ax)
    w, b = require_numbers("regions", weight, "weight"), require_numbers("regions", bias, "bias")
    if w.ndim != 2 or w.shape[1] != 2 or len(w) > len(_GROUNDS):
        raise ValueError(
            f"regions: weight must hold two numbers for each of at most {len(_GROUNDS)} classes, "
            f"but its shape is {w.shape}."
        )
    ax.set(xlim=(-3, 3), ylim=(-3, 3))
    for k in range(len(w)):
        corners = _winning_corners(w, b, k)
        if len(corners) < 3:
            continue
        ax.add_patch(Polygon(corners, facecolor=_GROUNDS[k], edgecolor="none", gid=f"class {k}"))
        sides = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)  # from, to
        along_the_frame = (np.isclose(sides, 3).all(1) | np.isclose(sides, -3).all(1)).any(1)
        borders = LineCollection(list(sides[~along_the_frame]), colors="black", linewidths=1.5)
        ax.add_collection(borders)
        across, up = corners.mean(axis=0)
        ax.text(
            float(across),
            float(up),
            f"class {k}",
            ha="center",
            va="center",
            fontsize=13,
            color="black",
        )
    ax.plot(*np.transpose(points), "o", color="black", markersize=8)
    ax.set(xlabel="first pixel", ylabel="second pixel", aspect="equal")
    return ax


def _winning_corners(w: np.ndarray, b: np.ndarray, k: int) -> np.ndarray:
    """Return the corners of the place where a class wins: the square, cut along straight lines.

    Class `k` beats class `j` on one side of the line where their scores are equal. Where two
    classes have equal scores everywhere, the first one wins, as it does with `argmax`.
    """
    corners = np.array([[-3.0, -3], [3, -3], [3, 3], [-3, 3]])
    for j in range(len(w)):
        if j == k:
            continue
        lead = corners @ (w[k] - w[j]) + (b[k] - b[j])
        if not (lead > 0).any() and not (k < j and not lead.any()):
            return np.empty((0, 2))
        kept = []
        for here, there, now, then in zip(
            corners, np.roll(corners, -1, axis=0), lead, np.roll(lead, -1), strict=True
        ):
            if now >= 0:
                kept.append(here)
            if now * then < 0:  # the line crosses this edge
                kept.append(here + (there - here) * now / (now - then))
        corners = np.array(kept)
    return corners


@styled
def score_strip(strip: ArrayLike, scores: ArrayLike, *, width: float = 9.0) -> Figure:
    """Draw a strip of digits, and below it the scores of each class over the window's place.

    The scores stand under the middle of the window that they belong to, on the scale of the strip.

    Parameters
    ----------
    strip : array_like, (H, W)
        Grey values from 0 to 1.
    scores : array_like, (classes, places)
        One column for each place of a square window that steps by one pixel.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        Its two axes hold the strip and the scores.

    Raises
    ------
    ValueError
        If the places are not those of a window of the strip's height.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.flatten_and_fully_connected import figures
    >>> fig = figures.score_strip(np.zeros((4, 8)), np.eye(5))
    >>> [text.get_text() for text in fig.axes[1].get_yticklabels()]
    ['0', '1', '2', '3', '4']
    """
    grey = require_numbers("score_strip", strip, "strip")
    values = require_numbers("score_strip", scores, "scores")
    side, length = grey.shape
    if values.shape[1:] != (length - side + 1,):
        raise ValueError(
            f"score_strip: a window of {side} columns has {length - side + 1} places on a strip "
            f"of {length} columns, but scores has the shape {values.shape}."
        )
    fig = Figure(figsize=(width, 5.0), layout="constrained")
    above, below = fig.subplots(2, 1, sharex=True, height_ratios=[side, 2.2 * side])
    above.imshow(grey, cmap="gray", vmin=0, vmax=1, aspect="auto")
    above.set(yticks=[])
    first, last = (side - 1) / 2, length - 1 - (side - 1) / 2
    extent = (first - 0.5, last + 0.5, len(values) - 0.5, -0.5)
    highest = float(np.abs(values).max())
    below.imshow(values, cmap=DIVERGING, vmin=-highest, vmax=highest, aspect="auto", extent=extent)
    middles = np.arange(first, last + 1, side)
    below.plot(middles, values[:, ::side].argmax(axis=0), "o", **_MARKER)
    below.set(xlim=(-0.5, length - 0.5), yticks=range(len(values)), ylabel="class")
    below.set_xticks(middles, [f"{place}" for place in range(0, values.shape[1], side)])
    below.set_xlabel("left column of the window; ○ marks the highest score")
    return fig


@styled
def surprise(points: Mapping[str, float], ax: Axes) -> Axes:
    """Draw −ln p over the probability p of the right class, with some points named.

    Parameters
    ----------
    points : mapping from a text to a probability
        Above 0, at most 1.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
        ``ax``: its first line is the curve, its texts name the points, in order.

    Raises
    ------
    ValueError
        If a probability is not above 0 and at most 1.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.flatten_and_fully_connected import figures
    >>> fig, ax = drawing.new()
    >>> [text.get_text() for text in figures.surprise({"a coin": 0.5}, ax).texts]
    ['a coin: 0.69']
    """
    ax = require_axes("surprise", ax)
    for name, p in points.items():
        if not 0 < p <= 1:
            raise ValueError(f"surprise: {name!r} has p = {p}; it must be above 0 and at most 1.")
    lowest = min([0.01, *points.values()])
    along = np.geomspace(lowest * 0.9, 1, 300)
    ax.plot(along, -np.log(along), color=COLORS["blue"])
    for name, at in points.items():
        height = float(-np.log(at)) + 0.0  # −ln 1 is −0
        ax.plot(at, height, "o", color=COLORS["vermillion"], markersize=8, clip_on=False, zorder=4)
        ax.annotate(
            f"{name}: {height:.2f}",
            (at, height),
            (10, 6),
            textcoords="offset points",
            va="bottom",
            ha="left" if at < 0.9 else "right",
            fontsize=12,
            color=INK,
            annotation_clip=False,
        )
    ax.set(xlim=(0, 1), xlabel="p, the probability given to the right class", ylabel="loss, −ln p")
    ax.set_ylim(bottom=0)
    ax.grid()
    return ax


@styled
def verdicts(
    images: Sequence[ArrayLike],
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    ncols: int = 3,
    guesses: int = 3,
    width: float = 9.0,
) -> Figure:
    """Draw images, and beside each the classes that a network finds most probable.

    The bar of the right class is hatched, and its number has a tick, for a bar too short to show
    its hatching. If the right class is not among the first guesses, it replaces the last
    of them, so it is always there.

    Parameters
    ----------
    images : sequence of array_like, each (H, W)
    probabilities : array_like, (N, classes)
    labels : array_like of int, (N,)
        The right classes.
    ncols : int
        Images in a row.
    guesses : int
        Bars beside each image.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        Its axes are image, bars, image, bars, in order.

    Raises
    ------
    ValueError
        If there are not as many probabilities and labels as images.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.flatten_and_fully_connected import figures
    >>> fig = figures.verdicts([np.zeros((4, 4))], [[0.1, 0.7, 0.2]], [2], guesses=2)
    >>> [text.get_text() for text in fig.axes[1].texts]
    ['70%', '20% ✓']
    """
    p = require_numbers("verdicts", probabilities, "probabilities")
    right = require_numbers("verdicts", labels, "labels")
    if p.ndim != 2 or len(p) != len(images) or right.shape != (len(images),):
        raise ValueError(
            f"verdicts: {len(images)} images came with probabilities of shape {p.shape} and "
            f"labels of shape {right.shape}; pass one row and one label for each image."
        )
    nrows = -(-len(images) // ncols)
    fig = Figure(figsize=(width, 1.75 * nrows), layout="constrained")
    axes = fig.subplots(nrows, 2 * ncols, width_ratios=[1.15, 1] * ncols, squeeze=False)
    for ax in axes.ravel()[2 * len(images) :]:
        ax.remove()
    for k, one in enumerate(images):
        picture, chart = axes.ravel()[2 * k : 2 * k + 2]
        true = int(right[k])
        shown = np.argsort(-p[k], kind="stable")[:guesses]
        if true not in shown:
            shown[-1] = true
        image(one, picture, title=f"a {true}")
        found = np.flatnonzero(shown == true).tolist()
        names = [str(name) for name in shown.tolist()]
        bars(names, p[k, shown], chart, fmt=_percent, highlight=found)
        chart.set(xlim=(0, 1), xticks=[], title=f"says {int(p[k].argmax())}")
        chart.spines["bottom"].set_visible(False)
        for text, value, name in zip(chart.texts, p[k, shown], shown.tolist(), strict=True):
            if name == true:
                text.set_text(f"{text.get_text()} ✓")
            if value > 0.6:  # inside the bar: beyond its end lies the next image
                text.set(ha="right", color="white", fontweight="bold")
                text.set_position((-5, 0))
    return fig


def _percent(value: float) -> str:
    """Write a probability; a small one that is not zero is not written as 0%."""
    return "<1%" if 0 < value < 0.005 else format_numbers([value], ".0%")[0]
