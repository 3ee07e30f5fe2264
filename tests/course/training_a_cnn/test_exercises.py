"""The capstone's judge looks at six functions one by one, at their speed, and at the training."""

import signal
import time

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib import functional as F
from cnnlib.architectures import course_cnn
from cnnlib.course.training_a_cnn import exercises as ex
from cnnlib.course.training_a_cnn import my_cnn_judge as judged
from cnnlib.course.training_a_cnn.my_cnn_judge import PARTS, SIX, my_cnn
from cnnlib.datasets import Digits, Split, load_digits
from cnnlib.layers import Conv2d, Flatten, Linear, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD
from cnnlib.training import fit


def test_the_counts_are_those_of_the_library():
    def count(colours=3, depth=16, places=25):
        rng = np.random.default_rng(0)
        layers = [Conv2d(colours, 16, 5, rng=rng), Conv2d(depth, 32, 5, rng=rng)]
        layers += [Linear(32 * places, 128, rng=rng), Linear(128, 10, rng=rng)]
        return sum(parameter.size for layer in layers for parameter in layer.parameters())

    known = [value for value, _ in ex.parameters.mistakes]
    assert ex.parameters.expected == count()
    assert known == [
        count(colours=1, places=16),
        count(colours=1),
        count(places=16),
        count() - (16 + 32 + 128 + 10),
        count(depth=3),
        count(places=36),
        count(places=1),
    ]
    rng = np.random.default_rng(0)
    layers = list(course_cnn(rng).layers)
    layers[0], layers[7] = Conv2d(3, 16, kernel_size=5, rng=rng), Linear(800, 128, rng=rng)
    assert Sequential(*layers).summary((3, 32, 32)).parameters == count()

    rng = np.random.default_rng(0)
    model = Sequential(Linear(1, 2, rng=rng))
    data = np.zeros((2000, 1), np.float32), np.zeros(2000, int)
    sgd = SGD(model.parameters(), lr=0.1)
    options = {"optimizer": sgd, "rng": rng, "progress": False}
    history = fit(model, data, epochs=3, batch_size=64, **options)
    assert ex.steps.expected == len(history.batch_losses)


each_part = pytest.mark.parametrize("name", SIX)


@each_part
def test_each_function_passes_and_each_of_its_mistakes_is_named(name):
    part = PARTS[name]
    assert part.judge(getattr(my_cnn(), name)).passed
    assert len({mistake.diagnosis for mistake in part.mistakes}) == len(part.mistakes) >= 3
    for mistake in part.mistakes:
        verdict = part.judge(mistake.function)
        assert (verdict.status, verdict.diagnosis) == ("wrong", mistake.diagnosis)


@each_part
@pytest.mark.parametrize("make", [np.zeros_like, np.ones_like, lambda a: a + 0.5, lambda a: None])
def test_no_function_passes_with_made_up_numbers(name, make):
    def made_up(*given):
        expected = getattr(F, name)(*given)
        return tuple(map(make, expected)) if isinstance(expected, tuple) else make(expected)

    answer = type("Answer", (my_cnn,), {name: lambda self, *given: made_up(*given)})
    verdict = ex.my_cnn.check(answer)
    assert verdict.status == "wrong"
    assert verdict.diagnosis.startswith(f"In `{name}`: ")


def test_a_wrong_function_is_shown_with_its_smallest_case():
    class Answer(my_cnn):
        def linear(self, x, weight, bias):
            return x @ weight.T

    lines = repr(ex.my_cnn.check(Answer)).splitlines()
    assert lines[:3] == [
        "✗ my_cnn: not yet right",
        "In `linear`: The bias is missing. Add it to every row: `+ bias`.",
        "The smallest case where it shows:",
    ]
    assert "    my_cnn().linear(x, weight, bias)" in lines
    assert lines[-1] == (
        "Right so far: `conv2d`, `conv2d_backward`, `max_pool2d`, `max_pool2d_backward`."
    )


def test_one_function_may_be_checked_before_the_next_is_written():
    stubs = {name: lambda self, *given: ... for name in SIX}
    diagnosis = ex.my_cnn.check(type("Answer", (), stubs | {"linear": my_cnn.linear})).diagnosis
    assert diagnosis.startswith("Right so far: `linear`. Still to be written: `conv2d`, ")
    assert ex.my_cnn.check(type("Answer", (), stubs)).status == "todo"


