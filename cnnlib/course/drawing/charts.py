"""Charts: curves, bars and the confusion matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from cnnlib.course.drawing.display import CELL_NUMBER, LINE_END
from cnnlib.course.drawing.theme import (
    CYCLE,
    HATCHES,
    INK,
    LINE,
    LINE_STYLES,
    MARKERS,
    contrast,
    format_numbers,
    require_axes,
    require_numbers,
    styled,
    text_colour,
)


@styled
def curves(
    series: Mapping[str, ArrayLike] | Sequence[tuple[str, ArrayLike]],
    ax: Axes,
    *,
    x: ArrayLike | None = None,
    xlabel: str = "",
    ylabel: str = "",
    title: str | None = None,
    labels: str = "ends",
    markers: bool | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
) -> Axes:
    """Draw curves that differ in colour, line style and marker, each named at its end.

    Parameters
    ----------
    series : mapping or sequence of (label, values)
        The curves, as a dict or a list of pairs. Underscores in labels become spaces.
    ax : Axes
        Where to draw.
    x : array_like, optional
        Shared positions; 1, 2, 3 … by default, as epochs are counted.
    xlabel, ylabel, title : str
        Texts, with units.
    labels : {"ends", "legend", "none"}
        Names at the line ends (for up to about six curves), in a legend, or not at all.
    markers : bool, optional
        Mark each point; by default where there are no more than 30.
    xscale, yscale : str
        ``"linear"``, ``"log"`` or ``"symlog"``.

    Returns
    -------
    Axes
        ``ax``; the curves are ``ax.lines`` in order.

    Raises
    ------
    ValueError
        If there is no curve, a curve is not 1-D, or its length differs from that of ``x``.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new()
    >>> history = {"train": [2.3, 0.9, 0.4], "validation": [2.2, 1.0, 0.6]}
    >>> ax = drawing.curves(history, ax, xlabel="epoch", ylabel="loss")
    >>> ax.lines[0].get_xdata().tolist()
    [1.0, 2.0, 3.0]
    """
    ax = require_axes("curves", ax)
    pairs = list(series.items()) if isinstance(series, Mapping) else list(series)
    if not pairs:
        raise ValueError("curves: series is empty; pass a dict or list of (label, values).")
    if labels not in ("ends", "legend", "none"):
        raise ValueError(f'curves: labels must be "ends", "legend" or "none", but is {labels!r}.')
    places = None if x is None else require_numbers("curves", x, "x").astype(float)
    ends = []
    for k, (name, values) in enumerate(pairs):
        y = require_numbers("curves", values, f"the series {name!r}").astype(float)
        at = np.arange(1.0, y.size + 1) if places is None else places
        if y.ndim != 1 or at.shape != y.shape:
            raise ValueError(
                f"curves: the series {name!r} must be 1-D and as long as x, "
                f"but its shape is {y.shape} and that of x is {at.shape}."
            )
        marked = y.size <= 30 if markers is None else markers
        label = name.replace("_", " ")
        color = CYCLE[k % len(CYCLE)]
        ax.plot(
            at,
            y,
            color=color,
            linestyle=LINE_STYLES[k % len(LINE_STYLES)],
            label=label,
            marker=MARKERS[k % len(MARKERS)] if marked else "",
            markeredgecolor="white",
            markeredgewidth=0.8,
            zorder=3,
        )
        seen = np.flatnonzero(np.isfinite(y))
        if seen.size:
            ends.append((at[seen[-1]], y[seen[-1]], label, color))
    ax.set_xscale(xscale)
    ax.set_yscale(yscale)
    if places is None:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(axis="y")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if title is not None:
        ax.set_title(title)
    if labels == "legend":
        ax.legend()
    elif labels == "ends":
        for end_x, end_y, label, color in ends:
            ax.annotate(
                label,
                (end_x, end_y),
                (8, 0),
                textcoords="offset points",
                va="center",
                ha="left",
                color=_dark(color),
                fontsize=11,
                gid=LINE_END,
                annotation_clip=False,
            )
    return ax


def _dark(color: str) -> str:
    """Return a colour dark enough for text on white (contrast at least 4.5)."""
    red, green, blue = mpl.colors.to_rgb(color)
    while contrast((red, green, blue), "white") < 4.5:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return mpl.colors.to_hex((red, green, blue))


@styled
def bars(
    labels: Sequence[str],
    values: ArrayLike | Mapping[str, ArrayLike],
    ax: Axes,
    *,
    fmt: str | Callable[[Any], str] | None = None,
    xlabel: str = "",
    title: str | None = None,
    highlight: Sequence[int] = (),
    log: bool = False,
) -> Axes:
    """Draw horizontal bars, the first on top, each with its value at the end.

    Parameters
    ----------
    labels : sequence of str
        One name for each bar, or for each group of bars.
    values : array_like or mapping
        The lengths; or a dict from series name to lengths, for grouped bars.
    ax : Axes
        Where to draw.
    fmt : str or callable, optional
        How to write the values, such as ``".1%"`` or ``","``; see `format_numbers`.
    xlabel, title : str
        Texts, with units.
    highlight : sequence of int
        Bars of a single series to draw in a second colour with a hatch.
    log : bool
        A logarithmic axis. Lengths are then no longer in proportion to the values.

    Returns
    -------
    Axes
        ``ax``; the bars are ``ax.patches``, the written values ``ax.texts``, in order.

    Raises
    ------
    ValueError
        If the numbers of labels and values differ.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new()
    >>> ax = drawing.bars(["linear", "CNN"], [0.91, 0.985], ax, fmt=".1%")
    >>> [text.get_text() for text in ax.texts]
    ['91.0%', '98.5%']
    """
    ax = require_axes("bars", ax)
    grouped = isinstance(values, Mapping)
    series: dict[str, Any] = dict(values) if isinstance(values, Mapping) else {"": values}
    if not series:
        raise ValueError("bars: values is empty.")
    thickness = 0.72 / len(series)
    for s, (name, lengths) in enumerate(series.items()):
        array = require_numbers("bars", lengths)
        if array.shape != (len(labels),):
            raise ValueError(
                f"bars: {len(labels)} labels came for values of shape {array.shape}"
                + (f" in the series {name!r}." if name else ".")
            )
        offset = (s - (len(series) - 1) / 2) * thickness
        texts = format_numbers(array, fmt, missing="–")
        for k, value in enumerate(array.tolist()):
            which = 1 if k in highlight and not grouped else s
            ax.barh(
                k + offset,
                value,
                height=0.92 * thickness,
                color=CYCLE[which % len(CYCLE)],
                hatch=HATCHES[which % len(HATCHES)],
                edgecolor="white",
                linewidth=0,
                label=name.replace("_", " ") if k == 0 else "_",
                zorder=3,
            )
            ax.annotate(
                texts[k],
                (value, k + offset),
                (5 if value >= 0 else -5, 0),
                textcoords="offset points",
                va="center",
                ha="left" if value >= 0 else "right",
                fontsize=11,
                color=INK,
                annotation_clip=False,
            )
    ax.set_yticks(range(len(labels)), labels=list(labels))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    if log:
        ax.set_xscale("log")
    low, high = ax.get_xlim()
    if not log and low < 0:  # room for the values written left of the bars
        ax.set_xlim(low - 0.12 * (high - low), high)
    ax.grid(axis="x")
    if not log:
        ax.axvline(0, color=LINE, linewidth=0.9, zorder=4)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(xlabel)
    if title is not None:
        ax.set_title(title)
    if grouped:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
    return ax


@styled
def confusion_matrix(
    matrix: ArrayLike,
    ax: Axes,
    class_names: Sequence[str] | None = None,
    *,
    title: str | None = None,
) -> Axes:
    """Draw a confusion matrix: how often class i (row) was taken for class j (column).

    The colours follow the logarithm of the counts, so a single mistake shows beside a thousand
    hits. Cells with a count of zero stay empty; the diagonal is outlined.

    Parameters
    ----------
    matrix : array_like of int, shape (C, C)
        Counts; rows are the true classes, columns the predicted ones.
    ax : Axes
        Where to draw.
    class_names : sequence of str, optional
        Names of the classes; 0, 1, 2 … by default.
    title : str, optional
        Text above the matrix.

    Returns
    -------
    Axes
        ``ax``; the counts that are not zero are in ``ax.texts`` in row-major order.

    Raises
    ------
    ValueError
        If the matrix is not square, has negative counts, or has not as many rows as names.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(height=4)
    >>> ax = drawing.confusion_matrix([[9, 1], [0, 10]], ax, ["cat", "dog"])
    >>> [text.get_text() for text in ax.texts]
    ['9', '1', '10']
    """
    ax = require_axes("confusion_matrix", ax)
    counts = require_numbers("confusion_matrix", matrix, "matrix")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(
            f"confusion_matrix: matrix must be square, (classes, classes), "
            f"but its shape is {counts.shape}."
        )
    if counts.dtype.kind not in "iu" or counts.min() < 0:
        raise ValueError(
            "confusion_matrix: matrix must hold counts, that is integers from 0 up, "
            f"but its dtype is {counts.dtype} and its smallest value {counts.min()}."
        )
    size = len(counts)
    names = [str(k) for k in range(size)] if class_names is None else list(class_names)
    if len(names) != size:
        raise ValueError(f"confusion_matrix: {len(names)} class names came for {size} classes.")
    norm = LogNorm(1, max(int(counts.max()), 2))
    colors = np.ones((size, size, 3))
    hit = counts > 0
    colors[hit] = mpl.colormaps["cividis_r"](norm(counts[hit].astype(float)))[:, :3]
    ax.imshow(colors, interpolation="none", zorder=1)
    edges = np.arange(size + 1) - 0.5
    ax.hlines(edges, -0.5, size - 0.5, colors="#CCCCCC", lw=0.8, zorder=2)
    ax.vlines(edges, -0.5, size - 0.5, colors="#CCCCCC", lw=0.8, zorder=2)
    for k in range(size):
        ax.add_patch(Rectangle((k - 0.5, k - 0.5), 1, 1, fill=False, ec=INK, lw=1.4, zorder=2.5))
    for i, j in zip(*np.nonzero(hit), strict=True):
        ax.text(
            j,
            i,
            str(counts[i, j]),
            ha="center",
            va="center_baseline",
            zorder=3,
            fontsize=12,
            color=text_colour(colors[i, j]),
            gid=CELL_NUMBER,
        )
    rotation = 40 if max(len(name) for name in names) > 3 else 0
    ax.set_xticks(
        range(size),
        labels=names,
        rotation=rotation,
        ha="right" if rotation else "center",
        rotation_mode="anchor" if rotation else "default",
    )
    ax.set_yticks(range(size), labels=names)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    if title is not None:
        ax.set_title(title)
    return ax
