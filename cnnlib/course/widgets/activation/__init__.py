"""Four activation functions side by side, and their slopes at a point that moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure

from cnnlib import functional as F
from cnnlib.course import drawing
from cnnlib.course.multichannel_filters import figures
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import number_within, written
from cnnlib.types import Array

__all__ = ["ActivationExplorer", "activation_at"]

REACH = 1000  # of the point, on both sides of 0


def activation_at(x: float, negative_slope: float = 0.1) -> dict[str, tuple[float, float]]:
    """Return the value and the slope of four activation functions at a point.

    Parameters
    ----------
    x : float
        The point.
    negative_slope : float
        The slope of leaky ReLU below 0.

    Returns
    -------
    dict from name to (value, slope)

    Examples
    --------
    >>> activation_at(-2)["leaky_relu"]
    (-0.2, 0.1)
    >>> activation_at(0)["sigmoid"]
    (0.5, 0.25)
    """
    at, one = np.array([float(x)]), np.ones(1)
    pairs = {
        "relu": (F.relu(at), F.relu_backward(one, at)),
        "leaky_relu": (
            F.leaky_relu(at, negative_slope),
            F.leaky_relu_backward(one, at, negative_slope),
        ),
        "sigmoid": (F.sigmoid(at), F.sigmoid_backward(one, at)),
        "tanh": (F.tanh(at), F.tanh_backward(one, at)),
    }
    return {name: (value.item(), slope.item()) for name, (value, slope) in pairs.items()}


class ActivationExplorer(Widget):
    """Move a point along ReLU, leaky ReLU, sigmoid and tanh, and read values and slopes.

    Parameters
    ----------
    x : float
        The point, at most 1,000 away from 0.
    negative_slope : float
        The slope of leaky ReLU below 0, from 0 to 1.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> explorer = ActivationExplorer(-2)
    >>> explorer
    ActivationExplorer(x = −2: relu 0, leaky_relu −0.2, sigmoid 0.119, tanh −0.964)
    >>> explorer.x = 3
    >>> explorer.at_point["relu"]
    (3.0, 1.0)
    """

    _esm = script("activation/widget.js")
    _css = styles("activation/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"reach": REACH}

    def __init__(self, x: float = -2, negative_slope: float = 0.1) -> None:
        super().__init__(x=x, negative_slope=negative_slope)

    x = setting("x", "The point.")
    negative_slope = setting("negative_slope", "The slope of leaky ReLU below 0.")

    @property
    def at_point(self) -> dict[str, tuple[float, float]]:
        """Value and slope of each function, as `activation_at` works them out."""
        return activation_at(self.x, self.negative_slope)

    def _checked(self, x: float, negative_slope: float) -> dict[str, Any]:
        op = type(self).__name__
        return {
            "x": number_within(op, "x", x, -REACH, REACH),
            "negative_slope": number_within(op, "negative_slope", negative_slope, 0, 1),
        }

    def _picture(self) -> tuple[Figure, str]:
        functions: dict[str, Callable[[Array], Array]] = {
            "ReLU": F.relu,
            "leaky ReLU": lambda at: F.leaky_relu(at, self.negative_slope),
            "sigmoid": F.sigmoid,
            "tanh": F.tanh,
        }
        reach = max(4.0, 1.25 * abs(self.x))
        fig = figures.activations(functions, reach=reach)
        told = []
        for ax, (value, slope), name in zip(
            fig.axes, self.at_point.values(), functions, strict=True
        ):
            side = np.array([-1.0, 1.0]) * 0.4 * reach / np.hypot(1, slope)
            style: dict[str, Any] = {"color": drawing.COLORS["vermillion"], "zorder": 5}
            ax.plot(self.x + side, value + slope * side, linestyle="--", **style)
            ax.plot(self.x, value, marker="o", **style)
            ax.set_title(f"{name}\nslope {_text(slope)}")
            told.append(f"{name} {_text(value)} with slope {_text(slope)}")
        alt = f"Four activation functions with their tangents at {_text(self.x)}: "
        return fig, alt + "; ".join(told) + "."

    def __repr__(self) -> str:
        values = ", ".join(f"{name} {_text(value)}" for name, (value, _) in self.at_point.items())
        return f"ActivationExplorer(x = {_text(self.x)}: {values})"


def _text(value: float) -> str:
    return written(value, ".3g")
