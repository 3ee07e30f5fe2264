"""Grids and signs in a row, as in input ⋆ kernel = output."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnnlib.course.drawing.grids import grid, kernel
from cnnlib.course.drawing.images import number_image
from cnnlib.course.drawing.theme import (
    INK,
    format_numbers,
    require_2d,
    require_axes,
    styled,
    text_inches,
)
from cnnlib.types import Array


@styled
def operator(ax: Axes, symbol: str, *, fontsize: float | None = None) -> Axes:
    """Fill an axes with one large sign, such as ⋆ + = →.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    symbol : str
        The sign.
    fontsize : float, optional
        Its size in points; by default so large that all signs look alike.

    Returns
    -------
    Axes
        ``ax``.

    Raises
    ------
    TypeError
        If ``ax`` is not one Axes.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(width=1)
    >>> drawing.operator(ax, "=").texts[0].get_text()
    '='
    """
    ax = require_axes("operator", ax)
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    size = _sign_size(symbol) if fontsize is None else fontsize
    ax.text(0.5, 0.5, symbol, ha="center", va="center", fontsize=size, color=INK, gid="operator")
    return ax


def _sign_size(symbol: str) -> float:
    """Font size at which a sign is as heavy as the others: the font draws some very small."""
    return 46.0 if symbol in ("⋆", "·", "∗", "⊙", "∘") else 26.0


@styled
def equation(
    items: Sequence[Any],
    *,
    width: float = 9.0,
    cell: float | None = None,
    title: str | None = None,
) -> Figure:
    """Lay out grids and signs in a row, as in input ⋆ kernel = output.

    Every cell of every grid has the same physical size, and all grids are centred on one line.

    Parameters
    ----------
    items : sequence
        In reading order, each of: a text, drawn as a large sign; an array, drawn by `grid`;
        a pair (title, array); or a triple (title, array, options) where options is a dict of
        arguments for `grid`. The option ``"signed": True`` draws the array as `kernel` does,
        and ``"image": True`` as `number_image` does.
    width : float
        The greatest width of the figure in inches.
    cell : float, optional
        Width of a cell in inches. By default as large as ``width`` allows, up to 0.62.
    title : str, optional
        A title above all.

    Returns
    -------
    Figure
        One axes for each item, in order.

    Raises
    ------
    TypeError
        If an item is none of these.
    ValueError
        If there is nothing to draw.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig = drawing.equation([("input", [[1, 2], [3, 4]]), "+", ("bias", [[10]])])
    >>> [ax.get_title() for ax in fig.axes]
    ['input', '', 'bias']
    """
    if isinstance(items, str) or not len(items):
        raise ValueError("equation: items must be a list with at least one array or sign.")
    parts = [_equation_item(item) for item in items]
    arrays = [part for part in parts if part.array is not None]
    longest = max((part.longest for part in arrays), default=1)
    # Cells are wide enough for the longest number at a size that reads from the back row.
    wanted = cell or float(np.clip(0.13 * longest + 0.2, 0.56, 1.1))

    measure = Figure()
    left_edge = [part.left_edge(measure) for part in parts]
    signs = [text_inches(measure, part.sign, _sign_size(part.sign))[0] + 0.3 for part in parts]

    def spread(size: float) -> list[float]:
        """Return the widths of all parts for a size of cell, with titles broken to fit."""
        slots = list(signs)
        for k, part in enumerate(parts):
            if part.array is not None:
                grid_width = part.array.shape[1] * size + left_edge[k]
                title_width = part.break_title(measure, max(grid_width, 1.25))
                slots[k] = max(grid_width, title_width) + 0.12
        return slots

    size = wanted
    while cell is None and sum(spread(size)) > width and size > 0.08:
        size *= 0.97
    slots = spread(size)
    title_height = max(text_inches(measure, part.title, 13)[1] for part in parts) + 0.1
    top_edge = 0.25 if any(part.labelled("col") for part in parts) else 0.0
    tallest = max((part.array.shape[0] for part in arrays if part.array is not None), default=1)
    body = max(tallest * size, 0.6)
    above = title_height + top_edge + (0.4 if title else 0.0)
    fig = Figure(figsize=(sum(slots), body + above + 0.08))
    total_width, total_height = fig.get_size_inches()
    middle = 0.04 + body / 2

    x = 0.0
    for k, part in enumerate(parts):
        if part.array is None:
            box = (x, middle - 0.3, slots[k], 0.6)
        else:
            rows, cols = part.array.shape
            # 0.12 of a cell is the margin that `grid` keeps around its border.
            w, h = (cols + 0.12) * size, (rows + 0.12) * size
            box = (x + (slots[k] + left_edge[k] - w) / 2, middle - h / 2, w, h)
        ax = fig.add_axes(
            (
                box[0] / total_width,
                box[1] / total_height,
                box[2] / total_width,
                box[3] / total_height,
            )
        )
        if part.array is None:
            operator(ax, part.sign)
        else:
            part.draw(part.array, ax, title=part.title or None, **part.options)
            ax.title.set_gid("fixed")  # the slot is as wide as the title already
        x += slots[k]
    if title is not None:
        fig.suptitle(title, y=1 - 0.04 / total_height, va="top")
    return fig


class _Item:
    """One part of an equation: a sign, or an array with its title and options."""

    def __init__(
        self,
        sign: str = "",
        title: str = "",
        array: Array | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.sign, self.title, self.array = sign, title, array
        self.whole_title = title
        self.options = dict(options or {})
        signed = self.options.pop("signed", False)
        as_image = self.options.pop("image", False)
        self.draw: Callable[..., Axes] = kernel if signed else number_image if as_image else grid
        self.longest = 1
        if array is not None and self.options.get("numbers", True):
            texts = format_numbers(array, self.options.get("fmt"), self.options.get("missing", ""))
            self.longest = max(len(text) for text in texts)

    def labelled(self, side: str) -> bool:
        return bool(self.options.get("indices") or self.options.get(f"{side}_labels"))

    def left_edge(self, measure: Figure) -> float:
        """Inches that the labels on the left take."""
        if not self.labelled("row"):
            return 0.0
        labels = self.options.get("row_labels") or ["−9"]
        return 0.08 + max(text_inches(measure, str(label), 11)[0] for label in labels)

    def break_title(self, measure: Figure, room: float) -> float:
        """Break a title that is wider than ``room`` inches at its spaces; return its width."""
        self.title = self.whole_title
        width = text_inches(measure, self.title, 13)[0]
        columns = len(self.title)
        while width > room and columns > 6:
            columns -= 1
            self.title = "\n".join(
                textwrap.fill(line, columns, break_long_words=False)
                for line in self.whole_title.split("\n")
            )
            width = text_inches(measure, self.title, 13)[0]
        return width


def _equation_item(item: Any) -> _Item:
    if isinstance(item, str):
        return _Item(sign=item)
    if isinstance(item, tuple) and item and isinstance(item[0], str):
        if len(item) == 2:
            return _Item(title=item[0], array=require_2d("equation", item[1]))
        if len(item) == 3 and isinstance(item[2], Mapping):
            return _Item(title=item[0], array=require_2d("equation", item[1]), options=item[2])
        raise TypeError(
            f"equation: a titled item is (title, array) or (title, array, options), "
            f"but came with {len(item)} parts: {item!r}."
        )
    return _Item(array=require_2d("equation", item))
