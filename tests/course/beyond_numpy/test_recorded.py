"""What notebook 12 tells of PyTorch, ONNX and a browser is what they answered."""

import math

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.architectures import course_cnn
from cnnlib.course.beyond_numpy import browser, recorded, timing
from cnnlib.datasets import load_digits
from cnnlib.pretrained import load_digits_cnn


def test_the_recorded_scores_are_those_of_the_network() -> None:
    images = load_digits().validation.images[: recorded.IMAGES]
    scores = load_digits_cnn()(images)
    for name in ("scores", "onnx_scores", "web_scores"):
        np.testing.assert_allclose(recorded.answer(name), scores, rtol=1e-4, atol=1e-4)


def test_the_recorded_gradients_are_those_of_the_network() -> None:
    model, train = load_digits_cnn(), load_digits().train
    images, labels = train.images[: recorded.BATCH], train.labels[: recorded.BATCH]
    model.backward(F.cross_entropy_backward(model(images), labels))
    ours = {name: np.linalg.norm(p.grad) for name, p in model.named_parameters()}
    assert recorded.answer("gradients") == pytest.approx(ours, rel=1e-3)
    assert recorded.answer("apart") < 1e-6
    assert recorded.answer("returned") == len(model.state_dict())


def test_the_two_processes_trained_the_network_of_the_course() -> None:
    """The first losses are those of the same training in NumPy."""
    rng = np.random.default_rng(0)
    model, train = course_cnn(rng), load_digits().train
    order, velocity = rng.permutation(len(train.images)), [0.0] * 8
    losses = []
    for step in range(4):
        chosen = order[64 * step : 64 * step + 64]
        scores = model(train.images[chosen])
        losses.append(F.cross_entropy(scores, train.labels[chosen]))
        model.backward(F.cross_entropy_backward(scores, train.labels[chosen]))
        for k, parameter in enumerate(model.parameters()):
            velocity[k] = 0.9 * velocity[k] + parameter.grad
            parameter.value = parameter.value - 0.05 * velocity[k]
    for world in (1, 2):
        report = recorded.answer("together")[str(world)]
        assert report["world"] == world
        assert report["losses"][:4] == pytest.approx(losses, rel=1e-3)
        assert report["gradient_difference"] < 1e-5 * report["gradient_size"]
        assert report["same_weights"]


def test_lists_come_as_arrays_and_the_rest_as_it_is() -> None:
    assert recorded.answer("kept").tolist() == [[1, 2, 3], [1, 1, 1]]
    assert isinstance(recorded.answer("onnx_bytes"), int)
    with pytest.raises(KeyError):
        recorded.answer("nothing of that name")


def test_the_page_asks_for_what_to_onnx_writes() -> None:
    for name in ('"digits.onnx"', "{ images }", "answer.scores", "[n, 1, 28, 28]"):
        assert name in browser.PAGE
    assert "http" not in browser.PAGE


# --- times ----------------------------------------------------------------------------------------


def test_a_profile_times_every_layer_and_changes_no_weight() -> None:
    model, train = load_digits_cnn(), load_digits().train
    before = model.state_dict()
    profile = timing.profile(model, train.images[:4], train.labels[:4], repeats=2)
    assert list(profile) == list(timing.stored()["profile"])
    assert all(seconds > 0 for pair in profile.values() for seconds in pair)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_each_way_to_convolve_is_timed() -> None:
    ways = timing.convolution_ways(batch=2, repeats=1)
    assert list(ways)[:3] == ["loops", "im2col", "blocked"]
    assert ways["loops"] > 10 * ways["im2col"]
    assert set(ways) <= set(timing.stored()["ways"])


def test_what_is_stored_names_its_machine_and_lacks_no_way() -> None:
    stored = timing.stored()
    assert list(stored["ways"]) == ["loops", "im2col", "blocked", "PyTorch"]
    assert "thread" in stored["machine"]
    assert all(math.isfinite(seconds) for seconds in stored["ways"].values())
