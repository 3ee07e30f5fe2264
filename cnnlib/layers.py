"""Layers: an operation together with its weights and the input it last saw.

A layer adds no mathematics. `forward` calls a function of `cnnlib.functional` and remembers the
input; `backward` hands that input to the matching backward function and leaves the gradients of
the weights in ``parameter.grad``.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from cnnlib import functional as F
from cnnlib.checks import describe, generator, integer, number, pair
from cnnlib.shapes import fitting_size
from cnnlib.types import Array, Pair, Shape, Size

__all__ = [
    "AvgPool2d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "GlobalAvgPool2d",
    "Layer",
    "LeakyReLU",
    "Linear",
    "LocalResponseNorm",
    "MaxPool2d",
    "MinPool2d",
    "Parameter",
    "ReLU",
    "ReLU6",
    "Sigmoid",
    "Tanh",
]


class Parameter:
    """An array that the network learns, and the gradient of the loss with respect to it.

    The array is made when it is first needed: a network may be sized up without its weights
    ever taking up memory.

    Attributes
    ----------
    name : str
        ``weight`` or ``bias``.
    shape : tuple of int
    dtype : numpy.dtype
    value : array
        Set it to any array of the same shape; the dtype is kept.
    grad : array or None
        Left here by the last ``backward``; each backward writes it anew.

    Examples
    --------
    >>> bias = Parameter("bias", (3,), lambda: np.zeros(3), np.float32)
    >>> bias.value
    array([0., 0., 0.], dtype=float32)
    """

    def __init__(
        self,
        name: str,
        shape: Shape,
        initial: Callable[[], Array],
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.name = name
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.grad: Array | None = None
        self._initial = initial
        self._value: Array | None = None

    @property
    def size(self) -> int:
        """How many numbers the array holds."""
        return math.prod(self.shape)

    @property
    def value(self) -> Array:
        """The array itself, made on first use."""
        if self._value is None:
            self._value = self._initial().astype(self.dtype, copy=False)
        return self._value

    @value.setter
    def value(self, value: Array) -> None:
        if not isinstance(value, np.ndarray) or value.shape != self.shape:
            raise ValueError(
                f"Parameter {self.name}: expected an array of shape {self.shape}, "
                f"got {describe(value)}."
            )
        self._value = value.astype(self.dtype, copy=False)

    def __repr__(self) -> str:
        return f"Parameter({self.name}, shape={self.shape}, dtype={self.dtype})"


class Layer:
    """What every layer can do.

    A layer of your own needs `forward` and `backward`, and `output_shape` if a summary should
    show it; one with weights also lists them in `parameters`.

    Attributes
    ----------
    training : bool
        Some layers (dropout) behave differently while training.
    window : (kernel_size, stride) pairs for (height, width)
        What the layer does to the receptive field.
    mixes_images : bool
        Whether the images of a batch meet in this layer, as in batch normalisation. True unless
        the class itself declares False: then a batch may be cut into parts that are worked on
        apart. Declare it only if each image's output depends on that image alone, nothing is
        random, and nothing is kept but what `backward` needs.
    """

    training = True
    mixes_images: bool = True
    window: tuple[Pair, Pair] = ((1, 1), (1, 1))

    def __init_subclass__(cls) -> None:
        # A subclass may compute something else than its parent, so it declares for itself.
        if "mixes_images" not in vars(cls):
            cls.mixes_images = True

    def __init__(self) -> None:
        self._x: Array | None = None

    def __call__(self, x: Array) -> Array:
        """Run `forward`."""
        return self.forward(x)

    def forward(self, x: Array) -> Array:
        """Return the output, and remember the input for `backward`."""
        raise TypeError(f"{type(self).__name__}.forward is not defined; write it in the subclass.")

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input; leave those of the weights in ``.grad``."""
        raise TypeError(f"{type(self).__name__}.backward is not defined; write it in the subclass.")

    def parameters(self) -> list[Parameter]:
        """Return what this layer learns."""
        return []

    def buffers(self) -> list[Parameter]:
        """Return arrays that are saved with the weights but not learned."""
        return []

    def children(self) -> list[tuple[str, "Layer"]]:
        """Return the layers inside this one, each with its name; most have none."""
        return []

    def train(self, training: bool = True) -> None:
        """Switch to training behaviour, here and in every layer inside."""
        self.training = training
        for _, child in self.children():
            child.train(training)

    def eval(self) -> None:
        """Switch to the behaviour for use: nothing random, nothing learned on the way."""
        self.train(False)

    def to(self, dtype: npt.DTypeLike) -> Self:
        """Change the dtype of every array in here. Make the optimiser after it.

        Rounding differs from machine to machine, and a training makes it grow. In float64 it begins
        half a billion times smaller.

        Parameters
        ----------
        dtype : float32 or float64

        Returns
        -------
        Layer
            This one.

        Raises
        ------
        TypeError
            For another dtype; nothing is changed.
        """
        dtype = _check_dtype(f"{type(self).__name__}.to", dtype)
        for array in (*self.parameters(), *self.buffers()):
            # In this order: the value is converted to the dtype that was set before it.
            array.dtype, array.grad, array.value = dtype, None, array.value
        return self

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one sample's output, without computing it."""
        return input_shape

    def receptive_field(self, field: int, jump: int, input_shape: Shape) -> Pair:
        """Return the receptive field and jump after this layer, given those before it.

        The jump is how many input pixels apart two neighbouring output pixels look, along the
        height. The shape is that of the layer's own input, (C, H, W).
        """
        kernel_size, stride = self.window[0]
        return field + (kernel_size - 1) * jump, jump * stride

    def flow(self, shape: Shape, view: Pair) -> Iterator[tuple[str, "Layer", Shape, Pair]]:
        """Yield each layer inside with the shape and the view that reach it: side by side, all one.

        A view is the receptive field and the jump.
        """
        for name, child in self.children():
            yield name, child, shape, view

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return how many multiplications (each with its addition) one sample costs."""
        return 0

    def input(self) -> Array:
        """Return the input of the last forward pass."""
        if self._x is None:
            raise ValueError(
                f"{type(self).__name__}.backward: there is no input to work with yet. "
                "Call the layer on a batch first, y = layer(x), then layer.backward(dout)."
            )
        return self._x

    def _image_shape(self, shape: Shape) -> tuple[int, int, int]:
        if len(shape) != 3:
            raise ValueError(
                f"{type(self).__name__}: expected an input of shape (C, H, W), got {shape}. "
                "A sample's shape has no batch axis, and no Flatten may come before this layer."
            )
        return shape[0], shape[1], shape[2]

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _check_dtype(op: str, dtype: npt.DTypeLike) -> np.dtype[Any]:
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise TypeError(f"{op}: dtype must be float32 or float64, got {np.dtype(dtype)}.")
    return np.dtype(dtype)


def _he_normal(
    shape: Shape, fan_in: int, rng: np.random.Generator, dtype: np.dtype[Any]
) -> Parameter:
    """Return weights of variance 2 / fan_in, which keeps the signal's size through ReLU layers.

    The seed is drawn now and used when the weights are first needed, so their values do not
    depend on which layer is used first.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equation 10.
    """
    seed = int(rng.integers(2**63))
    scale = np.sqrt(2.0 / fan_in)

    def initial() -> Array:
        values = np.random.default_rng(seed).standard_normal(shape, dtype=dtype.type)
        values *= dtype.type(scale)
        return values

    return Parameter("weight", shape, initial, dtype)


def _constant(name: str, size: int, value: float, dtype: np.dtype[Any]) -> Parameter:
    """Return a parameter that begins with the same value everywhere."""
    return Parameter(name, (size,), lambda: np.full(size, value), dtype)


class Conv2d(Layer):
    """Convolution with learned filters.

    Parameters
    ----------
    in_channels, out_channels : int
        Depth of the input, and number of filters.
    kernel_size, stride, padding : int or (int, int)
    groups : int
        See `cnnlib.functional.conv2d`.
    bias : bool
        Whether each filter adds a number of its own.
    padding_mode : {"zeros", "reflect", "replicate"}
        What the border holds; see `cnnlib.functional.pad2d`.
    rng : numpy.random.Generator
        Draws the first weights (He normal); biases start at zero.
    dtype : float32 or float64

    Raises
    ------
    ValueError, TypeError
        If a size is out of range, or `rng` is not a generator.

    Examples
    --------
    >>> conv = Conv2d(3, 4, kernel_size=5, rng=np.random.default_rng(0))
    >>> conv(np.zeros((2, 3, 32, 32), dtype=np.float32)).shape
    (2, 4, 28, 28)
    >>> sum(parameter.size for parameter in conv.parameters())
    304
    """

    mixes_images = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        rng: np.random.Generator,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.in_channels = integer("Conv2d", "in_channels", in_channels, 1)
        self.out_channels = integer("Conv2d", "out_channels", out_channels, 1)
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = pair("Conv2d", "stride", stride, 1)
        self.padding = pair("Conv2d", "padding", padding, 0)
        self.groups = integer("Conv2d", "groups", groups, 1)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: {groups} groups cannot share {in_channels} input and {out_channels} "
                "output channels equally. Choose a number that divides both."
            )
        if padding_mode not in ("zeros", "reflect", "replicate"):
            raise ValueError(
                "Conv2d: padding_mode must be one of zeros, reflect, replicate, "
                f"got {padding_mode!r}."
            )
        self.padding_mode = padding_mode
        dtype = _check_dtype("Conv2d", dtype)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        fan_in = math.prod(shape[1:])
        self.weight = _he_normal(shape, fan_in, generator("Conv2d", rng), dtype)
        self.bias = _constant("bias", out_channels, 0, dtype) if bias else None
        (kh, kw), (sh, sw) = self.kernel_size, self.stride
        self.window = (kh, sh), (kw, sw)

    def forward(self, x: Array) -> Array:
        """Return the feature maps, (N, C_out, OH, OW)."""
        bordered, padding = self.add_border(x)
        bias = None if self.bias is None else self.bias.value
        y = F.conv2d(bordered, self.weight.value, bias, self.stride, padding, self.groups)
        self._x = x
        return y

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        x = self.input()
        bordered, padding = self.add_border(x)
        dx, self.weight.grad, dbias = F.conv2d_backward(
            dout, bordered, self.weight.value, self.stride, padding, self.groups
        )
        if self.bias is not None:
            self.bias.grad = dbias
        if bordered is not x:
            dx = F.pad2d_backward(dx, x, self.padding, self.padding_mode)
        return dx

    def add_border(self, x: Array) -> tuple[Array, Pair]:
        """Return x with a border other than zeros, and the zero padding that is still to do."""
        if self.padding_mode == "zeros":
            return x, self.padding
        return F.pad2d(x, self.padding, self.padding_mode), (0, 0)

    def parameters(self) -> list[Parameter]:
        """Return the weight, and the bias if there is one."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C_out, OH, OW) for an input of (C_in, H, W)."""
        c, h, w = self._image_shape(input_shape)
        if c != self.in_channels:
            raise ValueError(
                f"Conv2d: expects {self.in_channels} input channels, got {c} "
                f"(input shape {input_shape}). Build the layer with in_channels={c}."
            )
        (kh, kw), (sh, sw), (ph, pw) = self.kernel_size, self.stride, self.padding
        oh = fitting_size("Conv2d", "height", h, kh, sh, ph)
        ow = fitting_size("Conv2d", "width", w, kw, sw, pw)
        return self.out_channels, oh, ow

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return one product for each weight of each filter at each output pixel."""
        _, oh, ow = self.output_shape(input_shape)
        return self.weight.size * oh * ow

    def __repr__(self) -> str:
        extras = f", kernel_size={_short(self.kernel_size)}"
        if self.stride != (1, 1):
            extras += f", stride={_short(self.stride)}"
        if self.padding != (0, 0):
            extras += f", padding={_short(self.padding)}"
        if self.groups != 1:
            extras += f", groups={self.groups}"
        if self.bias is None:
            extras += ", bias=False"
        if self.padding_mode != "zeros":
            extras += f", padding_mode={self.padding_mode!r}"
        return f"Conv2d({self.in_channels}, {self.out_channels}{extras})"


def _short(size: Pair) -> str:
    """Write (3, 3) as 3."""
    return str(size[0]) if size[0] == size[1] else str(size)


class Linear(Layer):
    """Fully connected layer: every input meets every output.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
    rng : numpy.random.Generator
        Draws the first weights (He normal); biases start at zero.
    dtype : float32 or float64

    Raises
    ------
    ValueError, TypeError
        If a size is out of range, or `rng` is not a generator.

    Examples
    --------
    >>> dense = Linear(9216, 4096, rng=np.random.default_rng(0))
    >>> sum(parameter.size for parameter in dense.parameters())
    37752832
    """

    mixes_images = False

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.in_features = integer("Linear", "in_features", in_features, 1)
        self.out_features = integer("Linear", "out_features", out_features, 1)
        dtype = _check_dtype("Linear", dtype)
        shape = (out_features, in_features)
        self.weight = _he_normal(shape, in_features, generator("Linear", rng), dtype)
        self.bias = _constant("bias", out_features, 0, dtype) if bias else None

    def forward(self, x: Array) -> Array:
        """Return the weighted sums, (N, out_features)."""
        y = F.linear(x, self.weight.value, None if self.bias is None else self.bias.value)
        self._x = x
        return y

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        dx, self.weight.grad, dbias = F.linear_backward(dout, self.input(), self.weight.value)
        if self.bias is not None:
            self.bias.grad = dbias
        return dx

    def parameters(self) -> list[Parameter]:
        """Return the weight, and the bias if there is one."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (out_features,)."""
        if input_shape != (self.in_features,):
            fix = f"Build the layer with in_features={math.prod(input_shape)}."
            if len(input_shape) > 1:
                fix = f"Put a Flatten before it; {fix[0].lower()}{fix[1:]}"
            raise ValueError(
                f"Linear: expects {self.in_features} input features, got the shape {input_shape}. "
                f"{fix}"
            )
        return (self.out_features,)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return one product for each weight."""
        return self.weight.size

    def __repr__(self) -> str:
        extra = ", bias=False" if self.bias is None else ""
        return f"Linear({self.in_features}, {self.out_features}{extra})"


class Operation(Layer):
    """A layer without weights: a function of `cnnlib.functional`, with its settings.

    Attributes
    ----------
    operation : str
        Name of the function; that of its backward function ends in ``_backward``.
    """

    operation = ""

    def settings(self) -> tuple[Any, ...]:
        """Return what the function takes besides the input."""
        return ()

    def forward(self, x: Array) -> Array:
        """Return the output of the function."""
        y: Array = getattr(F, self.operation)(x, *self.settings())
        self._x = x
        return y

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        dx: Array = getattr(F, f"{self.operation}_backward")(dout, self.input(), *self.settings())
        return dx


class ReLU(Operation):
    """Keep positive values, replace negative ones by zero.

    Examples
    --------
    >>> ReLU()(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    mixes_images = False
    operation = "relu"


class ReLU6(Operation):
    """Replace negative values by zero, and what is above 6 by 6.

    Examples
    --------
    >>> ReLU6()(np.array([[-1.0, 2.0, 7.0]]))
    array([[0., 2., 6.]])
    """

    mixes_images = False
    operation = "relu6"


class LeakyReLU(Operation):
    """Keep positive values, scale negative ones down.

    Parameters
    ----------
    negative_slope : float

    Examples
    --------
    >>> LeakyReLU(0.1)(np.array([[-1.0, 2.0]]))
    array([[-0.1,  2. ]])
    """

    mixes_images = False
    operation = "leaky_relu"

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope)

    def settings(self) -> tuple[Any, ...]:
        """Return what the function takes besides the input."""
        return (self.negative_slope,)

    def __repr__(self) -> str:
        return f"LeakyReLU({self.negative_slope})"


