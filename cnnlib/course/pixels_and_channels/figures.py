"""Figures of notebook 01: photographs opened until their numbers show, and closed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, FancyArrowPatch, Rectangle
from numpy.typing import ArrayLike, NDArray

from cnnlib.course.drawing.display import CELL_NUMBER
from cnnlib.course.drawing.grids import Window, image
from cnnlib.course.drawing.theme import (
    COLORS,
    CYCLE,
    INK,
    LINE,
    LINE_STYLES,
    new,
    require_axes,
    require_numbers,
    root_figure,
    styled,
    text_color,
)
from cnnlib.types import Array

__all__ = [
    "additive_mixing",
    "block",
    "lead",
    "light_discs",
    "memory",
    "neighbor_density",
    "recipe",
    "rgb_grid",
    "swatches",
    "wraparound",
    "zoom",
]

CHANNELS = ("R", "G", "B")
CHANNEL_NAMES = ("red", "green", "blue")
# Dark enough for text on white; the letter always stands beside the colour.
CHANNEL_COLORS = ("#A84300", "#007556", "#005F97")
CHANNEL_TINTS = ("#FBE3D6", "#DDF2CF", "#D3E4FB")
LINKS = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)))


def _bytes(name: str, values: ArrayLike, what: str) -> Array:
    """Return whole numbers from 0 to 255, or say what came instead."""
    array = require_numbers(name, values, what)
    if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 255:
        raise ValueError(
            f"{name}: {what} must hold whole numbers from 0 to 255, but is {array.dtype} from "
            f"{array.min():g} to {array.max():g}. Fractions of white become bytes with "
            "np.round(255 * x).astype(np.uint8)."
        )
    return array


def _patch(name: str, values: ArrayLike) -> Array:
    """Return a small colour image (H, W, 3) of bytes."""
    array = _bytes(name, values, "patch")
    if array.ndim != 3 or array.shape[-1] != 3:
        raise ValueError(
            f"{name}: patch must be colour, (H, W, 3), but its shape is {array.shape}. "
            "Cut it out with photo[top:bottom, left:right]."
        )
    return array


@styled
def zoom(img: ArrayLike, windows: Sequence[Window], *, width: float = 9.0) -> Figure:
    """Show an image, then ever smaller windows of it, each as large as the image was.

    Two lines lead from each window to the panel that shows it.

    Parameters
    ----------
    img : array_like, shape (H, W) or (H, W, 3)
        Grey or colour; uint8 from 0 to 255, or floats from 0 to 1.
    windows : sequence of (row, column, height, width)
        In pixels of ``img``; each must lie inside the one before.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        One axes for the image and one for each window.

    Raises
    ------
    ValueError
        If there is no window, or one reaches out of the one before.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig = figures.zoom(np.zeros((64, 64), dtype=np.uint8), [(8, 8, 16, 16), (12, 12, 4, 4)])
    >>> [ax.get_title() for ax in fig.axes]
    ['64×64 pixels', '16×16 pixels', '4×4 pixels']
    """
    array = require_numbers("zoom", img, "img")
    if not windows:
        raise ValueError("zoom: windows is empty; pass at least one (row, column, height, width).")
    frames: list[Window] = [(0, 0, array.shape[0], array.shape[1]), *windows]
    fig, axes = new(ncols=len(frames), width=width, height=width / len(frames) + 0.35)
    for k, (row, col, rows, cols) in enumerate(frames):
        inner = None
        if k + 1 < len(frames):
            below, right, height, wide = frames[k + 1]
            inner = (below - row, right - col, height, wide)
            if not (0 <= inner[0] <= rows - height and 0 <= inner[1] <= cols - wide):
                raise ValueError(
                    f"zoom: the window {frames[k + 1]} (row, column, height, width) does not lie "
                    f"in {frames[k]}. Windows are counted in pixels of the whole image."
                )
        # The k-th window has the k-th colour and line style, here and as the next panel's frame.
        image(
            array[row : row + rows, col : col + cols],
            axes[k],
            title=f"{rows}×{cols} pixels",
            highlight=None if inner is None else [*[None] * k, inner],
        )
        if k:
            axes[k].spines[:].set(
                color=CYCLE[k - 1], linewidth=2.6, linestyle=LINE_STYLES[(k - 1) % len(LINE_STYLES)]
            )
        if inner is not None:
            lead(axes[k], axes[k + 1], inner, style=k)
    return fig


@styled
def lead(start: Axes, stop: Axes, window: Window, *, style: int = 0) -> None:
    """Draw two lines from the right side of a window in one panel to the panel that enlarges it.

    Parameters
    ----------
    start, stop : Axes
        The panel with the window, and the one to its right that shows the window.
    window : (row, column, height, width)
        In pixels of the panel ``start``.
    style : int
        The colour of the lines: that of window number ``style`` in a list of highlights.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig, (left, right) = drawing.new(ncols=2)
    >>> picture = np.zeros((8, 8), dtype=np.uint8)
    >>> ax = drawing.image(picture, left, highlight=[(2, 2, 4, 4)])
    >>> ax = drawing.number_image(picture[2:6, 2:6], right)
    >>> figures.lead(left, right, (2, 2, 4, 4))
    >>> len(fig.artists)
    2
    """
    start, stop = require_axes("lead", start), require_axes("lead", stop)
    figure = root_figure(start)
    if figure is None or root_figure(stop) is not figure:
        raise ValueError("lead: start and stop must be axes of one figure.")
    row, col, rows, cols = window
    for y, corner in ((row - 0.5, (0, 1)), (row + rows - 0.5, (0, 0))):
        line = ConnectionPatch(
            (col + cols - 0.5, y),
            corner,
            "data",
            "axes fraction",
            axesA=start,
            axesB=stop,
            color=CYCLE[style % len(CYCLE)],
            linewidth=1.3,
            gid="lead",
        )
        # Lines are no reason for the layout to move the panels apart.
        line.set_in_layout(False)
        figure.add_artist(line)


@styled
def rgb_grid(
    patch: ArrayLike,
    ax: Axes,
    *,
    title: str | None = None,
    origin: tuple[int, int] = (0, 0),
    highlight: Sequence[tuple[int, int]] = (),
) -> Axes:
    """Draw a small piece of a colour image with the three numbers of each pixel written into it.

    Parameters
    ----------
    patch : array_like of int, shape (H, W, 3)
        Red, green and blue from 0 to 255.
    ax : Axes
        Where to draw.
    title : str, optional
        Text above the grid.
    origin : (int, int)
        Row and column of the first pixel in the whole image, for the labels at the edges.
    highlight : sequence of (row, column)
        Pixels to outline, in rows and columns of the whole image.

    Returns
    -------
    Axes
        ``ax``; the numbers are in ``ax.texts`` in row-major order.

    Raises
    ------
    ValueError
        If the patch is not a colour image of bytes, or a pixel to outline is not in it.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig, ax = drawing.new(width=3)
    >>> ax = figures.rgb_grid(np.array([[[167, 185, 231]]]), ax)
    >>> ax.texts[0].get_text().split()
    ['R', '167', 'G', '185', 'B', '231']
    """
    ax = require_axes("rgb_grid", ax)
    colors = _patch("rgb_grid", patch)
    rows, cols, _ = colors.shape
    ax.imshow(colors.astype(np.uint8), interpolation="none", aspect="equal", zorder=1)
    ax.hlines(np.arange(rows + 1) - 0.5, -0.5, cols - 0.5, colors=LINE, lw=0.9, zorder=2)
    ax.vlines(np.arange(cols + 1) - 0.5, -0.5, rows - 0.5, colors=LINE, lw=0.9, zorder=2)
    for i in range(rows):
        for j in range(cols):
            # A figure space keeps the letters in one column for one-, two- and three-digit numbers.
            lines = [
                f"{letter} {value:3d}".replace(" ", "\N{FIGURE SPACE}")
                for letter, value in zip(CHANNELS, colors[i, j].tolist(), strict=True)
            ]
            ax.text(
                j,
                i,
                "\n".join(lines),
                ha="center",
                va="center",
                fontsize=11,
                linespacing=1.25,
                color=text_color(colors[i, j] / 255),
                gid=CELL_NUMBER,
                zorder=3,
            )
    for row, col in highlight:
        i, j = row - origin[0], col - origin[1]
        if not (0 <= i < rows and 0 <= j < cols):
            raise ValueError(
                f"rgb_grid: the pixel {(row, col)} is not in the patch, which holds rows "
                f"{origin[0]} to {origin[0] + rows - 1} and columns {origin[1]} to "
                f"{origin[1] + cols - 1}."
            )
        for color, wide in (("white", 6.0), (INK, 2.6)):
            ax.add_patch(
                Rectangle(
                    (j - 0.5, i - 0.5),
                    1,
                    1,
                    fill=False,
                    edgecolor=color,
                    linewidth=wide,
                    zorder=5,
                    gid="highlight",
                )
            )
    ax.set_xticks(range(cols), labels=[str(origin[1] + j) for j in range(cols)])
    ax.set_yticks(range(rows), labels=[str(origin[0] + i) for i in range(rows)])
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.tick_params(length=0, labelcolor="#555555", pad=3)
    ax.set_xlabel("column")
    ax.set_ylabel("row")
    ax.spines[:].set_visible(False)
    if title is not None:
        ax.set_title(title)
    return ax


@styled
def recipe(rgb: ArrayLike, ax: Axes, *, title: str | None = None) -> Axes:
    """Draw one colour as its recipe: how much red, green and blue, and what they mix to.

    Parameters
    ----------
    rgb : array_like of int, shape (3,)
        From 0 to 255.
    ax : Axes
        Where to draw.
    title : str, optional
        Text above.

    Returns
    -------
    Axes
        ``ax``; the first three of ``ax.patches`` are the bars and the last is the mixed colour.

    Raises
    ------
    ValueError
        If these are not three bytes.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig, ax = drawing.new(width=4)
    >>> ax = figures.recipe([167, 185, 231], ax)
    >>> [int(bar.get_width()) for bar in ax.patches[:3]]
    [167, 185, 231]
    """
    ax = require_axes("recipe", ax)
    values = _rgb("recipe", rgb, "rgb")
    ax.barh(range(3), values.tolist(), height=0.62, color=CHANNEL_COLORS, zorder=3)
    ax.barh(range(3), 255, height=0.62, color="#E4E4E4", zorder=2)
    ax.add_patch(Rectangle((0, 2.7), 255, 1.15, facecolor=values / 255, edgecolor=LINE, lw=0.9))
    for k, value in enumerate(values.tolist()):
        ax.text(263, k, str(value), va="center", fontsize=15)
    ax.set_yticks([0, 1, 2, 3.27], labels=[*CHANNEL_NAMES, "mixed"])
    ax.tick_params(axis="y", length=0, labelsize=14)
    ax.set_xticks([0, 255])
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0, labelcolor="#555555")
    ax.set(xlim=(-2, 300), ylim=(4.0, -0.5))
    ax.spines[:].set_visible(False)
    if title is not None:
        ax.set_title(title)
    return ax


def _rgb(name: str, values: ArrayLike, what: str) -> Array:
    """Return one colour as three bytes."""
    array = _bytes(name, values, what)
    if array.shape != (3,):
        raise ValueError(
            f"{name}: {what} must be three numbers, red, green and blue, "
            f"but its shape is {array.shape}."
        )
    return array


@styled
def swatches(
    colors: Mapping[str, ArrayLike], *, width: float = 9.0, title: str | None = None
) -> Figure:
    """Show named colours side by side, each with its three numbers.

    Parameters
    ----------
    colors : mapping from name to three int
        Red, green and blue from 0 to 255.
    width : float
        Width of the figure in inches.
    title : str, optional
        Text above all.

    Returns
    -------
    Figure
        One axes; its texts are, colour by colour, the name and the three numbers.

    Raises
    ------
    ValueError
        If there is no colour, or one is not three bytes.

    Examples
    --------
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig = figures.swatches({"red": (255, 0, 0), "black": (0, 0, 0)})
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['red', '255  0  0', 'black', '0  0  0']
    """
    if not colors:
        raise ValueError("swatches: colors is empty; pass a dict such as {'red': (255, 0, 0)}.")
    fig, ax = new(width=width, height=1.6 + (0.35 if title else 0.0))
    for k, (name, rgb) in enumerate(colors.items()):
        values = _rgb("swatches", rgb, f"the colour {name!r}")
        ax.add_patch(
            Rectangle((k + 0.05, 0), 0.9, 1, facecolor=values / 255, edgecolor=LINE, linewidth=0.9)
        )
        ax.text(k + 0.5, 1.08, name, ha="center", va="bottom", fontsize=13)
        numbers = "  ".join(str(value) for value in values.tolist())
        ax.text(k + 0.5, -0.1, numbers, ha="center", va="top", fontsize=13)
    ax.set(xlim=(0, len(colors)), ylim=(-0.4, 1.4))
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return fig


def light_discs(height: int = 200, width: int = 240) -> NDArray[np.uint8]:
    """Return an image of three lamps, red, green and blue, whose discs of light overlap.

    Each lamp fills one channel: 255 inside its disc and 0 outside. Nothing is mixed here; where
    discs overlap, a pixel has 255 in more than one channel.

    Parameters
    ----------
    height, width : int
        In pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    ValueError
        If there are fewer than 8 rows or columns.

    Examples
    --------
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> figures.light_discs()[100, 120]
    array([255, 255, 255], dtype=uint8)
    """
    if height < 8 or width < 8:
        raise ValueError(
            f"light_discs: height and width must be at least 8 pixels, got {height} and {width}."
        )
    row, col = np.mgrid[:height, :width]
    middle, radius = ((height - 1) / 2, (width - 1) / 2), 0.3 * min(height, width)
    channels = []
    for angle in (90, 210, 330):  # red above, green lower left, blue lower right
        turned = np.deg2rad(angle)
        centre_row = middle[0] - 0.6 * radius * np.sin(turned)
        centre_col = middle[1] + 0.6 * radius * np.cos(turned)
        inside = (row - centre_row) ** 2 + (col - centre_col) ** 2 <= radius**2
        channels.append(np.where(inside, 255, 0).astype(np.uint8))
    return np.stack(channels, axis=-1)


@styled
def additive_mixing(lights: ArrayLike, ax: Axes, *, title: str | None = None) -> Axes:
    """Show the three lamps of `light_discs` and write the numbers of each mixture into it.

    Parameters
    ----------
    lights : array_like of int, shape (H, W, 3)
        From `light_discs`, perhaps changed.
    ax : Axes
        Where to draw.
    title : str, optional
        Text above.

    Returns
    -------
    Axes
        ``ax``; each text names a mixture and holds the numbers of the pixel under it.

    Raises
    ------
    ValueError
        If the image is not colour.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig, ax = drawing.new(width=4)
    >>> ax = figures.additive_mixing(figures.light_discs(), ax)
    >>> ax.texts[0].get_text().split()
    ['red', '255', '0', '0']
    """
    ax = require_axes("additive_mixing", ax)
    colors = _patch("additive_mixing", lights)
    height, width, _ = colors.shape
    image(colors.astype(np.uint8), ax, title=title)
    unit = 0.3 * min(height, width)
    # Where each region lies, in radii from the middle: to the right, and up.
    places: dict[tuple[bool, bool, bool], tuple[float, float]] = {
        (True, False, False): (0.0, 1.05),
        (False, True, False): (-0.97, -0.55),
        (False, False, True): (0.97, -0.55),
        (True, True, False): (-0.63, 0.37),
        (True, False, True): (0.63, 0.37),
        (False, True, True): (0.0, -0.74),
        (True, True, True): (0.0, 0.0),
        (False, False, False): (-1.4, 1.25),
    }
    for right, up in places.values():
        col = round((width - 1) / 2 + unit * right)
        row = round((height - 1) / 2 - unit * up)
        rgb = colors[row, col]
        numbers = " ".join(str(value) for value in rgb.tolist())
        ax.text(
            col,
            row,
            f"{_color_name(rgb)}\n{numbers}",
            ha="center",
            va="center",
            fontsize=11,
            color=text_color(rgb / 255),
            gid="mixture",
        )
    return ax


def _color_name(rgb: Array) -> str:
    """Name the eight colours that full lamps make; other mixtures have no name here."""
    names = {
        (0, 0, 0): "black",
        (255, 0, 0): "red",
        (0, 255, 0): "green",
        (0, 0, 255): "blue",
        (255, 255, 0): "yellow",
        (255, 0, 255): "magenta",
        (0, 255, 255): "cyan",
        (255, 255, 255): "white",
    }
    return names.get(tuple(rgb.tolist()), "")


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
    colors = _patch("block", patch)
    rows, cols, channels = colors.shape
    if pixel is not None and not (0 <= pixel[0] < rows and 0 <= pixel[1] < cols):
        raise ValueError(f"block: the pixel {pixel} is not in a patch of shape {colors.shape}.")
    right, up = 1.28, 0.82  # how far each sheet stands behind the one before, in cells
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
                        (x, y - 1), 1, 1, facecolor=shade, edgecolor="#B8B8B8", lw=0.9, zorder=top
                    )
                )
                ax.text(
                    x + 0.5,
                    y - 0.5,
                    str(colors[i, j, c]),
                    ha="center",
                    va="center_baseline",
                    fontsize=13,
                    color=text_color(shade),
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
            color=CHANNEL_COLORS[c],
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
    """Draw a line with two arrowheads and the size that it stands for."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            stop,
            arrowstyle="<|-|>",
            mutation_scale=11,
            color="#555555",
            linewidth=1.3,
            shrinkA=0,
            shrinkB=0,
        )
    )
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
    """Draw the numbers of a small image as they stand in memory, H×W×C above and C×H×W below.

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
    colors = _patch("memory", patch)
    rows, cols, channels = colors.shape
    count = colors.size
    fig, ax = new(width=width, height=3.3)
    scale = (count + 0.2) / 12.2  # so that a longer strip keeps its proportions
    tops = {"hwc": 3.6 * scale, "chw": 1.0}
    places = np.arange(count).reshape(rows, cols, channels)
    for (i, j, c), here in np.ndenumerate(places):
        there = (c * rows + i) * cols + j
        ax.plot(
            [here + 0.5, there + 0.5],
            [tops["hwc"] - 1, tops["chw"]],
            color=CHANNEL_COLORS[c],
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
                color=CHANNEL_COLORS[c],
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
    # A heavier line parts the pixels above and the channels below.
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
            f"wraparound: start must be 0 to 255 and step 1 to 255, but came as {start} and {step}."
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
            color="#555555",
        )
    ring = np.array([spot(value, 1.0) for value in range(257)])
    ax.plot(*ring.T, color=LINE, linewidth=0.8)
    arc = np.array([spot(value, 1.09) for value in np.linspace(start, start + step - 2, 100)])
    ax.plot(*arc.T, color=COLORS["blue"], linewidth=4, solid_capstyle="butt")
    ax.add_patch(
        FancyArrowPatch(
            tuple(arc[-8]),
            spot(start + step + 1, 1.085),
            arrowstyle="-|>",
            mutation_scale=24,
            linewidth=0,
            color=COLORS["blue"],
            shrinkA=0,
            shrinkB=0,
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


@styled
def neighbor_density(
    first: ArrayLike, second: ArrayLike, ax: Axes, *, title: str | None = None, bins: int = 32
) -> Axes:
    """Show how often each pair of values stands side by side: dark cells are frequent pairs.

    If neighbours are alike, the pairs lie along the dashed diagonal.

    Parameters
    ----------
    first, second : array_like of int
        A pixel and its neighbour, pair by pair; 0 to 255, of one shape.
    ax : Axes
        Where to draw.
    title : str, optional
        Text above.
    bins : int
        Cells along each side.

    Returns
    -------
    Axes
        ``ax``; its image holds the counts, the values of ``second`` from bottom to top.

    Raises
    ------
    ValueError
        If the two differ in shape or are not bytes.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig, ax = drawing.new(width=3)
    >>> ax = figures.neighbor_density([0, 0, 255], [0, 0, 255], ax, bins=2)
    >>> ax.images[0].get_array().filled(0).tolist()
    [[2.0, 0.0], [0.0, 1.0]]
    """
    ax = require_axes("neighbor_density", ax)
    one = _bytes("neighbor_density", first, "first")
    two = _bytes("neighbor_density", second, "second")
    if one.shape != two.shape:
        raise ValueError(
            f"neighbor_density: first and second are pairs and must have one shape, but came as "
            f"{one.shape} and {two.shape}."
        )
    edges = np.linspace(0, 256, bins + 1)
    counts: Array = np.histogram2d(one.ravel(), two.ravel(), bins=[edges, edges])[0].T
    ax.imshow(
        np.ma.masked_equal(counts, 0),
        origin="lower",
        extent=(0, 256, 0, 256),
        cmap="cividis_r",
        norm=LogNorm(1, max(float(counts.max()), 2.0)),
        interpolation="none",
    )
    ax.plot([0, 256], [0, 256], color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    ax.set(xlim=(0, 256), ylim=(0, 256), xticks=[0, 128, 255], yticks=[0, 128, 255])
    ax.set_xlabel("a pixel")
    ax.set_ylabel("the pixel to its right")
    if title is not None:
        ax.set_title(title)
    return ax
