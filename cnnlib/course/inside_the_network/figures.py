"""Figures of notebook 10: maps laid over a photograph, and filters in colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from cnnlib.course import drawing
from cnnlib.course.drawing.theme import DIVERGING

__all__ = ["colour_filters", "magnified", "overlays"]


@drawing.styled
def overlays(
    picture: ArrayLike,
    maps: Sequence[ArrayLike],
    titles: Sequence[str],
    *,
    label: str = "",
    opacity: float = 0.6,
    width: float = 9.0,
) -> Figure:
    """Draw maps over a picture, all on one signed scale, with the picture alone in front.

    Parameters
    ----------
    picture : array_like, shape (H, W, 3)
        Bytes.
    maps : sequence of array_like, shape (h, w)
        Each is stretched over the whole picture; its places stay squares.
    titles : sequence of str
        One for the picture, then one for each map.
    label : str
        What the colours mean.
    opacity : float
        Of the maps, from 0 to 1.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        One axes for the picture and for each map, then that of the colour bar.

    Raises
    ------
    ValueError
        If there is not one title for the picture and for each map.

    Examples
    --------
    >>> picture = np.zeros((8, 8, 3), np.uint8)
    >>> fig = overlays(picture, [np.eye(2)], ["photograph", "map"])
    >>> [ax.get_title() for ax in fig.axes[:2]]
    ['photograph', 'map']
    """
    if len(titles) != len(maps) + 1:
        raise ValueError(
            f"overlays: {len(titles)} titles came for a picture and {len(maps)} maps; "
            "pass one each."
        )
    pixels = np.asarray(picture)
    grey = pixels.mean(axis=2).astype(np.uint8)
    heats = [np.asarray(one, dtype=float) for one in maps]
    reach = max(float(np.abs(heat).max()) for heat in heats) or 1.0
    count = len(maps) + 1
    fig, axes = drawing.new(ncols=count, width=width, height=width / count * 0.93 + 0.1)
    drawing.image(pixels, axes[0], title=titles[0])
    high, wide = grey.shape
    for ax, heat, title in zip(axes[1:], heats, titles[1:], strict=True):
        drawing.image(grey, ax, title=title)
        ax.imshow(
            heat,
            cmap=DIVERGING,
            vmin=-reach,
            vmax=reach,
            alpha=opacity,
            extent=(-0.5, wide - 0.5, high - 0.5, -0.5),
            interpolation="nearest",
        )
    bar = fig.colorbar(axes[-1].images[-1], ax=list(axes), aspect=18, pad=0.02, label=label)
    bar.outline.set_visible(False)
    return fig


def colour_filters(weights: ArrayLike) -> list[NDArray[np.float64]]:
    """Return filters on colour pixels as pictures: grey is 0, and each has its own range.

    Parameters
    ----------
    weights : array_like, shape (C, 3, KH, KW)

    Returns
    -------
    list of C arrays, (KH, KW, 3) from 0 to 1

    Examples
    --------
    >>> colour_filters(np.array([[[[2.0]], [[0.0]], [[-2.0]]]]))[0].tolist()
    [[[1.0, 0.5, 0.0]]]
    """
    filters = np.asarray(weights, dtype=float)
    if filters.ndim != 4 or filters.shape[1] != 3:
        raise ValueError(f"colour_filters: weights must be (C, 3, KH, KW), got {filters.shape}.")
    reach = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    scaled = 0.5 + 0.5 * filters / np.where(reach > 0, reach, 1)
    return list(scaled.transpose(0, 2, 3, 1))


def magnified(before: ArrayLike, after: ArrayLike, times: float) -> NDArray[np.uint8]:
    """Return the difference of two pictures of bytes, magnified, with grey for no change.

    Examples
    --------
    >>> magnified(np.array([[10, 10]], np.uint8), np.array([[12, 10]], np.uint8), 30).tolist()
    [[187, 127]]
    """
    difference = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
    return (127 + times * difference).round().clip(0, 255).astype(np.uint8)
