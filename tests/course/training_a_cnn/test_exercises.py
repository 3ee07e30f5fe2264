"""The capstone's judge looks at six functions one by one, at their speed, and at the training."""

import signal

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.architectures import course_cnn
from cnnlib.course.training_a_cnn import exercises as ex
from cnnlib.course.training_a_cnn import my_cnn_judge as judged
from cnnlib.course.training_a_cnn.my_cnn_judge import PARTS, SIX, my_cnn
from cnnlib.datasets import Digits, Split, load_digits
from cnnlib.layers import Conv2d, Linear
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
    assert ex.try_rate(0.05) < 0.15  # "it stays at 10%"
    for rate in (3e-5, 1e-4, 2e-4):
        assert ex.try_rate(rate) > ex.LEAST_RATE_ACCURACY + 0.01
