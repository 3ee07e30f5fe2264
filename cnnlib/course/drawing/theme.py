"""One house style for every figure of the course, applied without touching global settings."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.rcsetup import cycler
from matplotlib.text import Text
from numpy.typing import ArrayLike

from cnnlib.types import Array

P = ParamSpec("P")
R = TypeVar("R")

# Okabe & Ito (2008), "Color Universal Design": told apart under every common colour blindness.
# Their yellow is left out: on white it cannot be read.
COLORS: dict[str, str] = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "orange": "#E69F00",
    "black": "#000000",
}
CYCLE: tuple[str, ...] = tuple(COLORS.values())
# Colour is never the only carrier: series k also has its own line, marker and hatch.
LINE_STYLES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.2, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (9, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (2, 2.5)),
)
MARKERS: tuple[str, ...] = ("o", "s", "^", "D", "v", "P", "X")
HATCHES: tuple[str, ...] = ("", "///", "...", "\\\\\\", "xx", "++", "oo")

INK = "#1A1A1A"  # text and outlines
GREY = "#555555"  # arrows, and labels at the edges
LINE = "#8C8C8C"  # cell borders, axis lines
PALE = "#F4F4F2"  # a cell without a colour map
MUTED = "#D9D9D9"  # padding cells
FONT = 12.0  # points, in a figure about 9 inches wide

# From negative to positive: blue, white at zero, red. ColorBrewer's RdBu, turned round.
DIVERGING = "RdBu_r"


def diverging_colours() -> list[list[int]]:
    """Return the colours of `DIVERGING`, from the most negative value to the most positive one.

    Returns
    -------
    list of [red, green, blue]
        256 colours in bytes, as figures paint them.

    Examples
    --------
    >>> colours = diverging_colours()
    >>> len(colours), colours[0], colours[160]
    (256, [5, 48, 97], [250, 204, 180])
    """
    colours: list[list[int]] = mpl.colormaps[DIVERGING](np.arange(256), bytes=True)[:, :3].tolist()
    return colours


_STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": FONT,
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": 13.0,
    "axes.titleweight": "normal",
    "axes.titlepad": 8.0,
    "axes.labelsize": FONT,
    "axes.facecolor": "white",
    "axes.edgecolor": LINE,
    "axes.linewidth": 0.9,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=list(CYCLE)),
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 11.0,
    "ytick.labelsize": 11.0,
    "figure.facecolor": "white",
    "figure.titlesize": 14.0,
    "savefig.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.06,
    "figure.constrained_layout.h_pad": 0.06,
    "image.cmap": "gray",
    "image.interpolation": "none",
    "hatch.linewidth": 0.8,
    "lines.linewidth": 2.2,
    "lines.markersize": 6.0,
    "legend.fontsize": 11.0,
    "legend.frameon": False,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the house style for the length of a ``with`` block.

    Every function of this package already works inside it. It is needed only around plain
    Matplotlib calls, such as ``ax.set_title``.

    Yields
    ------
    None

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new()
    >>> with drawing.style():
    ...     title = ax.set_title("My picture")
    >>> title.get_fontsize()
    13.0
    """
    # The user's settings, and only those that the style names, are put back afterwards:
    # mpl.rc_context would also restore the backend, which is not ours to touch.
    settings: Any = mpl.rcParams  # typed by a list of names that changes between versions
    before = {name: settings[name] for name in _STYLE}
    settings.update(_STYLE)
    try:
        yield
    finally:
        settings.update(before)


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function inside the house style.

    Parameters
    ----------
    function : callable
        A function that makes plain Matplotlib calls.

    Returns
    -------
    callable
        The same function, with `style` around it.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> @drawing.styled
    ... def name(ax, text):
    ...     ax.set_title(text)
    ...     return ax
    >>> fig, ax = drawing.new()
    >>> name(ax, "mine").title.get_fontsize()
    13.0
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with style():
            return function(*args, **kwargs)

    return wrapper


@styled
def new(
    nrows: int = 1,
    ncols: int = 1,
    *,
    width: float = 9.0,
    height: float | None = None,
    width_ratios: list[float] | None = None,
    height_ratios: list[float] | None = None,
    title: str | None = None,
    sharex: bool = False,
    sharey: bool = False,
) -> tuple[Figure, Any]:
    """Make an empty figure in the house style, with its axes.

    The figure belongs to the caller alone: pyplot does not know it, so nothing is displayed until
    `show` is called, and nothing needs closing.

    Parameters
    ----------
    nrows, ncols : int
        Rows and columns of axes.
    width, height : float
        Size in inches; without ``height``, a height that suits the number of rows and columns.
    width_ratios, height_ratios : list of float, optional
        Relative widths of the columns and heights of the rows.
    title : str, optional
        A title over all axes.
    sharex, sharey : bool
        Let all axes share their x or y range.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : Axes or ndarray of Axes
        One Axes; or a 1-D array for a single row or column; or an (nrows, ncols) array.

    Raises
    ------
    ValueError
        If a count or a size is not positive.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, (left, right) = drawing.new(ncols=2)
    >>> float(fig.get_size_inches()[0])
    9.0
    """
    if nrows < 1 or ncols < 1:
        raise ValueError(f"new: nrows and ncols must be at least 1, but are {nrows} and {ncols}.")
    if height is None:
        height = min(nrows * min(max(width / ncols * 0.85, 2.0), 4.0), 12.0)
    if width <= 0 or height <= 0:
        raise ValueError(
            f"new: width and height are inches and must be positive, but are {width} and {height}."
        )
    fig = Figure(figsize=(width, height), layout="constrained")
    if title is not None:
        fig.suptitle(title)
    axes = fig.subplots(
        nrows,
        ncols,
        sharex=sharex,
        sharey=sharey,
        width_ratios=width_ratios,
        height_ratios=height_ratios,
    )
    return fig, axes


