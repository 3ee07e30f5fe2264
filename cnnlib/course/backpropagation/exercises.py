"""Exercises of notebook 07: the gradient of each layer, a judge of them, and a sick network."""

from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case
from cnnlib.gradcheck import numerical_gradient
from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD
from cnnlib.shapes import output_size

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


def _halves(rng: np.random.Generator, *shape: int, dtype: type = np.float64) -> np.ndarray:
    """Return numbers that read well: multiples of a half from -4 to 4."""
    return (rng.integers(-8, 9, shape) / 2).astype(dtype)


def _dtype(rng: np.random.Generator) -> type:
    return np.float32 if rng.random() < 0.2 else np.float64


# A value used twice

two_paths = chapter.prediction(
    "two_paths",
    "A slope by hand",
    level=1,
    minutes=2,
    answer=28,
    mistakes=[
        (8, "That is the path through u alone: 8 · 1. A second path leads through v; add it."),
        (20, "That is the path through v alone: 5 · 4. A second path leads through u; add it."),
        (12, "The two paths are subtracted. Where paths meet, their gradients add."),
        (
            160,
            "The two paths are multiplied. Slopes multiply along one path; where paths meet, add.",
        ),
        (
            37,
            "Times swaps: u gets the gradient times v, and v gets it times u. Here each kept "
            "its own.",
        ),
        (13, "The slopes of u and v along w are missing: 1 for the sum, 4 for the product."),
        (40, "That is the value of L. The question is how fast it moves when w moves."),
    ],
    why="Times swaps: u gets 8 and v gets 5. Along the paths that is 8 · 1 and 5 · 4, and where "
    "they meet, 8 + 20 = 28.",
    hints=[
        "Write the values first: u = 5, v = 8, L = 40. Then go backwards from L, with a 1.",
        "A product hands each factor the gradient times the other factor. So u gets 8. What does "
        "v get?",
        "From u to w the slope is 1, from v to w it is 4. Multiply along each path, then add.",
    ],
)


# ReLU


def _activations(rng: np.random.Generator) -> Call:
    shape = tuple(rng.integers(1, 4, 2 if rng.random() < 0.7 else 4))
    leak = {"leak": float(rng.choice([0.0, 0.125, 0.25, 0.5]))} if rng.random() < 0.6 else {}
    return case(_halves(rng, *shape), _halves(rng, *shape), **leak)


_row, _drow = np.array([[9.0, -2.0, 0.0]]), np.array([[1.0, -2.0, 4.0]])


@chapter.coding(
    "The gate, and one that leaks",
    level=1,
    minutes=5,
    hand=[
        (case(_drow, _row), np.array([[1.0, 0.0, 0.0]])),
        (case(_drow, _row, leak=0.5), np.array([[1.0, -1.0, 2.0]])),
    ],
    cases=_activations,
    oracle=lambda dout, x, leak=0: F.leaky_relu_backward(dout, x, leak),
    hints=[
        "What is the slope of the function at x = 9? And at x = -2, first without a leak, then "
        "with one of 0.5?",
        "The slope is 1 where `x > 0`, and `leak` elsewhere. Multiply `dout` by it.",
        "`np.where(condition, a, b)` takes from `a` where the condition holds, and from `b` "
        "elsewhere.",
    ],
)
def relu_backward(dout, x, leak=0):
    """Return the gradient for the input of a ReLU that leaks."""
    return np.where(x > 0, dout, leak * dout)


@relu_backward.mistake(
    "The gate asks the gradient, `dout`. Whether it is open depends on what came in: `x > 0`."
)
def _asks_gradient(dout, x, leak=0):
    return np.where(dout > 0, dout, leak * dout)


@relu_backward.mistake(
    "Everything passes. A gate that was shut on the way forward lets only the leak through on the "
    "way back."
)
def _always_open(dout, x, leak=0):
    return dout.copy()


@relu_backward.mistake(
    "These are the slopes of the ReLU, 1 or the leak. The chain rule multiplies them by `dout`."
)
def _slopes_only(dout, x, leak=0):
    return np.where(x > 0, 1.0, leak)


@relu_backward.mistake(
    "At exactly 0 the gate is open here. The course, like PyTorch, counts 0 as not positive: "
    "`x > 0`, not `x >= 0`."
)
def _open_at_zero(dout, x, leak=0):
    return np.where(x >= 0, dout, leak * dout)


@relu_backward.mistake("The leak is not used: where `x` is not positive, `leak * dout` passes.")
def _watertight(dout, x, leak=0):
    return np.where(x > 0, dout, 0)


@relu_backward.mistake(
    "Where the gate is shut, the leak itself comes out. It is a slope: multiply it by `dout`."
)
def _leak_alone(dout, x, leak=0):
    return np.where(x > 0, dout, leak)


@relu_backward.mistake(
    "The leak multiplies the input there. Going backwards it multiplies the gradient, `dout`."
)
def _leaks_input(dout, x, leak=0):
    return np.where(x > 0, dout, leak * x)


@relu_backward.mistake(
    "This is the forward pass, made of `x`. Backward sends on `dout`, and asks `x` only whether "
    "the gate is open."
)
def _forward_again(dout, x, leak=0):
    return np.where(x > 0, x, leak * x)


@relu_backward.mistake(
    "`dout` is multiplied by the output of the ReLU. Multiply it by the slope instead, which is 1 "
    "or the leak."
)
def _times_output(dout, x, leak=0):
    return dout * np.where(x > 0, x, leak * x)


@relu_backward.mistake(
    "`x` and `dout` have changed places: here `dout` decides and `x` passes. Backward, `x` decides "
    "and `dout` passes."
)
def _changed_places(dout, x, leak=0):
    return np.where(dout > 0, x, leak * x)


@relu_backward.mistake(
    "Two things: the gate asks the gradient, where it should ask `x > 0`, and the leak is not used."
)
def _asks_gradient_watertight(dout, x, leak=0):
    return np.where(dout > 0, dout, 0)


@relu_backward.mistake(
    "At exactly 0 nothing passes. There the input is not positive, so the leak holds: "
    "`leak * dout`."
)
def _nothing_at_zero(dout, x, leak=0):
    return np.where(x == 0, 0, np.where(x > 0, dout, leak * dout))


@relu_backward.mistake("The gate is turned round: it is open where `x` is negative.")
def _inverted(dout, x, leak=0):
    return np.where(x < 0, dout, leak * dout)


# A layer of one's own


def _use_layer(layer_class, weight, bias, x, dout):
    """Make a layer, send another batch through it, then the one whose results are compared."""
    layer, before = layer_class(weight, bias), weight.copy()
    if layer.forward(x + 1) is ... or layer.backward(dout + 1) is ...:
        return ...
    y = layer.forward(x)
    dx = layer.backward(dout)
    if not np.array_equal(getattr(layer, "weight", before), before):
        return "weights that have changed"
    dx = "nothing from backward" if dx is None else dx
    left = (getattr(layer, name, f"nothing in self.{name}") for name in ("dweight", "dbias"))
    return y, dx, *left


def _linear_due(weight, bias, x, dout):
    return reference.linear(x, weight, bias), *reference.linear_backward(dout, x, weight)


def _linear_case(rng: np.random.Generator) -> Call:
    n, features, outputs = rng.integers(1, 5, 3)
    make = partial(_halves, rng, dtype=_dtype(rng))
    return case(make(outputs, features), make(outputs), make(n, features), make(n, outputs))


