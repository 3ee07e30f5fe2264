"""Figures of notebook 04: many channels in, many maps out.

Every function lays out a whole figure and returns it. What the figure shows is computed here from
the image and the filters, by the operations that the notebook teaches, so a picture never disagrees
with its arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import ArrayLike

from cnnlib.course.drawing.grids import Window, grid
from cnnlib.course.drawing.theme import (
    CYCLE,
    GREY,
    HATCHES,
    INK,
    LINE,
    PALE,
    arrow,
    format_numbers,
    new,
    require_numbers,
    styled,
)
from cnnlib.functional import conv2d
from cnnlib.shapes import output_size
from cnnlib.types import Array

__all__ = ["activations", "filter_bank", "filter_sum", "kernels", "one_cell", "product", "unrolled"]

# Pale enough for black numbers; the channel's name is always beside the colour.
TINTS = {"red": "#F8D9CF", "green": "#D3ECDF", "blue": "#D2E5F4"}


@styled
def filter_sum(
    x: ArrayLike, weight: ArrayLike, bias: float = 0.0, *, names: Sequence[str] | None = None
) -> Figure:
    """Draw one filter at work: a kernel for each channel, the results added, and one bias.

    Parameters
    ----------
    x : array_like, shape (C, H, W)
        One image.
    weight : array_like, shape (C, KH, KW)
        One filter.
    bias : float
        Its bias.
    names : sequence of str, optional
        Names of the channels; red, green, blue for three, and otherwise their numbers.

    Returns
    -------
    Figure
        Its axes hold, channel by channel, image, kernel and result; then the sum; then the
        feature map.

    Raises
    ------
    ValueError
        If the image is not (C, H, W), or the filter is not (C, KH, KW) of the same depth.

    Examples
    --------
    >>> fig = filter_sum(np.ones((3, 3, 3)), np.ones((3, 2, 2)), bias=1)
    >>> [text.get_text() for text in fig.axes[-1].texts]
    ['13', '13', '13', '13']
    """
    image, names = _image("filter_sum", x, names)
    filt = _filter("filter_sum", weight, image)
    results = _each_channel(image, filt)
    total = results.sum(axis=0)
    cell, gap, top = 0.48, 0.3, 0.5
    tall = max(image.shape[1], filt.shape[1]) * cell
    widths = [image.shape[2] * cell, filt.shape[2] * cell, total.shape[1] * cell]
    bias_text = "+ " + format_numbers([bias])[0] if bias >= 0 else format_numbers([bias])[0]
    label = 0.15 + 0.11 * max(len(name) for name in names)
    starts = _starts(label, widths, [0.55, 0.55])
    # From the results a bracket leads to the sum; then the bias, a sign and the map.
    bracket = starts[2] + widths[2] + 0.18
    sum_left = bracket + 0.75
    bias_at = sum_left + widths[2] + 0.55
    map_left = bias_at + 0.85
    height = top + len(image) * (tall + gap) - gap + 0.08
    fig = Figure(figsize=(map_left + widths[2] + 0.12, height))
    middles = [top + tall / 2 + k * (tall + gap) for k in range(len(image))]
    for k, middle in enumerate(middles):
        _write(fig, label - 0.1, middle, names[k], 13, ha="right")
        for left, values in zip(starts, (image[k], filt[k], results[k]), strict=True):
            _sheet(fig, values, left, middle, cell, tint=_tint(names[k]))
        _write(fig, starts[1] - 0.275, middle, "⋆", 34)
        _write(fig, starts[2] - 0.275, middle, "=")
        if k:
            _write(fig, starts[2] + widths[2] / 2, (middles[k - 1] + middle) / 2, "+", 20)
    for left, wide, heading in zip(
        starts, widths, (f"image ({len(image)} channels)", "one filter", "results"), strict=True
    ):
        _write(fig, left + wide / 2, 0.25, heading, 13)
    centre = float(np.mean(middles))
    _bracket(fig, bracket, middles, centre)
    _write(fig, (bracket + 0.15 + sum_left) / 2, centre - 0.22, "add", 12)
    _sheet(fig, total, sum_left, centre, cell, title="sum")
    _write(fig, bias_at, centre, bias_text, 22)
    above = centre - total.shape[0] * cell / 2 - 0.21  # where the titles of the grids are
    _write(fig, bias_at, above, "bias", 13)
    _write(fig, map_left - 0.3, centre, "=")
    _sheet(fig, total + bias, map_left, centre, cell, title="feature map")
    return fig


@styled
def one_cell(
    x: ArrayLike,
    weight: ArrayLike,
    bias: float = 0.0,
    row: int = 0,
    column: int = 0,
    *,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw the arithmetic behind one cell of a feature map, channel by channel.

    Parameters
    ----------
    x : array_like, shape (C, H, W)
        One image.
    weight : array_like, shape (C, KH, KW)
        One filter.
    bias : float
        Its bias.
    row, column : int
        The cell of the feature map.
    names : sequence of str, optional
        Names of the channels, as in `filter_sum`.

    Returns
    -------
    Figure
        Its axes hold, channel by channel, image, kernel and products. The last text is the sum.

    Raises
    ------
    ValueError
        If shapes do not fit, or the cell does not lie in the feature map.

    Examples
    --------
    >>> fig = one_cell(np.ones((3, 3, 3)), np.ones((3, 2, 2)), bias=1)
    >>> fig.texts[-1].get_text()
    '4 + 4 + 4 + 1 = 13'
    """
    image, names = _image("one_cell", x, names)
    filt = _filter("one_cell", weight, image)
    (kh, kw), (rows, columns) = filt.shape[1:], _map_size("one_cell", image, filt)
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(
            f"one_cell: the feature map is {rows}×{columns}, and has no cell ({row}, {column}). "
            f"Choose a row of 0 to {rows - 1} and a column of 0 to {columns - 1}."
        )
    products = image[:, row : row + kh, column : column + kw] * filt
    sums = products.sum(axis=(1, 2))
    cell, gap, top = 0.5, 0.28, 0.5
    tall = max(image.shape[1], kh) * cell
    widths = [image.shape[2] * cell, kw * cell, kw * cell]
    label = 0.15 + 0.11 * max(len(name) for name in names)
    starts = _starts(label, widths, [0.75, 0.75])
    sum_at = starts[2] + widths[2] + 1.0
    fig = Figure(figsize=(sum_at + 0.6, top + len(image) * (tall + gap) + 0.5))
    highlight: list[Window | None] = [(row, column, kh, kw)]
    for k in range(len(image)):
        middle = top + tall / 2 + k * (tall + gap)
        _write(fig, label - 0.1, middle, names[k], 13, ha="right")
        tint = _tint(names[k])
        _sheet(fig, image[k], starts[0], middle, cell, tint=tint, highlight=highlight)
        _sheet(fig, filt[k], starts[1], middle, cell, tint=tint)
        _sheet(fig, products[k], starts[2], middle, cell, tint=tint)
        _write(fig, starts[1] - 0.375, middle, "×")
        _write(fig, starts[2] - 0.375, middle, "=")
        _write(fig, sum_at - 0.5, middle, "→", 22)
        _write(fig, sum_at + 0.1, middle, format_numbers([sums[k]])[0], 17)
    headings = ("window", "kernel", "products")
    for left, wide, heading in zip(starts, widths, headings, strict=True):
        _write(fig, left + wide / 2, 0.25, heading, 13)
    _write(fig, sum_at + 0.1, 0.25, "sum", 13)
    *parts, result = format_numbers([*sums, bias, sums.sum() + bias])
    signed = [f"({part})" if part.startswith("−") else part for part in parts]
    equation = " + ".join([parts[0], *signed[1:]]) + f" = {result}"
    width, height = fig.get_size_inches()
    _write(fig, width / 2, height - 0.25, equation, 18)
    return fig


