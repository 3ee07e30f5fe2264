"""Right answers to the exercises of notebook 07, of odd kinds. All of them pass."""

# Learners zip without `strict`.
# ruff: noqa: B905

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from types import SimpleNamespace

import numpy as np
from answers import Answers
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.gradcheck import numerical_gradient
from cnnlib.layers import Conv2d, Flatten, LeakyReLU, Linear, MaxPool2d, Parameter, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD

right = Answers()

right.values(
    "two_paths", 28, 28.0, np.int64(28), np.float32(28), Fraction(28), np.uint8(28), np.array(28)
)


# The gate, and one that leaks


@right.to("relu_backward")
def by_where(dout, x, leak=0):
    return dout * np.where(x > 0, 1, leak)


@right.to("relu_backward")
def by_two_masks(dout, x, leak=0):
    return dout * (x > 0) + leak * dout * (x <= 0)


@right.to("relu_backward")
def by_indexing(dout, x, leak=0):
    dx = dout.copy()
    dx[x <= 0] *= leak
    return dx


@right.to("relu_backward")
def by_maximum(dout, x, leak=0):
    return dout * np.maximum(x > 0, leak)


@right.to("relu_backward")
def by_the_heaviside_step(dout, x, leak=0):
    return dout * (leak + (1 - leak) * np.heaviside(x, 0))


@right.to("relu_backward")
def by_the_sign(dout, x, leak=0):
    gate = (np.sign(x) + 1) // 2
    return gate * dout + (1 - gate) * leak * dout


@right.to("relu_backward")
def by_select(dout, x, leak=0):
    return np.select([x > 0, x <= 0], [dout, leak * dout])


@right.to("relu_backward")
def by_choose(dout, x, leak=0):
    return np.choose((x > 0).astype(int), [dout * leak, dout])


@right.to("relu_backward")
def by_the_library(dout, x, leak=0):
    return F.leaky_relu_backward(dout, x, leak)


@right.to("relu_backward")
def by_a_layer(dout, x, leak=0):
    layer = LeakyReLU(leak) if leak else ReLU()
    layer.forward(x)
    return layer.backward(dout)


@right.to("relu_backward")
def in_loops(dout, x, leak=0):
    dx = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        if x[place] > 0:
            dx[place] = dout[place]
        else:
            dx[place] = dout[place] * leak
    return dx


@right.to("relu_backward")
def in_python(dout, x, leak=0):
    slopes = [d if v > 0 else leak * d for d, v in zip(dout.ravel().tolist(), x.ravel().tolist())]
    return np.array(slopes).reshape(x.shape)


@right.to("relu_backward")
def by_vectorize(dout, x, leak=0):
    return np.vectorize(lambda d, v: d if v > 0 else leak * d, otypes=[float])(dout, x)


@right.to("relu_backward")
def relu_recursive(dout, x, leak=0):
    if x.ndim == 0:
        return dout if x > 0 else leak * dout
    return np.array([relu_recursive(d, v, leak) for d, v in zip(dout, x)])


@right.to("relu_backward")
def with_another_default(dout, x, leak=0.0):
    return np.where(x > 0.0, dout, np.multiply(leak, dout))


@right.to("relu_backward")
def as_a_difference(dout, x, leak=0):
    return dout - (1 - leak) * np.where(x > 0, 0, dout)


# A whole layer


@right.to("linear_layer")
class KeepsATransposedWeight:
    def __init__(self, weight, bias):
        self.weight = weight.T
        self.bias = bias

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, dout):
        self.dweight = (self.x.T @ dout).T
        self.dbias = dout.sum(0)
        return dout @ self.weight.T


@right.to("linear_layer")
class KeepsOneMatrix:
    """The bias is one more column of the weight, for an input that is always 1."""

    def __init__(self, weight, bias):
        self.weight = np.column_stack([weight, bias])

    def forward(self, x):
        self.x = np.column_stack([x, np.ones(len(x), x.dtype)])
        return self.x @ self.weight.T

    def backward(self, dout):
        both = dout.T @ self.x
        self.dweight, self.dbias = both[:, :-1], both[:, -1]
        return dout @ self.weight[:, :-1]


