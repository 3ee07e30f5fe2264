"""What an exercise expects does not come from the functions that it judges.

If it did, a fault in the library would make a right answer wrong and the same fault right.
"""

import copy
import sys
from itertools import count
from typing import Any

import numpy as np
import pytest

import cnnlib.functional
import cnnlib.gradcheck
import cnnlib.layers
import cnnlib.shapes
from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.judge import Coding
from cnnlib.course.judge.compare import difference
from cnnlib.course.judge.textbook import cross_entropy, cross_entropy_backward, softmax
from cnnlib.course.training_a_cnn import my_cnn_judge
from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD
from cnnlib.training import fit

JUDGED = (cnnlib.functional, cnnlib.gradcheck, cnnlib.layers, cnnlib.shapes)
EXERCISES = [
    *(
        exercise
        for chapter in CHAPTERS
        for exercise in chapter.exercises().chapter.exercises.values()
        if isinstance(exercise, Coding)
    ),
    *my_cnn_judge.PARTS.values(),
]
# Their solutions call functions of the library, as the exercises say.
LEANING = {
    "convolution.slopes_with_bias",
    "multichannel_filters.conv2d",
    "backpropagation.repaired_step",
    "training_a_cnn.train",
}


PUBLIC = [
    value
    for module in JUDGED
    for value in (getattr(module, name) for name in module.__all__)
    if callable(value)
]


def break_library(monkeypatch: pytest.MonkeyPatch, broken: Any) -> None:
    """Put `broken(function)` in the place of each judged function, wherever rooms hold it."""
    known = {id(value) for value in PUBLIC}
    rooms = [
        module
        for name, module in sys.modules.items()
        if name.startswith("cnnlib.course.") and module
    ]
    for module in (*JUDGED, *rooms):
        for name, value in list(vars(module).items()):
            if id(value) in known:
                monkeypatch.setattr(module, name, broken(value))


def raising(function: Any) -> Any:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise AssertionError(f"{function.__name__} was asked for what an exercise expects")

    return broken


def zeros(function: Any) -> Any:
    def like(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(like, value))
        return np.zeros_like(value) if isinstance(value, np.ndarray) else 0 * value

    def broken(*args: Any, **kwargs: Any) -> Any:
        return like(function(*args, **kwargs))

    return broken


def fresh(exercise: Coding) -> Coding:
    """Return the same exercise with nothing worked out yet."""
    other = copy.copy(exercise)
    other._kept, other._mistaken = [], {}
    return other


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.key)
def test_expected_results_do_not_come_from_the_library(
    exercise: Coding, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(exercise._oracle is function for function in PUBLIC)
    before = exercise.trials
    break_library(monkeypatch, raising)
    after = fresh(exercise).trials
    assert len(after) == len(before) > 1
    for one, other in zip(before, after, strict=True):
        assert difference(one.expected, other.expected, rtol=0, atol=0) is None


@pytest.mark.parametrize(
    "exercise", [one for one in EXERCISES if one.key in LEANING], ids=lambda one: one.key
)
def test_a_library_of_zeros_is_not_taken_for_right(
    exercise: Coding, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert exercise.judge(exercise.model_answer).passed
    break_library(monkeypatch, zeros)
    assert fresh(exercise).judge(exercise.model_answer).status == "wrong"


def test_the_breaking_reaches_the_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    break_library(monkeypatch, raising)
    with pytest.raises(AssertionError, match="conv2d"):
        cnnlib.functional.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)))
    room = sys.modules["cnnlib.course.convolution.exercises"]
    with pytest.raises(AssertionError, match="conv2d"):
        room.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)))  # type: ignore[attr-defined]


# The library gives what the exercises expect


def dense_network(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, **training: Any) -> Any:
    labels, seed, lr = training.pop("labels"), training.pop("seed"), training.pop("lr")
    model = Sequential(Linear(x.shape[1], len(bias), rng=np.random.default_rng(0), dtype=x.dtype))
    for parameter, value in zip(model.parameters(), (weight, bias), strict=True):
        parameter.value = value.copy()
    sgd, rng = SGD(model.parameters(), lr=lr), np.random.default_rng(seed)
    fit(model, (x, labels), optimizer=sgd, rng=rng, progress=False, **training)
    return tuple(parameter.value for parameter in model.parameters())


def network_step(
    images: np.ndarray, labels: np.ndarray, filters: np.ndarray, weight: np.ndarray, lr: float
) -> tuple[np.ndarray, np.ndarray]:
    settings: Any = {"bias": False, "rng": np.random.default_rng(0), "dtype": images.dtype}
    conv = Conv2d(1, len(filters), 3, padding=1, **settings)
    head = Linear(weight.shape[1], len(weight), **settings)
    conv.weight.value, head.weight.value = filters, weight
    net = Sequential(conv, ReLU(), MaxPool2d(2), Flatten(), head)
    net.backward(cnnlib.functional.cross_entropy_backward(net(images), labels))
    SGD(net.parameters(), lr=lr).step()
    return conv.weight.value, head.weight.value


