"""The judge of the network under a budget takes other good networks, and explains odd answers."""

import numpy as np
import pytest

from cnnlib.architectures import alexnet, googlenet
from cnnlib.course.alexnet_sizing import exercises as ex
from cnnlib.layers import Conv2d, Flatten, GlobalAvgPool2d, Layer, Linear, ReLU
from cnnlib.model import Residual, Sequential
from cnnlib.shapes import output_size, receptive_field


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


def block(c_in: int, c_out: int, rng: np.random.Generator, stride: int = 2) -> Sequential:
    return Sequential(Conv2d(c_in, c_out, 3, stride, padding=1, rng=rng), ReLU())


def strided(rng: np.random.Generator) -> Sequential:
    """Return a network of nested blocks, without pools and without a hidden dense layer."""
    stages = block(3, 16, rng), block(16, 32, rng), block(32, 48, rng), block(48, 64, rng)
    head = GlobalAvgPool2d(), Flatten(), Linear(64, 10, rng=rng)
    return Sequential(*stages, block(64, 64, rng, stride=1), *head)


def without_dense_layer(rng: np.random.Generator) -> Sequential:
    return Sequential(*list(strided(rng))[:5], Conv2d(64, 10, 1, rng=rng), *list(strided(rng))[5:7])


def with_shortcut(rng: np.random.Generator) -> Sequential:
    """Return a network in which two convolutions lie side by side, with no activation between."""
    first, second, third, *rest = strided(rng)
    main = Sequential(block(32, 16, rng, stride=1), Conv2d(16, 32, 3, padding=1, rng=rng))
    shortcut = Conv2d(32, 32, 1, rng=rng)
    return Sequential(first, second, Residual(main, shortcut), ReLU(), third, *rest)


@pytest.mark.parametrize("build", [strided, without_dense_layer, with_shortcut])
def test_other_networks_within_the_budget_pass(build):
    verdict = ex.network.check(build)
    assert verdict.passed, repr(verdict)


class Lost(Layer):
    """A layer that promises one shape and puts out another."""

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, x):
        return x[:1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (strided(np.random.default_rng(0)), "without parentheses: `.check(my_network)`"),
        (lambda rng: None, "returns None"),
        (lambda rng: Sequential(), "Expected 10 scores, the shape (10,), got (3, 64, 64)"),
        (lambda rng: Sequential(Conv2d(1, 8, 3, rng=rng)), "Build the layer with in_channels=3"),
        (lambda rng: Sequential(Conv2d(3, 8, 3)), "It raised TypeError"),
        (lambda rng: Sequential(*strided(rng), Lost()), "Two pictures give the shape (1, 10)"),
    ],
)
def test_what_is_wrong_with_a_network_is_said(answer, words):
    verdict = ex.network.check(answer)
    assert verdict.status == "wrong"
    assert words in " ".join(repr(verdict).split())


def test_a_network_over_the_budget_is_shown_with_its_table():
    def wide(rng):
        return Sequential(*list(strided(rng))[:-1], Linear(64, 1000, rng=rng), ReLU(),
                          Linear(1000, 10, rng=rng))  # fmt: skip

    text = repr(ex.network.check(wide))
    assert "The most, 65,000, are in 7 Linear(64, 1000)." in " ".join(text.split())
    assert "total" in text


def test_a_stub_is_not_attempted():
    assert ex.network.check(lambda rng: ...).status == "todo"


def test_the_quiz_and_the_mistakes_count_as_the_library_does():
    rng = np.random.default_rng(0)
    summary = alexnet(rng).summary((3, 227, 227))
    assert round(128 * summary.memory / (4 * summary.parameters)) == 4
    assert 128 * summary.memory > 3 * 4 * summary.parameters  # with gradients and momentum
    later = googlenet(rng).summary((3, 224, 224))
    assert round(summary.parameters / later.parameters) == 9
    assert round(later.multiply_adds / summary.multiply_adds, 1) == 1.4
    conv2 = summary.rows[4]
    assert conv2.parameters == 614_656
    assert ex.memory.expected == 32 * conv2.memory
    assert ex.view.expected == receptive_field([(11, 2), (3, 2), (5, 1)])[-1]
    assert output_size(224, 11, 4, 2) == output_size(227, 11, 4) == 55
    assert output_size(226, 11, 4) == 54
    assert ex.fc6_inputs.expected == alexnet(rng).layers[15].output_shape((256, 7, 7))[0]
