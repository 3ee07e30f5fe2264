"""The feature-map browser: what it shows is what the layers make."""

import numpy as np
import pytest
from drawn import pixels
from subjects import branched, digits, photographs

from cnnlib.course.widgets import FeatureMapBrowser, subject
from cnnlib.course.widgets.kit.layers import outputs
from cnnlib.layers import Conv2d
from cnnlib.model import Sequential


@pytest.fixture
def browser() -> FeatureMapBrowser:
    return FeatureMapBrowser({"photographs": photographs(), "digits": digits()})


def test_each_map_is_what_the_network_makes_up_to_that_layer(browser):
    model = branched(np.random.default_rng(0))
    one = photographs()
    model.load_state_dict(one.model.state_dict())
    model.eval()
    x = one.input(one.pixels("noise"))
    for name, layer in model.children():
        x = layer(x)
        last = [k for k, path in enumerate(browser.layers) if path.split(".")[0].split()[0] == name]
        browser.set(layer=last[-1], channel=0)
        np.testing.assert_allclose(browser.values, x[0], rtol=1e-5, atol=1e-6)
        for channel in range(len(x[0])):
            browser.channel = channel
            np.testing.assert_allclose(browser.map, np.atleast_2d(x[0, channel]), atol=1e-6)
            place = browser.strongest
            assert browser.map[place] == browser.map.max()


def test_the_rows_are_those_of_the_summary(browser):
    one = photographs()
    rows = {row.name.split()[0]: row for row in one.model.summary(one.shape).rows}
    for made in outputs(one.model, one.input(one.pixels("noise"))):
        assert rows[made.path].output_shape == made.values.shape
        seen = rows[made.path].receptive_field
        assert seen == (made.view[0].field if made.view else None)


def test_only_pixels_in_the_window_change_the_strongest_value(browser):
    """What lies outside the marked window may be anything; inside, it matters."""
    one = browser._subject
    rng = np.random.default_rng(3)
    for layer in range(5):
        browser.set(layer=layer, channel=1)
        row, column, height, width = browser.window
        i, j = browser.strongest
        before = one.pixels("noise")
        outside = rng.uniform(0, 255, before.shape)
        inside = np.s_[:, row : row + height, column : column + width]
        outside[inside] = before[inside]
        made = outputs(one.model, one.input(outside))[layer].values[1]
        np.testing.assert_allclose(made[i, j], browser.map[i, j], rtol=1e-4)
        changed = before.copy()
        changed[inside] = rng.uniform(0, 255, changed[inside].shape)
        made = outputs(one.model, one.input(changed))[layer].values[1]
        assert abs(made[i, j] - browser.map[i, j]) > 1e-4


def test_a_layer_is_found_by_its_path(browser):
    browser.set(layer="2.main.0")
    assert browser.layers[browser.layer].startswith("2.main.0 Conv2d(4, 4")
    with pytest.raises(ValueError, match=r"'9\.main' is none of the paths of 'photographs'"):
        browser.set(layer="9.main")


def test_answers_go_to_the_browser(browser):
    browser.set_state({"settings": {**browser.settings, "layer": 1, "channel": 2}})
    answer = browser.answer
    assert answer["of"] == browser.settings
    shown = np.frombuffer(answer["map"], np.float32).reshape(browser.map.shape)
    np.testing.assert_array_equal(shown, browser.map)
    peaks = np.frombuffer(answer["peaks"], np.float32)
    np.testing.assert_array_equal(peaks, browser.values.max(axis=(1, 2)))
    before = browser.input
    assert np.frombuffer(before["data"], np.uint8).reshape(before["shape"]).shape == (3, 24, 24)
    browser.channel = 0
    assert browser.input is before
    browser.set(network="digits", picture="a line")
    assert np.frombuffer(browser.input["data"], np.float32).sum() == 28


def test_the_networks_are_told_to_the_browser(browser):
    names = [one["name"] for one in browser.given]
    assert names == ["photographs", "digits"]
    assert [len(one["layers"]) for one in browser.given] == [len(browser.layers), 10]
    assert browser.given[0]["classes"][1] == "cup"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "vgg"}, "network must be one of photographs, digits, got"),
        ({"picture": "a dog"}, "picture must be one of noise, more noise, a ramp, got"),
        ({"network": "digits"}, "set both together to change the network"),
        ({"layer": 99}, "layer must be at most"),
        ({"channel": 4}, r"channel must be at most 3, got 4; layer 0 Conv2d\(3, 4"),
    ],
)
def test_what_is_not_there_is_refused(browser, changes, words):
    with pytest.raises(ValueError, match=words):
        browser.set(**changes)
    assert browser.channel == 0


@pytest.mark.parametrize("networks", [None, {}, {"a": 1}, [photographs()]])
def test_what_is_no_subject_is_refused(networks):
    with pytest.raises(TypeError, match="networks must be a subject, or a dict of subjects"):
        FeatureMapBrowser(networks)


def test_the_picture_shows_the_map_and_the_window(browser):
    browser.set(layer=1, channel=2)
    fig, alt = browser._picture()
    image, shown, _ = fig.axes[:3]
    np.testing.assert_allclose(pixels(shown), browser.map)
    assert pixels(image).shape[:2] == (24, 24)
    assert "noise, layer 1 ReLU(), channel 2 of 4" in alt
    assert "sees 3×3 of the picture" in alt
    browser.set(layer=len(browser.layers) - 1, channel=0)
    assert "sees all of the picture" in browser._picture()[1]


def test_the_repr(browser):
    browser.set(network="digits", picture="a line", layer=2, channel=3)
    assert repr(browser) == (
        "FeatureMapBrowser(a line, layer 2 MaxPool2d(2), channel 3 of 16: map 12×12, sees 6×6)"
    )


def test_the_network_of_the_notebook_is_left_alone():
    rng = np.random.default_rng(0)
    model = Sequential(Conv2d(1, 2, 3, rng=rng), *digits().model[1:2])
    with pytest.raises(ValueError, match="model must end in 2 to 2,000 scores"):
        subject(model, {"a": np.eye(8)})
    mine = branched(rng)
    x = np.ones((2, 3, 24, 24), np.float32)
    mine(x)
    one = subject(mine, {"grey": np.full((24, 24, 3), 100, np.uint8)})
    FeatureMapBrowser(one)
    assert mine[0].input().shape == x.shape
    assert mine.training
