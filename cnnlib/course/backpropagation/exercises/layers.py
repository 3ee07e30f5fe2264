"""A slope by hand, the gate of a ReLU, and a whole linear layer."""

from functools import partial
from typing import Any

import numpy as np

from cnnlib import reference
from cnnlib.course.backpropagation.exercises.shared import chapter
from cnnlib.course.judge.exercise import Refused
from cnnlib.course.judge.numbers import halves, random_dtype
from cnnlib.course.judge.run import Call, case

# A value used twice

two_paths = chapter.prediction(
    "two_paths",
    "A slope by hand",
    level=1,
    minutes=2,
    expected=28,
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
        (4, "That is the slope of v along w. L moves with both, u and v: follow both paths to L."),
        (32, "The gradient of u, 8, meets the slope of v, 4. Each path has a slope of its own."),
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
    return case(halves(rng, *shape), halves(rng, *shape), **leak)


def _activation_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(7)
    row, drow = halves(rng, 6), halves(rng, 6)
    tiny = np.array([[1e-9, -1e-9, 0.0, 1e-300]])
    return {
        "every `x` is 0": [
            case(np.array([[1.0, -2.0]]), np.zeros((1, 2)), leak=0.5),
            case(np.array([[1.0, -2.0]]), np.zeros((1, 2))),
        ],
        "`x` is close to 0": [case(np.array([[1.0, 2.0, 3.0, -4.0]]), tiny, leak=0.25)],
        "`x` is a row of numbers": [case(drow, row, leak=0.5), case(drow, row)],
        "`x` is an image": [case(halves(rng, 3, 2, 2), halves(rng, 3, 2, 2), leak=0.25)],
        "every `x` is positive": [case(halves(rng, 2, 3), abs(halves(rng, 2, 3)) + 1, leak=0.5)],
        "`leak` is 0": [case(halves(rng, 3, 3), halves(rng, 3, 3), leak=0.0)],
        "`leak` is 1": [case(halves(rng, 3, 3), halves(rng, 3, 3), leak=1.0)],
    }


def _leaky_slopes_times(dout, x, leak=0):
    slopes = [1 if value > 0 else leak for value in x.ravel().tolist()]
    return np.array(slopes).reshape(x.shape) * dout


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
    regions=_activation_regions(),
    oracle=_leaky_slopes_times,
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
    "The gate looks at the gradient, `dout`. Whether it is open depends on the input: `x > 0`."
)
def _asks_gradient(dout, x, leak=0):
    return np.where(dout > 0, dout, leak * dout)


@relu_backward.mistake(
    "Everything passes. Where the gate was shut on the way forward, only the leak gets through on "
    "the way back."
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
    "This is the forward pass, made of `x`. The backward pass hands on `dout`, and asks `x` only "
    "whether the gate is open."
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
    "`x` and `dout` have changed places: `dout` decides here, and `x` passes. Going backwards, `x` "
    "decides and `dout` passes."
)
def _changed_places(dout, x, leak=0):
    return np.where(dout > 0, x, leak * x)


@relu_backward.mistake(
    "Two things: the gate looks at the gradient, where it should ask `x > 0`; and the leak is not "
    "used."
)
def _asks_gradient_watertight(dout, x, leak=0):
    return np.where(dout > 0, dout, 0)


@relu_backward.mistake(
    "At exactly 0 nothing passes. There the input is not positive, so the leak holds: "
    "`leak * dout`."
)
def _nothing_at_zero(dout, x, leak=0):
    return np.where(x == 0, 0, np.where(x > 0, dout, leak * dout))


@relu_backward.mistake("The gate is the wrong way round: it is open where `x` is negative.")
def _inverted(dout, x, leak=0):
    return np.where(x < 0, dout, leak * dout)


# A whole layer


def _send(layer, x, dout, meanwhile=lambda: None):
    """Send other batches through a layer, then `x` and `dout`; return what comes of these.

    `meanwhile` is called before and after the last backward.
    """
    first = layer.forward(x + 1)
    if first is ... or layer.backward(dout + 1) is ...:
        return ...
    first, again = np.array(first), layer.forward(x + 1)
    if not _same(first, again):
        raise Refused(
            "After one `backward`, `forward` gives other numbers for the same batch. Have the "
            "weights changed? Neither method may change them: the step is the optimiser's job."
        )
    layer.forward(np.concatenate([x, x - 1]))
    layer.backward(np.concatenate([dout, dout - 1]))
    y = layer.forward(x)
    meanwhile()
    dx = layer.backward(dout)
    meanwhile()
    if dx is None:
        raise Refused(
            "`backward` returns None. It should return `dx`, or else the layer before this one "
            "gets nothing."
        )
    if isinstance(dx, tuple | list):
        raise Refused(
            f"`backward` returns {len(dx)} results. It should return `dx` alone, and leave the "
            "others in `self.dweight` and `self.dbias`, where the optimiser finds them."
        )
    left = {name: getattr(layer, name, None) for name in ("dweight", "dbias")}
    if missing := [f"`self.{name}`" for name, value in left.items() if value is None]:
        raise Refused(f"After `backward` there is nothing in {' and '.join(missing)}.")
    return y, dx, *left.values()


