"""Padding: a border around every channel, so that windows can stand on the edge."""

import numpy as np

from cnnlib.backend import accelerated
from cnnlib.checks import array, gradient, number, pair
from cnnlib.types import Array, Pair, Size

__all__ = ["pad2d", "pad2d_backward"]

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}  # NumPy's names


def check_pad2d(op: str, x: Array, padding: Size, mode: str, value: float = 0.0) -> Pair:
    x = array(op, "x", x, "N C H W")
    ph, pw = pair(op, "padding", padding, 0)
    if mode not in _MODES:
        raise ValueError(f"{op}: mode must be one of {', '.join(_MODES)}, got {mode!r}.")
    h, w = x.shape[2:]
    if mode == "reflect" and (ph >= h or pw >= w):
        raise ValueError(
            f"{op}: a reflected border must be narrower than the image, got padding {padding} "
            f"for x of shape {x.shape}. Use mode='replicate' or less padding."
        )
    if mode == "constant" and not (isinstance(value, float) and np.isinf(value)):
        number(op, "value", value)
    return ph, pw


@accelerated
def pad2d(x: Array, padding: Size, mode: str = "constant", value: float = 0.0) -> Array:
    """Return a copy of `x` with a border around every channel.

    Parameters
    ----------
    x : array, (N, C, H, W)
    padding : int or (int, int)
        Pixels added above and below, and left and right.
    mode : {"constant", "reflect", "replicate"}
        Fill the border with `value`, with the image mirrored in its edge pixels, or with the
        nearest edge pixel (which NumPy calls "edge").
    value : float
        What a constant border holds; minus infinity is allowed.

    Returns
    -------
    array, (N, C, H + 2·PH, W + 2·PW)

    Raises
    ------
    ValueError, TypeError
        If the padding is negative, the mode unknown, or a mirror wider than the image.

    Examples
    --------
    >>> pad2d(np.ones((1, 1, 1, 1)), 1)[0, 0]
    array([[0., 0., 0.],
           [0., 1., 0.],
           [0., 0., 0.]])
    >>> pad2d(np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3), (0, 2), "reflect").ravel()
    array([3., 2., 1., 2., 3., 2., 1.])
    """
    ph, pw = check_pad2d("pad2d", x, padding, mode, value)
    if mode == "constant":
        return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=value)
    rows, columns = border_sources(x.shape[2], ph, mode), border_sources(x.shape[3], pw, mode)
    return x[:, :, rows][:, :, :, columns]


def border_sources(size: int, padding: int, mode: str) -> Array:
    """Return for each row of the padded image the row of `x` that it repeats."""
    return np.pad(np.arange(size), padding, mode=_MODES[mode])  # type: ignore[call-overload]


def pad2d_backward(
    dout: Array, x: Array, padding: Size, mode: str = "constant", value: float = 0.0
) -> Array:
    """Return the gradient with respect to `x`: each pixel collects from all its copies.

    Parameters
    ----------
    dout : array, (N, C, H + 2·PH, W + 2·PW)
    x, padding, mode, value
        As they were given to `pad2d`. A constant border has no copies, so its gradient is dropped.

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> x = np.zeros((1, 1, 1, 3))
    >>> pad2d_backward(np.ones((1, 1, 1, 7)), x, (0, 2), "reflect").ravel()
    array([2., 3., 2.])
    """
    op = "pad2d_backward"
    ph, pw = check_pad2d(op, x, padding, mode)
    n, c, h, w = x.shape
    dout = gradient(op, dout, (n, c, h + 2 * ph, w + 2 * pw), x)
    if mode == "constant":
        return dout[:, :, ph : ph + h, pw : pw + w].copy(order="K")
    dx_rows = np.zeros((n, c, h, w + 2 * pw), dtype=x.dtype)
    for padded_row, row in enumerate(border_sources(h, ph, mode)):
        dx_rows[:, :, row] += dout[:, :, padded_row]
    dx = np.zeros_like(x)
    for padded_column, column in enumerate(border_sources(w, pw, mode)):
        dx[:, :, :, column] += dx_rows[:, :, :, padded_column]
    return dx