def require_axes(name: str, ax: object) -> Axes:
    """Return ``ax`` if it is one Axes; otherwise raise, with the fix."""
    if isinstance(ax, Axes):
        return ax
    hint = "Make one with `fig, ax = drawing.new()`."
    if isinstance(ax, np.ndarray):
        hint = f"It is an array of {ax.size} axes: pick one, for example axes[0]."
    elif isinstance(ax, Figure):
        hint = "It is a whole figure: pass one of fig.axes."
    raise TypeError(f"{name}: ax must be one Axes, but is {type(ax).__name__}. {hint}")


def root_figure(ax: Axes) -> Figure | None:
    """Return the whole figure that holds the axes, or None if they were removed from it."""
    # Not ax.get_figure(root=True), which Matplotlib 3.9 does not know.
    found: Any = ax.figure
    return None if found is None else found.figure


def require_numbers(name: str, values: ArrayLike, what: str = "values") -> Array:
    """Return ``values`` as an array of integers, floats or booleans."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name}: {what} has rows of unequal length ({error}).") from error
    if array.dtype == bool:
        array = array.astype(np.uint8)
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"{name}: {what} must hold real numbers, but its dtype is {array.dtype}. "
            "Pass integers or floats; for an empty cell use np.nan."
        )
    if array.size == 0:
        raise ValueError(f"{name}: {what} is empty (its shape is {array.shape}).")
    return array


def require_2d(name: str, values: ArrayLike, what: str = "values") -> Array:
    """Return ``values`` as a 2-D array; a 1-D array becomes one row."""
    array = require_numbers(name, values, what)
    if array.ndim == 1:
        array = array[np.newaxis, :]
    if array.ndim != 2:
        raise ValueError(
            f"{name}: {what} must be 2-D, (rows, columns), or 1-D for one row, "
            f"but its shape is {array.shape}. Pick one map first, for example x[0, 0]."
        )
    return array


def format_numbers(
    values: ArrayLike, fmt: str | Callable[[Any], str] | None = None, missing: str = ""
) -> list[str]:
    """Write each number for a reader: integers whole, floats as short as they allow.

    Parameters
    ----------
    values : array_like
        Numbers of any shape, read in row-major order. NaN is written as ``missing``.
    fmt : str or callable, optional
        A format specification such as ``".1f"``, or a function from a number to text.
        Without it: whole numbers without a point, and otherwise the fewest decimals, at most
        two, that show every value (two significant digits where all are below 0.1).
    missing : str
        The text for NaN.

    Returns
    -------
    list of str
        With a true minus sign in front of negative numbers.

    Examples
    --------
    >>> from cnnlib.course.drawing import format_numbers
    >>> format_numbers([1.0, -2.5])
    ['1.0', '−2.5']
    """
    flat = np.asarray(values).ravel()
    finite = flat[np.isfinite(flat)].astype(float)
    if fmt is None:
        decimals = next(
            (d for d in (0, 1) if np.allclose(finite, np.round(finite, d), rtol=0, atol=1e-9)), 2
        )
        largest = float(np.abs(finite).max(initial=0.0))
        if decimals == 2 and 0 < largest < 0.1:
            fmt = ".1e" if largest < 1e-4 else f".{1 - int(np.floor(np.log10(largest)))}f"
        else:
            fmt = f".{decimals}f"
    texts = []
    for value in flat.tolist():
        if value != value:
            texts.append(missing)
            continue
        text = fmt(value) if callable(fmt) else format(value, fmt)
        if re.fullmatch(r"-0(\.0+)?", text):
            text = text[1:]  # a rounded −0.0 would puzzle the reader
        texts.append(text.replace("-", "−").replace("inf", "∞"))
    return texts


def luminance(color: Any) -> float:
    """Relative luminance of a colour, 0 black to 1 white (WCAG 2.2)."""
    rgb = np.asarray(mpl.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(first: Any, second: Any) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2); text needs 4.5."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def text_colour(background: Any) -> str:
    """Black or white, whichever is easier to read on ``background`` (always at least 4.5)."""
    return max(("black", "white"), key=lambda ink: contrast(ink, background))


def text_inches(fig: Figure, text: str, fontsize: float) -> tuple[float, float]:
    """Width and height that a text will take, in inches."""
    if not text:
        return 0.0, 0.0
    artist: Text = fig.text(0, 0, text, fontsize=fontsize)
    box = artist.get_window_extent()
    artist.remove()
    return float(box.width / fig.dpi), float(box.height / fig.dpi)


def arrow(start: tuple[float, float], stop: tuple[float, float], **options: Any) -> FancyArrowPatch:
    """Return a grey arrow that ends exactly at ``stop``; options as for FancyArrowPatch."""
    settings: dict[str, Any] = {
        "arrowstyle": "-|>",
        "mutation_scale": 14,
        "linewidth": 1.5,
        "color": GREY,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    return FancyArrowPatch(start, stop, **(settings | options))
