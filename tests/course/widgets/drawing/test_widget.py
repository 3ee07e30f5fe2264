"""The drawing pad in Python: MNIST's form, what the layers answer, what the browser may ask."""

import numpy as np
import pytest
from drawn import lengths, pixels
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnlib import functional as F
from cnnlib.architectures import course_cnn, lenet5
from cnnlib.course.widgets import DrawingPad
from cnnlib.course.widgets.drawing import SIDE, as_mnist, layer_outputs
from cnnlib.course.widgets.kit.maps import mosaic
from cnnlib.datasets import load_digits
from cnnlib.layers import Conv2d, Dropout, Flatten, Linear
from cnnlib.model import Sequential
from cnnlib.optim import SGD


def network(seed=0):
    return course_cnn(np.random.default_rng(seed))


@pytest.fixture(scope="module")
def digits():
    return load_digits()


INK = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40),
    elements=st.sampled_from([0.0, 0.0, 0.25, 1.0]),
)


def mass_centre(image):
    rows, columns = np.indices(image.shape)
    return (rows * image).sum() / image.sum(), (columns * image).sum() / image.sum()


# MNIST's form


@pytest.mark.parametrize("larger", [1, 2, 4, 5])
def test_digits_of_mnist_come_out_as_they_went_in(digits, larger):
    """However much larger, and wherever on the pad: this is how we know it is MNIST's own form."""
    for k, image in enumerate(digits.test.images[:250, 0]):
        canvas = np.zeros((28 * larger + 9, 28 * larger + 9))
        top, left = k % 10, k % 7
        big = np.kron(image, np.ones((larger, larger)))
        canvas[top : top + 28 * larger, left : left + 28 * larger] = big
        np.testing.assert_allclose(as_mnist(canvas), image, atol=1e-6)


@given(INK)
def test_the_longer_side_is_twenty_and_the_mass_is_in_the_middle(ink):
    image = as_mnist(ink)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 1 + 1e-6
    if not ink.any():
        assert not image.any()
        return
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    sides = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert max(sides) == 20
    for centre, first, size in zip(mass_centre(image), (rows[0], columns[0]), sides, strict=True):
        at_the_border = first == 0 or first + size == 28
        assert at_the_border or abs(centre - 14) <= 0.5 + 1e-5


@given(INK)
def test_where_it_was_drawn_does_not_matter(ink):
    moved = np.pad(ink, ((3, 7), (11, 2)))
    assert np.array_equal(as_mnist(moved), as_mnist(ink))


@given(INK)
def test_the_proportions_are_kept(ink):
    if not ink.any():
        return
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    drawn = np.array([rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1])
    image = as_mnist(ink)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    got = np.array([rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1])
    assert np.abs(got - 20 * drawn / drawn.max()).max() <= 1


@pytest.mark.parametrize("wrong", [np.zeros(9), np.full((3, 3), 255), np.full((3, 3), np.nan)])
def test_what_is_no_drawing_is_refused(wrong):
    with pytest.raises(ValueError, match="ink must be a grid"):
        as_mnist(wrong)


# The layers


def test_the_last_output_is_what_the_model_says(digits):
    model = network()
    image = digits.test.images[0, 0]
    outputs = layer_outputs(model, image)
    assert [name for name, _ in outputs] == [repr(layer) for layer in model]
    np.testing.assert_array_equal(outputs[-1][1], model(image[None, None])[0])
    x = image[None, None]
    for layer, (_, expected) in zip(model, outputs, strict=True):
        x = layer(x)
        np.testing.assert_array_equal(expected, x[0])


# The pad


def test_a_digit_is_seen_as_it_is(digits):
    pad = DrawingPad(network())
    for k in (0, 7, 999):
        assert pad.give_digit(k) == digits.validation.labels[k]
        np.testing.assert_allclose(pad.image, digits.validation.images[k, 0], atol=1e-6)
        expected = F.softmax(pad.model(digits.validation.images[k : k + 1]))[0]
        np.testing.assert_allclose(pad.probabilities, expected, atol=1e-5)
        assert pad.answer["note"] == f"Digit {k}. Its label is {digits.validation.labels[k]}."


def test_the_answer_holds_every_layer():
    pad = DrawingPad(network(), np.eye(28))
    answer, start = pad.answer, 0
    values = np.frombuffer(answer["maps"], dtype=np.float32)
    for described, (name, expected) in zip(answer["layers"], pad.outputs, strict=True):
        assert described == {"name": name, "shape": list(expected.shape)}
        got = values[start : start + expected.size].reshape(expected.shape)
        np.testing.assert_array_equal(got, expected)
        start += expected.size
    assert start == len(values)
    np.testing.assert_allclose(np.frombuffer(answer["odds"]), pad.probabilities)
    np.testing.assert_array_equal(
        np.frombuffer(answer["image"], dtype=np.float32).reshape(28, 28), pad.image
    )


def test_ink_from_the_browser_is_answered():
    pad = DrawingPad(network())
    before = pad.answer
    ink = np.zeros((SIDE, SIDE), dtype=np.uint8)
    ink[20:80, 50:60] = 255
    pad.set_state({"ink": memoryview(ink.tobytes())})
    np.testing.assert_array_equal(pad.drawing, ink / 255)
    np.testing.assert_array_equal(pad.image, as_mnist(ink / 255))
    assert pad.answer != before
    assert pad.answer["mass"] == 60 * 10 * 255


def test_ink_of_another_size_is_refused():
    pad = DrawingPad(network())
    with pytest.raises(ValueError, match="ink must be 12544 bytes"):
        pad.set_state({"ink": memoryview(b"123")})
    assert not any(pad.ink)


