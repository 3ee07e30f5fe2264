"""Numbers in cells: grids and kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm, Colormap, Normalize
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from cnnlib.course.drawing.display import CELL_NUMBER, MAX_CELL_FONT
from cnnlib.course.drawing.theme import (
    CYCLE,
    DIVERGING,
    GREY,
    LINE,
    LINE_STYLES,
    MUTED,
    PALE,
    format_numbers,
    require_2d,
    require_axes,
    root_figure,
    styled,
    text_colour,
)
from cnnlib.types import Array

Window = tuple[int, int, int, int]
MOST_NUMBERS = 2500  # more of them in one picture cannot be read, and take many seconds to draw


@styled
def grid(
    values: ArrayLike,
    ax: Axes,
    *,
    title: str | None = None,
    highlight: Sequence[Window | None] | None = None,
    fmt: str | Callable[[Any], str] | None = None,
    cmap: str | Colormap | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    center: float | None = None,
    numbers: bool = True,
    missing: str = "",
    padding: int | tuple[int, int] = 0,
    indices: bool = False,
    origin: int | tuple[int, int] = 0,
    row_labels: Sequence[str] | None = None,
    col_labels: Sequence[str] | None = None,
) -> Axes:
    """Draw a small array as a grid of cells, each with its number.

    Cell (i, j) is centred at x = j, y = i, with row 0 at the top.

    Parameters
    ----------
    values : array_like, shape (rows, columns) or (columns,)
        The numbers. A NaN leaves its cell empty (see ``missing``).
    ax : Axes
        Where to draw.
    title : str, optional
        Text above the grid.
    highlight : sequence of (row, column, height, width), optional
        Windows to outline, in indices of ``values``. The k-th window always has the k-th colour
        and the k-th line style, so equal positions in two grids match; None skips a style.
    fmt : str or callable, optional
        How to write each number; see `format_numbers`.
    cmap : str or Colormap, optional
        Colours for the values, such as ``"gray"`` or ``"viridis"``. Without it every cell is pale.
    vmin, vmax : float, optional
        The values at the ends of the colour map; the smallest and the largest by default.
    center : float, optional
        Centre the colour map on this value instead. With ``vmax``, the map reaches from
        ``center - (vmax - center)`` to ``vmax``.
    numbers : bool
        Whether to write the numbers.
    missing : str
        The text in a cell that holds NaN, for example ``"?"``.
    padding : int or (int, int)
        How many rows above and below, and columns left and right, are padding, drawn hatched.
    indices : bool
        Whether to write row and column indices along the edges.
    origin : int or (int, int)
        The index of the first row and column, for example -1 where one row is padding.
    row_labels, col_labels : sequence of str, optional
        Texts along the left and upper edge instead of indices.

    Returns
    -------
    Axes
        ``ax``. The numbers are in ``ax.texts`` in row-major order.

    Raises
    ------
    TypeError
        If ``ax`` is not one Axes, or ``values`` does not hold real numbers.
    ValueError
        If shapes, windows, padding or labels do not fit together, or there are more numbers than
        can be read.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(width=3)
    >>> ax = drawing.grid([[5, 1], [15, 5]], ax, title="input", highlight=[(0, 0, 1, 2)])
    >>> [text.get_text() for text in ax.texts]
    ['5', '1', '15', '5']
    """
    ax = require_axes("grid", ax)
    array = require_2d("grid", values)
    rows, cols = array.shape
    if numbers and array.size > MOST_NUMBERS:
        raise ValueError(
            f"grid: values of shape {array.shape} are too many numbers to read; at most "
            f"{MOST_NUMBERS:,} are drawn. Draw a part of them, or pass numbers=False."
        )
    is_vector = np.ndim(values) == 1
    pad_rows, pad_cols = _pair("grid", "padding", padding)
    if pad_rows < 0 or pad_cols < 0 or 2 * pad_rows >= rows or 2 * pad_cols >= cols:
        raise ValueError(
            f"grid: padding {(pad_rows, pad_cols)} leaves no cell of a grid of shape {array.shape}."
        )

    is_padding = np.ones(array.shape, dtype=bool)
    is_padding[pad_rows : rows - pad_rows, pad_cols : cols - pad_cols] = False
    colors = _cell_colours(array, cmap, vmin, vmax, center)
    colors[is_padding] = mpl.colors.to_rgb(MUTED)
    ax.imshow(colors, interpolation="none", aspect="equal", zorder=1)

    for i, j in zip(*np.nonzero(is_padding), strict=True):
        ax.add_patch(
            Rectangle(
                (j - 0.5, i - 0.5),
                1,
                1,
                fill=False,
                hatch="///",
                edgecolor="white",
                linewidth=0,
                zorder=1.5,
                gid="padding",
            )
        )
    if max(rows, cols) <= 40:
        width = 0.9 if max(rows, cols) <= 16 else 0.4
        ax.hlines(np.arange(rows + 1) - 0.5, -0.5, cols - 0.5, colors=LINE, lw=width, zorder=2)
        ax.vlines(np.arange(cols + 1) - 0.5, -0.5, rows - 0.5, colors=LINE, lw=width, zorder=2)
    if numbers:
        texts = format_numbers(array, fmt, missing)
        size = _number_size(ax, array.shape, texts)
        for k, text in enumerate(texts):
            i, j = divmod(k, cols)
            ax.text(
                j,
                i,
                text,
                ha="center",
                va="center_baseline",
                fontsize=size,
                zorder=3,
                color=text_colour(colors[i, j]),
                gid=CELL_NUMBER,
            )
    outline(ax, array.shape, highlight, fill=cmap is None)

    first_row, first_col = _pair("grid", "origin", origin)
    _edge_labels(ax, "y", rows, row_labels, indices and not is_vector, first_row)
    _edge_labels(ax, "x", cols, col_labels, indices, first_col)
    # Half of the thick outer border lies outside the cells: leave room for it.
    ax.set_xlim(-0.56, cols - 0.44)
    ax.set_ylim(rows - 0.44, -0.56)
    ax.spines[:].set_visible(False)
    if title is not None:
        ax.set_title(title)
    return ax


def _pair(name: str, what: str, value: int | tuple[int, int]) -> tuple[int, int]:
    try:
        first, second = (value, value) if isinstance(value, int | np.integer) else value
        return int(first), int(second)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name}: {what} must be an integer or a pair of integers, but is {value!r}."
        ) from error


def _cell_colours(
    array: Array,
    cmap: str | Colormap | None,
    vmin: float | None,
    vmax: float | None,
    center: float | None,
) -> Array:
    """Return the (rows, columns, 3) colours of the cells."""
    if cmap is None:
        return np.full((*array.shape, 3), mpl.colors.to_rgb(PALE))
    finite = array[np.isfinite(array)].astype(float)
    colormap = mpl.colormaps.get_cmap(cmap)
    red, green, blue, opacity = colormap.get_bad()  # for cells without a number, if it is set
    colors = np.full((*array.shape, 3), (red, green, blue) if opacity else 1.0)
    if finite.size:
        norm = value_norm(finite, vmin, vmax, center)
        shown = np.isfinite(array)
        colors[shown] = colormap(norm(array[shown].astype(float)))[:, :3]
    return colors


def value_norm(
    finite: Array, vmin: float | None, vmax: float | None, center: float | None
) -> Normalize:
    """Return the scale from values to the colour map; symmetric around ``center`` if given."""
    if center is not None:
        reach = float(np.abs(finite - center).max()) if vmax is None else vmax - center
        return CenteredNorm(center, halfrange=reach or 1.0)
    low = float(finite.min()) if vmin is None else vmin
    high = float(finite.max()) if vmax is None else vmax
    if high == low:
        low, high = low - 0.5, high + 0.5
    return Normalize(low, high)


def _number_size(ax: Axes, shape: tuple[int, ...], texts: list[str]) -> float:
    """Guess a font size from the room there is now; `show` fits it to the final layout."""
    box = ax.get_window_extent()
    fig = root_figure(ax)
    dpi = fig.dpi if fig is not None else 72.0
    cell = min(box.width / shape[1], box.height / shape[0]) * 72 / dpi
    longest = max((len(text) for text in texts), default=1)
    return float(np.clip(min(0.48 * cell, 1.2 * cell / max(longest, 1)), 4.0, MAX_CELL_FONT))


def outline(
    ax: Axes, shape: tuple[int, ...], windows: Sequence[Window | None] | None, *, fill: bool
) -> None:
    """Draw each window in its own colour and line style, the later ones a little smaller."""
    for k, window in enumerate(windows or ()):
        if window is None:
            continue
        try:
            row, col, height, width = (int(part) for part in window)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"grid: highlight takes windows (row, column, height, width), but has {window!r}. "
                "Put a single window in a list too: highlight=[(0, 0, 2, 2)]."
            ) from error
        inside = 0 <= row < row + height <= shape[0] and 0 <= col < col + width <= shape[1]
        if not inside:
            raise ValueError(
                f"grid: the window {(row, col, height, width)} (row, column, height, width) "
                f"does not lie in a grid of shape {shape}."
            )
        color = CYCLE[k % len(CYCLE)]
        inset = 0.05 * (k % 4)
        place = (col - 0.5 + inset, row - 0.5 + inset)
        size = (width - 2 * inset, height - 2 * inset)
        if fill:
            ax.add_patch(
                Rectangle(
                    place, *size, color=color, alpha=0.16, lw=0, zorder=1.7, gid="highlight-fill"
                )
            )
        # A white rim keeps the border, and its gaps, visible on cells of any colour.
        for gid, edge, linewidth, line in (
            ("highlight-rim", "white", 5.6, "-"),
            ("highlight", color, 3.2, LINE_STYLES[k % len(LINE_STYLES)]),
        ):
            ax.add_patch(
                Rectangle(
                    place,
                    *size,
                    fill=False,
                    edgecolor=edge,
                    linewidth=linewidth,
                    linestyle=line,
                    zorder=5,
                    clip_on=False,
                    joinstyle="miter",
                    capstyle="butt",
                    gid=gid,
                )
            )


def _edge_labels(
    ax: Axes, axis: str, count: int, labels: Sequence[str] | None, indices: bool, first: int
) -> None:
    which = ax.yaxis if axis == "y" else ax.xaxis
    if labels is None:
        labels = [str(first + k).replace("-", "−") for k in range(count)] if indices else []
    elif len(labels) != count:
        side = "row_labels" if axis == "y" else "col_labels"
        raise ValueError(f"grid: {side} has {len(labels)} texts for {count} cells.")
    which.set_ticks(list(range(len(labels))), labels=list(labels))
    if axis == "x":
        ax.xaxis.tick_top()
    which.set_tick_params(length=0, labelcolor=GREY, pad=3)


def kernel(values: ArrayLike, ax: Axes, *, vmax: float | None = None, **options: Any) -> Axes:
    """Draw a kernel, a gradient or any signed array: blue below zero, white at 0, red above.

    Parameters
    ----------
    values : array_like, shape (rows, columns)
        The numbers.
    ax : Axes
        Where to draw.
    vmax : float, optional
        The absolute value at the ends of the colour map; the largest by default.
    **options
        Everything else that `grid` takes.

    Returns
    -------
    Axes
        ``ax``.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(width=3)
    >>> ax = drawing.kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], ax, title="Sobel, across")
    >>> ax.texts[0].get_text()
    '−1'
    """
    settings: dict[str, Any] = {"cmap": DIVERGING, "center": 0.0, "vmax": vmax}
    return grid(values, ax, **(settings | options))
