"""The numbers of an image as a block, in memory, and round the dial of a byte."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from cnnlib.course.drawing.display import TRUE_COLOUR
from cnnlib.course.drawing.theme import (
    COLORS,
    GREY,
    INK,
    LINE,
    arrow,
    new,
    require_axes,
    styled,
    text_colour,
)
from cnnlib.course.pixels_and_channels.figures.channels import (
    CHANNEL_COLOURS,
    CHANNEL_NAMES,
    CHANNEL_TINTS,
    CHANNELS,
    colour_patch,
)

__all__ = ["block", "memory", "wraparound"]
LINKS = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)))


@styled
def block(patch: ArrayLike, *, pixel: tuple[int, int] | None = None, width: float = 7.2) -> Figure:
    """Draw a small colour image as the block that it is: one sheet of numbers for each channel.

    Parameters
    ----------
    patch : array_like of int, shape (H, W, 3)
        Red, green and blue from 0 to 255; up to about 6 rows and columns.
    pixel : (row, column), optional
        A pixel to outline on each sheet: its three numbers lie behind one another.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        One axes. Numbers have the gid ``"R"``, ``"G"`` or ``"B"``, in row-major order, and
        the sizes along the edges the gid ``"size"``.

    Raises
    ------
    ValueError
        If the patch is not a colour image of bytes, or the pixel is not in it.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig = figures.block(np.arange(24).reshape(2, 4, 3))
    >>> [text.get_text() for text in fig.axes[0].texts if text.get_gid() == "size"]
    ['H = 2 rows', 'W = 4 columns', 'C = 3 channels']
    """
    colors = colour_patch("block", patch)
    rows, cols, channels = colors.shape
    if pixel is not None and not (0 <= pixel[0] < rows and 0 <= pixel[1] < cols):
        raise ValueError(f"block: the pixel {pixel} is not in a patch of shape {colors.shape}.")
    right, up = 1.28, 0.82  # how far each sheet is behind the one before, in cells
    reach = (cols + 2 * right + 1.6, rows + 2 * up + 1.75)
    fig, ax = new(width=width, height=width * reach[1] / reach[0])
    for c in reversed(range(channels)):
        top = 10 * (channels - c)  # the zorder: sheets further back are covered
        for i in range(rows):
            for j in range(cols):
                x, y = j + c * right, -i + c * up
                shade = np.zeros(3)
                shade[c] = colors[i, j, c] / 255
                ax.add_patch(
                    Rectangle(
                        (x, y - 1),
                        1,
                        1,
                        facecolor=shade,
                        edgecolor="#B8B8B8",
                        lw=0.9,
                        zorder=top,
                        gid=TRUE_COLOUR,
                    )
                )
                ax.text(
                    x + 0.5,
                    y - 0.5,
                    str(colors[i, j, c]),
                    ha="center",
                    va="center_baseline",
                    fontsize=13,
                    color=text_colour(shade),
                    gid=CHANNELS[c],
                    zorder=top + 1,
                )
        if pixel is not None:
            corner = (pixel[1] + c * right, -pixel[0] - 1 + c * up)
            for color, wide in (("white", 5.5), (INK, 2.4)):
                ax.add_patch(
                    Rectangle(
                        corner,
                        1,
                        1,
                        fill=False,
                        edgecolor=color,
                        lw=wide,
                        zorder=top + 2,
                        gid="pixel",
                    )
                )
        ax.text(
            c * right + 0.04,
            c * up + 0.12,
            CHANNEL_NAMES[c],
            ha="left",
            va="bottom",
            fontsize=14,
            fontweight="bold",
            color=CHANNEL_COLOURS[c],
            gid="channel",
            zorder=top + 3,
        )
    depth = (2 * right, 2 * up)
    _measure(ax, (-0.3, 0), (-0.3, -rows), f"H = {rows} rows", (-0.25, 0), 90)
    _measure(ax, (0, -rows - 0.3), (cols, -rows - 0.3), f"W = {cols} columns", (0, -0.3), 0)
    start = (cols + 0.25, -rows - 0.1)
    stop = (start[0] + depth[0], start[1] + depth[1])
    _measure(
        ax,
        start,
        stop,
        f"C = {channels} channels",
        (0.22, -0.25),
        np.rad2deg(np.arctan2(up, right)),
    )
    ax.set(xlim=(-0.9, reach[0] - 0.9), ylim=(-rows - 0.95, 2 * up + 0.8), aspect="equal")
    ax.set_axis_off()
    return fig


def _measure(
    ax: Axes,
    start: tuple[float, float],
    stop: tuple[float, float],
    text: str,
    offset: tuple[float, float],
    rotation: float,
) -> None:
    """Draw a line with two arrowheads and the size that it measures."""
    ax.add_patch(arrow(start, stop, arrowstyle="<|-|>", mutation_scale=11, linewidth=1.3))
    ax.text(
        (start[0] + stop[0]) / 2 + offset[0],
        (start[1] + stop[1]) / 2 + offset[1],
        text,
        ha="center",
        va="center",
        rotation=rotation,
        rotation_mode="anchor",
        fontsize=14,
        gid="size",
    )


@styled
def memory(patch: ArrayLike, *, width: float = 9.0) -> Figure:
    """Draw the numbers of a small image as they lie in memory, H×W×C above and C×H×W below.

    Lines lead each number from its place in the first order to its place in the second.

    Parameters
    ----------
    patch : array_like of int, shape (H, W, 3)
        Red, green and blue from 0 to 255; up to about 6 pixels.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        One axes. Its texts with the gid ``"hwc"`` and ``"chw"`` are the numbers in the two
        orders.

    Raises
    ------
    ValueError
        If the patch is not a colour image of bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig = figures.memory(np.array([[[1, 2, 3], [4, 5, 6]]]))
    >>> [text.get_text() for text in fig.axes[0].texts if text.get_gid() == "chw"]
    ['1', '4', '2', '5', '3', '6']
    """
    colors = colour_patch("memory", patch)
    rows, cols, channels = colors.shape
    count = colors.size
    fig, ax = new(width=width, height=3.3)
    scale = (count + 0.2) / 12.2  # a longer strip keeps its proportions
    tops = {"hwc": 3.6 * scale, "chw": 1.0}
    places = np.arange(count).reshape(rows, cols, channels)
    for (i, j, c), here in np.ndenumerate(places):
        there = (c * rows + i) * cols + j
        ax.plot(
            [here + 0.5, there + 0.5],
            [tops["hwc"] - 1, tops["chw"]],
            color=CHANNEL_COLOURS[c],
            linestyle=LINKS[c],
            linewidth=1.6,
            zorder=1,
        )
    in_order = {
        "hwc": list(np.ndindex(rows, cols, channels)),
        "chw": [(i, j, c) for c, i, j in np.ndindex(channels, rows, cols)],
    }
    for order, cells in in_order.items():
        for place, (i, j, c) in enumerate(cells):
            ax.add_patch(
                Rectangle(
                    (place, tops[order] - 1),
                    1,
                    1,
                    facecolor=CHANNEL_TINTS[c],
                    edgecolor=LINE,
                    linewidth=0.9,
                )
            )
            ax.text(
                place + 0.5,
                tops[order] - 0.3,
                CHANNELS[c],
                ha="center",
                va="center",
                fontsize=12,
                fontweight="bold",
                color=CHANNEL_COLOURS[c],
                gid="letter",
            )
            ax.text(
                place + 0.5,
                tops[order] - 0.68,
                str(colors[i, j, c]),
                ha="center",
                va="center",
                fontsize=14,
                gid=order,
            )
    # Heavier lines separate the pixels above and the channels below.
    for order, step in (("hwc", channels), ("chw", rows * cols)):
        for x in range(0, count + 1, step):
            ax.plot([x, x], [tops[order] - 1, tops[order]], color=INK, linewidth=2.2, zorder=3)
        ax.hlines([tops[order] - 1, tops[order]], 0, count, colors=INK, lw=2.2, zorder=3)
    for place in range(0, count, channels):
        pixel = divmod(place // channels, cols)
        ax.text(
            place + channels / 2,
            tops["hwc"] + 0.12,
            f"pixel ({pixel[0]}, {pixel[1]})",
            ha="center",
            va="bottom",
            fontsize=12,
        )
    for c, name in enumerate(CHANNEL_NAMES):
        ax.text(
            (c + 0.5) * rows * cols, -0.12, f"all of {name}", ha="center", va="top", fontsize=12
        )
    ax.text(-0.2, tops["hwc"] - 0.5, "H×W×C", ha="right", va="center", fontsize=14)
    ax.text(-0.2, tops["chw"] - 0.5, "C×H×W", ha="right", va="center", fontsize=14)
    ax.set(xlim=(-1.5 * scale, count + 0.1), ylim=(-0.5, tops["hwc"] + 0.5))
    ax.set_axis_off()
    return fig


@styled
def wraparound(start: int, step: int, ax: Axes, *, title: str | None = None) -> Axes:
    """Draw the 256 values of a byte as a dial, and a step on it that may pass zero.

    Parameters
    ----------
    start : int
        Where the step begins, 0 to 255.
    step : int
        How far it goes, clockwise; 1 to 255.
    ax : Axes
        Where to draw.
    title : str, optional
        Text above.

    Returns
    -------
    Axes
        ``ax``; the texts with the gid ``"start"``, ``"step"`` and ``"end"`` hold the numbers.

    Raises
    ------
    ValueError
        If start or step is out of range.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig, ax = drawing.new(width=4)
    >>> ax = figures.wraparound(200, 100, ax)
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "end"]
    ['44']
    """
    ax = require_axes("wraparound", ax)
    if not (0 <= start <= 255 and 1 <= step <= 255):
        raise ValueError(
            f"wraparound: start must be 0 to 255 and step 1 to 255, but are {start} and {step}."
        )
    end = (start + step) % 256

    def spot(value: float, radius: float) -> tuple[float, float]:
        """Return the place of a value on the dial: 0 on top, growing clockwise."""
        angle = 2 * np.pi * value / 256
        return float(radius * np.sin(angle)), float(radius * np.cos(angle))

    for value in range(0, 256, 4):
        long = value % 64 == 0
        (x0, y0), (x1, y1) = spot(value, 0.94 if long else 0.97), spot(value, 1.0)
        ax.plot([x0, x1], [y0, y1], color=INK if long else LINE, linewidth=1.6 if long else 0.8)
    for value in (0, 64, 128, 192):
        ax.text(
            *spot(value, 0.78 if value % 128 else 0.83),
            str(value),
            ha="center",
            va="center",
            fontsize=12,
            color=GREY,
        )
    ring = np.array([spot(value, 1.0) for value in range(257)])
    ax.plot(*ring.T, color=LINE, linewidth=0.8)
    arc = np.array([spot(value, 1.09) for value in np.linspace(start, start + step - 2, 100)])
    ax.plot(*arc.T, color=COLORS["blue"], linewidth=4, solid_capstyle="butt")
    ax.add_patch(
        arrow(
            tuple(arc[-8]),
            spot(start + step + 1, 1.085),
            mutation_scale=24,
            linewidth=0,
            color=COLORS["blue"],
        )
    )
    for value, kind in ((start, "start"), (end, "end")):
        ax.plot(
            *spot(value, 1.0),
            marker="o" if kind == "start" else "D",
            markersize=11,
            color=COLORS["vermillion"] if kind == "end" else COLORS["blue"],
            markeredgecolor="white",
            zorder=5,
        )
        ax.text(
            *spot(value, 1.42),
            str(value),
            ha="center",
            va="center",
            fontsize=18,
            fontweight="bold",
            gid=kind,
        )
    ax.text(
        *spot(start + step / 2, 1.3),
        f"+{step}",
        ha="center",
        va="center",
        fontsize=16,
        color=COLORS["blue"],
        gid="step",
    )
    sums = [f"{start} + {step} = {start + step}"]
    if end < start:
        sums.append(f"{start + step} − 256 = {end}")
    ax.text(0, 0.32, "\n".join(sums), ha="center", va="center", fontsize=11, gid="sum")
    ax.set(xlim=(-1.7, 1.7), ylim=(-1.1, 1.5), aspect="equal")
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return ax
