"""Arrays drawn as grids of numbers, as images, and as equations of grids."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm, Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike

from cnnlib.course.drawing.display import CELL_NUMBER, MAX_CELL_FONT
from cnnlib.course.drawing.theme import (
    CYCLE,
    DIVERGING,
    INK,
    LINE,
    LINE_STYLES,
    MUTED,
    PALE,
    format_numbers,
    require_2d,
    require_axes,
    require_numbers,
    root_figure,
    styled,
    text_color,
)
from cnnlib.types import Array

Window = tuple[int, int, int, int]


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
        and the k-th line style, so that equal positions in two grids match; None skips a style.
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
        So many rows above and below, and columns left and right, are drawn as padding: hatched.
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
        If ``ax`` is not one Axes, or ``values`` holds no real numbers.
    ValueError
        If shapes, windows, padding or labels do not fit together.

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
    is_vector = np.ndim(values) == 1
    pad_rows, pad_cols = _pair("grid", "padding", padding)
    if pad_rows < 0 or pad_cols < 0 or 2 * pad_rows >= rows or 2 * pad_cols >= cols:
        raise ValueError(
            f"grid: padding {(pad_rows, pad_cols)} leaves no cell of a grid of shape {array.shape}."
        )

    is_padding = np.ones(array.shape, dtype=bool)
    is_padding[pad_rows : rows - pad_rows, pad_cols : cols - pad_cols] = False
    colors = _cell_colors(array, cmap, vmin, vmax, center)
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
                color=text_color(colors[i, j]),
                gid=CELL_NUMBER,
            )
    _outline(ax, array.shape, highlight, fill=cmap is None)

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


def _cell_colors(
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
    colors = np.full((*array.shape, 3), 1.0)
    if finite.size:
        norm = value_norm(finite, vmin, vmax, center)
        shown = np.isfinite(array)
        colors[shown] = mpl.colormaps.get_cmap(cmap)(norm(array[shown].astype(float)))[:, :3]
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


def _outline(
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
                "A single window still stands in a list: highlight=[(0, 0, 2, 2)]."
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
    which.set_tick_params(length=0, labelcolor="#555555", pad=3)


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


def number_image(img: ArrayLike, ax: Axes, **options: Any) -> Axes:
    """Draw a small piece of a grey image with the value of each pixel written into it.

    Parameters
    ----------
    img : array_like, shape (H, W)
        Grey values: uint8 from 0 to 255, or floats from 0 to 1.
    ax : Axes
        Where to draw.
    **options
        Everything else that `grid` takes.

    Returns
    -------
    Axes
        ``ax``.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(width=3)
    >>> ax = drawing.number_image(np.array([[0, 255]], dtype=np.uint8), ax)
    >>> [text.get_color() for text in ax.texts]
    ['white', 'black']
    """
    pixels = _checked_image("number_image", img)
    if pixels.ndim == 3:
        raise ValueError(
            f"number_image: img must be grey, (H, W), but its shape is {pixels.shape}. "
            "Draw one channel at a time: img[:, :, 0]."
        )
    settings: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": _white(pixels)}
    return grid(pixels, ax, **(settings | options))


def _white(img: Array) -> float:
    return 255.0 if img.dtype.kind in "iu" else 1.0


def _checked_image(name: str, img: ArrayLike) -> Array:
    """Return an image as an array after checking its shape and range."""
    pixels = require_numbers(name, img, "img")
    if pixels.ndim == 3 and pixels.shape[-1] != 3:
        hint = "Use img[:, :, 0] for one channel."
        if pixels.shape[0] == 3:
            hint = "Its channels come first; move them last: np.moveaxis(img, 0, -1)."
        elif pixels.shape[0] == 1:
            hint = "Take out its only channel: img[0]."
        raise ValueError(
            f"{name}: img must be (H, W) grey or (H, W, 3) colour, but is {pixels.shape}. {hint}"
        )
    if pixels.ndim not in (2, 3):
        raise ValueError(
            f"{name}: img must be (H, W) grey or (H, W, 3) colour, but its shape is {pixels.shape}."
        )
    low, high, white = float(pixels.min()), float(pixels.max()), _white(pixels)
    if not (low >= 0 and high <= white):
        kind = "integers from 0 to 255" if white == 255 else "floats from 0 to 1"
        raise ValueError(
            f"{name}: img of dtype {pixels.dtype} must hold {kind}, "
            f"but holds {low:g} to {high:g}. Divide floats by 255, or draw signed maps "
            "with drawing.gallery or drawing.kernel."
        )
    return pixels


@styled
def image(
    img: ArrayLike,
    ax: Axes,
    *,
    title: str | None = None,
    highlight: Sequence[Window | None] | None = None,
) -> Axes:
    """Show an image as it is: no rescaling of its values, no smoothing, no axes.

    Parameters
    ----------
    img : array_like, shape (H, W) or (H, W, 3)
        Grey or colour; uint8 from 0 to 255, or floats from 0 to 1. 0 is black.
    ax : Axes
        Where to draw.
    title : str, optional
        Text above the image.
    highlight : sequence of (row, column, height, width), optional
        Windows to outline, in pixels; see `grid`.

    Returns
    -------
    Axes
        ``ax``.

    Raises
    ------
    TypeError
        If ``ax`` is not one Axes.
    ValueError
        If the shape is not that of an image or values are out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(width=3)
    >>> ax = drawing.image(np.zeros((8, 8, 3), dtype=np.uint8), ax, title="all black")
    >>> ax.images[0].get_array().shape
    (8, 8, 3)
    """
    ax = require_axes("image", ax)
    pixels = _checked_image("image", img)
    _picture(pixels, ax, "gray", Normalize(0, _white(pixels)))
    _outline(ax, pixels.shape[:2], highlight, fill=False)
    if title is not None:
        ax.set_title(title)
    return ax


def _picture(pixels: Array, ax: Axes, cmap: str | Colormap, norm: Normalize) -> None:
    if pixels.ndim == 3 and pixels.dtype.kind in "iu":
        pixels = pixels.astype(np.uint8)
    ax.imshow(pixels, cmap=cmap, norm=norm, interpolation="none", aspect="equal")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(True)


@styled
def gallery(
    images: ArrayLike | Sequence[ArrayLike],
    *,
    titles: Sequence[str] | None = None,
    ncols: int | None = None,
    cmap: str = "gray",
    scale: str = "shared",
    diverging: bool = False,
    vmin: float | None = None,
    vmax: float | None = None,
    colorbar: bool = False,
    width: float = 9.0,
    cell: float | None = None,
    title: str | None = None,
) -> Figure:
    """Show many maps side by side: digits, filters, feature maps.

    Parameters
    ----------
    images : array_like, shape (N, H, W), or sequence of (H, W) or (H, W, 3) arrays
        The maps. Maps of different sizes may stand together.
    titles : sequence of str, optional
        One text above each map.
    ncols : int, optional
        Maps in a row.
    cmap : str
        Colour map; ``"gray"`` for images, ``"viridis"`` for maps that are not negative.
    scale : {"shared", "each"}
        One colour scale for all maps, so that they may be compared, or one for each.
    diverging : bool
        Signed maps: a map of two colours, with white at zero.
    vmin, vmax : float, optional
        The ends of a shared scale; the smallest and the largest value by default.
    colorbar : bool
        Draw the scale beside a gallery with a shared one.
    width : float
        Width of the figure in inches.
    cell : float, optional
        Width of one map in inches instead; the figure is then as wide as needed.
    title : str, optional
        A title above all.

    Returns
    -------
    Figure
        Its first N axes hold the maps.

    Raises
    ------
    ValueError
        If shapes, titles or the scale do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course import drawing
    >>> fig = drawing.gallery(np.zeros((3, 5, 5)), titles=["a", "b", "c"], cell=1.0)
    >>> [ax.get_title() for ax in fig.axes]
    ['a', 'b', 'c']
    """
    maps = [require_numbers("gallery", one, "an image") for one in _listed(images)]
    if not maps:
        raise ValueError("gallery: images is empty.")
    for k, one in enumerate(maps):
        if one.ndim != 2 and not (one.ndim == 3 and one.shape[-1] == 3):
            raise ValueError(
                f"gallery: each image must be (H, W) or (H, W, 3), but number {k} is {one.shape}. "
                "Pick the sample or channel first, for example feature_maps[0]."
            )
    if titles is not None and len(titles) != len(maps):
        raise ValueError(f"gallery: {len(titles)} titles came for {len(maps)} images.")
    if scale not in ("shared", "each"):
        raise ValueError(f'gallery: scale must be "shared" or "each", but is {scale!r}.')
    if colorbar and scale == "each":
        raise ValueError('gallery: a colorbar needs one scale for all: pass scale="shared".')

    ncols = min(len(maps), ncols or (len(maps) if len(maps) <= 6 else 8))
    nrows = math.ceil(len(maps) / ncols)
    cell_width = cell or (width - (0.9 if colorbar else 0.0)) / ncols
    aspect = max(one.shape[0] / one.shape[1] for one in maps)
    lines = max((text.count("\n") + 1 for text in titles), default=0) if titles else 0
    row_height = (cell_width - 0.12) * aspect + 0.12 + 0.22 * lines
    fig = Figure(
        figsize=(
            cell_width * ncols + (0.9 if colorbar else 0.0),
            row_height * nrows + (0.35 if title else 0.0),
        ),
        layout="constrained",
    )
    if title is not None:
        fig.suptitle(title)
    axes = fig.subplots(nrows, ncols, squeeze=False).ravel().tolist()
    for spare in axes[len(maps) :]:
        fig.delaxes(spare)

    center = 0.0 if diverging else None
    everything = np.concatenate([one.ravel() for one in maps if one.ndim == 2] or [np.zeros(1)])
    used: Colormap = mpl.colormaps.get_cmap(DIVERGING if diverging else cmap)
    shared = value_norm(everything.astype(float), vmin, vmax, center)
    for k, one in enumerate(maps):
        norm = shared if scale == "shared" else value_norm(one.astype(float), vmin, vmax, center)
        _picture(one, axes[k], used, norm)
        if titles is not None:
            axes[k].set_title(titles[k], fontsize=12, pad=4)
    if colorbar:
        bar = fig.colorbar(
            mpl.cm.ScalarMappable(shared, used), ax=axes[: len(maps)], aspect=24, pad=0.02
        )
        bar.outline.set_visible(False)
    return fig


def _listed(images: ArrayLike | Sequence[ArrayLike]) -> list[Any]:
    if isinstance(images, np.ndarray) and images.ndim < 3:
        raise ValueError(
            f"gallery: images must be (N, H, W) or a list of maps, but its shape is "
            f"{images.shape}. For one map use drawing.image or put it in a list."
        )
    return list(images)  # type: ignore[arg-type]


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
    """Font size at which a sign has its due weight: the font draws some of them very small."""
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
    signs = [_text_inches(measure, part.sign, _sign_size(part.sign))[0] + 0.3 for part in parts]

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
    title_height = max(_text_inches(measure, part.title, 13)[1] for part in parts) + 0.1
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
        return 0.08 + max(_text_inches(measure, str(label), 11)[0] for label in labels)

    def break_title(self, measure: Figure, room: float) -> float:
        """Break a title that is wider than ``room`` inches at its spaces; return its width."""
        self.title = self.whole_title
        width = _text_inches(measure, self.title, 13)[0]
        columns = len(self.title)
        while width > room and columns > 6:
            columns -= 1
            self.title = "\n".join(
                textwrap.fill(line, columns, break_long_words=False)
                for line in self.whole_title.split("\n")
            )
            width = _text_inches(measure, self.title, 13)[0]
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


def _text_inches(fig: Figure, text: str, fontsize: float) -> tuple[float, float]:
    """Width and height that a text will take, in inches."""
    if not text:
        return 0.0, 0.0
    artist: Text = fig.text(0, 0, text, fontsize=fontsize)
    box = artist.get_window_extent()
    artist.remove()
    return float(box.width / fig.dpi), float(box.height / fig.dpi)