@right.to("linear_layer")
class KeepsADict:
    def __init__(self, weight, bias):
        self.weight = {"weight": weight, "bias": bias}

    def forward(self, x):
        self.cache = {"x": x}
        return x @ self.weight["weight"].T + self.weight["bias"]

    def backward(self, dout):
        self.dweight, self.dbias = dout.T @ self.cache["x"], dout.sum(axis=0)
        return dout @ self.weight["weight"]


@right.to("linear_layer")
class KeepsALeadingAxis:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight[None], bias[None, :]

    def forward(self, x):
        self.x = x
        return (self.weight * x[:, None, :]).sum(-1) + self.bias

    def backward(self, dout):
        self.dweight = (dout[:, :, None] * self.x[:, None, :]).sum(0)
        self.dbias = dout.sum(axis=0)
        return (dout[:, :, None] * self.weight).sum(axis=1)


@right.to("linear_layer")
class HasAMethodNamedWeight:
    def __init__(self, weight, bias):
        self._weight, self._bias = weight, bias

    def weight(self):
        return self._weight

    def bias(self):
        return self._bias

    def forward(self, x):
        self.x = x
        return x @ self.weight().T + self.bias()

    def backward(self, dout):
        self.dweight, self.dbias = dout.T @ self.x, dout.sum(axis=0)
        return dout @ self.weight()


@right.to("linear_layer")
class InheritsFromTheLibrary(Linear):
    def __init__(self, weight, bias):
        outputs, inputs = weight.shape
        super().__init__(inputs, outputs, rng=np.random.default_rng(0), dtype=weight.dtype)
        self.weight.value, self.bias.value = weight, bias

    @property
    def dweight(self):
        return self.weight.grad

    @property
    def dbias(self):
        return self.bias.grad


@right.to("linear_layer")
class HoldsALayerOfTheLibrary:
    def __init__(self, weight, bias):
        self.layer = Linear(
            weight.shape[1], weight.shape[0], rng=np.random.default_rng(0), dtype=weight.dtype
        )
        self.layer.weight.value, self.layer.bias.value = weight, bias

    def forward(self, x):
        return self.layer(x)

    def backward(self, dout):
        dx = self.layer.backward(dout)
        self.dweight, self.dbias = (one.grad for one in self.layer.parameters())
        return dx


@right.to("linear_layer")
class HasSlots:
    __slots__ = ("bias", "dbias", "dweight", "weight", "x")

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        self.x = x
        return np.dot(x, self.weight.T) + self.bias

    def backward(self, dout):
        self.dweight, self.dbias = np.dot(dout.T, self.x), np.sum(dout, axis=0)
        return np.dot(dout, self.weight)


@right.to("linear_layer")
@dataclass
class IsADataclass:
    weight: np.ndarray
    bias: np.ndarray
    x: np.ndarray = None
    dweight: np.ndarray = field(default=None, init=False)
    dbias: np.ndarray = field(default=None, init=False)

    def forward(self, x):
        self.x = x.copy()
        return F.linear(x, self.weight, self.bias)

    def backward(self, dout):
        dx, self.dweight, self.dbias = F.linear_backward(dout, self.x, self.weight)
        return dx


@right.to("linear_layer")
class HasProperties:
    """The gradients are computed when somebody asks for them."""

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dout):
        self.dout = dout
        return dout @ self.weight

    @property
    def dweight(self):
        return self.dout.T @ self.x

    @property
    def dbias(self):
        return self.dout.sum(axis=0)


@right.to("linear_layer")
class HasAClosure:
    def __init__(self, weight, bias):
        def forward(x):
            def backward(dout):
                self.dweight, self.dbias = dout.T @ x, dout.sum(axis=0)
                return dout @ weight

            self.backward = backward
            return x @ weight.T + bias

        self.forward = forward


