"""Photographs opened until their numbers show, and what neighbours have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from numpy.typing import ArrayLike

from cnnlib.course.drawing.diagrams import graph
from cnnlib.course.drawing.grids import Window
from cnnlib.course.drawing.images import image
from cnnlib.course.drawing.theme import (
    CYCLE,
    INK,
    LINE_STYLES,
    new,
    require_axes,
    require_numbers,
    root_figure,
    styled,
)
from cnnlib.course.pixels_and_channels.figures.channels import byte_values
from cnnlib.types import Array

__all__ = ["lead", "neighbour_density", "neighbours_in_order", "pipeline", "zoom"]


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
        If there is no window, or one reaches beyond the one before.

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
        # The layout must not move the panels apart for these lines.
        line.set_in_layout(False)
        figure.add_artist(line)


@styled
def neighbour_density(
    first: ArrayLike, second: ArrayLike, ax: Axes, *, title: str | None = None, bins: int = 32
) -> Axes:
    """Show how often each pair of values is side by side: dark cells are frequent pairs.

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
    >>> ax = figures.neighbour_density([0, 0, 255], [0, 0, 255], ax, bins=2)
    >>> ax.images[0].get_array().filled(0).tolist()
    [[2.0, 0.0], [0.0, 1.0]]
    """
    ax = require_axes("neighbour_density", ax)
    one = byte_values("neighbour_density", first, "first")
    two = byte_values("neighbour_density", second, "second")
    if one.shape != two.shape:
        raise ValueError(
            f"neighbour_density: first and second are pairs and must have one shape, but have "
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


@styled
def neighbours_in_order(pictures: Mapping[str, ArrayLike], bonds: Sequence[float]) -> Figure:
    """Show grey pictures above, and below each how alike its neighbours are.

    Parameters
    ----------
    pictures : mapping from title to array_like of int, shape (H, W)
        From 0 to 255.
    bonds : sequence of float
        The correlation of neighbours in each.

    Returns
    -------
    Figure
        Two rows of axes: the pictures, then their densities.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig = figures.neighbours_in_order({"flat": np.zeros((2, 2), dtype=np.uint8)}, [1.0])
    >>> [ax.get_title() for ax in fig.axes]
    ['flat', 'correlation 1.00']
    """
    fig, axes = new(nrows=2, ncols=len(pictures), width=3 * len(pictures), height=5.9)
    above, below = np.reshape(axes, (2, len(pictures)))
    for k, (name, picture) in enumerate(pictures.items()):
        array = byte_values("neighbours_in_order", picture, "picture")
        image(array.astype(np.uint8), above[k], title=name)
        neighbour_density(
            array[:, :-1], array[:, 1:], below[k], title=f"correlation {bonds[k]:.2f}"
        )
    return fig


@styled
def pipeline(picture: ArrayLike, *, width: float = 9.6) -> Figure:
    r"""Draw what a network does with a picture, from the pixels to the answer.

    Parameters
    ----------
    picture : array_like, shape (H, W)
        A grey picture.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        The picture, and a chain of boxes.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.pixels_and_channels import figures
    >>> fig = figures.pipeline(np.zeros((28, 28)))
    >>> [text.get_text() for text in fig.axes[1].texts][0]
    'a block of\nnumbers\n28×28'
    """
    array = require_numbers("pipeline", picture, "picture")
    fig, (left, right) = new(ncols=2, width=width, height=2.1, width_ratios=[1, 5.2])
    image(array, left, title="a picture")
    steps = [
        f"a block of\nnumbers\n{array.shape[0]}×{array.shape[1]}",
        "layer\nwith\nweights",
        "layer\nwith\nweights",
        "ten\nscores",
        "the digit\nwith the\nlargest score",
    ]
    nodes = {str(k): (2.5 * k, 0.0, text) for k, text in enumerate(steps)}
    links = [(str(k), str(k + 1)) for k in range(len(steps) - 1)]
    graph(nodes, links, right, fontsize=12)
    right.set_xlim(-1.2, 2.5 * (len(steps) - 1) + 1.5)
    return fig
