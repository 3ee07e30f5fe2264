"""The networks that notebook 11 trains: LeNet-5 as it was published, and nets of any depth."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnlib import functional as F
from cnnlib.layers import (
    BatchNorm2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    Parameter,
    ReLU,
)
from cnnlib.model import Residual, Sequential
from cnnlib.shapes import fitting_size
from cnnlib.types import Array, Shape

__all__ = [
    "C3_TABLE",
    "TEMPLATES",
    "Jolt",
    "ScaledTanh",
    "SparseConv2d",
    "Subsample",
    "Templates",
    "deep_net",
    "for_lenet",
    "lenet5_1998",
]

# Which maps of S2 each of C3's sixteen maps reads: table I of the paper.
C3_TABLE: tuple[tuple[int, ...], ...] = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)

# Ten digits of 7×12 pixels, as the paper has them; the drawings are the course's own.
_DRAWN = """
.#####.  ...##..  .#####.  .#####.  ....##.  #######  ..####.  #######  .#####.  .#####.
##...##  ..###..  ##...##  ##...##  ...###.  ##.....  .##....  ##...##  ##...##  ##...##
##...##  .####..  .....##  .....##  ..####.  ##.....  ##.....  .....##  ##...##  ##...##
##...##  ...##..  .....##  .....##  .##.##.  ##.....  ##.....  ....##.  ##...##  ##...##
##...##  ...##..  ....##.  ....##.  ##..##.  ######.  ##.....  ....##.  .##.##.  ##...##
##...##  ...##..  ...##..  ..###..  ##..##.  .....##  ######.  ...##..  ..###..  .######
##...##  ...##..  ..##...  ....##.  #######  .....##  ##...##  ...##..  .##.##.  .....##
##...##  ...##..  .##....  .....##  #######  .....##  ##...##  ..##...  ##...##  .....##
##...##  ...##..  ##.....  .....##  ....##.  .....##  ##...##  ..##...  ##...##  .....##
##...##  ...##..  ##.....  .....##  ....##.  ##...##  ##...##  ..##...  ##...##  ....##.
##...##  ...##..  ##.....  ##...##  ....##.  ##...##  ##...##  ..##...  ##...##  ...##..
.#####.  .######  #######  .#####.  ....##.  .#####.  .#####.  ..##...  .#####.  .###...
"""


def _templates() -> Array:
    rows = [line.split() for line in _DRAWN.strip().splitlines()]
    inked = [[[sign == "#" for sign in row[digit]] for row in rows] for digit in range(10)]
    return np.where(inked, np.float32(1), np.float32(-1))


TEMPLATES = _templates()  # (10, 12, 7), ink +1 and paper -1


class SparseConv2d(Layer):
    """Convolution in which each filter reads only the maps that a table names.

    Parameters
    ----------
    table : sequence of sequences of int
        For each filter the maps that it reads.
    in_channels : int
    kernel_size : int
    rng : numpy.random.Generator
        Draws the first weights (He normal); biases start at zero.

    Examples
    --------
    >>> c3 = SparseConv2d(C3_TABLE, 6, 5, rng=np.random.default_rng(0))
    >>> [parameter.size for parameter in c3.parameters()]
    [1500, 16]
    """

    mixes_images = False

    def __init__(
        self,
        table: Sequence[Sequence[int]],
        in_channels: int,
        kernel_size: int,
        *,
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        self.table, self.in_channels, self.kernel_size = table, in_channels, kernel_size
        # One row for each kernel: the filter that it belongs to, and the map that it reads.
        self._filters = np.repeat(np.arange(len(table)), [len(maps) for maps in table])
        self._maps = np.array([channel for maps in table for channel in maps])
        shape = (len(self._maps), kernel_size, kernel_size)
        first = rng.standard_normal(shape, dtype=np.float32)
        fan_in = kernel_size**2 * np.array([len(maps) for maps in table])[self._filters]
        first *= np.sqrt(2 / fan_in).astype(np.float32)[:, None, None]
        self.weight = Parameter("weight", shape, lambda: first)
        self.bias = Parameter("bias", (len(table),), lambda: np.zeros(len(table)))
        self.window = (kernel_size, 1), (kernel_size, 1)

    def _dense(self, dtype: np.dtype[Any]) -> Array:
        """Return the kernels in their places among zeros, (C_out, C_in, K, K)."""
        size = self.kernel_size
        weight = np.zeros((len(self.table), self.in_channels, size, size), dtype)
        weight[self._filters, self._maps] = self.weight.value
        return weight

    def forward(self, x: Array) -> Array:
        """Return the feature maps, (N, C_out, OH, OW)."""
        self._x = x
        return F.conv2d(x, self._dense(x.dtype), self.bias.value.astype(x.dtype, copy=False))

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        x = self.input()
        dx, dense, self.bias.grad = F.conv2d_backward(dout, x, self._dense(x.dtype))
        self.weight.grad = dense[self._filters, self._maps]
        return dx

    def parameters(self) -> list[Parameter]:
        """Return the kernels and the biases."""
        return [self.weight, self.bias]

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C_out, OH, OW) for an input of (C_in, H, W)."""
        _, h, w = self._image_shape(input_shape)
        oh, ow = (fitting_size("SparseConv2d", "size", n, self.kernel_size, 1, 0) for n in (h, w))
        return len(self.table), oh, ow

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return one product for each weight at each output pixel."""
        _, oh, ow = self.output_shape(input_shape)
        return self.weight.size * oh * ow

    def __repr__(self) -> str:
        kernels = f"{len(self._maps)} of {len(self.table) * self.in_channels} kernels"
        return f"SparseConv2d({kernels}, kernel_size={self.kernel_size})"


class Subsample(Layer):
    """Add up each 2×2 window, times a learned coefficient, plus a learned bias: one pair a map.

    Parameters
    ----------
    channels : int

    Examples
    --------
    >>> Subsample(1)(np.array([[[[1.0, 2.0], [3.0, 6.0]]]])).ravel()
    array([3.])

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, 1998, section II.B. The coefficient begins at 1/4, so that
    the layer begins as average pooling.
    """

    mixes_images = False
    window = ((2, 2), (2, 2))

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.weight = Parameter("weight", (channels,), lambda: np.full(channels, 0.25))
        self.bias = Parameter("bias", (channels,), lambda: np.zeros(channels))

    def forward(self, x: Array) -> Array:
        """Return the smaller maps, (N, C, H // 2, W // 2)."""
        self._x = x
        sums = 4 * F.avg_pool2d(x, 2)
        y: Array = sums * self._of_each_map(self.weight, x) + self._of_each_map(self.bias, x)
        return y

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        x = self.input()
        self.weight.grad = (dout * (4 * F.avg_pool2d(x, 2))).sum(axis=(0, 2, 3))
        self.bias.grad = dout.sum(axis=(0, 2, 3))
        return F.avg_pool2d_backward(4 * dout * self._of_each_map(self.weight, x), x, 2)

    @staticmethod
    def _of_each_map(parameter: Parameter, x: Array) -> Array:
        return parameter.value.astype(x.dtype, copy=False)[:, None, None]

    def parameters(self) -> list[Parameter]:
        """Return the coefficients and the biases."""
        return [self.weight, self.bias]

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, H // 2, W // 2)."""
        c, h, w = self._image_shape(input_shape)
        return c, h // 2, w // 2

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return one product for each output value."""
        c, h, w = self.output_shape(input_shape)
        return c * h * w

    def __repr__(self) -> str:
        return f"Subsample({self.channels})"


class ScaledTanh(Layer):
    """The squashing function of LeNet-5, 1.7159 tanh(2x/3): it leaves 1 at 1, and -1 at -1.

    Examples
    --------
    >>> ScaledTanh()(np.array([[-1.0, 0.0, 1.0]])).round(3)
    array([[-1.,  0.,  1.]])

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, 1998, equation 6 and appendix A.
    """

    mixes_images = False
    HEIGHT, SLOPE = 1.7159, 2 / 3

    def forward(self, x: Array) -> Array:
        """Return values between -1.7159 and 1.7159."""
        self._x = x
        y: Array = F.tanh(x * x.dtype.type(self.SLOPE)) * x.dtype.type(self.HEIGHT)
        return y

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        x = self.input()
        inner = F.tanh_backward(dout, x * x.dtype.type(self.SLOPE))
        dx: Array = inner * x.dtype.type(self.HEIGHT * self.SLOPE)
        return dx


class Templates(Layer):
    """Compare 84 values with ten drawn digits: minus half the squared distance to each.

    Nothing is learned here. Softmax makes of these scores the probabilities of ten Gaussians.

    Examples
    --------
    >>> Templates()(TEMPLATES[3].reshape(1, 84)).argmax()
    np.int64(3)

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, 1998, equation 7: its output layer of radial basis
    functions.
    """

    mixes_images = False

    def forward(self, x: Array) -> Array:
        """Return ten scores, (N, 10), for 84 values, (N, 84)."""
        self._x = x
        drawn = TEMPLATES.reshape(10, 84).astype(x.dtype, copy=False)
        return -0.5 * np.square(x[:, None] - drawn).sum(axis=2)

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input: each score pulls towards its template."""
        x = self.input()
        drawn = TEMPLATES.reshape(10, 84).astype(x.dtype, copy=False)
        dx: Array = dout @ drawn - dout.sum(axis=1, keepdims=True) * x
        return dx

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (10,)."""
        return (10,)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return one square for each pixel of each template."""
        return TEMPLATES.size


def lenet5_1998(rng: np.random.Generator) -> Sequential:
    """Return LeNet-5 as the paper has it: 60,000 learned numbers, and ten drawn templates.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    Sequential
        Takes (N, 1, 32, 32), returns ten scores.

    Examples
    --------
    >>> lenet5_1998(np.random.default_rng(0)).summary((1, 32, 32)).parameters
    60000

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
    1998, section II.B.
    """
    return Sequential(
        *(Conv2d(1, 6, 5, rng=rng), ScaledTanh()),  # C1
        *(Subsample(6), ScaledTanh()),  # S2
        *(SparseConv2d(C3_TABLE, 6, 5, rng=rng), ScaledTanh()),  # C3
        *(Subsample(16), ScaledTanh()),  # S4
        *(Conv2d(16, 120, 5, rng=rng), ScaledTanh(), Flatten()),  # C5
        *(Linear(120, 84, rng=rng), ScaledTanh()),  # F6
        Templates(),
    )


def for_lenet(images: Array) -> Array:
    """Return digits as LeNet-5 wants them: 32×32, paper at -0.1 and ink at 1.175.

    Parameters
    ----------
    images : array, (N, 1, 28, 28)
        From 0 to 1.

    Returns
    -------
    array, (N, 1, 32, 32)

    Examples
    --------
    >>> for_lenet(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape
    (2, 1, 32, 32)
    """
    padded = np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)))
    return padded * images.dtype.type(1.275) - images.dtype.type(0.1)


