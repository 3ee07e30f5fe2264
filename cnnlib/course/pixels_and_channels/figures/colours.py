"""Colours as three numbers: written out, mixed, and side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from cnnlib.course.drawing.display import CELL_NUMBER, TRUE_COLOUR
from cnnlib.course.drawing.images import image
from cnnlib.course.drawing.theme import GREY, INK, LINE, new, require_axes, styled, text_colour
from cnnlib.course.pixels_and_channels.figures.channels import (
    CHANNEL_COLOURS,
    CHANNEL_NAMES,
    CHANNELS,
    byte_values,
    colour_patch,
)
from cnnlib.types import Array

__all__ = ["additive_mixing", "light_discs", "recipe", "rgb_grid", "swatches"]


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
    colors = colour_patch("rgb_grid", patch)
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
                color=text_colour(colors[i, j] / 255),
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
    ax.tick_params(length=0, labelcolor=GREY, pad=3)
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
    ax.barh(range(3), values.tolist(), height=0.62, color=CHANNEL_COLOURS, zorder=3)
    ax.barh(range(3), 255, height=0.62, color="#E4E4E4", zorder=2)
    swatch = Rectangle((0, 2.7), 255, 1.15, facecolor=values / 255, edgecolor=LINE, lw=0.9)
    swatch.set_gid(TRUE_COLOUR)
    ax.add_patch(swatch)
    for k, value in enumerate(values.tolist()):
        ax.text(263, k, str(value), va="center", fontsize=15)
    ax.set_yticks([0, 1, 2, 3.27], labels=[*CHANNEL_NAMES, "mixed"])
    ax.tick_params(axis="y", length=0, labelsize=14)
    ax.set_xticks([0, 255])
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0, labelcolor=GREY)
    ax.set(xlim=(-2, 300), ylim=(4.0, -0.5))
    ax.spines[:].set_visible(False)
    if title is not None:
        ax.set_title(title)
    return ax


def _rgb(name: str, values: ArrayLike, what: str) -> Array:
    """Return one colour as three bytes."""
    array = byte_values(name, values, what)
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
            Rectangle(
                (k + 0.05, 0),
                0.9,
                1,
                facecolor=values / 255,
                edgecolor=LINE,
                linewidth=0.9,
                gid=TRUE_COLOUR,
            )
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
    colors = colour_patch("additive_mixing", lights)
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
            f"{_colour_name(rgb)}\n{numbers}",
            ha="center",
            va="center",
            fontsize=11,
            color=text_colour(rgb / 255),
            gid="mixture",
        )
    return ax


def _colour_name(rgb: Array) -> str:
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