@styled
def kernels(
    weight: ArrayLike,
    *,
    bias: ArrayLike | None = None,
    channel_names: Sequence[str] | None = None,
    filter_names: Sequence[str] | None = None,
    cell: float = 0.46,
    fmt: str | None = None,
) -> Figure:
    """Draw the weights of a layer as a table: a row for each filter, a column for each channel.

    Parameters
    ----------
    weight : array_like, shape (C_out, C_in, KH, KW)
        The filters.
    bias : array_like, shape (C_out,), optional
        Their biases, drawn as a last column.
    channel_names, filter_names : sequence of str, optional
        Headings of the columns and rows.
    cell : float
        Width of a cell in inches.
    fmt : str, optional
        How to write the weights; see `format_numbers`.

    Returns
    -------
    Figure
        Its axes hold the kernels filter by filter, each filter's bias behind its kernels.

    Raises
    ------
    ValueError
        If the weights do not have four axes, or names or biases do not fit them.

    Examples
    --------
    >>> fig = kernels(np.zeros((4, 3, 2, 2)))
    >>> len(fig.axes)
    12
    """
    filters = require_numbers("kernels", weight, "weight")
    if filters.ndim != 4:
        raise ValueError(
            f"kernels: weight must be (C_out, C_in, KH, KW), but its shape is {filters.shape}. "
            "For a single filter write weight[None]."
        )
    c_out, c_in, kh, kw = filters.shape
    columns = _names(c_in) if channel_names is None else list(channel_names)
    rows = [f"filter {k}" for k in range(c_out)] if filter_names is None else list(filter_names)
    biases = None if bias is None else require_numbers("kernels", bias, "bias")
    for what, got, expected in (
        ("channel_names", len(columns), c_in),
        ("filter_names", len(rows), c_out),
        ("bias", c_out if biases is None else biases.size, c_out),
    ):
        if got != expected:
            raise ValueError(
                f"kernels: {what} has {got} entries for weights of shape {filters.shape}; "
                f"give {expected}."
            )
    lines = max(text.count("\n") + 1 for text in rows)
    label = 0.25 + 0.1 * max(len(line) for text in rows for line in text.split("\n"))
    pitch_x = max(kw * cell, 0.11 * max(map(len, columns))) + 0.35
    pitch_y = max(kh * cell, 0.25 * lines) + 0.25
    extra = 0.0 if biases is None else 0.9
    fig = Figure(figsize=(label + c_in * pitch_x + extra, 0.45 + c_out * pitch_y))
    for out in range(c_out):
        middle = 0.45 + (out + 0.5) * pitch_y - 0.1
        _write(fig, label - 0.15, middle, rows[out], 13, ha="right")
        for c in range(c_in):
            left = label + c * pitch_x + (pitch_x - 0.35 - kw * cell) / 2
            tint = _tint(columns[c])
            _sheet(fig, filters[out, c], left, middle, cell, tint=tint, fmt=fmt)
        if biases is not None:
            _sheet(fig, biases[out : out + 1], label + c_in * pitch_x + 0.12, middle, cell)
    for c in range(c_in):
        _write(fig, label + c * pitch_x + (pitch_x - 0.35) / 2, 0.22, columns[c], 13)
    if biases is not None:
        _write(fig, label + c_in * pitch_x + 0.12 + cell / 2, 0.22, "bias", 13)
    return fig


