"""Mix a colour from three lamps, and read its numbers in every way that the course does."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course.pixels_and_channels import figures
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles

__all__ = ["ColourMixer", "channel_parts", "colour_words", "grey_level", "hex_code"]

Bytes = npt.NDArray[np.uint8]

# Where a hue ends, in degrees on the circle red, yellow, green, cyan, blue, magenta.
HUES = (
    (15, "red"),
    (45, "orange"),
    (70, "yellow"),
    (95, "yellow-green"),
    (155, "green"),
    (172, "blue-green"),
    (195, "cyan"),
    (258, "blue"),
    (288, "violet"),
    (330, "magenta"),
    (360, "red"),
)

# Where a shade ends, on the scale of lightness from 0 to 510.
SHADES = ((60, "very dark "), (130, "dark "), (331, ""), (430, "light "), (511, "very light "))


def _bytes(op: str, name: str, value: object) -> Bytes:
    """Return three whole numbers from 0 to 255 as bytes, or say what came instead."""
    try:
        numbers = np.asarray(value)
    except ValueError:  # rows of different lengths
        numbers = np.asarray(None)
    if numbers.dtype.kind not in "iu":
        fix = "Write it as (255, 140, 0)."
        if numbers.dtype.kind == "f" and numbers.shape == (3,):
            share = numbers.max() <= 1
            scaled = f"255 * np.array({name})" if share else f"np.array({name})"
            fix = f"Give it np.clip({scaled}, 0, 255).round().astype(int)."
        raise TypeError(
            f"{op}: {name} must be three whole numbers, got {checks.describe(value)}. {fix}"
        )
    if numbers.shape != (3,):
        fix = {1: f"{name}[:3]", 3: f"one pixel, such as np.array({name})[0, 0]"}.get(
            numbers.ndim, ""
        )
        raise ValueError(
            f"{op}: {name} must be three numbers, red, green and blue, got shape {numbers.shape}."
            f"{f' Give it {fix}.' if fix and numbers.size > 3 else ''}"
        )
    if numbers.min() < 0 or numbers.max() > 255:
        fix = f"np.array({name}) // 257" if numbers.dtype == np.uint16 else ""
        raise ValueError(
            f"{op}: each number of {name} must be 0 to 255, got {numbers.tolist()}. "
            f"Give it {fix or f'np.clip({name}, 0, 255)'}."
        )
    return numbers.astype(np.uint8)


def channel_parts(colour: npt.ArrayLike) -> Bytes:
    """Return what the red, the green and the blue lamp give, each alone.

    Parameters
    ----------
    colour : array_like of int, shape (3,)
        Red, green and blue from 0 to 255.

    Returns
    -------
    ndarray of uint8, shape (3, 3)
        One colour in each row. Their sum is the colour.

    Examples
    --------
    >>> channel_parts([255, 140, 7]).tolist()
    [[255, 0, 0], [0, 140, 0], [0, 0, 7]]
    """
    return np.diag(_bytes("channel_parts", "colour", colour))


def grey_level(colour: npt.ArrayLike) -> float:
    """Return the grey of a colour as this course takes it: the mean of the three numbers.

    Parameters
    ----------
    colour : array_like of int, shape (3,)
        Red, green and blue from 0 to 255.

    Returns
    -------
    float
        From 0 to 255, with its fraction.

    Examples
    --------
    >>> grey_level([10, 20, 60])
    30.0
    """
    return float(_bytes("grey_level", "colour", colour).mean())


def hex_code(colour: npt.ArrayLike) -> str:
    """Return a colour as web pages write it: two digits in base 16 for each number.

    Parameters
    ----------
    colour : array_like of int, shape (3,)
        Red, green and blue from 0 to 255.

    Returns
    -------
    str
        A ``#`` and six digits.

    Examples
    --------
    >>> hex_code([255, 140, 0])
    '#FF8C00'
    """
    return "#" + "".join(f"{value:02X}" for value in _bytes("hex_code", "colour", colour).tolist())


def colour_words(colour: npt.ArrayLike) -> str:
    """Say a colour in words, for those who cannot see it or cannot tell it from others.

    Hue, lightness and saturation are those of the HSL model; where one name ends and the next
    begins is a choice of ours.

    Parameters
    ----------
    colour : array_like of int, shape (3,)
        Red, green and blue from 0 to 255.

    Returns
    -------
    str

    Examples
    --------
    >>> colour_words([167, 185, 231])
    'light blue'
    >>> colour_words([110, 60, 20])
    'brown'
    """
    red, green, blue = _bytes("colour_words", "colour", colour).tolist()
    most, least = max(red, green, blue), min(red, green, blue)
    spread, light = most - least, most + least  # the lightness, from 0 to 510
    if spread == 0 and light in (0, 510):
        return "black" if light == 0 else "white"
    grey = "dark grey" if light < 170 else "grey" if light <= 340 else "light grey"
    if spread == 0:
        return grey
    if most == red:
        hue = 60 * (green - blue) / spread % 360
    elif most == green:
        hue = 120 + 60 * (blue - red) / spread
    else:
        hue = 240 + 60 * (red - green) / spread
    name = next(name for end, name in HUES if hue < end)
    saturation = spread / min(light, 510 - light)
    if spread <= 10 or saturation < 0.06:
        if light < 40 or light > 470:
            return "nearly black" if light < 40 else "nearly white"
        return f"{grey}, slightly {name}"
    if name == "red" and light > 330:
        return "greyish pink" if saturation < 0.25 else "pink"
    if name == "orange" and (light < 220 or (spread < 110 and light < 430)):
        name = "brown"
    shade = next(shade for end, shade in SHADES if light < end)
    return f"{shade}{'greyish ' if saturation < 0.25 else ''}{name}"


class ColourMixer(Widget):
    """Set how bright three lamps shine, red, green and blue, and see what they mix to.

    Parameters
    ----------
    colour : array_like of int, shape (3,)
        Red, green and blue from 0 to 255, to begin with: a pixel of a photograph, say.
    target : array_like of int, shape (3,), optional
        A colour to be mixed by eye. Its numbers are not shown until the mixture comes close.

    Raises
    ------
    TypeError
        If a colour does not hold whole numbers.
    ValueError
        If a colour is not three numbers from 0 to 255.

    Examples
    --------
    >>> from cnnlib.datasets import load_photo
    >>> mixer = ColourMixer(load_photo("cat")[62, 57])
    >>> mixer
    ColourMixer([167, 185, 231], light blue)
    >>> mixer.colour = (255, 255, 0)
    >>> mixer
    ColourMixer([255, 255, 0], yellow)
    """

    _esm = script("mixer/widget.js")
    _css = styles("mixer/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"hues": HUES, "shades": SHADES}

    def __init__(
        self, colour: npt.ArrayLike = (0, 0, 0), target: npt.ArrayLike | None = None
    ) -> None:
        super().__init__(colour=colour, target=target)

    colour = setting("colour", "Red, green and blue, from 0 to 255.")
    target = setting("target", "The colour to be mixed by eye, or None.")

    def _checked(self, colour: npt.ArrayLike, target: npt.ArrayLike | None) -> dict[str, Any]:
        op = type(self).__name__
        return {
            "colour": _bytes(op, "colour", colour).tolist(),
            "target": None if target is None else _bytes(op, "target", target).tolist(),
        }

    def _picture(self) -> tuple[Figure, str]:
        red, green, blue = channel_parts(self.colour).tolist()
        grey = grey_level(self.colour)
        patches = {
            "red alone": red,
            "green alone": green,
            "blue alone": blue,
            "mixed": self.colour,
            "its grey": [round(grey)] * 3,
        }
        alt = (
            f"Red, green and blue lamps mix to {self.colour}, {colour_words(self.colour)}: "
            f"{red} + {green} + {blue}. The grey of this colour is {grey:.5g}."
        )
        if self.target is not None:  # its numbers are for the learner to find
            alt += f" The target is {colour_words(self.target)}."
        return figures.swatches(patches, width=7.5), alt

    def __repr__(self) -> str:
        target = "" if self.target is None else f", target {colour_words(self.target)}"
        return f"ColourMixer({self.colour}, {colour_words(self.colour)}{target})"
