"""Figures of notebook 08: who owns what, windows at the edge, and what a pixel can see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from cnnlib.course import drawing
from cnnlib.shapes import output_size
from cnnlib.summary import Summary
from cnnlib.types import Array

__all__ = ["Shares", "last_size", "last_windows", "receptive_fields", "shares"]


@dataclass(frozen=True)
class Shares:
    """Who owns what in AlexNet, drawn and in numbers from 0 to 1."""

    figure: Figure
    rows: list[tuple[str, float, float]]  # name, share of the parameters, of the multiply-adds

    @property
    def dense(self) -> float:
        """The share of the parameters that sits in the dense layers."""
        return sum(owned for name, owned, _ in self.rows if name.startswith("FC"))

    @property
    def convolved(self) -> float:
        """The share of the multiply-adds that the convolutions do."""
        return sum(done for name, _, done in self.rows if name.startswith("CONV"))


def shares(summary: Summary) -> Shares:
    """Draw for each layer that learns its share of the parameters and of the multiply-adds.

    Parameters
    ----------
    summary : Summary
        Of AlexNet: convolutions, then dense layers.

    Returns
    -------
    Shares
        The figure, and the numbers in it.

    Examples
    --------
    >>> from cnnlib.architectures import alexnet
    >>> rng = np.random.default_rng(0)
    >>> drawn = shares(alexnet(rng).summary((3, 227, 227)))
    >>> f"{drawn.dense:.1%} {drawn.convolved:.1%}"
    '94.0% 94.8%'
    """
    learning = [row for row in summary.rows if row.parameters]
    convolutions = sum(len(row.output_shape) == 3 for row in learning)
    names = [f"CONV{k + 1}" for k in range(convolutions)]
    names += [f"FC{k + 1}" for k in range(convolutions, len(learning))]
    rows = [
        (name, row.parameters / summary.parameters, row.multiply_adds / summary.multiply_adds)
        for name, row in zip(names, learning, strict=True)
    ]
    fig, ax = drawing.new(height=5)
    series = {
        "parameters": [owned for _, owned, _ in rows],
        "multiply-adds": [done for _, _, done in rows],
    }
    drawing.bars(names, series, ax, fmt=".1%", xlabel="share of the whole network")
    ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    return Shares(fig, rows)


def last_size(size: int, rows: Sequence[tuple[int, int, int]]) -> int:
    """Return the size that is left after rows of (kernel size, stride, padding).

    Examples
    --------
    >>> last_size(227, [(11, 4, 0), (3, 2, 0)])
    27
    """
    for kernel_size, stride, padding in rows:
        size = output_size(size, kernel_size, stride, padding)
    return size


def last_windows(
    cases: Sequence[tuple[str, int, tuple[int, int]]],
    *,
    kernel_size: int,
    stride: int,
    shown: int = 24,
) -> Figure:
    """Draw the last pixels of a row, and the last windows that fit, for several inputs.

    Parameters
    ----------
    cases : sequence of (label, size, (before, after))
        Pixels in the row, and the padding before and after them.
    kernel_size, stride : int
    shown : int
        How many pixels of the right end to draw.

    Returns
    -------
    Figure
        One axes for each case. Padding is hatched, pixels that no window reaches are filled.

    Raises
    ------
    ValueError
        If there is no case.

    Examples
    --------
    >>> fig = last_windows([("227", 227, (0, 0))], kernel_size=11, stride=4)
    >>> fig.axes[0].get_title()
    '227: 55 windows, 0 pixels unseen'
    """
    if not cases:
        raise ValueError(
            "last_windows: cases is empty; pass (label, size, (before, after)) tuples."
        )
    fig, axes = drawing.new(nrows=len(cases), height=1.75 * len(cases))
    for ax, (label, size, padding) in zip(np.atleast_1d(axes), cases, strict=True):
        _draw_end(ax, label, size, padding, kernel_size, stride, shown)
    return fig


@drawing.styled
def _draw_end(
    ax: Axes,
    label: str,
    size: int,
    padding: tuple[int, int],
    kernel_size: int,
    stride: int,
    shown: int,
) -> None:
    total = size + sum(padding)
    right = padding[1]
    windows = (total - kernel_size) // stride + 1
    covered = (windows - 1) * stride + kernel_size
    unseen = total - covered
    for position in range(total - shown, total):
        is_border, is_unseen = position >= total - right, position >= covered
        ax.add_patch(
            Rectangle(
                (position, 0),
                1,
                1,
                facecolor=drawing.COLORS["orange"] if is_unseen else "white",
                edgecolor="0.45",
                hatch="///" if is_border else None,
                linewidth=0.8,
            )
        )
    for back in range(3):
        start = (windows - 1 - back) * stride
        low = -0.35 - 0.42 * back
        ax.plot(
            [max(start, total - shown), start + kernel_size],
            [low, low],
            color=drawing.CYCLE[back],
            linestyle=drawing.LINE_STYLES[back],
            linewidth=4,
            solid_capstyle="butt",
        )
        ax.text(
            start + kernel_size + 0.25,
            low,
            f"window {windows - back}",
            va="center",
            fontsize=11,
            color="black",
        )
    ax.set(xlim=(total - shown - 0.3, total + 4.2), ylim=(-1.5, 1.15))
    pixels = "pixel" if unseen == 1 else "pixels"
    ax.set_title(f"{label}: {windows} windows, {unseen} {pixels} unseen", fontsize=13)
    ax.axis("off")


def receptive_fields(
    photo: Array, fields: Sequence[tuple[str, int, int]], ax: Axes, *, title: str | None = None
) -> Axes:
    """Draw on a photograph the square that one output pixel of each layer can see.

    Parameters
    ----------
    photo : array, (H, W, 3)
    fields : sequence of (name, start, size)
        From the smallest to the largest, in pixels of the photograph: the first row and column of
        the square, and how many it has.
    ax : Axes
    title : str, optional

    Returns
    -------
    Axes
        A square and a label for each field.

    Examples
    --------
    >>> fig, ax = drawing.new(width=4, height=4)
    >>> fields = [("CONV1", 3, 3), ("CONV2", 1, 7)]
    >>> len(receptive_fields(np.zeros((9, 9, 3)), fields, ax).texts)
    2
    """
    windows = [(start, start, size, size) for _, start, size in fields]
    drawing.image(photo, ax, title=title, highlight=windows)
    with drawing.style():
        for name, start, size in fields:
            ax.text(
                start + size / 2,
                start - 1.5,
                f"{name}: {size}",
                ha="center",
                va="bottom",
                fontsize=11,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
            )
    return ax
