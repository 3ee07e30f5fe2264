"""The occlusion brush: what the network says to a picture of which a square is covered."""

import numpy as np
import pytest
from drawn import pixels
from subjects import WORDS, digits, photographs

from cnnlib.course.widgets import OcclusionBrush, subject
from cnnlib.course.widgets.occlusion import corners
from cnnlib.layers import Flatten, Linear
from cnnlib.model import Sequential


@pytest.fixture
def brush() -> OcclusionBrush:
    return OcclusionBrush({"photographs": photographs(), "digits": digits()}, size=8, step=6)


def test_by_hand_a_linear_network_loses_the_weight_of_what_is_covered():
    """Of the scores 1·a + 2·b + 3·c + 4·d for white pixels, a black square takes one term each."""
    model = Sequential(Flatten(), Linear(4, 2, rng=np.random.default_rng(0)))
    model[1].weight.value = np.array([[1, 2, 3, 4], [0, 0, 0, 0]], np.float32)
    one = subject(model, {"white": np.ones((2, 2))})
    brush = OcclusionBrush(one, size=1, step=1, fill="black", of=0)
    brush.sweep()
    scores = np.array([[9, 8], [7, 6]])
    np.testing.assert_allclose(brush.heat, 1 / (1 + np.exp(-scores)), rtol=1e-6)
    assert brush.before == pytest.approx(1 / (1 + np.exp(-10)))


@pytest.mark.parametrize("length", range(1, 30))
def test_the_places_cover_all_and_none_reaches_over_the_edge(length):
    for size in range(1, length + 1):
        for step in range(1, size + 1):
            starts = corners(length, size, step)
            covered = {start + k for start in starts for k in range(size)}
            assert covered == set(range(length))
            assert len(set(starts)) == len(starts)
            assert max(starts) == length - size


@pytest.mark.parametrize(("fill", "value"), [("grey", 127.5), ("black", 0), ("white", 255)])
def test_only_the_square_is_covered(brush, fill, value):
    brush.set(place=(2, 1), fill=fill)
    outside = np.ones((24, 24), dtype=bool)
    outside[12:20, 6:14] = False
    np.testing.assert_array_equal(brush.covered[:, ~outside], value)
    before = photographs().pixels("noise")
    np.testing.assert_array_equal(brush.covered[:, outside], before[:, outside])
    expected = photographs().probabilities(brush.covered)[0]
    assert brush.probability == pytest.approx(expected[brush.watched], rel=1e-4)


def test_what_was_tried_stays_and_the_rest_is_not_made_up(brush):
    places = [(0, 0), (1, 3), (2, 0), (3, 3)]
    said = {}
    for place in places:
        brush.place = place
        said[place] = brush.probability
    tried = np.argwhere(np.isfinite(brush.heat))
    assert [tuple(place) for place in tried.tolist()] == places
    for place, odds in said.items():
        assert brush.heat[place] == odds
    brush.sweep()
    assert np.isfinite(brush.heat).all()
    for place, odds in said.items():
        assert brush.heat[place] == odds


def test_another_class_needs_no_new_forward_pass(brush, monkeypatch):
    brush.sweep()
    one = brush._subject
    monkeypatch.setattr(one, "probabilities", None)
    total = np.zeros_like(brush.heat)
    for word in WORDS:
        brush.of = word
        total += brush.heat
    np.testing.assert_allclose(total, 1, rtol=1e-5)


def test_each_picture_and_square_has_a_map_of_its_own(brush):
    brush.sweep()
    first = brush.heat
    for changes in ({"picture": "a ramp"}, {"size": 6}, {"step": 5}, {"fill": "white"}):
        before = brush.settings
        brush.set(**changes)
        assert np.isfinite(brush.heat).sum() == 1
        brush.settings = before
    np.testing.assert_array_equal(brush.heat, first)


def test_answers_go_to_the_browser(brush):
    brush.set_state({"settings": {**brush.settings, "place": [1, 2]}})
    answer = brush.answer
    assert answer["of"] == brush.settings
    assert answer["now"] == brush.probability
    assert answer["before"] == brush.before
    assert answer["watched"] == brush.watched == int(photographs().before("noise").argmax())
    heat = np.frombuffer(answer["heat"], np.float32).reshape(brush.heat.shape)
    np.testing.assert_array_equal(heat, brush.heat.astype(np.float32))


def test_without_numbers_the_square_fits_the_picture():
    both = {"photographs": photographs(), "digits": digits()}
    assert [OcclusionBrush(both).size, OcclusionBrush(both).step] == [6, 3]
    brush = OcclusionBrush(both, network="digits")
    assert [brush.size, brush.step] == [7, 3]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 25}, "size must be at most 24, got 25"),
        ({"size": 0}, "size must be"),
        ({"step": 30}, "step must be at most 24, got 30"),
        ({"place": (4, 0)}, r"no place \(4, 0\); with this size and step, rows go from 0 to 3"),
        ({"of": "dog"}, "of 'dog' is none of the 5 classes"),
        ({"fill": "pink"}, "fill must be one of grey, black, white, got 'pink'"),
    ],
)
def test_what_makes_no_sense_is_refused(brush, changes, words):
    before = brush.settings
    with pytest.raises(ValueError, match=words):
        brush.set(**changes)
    assert brush.settings == before


def test_more_places_than_anyone_waits_for_are_refused():
    rng = np.random.default_rng(0)
    model = Sequential(Flatten(), Linear(1600, 2, rng=rng))
    one = subject(model, {"grey": np.full((40, 40), 0.5)})
    with pytest.raises(ValueError, match="step 1 has 1,521 places, at most 1,024 are tried"):
        OcclusionBrush(one, size=2, step=1)


def test_the_picture_shows_the_square_and_the_map(brush):
    brush.set(place=(1, 1))
    brush.sweep()
    fig, alt = brush._picture()
    left, right = fig.axes[:2]
    np.testing.assert_allclose(pixels(left) * 255, np.moveaxis(brush.covered, 0, -1), atol=1)
    np.testing.assert_allclose(pixels(right), brush.before - brush.heat)
    i, j = np.unravel_index(brush.heat.argmin(), brush.heat.shape)
    rows, columns = corners(24, 8, 6)[i], corners(24, 8, 6)[j]
    assert f"at rows {rows} to {rows + 7}, columns {columns} to {columns + 7}." in alt
    assert "Of 16 places 16 are tried." in alt


def test_the_repr(brush):
    word = WORDS[brush.watched]
    assert repr(brush) == (
        f"OcclusionBrush(noise, 8×8 grey square, step 6, class {word}, 1 of 16 places tried)"
    )
