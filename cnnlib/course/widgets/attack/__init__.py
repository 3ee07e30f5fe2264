"""The attack lab: a small change of a picture, and what it does to a network's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import integer_within, number_within, one_of
from cnnlib.course.widgets.kit.subject import Networks, Subject, packed_pixels, shown
from cnnlib.types import Array

__all__ = ["AttackLab"]

DIRECTIONS = ("gradient", "random")
LARGEST = {255.0: 8.0, 1.0: 0.3}  # of ε, for bytes and for floats
STEP = {255.0: 0.25, 1.0: 0.01}
MAGNIFIED = {255.0: 15.0, 1.0: 1.6}  # the difference; the largest ε then nearly fills the range
TOP = 5
SEEDS = 999_999
KEPT = 12  # gradients


class AttackLab(Widget):
    """Add ε or −ε to every pixel, and watch the probabilities.

    The signs are those of the gradient of the loss, the fast gradient sign method, or random ones
    for comparison. The gradient is computed once for a picture and a goal; to move ε takes one
    forward pass.

    Parameters
    ----------
    networks : Subject or mapping from str to Subject
        What `widgets.subject` returns; several, under names, can be chosen from.
    network, picture : str, optional
        What to begin with; the first unless given.
    epsilon : float
        0 to 8 grey levels for pictures of bytes, 0 to 0.3 for pictures of floats from 0 to 1.
    direction : {"gradient", "random"}
    target : str or int, optional
        A class to move towards. Unless given, the picture moves away from its right class where
        the subject has a label for it, else from the network's own answer.
    seed : int
        Of the random signs.

    Raises
    ------
    TypeError, ValueError
        If there is no such thing, or a number is out of range.

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> from cnnlib.course import widgets
    >>> subject = widgets.subject(course_cnn(np.random.default_rng(0)), {"a line": np.eye(28)})
    >>> lab = AttackLab(subject, epsilon=0.1, target=3)
    >>> lab.changed.shape, lab.probabilities.shape
    ((1, 28, 28), (10,))
    >>> bool(lab.probabilities[3] > lab.before[3])
    True

    References
    ----------
    Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", 2015.
    """

    needs_kernel = True
    _esm = script("attack/widget.js")
    _css = styles("attack/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"top": TOP, "seeds": SEEDS}

    given = traitlets.Any().tag(sync=True)
    input = traitlets.Dict().tag(sync=True)
    way = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        networks: Subject | Mapping[str, Subject],
        *,
        network: str | None = None,
        picture: str | None = None,
        epsilon: float = 0,
        direction: str = "gradient",
        target: int | str | None = None,
        seed: int = 0,
    ) -> None:
        self._networks = Networks(type(self).__name__, networks)
        self._gradients: dict[tuple[str, str, int], npt.NDArray[np.int8]] = {}
        self._last: tuple[dict[str, Any], Array] | None = None
        first, shown_first = self._networks.first(network, picture)
        super().__init__(
            network=first,
            picture=shown_first,
            epsilon=epsilon,
            direction=direction,
            target=target,
            seed=seed,
        )
        self.given = [
            {
                **told,
                "labels": self._networks.subjects[told["name"]].labels,
                "largest": LARGEST[told["white"]],
                "step": STEP[told["white"]],
                "magnified": MAGNIFIED[told["white"]],
            }
            for told in self._networks.told()
        ]
        self.observe(lambda change: self._reply(), "settings")
        self._reply()

    network = setting("network", "Which of the networks is attacked.")
    picture = setting("picture", "Which of its pictures is changed.")
    epsilon = setting("epsilon", "By how much each pixel changes.")
    direction = setting("direction", 'The signs: "gradient" or "random".')
    target = setting("target", "The number of the class to move towards, or None.")
    seed = setting("seed", "Of the random signs.")

    @property
    def away_from(self) -> int:
        """The class that the picture moves away from, where there is no target."""
        one = self._subject
        return one.labels.get(self.picture, one.answer(self.picture))

    @property
    def pixels(self) -> Array:
        """The picture as the network gets it, (C, H, W), in grey levels or from 0 to 1."""
        return self._subject.pixels(self.picture)

    @property
    def signs(self) -> npt.NDArray[np.int8]:
        """By which sign each number of the picture changes, (C, H, W)."""
        if self.direction == "random":
            rng = np.random.default_rng(self.seed)
            return rng.choice(np.array([-1, 1], dtype=np.int8), self.pixels.shape)
        goal = self.away_from if self.target is None else self.target
        key = self.network, self.picture, goal
        if key not in self._gradients:
            while len(self._gradients) >= KEPT:
                del self._gradients[next(iter(self._gradients))]
            gradient = self._subject.gradient(self.picture, goal)
            self._gradients[key] = np.sign(gradient).astype(np.int8)
        # Up the loss of the class to get away from, down the loss of the one to come to.
        return self._gradients[key] if self.target is None else -self._gradients[key]

    @property
    def changed(self) -> Array:
        """The changed picture, (C, H, W); no number leaves the range from black to white."""
        return np.clip(self.pixels + self.epsilon * self.signs, 0, self._subject.white)

    @property
    def before(self) -> Array:
        """The probabilities for the picture as it was."""
        return self._subject.before(self.picture)

    @property
    def probabilities(self) -> Array:
        """The probabilities for the changed picture."""
        if self._last is None or self._last[0] != self.settings:
            odds = self._subject.probabilities(self.changed)[0] if self.epsilon else self.before
            self._last = dict(self.settings), odds
        return self._last[1]

    @property
    def answers(self) -> list[tuple[str, float]]:
        """The most probable classes for the changed picture, with their probabilities."""
        odds = self.probabilities
        return [(self._subject.classes[k], float(odds[k])) for k in _best(odds)]

    @property
    def _subject(self) -> Subject:
        return self._networks.subjects[self.network]

    def _reply(self) -> None:
        """Tell the browser what it has asked for."""
        of = dict(self.settings)
        odds, before = self.probabilities, self.before
        named = {name: value for name, value in of.items() if name != "epsilon"}
        with self.hold_sync():
            if self.input.get("of") != [self.network, self.picture]:
                self.input = {"of": [self.network, self.picture], **packed_pixels(self.pixels)}
            if self.way.get("of") != named:
                self.way = {"of": named, "signs": self.signs.tobytes()}
            self.answer = {
                "of": of,
                "odds": odds.astype(np.float64).tobytes(),
                "before": before.astype(np.float64).tobytes(),
                "away": self.away_from,
            }

    def _checked(
        self,
        network: object,
        picture: object,
        epsilon: object,
        direction: object,
        target: object,
        seed: object,
    ) -> dict[str, Any]:
        op = type(self).__name__
        network, picture, one = self._networks.checked(network, picture)
        largest = LARGEST[one.white]
        goal = None if target is None else one.class_number(op, "target", target)
        seed = checks.integer(op, "seed", seed, 0)
        return {
            "network": network,
            "picture": picture,
            "epsilon": number_within(op, "epsilon", epsilon, 0, largest),
            "direction": one_of(op, "direction", direction, DIRECTIONS),
            "target": goal,
            "seed": integer_within(op, "seed", seed, 0, SEEDS),
        }

    def _picture(self) -> tuple[Figure, str]:
        one = self._subject
        white, magnified = one.white, MAGNIFIED[one.white]
        fig, axes = drawing.new(ncols=4, width=13, height=3.4)
        difference = white / 2 + magnified * (self.changed - self.pixels)
        titles = {
            f"{self.picture}: {self._said(self.before)}": self.pixels,
            f"{self._moved()}: {self._said(self.probabilities)}": self.changed,
            f"difference, ×{magnified:g}; grey is 0": difference,
        }
        for ax, (title, values) in zip(axes, titles.items(), strict=False):
            drawing.image(shown(values, white), ax, title=title)
        words, odds = zip(*self.answers, strict=True)
        drawing.bars(words, odds, axes[3], fmt=".1%", title="probability, changed")
        return fig, (
            f"An attack lab. The network reads {self.picture} as {self._said(self.before)}. "
            f"With {self._moved()}, {self._direction()}, it says {self._said(self.probabilities)}. "
            f"Beside the two pictures are their difference, ×{magnified:g}, and the most "
            "probable classes."
        )

    def _said(self, odds: Array) -> str:
        best = int(odds.argmax())
        return f"{self._subject.classes[best]} {odds[best]:.0%}"

    def _moved(self) -> str:
        return f"ε = {self.epsilon:g}" + (" grey levels" if self._subject.white == 255 else "")

    def _direction(self) -> str:
        if self.direction == "random":
            return f"random signs {self.seed}"
        classes = self._subject.classes
        if self.target is None:
            return f"away from {classes[self.away_from]}"
        return f"towards {classes[self.target]}"

    def __repr__(self) -> str:
        said = self._said(self.probabilities)
        return (
            f"{type(self).__name__}({self.picture}, {self._moved()}, {self._direction()}: {said})"
        )


def _best(odds: Array) -> list[int]:
    return np.argsort(-odds, kind="stable")[:TOP].tolist()