class Jolt(Layer):
    """While training, shift and stretch each channel by new random numbers at each step.

    So the mean and the spread of what the next layer gets jump about, which is what batch
    normalisation was invented to prevent. In use, nothing is changed. On the way the layer notes
    the mean and the deviation of each channel that it hands on, in `handed_on`.

    Parameters
    ----------
    shift : float
        Each channel is moved by up to this much, up or down. With 0 the layer only watches.
    stretch : float
        And multiplied by a factor between 1 / `stretch` and `stretch`.
    rng : numpy.random.Generator

    Examples
    --------
    >>> jolt = Jolt(0.5, 1.25, rng=np.random.default_rng(0))
    >>> jolt(np.zeros((1, 2, 1, 1))).ravel().round(2)
    array([ 0.14, -0.23])
    >>> jolt.eval()
    >>> jolt(np.zeros((1, 2, 1, 1))).ravel()
    array([0., 0.])

    References
    ----------
    Santurkar, Tsipras, Ilyas and Madry, "How does batch normalization help optimization?", 2018,
    section 2.1, which also gives each image of the batch a noise of its own.
    """

    def __init__(self, shift: float, stretch: float, *, rng: np.random.Generator) -> None:
        super().__init__()
        self.shift, self.stretch, self.rng = shift, stretch, rng
        self.handed_on: list[tuple[Array, Array]] = []
        self._factor: Array | None = None

    def forward(self, x: Array) -> Array:
        """Return the jolted maps, shaped like `x`."""
        self._x, self._factor = x, None
        if not self.training:
            return x
        shape = (x.shape[1], 1, 1)
        if self.shift:
            moved = self.rng.uniform(-self.shift, self.shift, shape).astype(x.dtype)
            self._factor = (self.stretch ** self.rng.uniform(-1, 1, shape)).astype(x.dtype)
            x = x * self._factor + moved
        self.handed_on.append((x.mean(axis=(0, 2, 3)), x.std(axis=(0, 2, 3))))
        return x

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        return dout if self._factor is None else dout * self._factor


