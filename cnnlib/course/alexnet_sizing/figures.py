"""Figures of notebook 08: windows at the edge, and what a pixel of each layer can see."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cnnlib.course import drawing
from cnnlib.types import Array

__all__ = ["last_windows", "receptive_fields"]


def last_windows(
    cases: Sequence[tuple[str, int, int]], *, kernel_size: int, stride: int, shown: int = 24
) -> Figure:
    """Draw the last pixels of a row, and the last windows that fit, for several inputs.

    Parameters
    ----------
    cases : sequence of (label, size, padding)
        Pixels in the row, and padding added in all: half of it, rounded down, on the left.
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
    >>> fig = last_windows([("227", 227, 0)], kernel_size=11, stride=4)
    >>> fig.axes[0].get_title()
    '227: 55 windows, 0 pixels unseen'
    """
    if not cases:
        raise ValueError("last_windows: cases is empty; pass (label, size, padding) tuples.")
    fig, axes = drawing.new(nrows=len(cases), height=1.75 * len(cases))
    for ax, (label, size, padding) in zip(np.atleast_1d(axes), cases, strict=True):
        _draw_end(ax, label, size, padding, kernel_size, stride, shown)
    return fig


@drawing.styled
def _draw_end(
    ax: Axes, label: str, size: int, padding: int, kernel_size: int, stride: int, shown: int
) -> None:
    total = size + padding
    right = padding - padding // 2
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
    photo: Array, fields: Sequence[tuple[str, int]], ax: Axes, *, title: str | None = None
) -> Axes:
    """Draw on a photograph the square that one output pixel of each layer can see.

    Parameters
    ----------
    photo : array, (H, W, 3)
    fields : sequence of (name, size)
        From the smallest to the largest, in pixels of the photograph.
    ax : Axes
    title : str, optional

    Returns
    -------
    Axes
        A square and a label for each field.

    Examples
    --------
    >>> fig, ax = drawing.new(width=4, height=4)
    >>> len(receptive_fields(np.zeros((9, 9, 3)), [("CONV1", 3), ("CONV2", 7)], ax).texts)
    2
    """
    height, width = photo.shape[:2]
    windows = []
    for _, size in fields:
        top, left = (height - size) // 2, (width - size) // 2
        windows.append((top, left, size, size))
    drawing.image(photo, ax, title=title, highlight=windows)
    with drawing.style():
        for (name, size), (top, left, _, _) in zip(fields, windows, strict=True):
            ax.text(
                left + size / 2,
                top - 1.5,
                f"{name}: {size}",
                ha="center",
                va="bottom",
                fontsize=11,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
            )
    return ax
