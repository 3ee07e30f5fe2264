"""A long valley of two weights: what the learning rate and momentum do there."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.backpropagation import figures
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import number_within, written
from cnnlib.types import Array

__all__ = ["MomentumValley", "valley_path"]

CURVATURE = (1.0, 50.0)
START = (10.0, 1.0)
STEPS = 60
FASTEST = 0.1  # learning rate
FAR = 1e6  # times the first loss, and the descent is given up


def valley_path(learning_rate: float, momentum: float = 0.0, steps: int = STEPS) -> Array:
    """Walk down the valley ``(x² + 50 y²) / 2`` from (10, 1).

    Parameters
    ----------
    learning_rate, momentum : float
        As in `cnnlib.optim.SGD`.
    steps : int
        How many steps to make; fewer where the loss has grown a million times.

    Returns
    -------
    ndarray, shape (steps + 1, 2)
        The places, the start first.

    Examples
    --------
    >>> valley_path(0.01, 0.9, steps=2).round(4).tolist()
    [[10.0, 1.0], [9.9, 0.5], [9.711, -0.2]]

    References
    ----------
    Goh, "Why momentum really works", Distill, 2017.
    """
    curvature, place = np.array(CURVATURE), np.array(START)
    velocity, path = np.zeros(2), [place]
    most = FAR * float(place**2 @ curvature)
    for _ in range(steps):
        velocity = momentum * velocity + curvature * place
        place = place - learning_rate * velocity
        path.append(place)
        if float(place**2 @ curvature) > most:
            break
    return np.array(path)


class MomentumValley(Widget):
    """Walk into a long valley with a learning rate and a momentum of your own.

    The valley is ``(x² + 50 y²) / 2``, fifty times as steep across as along, and the start is
    (10, 1). Below the chart stand the numbers of the present step, and by which factor the way to
    the bottom shrinks or grows in the end.

    Parameters
    ----------
    learning_rate : float
        From 0 to 0.1.
    momentum : float
        The share of the velocity that is kept at each step, from 0 to 0.99.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> valley = MomentumValley(0.01, 0.9)
    >>> valley
    MomentumValley(learning rate 0.01, momentum 0.9: loss 75 → 0.026)
    >>> valley.path[1].tolist()
    [9.9, 0.5]
    """

    _esm = script("valley/widget.js")
    _css = styles("valley/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {
        "curvature": CURVATURE,
        "start": START,
        "steps": STEPS,
        "fastest": FASTEST,
        "far": FAR,
    }

    def __init__(self, learning_rate: float = 0.03, momentum: float = 0.0) -> None:
        super().__init__(learning_rate=learning_rate, momentum=momentum)

    learning_rate = setting("learning_rate", "How far a step goes against the velocity.")
    momentum = setting("momentum", "The share of the velocity that is kept at each step.")

    @property
    def path(self) -> Array:
        """The places, as `valley_path` works them out."""
        return valley_path(self.learning_rate, self.momentum)

    @property
    def losses(self) -> Array:
        """The loss at each place."""
        return np.asarray(self.path**2 @ np.array(CURVATURE) / 2)

    def _checked(self, learning_rate: float, momentum: float) -> dict[str, Any]:
        op = type(self).__name__
        return {
            "learning_rate": number_within(op, "learning_rate", learning_rate, 0, FASTEST),
            "momentum": number_within(op, "momentum", momentum, 0, 0.99),
        }

    def _picture(self) -> tuple[Figure, str]:
        path, losses = self.path, self.losses
        fig, axes = drawing.new(ncols=2, height=3.4, width_ratios=[1.6, 1.0])
        shown = path[np.abs(path).max(axis=1) < 100]
        figures.valley(CURVATURE, {"path": shown}, axes[0])
        drawing.curves(
            {"loss": losses},
            axes[1],
            x=range(len(losses)),
            xlabel="step",
            labels="none",
            yscale="log",
        )
        axes[1].set_title("loss")
        alt = (
            f"A path into a long valley from (10, 1), learning rate {written(self.learning_rate)}, "
            f"momentum {written(self.momentum)}. After {len(path) - 1} steps it is at "
            f"({written(path[-1, 0], '.3g')}, {written(path[-1, 1], '.3g')}), and the loss went "
            f"from 75 to {written(losses[-1], '.3g')}."
        )
        return fig, alt

    def __repr__(self) -> str:
        return (
            f"MomentumValley(learning rate {written(self.learning_rate)}, momentum "
            f"{written(self.momentum)}: loss 75 → {written(self.losses[-1], '.3g')})"
        )