def deep_net(
    depth: int,
    rng: np.random.Generator,
    *,
    shortcuts: bool,
    normalised: bool = True,
    channels: int = 8,
    behind: Callable[[], Layer] | None = None,
) -> Sequential:
    """Return a net of `depth` layers that learn, for digits, with or without shortcuts.

    One convolution with stride 2 and a pool bring the digit to 7×7. Then come pairs of 3×3
    convolutions, all alike, and with `shortcuts` a plus sign around each pair. The plus sign learns
    nothing: with and without it, there are equally many numbers.

    Parameters
    ----------
    depth : int
        Even, at least 4: the first convolution, the pairs, and the dense layer.
    rng : numpy.random.Generator
    shortcuts : bool
    normalised : bool
        Whether batch normalisation follows each convolution.
    channels : int
    behind : callable, optional
        Makes a layer that stands behind each normalisation, or behind each convolution where
        there is none.

    Returns
    -------
    Sequential
        Takes (N, 1, 28, 28), returns ten scores.

    Raises
    ------
    ValueError
        If the depth is odd or below 4.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> [deep_net(20, rng, shortcuts=s).summary((1, 28, 28)).parameters for s in (False, True)]
    [10834, 10834]

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016, section 4.2,
    whose nets for CIFAR-10 these shrink.
    """
    if depth < 4 or depth % 2:
        raise ValueError(f"deep_net: depth must be even and at least 4, got {depth}.")

    def conv(c_in: int, stride: int = 1) -> list[Layer]:
        layer = Conv2d(c_in, channels, 3, stride, padding=1, bias=not normalised, rng=rng)
        after: list[Layer] = [BatchNorm2d(channels)] if normalised else []
        return [layer, *after, *([behind()] if behind else [])]

    layers = [*conv(1, stride=2), ReLU(), MaxPool2d(2)]
    for _ in range(depth // 2 - 1):
        pair = [*conv(channels), ReLU(), *conv(channels)]
        layers += [Residual(Sequential(*pair)) if shortcuts else Sequential(*pair), ReLU()]
    return Sequential(*layers, GlobalAvgPool2d(), Flatten(), Linear(channels, 10, rng=rng))