@right.to("linear_layer")
class ForgetsItsInputAfterwards:
    def __init__(self, weight, bias):
        self.weight, self.bias, self.inputs = weight, bias, []

    def forward(self, x):
        self.inputs.append(x)
        return x @ self.weight.T + self.bias

    def backward(self, dout):
        self.dweight, self.dbias = dout.T @ self.inputs[-1], dout.sum(axis=0)
        self.inputs.clear()
        return dout @ self.weight


@right.to("linear_layer")
class ZeroesItsGradientsFirst:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight.copy(), bias.copy()
        self.dweight, self.dbias = np.zeros(weight.shape), np.zeros(bias.shape)

    def forward(self, x):
        self.x = x
        y = np.zeros((len(x), len(self.bias)))
        for n, o in np.ndindex(y.shape):
            y[n, o] = self.bias[o] + sum(self.weight[o, i] * x[n, i] for i in range(x.shape[1]))
        return y

    def backward(self, dout):
        self.dweight[:], self.dbias[:], dx = 0, 0, np.zeros(self.x.shape)
        for n, o in np.ndindex(dout.shape):
            self.dbias[o] += dout[n, o]
            for i in range(self.x.shape[1]):
                self.dweight[o, i] += dout[n, o] * self.x[n, i]
                dx[n, i] += dout[n, o] * self.weight[o, i]
        return dx


@right.to("linear_layer")
class HasParameters:
    def __init__(self, weight, bias):
        self.weight = Parameter("weight", weight.shape, lambda: weight, weight.dtype)
        self.bias = Parameter("bias", bias.shape, lambda: bias, bias.dtype)

    def forward(self, x):
        self.x = x
        return x @ self.weight.value.T + self.bias.value

    def backward(self, dout):
        self.dweight = self.weight.grad = np.einsum("no,ni->oi", dout, self.x)
        self.dbias = self.bias.grad = np.einsum("no->o", dout)
        return np.einsum("no,oi->ni", dout, self.weight.value)


@right.to("linear_layer")
class CanBeCalled:
    def __init__(self, weight, bias):
        self.params = SimpleNamespace(w=weight, b=bias)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self._x = x
        return np.tensordot(x, self.params.w, axes=((1,), (1,))) + self.params.b

    def backward(self, dout):
        self.dweight = np.tensordot(dout, self._x, axes=(0, 0))
        self.dbias = np.ones(len(dout), dout.dtype) @ dout
        return np.tensordot(dout, self.params.w, axes=(1, 0))


# Max pooling: back to the winners


@right.to("max_pool2d_backward")
def by_the_library_pool(dout, x, kernel_size, stride):
    return F.max_pool2d_backward(dout, x, kernel_size, stride)


@right.to("max_pool2d_backward")
def by_the_textbook(dout, x, kernel_size, stride):
    return reference.max_pool2d_backward(dout, x, kernel_size, stride)


@right.to("max_pool2d_backward")
def by_a_pooling_layer(dout, x, kernel_size, stride):
    layer = MaxPool2d(kernel_size, stride)
    layer(x)
    return layer.backward(dout)


@right.to("max_pool2d_backward")
def all_windows_at_once(dout, x, kernel_size, stride):
    windows = sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].reshape(*dout.shape, -1)
    down, across = np.divmod(windows.argmax(axis=-1), kernel_size)
    n, c, i, j = np.indices(dout.shape)
    dx = np.zeros_like(x)
    np.add.at(dx, (n, c, i * stride + down, j * stride + across), dout)
    return dx


@right.to("max_pool2d_backward")
def by_bincount(dout, x, kernel_size, stride):
    h, w = x.shape[2:]
    flat = np.arange(h * w).reshape(h, w)
    dx = np.zeros((*x.shape[:2], h * w))
    for n, c in np.ndindex(x.shape[:2]):
        winners = [
            flat[rows, columns].flat[x[n, c, rows, columns].argmax()]
            for i, j in np.ndindex(dout.shape[2:])
            for rows in [slice(i * stride, i * stride + kernel_size)]
            for columns in [slice(j * stride, j * stride + kernel_size)]
        ]
        dx[n, c] = np.bincount(winners, weights=dout[n, c].ravel(), minlength=h * w)
    return dx.reshape(x.shape)


