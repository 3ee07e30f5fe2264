"""Layers that only the later chapters need: they stand outside the reading order."""

from typing import Any

from cnnlib.checks import integer
from cnnlib.functional.further.padding import check_sides
from cnnlib.layers import Operation
from cnnlib.types import Pair, Shape, Sides

__all__ = ["ZeroPad2d", "same_border"]


def same_border(size: int, kernel_size: int, stride: int = 1) -> Pair:
    """Return TensorFlow's "same" padding along one axis: how many pixels before, how many after.

    It is so much that the output has ``ceil(size / stride)`` pixels. An odd pixel comes after.
    PyTorch's ``padding="same"`` is this at stride 1, and refuses other strides.

    Parameters
    ----------
    size, kernel_size, stride : int

    Returns
    -------
    before, after : int

    Examples
    --------
    >>> same_border(224, kernel_size=3, stride=2)
    (0, 1)
    >>> same_border(56, kernel_size=5, stride=2)
    (1, 2)
    >>> same_border(56, kernel_size=5)
    (2, 2)
    """
    op = "same_border"
    size = integer(op, "size", size, 1)
    kernel_size = integer(op, "kernel_size", kernel_size, 1)
    stride = integer(op, "stride", stride, 1)
    outputs = -(-size // stride)
    border = max((outputs - 1) * stride + kernel_size - size, 0)
    return border // 2, border - border // 2


class ZeroPad2d(Operation):
    """Put a border of zeros around every channel, as wide on each side as you say.

    Before a `Conv2d` it does what that layer's own padding cannot: more on one side than on the
    other.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        In PyTorch's order.

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPad2d((0, 1, 0, 1))(np.ones((1, 1, 2, 2)))[0, 0]
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 0.]])
    """

    mixes_images = False
    operation = "zero_pad2d"

    def __init__(self, padding: int | Sides) -> None:
        super().__init__()
        self.padding = check_sides("ZeroPad2d", padding)

    def settings(self) -> tuple[Any, ...]:
        """Return what the function takes besides the input."""
        return (self.padding,)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, top + H + bottom, left + W + right)."""
        c, h, w = self._image_shape(input_shape)
        left, right, top, bottom = self.padding
        return c, top + h + bottom, left + w + right

    def __repr__(self) -> str:
        alike = len(set(self.padding)) == 1
        return f"ZeroPad2d({self.padding[0] if alike else self.padding})"
