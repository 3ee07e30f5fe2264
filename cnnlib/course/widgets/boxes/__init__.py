"""Two boxes, one of which slides over the other: their convolution, drawn as it grows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import number_within, written

__all__ = ["BoxSlider", "overlap"]

WIDEST = 2.0
REACH = 4.0  # the slider goes from 0 to here


def overlap(t: npt.ArrayLike, first: float = 1.0, second: float = 1.0) -> npt.NDArray[np.float64]:
    """Return the area in which two boxes of height 1 overlap: their convolution at `t`.

    The first lies from 0 to `first`. The second, turned round, reaches from ``t - second`` to `t`.

    Parameters
    ----------
    t : array_like
        Positions.
    first, second : float
        The widths of the boxes.

    Returns
    -------
    ndarray, shaped like `t`

    Examples
    --------
    >>> overlap([0, 0.5, 1, 1.5, 2]).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    at = np.asarray(t, dtype=np.float64)
    return np.maximum(np.minimum(at, first) - np.maximum(at - second, 0), 0)


class BoxSlider(Widget):
    """Slide one box over another, and watch the area of their overlap draw a curve.

    Parameters
    ----------
    t : float
        Where the right edge of the sliding box is, from 0 to 4.
    first, second : float
        The widths of the box that stays and of the box that slides, from 0.2 to 2.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> boxes = BoxSlider(t=0.5)
    >>> boxes
    BoxSlider(t = 0.5, widths 1 and 1: area 0.5)
    >>> boxes.t = 1.5
    >>> boxes.area
    0.5
    """

    _esm = script("boxes/widget.js")
    _css = styles("boxes/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"widest": WIDEST, "reach": REACH}

    def __init__(self, t: float = 0.5, first: float = 1.0, second: float = 1.0) -> None:
        super().__init__(t=t, first=first, second=second)

    t = setting("t", "Where the right edge of the sliding box is.")
    first = setting("first", "The width of the box that stays.")
    second = setting("second", "The width of the box that slides.")

    @property
    def area(self) -> float:
        """The overlap at `t`."""
        return float(overlap(self.t, self.first, self.second))

    def _checked(self, t: float, first: float, second: float) -> dict[str, Any]:
        op = type(self).__name__
        return {
            "t": number_within(op, "t", t, 0, REACH),
            "first": number_within(op, "first", first, 0.2, WIDEST),
            "second": number_within(op, "second", second, 0.2, WIDEST),
        }

    def _picture(self) -> tuple[Figure, str]:
        fig, (above, below) = drawing.new(2, width=6, height=3.6)
        for left, wide, colour, line in (
            (0.0, self.first, "blue", "-"),
            (self.t - self.second, self.second, "vermillion", "--"),  # as on the page
        ):
            x = [left, left, left + wide, left + wide]
            above.plot(x, [0, 1, 1, 0], color=drawing.COLORS[colour], linestyle=line)
        low, high = max(0.0, self.t - self.second), min(self.t, self.first)
        if high > low:
            above.fill_between([low, high], 1, color="#F6D9C4")
        at = np.linspace(-WIDEST, REACH, 301)
        curve = overlap(at, self.first, self.second)
        done = at <= self.t
        below.plot(at, curve, color="#C4C4C4")
        below.plot(at[done], curve[done], color=drawing.COLORS["vermillion"])
        below.plot(self.t, self.area, marker="o", color=drawing.COLORS["vermillion"])
        for ax, title in ((above, "the boxes"), (below, "the area of their overlap, against t")):
            ax.set(xlim=(-WIDEST, REACH), title=title)
        alt = (
            f"A box of width {written(self.first)} stays put, one of width {written(self.second)} "
            f"slides over it. At t = {written(self.t)} they overlap in the area "
            f"{written(self.area, '.3g')}. Below, the area against t: up, "
            f"{'level, ' if self.first != self.second else ''}and down again."
        )
        return fig, alt

    def __repr__(self) -> str:
        return (
            f"BoxSlider(t = {written(self.t)}, widths {written(self.first)} and "
            f"{written(self.second)}: area {written(self.area, '.3g')})"
        )
