"""Figures of notebook 09: three parts of the data, answers with their odds, filters that moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike, NDArray

from cnnlib.course import drawing
from cnnlib.course.drawing.theme import INK, arrow

__all__ = [
    "answers",
    "batch_losses",
    "before_after",
    "calibration",
    "data_parts",
    "dots",
    "mark_best",
    "running_mean",
]

CONFIDENCE_EDGES = (0, 0.6, 0.9, 0.99, 1)
FILLS = ("#DCE8F2", "#FBE9DD", "#DDF0E8", "#F3E3EE")


@drawing.styled
def data_parts(sizes: Mapping[str, int], jobs: Sequence[str]) -> Figure:
    """Draw the parts of a data set as one bar, to scale, and below each part what it is for.

    Parameters
    ----------
    sizes : mapping from name to int
        How many images each part has, from left to right.
    jobs : sequence of str
        What each part may be used for, with line breaks where needed.

    Returns
    -------
    Figure
        One axes. The pieces of the bar carry the gid ``"part"``, the texts in them and above
        them ``"size"``, the texts below ``"job"``.

    Raises
    ------
    ValueError
        If a part is empty, or there is not one job for each.

    Examples
    --------
    >>> from cnnlib.course.training_a_cnn import figures
    >>> fig = figures.data_parts({"training": 80, "test": 20}, ["learn", "judge"])
    >>> [part.get_width() for part in fig.axes[0].patches if part.get_gid() == "part"]
    [0.8, 0.2]
    """
    if len(jobs) != len(sizes):
        raise ValueError(
            f"data_parts: {len(sizes)} parts came with {len(jobs)} jobs; pass one each."
        )
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"data_parts: the part {name!r} has {size} images; it needs some.")
    total = sum(sizes.values())
    fig, ax = drawing.new(height=2.9)
    left = 0.0
    box = 0.94 / len(sizes)  # width of a job's box; the gaps share the rest
    for k, ((name, size), job) in enumerate(zip(sizes.items(), jobs, strict=True)):
        width = size / total
        ax.add_patch(
            Rectangle(
                (left, 0.62),
                width,
                0.2,
                facecolor=FILLS[k % len(FILLS)],
                edgecolor=INK,
                linewidth=1.4,
                hatch=("", "//", "..", "\\\\")[k % 4],
                gid="part",
            )
        )
        middle = left + width / 2
        text = f"{name}\n{size:,}"
        ax.text(middle, 0.87, text, ha="center", va="bottom", weight="bold", gid="size")
        place = (k + 0.5) / len(sizes)
        ax.add_patch(arrow((middle, 0.61), (place, 0.4)))
        ax.add_patch(
            FancyBboxPatch(
                (place - box / 2 + 0.012, 0.012),
                box - 0.024,
                0.366,
                boxstyle="round,pad=0.01,rounding_size=0.02",
                facecolor=FILLS[k % len(FILLS)],
                edgecolor=INK,
                linewidth=1.2,
                mutation_aspect=0.5,
            )
        )
        ax.text(place, 0.195, job, ha="center", va="center", linespacing=1.35, gid="job")
        left += width
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.1))
    ax.set_axis_off()
    return fig


@drawing.styled
def answers(
    images: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    ncols: int = 5,
    top: int = 3,
    width: float = 9.0,
) -> Figure:
    """Draw images, and below each the classes that the network finds most probable.

    Parameters
    ----------
    images : array_like, shape (N, H, W)
        Grey images from 0 to 1.
    probabilities : array_like, shape (N, C)
        What the network gives each class.
    labels : array_like of int, shape (N,), optional
        The right classes. The right one is hatched and ticked, and always shown: if it is
        not among the most probable, it takes the last place.
    ncols : int
        Images in a row.
    top : int
        Classes shown for each image.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        For each image two axes, in the order image, bars.

    Raises
    ------
    ValueError
        If the numbers of images, rows of probabilities and labels differ.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.training_a_cnn import figures
    >>> odds = np.array([[0.1, 0.7, 0.2]])
    >>> fig = figures.answers(np.zeros((1, 4, 4)), odds, [2], top=2)
    >>> [label.get_text() for label in fig.axes[1].get_yticklabels()]
    ['1', '2 ✓']
    """
    pictures, odds = np.asarray(images), np.asarray(probabilities, dtype=float)
    right = None if labels is None else np.asarray(labels)
    if pictures.ndim != 3 or not len(pictures):
        raise ValueError(
            f"answers: images must be (N, H, W) with at least one, got {pictures.shape}. "
            "Pick the channel first, for example images[:, 0]."
        )
    if odds.ndim != 2 or len(odds) != len(pictures):
        raise ValueError(
            f"answers: {len(pictures)} images came with probabilities of shape {odds.shape}; "
            "expected one row for each image."
        )
    if right is not None and right.shape != (len(pictures),):
        raise ValueError(f"answers: {len(pictures)} images came with labels {right.shape}.")
    top = min(top, odds.shape[1])
    ncols = min(ncols, len(pictures))
    nrows = -(-len(pictures) // ncols)
    cell = width / ncols
    bar_height = 0.27 * top + 0.1
    fig, axes = drawing.new(
        2 * nrows,
        ncols,
        width=width,
        height=nrows * (0.8 * cell + bar_height + 0.45),
        height_ratios=[0.8 * cell, bar_height] * nrows,
    )
    engine = fig.get_layout_engine()
    if nrows > 1 and isinstance(engine, ConstrainedLayoutEngine):
        engine.set(hspace=0.05)  # room between the bars of one row and the titles of the next
    axes = np.reshape(axes, (2 * nrows, ncols))
    for spare in range(len(pictures), nrows * ncols):
        row, column = divmod(spare, ncols)
        fig.delaxes(axes[2 * row, column])
        fig.delaxes(axes[2 * row + 1, column])
    # delaxes keeps the order of the others, row by row; image and bars belong together.
    order = []
    for k, (picture, row_odds) in enumerate(zip(pictures, odds, strict=True)):
        row, column = divmod(k, ncols)
        above, below = axes[2 * row, column], axes[2 * row + 1, column]
        truth = None if right is None else int(right[k])
        said = int(row_odds.argmax())
        title = f"read as {said}" if truth is None else f"a {truth}, read as {said}"
        drawing.image(picture, above, title=title)
        _odds(row_odds, truth, top, below)
        order += [above, below]
    for ax in order:  # removed and put back, the axes of each image are side by side
        fig.delaxes(ax)
        fig.add_axes(ax)
    return fig


def _odds(odds: NDArray[Any], truth: int | None, top: int, ax: Axes) -> None:
    """Draw the most probable classes of one image as bars."""
    shown = np.argsort(-odds, kind="stable")[:top].tolist()
    if truth is not None and truth not in shown:
        shown[-1] = truth
    for k, label in enumerate(shown):
        correct = label == truth
        ax.barh(
            k,
            odds[label],
            height=0.72,
            color=drawing.CYCLE[1 if correct else 0],
            hatch=drawing.HATCHES[1 if correct else 0],
            edgecolor="white",
            linewidth=0,
        )
        ax.annotate(
            _percent(float(odds[label])),
            (odds[label], k),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=11,
            annotation_clip=False,
        )
    names = [f"{label} ✓" if label == truth else str(label) for label in shown]
    ax.set_yticks(range(len(shown)), labels=names)
    ax.set(xlim=(0, 1.45), ylim=(len(shown) - 0.5, -0.5), xticks=[])
    ax.tick_params(axis="y", length=0)
    ax.spines["bottom"].set_visible(False)


def _percent(share: float) -> str:
    """Write a probability; 100 % and 0 % only where that is exact."""
    if 0.995 <= share < 1:
        return "> 99%"
    if 0 < share < 0.005:
        return "< 1%"
    return f"{share:.0%}"


@drawing.styled
def before_after(
    before: ArrayLike, after: ArrayLike, *, change: bool = True, width: float = 9.0
) -> Figure:
    """Draw filters at the start, after training, and what was added, on one signed scale.

    The scale covers 98 of 100 values; the few beyond it have its last colour.

    Parameters
    ----------
    before, after : array_like, shape (C, KH, KW)
        The same kernels at two times.
    change : bool
        Draw the difference as a third row.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure
        Row by row one axes for each kernel, then that of the colour bar.

    Raises
    ------
    ValueError
        If the shapes differ or are not (C, KH, KW).

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.course.training_a_cnn import figures
    >>> fig = figures.before_after(np.zeros((2, 3, 3)), np.ones((2, 3, 3)))
    >>> [ax.get_ylabel() for ax in fig.axes if ax.get_ylabel()]
    ['start', 'trained', 'change']
    """
    first, last = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if first.shape != last.shape or first.ndim != 3:
        raise ValueError(
            "before_after: before and after must both be (C, KH, KW), but their shapes are "
            f"{first.shape} and {last.shape}. For one channel: weight[:, 0]."
        )
    rows = {"start": first, "trained": last}
    if change:
        rows["change"] = last - first
    count = len(first)
    # One large weight would leave all others pale: the strongest fiftieth may share a colour.
    strong = float(np.quantile(np.abs(np.stack(list(rows.values()))), 0.98)) or 1.0
    fig = drawing.gallery(
        [kernel for kernels in rows.values() for kernel in kernels],
        ncols=count,
        diverging=True,
        vmin=-strong,
        vmax=strong,
        colorbar=True,
        width=width,
    )
    for row, name in enumerate(rows):
        fig.axes[row * count].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6)
    return fig


def running_mean(values: ArrayLike, window: int) -> NDArray[np.float64]:
    """Return the mean of each value and of those before it, `window` at most.

    Parameters
    ----------
    values : array_like, shape (T,)
    window : int
        How many values are averaged; fewer at the beginning.

    Returns
    -------
    array, (T,)

    Raises
    ------
    ValueError
        If `values` is not one row of numbers, or `window` is below 1.

    Examples
    --------
    >>> from cnnlib.course.training_a_cnn import figures
    >>> figures.running_mean([4, 2, 0, 6], 2).tolist()
    [4.0, 3.0, 1.0, 3.0]
    """
    series = np.asarray(values, dtype=float)
    if series.ndim != 1 or window < 1:
        raise ValueError(
            "running_mean: expected one row of values and a window of at least 1, "
            f"got shape {series.shape} and window {window}."
        )
    return np.array([series[max(0, k - window + 1) : k + 1].mean() for k in range(len(series))])


@drawing.styled
def batch_losses(
    losses: Mapping[str, ArrayLike], ax: Axes, *, window: int = 10, ceiling: float = 3.5
) -> Axes:
    """Draw the loss of every batch, smoothed, one curve for each training.

    Parameters
    ----------
    losses : mapping from name to array_like, shape (T,)
        `History.batch_losses` of each training.
    ax : Axes
        Where to draw.
    window : int
        Batches that are averaged.
    ceiling : float
        Upper end of the axis. A curve that goes beyond it is cut off there.

    Returns
    -------
    Axes
        ``ax``; the curves are ``ax.lines`` in order.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.training_a_cnn import figures
    >>> fig, ax = drawing.new()
    >>> ax = figures.batch_losses({"lr 0.1": [2.3, 1.1]}, ax, window=1)
    >>> ax.lines[0].get_ydata().tolist()
    [2.3, 1.1]
    """
    drawing.curves(
        {name: running_mean(values, window) for name, values in losses.items()},
        ax,
        xlabel="batch",
        ylabel=f"loss, mean of {window} batches",
        markers=False,
    )
    ax.set_ylim(0, ceiling)
    return ax


@drawing.styled
def mark_best(values: ArrayLike, ax: Axes, *, name: str = "best") -> Axes:
    """Mark the lowest point of a curve by epochs with an upright line and a text.

    Parameters
    ----------
    values : array_like, shape (epochs,)
        The curve, the first value for epoch 1.
    ax : Axes
        Where the curve is drawn.
    name : str
        What the point is.

    Returns
    -------
    Axes
        ``ax``; the line carries the gid ``"best"``, and so does the text.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.training_a_cnn import figures
    >>> fig, ax = drawing.new()
    >>> ax = figures.mark_best([0.9, 0.5, 0.7], drawing.curves({"loss": [0.9, 0.5, 0.7]}, ax))
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "best"]
    ['best: epoch 2']
    """
    epoch = int(np.argmin(np.asarray(values, dtype=float))) + 1
    ax.axvline(epoch, color=INK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=2, gid="best")
    ax.text(
        epoch,
        1.02,
        f"{name}: epoch {epoch}",
        transform=ax.get_xaxis_transform(),
        ha="center",
        va="bottom",
        fontsize=11,
        gid="best",
    )
    return ax


@drawing.styled
def dots(scores: Mapping[str, ArrayLike], ax: Axes) -> Axes:
    """Draw a row of dots for each name, one for each run, and a line at their mean.

    Parameters
    ----------
    scores : mapping from name to array_like
        Accuracies from 0 to 1.
    ax : Axes
        Where to draw; the first name is on top.

    Returns
    -------
    Axes
        ``ax``; ``ax.collections`` holds a row of dots and a mean line by turns.

    Raises
    ------
    ValueError
        If there is nothing to draw.

    Examples
    --------
    >>> fig, ax = drawing.new()
    >>> ax = dots({"recipe": [0.98, 0.99], "no shifts": [0.97, 0.975]}, ax)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['recipe', 'no shifts']
    """
    if not scores:
        raise ValueError("dots: scores is empty; pass a name and its accuracies.")
    for row, (name, values) in enumerate(scores.items()):
        accuracies = np.asarray(values, dtype=float)
        if accuracies.ndim != 1 or not accuracies.size:
            raise ValueError(
                f"dots: {name!r} needs a list of accuracies, got shape {accuracies.shape}."
            )
        ax.scatter(
            accuracies, np.full(accuracies.shape, row), s=70, color=drawing.CYCLE[0], alpha=0.75
        )
        ax.vlines(accuracies.mean(), row - 0.3, row + 0.3, color=INK, linewidth=2)
    ax.set_yticks(range(len(scores)), list(scores))
    ax.invert_yaxis()
    ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel("validation accuracy; the line is the mean")
    ax.grid(axis="x", color="0.85")
    ax.set_axisbelow(True)
    return ax


@drawing.styled
def calibration(
    confidence: ArrayLike, right: ArrayLike, ax: Axes, *, edges: Sequence[float] = CONFIDENCE_EDGES
) -> Axes:
    """Draw, for answers grouped by their confidence, what was promised and what was kept.

    Parameters
    ----------
    confidence : array_like of float, shape (N,)
        The probability that the network gave its answer.
    right : array_like of bool, shape (N,)
        Whether the answer was right.
    ax : Axes
        Where to draw.
    edges : sequence of float
        Where one group ends and the next begins, from 0 to 1.

    Returns
    -------
    Axes
        ``ax``, with two bars for each group that holds an answer.

    Examples
    --------
    >>> fig, ax = drawing.new()
    >>> ax = calibration([0.5, 0.95, 0.97], [False, True, True], ax)
    >>> [text.get_text() for text in ax.texts]
    ['50%', '96%', '0%', '100%']
    """
    confidences, hits = np.asarray(confidence, dtype=float), np.asarray(right, dtype=bool)
    labels, promised, kept = [], [], []
    for low, high in pairwise(edges):
        group = (confidences > low) & (confidences <= high)
        if group.any():
            digits = "digit" if group.sum() == 1 else "digits"
            labels.append(f"{low:.0%} to {high:.0%}: {group.sum()} {digits}")
            promised.append(float(confidences[group].mean()))
            kept.append(float(hits[group].mean()))
    drawing.bars(labels, {"mean confidence": promised, "right": kept}, ax, fmt=".0%")
    ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    return ax