class Sigmoid(Operation):
    """Squeeze every value into 0–1.

    Examples
    --------
    >>> Sigmoid()(np.array([[0.0]]))
    array([[0.5]])
    """

    mixes_images = False
    operation = "sigmoid"


class Tanh(Operation):
    """Squeeze every value into -1 … 1.

    Examples
    --------
    >>> Tanh()(np.array([[0.0]]))
    array([[0.]])
    """

    mixes_images = False
    operation = "tanh"


class _Pool2d(Operation):
    """What max and average pooling share: sizes, shapes and their name in print."""

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        super().__init__()
        op = type(self).__name__
        self.kernel_size = pair(op, "kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else pair(op, "stride", stride, 1)
        self.padding = pair(op, "padding", padding, 0)
        (kh, kw), (sh, sw) = self.kernel_size, self.stride
        self.window = (kh, sh), (kw, sw)

    def settings(self) -> tuple[Any, ...]:
        """Return what the function takes besides the input."""
        return self.kernel_size, self.stride, self.padding

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OH, OW) for an input of (C, H, W)."""
        c, h, w = self._image_shape(input_shape)
        op, (kh, kw), (sh, sw), (ph, pw) = type(self).__name__, *self.settings()
        oh = fitting_size(op, "height", h, kh, sh, ph)
        ow = fitting_size(op, "width", w, kw, sw, pw)
        return c, oh, ow

    def __repr__(self) -> str:
        extras = _short(self.kernel_size)
        if self.stride != self.kernel_size:
            extras += f", stride={_short(self.stride)}"
        if self.padding != (0, 0):
            extras += f", padding={_short(self.padding)}"
        return f"{type(self).__name__}({extras})"


class MaxPool2d(_Pool2d):
    """Keep the largest value of each window.

    Parameters
    ----------
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        The kernel size unless given.
    padding : int or (int, int)

    Examples
    --------
    >>> MaxPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    mixes_images = False
    operation = "max_pool2d"