@styled
def filter_bank(
    in_shape: tuple[int, int, int],
    filters: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
) -> Figure:
    """Draw a layer of filters: each sees the whole depth of the input and makes one map.

    Parameters
    ----------
    in_shape : (C, H, W)
        The input, without a batch axis.
    filters : int
        Their number, 1 to 6.
    kernel_size, stride, padding : int
        As for `cnnlib.functional.conv2d`.

    Returns
    -------
    Figure
        One axes. Texts with the gid ``"size"`` give the sizes of input, filters, maps, output.
        The text with the gid ``"order"`` says in which order the maps are stacked.

    Raises
    ------
    ValueError
        If there are not 1 to 6 filters, or the kernel does not fit.

    Examples
    --------
    >>> fig = filter_bank((3, 32, 32), filters=4, kernel_size=5)
    >>> [text.get_text() for text in fig.axes[0].texts if text.get_gid() == "size"]
    ['32×32×3', '5×5×3 each', '28×28×1 each', '28×28×4']
    """
    c, h, w = in_shape
    if not 1 <= filters <= 6:
        raise ValueError(f"filter_bank: draws 1 to 6 filters, but {filters} came.")
    oh = output_size(h, kernel_size, stride, padding)
    ow = output_size(w, kernel_size, stride, padding)
    pitch, body = 0.95, max(filters, 3) * 0.95
    width, height = 9.0, body + 0.75
    fig = Figure(figsize=(width, height))
    ax = fig.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_axis_off()
    ax.set(xlim=(0, width), ylim=(0, height))  # one unit is one inch
    centre = body / 2 - 0.05
    # Face and depth of the blocks, in inches.
    image, filt, output = (1.35, 0.18 * min(c, 6)), (0.34, 0.13 * min(c, 6)), (1.15, 0.2 * filters)
    image_x, filter_x, map_x, output_x = 1.1, 3.35, 5.15, 7.75
    # The channels of the input stay grey: the colours tell which filter made which map.
    _block(ax, *image, (image_x, centre), [GREY] * min(c, 6))
    for k in range(filters):
        y = centre + ((filters - 1) / 2 - k) * pitch
        color = CYCLE[k % len(CYCLE)]
        _block(ax, *filt, (filter_x, y), [color])
        ax.text(filter_x - 0.45, y, str(k), ha="right", va="center", fontsize=13, color=INK)
        place = (map_x - 0.33, y - 0.33)
        for face in (
            {"facecolor": "white", "edgecolor": "none"},
            {"facecolor": color, "alpha": 0.3, "edgecolor": "none"},
            {"fill": False, "edgecolor": INK, "linewidth": 1.1},
            {"fill": False, "edgecolor": GREY, "hatch": HATCHES[k % len(HATCHES)], "lw": 0},
        ):
            ax.add_patch(Rectangle(place, 0.66, 0.66, **face))
        ax.text(
            map_x,
            y,
            str(k),
            ha="center",
            va="center",
            fontsize=13,
            color=INK,
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": "none"},
        )
        _arrow(ax, (image_x + _width(*image) / 2 + 0.05, centre), (filter_x - 0.72, y))
        _arrow(ax, (filter_x + _width(*filt) / 2 + 0.1, y), (map_x - 0.42, y))
        _arrow(ax, (map_x + 0.42, y), (output_x - _width(*output) / 2 - 0.08, centre))
    _block(ax, *output, (output_x, centre), CYCLE[:filters])
    if filters > 1:  # in words which slice is which map: colour must not be the only carrier
        order = f"0 in front,\n{filters - 1} at the back"
        below = (output_x, centre - 1.05)
        ax.text(*below, order, ha="center", va="center", fontsize=12, color=GREY, gid="order")
    top = height - 0.3
    headings = ("input", f"{filters} filters", f"{filters} feature maps", "output")
    sizes = (
        f"{h}×{w}×{c}",
        f"{kernel_size}×{kernel_size}×{c} each",
        f"{oh}×{ow}×1 each",
        f"{oh}×{ow}×{filters}",
    )
    for x, heading, size in zip((image_x, filter_x, map_x, output_x), headings, sizes, strict=True):
        ax.text(x, top, heading, ha="center", va="center", fontsize=13, color=INK)
        ax.text(x, top - 0.27, size, ha="center", va="center", fontsize=13, color=GREY, gid="size")
    return fig


