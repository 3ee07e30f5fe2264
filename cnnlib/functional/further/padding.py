"""A border of zeros that may be wider on one side than on the other."""

import numpy as np

from cnnlib.backend import accelerated
from cnnlib.checks import array, describe, gradient, integer
from cnnlib.types import Array, Sides

__all__ = ["zero_pad2d", "zero_pad2d_backward"]


def check_sides(op: str, padding: int | Sides) -> Sides:
    """Return the padding as (left, right, top, bottom)."""
    if not isinstance(padding, tuple | list):
        return (integer(op, "padding", padding, 0),) * 4
    if len(padding) != 4:
        raise ValueError(
            f"{op}: padding must be one whole number or (left, right, top, bottom), got "
            f"{describe(padding)}. Write (1, 1, 2, 2) for 1 at each side and 2 above and below."
        )
    left, right, top, bottom = (integer(op, "padding", side, 0) for side in padding)
    return left, right, top, bottom


@accelerated
def zero_pad2d(x: Array, padding: int | Sides) -> Array:
    """Return a copy of `x` with a border of zeros, as wide on each side as you say.

    A window of 3 that moves by 2 over an even number of pixels needs a border at one end only: then
    there is a window for every other pixel.

    Parameters
    ----------
    x : array, (N, C, H, W)
    padding : int or (left, right, top, bottom)
        Rows and columns of zeros, in PyTorch's order.

    Returns
    -------
    array, (N, C, top + H + bottom, left + W + right)

    Raises
    ------
    ValueError, TypeError
        If a side is negative or no whole number.

    Examples
    --------
    >>> zero_pad2d(np.ones((1, 1, 2, 2)), (0, 1, 0, 1))[0, 0]
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 0.]])
    """
    x = array("zero_pad2d", "x", x, "N C H W")
    left, right, top, bottom = check_sides("zero_pad2d", padding)
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))


def zero_pad2d_backward(dout: Array, x: Array, padding: int | Sides) -> Array:
    """Return the gradient with respect to `x`: the border is cut off.

    Parameters
    ----------
    dout : array, (N, C, top + H + bottom, left + W + right)
    x, padding
        As they were given to `zero_pad2d`.

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> dout = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> zero_pad2d_backward(dout, np.ones((1, 1, 2, 2)), (0, 1, 0, 1))[0, 0]
    array([[0., 1.],
           [3., 4.]])
    """
    op = "zero_pad2d_backward"
    x = array(op, "x", x, "N C H W")
    left, right, top, bottom = check_sides(op, padding)
    n, c, h, w = x.shape
    dout = gradient(op, dout, (n, c, top + h + bottom, left + w + right), x)
    return dout[:, :, top : top + h, left : left + w].copy(order="K")