class MinPool2d(_Pool2d):
    """Keep the smallest value of each window.

    Parameters
    ----------
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        The kernel size unless given.
    padding : int or (int, int)

    Examples
    --------
    >>> MinPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 0.,  2.],
           [ 8., 10.]])
    """

    mixes_images = False
    operation = "min_pool2d"


class AvgPool2d(_Pool2d):
    """Keep the mean of each window.

    Parameters
    ----------
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        The kernel size unless given.
    padding : int or (int, int)

    Examples
    --------
    >>> AvgPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """

    mixes_images = False
    operation = "avg_pool2d"


class GlobalAvgPool2d(Operation):
    """Keep one number for each channel: the mean of its map.

    Examples
    --------
    >>> GlobalAvgPool2d()(np.ones((2, 8, 7, 7))).shape
    (2, 8, 1, 1)
    """

    mixes_images = False
    operation = "global_avg_pool2d"

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, 1, 1)."""
        return self._image_shape(input_shape)[0], 1, 1

    def receptive_field(self, field: int, jump: int, input_shape: Shape) -> Pair:
        """Return the view of a window as high as the map."""
        height = self._image_shape(input_shape)[1]
        return field + (height - 1) * jump, jump * height


class BatchNorm2d(Layer):
    """Bring each channel to mean 0 and variance 1, then scale and shift it as learned.

    While training, mean and variance are those of the batch, and a running average of them is
    kept. In use, the running average takes their place, so that a sample's output does not depend
    on its neighbours in the batch.

    Parameters
    ----------
    num_features : int
        Channels.
    eps : float
        Keeps the division finite.
    momentum : float
        Share of the newest batch in the running average.
    dtype : float32 or float64

    Examples
    --------
    >>> norm = BatchNorm2d(2, dtype=np.float64)
    >>> y = norm(np.arange(16.0).reshape(2, 2, 2, 2))
    >>> y.mean(axis=(0, 2, 3)).round(6), y.std(axis=(0, 2, 3)).round(3)
    (array([0., 0.]), array([1., 1.]))
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        size = integer("BatchNorm2d", "num_features", num_features, 1)
        self.num_features = size
        self.eps = number("BatchNorm2d", "eps", eps)
        self.momentum = number("BatchNorm2d", "momentum", momentum)
        if not 0 < self.momentum <= 1:
            raise ValueError(
                f"BatchNorm2d: momentum must be above 0 and at most 1, got {momentum}."
            )
        dtype = _check_dtype("BatchNorm2d", dtype)
        self.weight = _constant("weight", size, 1, dtype)
        self.bias = _constant("bias", size, 0, dtype)
        self.running_mean = _constant("running_mean", size, 0, dtype)
        self.running_var = _constant("running_var", size, 1, dtype)
        self._statistics: tuple[Array, Array] | None = None

    @property
    def mixes_images(self) -> bool:  # type: ignore[override]
        """While training every image counts in the mean of the batch."""
        return self.training

    def forward(self, x: Array) -> Array:
        """Return the normalised maps, shaped like `x`."""
        weight, bias = self.weight.value, self.bias.value
        if self.training:
            own, self._statistics = F.batch_statistics(x), None
            y = F.batch_norm2d(x, weight, bias, *own, self.eps)
            self._update(*own, count=x.size // x.shape[1])
        else:
            self._statistics = (self.running_mean.value.copy(), self.running_var.value.copy())
            y = F.batch_norm2d(x, weight, bias, *self._statistics, self.eps)
        self._x = x
        return y

    def _update(self, mean: Array, var: Array, count: int) -> None:
        # As in PyTorch, the running variance is the unbiased one, divided by one less.
        var = var * (count / max(count - 1, 1))
        for running, new in ((self.running_mean, mean), (self.running_var, var)):
            running.value = (1 - self.momentum) * running.value + self.momentum * new

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        mean, var = self._statistics or (None, None)
        dx, self.weight.grad, self.bias.grad = F.batch_norm2d_backward(
            dout, self.input(), self.weight.value, mean, var, self.eps
        )
        return dx

    def parameters(self) -> list[Parameter]:
        """Return the scale and the shift."""
        return [self.weight, self.bias]

    def buffers(self) -> list[Parameter]:
        """Return the running mean and variance."""
        return [self.running_mean, self.running_var]

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape unchanged."""
        channels = self._image_shape(input_shape)[0]
        if channels != self.num_features:
            raise ValueError(
                f"BatchNorm2d: expects {self.num_features} channels, got {channels} "
                f"(input shape {input_shape}). Build the layer with num_features={channels}."
            )
        return input_shape

    def __repr__(self) -> str:
        return f"BatchNorm2d({self.num_features})"


class LocalResponseNorm(Operation):
    """Divide each value by how loud its neighbouring channels are, as AlexNet did.

    Parameters
    ----------
    size : int
    alpha, beta, k : float
        See `cnnlib.functional.local_response_norm`.

    Examples
    --------
    >>> LocalResponseNorm(5)(np.zeros((1, 8, 2, 2))).shape
    (1, 8, 2, 2)
    """

    mixes_images = False
    operation = "local_response_norm"

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = integer("LocalResponseNorm", "size", size, 1)
        self.alpha = number("LocalResponseNorm", "alpha", alpha)
        self.beta = number("LocalResponseNorm", "beta", beta)
        self.k = number("LocalResponseNorm", "k", k)

    def settings(self) -> tuple[Any, ...]:
        """Return what the function takes besides the input."""
        return (self.size, self.alpha, self.beta, self.k)

    def __repr__(self) -> str:
        return f"LocalResponseNorm({self.size})"


class Flatten(Operation):
    """Turn each sample into one row of numbers.

    Examples
    --------
    >>> Flatten()(np.zeros((2, 3, 4, 4))).shape
    (2, 48)
    """

    mixes_images = False
    operation = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (F,)."""
        return (math.prod(input_shape),)


class Dropout(Layer):
    """While training, set a random share of the values to zero and scale up the others.

    Parameters
    ----------
    p : float
        Share of values dropped.
    rng : numpy.random.Generator
        Draws which ones.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer.training = False
    >>> layer(np.ones((1, 3)))
    array([[1., 1., 1.]])
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator) -> None:
        super().__init__()
        self.p = number("Dropout", "p", p)
        if not 0 <= self.p < 1:
            raise ValueError(
                f"Dropout: p is the share of values dropped, at least 0 and below 1, got {p}."
            )
        self.rng = generator("Dropout", rng)
        self._mask: Array | None = None

    @property
    def mixes_images(self) -> bool:  # type: ignore[override]
        """While training the parts of a batch would draw their masks in no fixed order."""
        return self.training

    def forward(self, x: Array) -> Array:
        """Return the values that were kept, scaled; all of them when not training."""
        self._mask = F.dropout_mask(x.shape, self.p, self.rng, x.dtype) if self.training else None
        y = x if self._mask is None else F.dropout(x, self._mask)
        self._x = x
        return y

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input: nothing for what was dropped."""
        x = self.input()
        return dout if self._mask is None else F.dropout_backward(dout, x, self._mask)

    def __repr__(self) -> str:
        return f"Dropout({self.p})"
