"""Figures of notebook 05: maps that shrink, and windows above what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cnnlib.course.drawing.charts import curves
from cnnlib.course.drawing.equations import operator
from cnnlib.course.drawing.grids import grid
from cnnlib.course.drawing.images import image
from cnnlib.course.drawing.theme import INK, new, require_2d, styled

__all__ = ["over_shift", "pairs", "to_scale"]

_MARGIN = 0.12  # of a cell: what `grid` keeps around its border


@styled
def to_scale(
    maps: Sequence[ArrayLike],
    titles: Sequence[str],
    *,
    steps: Sequence[str | None] | None = None,
    width: float = 9.0,
) -> Figure:
    """Draw grey maps side by side on one scale: a pixel has the same size in each of them.

    A gallery blows every map up to one size, and pooling then looks like blur. Here a map of
    half the height and width takes a quarter of the area.

    Parameters
    ----------
    maps : sequence of array_like, each (H, W)
        Grey values, floats from 0 to 1 or uint8 from 0 to 255.
    titles : sequence of str
        One text above each map.
    steps : sequence of str or None, optional
        What leads from each map to the next: one text fewer than maps. Where it is None, nothing
        leads there and no arrow is drawn.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        The first axes hold the maps, in order; the further ones the arrows.

    Raises
    ------
    ValueError
        If there is no map, one is not 2-D, or titles and steps do not fit the maps.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.pooling import figures
    >>> fig = figures.to_scale([np.zeros((4, 4)), np.ones((2, 2))], ["4×4", "2×2"])
    >>> large, small = (ax.get_position().width for ax in fig.axes[:2])
    >>> round(float(large / small), 2)
    2.0
    """
    arrays = [require_2d("to_scale", one, f"map {k}") for k, one in enumerate(maps)]
    if not arrays:
        raise ValueError("to_scale: maps is empty; pass a list of (H, W) arrays.")
    _same_count("to_scale", "titles", titles, len(arrays))
    if steps is not None:
        _same_count("to_scale", "steps", steps, len(arrays) - 1)
    arrow = 1.0  # inches between two maps: room for an arrow and a word
    pixel = (width - arrow * (len(arrays) - 1)) / sum(one.shape[1] for one in arrays)
    tallest = max(one.shape[0] for one in arrays) * pixel
    head = _title_inches(titles)
    fig = Figure(figsize=(width, tallest + head))
    left, between = 0.0, []
    for array, title in zip(arrays, titles, strict=True):
        h, w = (size * pixel for size in array.shape)
        ax = _axes(fig, left, (tallest - h) / 2, w, h)
        image(array, ax, title=title)
        ax.title.set_gid("fixed")  # a title may be wider than a small map
        left += w + arrow
        between.append(left - arrow)
    for k, start in enumerate(between[:-1]):
        if steps is not None and steps[k] is None:
            continue
        text = "→" if steps is None else f"{steps[k]}\n→"
        operator(_axes(fig, start, tallest / 2 - 0.3, arrow, 0.6), text, fontsize=13)
    return fig


@styled
def pairs(
    inputs: Sequence[ArrayLike],
    outputs: Sequence[ArrayLike],
    window: int | tuple[int, int],
    *,
    titles: Sequence[str] | None = None,
    operation: str = "max",
    width: float = 9.0,
    **options: Any,
) -> Figure:
    """Draw inputs in a row and below each what pooling makes of it.

    Thick lines separate the windows of the inputs. All cells have one size.

    Parameters
    ----------
    inputs, outputs : sequence of array_like, each (H, W)
        As many outputs as inputs.
    window : int or (int, int)
        Height and width of the windows, which touch without overlapping.
    titles : sequence of str, optional
        One text above each input.
    operation : str
        The word beside each arrow.
    width : float
        Greatest width of the figure in inches.
    **options
        Everything else that `drawing.grid` takes, for all grids.

    Returns
    -------
    Figure
        Its axes hold the inputs, then the outputs, then the arrows.

    Raises
    ------
    ValueError
        If there is no pair, or counts, shapes and window do not fit.

    Examples
    --------
    >>> from cnnlib.course.pooling import figures
    >>> fig = figures.pairs([[[2, 3], [5, -2]]], [[[5]]], 2, titles=["one window"])
    >>> [text.get_text() for text in fig.axes[1].texts]
    ['5']
    """
    above = [require_2d("pairs", one, f"input {k}") for k, one in enumerate(inputs)]
    below = [require_2d("pairs", one, f"output {k}") for k, one in enumerate(outputs)]
    if not above or len(above) != len(below):
        raise ValueError(
            f"pairs: {len(above)} inputs came with {len(below)} outputs; pass one output for each."
        )
    if titles is not None:
        _same_count("pairs", "titles", titles, len(above))
    kh, kw = (window, window) if isinstance(window, int | np.integer) else window
    for array, pooled in zip(above, below, strict=True):
        if min(kh, kw) < 1 or pooled.shape != (array.shape[0] // kh, array.shape[1] // kw):
            raise ValueError(
                f"pairs: windows of {kh}×{kw} do not turn an input of shape {array.shape} into "
                f"an output of shape {pooled.shape}. Pass the output of pooling with that window "
                "and an equal stride."
            )

    gap, arrow = 0.4, 0.5  # inches between columns, and between input and output
    columns = sum(array.shape[1] + _MARGIN for array in above)
    cell = min(0.62, (width - gap * (len(above) - 1)) / columns)
    top = (max(array.shape[0] for array in above) + _MARGIN) * cell
    bottom = (max(pooled.shape[0] for pooled in below) + _MARGIN) * cell
    total = columns * cell + gap * (len(above) - 1)
    fig = Figure(figsize=(total, bottom + arrow + top + _title_inches(titles or [])))
    left, spans = 0.0, []
    for k, array in enumerate(above):
        h, w = ((size + _MARGIN) * cell for size in array.shape)
        ax = grid(array, _axes(fig, left, bottom + arrow, w, h), **options)
        _part_windows(ax, array.shape, kh, kw)
        if titles is not None:
            ax.set_title(titles[k], gid="fixed")
        spans.append((left, w))
        left += w + gap
    for pooled, (left, across) in zip(below, spans, strict=True):
        h, w = ((size + _MARGIN) * cell for size in pooled.shape)
        grid(pooled, _axes(fig, left + (across - w) / 2, bottom - h, w, h), **options)
    for left, across in spans:
        place = _axes(fig, left, bottom + 0.02, across, arrow - 0.04)
        operator(place, f"↓ {operation}", fontsize=13)
    return fig


@styled
def over_shift(
    distances: ArrayLike,
    panels: Mapping[str, Mapping[str, ArrayLike]],
    *,
    legend: int = 0,
    height: float = 4.2,
) -> Figure:
    """Draw several measures of the same maps against the distance of a shift, side by side.

    A series has the same colour, line and marker in every panel, so one legend serves all.

    Parameters
    ----------
    distances : array_like
        Shifts in pixels.
    panels : mapping from label to series
        For each panel its y label and its curves, a mapping from name to values.
    legend : int
        The panel that holds the legend, where there is room for it.
    height : float
        Height of the figure in inches.

    Returns
    -------
    Figure
        One axes for each panel, in order.

    Raises
    ------
    ValueError
        If there is no panel, the panels do not have the same series, or `legend` is no panel.

    Examples
    --------
    >>> from cnnlib.course.pooling import figures
    >>> fig = figures.over_shift([0, 1], {"unchanged": {"max": [1.0, 0.33]}})
    >>> fig.axes[0].get_ylabel()
    'unchanged'
    """
    names = [list(series) for series in panels.values()]
    if not names or any(one != names[0] for one in names):
        raise ValueError(
            f"over_shift: every panel must have the same series in the same order, got {names}."
        )
    if not 0 <= legend < len(names):
        raise ValueError(f"over_shift: legend must be 0 to {len(names) - 1}, got {legend}.")
    fig, axes = new(ncols=len(names), height=height)
    for k, (ylabel, series) in enumerate(panels.items()):
        ax = np.atleast_1d(axes)[k]
        labels = "legend" if k == legend else "none"
        curves(series, ax, x=distances, xlabel="shift in pixels", ylabel=ylabel, labels=labels)
    return fig


def _part_windows(ax: Axes, shape: tuple[int, ...], kh: int, kw: int) -> None:
    """Draw thick lines around each whole window; leftover rows and columns stay outside."""
    rows, cols = shape[0] // kh * kh, shape[1] // kw * kw
    # A white rim keeps the lines visible on dark cells.
    style: dict[str, Any] = {
        "colors": INK,
        "linewidth": 2.6,
        "zorder": 4,
        "gid": "window",
        "path_effects": [patheffects.withStroke(linewidth=5.4, foreground="white")],
    }
    ax.hlines(np.arange(0, rows + 1, kh) - 0.5, -0.5, cols - 0.5, **style)
    ax.vlines(np.arange(0, cols + 1, kw) - 0.5, -0.5, rows - 0.5, **style)


def _axes(fig: Figure, left: float, low: float, width: float, height: float) -> Axes:
    """Place axes by inches from the lower left corner."""
    w, h = fig.get_size_inches()
    return fig.add_axes((left / w, low / h, width / w, height / h))


def _title_inches(titles: Sequence[str]) -> float:
    """Return the height that the tallest title takes above its axes."""
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    return 0.24 * lines + 0.18 if lines else 0.05


def _same_count(op: str, what: str, texts: Sequence[str | None], expected: int) -> None:
    if len(texts) != expected:
        raise ValueError(f"{op}: expected {expected} {what}, got {len(texts)}.")