def _same(one, other):
    """Return whether two results agree, entry by entry."""
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return True  # no array, which is said where it is compared
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-6, equal_nan=True)


def _use_layer(layer_class, weight, bias, x, dout):
    """Return what a layer makes of `x` and `dout`, with a second layer at work in between."""
    alone = _send(layer_class(weight.copy(), bias.copy()), x.copy(), dout.copy())
    if alone is ...:
        return ...
    layer, other = layer_class(weight, bias), layer_class(1 - weight, 1 - bias)

    def meanwhile():
        y = np.asarray(other.forward(1 - x))
        other.backward(1 - y)

    found = _send(layer, x, dout, meanwhile)
    if not all(map(_same, alone, found)):
        raise Refused(
            "Two layers disturb each other: while a second one is at work, this one gives other "
            "results. Is something kept on the class, or under a global name? What belongs to one "
            "layer belongs in `self`."
        )
    return found


def _linear_oracle(weight, bias, x, dout):
    return reference.linear(x, weight, bias), *reference.linear_backward(dout, x, weight)


def _linear_case(rng: np.random.Generator) -> Call:
    n, features, outputs = rng.integers(1, 5, 3)
    make = partial(halves, rng, dtype=random_dtype(rng))
    return case(make(outputs, features), make(outputs), make(n, features), make(n, outputs))


def _linear_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(7)

    def of(n: int, features: int, outputs: int) -> Call:
        shapes = (outputs, features), (outputs,), (n, features), (n, outputs)
        return case(*(halves(rng, *shape) for shape in shapes))

    weight, bias, x, dout = of(2, 3, 2).args
    return {
        "the batch holds one sample": [of(1, 3, 2)],
        "there is one input and one output": [of(3, 1, 1)],
        "there are as many samples as inputs and outputs": [of(3, 3, 3)],
        "there are more than four of each": [of(6, 7, 5)],
        "every input is 0": [case(weight, bias, 0 * x, dout)],
        "every `dout` is 0": [case(weight, bias, x, 0 * dout)],
        "every weight is 0": [case(0 * weight, bias, x, dout)],
    }


_weight, _bias = np.array([[1.0, 0, 2], [-1, 3, 1]]), np.array([1.0, 0])
_x, _dout = np.array([[2.0, -1, 3]]), np.array([[1.0, -2]])


@chapter.coding(
    "A whole layer",
    level=2,
    minutes=12,
    call=_use_layer,
    call_source="layer = my_linear_layer(weight, bias)\n"
    "...  # other batches, smaller and larger ones, and a second layer\n"
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
    regions=_linear_regions(),
    oracle=_linear_oracle,
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
        _layer.mistake(diagnosis)(type("careless_layer", (_layer.model_answer,), {name: function}))
        return function

    return register


@_method("forward", "The bias is missing from `forward`: add `self.bias` to the products.")
def _no_bias(self, x):
    self.x = x
    return x @ self.weight.T


@_method(
    "forward",
    "In `forward` the weight is not transposed. Its shape is (outputs, inputs), so the product is "
    "`x @ self.weight.T`.",
)
def _not_turned(self, x):
    self.x = x
    return x @ self.weight + self.bias


@_method(
    "forward",
    "Does `backward` still work with the input of the first batch? More than one batch goes "
    "through a layer, of different sizes: `forward` must keep the input of each, `self.x = x`.",
)
def _remembers_first(self, x):
    self.x = getattr(self, "x", x)
    return x @ self.weight.T + self.bias


@_method(
    "backward",
    "The gradients of earlier batches are still in these. Each `backward` writes its gradients "
    "anew, with `=`.",
)
def _piles_up(self, dout):
    self.dweight = getattr(self, "dweight", 0) + dout.T @ self.x
    self.dbias = getattr(self, "dbias", 0) + dout.sum(axis=0)
    return dout @ self.weight


@_method(
    "backward",
    "`dx` and `dweight` hold only the last share of each entry. Many products meet there, and "
    "paths add: is there an `=` where `+=` belongs, or are they set back to 0 inside the loop?",
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
    return _layer.model_answer.backward(self, dout / len(dout))


@_method(
    "backward",
    "In `dx` the weight is transposed. `forward` transposed it, so `backward` uses it as it is: "
    "`dout @ self.weight`.",
)
def _turned_weight(self, dout):
    _layer.model_answer.backward(self, dout)
    return dout @ self.weight.T


def _changed(diagnosis):
    """Register a layer whose gradients of weight and bias go through `change`."""

    def register(change):
        def backward(self, dout):
            dx = _layer.model_answer.backward(self, dout)
            self.dweight, self.dbias = change(self.dweight, self.dbias, dout)
            return dx

        return _method("backward", diagnosis)(backward)

    return register


_changed(
    "`dweight` is transposed: rows and columns are exchanged. It has the shape of `weight`, "
    "(outputs, inputs): `dout.T @ self.x`."
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
    "`dbias` is multiplied by the number of inputs. The bias is added once for each output: is its "
    "line inside the loop over the inputs?"
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
