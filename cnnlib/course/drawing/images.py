"""Images as they are, with their numbers, and many side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cnnlib.course.drawing.grids import MOST_NUMBERS, Window, grid, outline, value_norm
from cnnlib.course.drawing.mending import Mending, picture_fix
from cnnlib.course.drawing.theme import DIVERGING, require_axes, require_numbers, styled
from cnnlib.types import Array


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

    Raises
    ------
    TypeError, ValueError
        As `image`, and if ``img`` has colours, or more pixels than numbers can be read.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(width=3)
    >>> ax = drawing.number_image(np.array([[0, 255]], dtype=np.uint8), ax)
    >>> [text.get_color() for text in ax.texts]
    ['white', 'black']
    """
    pixels = _checked_image("number_image", img, colour=False)
    if pixels.size > MOST_NUMBERS:
        fix = picture_fix(
            "img", img, to_bytes=False, colour=False, largest=math.isqrt(MOST_NUMBERS)
        )
        raise ValueError(
            f"number_image: img has {pixels.shape[0]} × {pixels.shape[1]} pixels, and more than "
            f"{MOST_NUMBERS:,} numbers cannot be read. Give it {fix}."
        )
    settings: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": _white(pixels)}
    return grid(pixels, ax, **(settings | options))


def _white(img: Array) -> float:
    return 255.0 if img.dtype.kind in "iu" else 1.0


def _checked_image(name: str, img: ArrayLike, what: str = "img", *, colour: bool = True) -> Array:
    """Return an image as an array after checking its shape and range."""
    try:
        came: Any = Mending(what, img).array
    except ValueError:  # rows of different lengths; the next line says so
        came = img
    pixels = require_numbers(name, came, what)
    if np.asarray(came).dtype == bool:
        pixels = pixels.astype(float)
    fix = picture_fix(what, img, to_bytes=False, colour=colour)
    fix = f" Give it {fix}." if fix else ""
    if pixels.ndim == 3 and not colour:
        raise ValueError(
            f"{name}: {what} must be grey, (H, W), but its shape is {pixels.shape}.{fix}"
        )
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[-1] == 3):
        raise ValueError(
            f"{name}: {what} must be (H, W) grey or (H, W, 3) colour, but its shape is "
            f"{pixels.shape}.{fix}"
        )
    low, high, white = float(pixels.min()), float(pixels.max()), _white(pixels)
    if not (low >= 0 and high <= white):
        kind = "integers from 0 to 255" if white == 255 else "floats from 0 to 1"
        raise ValueError(
            f"{name}: {what} of dtype {pixels.dtype} must hold {kind}, but holds {low:g} to "
            f"{high:g}.{fix} Maps with a sign are drawn with drawing.gallery or drawing.kernel."
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
    img : array_like, shape (H, W) or (H, W, 3), or Pillow picture
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
    outline(ax, pixels.shape[:2], highlight, fill=False)
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
        The maps. Maps may differ in size.
    titles : sequence of str, optional
        One text above each map.
    ncols : int, optional
        Maps in a row.
    cmap : str
        Colour map; ``"gray"`` for images, ``"viridis"`` for maps that are not negative.
    scale : {"shared", "each"}
        One colour scale for all maps, to compare them, or one for each.
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
    given = _listed(images)
    maps = [require_numbers("gallery", one, "an image") for one in given]
    if not maps:
        raise ValueError("gallery: images is empty.")
    for k, one in enumerate(maps):
        if one.ndim != 2 and not (one.ndim == 3 and one.shape[-1] == 3):
            fix = picture_fix(f"images[{k}]", given[k], to_bytes=False)
            raise ValueError(
                f"gallery: each image must be (H, W) or (H, W, 3), but number {k} is {one.shape}. "
                f"{f'Give it {fix}, or p' if fix else 'P'}ick the sample or channel first."
            )
        if one.ndim == 3:
            maps[k] = _checked_image("gallery", given[k], f"images[{k}]")
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