@right.to("max_pool2d_backward")
def by_comparing(dout, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        best = None
        for k in range(i * stride, i * stride + kernel_size):
            for m in range(j * stride, j * stride + kernel_size):
                if best is None or x[n, c, k, m] > x[n, c][best]:
                    best = k, m
        dx[n, c][best] += dout[n, c, i, j]
    return dx


@right.to("max_pool2d_backward")
def from_minus_infinity(dout, x, kernel_size, stride):
    dx = np.zeros(x.shape, x.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        largest, row, column = -np.inf, 0, 0
        for k, m in product(range(kernel_size), repeat=2):
            value = x[n, c, i * stride + k, j * stride + m]
            if value > largest:
                largest, row, column = value, i * stride + k, j * stride + m
        dx[n, c, row, column] += dout[n, c, i, j]
    return dx


@right.to("max_pool2d_backward")
def by_pythons_max(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        places = product(range(top, top + kernel_size), range(left, left + kernel_size))
        dx[n, c][max(places, key=lambda place: x[n, c][place])] += dout[n, c, i, j]
    return dx


@right.to("max_pool2d_backward")
def by_sorting(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        rows, columns = (slice(a * stride, a * stride + kernel_size) for a in (i, j))
        order = np.argsort(-x[n, c, rows, columns], axis=None, kind="stable")
        row, column = divmod(order[0], kernel_size)
        dx[n, c, i * stride + row, j * stride + column] += dout[n, c, i, j]
    return dx


@right.to("max_pool2d_backward")
def by_argwhere(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride :, j * stride :][:kernel_size, :kernel_size]
        row, column = np.argwhere(window == window.max())[0]
        dx[n, c, i * stride + row, j * stride + column] += dout[n, c, i, j]
    return dx


@right.to("max_pool2d_backward")
def into_a_view(dout, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    views = sliding_window_view(dx, (kernel_size, kernel_size), axis=(2, 3), writeable=True)
    seen = sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    for n, c, i, j in np.ndindex(dout.shape):
        place = n, c, i * stride, j * stride
        views[place][np.unravel_index(seen[place].argmax(), (kernel_size,) * 2)] += dout[n, c, i, j]
    return dx


@right.to("max_pool2d_backward")
def cell_by_cell_of_the_kernel(dout, x, kernel_size, stride):
    """Go through the kernel, not the windows: a cell wins where no earlier one was as large."""
    (h, w), s = dout.shape[2:], stride
    largest, dx = np.full(dout.shape, -np.inf), np.zeros(x.shape)
    winner = np.zeros(dout.shape, int)
    for k, m in np.ndindex(kernel_size, kernel_size):
        seen = x[:, :, k : k + s * h : s, m : m + s * w : s][:, :, :h, :w]
        winner = np.where(seen > largest, k * kernel_size + m, winner)
        largest = np.maximum(largest, seen)
    for k, m in np.ndindex(kernel_size, kernel_size):
        part = dx[:, :, k : k + s * h : s, m : m + s * w : s][:, :, :h, :w]
        part += np.where(winner == k * kernel_size + m, dout, 0)
    return dx


# A judge of your own


@right.to("gradient_error")
def by_numerical_gradient(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    larger = np.maximum(abs(numeric), abs(gradient))
    return (abs(numeric - gradient) / np.where(larger == 0, 1, larger)).max()


@right.to("gradient_error")
def with_unit_arrays(f, x, gradient, eps=1e-5):
    errors = []
    for n in range(x.size):
        step = np.zeros(x.size)
        step[n] = eps
        step = step.reshape(x.shape)
        slope = (f(x + step) - f(x - step)) / (2 * eps)
        size = max(abs(slope), abs(gradient.flat[n]))
        errors.append(abs(slope - gradient.flat[n]) / size if size else 0.0)
    return max(errors)


@right.to("gradient_error")
def put_back(f, x, gradient, eps=1e-5):
    x = x.copy()
    worst = 0
    for place, old in np.ndenumerate(x.copy()):
        x[place] = old + eps
        up = f(x)
        x[place] = old - eps
        down = f(x)
        x[place] = old
        slope = (up - down) / eps / 2
        if slope != gradient[place]:
            worst = max(worst, abs(slope - gradient[place]) / max(abs(slope), abs(gradient[place])))
    return float(worst)


@right.to("gradient_error")
def by_nditer(f, x, gradient, eps=1e-5):
    worst = 0.0
    it = np.nditer(x, flags=["multi_index"])
    for _ in it:
        nudge = np.zeros_like(x)
        nudge[it.multi_index] = eps
        a, b = (f(x + nudge) - f(x - nudge)) / (2 * eps), gradient[it.multi_index]
        if a or b:
            worst = max(worst, abs(a - b) / max(abs(a), abs(b)))
    return worst


@right.to("gradient_error")
def with_nanmax(f, x, gradient, eps=1e-5):
    slopes = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        up, down = np.copy(x), np.copy(x)
        up[place] = x[place] + eps
        down[place] = x[place] - eps
        slopes[place] = (f(up) - f(down)) / (2 * eps)
    with np.errstate(invalid="ignore"):
        errors = np.abs(slopes - gradient) / np.maximum(np.abs(slopes), np.abs(gradient))
    return np.max(np.nan_to_num(errors))


@right.to("gradient_error")
def with_a_little_below_the_line(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    return np.max(
        abs(numeric - gradient) / np.maximum(np.maximum(abs(numeric), abs(gradient)), 1e-12)
    )


@right.to("gradient_error")
def with_divide_where(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = np.fmax(np.abs(numeric), np.abs(gradient))
    errors = np.divide(np.abs(numeric - gradient), size, out=np.zeros_like(size), where=size > 0)
    return np.array(errors.max())


@right.to("gradient_error")
def through_a_flat_x(f, x, gradient, eps=1e-5):
    flat = x.ravel()

    def moved(n, by):
        other = flat.copy()
        other[n] += by
        return f(other.reshape(x.shape))

    def error(n):
        a, b = (moved(n, eps) - moved(n, -eps)) / (2 * eps), gradient.ravel()[n]
        return 0 if a == b else abs(a - b) / max(abs(a), abs(b))

    return max(map(error, range(flat.size)))


@right.to("gradient_error")
def with_a_try(f, x, gradient, eps=1e-5):
    worst = 0.0
    for place in np.ndindex(x.shape):
        up = x.copy()
        up[place] += eps
        down = x.copy()
        down[place] -= eps
        slope, given = float(f(up) - f(down)) / (2 * eps), float(gradient[place])
        try:
            error = abs(slope - given) / max(abs(slope), abs(given))
        except ZeroDivisionError:
            error = 0.0
        if error > worst:
            worst = error
    return worst


@right.to("gradient_error")
def by_spread_and_size(f, x, gradient, eps=1e-5):
    both = np.stack([numerical_gradient(f, x, eps), gradient])
    gaps, sizes = np.ptp(both, axis=0), np.abs(both).max(axis=0)
    return max((g / s for g, s in zip(gaps.flat, sizes.flat) if s), default=0.0)


# The convolution, backwards


@right.to("conv2d_backward")
def conv_of_the_library(dout, x, weight, stride=1, padding=0):
    return F.conv2d_backward(dout, x, weight, stride, padding)


@right.to("conv2d_backward")
def conv_of_the_textbook(dout, x, weight, stride=1, padding=0):
    return reference.conv2d_backward(dout, x, weight, stride=stride, padding=padding)


@right.to("conv2d_backward")
def by_a_conv_layer(dout, x, weight, stride=1, padding=0):
    layer = Conv2d(
        weight.shape[1],
        weight.shape[0],
        weight.shape[2:],
        stride,
        padding,
        rng=np.random.default_rng(0),
        dtype=x.dtype,
    )
    layer.weight.value = weight
    layer.forward(x)
    return layer.backward(dout), layer.weight.grad, layer.bias.grad


def spread_apart(dout, stride):
    n, c, h, w = dout.shape
    wide = np.zeros((n, c, (h - 1) * stride + 1, (w - 1) * stride + 1), dout.dtype)
    wide[:, :, ::stride, ::stride] = dout
    return wide


@right.to("conv2d_backward")
def by_the_two_laws(dout, x, weight, stride=1, padding=0):
    (h, w), (kh, kw), p = x.shape[2:], weight.shape[2:], padding
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    wide = spread_apart(dout, stride)
    dweight = np.einsum(
        "nchwij,noij->ochw", sliding_window_view(padded, wide.shape[2:], axis=(2, 3)), wide
    )[:, :, :kh, :kw]
    border = np.pad(wide, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    windows = sliding_window_view(border, (kh, kw), axis=(2, 3))
    seen = np.einsum("nohwij,ocij->nchw", windows, weight[:, :, ::-1, ::-1])
    dpadded = np.zeros_like(padded)
    dpadded[:, :, : seen.shape[2], : seen.shape[3]] = seen
    return dpadded[:, :, p : p + h, p : p + w], dweight, dout.sum(axis=(0, 2, 3))


@right.to("conv2d_backward")
def laws_with_the_librarys_convolution(dout, x, weight, stride=1, padding=0):
    (h, w), (kh, kw) = x.shape[2:], weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    wide = spread_apart(dout, stride)
    dweight = F.conv2d(padded.swapaxes(0, 1).copy(), wide.swapaxes(0, 1).copy())
    dweight = dweight.swapaxes(0, 1)[:, :, :kh, :kw]
    flipped = np.flip(weight, (2, 3)).swapaxes(0, 1).copy()
    rest_h, rest_w = (a - b - k + 1 for a, b, k in zip(padded.shape[2:], wide.shape[2:], (kh, kw)))
    around = np.pad(wide, ((0, 0), (0, 0), (kh - 1, kh - 1 + rest_h), (kw - 1, kw - 1 + rest_w)))
    dpadded = F.conv2d(around, flipped)
    return (
        dpadded[:, :, padding : padding + h, padding : padding + w],
        dweight,
        np.einsum("nohw->o", dout),
    )


@right.to("conv2d_backward")
def place_by_place_of_the_kernel(dout, x, weight, stride=1, padding=0):
    p, s, (oh, ow) = padding, stride, dout.shape[2:]
    padded = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    dpadded, dweight = np.zeros(padded.shape), np.zeros(weight.shape)
    for k, m in np.ndindex(weight.shape[2:]):
        rows, columns = slice(k, k + s * (oh - 1) + 1, s), slice(m, m + s * (ow - 1) + 1, s)
        dweight[:, :, k, m] = np.einsum("noij,ncij->oc", dout, padded[:, :, rows, columns])
        dpadded[:, :, rows, columns] += np.einsum("noij,oc->ncij", dout, weight[:, :, k, m])
    inner = dpadded[:, :, p : dpadded.shape[2] - p, p : dpadded.shape[3] - p]
    return inner, dweight, dout.sum((0, 2, 3))


@right.to("conv2d_backward")
def as_a_matrix(dout, x, weight, stride=1, padding=0):
    """Write the convolution as one large matrix; going back multiplies by its transpose."""
    n, (c, h, w), (o, _, kh, kw), (oh, ow) = len(x), x.shape[1:], weight.shape, dout.shape[2:]
    matrix = np.zeros((o, oh, ow, c, h, w))
    gathered = np.zeros((oh, ow, kh, kw, c, h, w))
    for i, j, k, m, channel in np.ndindex(oh, ow, kh, kw, c):
        row, column = i * stride + k - padding, j * stride + m - padding
        if 0 <= row < h and 0 <= column < w:
            matrix[:, i, j, channel, row, column] = weight[:, channel, k, m]
            gathered[i, j, k, m, channel, row, column] = 1
    flat = dout.reshape(n, -1)
    dx = (flat @ matrix.reshape(flat.shape[1], -1)).reshape(x.shape)
    dweight = np.einsum("noij,ijkmchw,nchw->ockm", dout, gathered, x)
    return dx, dweight, flat.reshape(n, o, -1).sum(axis=(0, 2))


@right.to("conv2d_backward")
def without_padding_the_array(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros(len(weight), x.dtype)
    h, w = x.shape[2:]
    for n, o, i, j in np.ndindex(dout.shape):
        dbias[o] += dout[n, o, i, j]
        for c, k, m in np.ndindex(weight.shape[1:]):
            row, column = i * stride + k - padding, j * stride + m - padding
            if row in range(h) and column in range(w):
                dx[n, c, row, column] += dout[n, o, i, j] * weight[o, c, k, m]
                dweight[o, c, k, m] += dout[n, o, i, j] * x[n, c, row, column]
    return dx, dweight, dbias


@right.to("conv2d_backward")
def as_a_list(dout, x, weight, stride=1, padding=0):
    return list(F.conv2d_backward(dout, x, weight, stride, padding))


@right.to("conv2d_backward")
def image_by_image(dout, x, weight, stride=1, padding=0):
    parts = [
        reference.conv2d_backward(dout[n : n + 1], x[n : n + 1], weight, stride, padding)
        for n in range(len(x))
    ]
    dx, dweight, dbias = zip(*parts)
    return np.concatenate(dx), sum(dweight), np.sum(dbias, axis=0)


@right.to("conv2d_backward")
def in_double(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(
        *(a.astype(np.float64) for a in (dout, x, weight)), stride, padding
    )
    return dx, dweight, dbias.astype(np.float32)


@right.to("conv2d_backward")
def by_columns(dout, x, weight, stride=1, padding=0):
    p, (kh, kw) = padding, weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = sliding_window_view(padded, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    dweight = np.tensordot(dout, windows, axes=((0, 2, 3), (0, 2, 3)))
    shares = np.tensordot(dout, weight, axes=(1, 0))
    dpadded = np.zeros_like(padded)
    for i, j in np.ndindex(dout.shape[2:]):
        dpadded[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += shares[:, i, j]
    h, w = x.shape[2:]
    return dpadded[..., p : p + h, p : p + w], dweight, dout.sum(axis=(0, 2, 3))


# The clinic: patient D


@right.to("repaired_step")
def with_p_minus_y(images, labels, filters, weight, lr):
    maps = F.conv2d(images, filters, padding=1)
    active = np.maximum(maps, 0)
    pooled = F.max_pool2d(active, 2)
    flat = pooled.reshape(len(images), -1)
    p = F.softmax(flat @ weight.T)
    dscores = (p - np.eye(len(weight))[labels]) / len(labels)
    dpooled = (dscores @ weight).reshape(pooled.shape)
    dmaps = F.max_pool2d_backward(dpooled, active, 2) * (active > 0)
    dfilters = F.conv2d_backward(dmaps, images, filters, padding=1)[1]
    return filters - lr * dfilters, weight - lr * (dscores.T @ flat)


@right.to("repaired_step")
def with_layers(images, labels, filters, weight, lr):
    given = {"bias": False, "rng": np.random.default_rng(0), "dtype": images.dtype}
    conv = Conv2d(1, len(filters), 3, padding=1, **given)
    head = Linear(weight.shape[1], len(weight), **given)
    conv.weight.value, head.weight.value = filters.copy(), weight.copy()
    net = Sequential(conv, ReLU(), MaxPool2d(2), Flatten(), head)
    net.backward(F.cross_entropy_backward(net(images), labels))
    SGD(net.parameters(), lr=lr).step()
    return conv.weight.value, head.weight.value


@right.to("repaired_step")
def by_the_textbooks_loops(images, labels, filters, weight, lr):
    maps = reference.conv2d(images, filters, padding=1)
    active = np.where(maps > 0, maps, 0)
    pooled = reference.max_pool2d(active, 2)
    flat = F.flatten(pooled)
    dscores = F.cross_entropy_backward(reference.linear(flat, weight), labels)
    dflat, dweight, _ = reference.linear_backward(dscores, flat, weight)
    dactive = reference.max_pool2d_backward(dflat.reshape(pooled.shape), active, 2)
    dfilters = reference.conv2d_backward(dactive * (maps > 0), images, filters, padding=1)[1]
    return [filters + -lr * dfilters, weight + -lr * dweight]


@right.to("repaired_step")
def with_the_librarys_gates(images, labels, filters, weight, lr):
    maps = F.conv2d(images, filters, padding=1)
    active = F.relu(maps)
    pooled = F.max_pool2d(active, 2)
    flat = F.flatten(pooled)
    dscores = F.cross_entropy_backward(F.linear(flat, weight), labels)
    dflat, dweight, _ = F.linear_backward(dscores, flat, weight)
    dactive = F.max_pool2d_backward(F.flatten_backward(dflat, pooled), active, 2)
    dmaps = F.relu_backward(dactive, maps)
    dfilters = F.conv2d_backward(dmaps, images, filters, padding=1)[1]
    return np.subtract(filters, lr * dfilters), np.subtract(weight, lr * dweight)


@right.to("repaired_step")
def with_the_right_softmax_backward(images, labels, filters, weight, lr):
    maps = F.conv2d(images, filters, padding=1)
    active = F.relu(maps)
    pooled = F.max_pool2d(active, 2)
    flat = F.flatten(pooled)
    scores = F.linear(flat, weight)
    dscores = np.exp(F.log_softmax(scores))
    dscores[np.arange(len(labels)), labels] -= 1
    dscores /= len(labels)
    new_weight = weight - lr * dscores.T @ flat
    dpooled = F.flatten_backward(dscores @ weight, pooled)
    dmaps = np.where(maps > 0, F.max_pool2d_backward(dpooled, active, 2), 0)
    return filters - lr * F.conv2d_backward(dmaps, images, filters, 1, 1)[1], new_weight


@right.to("repaired_step")
def pooled_before_the_gate(images, labels, filters, weight, lr):
    """ReLU and max pooling may change places, forwards and backwards."""
    maps = F.conv2d(images, filters, padding=1)
    peaks = F.max_pool2d(maps, 2)
    flat = F.flatten(F.relu(peaks))
    dscores = F.cross_entropy_backward(F.linear(flat, weight), labels)
    dpeaks = F.flatten_backward(dscores @ weight, peaks) * (peaks > 0)
    dmaps = F.max_pool2d_backward(dpeaks, maps, 2)
    dfilters = F.conv2d_backward(dmaps, images, filters, padding=1)[1]
    return filters - lr * dfilters, weight - lr * (dscores.T @ flat)


@right.to("repaired_step")
def image_after_image(images, labels, filters, weight, lr):
    dfilters, dweight = np.zeros_like(filters), np.zeros_like(weight)
    for n in range(len(images)):
        one = slice(n, n + 1)
        maps = F.conv2d(images[one], filters, padding=1)
        active = F.relu(maps)
        pooled = F.max_pool2d(active, 2)
        flat = F.flatten(pooled)
        dscores = F.cross_entropy_backward(F.linear(flat, weight), labels[one]) / len(images)
        dweight += dscores.T @ flat
        dpooled = F.flatten_backward(dscores @ weight, pooled)
        dmaps = F.relu_backward(F.max_pool2d_backward(dpooled, active, 2), maps)
        dfilters += F.conv2d_backward(dmaps, images[one], filters, padding=1)[1]
    return filters - lr * dfilters, weight - lr * dweight


@right.to("repaired_step")
def on_copies(images, labels, filters, weight, lr):
    filters, old = filters.copy(), weight.copy()
    weight = weight.copy()
    maps = F.conv2d(images, filters, padding=1)
    active = F.relu(maps)
    pooled = F.max_pool2d(active, 2)
    flat = F.flatten(pooled)
    dscores = F.cross_entropy_backward(flat @ weight.T, labels)
    weight -= lr * dscores.T @ flat
    dactive = F.max_pool2d_backward((dscores @ old).reshape(pooled.shape), active, 2)
    filters -= lr * F.conv2d_backward((maps > 0) * dactive, images, filters, padding=1)[1]
    return filters, weight