_weight, _bias = np.array([[1.0, 0, 2], [-1, 3, 1]]), np.array([1.0, 0])
_x, _dout = np.array([[2.0, -1, 3]]), np.array([[1.0, -2]])


@chapter.coding(
    "A whole layer",
    level=2,
    minutes=12,
    call=_use_layer,
    shown="layer = my_linear_layer(weight, bias)\n"
    "layer.forward(x + 1); layer.backward(dout + 1)  # the batch before\n"
    "y = layer.forward(x)\n"
    "dx = layer.backward(dout)",
    parts=("y", "dx", "dweight", "dbias"),
    hand=[
        (
            case(_weight, _bias, _x, _dout),
            (
                np.array([[9.0, -2]]),
                np.array([[3.0, -6, 0]]),
                np.array([[2.0, -1, 3], [-4, 2, -6]]),
                np.array([1.0, -2]),
            ),
        )
    ],
    cases=_linear_case,
    oracle=_linear_due,
    hints=[
        "`backward` needs the input, but it is given `dout` alone. So `forward` must keep it: "
        "`self.x = x`.",
        "Let the shapes tell: `dout` is (N, O), `x` is (N, I), `weight` is (O, I). Which products "
        "have the shapes of `dx` and of `weight`? One of the factors needs `.T`.",
        "The bias serves every sample, so its gradient is the sum over them, `sum(axis=0)`. Leave "
        "it in `self.dbias`, the one of the weights in `self.dweight`, and return only `dx`.",
    ],
)
class linear_layer:
    """A linear layer that remembers its input and leaves its gradients behind."""

    def __init__(self, weight, bias):
        self.weight = weight
        self.bias = bias

    def forward(self, x):
        """Return the output, and keep the input for later."""
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dout):
        """Return the gradient for the input, and leave those of weight and bias."""
        self.dweight = dout.T @ self.x
        self.dbias = dout.sum(axis=0)
        return dout @ self.weight


_layer: Any = linear_layer  # the decorator has made an exercise of the class


def _method(name, diagnosis):
    """Register a layer that is right but for one method."""

    def register(function):
        _layer.mistake(diagnosis)(type("careless_layer", (_layer.answer,), {name: function}))
        return function

    return register


@_method("forward", "The bias is missing from `forward`: add `self.bias` to the products.")
def _no_bias(self, x):
    self.x = x
    return x @ self.weight.T


@_method(
    "forward",
    "In `forward` the weight is not turned. It is (outputs, inputs), so the product is "
    "`x @ self.weight.T`.",
)
def _not_turned(self, x):
    self.x = x
    return x @ self.weight + self.bias


@_method(
    "forward",
    "It remembers the first batch only. The check sends two batches through the layer: `forward` "
    "must keep the input of each, `self.x = x`.",
)
def _remembers_first(self, x):
    self.x = getattr(self, "x", x)
    return x @ self.weight.T + self.bias


@_method(
    "backward",
    "`backward` returns three results. It should return `dx` alone, and leave the others in "
    "`self.dweight` and `self.dbias`, where the optimiser finds them.",
)
def _returns_all(self, dout):
    return dout @ self.weight, dout.T @ self.x, dout.sum(axis=0)


@_method(
    "backward",
    "`dx` is right, but `backward` leaves no gradients. Keep them: `self.dweight = ...` and "
    "`self.dbias = ...`.",
)
def _leaves_nothing(self, dout):
    return dout @ self.weight


@_method("backward", "`backward` leaves no gradient for the bias. Keep it in `self.dbias`.")
def _leaves_no_bias(self, dout):
    self.dweight = dout.T @ self.x
    return dout @ self.weight


@_method(
    "backward",
    "The gradients are left, but `backward` does not return `dx`, so the layer before this one "
    "gets nothing.",
)
def _returns_nothing(self, dout):
    _layer.answer.backward(self, dout)


@_method(
    "backward",
    "The gradients pile up from batch to batch. The check sends two batches through the layer: "
    "each `backward` must write its gradients anew, with `=`.",
)
def _piles_up(self, dout):
    self.dweight = getattr(self, "dweight", 0) + dout.T @ self.x
    self.dbias = getattr(self, "dbias", 0) + dout.sum(axis=0)
    return dout @ self.weight


@_method(
    "backward",
    "`backward` changes the weight. It only finds the gradients; the step is the business of the "
    "optimiser.",
)
def _takes_a_step(self, dout):
    dx = _layer.answer.backward(self, dout)
    self.weight = self.weight - 0.1 * self.dweight
    return dx


@_method(
    "backward",
    "`dx` and `dweight` keep only the last share of each entry. Many products end there, and "
    "paths add: `+=`, not `=`.",
)
def _keeps_last(self, dout):
    self.dweight, self.dbias = np.outer(dout[-1], self.x[-1]), dout.sum(axis=0)
    return dout[:, -1:] * self.weight[-1]


@_method(
    "backward",
    "All gradients are divided by the batch size. The loss has done that already, inside `dout`: "
    "here they are sums.",
)
def _divides_all(self, dout):
    return _layer.answer.backward(self, dout / len(dout))


@_method(
    "backward",
    "In `dx` the weight is turned. Forward turned it, so backward uses it as it is: "
    "`dout @ self.weight`.",
)
def _turned_weight(self, dout):
    _layer.answer.backward(self, dout)
    return dout @ self.weight.T


def _changed(diagnosis):
    """Register a layer whose gradients of weight and bias go through `change`."""

    def register(change):
        def backward(self, dout):
            dx = _layer.answer.backward(self, dout)
            self.dweight, self.dbias = change(self.dweight, self.dbias, dout)
            return dx

        return _method("backward", diagnosis)(backward)

    return register


_changed(
    "`dweight` is turned: rows and columns are exchanged. It has the shape of `weight`, (outputs, "
    "inputs): `dout.T @ self.x`."
)(lambda dweight, dbias, dout: (dweight.T, dbias))
_changed(
    "`dbias` is not added up over the batch. One bias serves every sample, so its paths add: "
    "`sum(axis=0)`."
)(lambda dweight, dbias, dout: (dweight, dout))
_changed(
    "`dbias` is one number. Each output has a bias of its own: add over the batch only, "
    "`sum(axis=0)`."
)(lambda dweight, dbias, dout: (dweight, dout.sum()))
_changed(
    "`dbias` is added up over the outputs. Each output has a bias of its own: add over the batch, "
    "`sum(axis=0)`."
)(lambda dweight, dbias, dout: (dweight, dout.sum(axis=1)))
_changed(
    "`dbias` is too large by the number of inputs. The bias is added once for each output, so its "
    "line does not belong in the loop over the inputs."
)(lambda dweight, dbias, dout: (dweight, dbias * dweight.shape[1]))
_changed(
    "`dbias` is a mean over the batch. Paths add, so it is a sum; the loss has divided by N "
    "already."
)(lambda dweight, dbias, dout: (dweight, dbias / len(dout)))
_changed(
    "The gradients of weight and bias are divided by the batch size. The loss has done that "
    "already, inside `dout`: here they are sums."
)(lambda dweight, dbias, dout: (dweight / len(dout), dbias / len(dout)))
_changed(
    "`dweight` is divided by the batch size. The loss has done that already, inside `dout`: here "
    "it is a sum."
)(lambda dweight, dbias, dout: (dweight / len(dout), dbias))


