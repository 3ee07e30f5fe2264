"""From scores to probabilities: softmax with a temperature, and the cross-entropy of a class."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import as_numbers, number_within
from cnnlib.functional import cross_entropy, softmax

__all__ = ["SoftmaxExplorer", "tempered_softmax"]

LIMITS = {"scores": 1e6, "coldest": 0.01, "hottest": 1000.0, "classes": 10}


def tempered_softmax(scores: npt.ArrayLike, temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """Return `softmax` of the scores divided by a temperature.

    Parameters
    ----------
    scores : array_like, shape (C,)
        One score for each class.
    temperature : float
        More than 0. Above 1 the probabilities level out, below 1 the highest score takes all.

    Returns
    -------
    ndarray, shape (C,)
        Probabilities, which sum to 1.

    Examples
    --------
    >>> tempered_softmax(np.log([1, 2, 5])).round(3)
    array([0.125, 0.25 , 0.625])
    >>> (30 * tempered_softmax(np.log([1, 2, 5]), 0.5)).round(3)
    array([ 1.,  4., 25.])

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015.
    """
    z = np.asarray(scores, dtype=np.float64)
    return softmax(z[None] / temperature)[0]


class SoftmaxExplorer(Widget):
    """Change scores and temperature, and watch the probabilities and the loss of a class.

    Parameters
    ----------
    scores : array_like, shape (C,)
        One score for each of 2 to 10 classes, none beyond a million.
    temperature : float
        What the scores are divided by, 0.01 to 1,000.
    right : int
        The class whose cross-entropy is shown.

    Raises
    ------
    TypeError
        If an argument holds no numbers.
    ValueError
        If a number is out of range, or there is no such class.

    Examples
    --------
    >>> explorer = SoftmaxExplorer([0, 0.693147, 1.609438], right=2)
    >>> explorer
    SoftmaxExplorer(3 classes, temperature 1, right class 2 with p = 0.625, loss 0.470)
    >>> explorer.temperature = 0.5
    >>> explorer.probabilities.round(3)
    array([0.033, 0.133, 0.833])
    """

    _esm = script("softmax/widget.js")
    _css = styles("softmax/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"limits": LIMITS}

    def __init__(self, scores: npt.ArrayLike, temperature: float = 1, right: int = 0) -> None:
        super().__init__(scores=scores, temperature=temperature, right=right)

    scores = setting("scores", "One score for each class.")
    temperature = setting("temperature", "What the scores are divided by.")
    right = setting("right", "The class whose cross-entropy is shown.")

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """What `tempered_softmax` makes of the scores."""
        return tempered_softmax(self.scores, self.temperature)

    @property
    def loss(self) -> float:
        """The cross-entropy of the right class, in nats."""
        z = np.array([self.scores], dtype=np.float64) / self.temperature
        return cross_entropy(z, np.array([self.right]))

    def _checked(self, scores: npt.ArrayLike, temperature: float, right: int) -> dict[str, Any]:
        op = type(self).__name__
        z = as_numbers(op, "scores", scores, "a row of numbers", "[1, 2, 3]")
        if z.ndim != 1 or not 2 <= len(z) <= LIMITS["classes"]:
            raise ValueError(
                f"{op}: scores must have the shape (C,), for 2 to 10 classes C, got shape "
                f"{z.shape}. Pick one sample of a batch with scores[0]."
            )
        if not (np.abs(z) <= LIMITS["scores"]).all():  # nan is not
            raise ValueError(f"{op}: no score may be nan, or beyond a million.")
        ends = LIMITS["coldest"], LIMITS["hottest"]
        temperature = number_within(op, "temperature", temperature, *ends)
        right = checks.integer(op, "right", right, 0)
        if right >= len(z):
            raise ValueError(
                f"{op}: there is no class {right}; {len(z)} scores make the classes 0 to "
                f"{len(z) - 1}."
            )
        return {"scores": z.tolist(), "temperature": temperature, "right": right}

    def _picture(self) -> tuple[Figure, str]:
        p = self.probabilities
        names = [f"class {k}" for k in range(len(p))]
        scores = np.array(self.scores, dtype=np.float64)
        title = f"probabilities, T = {self.temperature:g}"
        fig, (left, right) = drawing.new(ncols=2, height=0.5 * len(p) + 1.1)
        drawing.bars(names, scores, left, fmt=".4g", title="scores")
        drawing.bars(names, p, right, fmt=".3f", title=title, highlight=[self.right])
        left.margins(x=0.25)
        right.set_xlim(0, 1.25)
        alt = (
            f"Scores of {len(p)} classes, {_list(scores, '.4g')}, at temperature "
            f"{self.temperature:g} give the probabilities {_list(p, '.3f')}. "
            f"The cross-entropy of class {self.right} is {self.loss:.3f}."
        )
        return fig, alt

    def __repr__(self) -> str:
        return (
            f"SoftmaxExplorer({len(self.scores)} classes, temperature {self.temperature:g}, right "
            f"class {self.right} with p = {self.probabilities[self.right]:.3f}, loss "
            f"{self.loss:.3f})"
        )


def _list(numbers: npt.NDArray[np.float64], fmt: str) -> str:
    return ", ".join(drawing.format_numbers(numbers, fmt))
