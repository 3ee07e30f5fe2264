"""Backwards through a convolution: the gradient of the input by the law, and share by share."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import (
    as_maps,
    integer_within,
    one_of,
    sizes,
    tidy,
    whole,
)
from cnnlib.functional import conv2d_backward
from cnnlib.types import Array

__all__ = ["BackwardStepper"]

LIMITS = {"dout": 6, "kernel": 5, "stride": 4, "padding": 4}
VIEWS = ("law", "shares")


class BackwardStepper(Widget):
    """See how the gradient of a convolution's input comes about, in two ways that agree.

    By the *law*: zeros between the entries of `dout` and around them, and the flipped kernel slides
    over it. By *shares*: each entry of `dout` hands its multiple of the kernel to its window.

    Parameters
    ----------
    dout : array_like, shape (OH, OW)
        The gradient of the output, at most 6×6 numbers.
    kernel : array_like, shape (KH, KW)
        The weights, at most 5×5.
    stride : int
        How far the window moved in the forward pass.
    padding : int
        How many borders of zeros the input had; their gradient is cropped.
    remainder : int
        Rows and columns at the end of the input that no window read, fewer than the stride.
    view : {"law", "shares"}
        Which of the two ways is shown.

    Raises
    ------
    TypeError
        If an argument holds no numbers.
    ValueError
        If the shapes do not fit, or are too large to be shown as numbers.

    Examples
    --------
    >>> stepper = BackwardStepper([[1, 2], [-1, 3]], [[1, -2], [3, 2]])
    >>> stepper
    BackwardStepper(2×2 dout, 2×2 kernel, stride 1, padding 0 → 3×3 dX)
    >>> stepper.dx[1]
    array([ 2., 13., -2.])
    """

    _esm = script("backward/widget.js")
    _css = styles("backward/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"limits": LIMITS}

    def __init__(
        self,
        dout: npt.ArrayLike,
        kernel: npt.ArrayLike,
        stride: int = 1,
        padding: int = 0,
        remainder: int = 0,
        view: str = "law",
    ) -> None:
        super().__init__(
            dout=dout,
            kernel=kernel,
            stride=stride,
            padding=padding,
            remainder=remainder,
            view=view,
        )

    stride = setting("stride", "How far the window moved in the forward pass.")
    padding = setting("padding", "How many borders of zeros the input had.")
    remainder = setting("remainder", "Rows and columns at the end that no window read.")
    view = setting("view", "Which way is shown, the law or the shares.")

    @property
    def dout(self) -> Array:
        """The gradient of the output, (OH, OW)."""
        return np.array(self.settings["dout"])

    @property
    def kernel(self) -> Array:
        """The weights, (KH, KW), not flipped."""
        return np.array(self.settings["kernel"])

    @property
    def dx(self) -> Array:
        """The gradient of the input, (H, W), as `conv2d_backward` gives it."""
        dout, kernel = self.dout.astype(np.float64), self.kernel.astype(np.float64)
        image = np.zeros(_input_size(dout, kernel, self.stride, self.padding, self.remainder))
        return conv2d_backward(
            dout[None, None],
            image[None, None],
            kernel[None, None],
            stride=self.stride,
            padding=self.padding,
        )[0][0, 0]

    def _checked(
        self,
        dout: npt.ArrayLike,
        kernel: npt.ArrayLike,
        stride: int,
        padding: int,
        remainder: int,
        view: str,
    ) -> dict[str, Any]:
        op = type(self).__name__
        d = as_maps(op, "dout", dout, side=LIMITS["dout"], channels=1)[0]
        k = as_maps(op, "kernel", kernel, side=LIMITS["kernel"], channels=1)[0]
        stride = integer_within(op, "stride", stride, 1, LIMITS["stride"])
        padding = integer_within(op, "padding", padding, 0, LIMITS["padding"])
        remainder = integer_within(op, "remainder", remainder, 0, LIMITS["stride"])
        if remainder >= stride:
            raise ValueError(
                f"{op}: remainder must be smaller than the stride, {stride}, got {remainder}: with "
                "as many rows left over, there would be another window."
            )
        if min(_input_size(d, k, stride, padding, remainder)) < 1:
            raise ValueError(
                f"{op}: padding {padding} leaves nothing of the input. Make it smaller."
            )
        return {
            "dout": tidy(d),
            "kernel": tidy(k),
            "stride": stride,
            "padding": padding,
            "remainder": remainder,
            "view": one_of(op, "view", view, VIEWS),
        }

    def _picture(self) -> tuple[Figure, str]:
        dout, kernel, dx = whole(self.dout), whole(self.kernel), whole(self.dx)
        (kh, kw), s = kernel.shape, self.stride
        spread = np.zeros([(size - 1) * s + 1 for size in dout.shape], dtype=dout.dtype)
        spread[::s, ::s] = dout
        around = np.pad(spread, ((kh - 1, kh - 1), (kw - 1, kw - 1)))
        name = "dout, zeros between and around" if s > 1 else "dout, zeros around"
        window = {"highlight": [(0, 0, kh, kw)]}
        fig = drawing.equation(
            [
                (name, around, window),
                "⋆",
                ("flipped kernel", kernel[::-1, ::-1], window),
                "→",
                ("dX", dx),
            ]
        )
        alt = (
            f"dout, {drawing.grid_alt(dout)}, with zeros, under the flipped kernel, "
            f"{drawing.grid_alt(kernel[::-1, ::-1])}; stride {s}, padding {self.padding}, "
            f"{self.remainder} left over. The gradient of the input: {drawing.grid_alt(dx)}."
        )
        return fig, alt

    def __repr__(self) -> str:
        left = f", {self.remainder} left over" if self.remainder else ""
        return (
            f"BackwardStepper({sizes(self.dout)} dout, {sizes(self.kernel)} kernel, stride "
            f"{self.stride}, padding {self.padding}{left} → {sizes(self.dx)} dX)"
        )


def _input_size(
    dout: Array, kernel: Array, stride: int, padding: int, remainder: int
) -> tuple[int, int]:
    """Return the rows and columns of the input that gave an output like `dout`."""
    height, width = (
        (outputs - 1) * stride + weights + remainder - 2 * padding
        for outputs, weights in zip(dout.shape, kernel.shape, strict=True)
    )
    return height, width