# Max pooling


def _pool_case(rng: np.random.Generator) -> Call:
    kernel_size, stride = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    n, c = rng.integers(1, 3, 2)
    h, w = kernel_size + rng.integers(0, 5, 2)
    shape = (
        n,
        c,
        output_size(int(h), kernel_size, stride),
        output_size(int(w), kernel_size, stride),
    )
    dtype = _dtype(rng)
    x = _halves(rng, n, c, h, w, dtype=dtype)
    return case(_halves(rng, *shape, dtype=dtype), x, kernel_size, stride)


def _maps(*rows: list[float]) -> np.ndarray:
    """Return a batch of one image with one channel."""
    return np.array(rows, dtype=float)[None, None]


@chapter.coding(
    "Max pooling: back to the winners",
    level=2,
    minutes=12,
    hand=[
        (
            case(
                _maps([4, 8], [-4, 12]),
                _maps([2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]),
                2,
                2,
            ),
            _maps([0, 0, 0, 0], [4, 0, 0, 8], [-4, 0, 12, 0], [0, 0, 0, 0]),
        ),
        (case(_maps([10, 20]), _maps([1, 5, 2], [0, 3, 1]), 2, 1), _maps([0, 30, 0], [0, 0, 0])),
        (case(_maps([1]), _maps([0, 0], [0, 0]), 2, 2), _maps([1, 0], [0, 0])),
    ],
    cases=_pool_case,
    oracle=reference.max_pool2d_backward,
    hints=[
        "Start with zeros in the shape of `x`, and go through the entries of `dout`, one window "
        "each: `for n, c, i, j in np.ndindex(dout.shape)`.",
        "The window of entry (i, j) starts in row `i * stride` and column `j * stride`. "
        "`window.argmax()` numbers its cells in reading order; the first of equal ones wins.",
        "`np.unravel_index(window.argmax(), window.shape)` gives row and column *inside* the "
        "window. Add the start of the window, and then `+=`, since a cell may win twice.",
    ],
)
def max_pool2d_backward(dout, x, kernel_size, stride):
    """Give each gradient to the winner of its window."""
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + kernel_size, left : left + kernel_size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    return dx


def _over_windows(give, dout, x, kernel_size, stride, rows=None, columns=None):
    """Return dx, with `give(dx_window, x_window, d)` called for each window."""
    dx = np.zeros_like(x)
    rows, columns = rows or stride, columns or stride
    for n, c, i, j in np.ndindex(dout.shape):
        place = n, c, *(slice(a, a + kernel_size) for a in (i * rows, j * columns))
        give(dx[place], x[place], dout[n, c, i, j])
    return dx


def _winner(window):
    return np.unravel_index(window.argmax(), window.shape)


def _to_winner(dx, x, d):
    dx[_winner(x)] += d


@max_pool2d_backward.mistake(
    "A cell that wins several windows keeps only the last gradient. Where paths meet, gradients "
    "add: `+=`, not `=`."
)
def _overwrites(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx[_winner(window)] = d

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The stride is not used: window (i, j) starts in row `i * stride` and column `j * stride`."
)
def _stride_unused(dout, x, kernel_size, stride):
    return _over_windows(_to_winner, dout, x, kernel_size, 1)


@max_pool2d_backward.mistake(
    "The windows step by `kernel_size`. They step by `stride`, which may be smaller or larger."
)
def _steps_by_kernel(dout, x, kernel_size, stride):
    return _over_windows(_to_winner, dout, x, kernel_size, kernel_size)


@max_pool2d_backward.mistake("The stride is used for rows but not for columns: `j * stride`.")
def _stride_rows(dout, x, kernel_size, stride):
    return _over_windows(_to_winner, dout, x, kernel_size, stride, columns=1)


@max_pool2d_backward.mistake("The stride is used for columns but not for rows: `i * stride`.")
def _stride_columns(dout, x, kernel_size, stride):
    return _over_windows(_to_winner, dout, x, kernel_size, stride, rows=1)


@max_pool2d_backward.mistake(
    "Where several cells share the maximum, each gets the whole gradient. Only the first in "
    "reading order does; `argmax` finds it."
)
def _all_winners(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx += d * (window == window.max())

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "Where several cells share the maximum, the gradient is divided among them. Here the first in "
    "reading order takes it whole, as in PyTorch."
)
def _divided_among(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx += d * (window == window.max()) / (window == window.max()).sum()

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "Where several cells share the maximum, the last one wins here. The first in reading order "
    "should: compare with `>`, not `>=`, or use `argmax`."
)
def _last_winner(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx[::-1, ::-1][_winner(window[::-1, ::-1])] += d

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "Row and column of the winner are counted inside its window. Add where the window starts: "
    "`i * stride` and `j * stride`."
)
def _inside_window(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride :, j * stride :][:kernel_size, :kernel_size]
        dx[n, c][_winner(window)] += dout[n, c, i, j]
    return dx


@max_pool2d_backward.mistake(
    "The winner gets its own value. It should get the gradient of its window, `dout[n, c, i, j]`."
)
def _gives_value(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx[_winner(window)] += window.max()

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The gradient is multiplied by the winner's value. The slope of a winner is 1, so it gets the "
    "gradient as it is."
)
def _times_value(dout, x, kernel_size, stride):
    return _over_windows(
        lambda dx, window, d: _to_winner(dx, window, d * window.max()), dout, x, kernel_size, stride
    )


@max_pool2d_backward.mistake(
    "The winners get a 1. That is their slope: multiply it by the gradient of the window, "
    "`dout[n, c, i, j]`."
)
def _gives_one(dout, x, kernel_size, stride):
    return _over_windows(
        lambda dx, window, d: _to_winner(dx, window, 1), dout, x, kernel_size, stride
    )


@max_pool2d_backward.mistake(
    "Windows without a positive entry give their gradient to no one. Does the search for the "
    "largest start at 0? Start it at the first cell, or at `-np.inf`."
)
def _starts_at_zero(dout, x, kernel_size, stride):
    def give(dx, window, d):
        if window.max() > 0:
            _to_winner(dx, window, d)

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The entry farthest from 0 wins here, so that -6 beats 3. Look for the largest, with its sign."
)
def _farthest(dout, x, kernel_size, stride):
    return _over_windows(
        lambda dx, window, d: _to_winner(dx, abs(window), d), dout, x, kernel_size, stride
    )


@max_pool2d_backward.mistake(
    "Each window overwrites what its cells got from others, and equal cells all win. Add with "
    "`+=`, and only at the first winner."
)
def _mask_overwrites(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx[...] = np.where(window == window.max(), d, 0)

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The winners are found in the right windows, but written `i` rows down and `j` columns to the "
    "right. A window starts at `i * stride` and `j * stride`."
)
def _written_without_stride(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride :, j * stride :][:kernel_size, :kernel_size]
        _to_winner(dx[n, c, i:, j:][:kernel_size, :kernel_size], window, dout[n, c, i, j])
    return dx