def row_layer(row: tuple[str, Any, int, int, int], c_in: int) -> Any:
    _, filters, window, stride, padding = row
    if filters is None:
        return MaxPool2d(window, stride, padding)
    return Conv2d(c_in, filters, window, stride, padding, rng=np.random.default_rng(0))


def row_shapes(shape: tuple[int, ...], rows: list[Any]) -> dict[str, tuple[int, ...]]:
    shapes = {}
    for row in rows:
        shape = shapes[row[0]] = row_layer(row, shape[0]).output_shape(shape)
    return shapes


def row_work(
    shape: tuple[int, ...], filters: int, window: int, stride: int = 1, padding: int = 0
) -> Any:
    return row_layer(("", filters, window, stride, padding), shape[0]).multiply_adds(shape)


def layer_parameters(c_in: int, c_out: int, kernel_size: Any, groups: int = 1) -> int:
    layer = Conv2d(c_in, c_out, kernel_size, groups=groups, rng=np.random.default_rng(0))
    return sum(parameter.size for parameter in layer.parameters())


def stack_parameters(channels: int, stack: list[tuple[int, int, int]]) -> int:
    depths = [channels, *(filters for filters, _, _ in stack)]
    return sum(
        layer_parameters(c, f, (kh, kw)) for c, (f, kh, kw) in zip(depths, stack, strict=False)
    )


def layers_seen(target: int, kernel_size: int, stride: int = 1) -> int:
    for layers in count():
        if [1, *cnnlib.shapes.receptive_field([(kernel_size, stride)] * layers)][-1] >= target:
            return layers
    raise AssertionError


def same_padding(kernel_size: int) -> tuple[int, int]:
    """The library has no answer for an even kernel: take those of its two neighbours."""
    odd = (kernel_size - 1 + kernel_size % 2, kernel_size + 1 - kernel_size % 2)
    return tuple(map(cnnlib.shapes.same_padding, odd))  # type: ignore[return-value]


LIBRARY = {
    "padding_and_stride.output_size": cnnlib.shapes.output_size,
    "padding_and_stride.same_padding": same_padding,
    "padding_and_stride.layers_needed": layers_seen,
    "multichannel_filters.parameter_count": stack_parameters,
    "pooling.global_average": lambda x: cnnlib.functional.global_avg_pool2d(x)[:, :, 0, 0],
    "flatten_and_fully_connected.softmax": cnnlib.functional.softmax,
    "flatten_and_fully_connected.cross_entropy": cnnlib.functional.cross_entropy,
    "backpropagation.relu_backward": lambda dout, x, leak=0: cnnlib.functional.leaky_relu_backward(
        dout, x, leak
    ),
    "backpropagation.repaired_step": network_step,
    "alexnet_sizing.conv_parameters": layer_parameters,
    "alexnet_sizing.output_shapes": row_shapes,
    "alexnet_sizing.multiply_adds": row_work,
    "training_a_cnn.train": lambda x, labels, weight, bias, **training: dense_network(
        x, weight, bias, labels=labels, **training
    ),
}


@pytest.mark.parametrize("key", LIBRARY)
def test_the_library_gives_what_is_expected(key: str) -> None:
    exercise = next(one for one in EXERCISES if one.key == key)
    for trial in exercise.trials:
        given = trial.call.copy()
        result = LIBRARY[key](*given.args, **given.kwargs)  # type: ignore[operator]
        assert difference(trial.expected, result, rtol=1e-6, atol=1e-9) is None


# The formulas that several oracles share


SCORES = np.array([[0.5, -1.0, 2.0], [1000.0, 998.5, -1000.0]])


def test_softmax_of_the_textbook() -> None:
    p = softmax(np.log([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(p, [[0.125, 0.25, 0.625]], rtol=1e-14)
    np.testing.assert_allclose(softmax(SCORES), cnnlib.functional.softmax(SCORES), rtol=1e-12)
    assert softmax(SCORES.astype(np.float32)).dtype == np.float32


def test_cross_entropy_of_the_textbook() -> None:
    assert cross_entropy(np.log([[1.0, 2.0, 5.0]]), np.array([2])) == pytest.approx(np.log(1.6))
    assert cross_entropy(np.array([[0.0, 1000.0]]), np.array([0])) == 1000


def test_the_gradient_of_the_textbook_is_that_of_its_loss() -> None:
    targets = np.array([2, 1])
    numeric = cnnlib.gradcheck.numerical_gradient(lambda z: cross_entropy(z, targets), SCORES)
    np.testing.assert_allclose(cross_entropy_backward(SCORES, targets), numeric, atol=1e-6)
