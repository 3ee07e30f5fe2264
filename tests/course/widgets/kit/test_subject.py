"""What widgets look into: a network of one's own, pictures as it gets them, and words."""

import numpy as np
import pytest
from subjects import WORDS, branched, digits, photographs, prepare

from cnnlib.course.widgets import subject
from cnnlib.course.widgets.kit.layers import outputs
from cnnlib.course.widgets.kit.subject import packed_pixels, shown
from cnnlib.further import ZeroPad2d
from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d
from cnnlib.model import Sequential

GREY = np.full((24, 24, 3), 100, dtype=np.uint8)


def network(classes: int = 5) -> Sequential:
    rng = np.random.default_rng(0)
    return Sequential(Flatten(), Linear(3 * 24 * 24, classes, rng=rng))


def test_the_pixels_come_back_from_what_prepare_makes():
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)

    def per_channel(picture: np.ndarray) -> np.ndarray:
        mean, scale = np.array([120.0, 110, 100]), np.array([60.0, 58, 57])
        x = (picture[::2, ::2] - mean) / scale
        return np.moveaxis(x, -1, 0)[None].astype(np.float32)

    one = subject(branched(rng), {"a": photo}, WORDS, prepare=per_channel)
    np.testing.assert_array_equal(one.pixels("a"), np.moveaxis(photo[::2, ::2], -1, 0))
    np.testing.assert_allclose(one.input(one.pixels("a")), per_channel(photo), atol=1e-6)


def test_without_prepare_bytes_are_divided_and_channels_come_first():
    one = subject(network(), {"grey": GREY})
    np.testing.assert_allclose(one.input(one.pixels("grey")), np.full((1, 3, 24, 24), 100 / 255))
    for picture in (np.eye(28), np.eye(28)[None], np.eye(28, dtype=np.float32)):
        one = subject(digits().model, {"a line": picture})
        np.testing.assert_array_equal(one.input(one.pixels("a line")), np.eye(28)[None, None])


def test_the_network_is_a_copy_for_use():
    model = network()
    one = subject(model, {"grey": GREY})
    before = one.before("grey")
    model[1].weight.value = np.zeros_like(model[1].weight.value)
    np.testing.assert_array_equal(one.probabilities(one.pixels("grey"))[0], before)
    assert not one.model.training
    assert model.training


def test_classes_are_found_by_number_and_by_any_of_their_words():
    words = ["tabby, tabby cat", "crane", "cup", "crane, a machine", "espresso"]
    one = subject(network(), {"grey": GREY}, words)
    assert one.classes == ("tabby", "crane (#1)", "cup", "crane (#3)", "espresso")
    found = {"tabby": 0, "tabby cat": 0, "tabby, tabby cat": 0, "crane (#3)": 3, "a machine": 3}
    for name, number in {**found, 4: 4, np.int64(2): 2}.items():
        assert one.class_number("Lab", "target", name) == number
    with pytest.raises(ValueError, match="'crane' is the word for classes 1 and 3"):
        one.class_number("Lab", "target", "crane")


def test_the_slope_is_there_where_the_network_is_sure():
    """With scores that far apart the probability is 1 to the last bit; the signs are right."""
    model = network(2)
    weight = np.zeros((2, 3 * 24 * 24), dtype=np.float32)
    weight[0] = np.resize([10, -1], weight.shape[1])
    model[1].weight.value = weight
    one = subject(model, {"grey": GREY})
    assert one.before("grey")[0] == 1
    gradient = one.gradient("grey", 0)
    np.testing.assert_array_equal(np.sign(gradient.ravel()), np.resize([-1, 1], weight.shape[1]))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"model": "net"}, TypeError, "model must be a Sequential"),
        ({"model": digits().model}, ValueError, "model cannot take a picture of shape"),
        ({"pictures": {}}, TypeError, "pictures must be a dict"),
        ({"pictures": [GREY]}, TypeError, "pictures must be a dict"),
        ({"pictures": {1: GREY}}, TypeError, "a picture's name must be a word"),
        ({"pictures": {"a": GREY.astype(int)}}, ValueError, "picture 'a' must be bytes"),
        ({"pictures": {"a": GREY / 10}}, ValueError, "or floats from 0 to 1"),
        ({"pictures": {"a": np.zeros((0, 3, 3))}}, ValueError, "picture 'a' must be bytes"),
        ({"pictures": {"a": GREY, "b": GREY / 255}}, ValueError, "some pictures are bytes and"),
        ({"pictures": {"a": GREY, "b": GREY[:9]}}, ValueError, "come to different sizes"),
        ({"pictures": {"a": np.resize(GREY, (300, 24, 3))}}, ValueError, "at most 256 pixels"),
        ({"classes": ["a"]}, ValueError, "classes must be 5 words"),
        ({"classes": ["a", "b", "c", "d", ""]}, ValueError, "classes must be 5 words"),
        ({"labels": {"b": 1}}, ValueError, "labels names 'b', but the pictures are a"),
        ({"labels": {"a": 9}}, ValueError, "labels must be a class from 0 to 4, got 9"),
        ({"prepare": lambda photo: photo}, ValueError, "prepare must turn a picture into floats"),
        ({"prepare": lambda photo: -prepare(photo)}, ValueError, "prepare must shift and scale"),
        ({"prepare": lambda photo: prepare(photo) ** 3}, ValueError, "prepare must shift and"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        subject(**{"model": network(), "pictures": {"a": GREY}, **arguments})


def test_bytes_travel_as_bytes():
    one, grey = photographs(), digits()
    sent = packed_pixels(one.pixels("noise"))
    assert sent["bytes"]
    assert len(sent["data"]) == 3 * 24 * 24
    sent = packed_pixels(grey.pixels("a one"))
    assert not sent["bytes"]
    assert len(sent["data"]) == 4 * 28 * 28


def test_a_figure_shows_grey_and_colour():
    assert shown(photographs().pixels("noise"), 255).shape == (24, 24, 3)
    assert shown(digits().pixels("a one"), 1).shape == (28, 28)
    assert shown(photographs().pixels("noise"), 255).max() <= 1


def test_a_border_on_one_side_alone_shifts_what_is_seen():
    """Left 1, right 0, top 2, bottom 0: the first window begins there, outside the picture."""
    rng = np.random.default_rng(0)
    model = Sequential(
        ZeroPad2d((1, 0, 2, 0)), Conv2d(1, 1, 3, stride=2, rng=rng), MaxPool2d((1, 2))
    )
    rows, columns = outputs(model, np.zeros((1, 1, 9, 9), np.float32))[-1].view
    assert (rows.start, rows.jump, rows.field) == (-2, 2, 3)
    assert (columns.start, columns.jump, columns.field) == (-1, 4, 5)


def test_the_repr():
    assert repr(subject(network(), {"grey": GREY})) == (
        "Subject(Sequential of 2 layers, 5 classes, grey)"
    )