@max_pool2d_backward.mistake(
    "It returns after the first window. Move `return` to the left, so that it stands after the "
    "loop."
)
def _returns_early(dout, x, kernel_size, stride):
    first = np.zeros_like(dout)
    first[0, 0, 0, 0] = dout[0, 0, 0, 0]
    return _over_windows(_to_winner, first, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "Each cell of the window gets the gradient. Only the winner moved the output, so only the "
    "winner gets it."
)
def _to_everyone(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx += d

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The gradient is shared out among all cells. That is average pooling; here the winner takes it."
)
def _shares_out(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx += d / window.size

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The smallest cell gets the gradient. Max pooling keeps the largest: `argmax`."
)
def _to_loser(dout, x, kernel_size, stride):
    return _over_windows(
        lambda dx, window, d: _to_winner(dx, -window, d), dout, x, kernel_size, stride
    )


@max_pool2d_backward.mistake("Row and column of the winner are exchanged.")
def _exchanged(dout, x, kernel_size, stride):
    def give(dx, window, d):
        _to_winner(dx.T, window, d)

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The winner of the first channel gets the gradients of all channels. Each channel has winners "
    "of its own: look in `x[n, c]`."
)
def _first_channel(dout, x, kernel_size, stride):
    return _over_windows_of(x[:, :1], dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The winner of the first image gets the gradients of all images. Each image has winners of "
    "its own: look in `x[n, c]`."
)
def _first_image(dout, x, kernel_size, stride):
    return _over_windows_of(x[:1], dout, x, kernel_size, stride)


def _over_windows_of(some, dout, x, kernel_size, stride):
    alike = np.broadcast_to(some, x.shape).copy()
    return _over_windows(_to_winner, dout, alike, kernel_size, stride)


# A judge of one's own


def sum_of_squares(x):
    """Return a loss with the slope 2x along each entry."""
    return (x**2).sum()


def sum_of_cubes(x):
    """Return a loss with the slope 3x² along each entry."""
    return (x**3).sum()


def weighted_sum(x):
    """Return a loss with the slopes 1, 2, 3 and so on, in reading order."""
    return (np.ravel(x) * np.arange(1, np.size(x) + 1)).sum()


def neighbour_products(x):
    """Return a loss in which each entry is multiplied by the next, in reading order."""
    return (np.ravel(x)[1:] * np.ravel(x)[:-1]).sum()


def _gradient_case(rng: np.random.Generator) -> Call:
    shape = tuple(rng.integers(1, 4, rng.integers(1, 3)))
    losses: tuple[Any, ...]
    if tiny := rng.random() < 0.25:  # the usual step; with the others all numbers are exact
        losses, step = (sum_of_squares, sum_of_cubes), {}
    else:
        losses = (sum_of_squares, sum_of_cubes, weighted_sum, neighbour_products)
        step = {"eps": float(rng.choice([0.125, 0.25, 0.5]))}
    f = losses[rng.integers(len(losses))]
    x = rng.integers(1, 7, shape) / 2 * rng.choice([-1, 1], shape)
    gradient = numerical_gradient(f, x, 2.0**-10)
    gradient = np.round(gradient * 8) / 8
    if rng.random() < 0.8:
        place = tuple(rng.integers(shape))
        gradient[place] += rng.choice([-1, -0.5, 0.5, 1]) * (1 if tiny else rng.integers(1, 9))
    return case(f, x, gradient, **step)


def _gradient_error_due(f, x, gradient, eps=1e-5):
    errors, _ = _errors(numerical_gradient(f, x, eps), gradient)
    return float(errors.max())


def _errors(numeric, gradient):
    """Return the relative errors, 0 where both slopes are 0, and the sizes they are measured by."""
    size = np.maximum(abs(numeric), abs(gradient))
    return abs(numeric - gradient) / np.where(size == 0, 1, size), size


@chapter.coding(
    "A judge of your own",
    level=2,
    minutes=12,
    hand=[
        (case(sum_of_cubes, np.array([2.0]), np.array([13.0]), eps=1.0), 0.0),
        (case(sum_of_cubes, np.array([2.0]), np.array([26.0]), eps=1.0), 0.5),
        (case(sum_of_squares, np.array([[3.0, -1.0]]), np.array([[6.0, 2.0]]), eps=0.5), 2.0),
    ],
    cases=_gradient_case,
    oracle=_gradient_error_due,
    hints=[
        "Take one entry: `for place in np.ndindex(x.shape)`. Nudge it up in one copy of `x`, and "
        "down in another, and call `f` on both copies.",
        "The rise is `f(up) - f(down)`. The run is `2 * eps`, for one copy went up and the other "
        "down.",
        "The relative error is `abs(slope - gradient[place])` divided by the larger of "
        "`abs(slope)` and `abs(gradient[place])`. Keep the largest so far, and skip the division "
        "where both are 0.",
    ],
)
def gradient_error(f, x, gradient, eps=1e-5):
    """Return the largest relative error of a gradient, found by nudging."""
    worst = 0.0
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += eps
        down[place] -= eps
        slope = (f(up) - f(down)) / (2 * eps)
        larger = max(abs(slope), abs(gradient[place]))
        if larger > 0:
            worst = max(worst, abs(slope - gradient[place]) / larger)
    return worst


@gradient_error.mistake(
    "The difference is one-sided: it compares with `f(x)`. Nudge down as well, and divide by "
    "`2 * eps`; that is far closer to the slope."
)
def _one_sided(f, x, gradient, eps=1e-5):
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up = x.copy()
        up[place] += eps
        numeric[place] = (f(up) - f(x)) / eps
    return _errors(numeric, gradient)[0].max()


@gradient_error.mistake(
    "The numerical slope is twice too large. From one nudge to the other it is two steps: divide "
    "by `2 * eps`."
)
def _one_step(f, x, gradient, eps=1e-5):
    return _errors(2 * numerical_gradient(f, x, eps), gradient)[0].max()


@gradient_error.mistake(
    "The difference is one-sided: it compares `f(x)` with the nudge down. Nudge up as well, and "
    "divide by `2 * eps`; that is far closer to the slope."
)
def _one_sided_down(f, x, gradient, eps=1e-5):
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        down = x.copy()
        down[place] -= eps
        numeric[place] = (f(x) - f(down)) / eps
    return _errors(numeric, gradient)[0].max()


@gradient_error.mistake(
    "The numerical slope has the wrong sign. The rise is `f(up) - f(down)`, in this order."
)
def _down_minus_up(f, x, gradient, eps=1e-5):
    return _errors(-numerical_gradient(f, x, eps), gradient)[0].max()


@gradient_error.mistake(
    "The numerical slope is always 0, since both nudges go into the same array. `up = x` makes no "
    "copy; `up = x.copy()` does."
)
def _no_copies(f, x, gradient, eps=1e-5):
    return _errors(np.zeros_like(x), gradient)[0].max()


@gradient_error.mistake(
    "The entry is replaced by `eps`. It should be moved by `eps`: `+=` and `-=`, not `=`."
)
def _replaced(f, x, gradient, eps=1e-5):
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place], down[place] = eps, -eps
        numeric[place] = (f(up) - f(down)) / (2 * eps)
    return _errors(numeric, gradient)[0].max()


@gradient_error.mistake("The step is always the same. Use the argument `eps`.")
def _fixed_step(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, 1e-5), gradient)[0].max()


@gradient_error.mistake(
    "The smallest error is returned. One wrong entry is enough to be wrong: return the largest."
)
def _smallest(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].min()