@styled
def activations(functions: Mapping[str, Callable[[Array], Array]], *, reach: float = 4.0) -> Figure:
    """Draw activation functions side by side, each from ``-reach`` to ``reach``.

    Parameters
    ----------
    functions : mapping from name to function
        Each takes an array and returns one of the same shape.
    reach : float
        How far to go on both sides of zero.

    Returns
    -------
    Figure
        One axes for each function; ``ax.lines[0]`` is its curve.

    Raises
    ------
    ValueError
        If there is no function.

    Examples
    --------
    >>> fig = activations({"ReLU": lambda x: np.maximum(x, 0)}, reach=2.0)
    >>> fig.axes[0].lines[0].get_ydata()[[0, -1]].tolist()
    [0.0, 2.0]
    """
    if not functions:
        raise ValueError("activations: functions is empty; pass a dict from name to function.")
    fig, axes = new(ncols=len(functions), width=9.4, height=2.9, sharey=True)
    at = np.linspace(-reach, reach, 321)
    for k, (name, function) in enumerate(functions.items()):
        ax = np.atleast_1d(axes)[k]
        ax.plot(at, function(at), color=CYCLE[0], linewidth=3, zorder=4)
        ax.axhline(0, color=LINE, linewidth=1.0, zorder=2)
        ax.axvline(0, color=LINE, linewidth=1.0, zorder=2)
        ax.grid(True)
        ax.set_title(name)
        ax.set_xlabel("in")
        ax.set_xticks(np.linspace(-reach, reach, 5))
    np.atleast_1d(axes)[0].set_ylabel("out")
    return fig