def test_not_centred_a_drawing_is_only_made_smaller():
    pad = DrawingPad(network(), centred=False)
    ink = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    pad.ink = ink.tobytes()
    expected = ink.reshape(28, 4, 28, 4).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(pad.image, expected, atol=1e-6)
    pad.centred = True
    np.testing.assert_array_equal(pad.image, as_mnist(ink / 255))
    assert pad.answer["centred"] is True


def test_new_weights_are_used_at_once():
    model = network(0)
    pad = DrawingPad(model, np.eye(28))
    model.load_state_dict(network(1).state_dict())
    expected = F.softmax(network(1)(pad.image[None, None]))[0]
    np.testing.assert_allclose(pad.probabilities, expected, atol=1e-6)
    pad.refresh()
    np.testing.assert_allclose(np.frombuffer(pad.answer["odds"]), expected, atol=1e-6)


def test_a_training_under_way_is_not_disturbed():
    """The pad has a network of its own: what a layer remembers for `backward` is left alone."""
    rng = np.random.default_rng(0)
    model = Sequential(Flatten(), Dropout(0.5, rng=rng), Linear(784, 10, rng=rng))
    pad = DrawingPad(model, np.eye(28))
    scores = model(np.ones((3, 1, 28, 28), dtype=np.float32))
    first, second = pad.probabilities, pad.probabilities
    np.testing.assert_array_equal(first, second)  # no dropout in the pad
    model.backward(np.ones_like(scores))
    SGD(model.parameters(), lr=0.1).step()
    assert model.training


def test_test_digits_come_one_after_the_other_and_the_same_in_every_run():
    first, second = DrawingPad(network()), DrawingPad(network())
    notes = []
    for pad in (first, second):
        seen = []
        for _ in range(5):
            pad._handle_custom_msg({"ask": "digit"}, [])
            seen.append(pad.answer["note"])
        notes.append(seen)
    assert notes[0] == notes[1]
    assert len(set(notes[0])) == 5


def test_the_note_goes_when_something_else_is_drawn():
    pad = DrawingPad(network())
    pad.give_digit(3)
    pad.clear()
    assert pad.answer["note"] == ""
    assert not pad.image.any()


def test_the_same_digit_twice_is_answered_twice(digits):
    one = digits.test.images[:1], digits.test.labels[:1]
    pad = DrawingPad(network(), examples=one)
    pad.give_digit()
    before = pad.answer
    pad.give_digit()
    assert pad.answer != before
    assert pad.answer["note"] == before["note"]


def test_own_examples_are_taken_and_numbers_checked(digits):
    pad = DrawingPad(network(), examples=(digits.train.images[:2], digits.train.labels[:2]))
    assert pad.give_digit(1) == digits.train.labels[1]
    with pytest.raises(ValueError, match="there is no digit 2; the numbers go from 0 to 1"):
        pad.give_digit(2)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"model": "net"}, TypeError, "model must be a Sequential, got"),
        ({"model": lenet5(np.random.default_rng(0))}, ValueError, r"cannot take an image \(1, 28"),
        (
            {"model": Sequential(Conv2d(1, 2, 5, rng=np.random.default_rng(0)))},
            ValueError,
            "must end in 2 to 20 scores",
        ),
        ({"image": np.zeros((27, 28))}, ValueError, r"image must be \(28, 28\)"),
        ({"image": np.full((28, 28), 255)}, ValueError, r"Give it image / 255\."),
        ({"pen": 1}, ValueError, "pen must be at least 2"),
        ({"pen": 31}, ValueError, "pen must be at most 30"),
        ({"pen": 2.5}, TypeError, "pen must be"),
        ({"centred": 1}, TypeError, "centred must be True or False"),
        ({"examples": (np.zeros((2, 28, 28)), [1, 2])}, ValueError, "examples must be"),
    ],
)
def test_nonsense_is_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        DrawingPad(**{"model": network(), **arguments})


def test_a_network_too_large_to_draw_is_refused():
    rng = np.random.default_rng(0)
    model = Sequential(Conv2d(1, 300, 1, rng=rng), Flatten(), Linear(300 * 784, 10, rng=rng))
    with pytest.raises(ValueError, match="at most 200,000 can be sent"):
        DrawingPad(model)


def test_the_picture_tells_what_is_drawn(digits):
    _, alt = DrawingPad(network())._picture()
    assert alt.startswith("An empty drawing pad")
    pad = DrawingPad(network(), digits.test.images[0])
    fig, alt = pad._picture()
    said = int(pad.probabilities.argmax())
    assert f"The network reads them as {said}." in alt
    assert "Conv2d, 16 maps of 24×24; ReLU, 16 maps of 24×24" in alt
    assert len(fig.axes) == 9
    np.testing.assert_array_equal(pixels(fig.axes[0]), pad.drawing)
    np.testing.assert_allclose(pixels(fig.axes[1]), digits.test.images[0, 0], atol=1e-6)
    np.testing.assert_allclose(lengths(fig.axes[2]), pad.probabilities)
    maps = [values for _, values in pad.outputs if values.ndim == 3]
    for ax, values in zip(fig.axes[3:], maps, strict=True):
        np.testing.assert_allclose(pixels(ax), mosaic(values))


def test_networks_without_maps_have_a_picture_too():
    rng = np.random.default_rng(0)
    fig, _ = DrawingPad(Sequential(Flatten(), Linear(784, 10, rng=rng)))._picture()
    assert len(fig.axes) == 3


def test_the_repr():
    assert repr(DrawingPad(network(), pen=6, centred=False)) == (
        "DrawingPad(Sequential of 10 layers, pen 6, as it is)"
    )