@gradient_error.mistake(
    "The largest difference is divided by the largest slope. Divide entry by entry, each by its "
    "own slopes, and then take the largest."
)
def _overall(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = _errors(numeric, gradient)[1].max()
    return abs(numeric - gradient).max() / (size or 1)


@gradient_error.mistake(
    "The sizes are taken before the difference, so a slope of 2 and one of -2 seem to agree. Take "
    "`abs` of the difference."
)
def _sizes_first(f, x, gradient, eps=1e-5):
    return _errors(abs(numerical_gradient(f, x, eps)), abs(gradient))[0].max()


@gradient_error.mistake(
    "The difference is divided by `2` and then multiplied by `eps`. In Python `a / 2 * eps` goes "
    "from left to right: write `a / (2 * eps)`."
)
def _no_parentheses(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps) * eps**2, gradient)[0].max()


@gradient_error.mistake(
    "The error is a mean over the entries. One wrong entry among many would hide there: return "
    "the largest."
)
def _mean_error(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].mean()


@gradient_error.mistake(
    "The errors of all entries are added up. The sum grows with the number of entries: return the "
    "largest."
)
def _sum_of_errors(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].sum()


@gradient_error.mistake(
    "It returns the error of the last entry. Keep the largest so far: `worst = max(worst, error)`."
)
def _last_error(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].flat[-1]


@gradient_error.mistake(
    "It returns in the first turn of the loop. Move `return` to the left, so that it stands "
    "after the loop."
)
def _first_error(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].flat[0]


@gradient_error.mistake(
    "That is the difference itself. Divide it by the larger of the two slopes: 0.001 is nothing "
    "beside a slope of 1,000."
)
def _absolute(f, x, gradient, eps=1e-5):
    return abs(numerical_gradient(f, x, eps) - gradient).max()


