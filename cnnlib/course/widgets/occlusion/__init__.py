"""The occlusion brush: cover a part of a picture, and see whether the network misses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.drawing.theme import diverging_colours
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.maps import draw_maps
from cnnlib.course.widgets.kit.numbers import integer_within, one_of
from cnnlib.course.widgets.kit.subject import Networks, Subject, packed_pixels, shown
from cnnlib.types import Array

__all__ = ["OcclusionBrush", "corners"]

FILLS = {"grey": 0.5, "black": 0.0, "white": 1.0}  # shares of white
PLACES = 1024  # of the square; more take minutes
BATCH = 4  # pictures that `sweep` gives to the network at once
KEPT = 8  # maps with what was tried


def corners(length: int, size: int, step: int) -> list[int]:
    """Return where a square begins along one side of a picture, so that all is covered once.

    Parameters
    ----------
    length, size, step : int
        Pixels of the picture, of the square, and from one place to the next. The last step is
        shorter where the side does not come out even.

    Examples
    --------
    >>> corners(224, 56, 28)
    [0, 28, 56, 84, 112, 140, 168]
    >>> corners(28, 8, 6)
    [0, 6, 12, 18, 20]
    """
    count = -(-(length - size) // step) + 1
    return [min(k * step, length - size) for k in range(count)]


class OcclusionBrush(Widget):
    """Lay a square over a picture, and watch the probability of a class.

    What was tried stays as a map: red where the network misses what is covered, blue where it is
    better off without. A button tries all places that are left, and can be stopped.

    Parameters
    ----------
    networks : Subject or mapping from str to Subject
        What `widgets.subject` returns; several, under names, can be chosen from.
    network, picture : str, optional
        What to begin with; the first unless given.
    size, step : int, optional
        Of the square, and from one place to the next, in pixels of what the network gets. A
        quarter and an eighth of the picture unless given.
    place : (int, int)
        Row and column among the places, which `corners` counts along each side.
    of : str or int, optional
        The class whose probability is shown; the network's own answer unless given.
    fill : {"grey", "black", "white"}
        Of the square.

    Raises
    ------
    TypeError, ValueError
        If there is no such thing, or a number is out of range.

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> from cnnlib.course import widgets
    >>> subject = widgets.subject(course_cnn(np.random.default_rng(0)), {"a line": np.eye(28)})
    >>> brush = OcclusionBrush(subject, size=14, step=7, of=3)
    >>> int(np.isfinite(brush.heat).sum())
    1
    >>> brush.sweep()
    >>> brush
    OcclusionBrush(a line, 14×14 grey square, step 7, class 3, 9 of 9 places tried)
    >>> brush.heat.shape
    (3, 3)

    References
    ----------
    Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014, section 4.2.
    """

    needs_kernel = True
    _esm = script("occlusion/widget.js")
    _css = styles("occlusion/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {
        "fills": FILLS,
        "places": PLACES,
        "diverging": diverging_colours(),
    }

    given = traitlets.Any().tag(sync=True)
    input = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        networks: Subject | Mapping[str, Subject],
        *,
        network: str | None = None,
        picture: str | None = None,
        size: int | None = None,
        step: int | None = None,
        place: tuple[int, int] = (0, 0),
        of: int | str | None = None,
        fill: str = "grey",
    ) -> None:
        self._networks = Networks(type(self).__name__, networks)
        self._tried: dict[tuple[Any, ...], dict[tuple[int, int], Array]] = {}
        first, shown_first = self._networks.first(network, picture)
        one = self._networks.checked(first, shown_first)[2]
        usual = _usual(one)
        super().__init__(
            network=first,
            picture=shown_first,
            size=usual[0] if size is None else size,
            step=usual[1] if step is None else step,
            place=place,
            of=of,
            fill=fill,
        )
        self.given = [
            {**told, "shape": list(one.shape), "usual": list(_usual(one))}
            for told in self._networks.told()
            for one in (self._networks.subjects[told["name"]],)
        ]
        self.observe(lambda change: self._reply(), "settings")
        self._reply()

    network = setting("network", "Which of the networks is asked.")
    picture = setting("picture", "Which of its pictures is covered.")
    size = setting("size", "Of the square, in pixels.")
    step = setting("step", "From one place to the next, in pixels.")
    place = setting("place", "Row and column of the square among the places.")
    of = setting("of", "The number of the class that is watched, or None.")
    fill = setting("fill", 'What the square holds: "grey", "black" or "white".')

    @property
    def watched(self) -> int:
        """The number of the class whose probability is shown."""
        own: int | None = self.of
        return self._subject.answer(self.picture) if own is None else own

    @property
    def before(self) -> float:
        """The probability of the class for the picture as it is."""
        return float(self._subject.before(self.picture)[self.watched])

    @property
    def probability(self) -> float:
        """The probability of the class with the square where it is."""
        return float(self._odds([tuple(self.place)])[0][self.watched])

    @property
    def covered(self) -> Array:
        """The picture with the square where it is, (C, H, W)."""
        return self._covered(tuple(self.place))

    @property
    def heat(self) -> npt.NDArray[np.float64]:
        """The probability with the square at each place; nan where it was not tried."""
        values = np.full((len(self._rows), len(self._columns)), np.nan)
        for place, odds in self._known().items():
            values[place] = odds[self.watched]
        return values

    def sweep(self) -> None:
        """Try all places that are left."""
        left = [(int(i), int(j)) for i, j in np.argwhere(np.isnan(self.heat))]
        for start in range(0, len(left), BATCH):
            self._odds(left[start : start + BATCH])
        self._reply()

    @property
    def _subject(self) -> Subject:
        return self._networks.subjects[self.network]

    @property
    def _rows(self) -> list[int]:
        return corners(self._subject.shape[1], self.size, self.step)

    @property
    def _columns(self) -> list[int]:
        return corners(self._subject.shape[2], self.size, self.step)

    def _covered(self, place: tuple[int, int]) -> Array:
        row, column = self._rows[place[0]], self._columns[place[1]]
        pixels = self._subject.pixels(self.picture).copy()
        fill = FILLS[self.fill] * self._subject.white
        pixels[:, row : row + self.size, column : column + self.size] = fill
        return pixels

    def _known(self) -> dict[tuple[int, int], Array]:
        """Return what was tried with such a square on this picture."""
        key = (self.network, self.picture, self.size, self.step, self.fill)
        if key not in self._tried:
            while len(self._tried) >= KEPT:
                del self._tried[next(iter(self._tried))]
            self._tried[key] = {}
        return self._tried[key]

    def _odds(self, places: list[tuple[int, int]]) -> list[Array]:
        """Return the probabilities of all classes with the square at each of some places."""
        known = self._known()
        left = [place for place in places if place not in known]
        if left:
            made = self._subject.probabilities(np.stack([self._covered(place) for place in left]))
            known.update(zip(left, made.astype(np.float32), strict=True))
        return [known[place] for place in places]

    def _reply(self) -> None:
        """Tell the browser what it has asked for."""
        of = dict(self.settings)
        odds = self._odds([tuple(self.place)])[0]
        with self.hold_sync():
            if self.input.get("of") != [self.network, self.picture]:
                pixels = packed_pixels(self._subject.pixels(self.picture))
                self.input = {"of": [self.network, self.picture], **pixels}
            self.answer = {
                "of": of,
                "watched": self.watched,
                "before": self.before,
                "now": float(odds[self.watched]),
                "said": int(odds.argmax()),
                "heat": self.heat.astype(np.float32).tobytes(),
            }

    def _checked(
        self,
        network: object,
        picture: object,
        size: object,
        step: object,
        place: object,
        of: object,
        fill: object,
    ) -> dict[str, Any]:
        op = type(self).__name__
        network, picture, one = self._networks.checked(network, picture)
        height, width = one.shape[1:]
        side = min(height, width)
        size = checks.integer(op, "size", size, 1)
        size = integer_within(op, "size", size, 1, side)
        step = checks.integer(op, "step", step, 1)
        step = integer_within(op, "step", step, 1, side)
        rows, columns = (len(corners(length, size, step)) for length in (height, width))
        if rows * columns > PLACES:
            raise ValueError(
                f"{op}: a square of {size} pixels with step {step} has {rows * columns:,} places, "
                f"at most {PLACES:,} are tried. Take a larger step."
            )
        row, column = checks.pair(op, "place", place, 0)
        if row >= rows or column >= columns:
            raise ValueError(
                f"{op}: there is no place {checks.describe(place)}; with this size and step, rows "
                f"go from 0 to {rows - 1} and columns from 0 to {columns - 1}."
            )
        return {
            "network": network,
            "picture": picture,
            "size": size,
            "step": step,
            "place": [row, column],
            "of": None if of is None else one.class_number(op, "of", of),
            "fill": one_of(op, "fill", fill, FILLS),
        }

    def _picture(self) -> tuple[Figure, str]:
        one, heat = self._subject, self.heat
        tried = np.isfinite(heat)
        fig, (left, right) = drawing.new(ncols=2, width=8, height=3.8)
        word = one.classes[self.watched]
        title = f"{word} {self.probability:.0%}, without the square {self.before:.0%}"
        drawing.image(shown(self.covered, one.white), left, title=title)
        lost = np.where(tried, self.before - heat, 0)
        draw_maps(lost[None], right, f"lost by the square, {tried.sum()} of {tried.size} places")
        lowest = np.unravel_index(int(np.nanargmin(heat)), heat.shape)
        row, column = self._rows[lowest[0]], self._columns[lowest[1]]
        alt = (
            f"An occlusion brush: {self.picture} with a {self.fill} square of {self.size} by "
            f"{self.size} pixels. Of {tried.size} places {tried.sum()} are tried. The network's "
            f"probability of {word} is {self.before:.0%} without a square, and lowest, "
            f"{np.nanmin(heat):.0%}, with the square at rows {row} to {row + self.size - 1}, "
            f"columns {column} to {column + self.size - 1}."
        )
        return fig, alt

    def __repr__(self) -> str:
        tried = np.isfinite(self.heat)
        return (
            f"{type(self).__name__}({self.picture}, {self.size}×{self.size} {self.fill} square, "
            f"step {self.step}, class {self._subject.classes[self.watched]}, "
            f"{tried.sum()} of {tried.size} places tried)"
        )


def _usual(one: Subject) -> tuple[int, int]:
    """Return the size of the square and the step that a picture has unless told otherwise."""
    side = min(one.shape[1:])
    return max(side // 4, 1), max(side // 8, 1)