def test_a_class_of_another_form_is_told():
    class NoSelf(my_cnn):
        def linear(x, weight, bias):
            return x @ weight.T + bias

    assert "first argument must be `self`" in ex.my_cnn.check(NoSelf).diagnosis

    class NoArguments(my_cnn):
        def linear():
            return ...

    assert "first argument must be `self`" in ex.my_cnn.check(NoArguments).diagnosis

    class Half:
        conv2d = my_cnn.conv2d

    assert "has no `conv2d_backward`, `max_pool2d`" in ex.my_cnn.check(Half).diagnosis


def test_a_size_fixed_in_a_function_is_told():
    class Answer(my_cnn):
        def max_pool2d_backward(self, dout, x, size):
            dx = super().max_pool2d_backward(dout, x, size)
            dx[:, :, 12:] = 0
            return dx

    verdict = ex.my_cnn.check(Answer)
    assert "right on small arrays, but not at the sizes of the network" in verdict.diagnosis
    assert "x is (2, 16, 24, 24)" in verdict.diagnosis


def test_slow_loops_are_told_which_and_how_long():
    class Answer(my_cnn):
        def conv2d_backward(self, dout, x, weight):
            dx, dweight, dbias = super().conv2d_backward(dout, x, weight)
            dx, (kh, kw) = np.zeros_like(x), weight.shape[2:]
            for n, out, i, j in np.ndindex(dout.shape):
                dx[n, :, i : i + kh, j : j + kw] += dout[n, out, i, j] * weight[out]
            return dx, dweight, dbias

    diagnosis = ex.my_cnn.check(Answer).diagnosis
    assert "All six functions are right, but the training would take about" in diagnosis
    assert "Most of it goes into `conv2d_backward`" in diagnosis
    assert "im2col" in diagnosis


@pytest.fixture
def short(monkeypatch):
    """Let the training be a matter of a second, and the network learn next to nothing."""
    digits = load_digits()
    few = Digits(Split(*(part[:64] for part in digits.train)), digits.validation, digits.test)
    monkeypatch.setattr(judged, "load_digits", lambda: few)
    monkeypatch.setattr(judged, "EPOCHS", 1)


def test_a_network_that_learns_too_little_fails(short):
    diagnosis = ex.my_cnn.check(my_cnn).diagnosis
    assert "right one by one, but together they read only" in diagnosis


def test_a_training_stopped_by_hand_does_not_pass(short, monkeypatch):
    shift = judged.random_shift

    def pressed(images, rng, size):
        signal.raise_signal(signal.SIGINT)
        return shift(images, rng, size)

    monkeypatch.setattr(judged, "random_shift", pressed)
    assert "stopped by hand" in ex.my_cnn.check(my_cnn).diagnosis


def test_rates_beside_the_valley_are_told_on_which_side_they_lie():
    for rate, words in ((1e-5, "Too small, but near"), (5e-4, "Too large"), (5, "Far too large")):
        assert words in ex.learning_rate.check(rate).diagnosis
    assert ex.try_rate(0.05) < 0.15  # "it stays near 10%"
    for rate in (3e-5, 1e-4, 2e-4):
        assert ex.try_rate(rate) > ex.LEAST_RATE_ACCURACY + 0.01


# The capstone in other forms


@pytest.fixture
def untrained(monkeypatch):
    """Judge the six functions as always, and leave the training out."""
    monkeypatch.setattr(judged, "_training", lambda own: None)


class ByTheLibrary:
    def conv2d(self, x, weight, bias):
        return F.conv2d(x, weight, bias)

    def conv2d_backward(self, dout, x, weight):
        return list(F.conv2d_backward(dout, x, weight))

    def max_pool2d(self, x, size):
        return F.max_pool2d(x, size)

    def max_pool2d_backward(self, dout, x, size):
        return F.max_pool2d_backward(dout, x, size)

    def linear(self, x, weight, bias):
        return F.linear(x, weight, bias)

    def linear_backward(self, dout, x, weight):
        return F.linear_backward(dout, x, weight)


class Static:
    conv2d = staticmethod(F.conv2d)
    conv2d_backward = staticmethod(F.conv2d_backward)
    max_pool2d = staticmethod(F.max_pool2d)
    max_pool2d_backward = staticmethod(F.max_pool2d_backward)
    linear = staticmethod(F.linear)
    linear_backward = staticmethod(F.linear_backward)


class OfTheClass(my_cnn):
    @classmethod
    def linear(cls, x, weight, bias):
        return np.einsum("ni,oi->no", x, weight) + bias

    def linear_backward(self, dout, x, weight):
        return np.dot(dout, weight), np.einsum("no,ni->oi", dout, x), dout.sum(0)


