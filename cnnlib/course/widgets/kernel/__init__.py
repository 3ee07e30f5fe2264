"""Nine numbers and a photograph: change the kernel and see at once what it makes of the picture."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.drawing.theme import diverging_colours
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import as_numbers, one_of, written
from cnnlib.course.widgets.kit.pixels import pack, unpack
from cnnlib.functional import conv2d

__all__ = ["KernelPlayground", "apply_kernel"]

PAINTINGS = ("signed", "grey")
LIMIT = 1000  # for a weight
KERNELS: dict[str, list[list[float]]] = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "box blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "Sobel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
}


def apply_kernel(image: npt.ArrayLike, kernel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return what `conv2d` makes of one grey image and one kernel.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Grey values.
    kernel : array_like, shape (KH, KW)
        The weights.

    Returns
    -------
    ndarray, shape (H - KH + 1, W - KW + 1)
        Stride 1, no padding, no bias.

    Examples
    --------
    >>> apply_kernel([[0, 0, 9], [0, 0, 9], [0, 0, 9]], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    array([[36.]])
    """
    x = np.asarray(image, dtype=np.float64)
    weight = np.asarray(kernel, dtype=np.float64)
    return conv2d(x[None, None], weight[None, None])[0, 0]


class KernelPlayground(Widget):
    """Edit a 3×3 kernel, and watch what it makes of a grey photograph.

    Parameters
    ----------
    image : array_like, shape (H, W), or Pillow picture
        3 to 256 pixels high and wide; floats from 0 to 1, or uint8, which is divided by 255, or
        uint16, divided by 65535.
    kernel : array_like, shape (3, 3)
        The weights, none beyond 1,000. Sobel if left out.
    show : {"signed", "grey"}
        Blue below 0, white at 0 and red above; or grey, cut off at 0 (black) and 1 (white).

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a shape or a number is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> playground = KernelPlayground(np.eye(4))
    >>> playground
    KernelPlayground(4×4 picture, Sobel, show='signed': −2 to 2)
    >>> playground.kernel = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    >>> playground.result
    array([[1., 0.],
           [0., 1.]])
    """

    _esm = script("kernel/widget.js")
    _css = styles("kernel/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {
        "kernels": KERNELS,
        "limit": LIMIT,
        "diverging": diverging_colours(),
    }

    def __init__(
        self, image: npt.ArrayLike, kernel: npt.ArrayLike | None = None, show: str = "signed"
    ) -> None:
        super().__init__(
            image=image, kernel=KERNELS["Sobel"] if kernel is None else kernel, show=show
        )

    kernel = setting("kernel", "The nine weights.")
    show = setting("show", 'How the result is drawn: "signed" or "grey".')

    @property
    def image(self) -> npt.NDArray[np.float64]:
        """The picture, from 0 to 1."""
        return unpack(self.settings["image"])

    @image.setter
    def image(self, image: npt.ArrayLike) -> None:
        self.set(image=image)

    @property
    def result(self) -> npt.NDArray[np.float64]:
        """What `apply_kernel` makes of picture and kernel."""
        return apply_kernel(self.image, self.kernel)

    @property
    def name(self) -> str:
        """The name of the kernel, or "your own kernel"."""
        names = (name for name, k in KERNELS.items() if np.array_equal(k, self.kernel))
        return next(names, "your own kernel")

    def _checked(self, image: object, kernel: npt.ArrayLike, show: str) -> dict[str, Any]:
        op = type(self).__name__
        packed = pack(op, image, to_bytes=False, colour=False, smallest=3)
        example = "[[0, 0, 0], [0, 1, 0], [0, 0, 0]]"
        weights = as_numbers(op, "kernel", kernel, "a table of numbers", example)
        if weights.shape != (3, 3):
            raise ValueError(
                f"{op}: kernel must have the shape (3, 3), got {weights.shape}. Fill a smaller "
                "one up with zeros."
            )
        if not (np.abs(weights) <= LIMIT).all():  # nan is not
            raise ValueError(f"{op}: no weight may be nan, or beyond {LIMIT}.")
        show = one_of(op, "show", show, PAINTINGS)
        return {"image": packed, "kernel": weights.tolist(), "show": show}

    def _picture(self) -> tuple[Figure, str]:
        result = self.result
        fig, (left, middle, right) = drawing.new(
            ncols=3, width=8, height=3.1, width_ratios=[1, 0.55, 1]
        )
        drawing.image(self.image, left, title="picture")
        drawing.kernel(self.kernel, middle, title=self.name, fmt=".3g")
        if self.show == "grey":
            drawing.image(np.clip(result, 0, 1), right, title="result, cut off at 0 and 1")
        else:
            drawing.kernel(result, right, numbers=False, title="result, 0 is white")
        rows, columns = self.image.shape
        alt = (
            f"A grey picture of {rows} by {columns} pixels and {self.name}, "
            f"{drawing.grid_alt(self.kernel, fmt='.3g')}. The result goes from "
            f"{_text(result.min())} to {_text(result.max())}, "
            f"and {(result < 0).mean():.0%} of it lies below 0."
        )
        return fig, alt

    def __repr__(self) -> str:
        rows, columns = self.image.shape
        low, high = _text(self.result.min()), _text(self.result.max())
        return (
            f"KernelPlayground({rows}×{columns} picture, {self.name}, show={self.show!r}: "
            f"{low} to {high})"
        )


def _text(value: float) -> str:
    return written(value, ".3g")
