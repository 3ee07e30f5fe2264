"""Gradient descent on a kernel: loss, gradient, update, step by step."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.convolution import figures
from cnnlib.course.drawing.mending import Mending
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import as_numbers, number_within, refuse_wild
from cnnlib.functional import conv2d, conv2d_backward
from cnnlib.types import Array

__all__ = ["DescentStepper", "Station", "descend"]

LIMITS = {"image": 28, "target": 28, "kernel": 7}
FASTEST = 1000  # learning rate
TOO_FAR = 1e6  # so many times the first loss, and the descent is given up


class Station(NamedTuple):
    """One stop of a descent.

    Parameters
    ----------
    weights : ndarray, shape (KH, KW)
        The kernel.
    error : ndarray, shape (OH, OW)
        What the kernel gives, less what it should give.
    loss : float
        The mean of the squared errors.
    gradient : ndarray, shape (KH, KW)
        The slope of the loss along each weight.
    """

    weights: Array
    error: Array
    loss: float
    gradient: Array


def descend(
    image: npt.ArrayLike,
    target: npt.ArrayLike,
    kernel: npt.ArrayLike,
    learning_rate: float,
    steps: int,
) -> list[Station]:
    """Let a kernel learn what makes `target` from `image`, and keep every stop on the way.

    Parameters
    ----------
    image : array_like, shape (H, W)
        The input.
    target : array_like, shape (OH, OW)
        The output that the kernel should give.
    kernel : array_like, shape (H - OH + 1, W - OW + 1)
        Where to start.
    learning_rate : float
        Each step subtracts this times the gradient.
    steps : int
        How many steps to make. It ends early where the loss is a million times the first.

    Returns
    -------
    list of Station
        The start, and the stop after each step.

    Examples
    --------
    >>> stations = descend([[1.0, 2.0]], [[3.0, 6.0]], [[0.0]], 0.2, 2)
    >>> [station.weights.item() for station in stations]
    [0.0, 3.0, 3.0]
    >>> [station.loss for station in stations]
    [22.5, 0.0, 0.0]

    References
    ----------
    Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 4.3.
    """
    x = np.asarray(image, dtype=np.float64)[None, None]
    wanted = np.asarray(target, dtype=np.float64)
    weights = np.asarray(kernel, dtype=np.float64)
    stations: list[Station] = []
    for _ in range(steps + 1):
        weight = np.ascontiguousarray(weights)[None, None]
        error = conv2d(x, weight)[0, 0] - wanted
        loss = float((error**2).mean())
        _, gradient, _ = conv2d_backward(2 * error[None, None] / error.size, x, weight)
        stations.append(Station(weights, error, loss, gradient[0, 0]))
        if loss > TOO_FAR * stations[0].loss:
            break
        weights = weights - learning_rate * gradient[0, 0]
    return stations


class DescentStepper(Widget):
    """Watch a kernel learn from one pair of input and output: loss, gradient, update.

    The learning rate and every number of input, target and kernel can be changed. The chart
    keeps the curve of the previous learning rate. A line below says what the rate does in this
    valley, and from where on it is too large.

    Parameters
    ----------
    image : array_like, shape (H, W)
        The input, at most 28×28 numbers.
    target : array_like, shape (OH, OW)
        The output that the kernel should give.
    kernel : array_like, shape (H - OH + 1, W - OW + 1), optional
        Where to start, at most 7×7; zeros by default.
    learning_rate : float
        From 0 to 1,000.

    Raises
    ------
    TypeError
        If an argument holds no numbers.
    ValueError
        If the shapes do not fit, or are too large to be shown as numbers.

    Examples
    --------
    >>> stepper = DescentStepper([[1, 2]], [[3, 6]], learning_rate=0.1)
    >>> stepper
    DescentStepper(1×2 image, 1×2 target, 1×1 kernel, learning rate 0.1, first loss 22.5)
    >>> stepper.descend(1)[-1].weights
    array([[1.5]])
    """

    _esm = script("descent/widget.js")
    _css = styles("descent/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"fastest": FASTEST, "too_far": TOO_FAR}

    def __init__(
        self,
        image: npt.ArrayLike,
        target: npt.ArrayLike,
        kernel: npt.ArrayLike | None = None,
        learning_rate: float = 0.004,
    ) -> None:
        super().__init__(image=image, target=target, kernel=kernel, learning_rate=learning_rate)

    image = setting("image", "The input, as rows of numbers.")
    target = setting("target", "The output that the kernel should give, as rows of numbers.")
    kernel = setting("kernel", "The kernel at the start, as rows of numbers.")
    learning_rate = setting("learning_rate", "What the gradient is multiplied by at each step.")

    def descend(self, steps: int) -> list[Station]:
        """Return the stops of so many steps, as `descend` works them out."""
        return descend(**self.settings, steps=steps)

    def _checked(
        self,
        image: npt.ArrayLike,
        target: npt.ArrayLike,
        kernel: npt.ArrayLike | None,
        learning_rate: float,
    ) -> dict[str, Any]:
        op = type(self).__name__
        x, wanted = _rows(op, "image", image), _rows(op, "target", target)
        kh, kw = (a - b + 1 for a, b in zip(x.shape, wanted.shape, strict=True))
        if kh < 1 or kw < 1:
            raise ValueError(
                f"{op}: target has shape {wanted.shape}, larger than the image {x.shape}. A kernel "
                "gives one number for each place where it fits: pass the output of conv2d."
            )
        weights = np.zeros((kh, kw)) if kernel is None else _rows(op, "kernel", kernel)
        if weights.shape != (kh, kw):
            raise ValueError(
                f"{op}: kernel has shape {weights.shape}; to make a target {wanted.shape} from an "
                f"image {x.shape} it must have ({kh}, {kw}). Leave it out to start at zeros."
            )
        if max(kh, kw) > LIMITS["kernel"]:
            raise ValueError(
                f"{op}: from an image {x.shape} to a target {wanted.shape} leads a kernel of "
                f"{kh}×{kw}; at most 7×7 can be read."
            )
        return {
            "image": x.tolist(),
            "target": wanted.tolist(),
            "kernel": weights.tolist(),
            "learning_rate": number_within(op, "learning_rate", learning_rate, 0, FASTEST),
        }

    def _picture(self) -> tuple[Figure, str]:
        stations = self.descend(100)
        last = len(stations) - 1
        kept = sorted({k for k in (0, 1, 10) if k < last} | {last})
        losses = [max(station.loss, 1e-12) for station in stations]
        told = "; ".join(f"step {k} {stations[k].loss:.4g}" for k in kept)
        learned = np.round(stations[last].weights, 2) + 0.0
        alt = (
            f"Gradient descent on a kernel, learning rate {self.learning_rate:g}. Loss: {told}. "
            f"Kernel at the start {drawing.grid_alt(np.array(self.kernel))}, after {last} steps "
            f"{drawing.grid_alt(learned)}."
        )
        return figures.learning(losses, {k: np.round(stations[k].weights, 2) for k in kept}), alt

    def __repr__(self) -> str:
        shapes = ", ".join(
            f"{len(rows)}×{len(rows[0])} {name}"
            for name, rows in self.settings.items()
            if name != "learning_rate"
        )
        loss = self.descend(0)[0].loss
        rate = f"learning rate {self.learning_rate:g}"
        return f"DescentStepper({shapes}, {rate}, first loss {loss:.6g})"


def _rows(op: str, name: str, value: npt.ArrayLike) -> Array:
    """Return (H, W) numbers, or say what came instead."""
    array = as_numbers(op, name, value)
    limit = LIMITS[name]
    if array.ndim != 2 or array.size == 0 or max(array.shape) > limit:
        raise ValueError(
            f"{op}: {name} must have the shape (H, W), at most ({limit}, {limit}), got shape "
            f"{array.shape}.{_fix(name, value, limit)}"
        )
    refuse_wild(op, name, array)
    return array.astype(np.float64)


def _fix(name: str, value: npt.ArrayLike, limit: int) -> str:
    """Say with which line of code rows of numbers come out of it, if there is one."""
    mending = Mending(name, value)
    while mending.array.ndim > 2:
        mending.do("{0}[0]")
    if mending.array.ndim == 1:
        mending.do("{0}[None]")
    if mending.array.size == 0 or mending.array.ndim == 0:
        return ""
    if max(mending.array.shape) > limit:
        mending.do(f"{{0}}[:{min(limit, 8)}, :{min(limit, 8)}]")
    return f" Give it {mending.code}."
