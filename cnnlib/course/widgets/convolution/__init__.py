"""The convolution stepper: a kernel slides over the learner's own numbers, step by step."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import (
    LARGEST,
    as_maps,
    flag,
    integer_within,
    number_within,
    sizes,
    tidy,
    whole,
    written,
)
from cnnlib.functional import conv2d
from cnnlib.shapes import fitting_size
from cnnlib.types import Array

__all__ = ["Arithmetic", "ConvolutionStepper", "window_arithmetic"]

LIMITS = {"image": 28, "kernel": 11, "channels": 8, "stride": 28, "padding": 10}


class Arithmetic(NamedTuple):
    """What is multiplied and added for one cell of a feature map.

    Parameters
    ----------
    window : ndarray, shape (C, KH, KW)
        The numbers under the kernel, zeros of the border included.
    products : ndarray, shape (C, KH, KW)
        Each number times the weight that lies on it.
    sums : ndarray, shape (C,)
        The sum of the products of each channel.
    total : float
        The sum over all channels, with the bias: the output cell.
    """

    window: Array
    products: Array
    sums: Array
    total: float


def window_arithmetic(
    image: npt.ArrayLike,
    kernel: npt.ArrayLike,
    row: int,
    column: int,
    *,
    stride: int = 1,
    padding: int = 0,
    bias: float = 0.0,
) -> Arithmetic:
    """Work out one cell of a convolution, and keep every number on the way.

    Parameters
    ----------
    image : array_like, shape (C, H, W)
        The input.
    kernel : array_like, shape (C, KH, KW)
        The weights, as they lie on the window.
    row, column : int
        The output cell.
    stride, padding : int
        As in `conv2d`.
    bias : float
        Added to the sum.

    Returns
    -------
    Arithmetic

    Raises
    ------
    ValueError
        If there is no such output cell.

    Examples
    --------
    >>> step = window_arithmetic([[[5, 1, 7], [15, 5, 1]]], [[[11, 4], [5, 2]]], 0, 0)
    >>> step.products.astype(int).tolist()
    [[[55, 4], [75, 10]]]
    >>> step.total
    144.0
    """
    x, weights = np.asarray(image, dtype=np.float64), np.asarray(kernel, dtype=np.float64)
    (height, width), (kh, kw) = x.shape[1:], weights.shape[1:]
    op = "window_arithmetic"
    rows = fitting_size(op, "height", height, kh, stride, padding)
    columns = fitting_size(op, "width", width, kw, stride, padding)
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(
            f"{op}: there is no output cell ({row}, {column}); the output has {rows} rows and "
            f"{columns} columns. Count from 0."
        )
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    top, left = row * stride, column * stride
    window = x[:, top : top + kh, left : left + kw]
    products = window * weights
    sums = products.sum(axis=(1, 2))
    return Arithmetic(window, products, sums, float(sums.sum() + bias))


class ConvolutionStepper(Widget):
    """Slide a kernel over an image of your own, and see every product and every sum.

    Play, step, drag the window, or walk over the output with the arrow keys. Every number can be
    edited in place. What is edited in the browser can be read here, in `image`, `kernel` and so
    on; what is set here is drawn there. `output` is what `conv2d` makes of it.

    Parameters
    ----------
    image : array_like, shape (H, W) or (C, H, W)
        The input, at most 28×28 numbers in each of at most 8 channels.
    kernel : array_like, shape (KH, KW) or (C, KH, KW)
        The weights, at most 11×11 for each channel.
    stride : int
        How far the window moves at each step.
    padding : int
        How many borders of zeros are laid around the image.
    bias : float
        Added to every output cell.
    true_convolution : bool
        Flip the kernel before it slides, as in mathematics.

    Raises
    ------
    TypeError
        If an argument holds no numbers.
    ValueError
        If the shapes do not fit, or are too large to be shown as numbers.

    Examples
    --------
    >>> stepper = ConvolutionStepper([[5, 1, 7], [15, 5, 1]], [[11, 4], [5, 2]])
    >>> stepper
    ConvolutionStepper(2×3 image, 2×2 kernel, stride 1, padding 0, bias 0 → 1×2 output)
    >>> stepper.output
    array([[144.,  66.]])
    >>> stepper.stride = 2
    >>> stepper.output
    array([[144.]])
    """

    _esm = script("convolution/widget.js")
    _css = styles("convolution/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"limits": LIMITS}

    def __init__(
        self,
        image: npt.ArrayLike,
        kernel: npt.ArrayLike,
        stride: int = 1,
        padding: int = 0,
        bias: float = 0,
        *,
        true_convolution: bool = False,
    ) -> None:
        super().__init__(
            image=image,
            kernel=kernel,
            stride=stride,
            padding=padding,
            bias=bias,
            true_convolution=true_convolution,
        )

    stride = setting("stride", "How far the window moves at each step.")
    padding = setting("padding", "How many borders of zeros are laid around the image.")
    bias = setting("bias", "The number that is added to every output cell.")
    true_convolution = setting("true_convolution", "Whether the kernel is flipped.")

    @property
    def image(self) -> Array:
        """The input, (H, W), or (C, H, W) where there are several channels."""
        return _plain(self.settings["image"])

    @image.setter
    def image(self, value: npt.ArrayLike) -> None:
        self.set(image=value)

    @property
    def kernel(self) -> Array:
        """The weights, (KH, KW) or (C, KH, KW); before the turn, if there is one."""
        return _plain(self.settings["kernel"])

    @kernel.setter
    def kernel(self, value: npt.ArrayLike) -> None:
        self.set(kernel=value)

    @property
    def output(self) -> Array:
        """The feature map (OH, OW) that `conv2d` computes from the present settings."""
        return self._maps(self._channels("image"), self._weights())

    def _checked(
        self,
        image: npt.ArrayLike,
        kernel: npt.ArrayLike,
        stride: int,
        padding: int,
        bias: float,
        true_convolution: bool,
    ) -> dict[str, Any]:
        op, channels = type(self).__name__, LIMITS["channels"]
        x = as_maps(op, "image", image, side=LIMITS["image"], channels=channels)
        weights = as_maps(op, "kernel", kernel, side=LIMITS["kernel"], channels=channels)
        if len(x) != len(weights):
            raise ValueError(
                f"{op}: image and kernel differ in their channels: image has {len(x)}, kernel has "
                f"{len(weights)}. Give the kernel one grid of weights for each channel."
            )
        steps = {
            "stride": integer_within(op, "stride", stride, 1, LIMITS["stride"]),
            "padding": integer_within(op, "padding", padding, 0, LIMITS["padding"]),
        }
        for axis, size, kernel_size in zip(
            ("height", "width"), x.shape[1:], weights.shape[1:], strict=True
        ):
            fitting_size(op, axis, size, kernel_size, **steps)
        bias = number_within(op, "bias", bias, -LARGEST, LARGEST)
        return {
            "image": tidy(x),
            "kernel": tidy(weights),
            **steps,
            "bias": tidy(np.asarray(bias)),
            "true_convolution": flag(op, "true_convolution", true_convolution),
        }

    def _channels(self, name: str) -> Array:
        return np.array(self.settings[name], dtype=np.float64)

    def _weights(self) -> Array:
        kernel = self._channels("kernel")
        return kernel[:, ::-1, ::-1] if self.true_convolution else kernel

    def _maps(self, image: Array, weights: Array, bias: float | None = None) -> Array:
        return conv2d(
            image[None],
            np.ascontiguousarray(weights)[None],
            np.array([float(self.bias if bias is None else bias)]),
            stride=self.stride,
            padding=self.padding,
        )[0, 0]

    def _picture(self) -> tuple[Figure, str]:
        image, weights = self._channels("image"), self._weights()
        image = np.pad(image, ((0, 0), *[(self.padding, self.padding)] * 2))
        image, weights = whole(image), whole(weights)
        window = {"highlight": [(0, 0, *weights.shape[1:])]}
        first = {"highlight": [(0, 0, 1, 1)]}
        name = "kernel, flipped" if self.true_convolution else "kernel"
        output = whole(self.output)
        start = window_arithmetic(image, weights, 0, 0, stride=self.stride, bias=self.bias)
        alt = (
            f"Input, {_words(image)}. {name.capitalize()}, {_words(weights)}. Stride "
            f"{self.stride}, padding {self.padding}, bias {written(self.bias)}. The kernel lies on "
            f"the upper left window of the input and gives {written(start.total)}, the first cell "
            f"of the output, {drawing.grid_alt(output)}."
        )
        if len(image) == 1:
            inside = {"padding": self.padding} if self.padding else {}
            parts: list[Any] = [
                ("input", image[0], {**window, **inside}),
                "⋆",
                (name, weights[0], window),
            ]
            if self.bias:
                parts += ["+", ("bias", [[self.bias]], {})]
            return drawing.equation([*parts, "=", ("output", output, first)]), alt
        return self._picture_of_channels(image, weights, output), alt

    def _picture_of_channels(self, image: Array, weights: Array, output: Array) -> Figure:
        """Draw a row for each channel, and the sum of their maps, with the bias, below."""
        rows, (height, width), (kh, kw) = len(image), image.shape[1:], weights.shape[1:]
        oh, ow = output.shape
        ratios = [float(width), 1.0, float(kw), 1.0, float(ow)]
        cell = min(0.45, 9.0 / (sum(ratios) + 2))
        tall = [float(max(height, kh, oh))] * rows + [float(oh)]
        fig, axes = drawing.new(
            rows + 1,
            5,
            width=(sum(ratios) + 2) * cell,
            height=(sum(tall) + 1.6 * len(tall)) * cell,
            width_ratios=ratios,
            height_ratios=tall,
        )
        plain = self._channels("image")
        for c, line in enumerate(axes[:-1]):
            part = whole(self._maps(plain[c : c + 1], weights[c : c + 1].astype(float), bias=0))
            drawing.grid(
                image[c],
                line[0],
                title=f"input, channel {c}",
                highlight=[(0, 0, kh, kw)],
                padding=self.padding,
            )
            drawing.operator(line[1], "⋆")
            drawing.grid(weights[c], line[2], title="kernel")
            drawing.operator(line[3], "=")
            drawing.grid(part, line[4], title=f"map {c}")
        for ax in axes[-1, :3]:
            fig.delaxes(ax)
        drawing.operator(axes[-1, 3], "=")
        title = f"sum of the maps + {written(self.bias)}" if self.bias else "sum of the maps"
        drawing.grid(output, axes[-1, 4], title=title, highlight=[(0, 0, 1, 1)])
        return fig

    def __repr__(self) -> str:
        turned = ", flipped" if self.true_convolution else ""
        return (
            f"ConvolutionStepper({sizes(self.image)} image, {sizes(self.kernel)} kernel{turned}, "
            f"stride {self.stride}, padding {self.padding}, bias {written(self.bias)} "
            f"→ {sizes(self.output)} output)"
        )


def _plain(channels: list[Any]) -> Array:
    array = np.array(channels)
    return array[0] if len(array) == 1 else array


def _words(channels: Array) -> str:
    if len(channels) == 1:
        return drawing.grid_alt(channels[0])
    return "; ".join(f"channel {c}, {drawing.grid_alt(one)}" for c, one in enumerate(channels))
