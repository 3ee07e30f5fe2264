"""Figures of notebook 03: where a window stops, which pixels it reads, how far it sees back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Rectangle
from numpy.typing import ArrayLike, NDArray

from cnnlib.course.drawing.equations import operator
from cnnlib.course.drawing.grids import grid
from cnnlib.course.drawing.images import image
from cnnlib.course.drawing.theme import (
    CYCLE,
    INK,
    LINE,
    MUTED,
    PALE,
    new,
    require_2d,
    require_axes,
    styled,
    text_colour,
)
from cnnlib.shapes import output_size, receptive_field, same_padding

__all__ = [
    "NETWORKS",
    "aliasing",
    "centres",
    "cone",
    "coverage_map",
    "coverage_maps",
    "fields",
    "plans",
    "stops",
]

Layer = tuple[int, int, int]  # kernel size, stride, padding


def _resnet_50() -> list[Layer]:
    """Return the layers of ResNet-50 as published, along the longest way through its blocks."""
    layers: list[Layer] = [(7, 2, 3), (3, 2, 1)]
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            layers += [(1, stride, 0), (3, 1, 1), (1, 1, 0)]
    return layers


# Three networks up to their last map of features, convolutions and pooling layers alike.
# Krizhevsky et al. 2012 (with the padding of 2 that PyTorch gives CONV1), Simonyan and Zisserman
# 2014, He et al. 2015.
NETWORKS: dict[str, list[Layer]] = {
    "AlexNet": [
        *[(11, 4, 2), (3, 2, 0), (5, 1, 2), (3, 2, 0)],
        *[(3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 2, 0)],
    ],
    "VGG-16": [layer for count in (2, 2, 3, 3, 3) for layer in [*[(3, 1, 1)] * count, (2, 2, 0)]],
    "ResNet-50": _resnet_50(),
}

SEEN = CYCLE[0]
UNREAD = CYCLE[1]
UNREAD_FILL = "#FBE5D6"
# Behind a number on a cross.
KNOCKOUT: dict[str, Any] = {"boxstyle": "round,pad=0.14", "facecolor": "white", "edgecolor": "none"}


@styled
def plans(
    cases: Sequence[tuple[str, int, int, int, int]],
    *,
    width: float = 9.0,
) -> Figure:
    """Draw several ways of sliding one kernel: above the padded input, below the output.

    The first two stops of the window are outlined above, and the cells that they fill below. All
    cells have one size, so that sizes can be compared.

    Parameters
    ----------
    cases : sequence of (title, size, kernel_size, stride, padding)
        One column of the figure for each; square inputs and kernels.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        For each case two axes, input and output, one case after the other; then the arrows.

    Raises
    ------
    ValueError
        If there is no case, a kernel does not fit, or a case leaves fewer than two stops.

    Examples
    --------
    >>> from cnnlib.course.padding_and_stride import figures
    >>> fig = figures.plans([("no padding", 4, 2, 1, 0), ("padding 1", 4, 2, 1, 1)])
    >>> [ax.get_xlabel() for ax in fig.axes[:4]]
    ['4×4 pixels in', '3×3 numbers out', '4×4 pixels in', '5×5 numbers out']
    """
    if not len(cases):
        raise ValueError("plans: cases is empty; pass (title, size, kernel_size, stride, padding).")
    outputs = [output_size(*case[1:]) for case in cases]
    for case, size in zip(cases, outputs, strict=True):
        if size < 2:
            raise ValueError(
                f"plans: the case {case!r} leaves the window one stop, but two are drawn. "
                "Use a larger input, or less stride."
            )
    widest = [case[1] + 2 * case[4] for case in cases]
    gap, head, label, arrow = 0.35, 0.4, 0.34, 0.5
    cell = min((width - gap * (len(cases) - 1)) / sum(widest), 0.6)
    tall_in, tall_out = max(widest) * cell, max(outputs) * cell
    height = head + tall_in + label + arrow + tall_out + label
    used = cell * sum(widest) + gap * (len(cases) - 1)
    fig = Figure(figsize=(used, height))

    def axes(left: float, top: float, w: float, h: float) -> Axes:
        return fig.add_axes((left / used, 1 - (top + h) / height, w / used, h / height))

    arrows: list[tuple[float, float]] = []
    left = 0.0
    for (title, size, kernel, stride, pad), padded, out in zip(cases, widest, outputs, strict=True):
        side = padded * cell
        # Inputs hang from the line of arrows, so a small one stays near its output.
        ax = axes(left, head + tall_in - side, side, side)
        grid(
            np.zeros((padded, padded), dtype=int),
            ax,
            title=title,
            numbers=False,
            padding=pad,
            highlight=[(0, 0, kernel, kernel), (0, stride, kernel, kernel)],
        )
        ax.set_xlabel(f"{size}×{size} pixels in", labelpad=4)
        ax.title.set_gid("fixed")
        arrows.append((left + side / 2, head + tall_in + label))
        below = axes(left + (side - out * cell) / 2, arrows[-1][1] + arrow, out * cell, out * cell)
        grid(
            np.zeros((out, out), dtype=int),
            below,
            numbers=False,
            highlight=[(0, 0, 1, 1), (0, 1, 1, 1)],
        )
        below.set_xlabel(f"{out}×{out} numbers out", labelpad=4)
        left += side + gap
    for x, top in arrows:
        operator(axes(x - 0.3, top, 0.6, arrow), "↓")
    return fig


@styled
def stops(
    size: int,
    kernel_size: int,
    ax: Axes,
    *,
    stride: int = 1,
    padding: int = 0,
    title: str | None = None,
) -> Axes:
    """Draw one row of pixels and, below it, every stop of a window that slides along it.

    Pixels that no window reads are crossed out.

    Parameters
    ----------
    size, kernel_size, stride, padding : int
        As `cnnlib.shapes.output_size`.
    ax : Axes
        Where to draw. Pixel i is centred at x = i; padding has negative i, or i from ``size`` up.
    title : str, optional
        Text above the row.

    Returns
    -------
    Axes
        ``ax``. Its patches carry the gid ``"pixel"``, ``"padding"``, ``"stop"`` or ``"unread"``.

    Raises
    ------
    ValueError
        If the kernel does not fit.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.padding_and_stride import figures
    >>> fig, ax = drawing.new(width=5, height=2.5)
    >>> ax = figures.stops(7, 3, ax, stride=2)
    >>> [patch.get_x() + 0.5 for patch in ax.patches if patch.get_gid() == "stop"]
    [0.0, 2.0, 4.0]
    """
    ax = require_axes("stops", ax)
    count = output_size(size, kernel_size, stride, padding)
    starts = [k * stride - padding for k in range(count)]
    read = {start + j for start in starts for j in range(kernel_size)}
    for i in range(-padding, size + padding):
        inside = 0 <= i < size
        ax.add_patch(
            Rectangle(
                (i - 0.5, -0.5),
                1,
                1,
                facecolor=PALE if inside else MUTED,
                edgecolor=LINE,
                linewidth=0.9,
                gid="pixel" if inside else "padding",
            )
        )
        if not inside:
            ax.add_patch(
                Rectangle((i - 0.5, -0.5), 1, 1, fill=False, hatch="///", ec="white", lw=0)
            )
        label = ax.text(
            i, 0, str(i).replace("-", "−"), ha="center", va="center_baseline", fontsize=12
        )
        if i not in read:
            _cross(ax, i, 0)
            label.set_bbox(KNOCKOUT)
    step = 0.72
    for k, start in enumerate(starts):
        color = CYCLE[k % len(CYCLE)]
        place = (start - 0.5, 0.72 + step * k)
        ax.add_patch(
            Rectangle(place, kernel_size, step * 0.82, fc=color, ec=INK, lw=1.2, gid="stop")
        )
        ax.text(
            start + (kernel_size - 1) / 2,
            place[1] + step * 0.41,
            f"stop {k + 1}",
            ha="center",
            va="center",
            fontsize=11,
            color=text_colour(color),
            gid="stop-name",
        )
    ax.set(
        xlim=(-padding - 0.6, size + padding - 0.4),
        ylim=(0.72 + step * count, -0.6),
        aspect="equal",
    )
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return ax


def _cross(ax: Axes, x: float, y: float) -> None:
    """Cross out one cell."""
    ends = [x - 0.4, x + 0.4]
    for heights in ([y - 0.4, y + 0.4], [y + 0.4, y - 0.4]):
        ax.plot(ends, heights, color=UNREAD, lw=2.4, solid_capstyle="butt", zorder=2.6)
    ax.add_patch(
        Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, ec=UNREAD, lw=1.6, zorder=2.6, gid="unread")
    )


@styled
def coverage_map(
    counts: ArrayLike,
    ax: Axes,
    *,
    vmax: float | None = None,
    title: str | None = None,
    indices: bool = False,
) -> Axes:
    """Draw how many windows read each pixel; pixels that none reads are framed.

    Parameters
    ----------
    counts : array_like of int, shape (H, W)
        Number of windows that cover each pixel.
    ax : Axes
        Where to draw.
    vmax : float, optional
        The count at the bright end of the colours, to compare several maps.
    title : str, optional
        Text above the map.
    indices : bool
        Whether to write row and column indices along the edges.

    Returns
    -------
    Axes
        ``ax``. The unread pixels are patches with the gid ``"unread"``.

    Raises
    ------
    ValueError
        If a count is negative.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.padding_and_stride import figures
    >>> fig, ax = drawing.new(width=3, height=2)
    >>> ax = figures.coverage_map([[1, 2, 1, 0]], ax)
    >>> [text.get_text() for text in ax.texts]
    ['1', '2', '1', '0']
    """
    array = require_2d("coverage_map", counts, "counts")
    if array.min() < 0:
        raise ValueError(
            f"coverage_map: counts must be 0 or more, but the smallest is {array.min()}. "
            "Count the windows that cover each pixel."
        )
    top = max(float(array.max()), 1.0) if vmax is None else vmax
    grid(
        np.where(array == 0, np.nan, array.astype(float)),
        ax,
        title=title,
        cmap="viridis",
        vmin=0,
        vmax=top,
        missing="0",
        indices=indices,
    )
    # Unread pixels leave the scale of the colours, whose dark end would read as "few".
    for i, j in zip(*np.nonzero(array == 0), strict=True):
        ax.add_patch(
            Rectangle((j - 0.5, i - 0.5), 1, 1, fc=UNREAD_FILL, ec="none", zorder=1.6, gid="unread")
        )
        inner = (j - 0.42, i - 0.42)
        ax.add_patch(Rectangle(inner, 0.84, 0.84, fill=False, ec=UNREAD, lw=1.8, zorder=2.6))
    return ax


@styled
def coverage_maps(
    maps: Sequence[ArrayLike],
    titles: Sequence[str],
    *,
    width: float = 8.5,
    indices: bool = False,
) -> Figure:
    r"""Draw several coverage maps side by side: cells of one size, one scale of colours.

    Parameters
    ----------
    maps : sequence of array_like of int, each (H, W)
        See `coverage_map`.
    titles : sequence of str
        One text above each map.
    width : float
        Greatest width of the figure in inches.
    indices : bool
        Whether to write row and column indices along the edges.

    Returns
    -------
    Figure
        One axes for each map, in order.

    Raises
    ------
    ValueError
        If there is no map, or not one title for each.

    Examples
    --------
    >>> from cnnlib.course.padding_and_stride import figures
    >>> fig = figures.coverage_maps([[[1, 1]], [[4, 6, 4]]], ["none", "same"])
    >>> [ax.get_title() for ax in fig.axes]
    ['none', 'same']
    """
    arrays = [require_2d("coverage_maps", one, f"map {k}") for k, one in enumerate(maps)]
    if not arrays or len(titles) != len(arrays):
        raise ValueError(
            f"coverage_maps: needs maps and one title for each, got {len(arrays)} maps and "
            f"{len(titles)} titles."
        )
    gap = 0.45 if indices else 0.25
    head = 0.3 + 0.25 * max(title.count("\n") for title in titles) + (0.25 if indices else 0.0)
    columns, tallest = sum(one.shape[1] for one in arrays), max(one.shape[0] for one in arrays)
    cell = min((width - gap * len(arrays)) / columns, 0.6)
    total, height = cell * columns + gap * len(arrays), head + cell * tallest
    fig = Figure(figsize=(total, height))
    left = gap / 2
    for one, title in zip(arrays, titles, strict=True):
        w, h = one.shape[1] * cell / total, one.shape[0] * cell / height
        ax = fig.add_axes((left / total, 1 - head / height - h, w, h))
        coverage_map(one, ax, vmax=max(one.max() for one in arrays), title=title, indices=indices)
        ax.title.set_gid("fixed")
        left += one.shape[1] * cell + gap
    return fig


@styled
def centres(kernel_sizes: Sequence[int], *, width: float = 9.0) -> Figure:
    r"""Draw square kernels and where their centre lies: in a pixel, or on a crossing of lines.

    Parameters
    ----------
    kernel_sizes : sequence of int
        One kernel for each; all cells have one size.
    width : float
        Greatest width of the figure in inches.

    Returns
    -------
    Figure
        One axes for each kernel, titled with its size; the label below says what its centre is.

    Raises
    ------
    ValueError
        If there is no kernel, or a size is below 1.

    Examples
    --------
    >>> from cnnlib.course.padding_and_stride import figures
    >>> fig = figures.centres([3, 4])
    >>> [ax.get_xlabel() for ax in fig.axes]
    ['centre pixel,\n1 on each side', 'no centre pixel']
    """
    if not len(kernel_sizes) or min(kernel_sizes) < 1:
        raise ValueError(
            f"centres: kernel_sizes must be one or more sizes from 1 up, got {list(kernel_sizes)}."
        )
    slots = [max(size, 3.2) for size in kernel_sizes]  # room for the words below a small kernel
    cell = min((width - 0.4 * (len(slots) - 1)) / sum(slots), 0.5)
    head, foot = 0.4, 0.6
    total = cell * sum(slots) + 0.4 * (len(slots) - 1)
    height = head + cell * max(kernel_sizes) + foot
    fig = Figure(figsize=(total, height))
    left = 0.0
    for size, slot in zip(kernel_sizes, slots, strict=True):
        side, middle = size * cell, foot + cell * max(kernel_sizes) / 2
        ax = fig.add_axes(
            (
                (left + (slot * cell - side) / 2) / total,
                (middle - side / 2) / height,
                side / total,
                side / height,
            )
        )
        odd = size % 2 == 1
        centre = (size - 1) / 2
        here = [(int(centre), int(centre), 1, 1)] if odd else None
        grid(np.zeros((size, size), dtype=int), ax, numbers=False, highlight=here)
        ax.set_title(f"{size}×{size}").set_gid("fixed")
        if odd:
            ax.add_patch(Circle((centre, centre), 0.2, fc=CYCLE[0], ec="none", zorder=6))
            each = f",\n{same_padding(size)} on each side" if size > 1 else ""
            ax.set_xlabel(f"centre pixel{each}", labelpad=5)
        else:
            ax.plot(centre, centre, marker="x", ms=15, mew=3.2, color=CYCLE[1], zorder=6)
            ax.set_xlabel("no centre pixel", labelpad=5)
        left += slot * cell + 0.4
    return fig


@styled
def cone(
    layers: Sequence[tuple[int, int]],
    ax: Axes,
    *,
    outputs: int = 3,
    title: str | None = None,
) -> Axes:
    """Draw, along one axis, what one output pixel sees, back through every layer to the input.

    The middle one of a few output pixels is followed. A cell is above the middle of the window
    that it is computed from.

    Parameters
    ----------
    layers : sequence of (kernel_size, stride)
        From the first layer to the last, without padding.
    ax : Axes
        Where to draw. The unit of x is one input pixel; the input is the lowest row.
    outputs : int
        How many pixels of the last map to draw.
    title : str, optional
        Text above.

    Returns
    -------
    Axes
        ``ax``. Cells carry the gid ``"seen"`` or ``"unseen"``; the texts, with the gid ``"row"``,
        name the rows from the top.

    Raises
    ------
    ValueError
        If there is no layer or no output pixel.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.padding_and_stride import figures
    >>> fig, ax = drawing.new()
    >>> ax = figures.cone([(3, 1), (3, 1)], ax)
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "row"]
    ['1 output pixel', '3 after layer 1', '5 input pixels']
    """
    ax = require_axes("cone", ax)
    if not len(layers) or outputs < 1:
        raise ValueError(
            f"cone: needs a layer (kernel_size, stride) and an output pixel, got {len(layers)} "
            f"layers and outputs {outputs}."
        )
    receptive_field(layers)  # checks every layer
    rows = _back(layers, outputs)
    jump, first = 1.0, 0.0  # of the row being drawn, in input pixels
    spots = []
    for level, row in enumerate(rows):
        if level:
            kernel_size, stride = layers[level - 1]
            first += (kernel_size - 1) / 2 * jump
            jump *= stride
        spots.append(first + jump * np.arange(len(row)))
    rise, half = 1.9, 0.44
    for level in range(1, len(rows)):
        kernel_size, stride = layers[level - 1]
        for i in np.flatnonzero(rows[level]).tolist():
            low, high = spots[level - 1][i * stride], spots[level - 1][i * stride + kernel_size - 1]
            x, y = spots[level][i], rise * level
            corners = [
                (x - half, y - half),
                (x + half, y - half),
                (high + half, y - rise + half),
                (low - half, y - rise + half),
            ]
            ax.add_patch(
                Polygon(corners, closed=True, fc=SEEN, alpha=0.14, ec=SEEN, lw=1.0, gid="fan")
            )
    last = len(layers)
    for level in range(last, -1, -1):
        seen = rows[level]
        for i, x in enumerate(spots[level]):
            color = SEEN if seen[i] else "white"
            ax.add_patch(
                Rectangle(
                    (x - half, rise * level - half),
                    2 * half,
                    2 * half,
                    facecolor=color,
                    edgecolor=INK if seen[i] else LINE,
                    linewidth=1.3 if seen[i] else 0.9,
                    linestyle="-" if seen[i] else (0, (2, 1.5)),
                    zorder=3,
                    gid="seen" if seen[i] else "unseen",
                )
            )
        what = {last: "output pixel", 0: "input pixels"}.get(level, f"after layer {level}")
        ax.text(
            -1.1,
            rise * level,
            f"{int(seen.sum())} {what}",
            ha="right",
            va="center",
            fontsize=12,
            gid="row",
        )
    room = max(4.8, 0.36 * len(rows[0]))  # for the names of the rows, on the left
    ax.set(xlim=(-1.1 - room, len(rows[0]) - 0.4), ylim=(-0.6, rise * last + 0.6), aspect="equal")
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return ax


def _back(layers: Sequence[tuple[int, int]], outputs: int) -> list[NDArray[np.bool_]]:
    """Return for each map, from the input up, which of its cells the middle output pixel sees."""
    seen = np.zeros(outputs, dtype=bool)
    seen[(outputs - 1) // 2] = True
    rows = [seen]
    for kernel_size, stride in reversed(layers):
        below = np.zeros((len(seen) - 1) * stride + kernel_size, dtype=bool)
        for i in np.flatnonzero(seen).tolist():
            below[i * stride : i * stride + kernel_size] = True
        seen = below
        rows.append(seen)
    return rows[::-1]


@styled
def aliasing(step: int, *, width: float = 8.4) -> Figure:
    """Draw rings that grow finer outwards, thinned out as they are, and thinned out after a blur.

    Parameters
    ----------
    step : int
        Every so many rows and columns are kept; the blur is a mean over as many.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        Three axes.

    Raises
    ------
    ValueError
        If the step is below 2.

    Examples
    --------
    >>> [ax.get_title() for ax in aliasing(4).axes]
    ['192×192 pixels', 'every 4th', 'blurred, then every 4th']
    """
    if step < 2:
        raise ValueError(f"aliasing: step must be at least 2, but is {step}.")
    side = 48 * step
    across = np.arange(side) - (side - 1) / 2
    squared = across[:, None] ** 2 + across**2
    # The rings are as fine as pixels can show at the middle of an edge, not before.
    rings = 0.5 + 0.5 * np.cos(np.pi * squared / side)
    blocks = rings.reshape(48, step, 48, step)
    panels = {
        f"{side}×{side} pixels": rings,
        f"every {step}th": rings[::step, ::step],
        f"blurred, then every {step}th": blocks.mean(axis=(1, 3)),
    }
    fig, axes = new(ncols=3, width=width, height=width / 3 + 0.35)
    for ax, (title, picture) in zip(axes, panels.items(), strict=True):
        image(picture, ax, title=title)
    return fig


@styled
def fields(networks: Mapping[str, Sequence[Layer]], size: int, *, width: float = 8.4) -> Figure:
    """Draw, along one axis, where the fields of the first and the last cell of networks lie.

    Parameters
    ----------
    networks : mapping from name to sequence of (kernel_size, stride, padding)
        The layers of each network, from the first to the last.
    size : int
        How many pixels the picture has in this direction.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        One axes, x in pixels. A patch with the gid ``"picture"`` is the picture; two for each
        network have the gid ``"field"``, the first cell's before the last one's.

    Raises
    ------
    ValueError
        If there is no network, or the picture is too small for one of them.

    Examples
    --------
    >>> ax = fields({"two layers": [(3, 1, 1), (3, 1, 1)]}, 8).axes[0]
    >>> [patch.get_x() for patch in ax.patches if patch.get_gid() == "field"]
    [-2, 5]
    """
    if not networks:
        raise ValueError("fields: needs a network, but there is none.")
    fig, ax = new(width=width, height=0.7 + 0.75 * len(networks))
    ends = [0, size]
    for row, layers in enumerate(networks.values()):
        span = receptive_field([(kernel_size, stride) for kernel_size, stride, _ in layers])[-1]
        jump, start, cells = 1, 0, size
        for kernel_size, stride, padding in layers:
            start -= padding * jump
            jump *= stride
            cells = output_size(cells, kernel_size, stride, padding)
        for k, (name, cell) in enumerate((("first cell", 0), ("last cell", cells - 1))):
            left, below = start + cell * jump, row + 0.4 * k - 0.38
            ends += [left, left + span]
            color = CYCLE[k]
            ax.add_patch(
                Rectangle(
                    (left, below), span, 0.36, fc=color, ec=INK, lw=1.2, zorder=3, gid="field"
                )
            )
            ax.text(
                left + span / 2,
                below + 0.18,
                name,
                ha="center",
                va="center",
                fontsize=11,
                color=text_colour(color),
                zorder=4,
            )
    count = len(networks)
    ax.add_patch(Rectangle((0, -0.5), size, count, fc=MUTED, ec=LINE, lw=0.9, gid="picture"))
    room = 0.02 * (max(ends) - min(ends))
    ax.set(xlim=(min(ends) - room, max(ends) + room), ylim=(count - 0.5, -0.5))
    ax.set_yticks(range(count), labels=list(networks))
    ax.set_xticks([min(ends), 0, size, max(ends)])
    ax.set_xlabel(f"pixels; the picture, grey, has {size}")
    ax.tick_params(axis="y", length=0)
    for side in ("left", "top", "right"):
        ax.spines[side].set_visible(False)
    return fig