@gradient_error.mistake(
    "The difference keeps its sign, so one that is negative never counts. Take its size with `abs`."
)
def _signed(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = _errors(numeric, gradient)[1]
    return max(0.0, ((numeric - gradient) / np.where(size == 0, 1, size)).max())


@gradient_error.mistake(
    "The difference keeps its sign, so one that is positive never counts. Take its size with `abs`."
)
def _signed_other(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = _errors(numeric, gradient)[1]
    return max(0.0, ((gradient - numeric) / np.where(size == 0, 1, size)).max())


@gradient_error.mistake(
    "The slopes are compared with their signs, so a negative one seems small. Compare sizes: "
    "`max(abs(slope), abs(gradient[place]))`."
)
def _larger_with_sign(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    larger = np.maximum(numeric, gradient)
    good = larger > 0
    return (np.where(good, abs(numeric - gradient), 0) / np.where(good, larger, 1)).max()


@gradient_error.mistake(
    "The difference is divided by the sum of the two sizes. Divide by the larger of them alone."
)
def _by_sum(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    total = abs(numeric) + abs(gradient)
    return (abs(numeric - gradient) / np.where(total == 0, 1, total)).max()


def _relative_to(chosen, f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = abs(chosen(numeric, gradient))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = abs(numeric - gradient) / size
    return float(np.where(numeric == gradient, 0, error).max())


gradient_error.mistake(
    "The difference is divided by the numerical slope, which may be 0. Divide by the larger of the "
    "two sizes."
)(partial(_relative_to, lambda numeric, gradient: numeric))
gradient_error.mistake(
    "The difference is divided by the given gradient, which may be 0. Divide by the larger of the "
    "two sizes."
)(partial(_relative_to, lambda numeric, gradient: gradient))


@gradient_error.mistake(
    "Where both slopes are 0, it divides 0 by 0, and nan comes out. There the error is 0: skip the "
    "division."
)
def _zero_by_zero(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    with np.errstate(invalid="ignore"):
        return (abs(numeric - gradient) / np.maximum(abs(numeric), abs(gradient))).max()


@gradient_error.mistake(
    "The nudges are not taken back: from the second entry on, `x` is no longer what it was. Make "
    "fresh copies for each entry."
)
def _piled_nudges(f, x, gradient, eps=1e-5):
    numeric, up, down = np.zeros_like(x), x.copy(), x.copy()
    for place in np.ndindex(x.shape):
        up[place] += eps
        down[place] -= eps
        numeric[place] = (f(up) - f(down)) / (2 * eps)
    return _errors(numeric, gradient)[0].max()


@gradient_error.mistake(
    "All entries are nudged at once, which gives the sum of all slopes. Nudge one entry, and leave "
    "the others as they are."
)
def _all_at_once(f, x, gradient, eps=1e-5):
    slope = (f(x + eps) - f(x - eps)) / (2 * eps)
    return _errors(np.full_like(x, slope), gradient)[0].max()


@gradient_error.mistake(
    "`f` is given a single number. It takes the whole array, with one entry nudged: other entries "
    "may matter to the slope."
)
def _entry_alone(f, x, gradient, eps=1e-5):
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        numeric[place] = (f(x[place] + eps) - f(x[place] - eps)) / (2 * eps)
    return _errors(numeric, gradient)[0].max()


# Convolution


def _conv_case(rng: np.random.Generator) -> Call:
    dtype, n, c_in, c_out = _dtype(rng), *rng.integers(1, 3, 3)
    kh, kw = rng.integers(1, 4, 2)
    stride, padding = int(rng.integers(1, 4)), int(rng.integers(0, 3))
    h, w = (int(max(1, k - 2 * padding) + rng.integers(0, 4)) for k in (kh, kw))
    x = _halves(rng, n, c_in, h, w, dtype=dtype)
    weight = _halves(rng, c_out, c_in, kh, kw, dtype=dtype)
    size = (output_size(a, int(k), stride, padding) for a, k in ((h, kh), (w, kw)))
    given = {} if stride == 1 and rng.random() < 0.5 else {"stride": stride}
    given |= {} if padding == 0 else {"padding": padding}
    return case(_halves(rng, n, c_out, *size, dtype=dtype), x, weight, **given)


_image = _maps([3, 1, 2], [0, 4, 1], [2, 5, 3])
_kernel = _maps([1, -2], [3, 2])


@chapter.coding(
    "The convolution, backwards",
    level=3,
    minutes=20,
    parts=("dx", "dweight", "dbias"),
    hand=[
        (
            case(_maps([1, 2], [-1, 3]), _image, _kernel),
            (
                _maps([1, 0, -4], [2, 13, -2], [-3, 7, 6]),
                _maps([17, 4], [21, 10]),
                np.array([5.0]),
            ),
        ),
        (
            case(_maps([1, 2], [-1, 3]), _image, _kernel, stride=2, padding=1),
            (
                _maps([2, 6, 4], [2, 3, -6], [-2, 9, 6]),
                _maps([12, 3], [17, 14]),
                np.array([5.0]),
            ),
        ),
    ],
    cases=_conv_case,
    oracle=reference.conv2d_backward,
    hints=[
        "Walk through the outputs, `for n, o, i, j in np.ndindex(dout.shape)`. Which window of the "
        "padded input made this output, and through which filter?",
        "Forward, the output was the sum of `window * weight[o]`. Times swaps: the window gets "
        "`d * weight[o]`, the filter gets `d * window`, and the bias gets `d`. Add each with `+=`.",
        "Keep two arrays of zeros in the padded size and in the size of `weight`. At the end cut "
        "the border off the first: rows from `padding` to `padding + h`, and columns likewise.",
    ],
)
def conv2d_backward(dout, x, weight, stride=1, padding=0):
    """Hand each output's gradient to the pixels and weights that made it."""
    p, (h, w), (kh, kw) = padding, x.shape[2:], weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dpadded, dweight = np.zeros_like(padded), np.zeros_like(weight)
    dbias = np.zeros(len(weight), weight.dtype)
    for n, o, i, j in np.ndindex(dout.shape):
        d = dout[n, o, i, j]
        rows = slice(i * stride, i * stride + kh)
        columns = slice(j * stride, j * stride + kw)
        dpadded[n, :, rows, columns] += d * weight[o]
        dweight[o] += d * padded[n, :, rows, columns]
        dbias[o] += d
    return dpadded[:, :, p : p + h, p : p + w], dweight, dbias


def _conv_slip(change):
    """Return a convolution's backward whose right results go through `change`."""

    def slip(dout, x, weight, stride=1, padding=0):
        dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
        return change(dx, dweight, dbias, dout)

    return slip


def _padded(x, padding):
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


@conv2d_backward.mistake(
    "This `dx` belongs to the kernel turned by half a turn. Handing out shares needs no flip; in "
    "`pad(dout) ⋆ flip(W)` it is needed once."
)
def _flip(dout, x, weight, stride=1, padding=0):
    _, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    turned = np.ascontiguousarray(weight[:, :, ::-1, ::-1])
    return F.conv2d_backward(dout, x, turned, stride, padding)[0], dweight, dbias


@conv2d_backward.mistake(
    "`dweight` is turned by half a turn. Only the law for `dx` has a flip; `dweight` is the input "
    "⋆ `dout`, as it stands."
)
@_conv_slip
def _flipped_weights(dx, dweight, dbias, dout):
    return dx, dweight[:, :, ::-1, ::-1], dbias


def _shares(give):
    """Return a convolution's backward that goes from output to output and hands out by `give`."""

    def slip(dout, x, weight, stride=1, padding=0):
        (h, w), (kh, kw), p = x.shape[2:], weight.shape[2:], padding
        padded, dweight = _padded(x, p), np.zeros_like(weight)
        dpadded = np.zeros_like(padded)
        for n, o, i, j in np.ndindex(dout.shape):
            rows, columns = (slice(a, a + k) for a, k in ((i * stride, kh), (j * stride, kw)))
            place = n, slice(None), rows, columns
            give(dpadded[place], dweight[o], padded[place], weight[o], dout[n, o, i, j])
        return dpadded[:, :, p : p + h, p : p + w], dweight, dout.sum(axis=(0, 2, 3))

    return slip


@conv2d_backward.mistake(
    "Where windows overlap, `dx` keeps only the last share. Paths meet there, and gradients add: "
    "`+=`, not `=`."
)
@_shares
def _dx_overwritten(dwindow, dfilter, window, one_filter, d):
    dwindow[...] = d * one_filter
    dfilter += d * window


@conv2d_backward.mistake(
    "`dx` and `dweight` keep only the last share of each entry. Paths meet there, and gradients "
    "add: `+=`, not `=`."
)
@_shares
def _both_overwritten(dwindow, dfilter, window, one_filter, d):
    dwindow[...] = d * one_filter
    dfilter[...] = d * window


@conv2d_backward.mistake(
    "`dx` gets the weights without the gradient. Each share is `d * weight`, with `d` the entry of "
    "`dout`."
)
@_shares
def _dx_without_d(dwindow, dfilter, window, one_filter, d):
    dwindow += one_filter
    dfilter += d * window


@conv2d_backward.mistake(
    "`dweight` gets the pixels without the gradient. Each share is `d * pixel`, with `d` the entry "
    "of `dout`."
)
@_shares
def _dweight_without_d(dwindow, dfilter, window, one_filter, d):
    dwindow += d * one_filter
    dfilter += window


@conv2d_backward.mistake(
    "Each factor gets itself. Times swaps: the pixel gets `d` times the weight, and the weight "
    "gets `d` times the pixel."
)
@_shares
def _not_swapped(dwindow, dfilter, window, one_filter, d):
    dwindow += d * window
    dfilter += d * one_filter


@conv2d_backward.mistake(
    "It returns after the first output. Move `return` to the left, so that it stands after the "
    "loops."
)
def _returns_at_once(dout, x, weight, stride=1, padding=0):
    first = np.zeros_like(dout)
    first[0, 0, 0, 0] = dout[0, 0, 0, 0]
    return F.conv2d_backward(first, x, weight, stride, padding)


@conv2d_backward.mistake(
    "`dbias` is too large: its line stands inside the loop over the weights. The bias is added "
    "once for each output."
)
def _bias_in_the_loop(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    return dx, dweight, dbias * weight[0].size


@conv2d_backward.mistake("The results are right, in another order. Return `dx, dweight, dbias`.")
@_conv_slip
def _other_order(dx, dweight, dbias, dout):
    return dweight, dx, dbias


@conv2d_backward.mistake(
    "`dweight` keeps only the share of the last output. A weight is used at every place of every "
    "image, and its paths add: `+=`, not `=`."
)
def _dweight_overwritten(dout, x, weight, stride=1, padding=0):
    dx, _, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    last = np.zeros_like(dout)
    last[-1, :, -1, -1] = dout[-1, :, -1, -1]
    return dx, F.conv2d_backward(last, x, weight, stride, padding)[1], dbias


def _conv_with_strides(dout, x, weight, sh, sw, padding):
    """Return the gradients as they come out when windows start every `sh` rows, `sw` columns."""
    (h, w), (kh, kw), p, (oh, ow) = x.shape[2:], weight.shape[2:], padding, dout.shape[2:]
    padded = _padded(x, p)
    seen = padded[:, :, : (oh - 1) * sh + kh, : (ow - 1) * sw + kw]
    dseen, dweight, dbias = F.conv2d_backward(dout, seen, weight, (sh, sw))
    dpadded = np.zeros_like(padded)
    dpadded[:, :, : seen.shape[2], : seen.shape[3]] = dseen
    return dpadded[:, :, p : p + h, p : p + w], dweight, dbias


@conv2d_backward.mistake(
    "The stride is not used. A window starts in row `i * stride` and column `j * stride`; in the "
    "two laws, `dout` gets `stride - 1` zeros between its entries."
)
def _no_stride(dout, x, weight, stride=1, padding=0):
    return _conv_with_strides(dout, x, weight, 1, 1, padding)


@conv2d_backward.mistake("The stride is used for rows but not for columns: `j * stride`.")
def _row_stride(dout, x, weight, stride=1, padding=0):
    return _conv_with_strides(dout, x, weight, stride, 1, padding)


@conv2d_backward.mistake("The stride is used for columns but not for rows: `i * stride`.")
def _column_stride(dout, x, weight, stride=1, padding=0):
    return _conv_with_strides(dout, x, weight, 1, stride, padding)


def _cropped(crop):
    """Return a convolution's backward that cuts the border off in its own way."""

    def slip(dout, x, weight, stride=1, padding=0):
        dpadded, dweight, dbias = F.conv2d_backward(dout, _padded(x, padding), weight, stride)
        return crop(dpadded, padding, *x.shape[2:]), dweight, dbias

    return slip


conv2d_backward.mistake(
    "`dx` still has the border of the padded input. Cut it off: what flows "
    "there belongs to no pixel."
)(_cropped(lambda dx, p, h, w: dx))
conv2d_backward.mistake(
    "Without padding `dx` is empty: `a[p:-p]` holds nothing where `p` is 0. Cut from `padding` to "
    "`padding + h`."
)(_cropped(lambda dx, p, h, w: dx[:, :, p:-p, p:-p]))
conv2d_backward.mistake(
    "The border of `dx` is cut at the top and left only. Padding stands on all four sides: rows "
    "from `padding` to `padding + h`."
)(_cropped(lambda dx, p, h, w: dx[:, :, p:, p:]))
conv2d_backward.mistake(
    "`dx` has the right size, but it is cut from the wrong corner. The image begins `padding` rows "
    "and columns inside the padded one."
)(_cropped(lambda dx, p, h, w: dx[:, :, :h, :w]))


@conv2d_backward.mistake(
    "Without padding it is right. With padding, row `i * stride + k - padding` may be -1, and "
    "`x[-1]` is the *last* row: leave out places outside the image, or pad `x` first."
)
def _wraps_round(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), dout.sum(axis=(0, 2, 3))
    for n, o, i, j in np.ndindex(dout.shape):
        for k, m in np.ndindex(weight.shape[2:]):
            row, column = i * stride + k - padding, j * stride + m - padding
            dx[n, :, row, column] += dout[n, o, i, j] * weight[o, :, k, m]
            dweight[o, :, k, m] += dout[n, o, i, j] * x[n, :, row, column]
    return dx, dweight, dbias


@conv2d_backward.mistake(
    "`dbias` is not added up over the batch. One bias serves every image, so add over axes 0, 2 "
    "and 3."
)
@_conv_slip
def _bias_per_image(dx, dweight, dbias, dout):
    return dx, dweight, dout.sum(axis=(2, 3))


@conv2d_backward.mistake(
    "`dbias` is one number. Each filter has a bias of its own: keep axis 1, and add over the "
    "others."
)
@_conv_slip
def _bias_one_number(dx, dweight, dbias, dout):
    return dx, dweight, dout.sum()


@conv2d_backward.mistake(
    "`dbias` is a mean. A bias is added to every output cell, so it collects the *sum* of `dout`."
)
@_conv_slip
def _bias_mean(dx, dweight, dbias, dout):
    return dx, dweight, dout.mean(axis=(0, 2, 3))


@conv2d_backward.mistake(
    "`dweight` is divided by the batch size. The loss has done that already, inside `dout`: here "
    "it is a sum."
)
@_conv_slip
def _weight_mean(dx, dweight, dbias, dout):
    return dx, dweight / len(dout), dbias


@conv2d_backward.mistake(
    "`dweight` and `dbias` are divided by the batch size. The loss has done that already, inside "
    "`dout`: here they are sums."
)
@_conv_slip
def _both_means(dx, dweight, dbias, dout):
    return dx, dweight / len(dout), dbias / len(dout)


@conv2d_backward.mistake(
    "`dx` takes from the last filter only. A pixel is read by every filter, so its gradients add "
    "over the filters."
)
def _last_filter(dout, x, weight, stride=1, padding=0):
    _, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    last = np.zeros_like(dout)
    last[:, -1] = dout[:, -1]
    return F.conv2d_backward(last, x, weight, stride, padding)[0], dweight, dbias


# The clinic


def _step_case(rng: np.random.Generator) -> Call:
    n, classes, c = (int(rng.integers(low, 4)) for low in (1, 2, 1))
    h, w = (2 * int(a) for a in rng.integers(1, 3, 2))
    images, filters = _halves(rng, n, 1, h, w) / 4, _halves(rng, c, 1, 3, 3) / 4
    weight = _halves(rng, classes, c * h * w // 4) / 4
    lr = float(rng.choice([0.125, 0.25, 0.5]))
    return case(images, rng.integers(0, classes, n), filters, weight, lr)


def _step_due(images, labels, filters, weight, lr):
    """Return the weights after a step that is made by the layers of the course."""
    settings = {"bias": False, "rng": np.random.default_rng(0), "dtype": images.dtype}
    conv = Conv2d(1, len(filters), 3, padding=1, **settings)
    head = Linear(weight.shape[1], len(weight), **settings)
    conv.weight.value, head.weight.value = filters, weight
    net = Sequential(conv, ReLU(), MaxPool2d(2), Flatten(), head)
    net.backward(F.cross_entropy_backward(net(images), labels))
    SGD(net.parameters(), lr=lr).step()
    return conv.weight.value, head.weight.value


@chapter.coding(
    "The clinic: patient D",
    level=3,
    minutes=15,
    parts=("the new filters", "the new weight"),
    cases=_step_case,
    oracle=_step_due,
    hints=[
        "Patient B of the lesson had one of the four faults. Two more make a gradient wrong: the "
        "judge finds them. The last one leaves the gradient right and walks the wrong way.",
        "With `lr=1`, old filters minus new filters is the gradient that a step has used. Give it "
        "to `check_gradient`, with a function of the filters that returns the loss.",
        "Ask each line: does `cross_entropy_backward` want scores or probabilities? Which `weight` "
        "made the scores? Does the gate look at what came in? Do both steps go downhill?",
    ],
)
def repaired_step(images, labels, filters, weight, lr):
    """Return filters and weight after one step of training."""
    maps = F.conv2d(images, filters, padding=1)
    active = F.relu(maps)
    pooled = F.max_pool2d(active, 2)
    flat = F.flatten(pooled)
    scores = F.linear(flat, weight)

    dscores = F.cross_entropy_backward(scores, labels)
    dflat = dscores @ weight
    dweight = dscores.T @ flat
    dpooled = F.flatten_backward(dflat, pooled)
    dactive = F.max_pool2d_backward(dpooled, active, 2)
    dmaps = np.where(maps > 0, dactive, 0)
    _, dfilters, _ = F.conv2d_backward(dmaps, images, filters, padding=1)
    return filters - lr * dfilters, weight - lr * dweight


def _sick_step(faults, images, labels, filters, weight, lr):
    """Take a step with some of the faults of patient D, and with some that a repair may add."""
    maps = F.conv2d(images, filters, padding=1)
    active = F.relu(maps)
    pooled = F.max_pool2d(active, 2)
    flat = F.flatten(pooled)
    scores = F.linear(flat, weight)

    out = F.softmax(scores) if faults & {"softmax", "twice"} else scores
    dscores = F.cross_entropy_backward(out, labels)
    if "twice" in faults:
        dscores = F.softmax_backward(dscores, scores)
    if "divided" in faults:
        dscores = dscores / len(images)
    if "sum" in faults:
        dscores = dscores * len(images)
    dweight = dscores.T @ flat
    stepped = weight + lr * dweight if "climbs" in faults else weight - lr * dweight
    dflat = dscores @ (stepped if "order" in faults else weight)
    dactive = F.max_pool2d_backward(F.flatten_backward(dflat, pooled), active, 2)
    gate = dactive if "gate" in faults else maps
    dmaps = dactive if "no gate" in faults else np.where(gate > 0, dactive, 0)
    _, dfilters, _ = F.conv2d_backward(dmaps, images, filters, padding=1)
    if "gradients" in faults:
        return dfilters, dweight
    rate = 1 if "no rate" in faults else lr
    return filters + lr * dfilters if "sign" in faults else filters - rate * dfilters, stepped


# Each fault: where it is, and what to say when it is the only one left.
_FAULTS = {
    "softmax": (
        "what `cross_entropy_backward` is given",
        "One fault is left. `cross_entropy_backward` has its softmax inside and wants the scores; "
        "it is given probabilities, so softmax is applied twice.",
    ),
    "order": (
        "the order of the lines",
        "One fault is left. The weight is changed before the gradient has gone back through it: "
        "`dflat` needs the weight that made the scores.",
    ),
    "gate": (
        "the gate of the ReLU",
        "One fault is left. The gate of the ReLU asks the gradient, but whether it is open depends "
        "on what came in: `maps > 0`.",
    ),
    "sign": (
        "the direction of a step",
        "One fault is left. The filters step along their gradient, so the loss climbs: a step goes "
        "against it, with a minus.",
    ),
}


def _what_is_left(left):
    places = [_FAULTS[fault][0] for fault in left]
    if len(left) == 1:
        return _FAULTS[left[0]][1]
    if len(left) == len(_FAULTS):
        return (
            "This is patient D as it came in, with all four faults. Begin at the top: what does "
            "`cross_entropy_backward` expect?"
        )
    count = {2: "Two", 3: "Three"}[len(left)]
    return f"{count} faults are left. Look at {', at '.join(places[:-1])} and at {places[-1]}."


for _count in range(1, len(_FAULTS) + 1):
    for _left in combinations(_FAULTS, _count):
        repaired_step.mistake(_what_is_left(_left))(partial(_sick_step, set(_left)))
for _added, _diagnosis in {
    "no gate": "The gate of the ReLU is gone, so its gradient passes everywhere. Let it through "
    "where `maps > 0`.",
    "climbs": "The weight steps along its gradient now, and it was the filters that did so before. "
    "Both steps go against the gradient.",
    "divided": "The gradient is divided by the batch size once more. `cross_entropy_backward` has "
    "done that already.",
    "sum": "The gradient of the batch is a sum, but the loss is a mean over the images: divide it "
    "by their number, as `cross_entropy_backward` does.",
    "twice": "Softmax is still applied twice, though its gradient is now right. It would learn "
    "no better than patient B did: give the scores to `cross_entropy_backward`.",
    "gradients": "These are the gradients. Return the new filters and the new weight: old minus "
    "`lr` times gradient.",
    "no rate": "The filters step by their whole gradient. Multiply it by `lr`.",
}.items():
    repaired_step.mistake(_diagnosis)(partial(_sick_step, {_added}))


quiz = Quiz(
    "ex.quiz",
    (
        "Your new network reads digits with an accuracy of 85% after three epochs, and its loss "
        "fell in every one. What does that prove about its gradients?",
        wrong(
            "They are right; wrong ones could not have trained it.",
            "Patient C trained well with a wrong gradient, and so did the network whose "
            "convolutions got none. The layers that are right make up for the others.",
        ),
        wrong(
            "They are right in the convolutions, since those do most of the work.",
            "It is the other way round: random filters are useful enough for a dense layer that "
            "learns alone, and so the convolutions may have learned nothing.",
        ),
        right(
            "Only that the steps pointed roughly downhill.",
            "Some layer learned. Which ones did, the gradient norms tell; whether each slope is "
            "right, only a gradient check can.",
        ),
        wrong(
            "Nothing at all, for guessing gives nearly as much.",
            "Guessing among ten digits gives 10%. Something has learned; the question is what.",
        ),
    ),
    (
        "A gradient check passes on random numbers. On real digits, with fresh biases, it fails. "
        "What do you look at first?",
        right(
            "Whether some inputs of a ReLU are exactly 0.",
            "Black pixels and zero biases put the ReLU on its corner, where the code says 0 and "
            "the nudge says one half. Move the biases a little, and check again.",
        ),
        wrong(
            "The backward code, for a failed check means a bug.",
            "That is the usual reason, and so it tempts. But this code has just passed where no "
            "corner was near, so the place is the likelier cause.",
        ),
        wrong(
            "The tolerance, which is too strict for real data.",
            "At a corner the two slopes differ by half of the gradient. A tolerance that lets this "
            "pass would let most bugs pass as well.",
        ),
    ),
    (
        "A central difference with h = 0.01 is a little off. Would h = 1e-13 be better, in "
        "float64?",
        wrong(
            "Yes, its error shrinks with h², so the smaller the better.",
            "The bending of the curve does shrink like that. But a second error grows as h "
            "shrinks: rounding.",
        ),
        right(
            "No, the two values then agree in nearly all digits, and rounding is left.",
            "A float64 keeps about 16 digits. Their difference keeps only the last two or three, "
            "and dividing by 2h blows up the noise; 1e-5 is near the best.",
        ),
        wrong(
            "No, 1e-13 is so small that float64 takes it for 0.",
            "Float64 can hold numbers far smaller than that. What is lost are the digits of "
            "f(x + h) - f(x - h).",
        ),
    ),
    (
        "All weights of a hidden layer start at 0.5, and its biases at 0. What happens in "
        "training?",
        wrong(
            "Nothing moves, for every gradient is 0.",
            "That is what happens when all weights are 0. With 0.5 signals and gradients do flow.",
        ),
        wrong(
            "It learns as usual, only more slowly at first.",
            "No patience helps: nothing in the steps can tell one unit from another.",
        ),
        wrong(
            "The signals explode after a few layers, whatever its width is.",
            "Large weights can do that, but it is not what equal ones do: they do it in a layer of "
            "any scale.",
        ),
        right(
            "Its units stay copies of each other, and work as one.",
            "Equal units get equal gradients and take equal steps. Random starting weights break "
            "the tie.",
        ),
    ),
    (
        "A network with ten classes has just been built, and its first loss is 60. Which is the "
        "likeliest cause?",
        wrong(
            "The learning rate is too high.",
            "It can ruin the loss, but only from the second step on. Here no step has been taken.",
        ),
        right(
            "The inputs or the first weights are far too large.",
            "A network that knows nothing should lose about ln 10 = 2.3. Huge scores make it "
            "confident and wrong, as with bytes from 0 to 255.",
        ),
        wrong(
            "It has too few weights for the task.",
            "A small network that has learned nothing is unsure, and being unsure costs 2.3.",
        ),
        wrong(
            "All its ReLUs are dead.",
            "Then all scores would be the biases, equal for every image, and the loss about 2.3. "
            "That is how patient A ended, not how it began.",
        ),
    ),
    (
        "Two machines work out the gradient of half a batch each, 32 images here and 32 there, "
        "with a loss that is a mean. How do you get the gradient of the whole batch?",
        wrong(
            "Add the two.",
            "Gradients do add where paths meet. But each half was already divided by its own 32, "
            "so the sum is twice too large.",
        ),
        wrong(
            "Keep the one that is larger, entry by entry.",
            "That would be right for the winners of max pooling. In a mean every image counts the "
            "same.",
        ),
        right(
            "Take the average of the two.",
            "The loss of the whole is the average of the two losses, and so is its gradient. With "
            "halves of unequal size it would be a weighted average.",
        ),
    ),
)