@styled
def unrolled(
    x: ArrayLike,
    kernel_size: int,
    filled: int | None = None,
    *,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw how the windows of an image become the rows of a matrix, one row after the other.

    Parameters
    ----------
    x : array_like, shape (C, H, W)
        One small image.
    kernel_size : int
        Height and width of the window; it moves by one pixel.
    filled : int, optional
        How many rows are filled in, all by default; the last and its window are outlined.
    names : sequence of str, optional
        Names of the channels, as in `filter_sum`.

    Returns
    -------
    Figure
        First one axes for each channel of the image, then one for each channel's part of the
        matrix. Rows still to come are empty.

    Raises
    ------
    ValueError
        If the image is not (C, H, W), the kernel does not fit, or `filled` is out of range.

    Examples
    --------
    >>> fig = unrolled(np.arange(9).reshape(1, 3, 3), 2, filled=1)
    >>> [text.get_text() for text in fig.axes[1].texts][:5]
    ['0', '1', '3', '4', '']
    """
    image, names = _image("unrolled", x, names)
    blocks = _columns("unrolled", image, kernel_size)
    channels, rows, per_channel = blocks.shape
    filled = rows if filled is None else filled
    if not 1 <= filled <= rows:
        raise ValueError(f"unrolled: filled must be 1 to {rows}, the windows, but is {filled}.")
    cell, gap, top = 0.46, 0.3, 0.35
    tall, wide = image.shape[1] * cell, image.shape[2] * cell
    label = 0.15 + 0.11 * max(len(name) for name in names)
    left = label + wide + 1.3
    height = top + max(channels * (tall + gap), rows * cell + 0.7)
    fig = Figure(figsize=(left + 0.15 + channels * per_channel * cell + 0.1, height))
    row, column = divmod(filled - 1, image.shape[2] - kernel_size + 1)
    for k in range(channels):
        middle = top + tall / 2 + k * (tall + gap)
        _write(fig, label - 0.1, middle, names[k], 13, ha="right")
        window: list[Window | None] = [(row, column, kernel_size, kernel_size)]
        tint = _tint(names[k])
        _sheet(fig, image[k], label, middle, cell, tint=tint, highlight=window)
    centre = top + (channels * (tall + gap) - gap) / 2
    _write(fig, label + wide + 0.5, centre, "→")
    for k in range(channels):
        shown = blocks[k].astype(float)
        shown[filled:] = np.nan
        start = left + k * (per_channel * cell + 0.06)
        _sheet(
            fig,
            shown,
            start,
            centre,
            cell,
            title=names[k],
            tint=_tint(names[k]),
            highlight=[(filled - 1, 0, 1, per_channel)],
        )
    for window_number in range(rows):
        y = centre + (window_number - (rows - 1) / 2) * cell
        _write(fig, left - 0.08, y, f"{window_number}", 12, ha="right", color=GREY)
    _write(fig, left - 0.1, centre - rows * cell / 2 - 0.2, "row", 12, ha="right", color=GREY)
    return fig


@styled
def product(x: ArrayLike, weight: ArrayLike, *, names: Sequence[str] | None = None) -> Figure:
    """Draw a convolution as a matrix product: windows in rows, filters in columns.

    Parameters
    ----------
    x : array_like, shape (C, H, W)
        One small image.
    weight : array_like, shape (C_out, C, K, K)
        The filters.
    names : sequence of str, optional
        Names of the channels, as in `filter_sum`.

    Returns
    -------
    Figure
        Axes: one for each channel's part of the windows, one for each channel's part of the
        filters, and the product, (OH·OW, C_out). The first cell of the product is outlined
        together with its row and its column.

    Raises
    ------
    ValueError
        If shapes do not fit each other.

    Examples
    --------
    >>> fig = product(np.ones((3, 3, 3)), np.ones((2, 3, 2, 2)))
    >>> [text.get_text() for text in fig.axes[-1].texts][:2]
    ['12', '12']
    """
    filters = require_numbers("product", weight, "weight")
    if filters.ndim != 4 or filters.shape[2] != filters.shape[3]:
        raise ValueError(
            f"product: weight must be (C_out, C, K, K), but its shape is {filters.shape}."
        )
    image, names = _image("product", x, names)
    _filter("product", filters[0], image)
    blocks = _columns("product", image, filters.shape[2])
    channels, _, per_channel = blocks.shape
    c_out = len(filters)
    result = np.concatenate(blocks, axis=1) @ filters.reshape(c_out, -1).T
    cell, top, seam = 0.4, 0.45, 0.05
    tall = channels * (per_channel * cell + seam)
    left_width = channels * (per_channel * cell + seam)
    label = 0.12 + 0.1 * max(len(name) for name in names)
    weights_left = left_width + 0.85 + label
    result_left = weights_left + c_out * cell + 0.75
    fig = Figure(figsize=(result_left + max(c_out * cell, 0.9) + 0.1, top + tall + 0.1))
    centre = top + tall / 2
    for k in range(channels):
        _sheet(
            fig,
            blocks[k],
            0.05 + k * (per_channel * cell + seam),
            centre,
            cell,
            title=names[k],
            tint=_tint(names[k]),
            highlight=[(0, 0, 1, per_channel)],
        )
    _write(fig, left_width + 0.35, centre, "@", 20)
    for k in range(channels):
        middle = top + (k + 0.5) * (per_channel * cell + seam)
        _sheet(
            fig,
            filters[:, k].reshape(c_out, -1).T,
            weights_left,
            middle,
            cell,
            title="filters" if k == 0 else None,
            tint=_tint(names[k]),
            highlight=[(0, 0, per_channel, 1)],
        )
        _write(fig, weights_left - 0.1, middle, names[k], 12, ha="right")
    _write(fig, result_left - 0.35, centre, "=")
    _sheet(fig, result, result_left, centre, cell, title="products", highlight=[(0, 0, 1, 1)])
    return fig


def _image(name: str, x: ArrayLike, names: Sequence[str] | None) -> tuple[Array, list[str]]:
    """Return one image and the names of its channels, after checking that they fit."""
    image = require_numbers(name, x, "x")
    if image.ndim != 3:
        raise ValueError(
            f"{name}: x must be one image, (C, H, W), but its shape is {image.shape}. "
            "Take it out of its batch with x[0]."
        )
    chosen = _names(len(image)) if names is None else list(names)
    if len(chosen) != len(image):
        raise ValueError(f"{name}: {len(chosen)} names came for {len(image)} channels.")
    return image, chosen


def _filter(name: str, weight: ArrayLike, image: Array) -> Array:
    """Return one filter, after checking that it fits the image."""
    filt = require_numbers(name, weight, "weight")
    if filt.ndim != 3:
        raise ValueError(
            f"{name}: weight must be one filter, (C, KH, KW), but its shape is {filt.shape}. "
            "Choose one with weight[0]."
        )
    if len(filt) != len(image):
        raise ValueError(
            f"{name}: the filter has {len(filt)} kernels but x has {len(image)} channels "
            f"(weight is {filt.shape}, x is {image.shape}). Give one kernel for each channel."
        )
    return filt


def _map_size(name: str, image: Array, filt: Array) -> tuple[int, int]:
    """Return the height and width of the feature map at stride 1 without padding."""
    if filt.shape[1] > image.shape[1] or filt.shape[2] > image.shape[2]:
        raise ValueError(
            f"{name}: a kernel of {filt.shape[1]}×{filt.shape[2]} does not fit into an image "
            f"of {image.shape[1]}×{image.shape[2]}. Use a smaller kernel."
        )
    return output_size(image.shape[1], filt.shape[1]), output_size(image.shape[2], filt.shape[2])


def _each_channel(image: Array, filt: Array) -> Array:
    """Return each channel under its own kernel, (C, OH, OW): what one filter then adds up."""
    _map_size("filter_sum", image, filt)
    groups = len(image)
    result: Array = conv2d(image[None].astype(float), filt[:, None].astype(float), groups=groups)
    return result[0]


def _columns(name: str, image: Array, size: int) -> Array:
    """Return the windows of each channel as rows, (C, OH·OW, K·K)."""
    rows, columns = _map_size(name, image, np.zeros((1, size, size)))
    windows = [
        image[:, i : i + size, j : j + size].reshape(len(image), -1)
        for i in range(rows)
        for j in range(columns)
    ]
    return np.stack(windows, axis=1)


def _names(channels: int) -> list[str]:
    """Name three channels red, green and blue, and any other number by their places."""
    return list(TINTS) if channels == 3 else [f"channel {k}" for k in range(channels)]


def _tint(name: str) -> str:
    return TINTS.get(name, PALE)


def _starts(first: float, widths: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Return the left edges of things of these widths with these gaps between them."""
    starts = [first]
    for width, gap in zip(widths[:-1], gaps, strict=True):
        starts.append(starts[-1] + width + gap)
    return starts


def _sheet(
    fig: Figure,
    values: Array,
    left: float,
    middle: float,
    cell: float,
    *,
    tint: str = PALE,
    **options: Any,
) -> Axes:
    """Add a grid of numbers; its left edge and its middle are inches from the top left corner."""
    values = np.atleast_2d(values)
    rows, columns = values.shape
    width, height = fig.get_size_inches()
    w, h = (columns + 0.12) * cell, (rows + 0.12) * cell  # `grid` keeps a margin of 0.06 cells
    ax = fig.add_axes((left / width, 1 - (middle + h / 2) / height, w / width, h / height))
    # The cells that are still empty keep the tint too.
    colors = ListedColormap([tint]).with_extremes(bad=tint)
    drawn = grid(values, ax, cmap=colors, **options)
    drawn.title.set_gid("fixed")
    return drawn


def _write(
    fig: Figure,
    x: float,
    y: float,
    text: str,
    fontsize: float = 24,
    *,
    ha: str = "center",
    color: str = INK,
) -> None:
    """Write a text at x, y inches from the top left corner of the figure."""
    width, height = fig.get_size_inches()
    fig.text(x / width, 1 - y / height, text, ha=ha, va="center", fontsize=fontsize, color=color)


def _bracket(fig: Figure, x: float, ys: Sequence[float], centre: float) -> None:
    """Join several rows into one arrow: a bar over all of them, and an arrow from its middle."""
    width, height = fig.get_size_inches()
    ax = fig.add_axes((0.0, 0.0, 1.0, 1.0), zorder=-1)
    ax.set_axis_off()
    ax.set(xlim=(0, width), ylim=(height, 0))
    for y in ys:
        ax.plot([x - 0.1, x], [y, y], color=GREY, linewidth=1.6)
    ax.plot([x, x], [min(ys), max(ys)], color=GREY, linewidth=1.6)
    _arrow(ax, (x, centre), (x + 0.65, centre), linewidth=1.6)


def _arrow(
    ax: Axes, start: tuple[float, float], stop: tuple[float, float], linewidth: float = 1.1
) -> None:
    ax.add_patch(arrow(start, stop, mutation_scale=12, linewidth=linewidth))


def _shift(depth: float) -> Array:
    """Return where depth leads: to the right and upwards, at 30 degrees."""
    return depth * np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])


def _width(face: float, depth: float) -> float:
    """Return the width of a drawn block."""
    return face + float(_shift(depth)[0])


def _block(
    ax: Axes, face: float, depth: float, centre: tuple[float, float], colors: Sequence[str]
) -> None:
    """Draw a block as a stack of slabs, one for each colour, the first in front."""
    thin = _shift(depth) / len(colors)
    corner = np.array(centre) - (face + _shift(depth)) / 2
    right, up = np.array([face, 0.0]), np.array([0.0, face])
    for k in reversed(range(len(colors))):
        a = corner + k * thin  # bottom left of the front
        front = [a, a + right, a + right + up, a + up]
        over = [a + up, a + right + up, a + right + up + thin, a + up + thin]
        side = [a + right, a + right + thin, a + right + up + thin, a + right + up]
        for corners, alpha in ((front, 0.30), (over, 0.18), (side, 0.50)):
            for style in (
                {"facecolor": "white", "edgecolor": "none"},
                {"facecolor": colors[k], "edgecolor": "none", "alpha": alpha},
                {"fill": False, "edgecolor": INK, "linewidth": 1.1, "joinstyle": "round"},
            ):
                ax.add_patch(Polygon(np.array(corners), closed=True, **style))
