"""Zoom into a photograph until it is numbers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.pixels_and_channels import figures
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import one_of, sizes
from cnnlib.course.widgets.kit.pixels import pack, unpack

__all__ = ["PixelInspector", "pixel_window"]

NUMBERS = ("rgb", "grey")
CLOSE = 8  # at so many pixels along a side, the numbers show


def pixel_window(
    size: tuple[int, int], place: tuple[int, int], side: int
) -> tuple[int, int, int, int]:
    """Return the window of an image that is centred on a pixel, as far as the edges allow.

    Parameters
    ----------
    size : (int, int)
        Height and width of the image.
    place : (int, int)
        Row and column of the pixel.
    side : int
        Height and width of the window.

    Returns
    -------
    (int, int, int, int)
        First row, first column, height, width.

    Examples
    --------
    >>> pixel_window((256, 256), (62, 57), 8)
    (58, 53, 8, 8)
    >>> pixel_window((256, 256), (255, 0), 8)
    (248, 0, 8, 8)
    """
    side = min(side, *size)
    row, column = (
        min(max(at - side // 2, 0), length - side) for at, length in zip(place, size, strict=True)
    )
    return row, column, side, side


class PixelInspector(Widget):
    """Walk over an image, zoom in until the numbers of its pixels show, and out again.

    Parameters
    ----------
    image : array_like of uint8, shape (H, W) or (H, W, 3), or Pillow picture
        At least 8 and at most 256 pixels high and wide.
    place : (int, int)
        Row and column of the pixel to begin with.
    show : {"rgb", "grey"}
        Three numbers for each pixel, or their mean. A grey image has one number in any case.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a shape or a number is out of range.

    Examples
    --------
    >>> from cnnlib.datasets import load_photo
    >>> inspector = PixelInspector(load_photo("cat"), place=(62, 57))
    >>> inspector
    PixelInspector(256×256×3 image, row 62, column 57: [167, 185, 231])
    """

    _esm = script("inspector/widget.js")
    _css = styles("inspector/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"close": CLOSE}

    def __init__(
        self, image: npt.ArrayLike, place: tuple[int, int] = (0, 0), show: str = "rgb"
    ) -> None:
        super().__init__(image=image, place=place, show=show)

    show = setting("show", 'Which numbers are shown: "rgb" or "grey".')
    place = setting("place", "Row and column of the pixel that the view begins with.")

    @property
    def image(self) -> npt.NDArray[np.uint8]:
        """The image."""
        return unpack(self.settings["image"])

    @image.setter
    def image(self, image: npt.ArrayLike) -> None:
        self.set(image=image)

    @property
    def pixel(self) -> list[int] | int:
        """The numbers of the pixel that the view begins with."""
        numbers: list[int] | int = self.image[tuple(self.place)].tolist()
        return numbers

    def _checked(self, image: object, place: tuple[int, int], show: str) -> dict[str, Any]:
        op = type(self).__name__
        packed = pack(op, image, to_bytes=True, smallest=CLOSE)
        row, column = checks.pair(op, "place", place, 0)
        height, width = packed["shape"][:2]
        if row >= height or column >= width:
            raise ValueError(
                f"{op}: there is no pixel at place {checks.describe(place)}; rows go from 0 to "
                f"{height - 1}, columns from 0 to {width - 1}."
            )
        show = one_of(op, "show", show, NUMBERS)
        return {"image": packed, "place": [row, column], "show": show}

    def _picture(self) -> tuple[Figure, str]:
        image = self.image
        row, column, side, _ = pixel_window(image.shape[:2], tuple(self.place), 4)
        patch = image[row : row + side, column : column + side]
        fig, (left, right) = drawing.new(ncols=2, width=7, height=3.4)
        drawing.image(image, left, highlight=[(row, column, side, side)], title="image")
        title = f"rows {row} to {row + side - 1}, columns {column} to {column + side - 1}"
        if image.ndim == 3 and self.show == "rgb":
            figures.rgb_grid(patch, right, origin=(row, column), highlight=[tuple(self.place)])
        else:
            grey = patch.mean(axis=2).round().astype(np.uint8) if image.ndim == 3 else patch
            drawing.number_image(grey, right, title=title)
        what = "red, green, blue = " if image.ndim == 3 else ""
        if image.ndim == 3 and self.show != "rgb":
            what = f"grey {round(np.mean(self.pixel))}, the mean of {what}"
        alt = (
            f"An image of {image.shape[0]} by {image.shape[1]} pixels, and {title} of it in "
            f"numbers. The pixel in row {self.place[0]}, column {self.place[1]} is "
            f"{what}{self.pixel}."
        )
        return fig, alt

    def __repr__(self) -> str:
        row, column = self.place
        return (
            f"PixelInspector({sizes(self.image)} image, row {row}, column {column}: {self.pixel})"
        )
