"""Convolution, ReLU and max pooling in one go, for the replicas that a training step works with.

Three ideas make it fast. None of them changes what is computed, but for rounding.

- Pooling 2×2 keeps the largest of four neighbouring outputs. Four filters at one place give the
  same four numbers, if each is the kernel shifted by a pixel within a frame of zeros. So a kernel
  of 5×5 becomes four of 6×6, the window takes two pixels at a step, and pooling is the largest of
  four whole maps. Collecting the windows takes 36 rows of pixels instead of 4 · 25.
- Bias and ReLU do not change which of four numbers is the largest. So they may come after the
  pooling, where a quarter of the numbers is left.
- The images of a share lie side by side in memory, as (C, H, W, N). Then the same pixel of all of
  them is one contiguous run, whatever the step of the window.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnlib.fast.blas import matmul
from cnnlib.fast.convolution import conv2d_backward_weights
from cnnlib.fast.replicas import replicate
from cnnlib.layers import Conv2d, Layer, MaxPool2d, Parameter, ReLU
from cnnlib.model import Container, Sequential
from cnnlib.types import Array, Pair

# Products that a frame may add to each output; with more, the layers one by one are faster.
_MOST_ZEROS = 200
_LARGEST_MATRIX = 16 << 20  # bytes that all windows may take: they are kept for the way back


def fused_replica(model: Sequential) -> Sequential:
    """Return a replica of a network in which `ConvPool` stands for the layers that it can fuse."""
    replica = replicate(model)
    _fuse(replica)
    return replica


def _fuse(layer: Layer) -> None:
    if type(layer) is Sequential:
        for length in (3, 2):
            for start in range(len(layer.layers)):
                run = layer.layers[start : start + length]
                if _fusible(run):
                    layer.layers[start : start + length] = [ConvPool(run)]
    if isinstance(layer, Container):
        for _, child in layer.children():
            _fuse(child)


def _fusible(run: list[Layer]) -> bool:
    """Return whether these are a convolution and a pooling that are faster in one."""
    if [type(layer) for layer in run] not in ([Conv2d, ReLU, MaxPool2d], [Conv2d, MaxPool2d]):
        return False
    conv, pool = run[0], run[-1]
    assert isinstance(conv, Conv2d)
    assert isinstance(pool, MaxPool2d)
    return (
        conv.groups == 1
        and conv.padding_mode == "zeros"
        and pool.stride == pool.kernel_size
        and pool.padding == (0, 0)
        and conv.in_channels * _zeros(conv, pool) <= _MOST_ZEROS
    )


def _frame(conv: Conv2d, pool: MaxPool2d) -> Pair:
    """Return the size of the frame in which the kernel meets all pixels of a pooling window."""
    (kh, kw), (sh, sw), (qh, qw) = conv.kernel_size, conv.stride, pool.kernel_size
    return kh + (qh - 1) * sh, kw + (qw - 1) * sw


def _zeros(conv: Conv2d, pool: MaxPool2d) -> int:
    return math.prod(_frame(conv, pool)) - math.prod(conv.kernel_size)


class ConvPool(Layer):
    """A convolution and the max pooling after it, perhaps with a ReLU in between."""

    mixes_images = False

    def __init__(self, run: list[Layer]) -> None:
        super().__init__()
        self.plain = Sequential(*run)
        conv, pool = run[0], run[-1]
        assert isinstance(conv, Conv2d)
        assert isinstance(pool, MaxPool2d)
        self.conv, self.pool, self.relu = conv, pool, len(run) == 3
        self.frame = _frame(conv, pool)
        self.step = conv.stride[0] * pool.stride[0], conv.stride[1] * pool.stride[1]
        self.kept: tuple[Array, Array, Array, Array] | None = None

    def parameters(self) -> list[Parameter]:
        """Return what the convolution learns."""
        return self.conv.parameters()

    def forward(self, x: Array) -> Array:
        """Return the pooled maps, (N, C_out, OH, OW); in memory they are (C_out, OH, OW, N)."""
        self.kept = None
        self._x = x
        if not self._suits(x) or not np.isfinite(self.conv.weight.value).all():
            return self.plain(x)
        windows = self._windows(x)
        columns = windows.reshape(-1, math.prod(windows.shape[3:]))
        maps = matmul(self._framed(), columns).reshape(-1, self.conv.out_channels, columns.shape[1])
        largest = maps.max(axis=0)
        if not np.isfinite(largest.max()):  # zeros of a frame make NaN of what is not finite
            return self.plain(x)
        bias = 0 if self.conv.bias is None else self.conv.bias.value[:, None]
        y = largest + bias
        if self.relu:
            np.clip(y, 0, np.inf, out=y)  # as in `relu`
        self.kept = windows, maps, largest, y
        return y.reshape(-1, *windows.shape[3:]).transpose(3, 0, 1, 2)

    def backward(self, dout: Array) -> Array:
        """Return the gradient for the input."""
        if self._went_plain(dout):
            return self.plain.backward(dout)
        windows, dmaps = self._backward_weights(dout)
        # The windows are no longer needed: their gradients take their place.
        matmul(self._framed().T, dmaps, out=windows.reshape(-1, dmaps.shape[1]))
        (sh, sw), (ph, pw) = self.step, self.conv.padding
        fh, fw, c, oh, ow, n = windows.shape
        h, w = self.input().shape[2:]
        # Within a frame, pixels of one step side by side do not overlap: they are added at once.
        dx = np.zeros((c, h + 2 * ph + sh, w + 2 * pw + sw, n), dtype=windows.dtype)
        for i in range(0, fh, sh):
            for j in range(0, fw, sw):
                part = windows[i : i + sh, j : j + sw].transpose(2, 3, 0, 4, 1, 5)
                steps = dx[:, i : i + sh * oh, j : j + sw * ow].reshape(c, oh, sh, ow, sw, n)
                steps[:, :, : part.shape[2], :, : part.shape[4]] += part
        return dx[:, ph : ph + h, pw : pw + w].transpose(3, 0, 1, 2)

    def backward_weights(self, dout: Array) -> None:
        """Leave the gradients of the weights in ``.grad``."""
        if self._went_plain(dout):
            backward_weights(self.plain, dout)
        else:
            self._backward_weights(dout)

    def _went_plain(self, dout: Array) -> bool:
        """Return whether the plain layers go back; they do so too where a product spoils `dout`."""
        if self.kept is not None and not np.isfinite(dout).all():
            self.kept = None
            self.plain(self.input())
        return self.kept is None

    def _backward_weights(self, dout: Array) -> tuple[Array, Array]:
        """Do that, and return what is needed to go on: the windows, and the maps' gradient."""
        assert self.kept is not None
        (windows, maps, largest, y), self.kept = self.kept, None
        dlargest = np.ascontiguousarray(dout.transpose(1, 2, 3, 0)).reshape(y.shape)
        if self.relu:
            dlargest = dlargest * (y > 0)
        wins = maps == largest
        if np.count_nonzero(wins) > largest.size:  # a tie: the first in row-major order counts
            wins[1:] &= ~np.logical_or.accumulate(wins, axis=0)[:-1]
        np.multiply(wins, dlargest, out=maps)  # the maps give their place to their gradients
        dmaps = maps.reshape(-1, maps.shape[2])
        # BLAS prefers this to `dmaps @ columns.T`.
        dframed = matmul(windows.reshape(-1, dmaps.shape[1]), dmaps.T).T
        self.conv.weight.grad = self._unframed(dframed)
        if self.conv.bias is not None:
            self.conv.bias.grad = dlargest.sum(axis=1)
        return windows, dmaps

    def _suits(self, x: Array) -> bool:
        """Return whether this way is open; if not, the plain layers also know what is wrong."""
        weight = self.conv.weight
        if x.ndim != 4 or x.dtype != weight.dtype or x.shape[1] != self.conv.in_channels:
            return False
        oh, ow = self._output_size(x)
        count = len(x) * oh * ow * x.shape[1] * math.prod(self.frame)
        return oh > 0 and ow > 0 and count * x.itemsize <= _LARGEST_MATRIX

    def _output_size(self, x: Array) -> Pair:
        (h, w), (fh, fw), (sh, sw) = x.shape[2:], self.frame, self.step
        ph, pw = self.conv.padding
        return (h + 2 * ph - fh) // sh + 1, (w + 2 * pw - fw) // sw + 1

    def _windows(self, x: Array) -> Array:
        """Return a copy of the windows, (FH, FW, C, OH, OW, N)."""
        (sh, sw), (ph, pw) = self.step, self.conv.padding
        n, c, _, _ = x.shape
        shape = (*self.frame, c, *self._output_size(x), n)
        x = x.transpose(1, 2, 3, 0)
        if ph or pw:
            x = np.pad(x, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
        channel, row, column, image = (x := np.ascontiguousarray(x)).strides
        steps = (row, column, channel, sh * row, sw * column, image)
        return as_strided(x, shape, steps).copy()

    def _places(self) -> list[tuple[slice, slice]]:
        """Return, for each pixel of a pooling window, where the kernel lies in its frame."""
        (kh, kw), (sh, sw), (qh, qw) = self.conv.kernel_size, self.conv.stride, self.pool.stride
        corners = [(sh * i, sw * j) for i in range(qh) for j in range(qw)]
        return [(slice(i, i + kh), slice(j, j + kw)) for i, j in corners]

    def _framed(self) -> Array:
        """Return the shifted kernels in their frames as rows, (QH·QW·C_out, FH·FW·C)."""
        weight, places = self.conv.weight.value.transpose(0, 2, 3, 1), self._places()
        c_out, c_in = len(weight), weight.shape[3]
        framed = np.zeros((len(places), c_out, *self.frame, c_in), dtype=weight.dtype)
        for part, (rows, columns) in zip(framed, places, strict=True):
            part[:, rows, columns] = weight
        return framed.reshape(len(places) * c_out, -1)

    def _unframed(self, dframed: Array) -> Array:
        """Return the gradient of the weight: the sum of what its shifted copies got."""
        c_out, c_in, kh, kw = self.conv.weight.shape
        places = self._places()
        dframed = dframed.reshape(len(places), c_out, *self.frame, c_in)
        dweight = np.zeros((c_out, kh, kw, c_in), dtype=dframed.dtype)
        for part, (rows, columns) in zip(dframed, places, strict=True):
            dweight += part[:, rows, columns]
        return np.ascontiguousarray(dweight.transpose(0, 3, 1, 2))


def backward_weights(layer: Layer, dout: Array) -> None:
    """Leave the gradients of the weights in ``.grad``, as `backward` does, and no more.

    Nobody learns the images, so the first convolution need not find their gradient: that is half
    of the work of its backward pass.
    """
    if type(layer) is Sequential and layer.layers and "backward" not in vars(layer):
        for later in reversed(layer.layers[1:]):
            dout = later.backward(dout)
        backward_weights(layer.layers[0], dout)
    elif type(layer) is ConvPool:
        layer.backward_weights(dout)
    elif type(layer) is Conv2d and "backward" not in vars(layer):
        x, padding = layer.add_border(layer.input())
        layer.weight.grad, dbias = conv2d_backward_weights(
            dout, x, layer.weight.value, layer.stride, padding, layer.groups
        )
        if layer.bias is not None:
            layer.bias.grad = dbias
    else:
        layer.backward(dout)