class ByWindows(my_cnn):
    """Convolutions by windows and one product, pools by the first winner alone."""

    def conv2d(self, x, weight, bias):
        windows = sliding_window_view(x, weight.shape[2:], axis=(2, 3))
        sums = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3)))
        return np.moveaxis(sums, 3, 1) + bias[:, None, None]

    def max_pool2d_backward(self, dout, x, size):
        n, c, h, w = x.shape
        cells = x.reshape(n, c, h // size, size, w // size, size).swapaxes(3, 4)
        flat = cells.reshape(*cells.shape[:4], -1)
        won = flat.argmax(axis=-1)[..., None] == np.arange(size * size)
        given = (won * dout[..., None]).reshape(cells.shape).swapaxes(3, 4)
        return given.reshape(x.shape)


class Remembers(my_cnn):
    """It keeps what it is given, and does nothing with it."""

    def __init__(self):
        self.kept = []

    def linear(self, x, weight, bias):
        self.kept = [x]
        y = np.matmul(x, weight.T)
        y += bias
        return y


@pytest.mark.parametrize(
    "answer",
    [ByTheLibrary, Static, OfTheClass, ByWindows, Remembers, my_cnn(), Static()],
    ids=lambda one: getattr(one, "__name__", "made"),
)
def test_six_right_functions_pass_in_other_forms(untrained, answer):
    verdict = ex.my_cnn.check(answer)
    assert verdict.passed, repr(verdict)


def lost(name, change):
    """Return the right class with the result of one function changed."""

    def method(self, *given):
        return change(getattr(my_cnn(), name)(*given), *given)

    return type(f"Wrong{name}", (my_cnn,), {name: method})


WRONG = {
    "a pool that starts at -99": lost("max_pool2d", lambda y, *_: np.maximum(y, -99)),
    "a pool without an axis": lost("max_pool2d", lambda y, *_: y.squeeze()),
    "one image without its axis": lost("linear", lambda y, *_: y[0] if len(y) == 1 else y),
    "three filters": lost("conv2d", lambda y, *_: y * (np.arange(y.shape[1]) < 3)[:, None, None]),
    "in double precision": lost("conv2d", lambda y, *_: y.astype(np.float64)),
    "no dbias": lost("linear_backward", lambda y, *_: y[:2]),
    "a winner of several": lost("max_pool2d_backward", lambda dx, dout, x, size: dx * (x > -1000)),
    "channels and filters exchanged": lost(
        "conv2d_backward", lambda y, *_: (y[0], y[1].swapaxes(0, 1), y[2])
    ),
    "a mean in large batches": lost(
        "conv2d_backward", lambda y, dout, *_: (y[0], y[1], y[2] / max(1, len(dout) - 3))
    ),
    "under a mask": lost("linear", lambda y, *_: np.ma.masked_array(y, mask=y < 0)),
    "written into x": lost("linear", lambda y, x, *_: (y, x.fill(0))[0]),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_a_function_that_is_wrong_in_part_is_named(untrained, answer):
    verdict = ex.my_cnn.check(answer)
    assert verdict.status == "wrong"
    assert f"`{answer.__name__.removeprefix('Wrong')}`" in verdict.diagnosis


def test_rates_that_are_far_too_large_kill_the_relus():
    few, validation = ex._bytes()
    for rate in (0.003, 0.05, 5.0):
        rng = np.random.default_rng(0)
        model = Sequential(Flatten(), Linear(784, 128, rng=rng), ReLU(), Linear(128, 10, rng=rng))
        sgd = SGD(model.parameters(), lr=rate, momentum=0.9)
        fit(model, few, epochs=3, batch_size=50, optimizer=sgd, rng=rng, progress=False)
        hidden = Sequential(*model.layers[:3])(validation[0])
        assert (hidden == 0).all(axis=0).mean() > 0.9


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("1e-4", "without the quotes"),
        ([1e-4], "Take the number out of it"),
        (np.array([1e-4]), "Take the number out of it"),
        ((1e-4, 1e-3), "got a tuple of 2."),
    ],
)
def test_a_rate_in_another_form_is_told_what_to_write(answer, words):
    assert words in ex.learning_rate.check(answer).diagnosis


def test_a_call_is_timed_where_the_processor_s_clock_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a browser, where it always shows 0."""
    monkeypatch.setattr("time.process_time", lambda: 0.0)
    seconds, result = judged._timed(lambda wait: time.sleep(wait), (0.02,))
    assert result is None
    assert 0.02 <= seconds < 5
