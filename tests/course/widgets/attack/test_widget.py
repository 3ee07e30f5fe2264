"""The attack lab: what it does to a picture, and what the network says to that."""

import numpy as np
import pytest
from drawn import lengths, pixels
from subjects import WORDS, digits, photographs, prepare

from cnnlib import functional as F
from cnnlib.course.widgets import AttackLab, subject
from cnnlib.layers import Flatten, Linear
from cnnlib.model import Sequential


@pytest.fixture
def lab() -> AttackLab:
    return AttackLab({"photographs": photographs(), "digits": digits()})


def test_by_hand_a_linear_network_is_moved_against_its_weights():
    """A score w·x with w = (1, −2, 3, −4): ε = 0.1 on each takes 0.1·(1 + 2 + 3 + 4) = 1 away."""
    model = Sequential(Flatten(), Linear(4, 2, rng=np.random.default_rng(0)))
    model[1].weight.value = np.array([[1, -2, 3, -4], [0, 0, 0, 0]], np.float32)
    grey = np.full((2, 2), 0.5)
    lab = AttackLab(subject(model, {"grey": grey}, labels={"grey": 0}), epsilon=0.1)
    np.testing.assert_array_equal(lab.signs, [[[-1, 1], [-1, 1]]])
    np.testing.assert_allclose(lab.changed, [[[0.4, 0.6], [0.4, 0.6]]])
    score = 0.5 * (1 - 2 + 3 - 4) - 1
    assert lab.probabilities[0] == pytest.approx(1 / (1 + np.exp(-score)))
    lab.target = 0
    np.testing.assert_array_equal(lab.signs, [[[1, -1], [1, -1]]])
    assert lab.probabilities[0] == pytest.approx(1 / (1 + np.exp(-(score + 2))))


@pytest.mark.parametrize("target", [None, 3])
def test_the_signs_are_those_of_the_slope_of_the_loss(lab, target):
    """Each of some pixels is moved alone, in float64."""
    one = photographs()
    lab.set(target=target)
    goal = lab.away_from if target is None else target

    def loss(image: np.ndarray) -> float:
        return -np.log(one.probabilities(image)[0, goal])

    rng = np.random.default_rng(1)
    checked = 0
    for c, i, j in rng.integers(0, (3, 24, 24), (60, 3)):
        up, down = lab.pixels.copy(), lab.pixels.copy()
        up[c, i, j] += 2
        down[c, i, j] -= 2
        slope = loss(up) - loss(down)
        if abs(slope) > 2e-4:  # float32 knows no better
            checked += 1
            assert lab.signs[c, i, j] == (np.sign(slope) if target is None else -np.sign(slope))
    assert checked > 20


def test_away_and_towards_do_what_they_say(lab):
    own = lab.away_from
    lab.epsilon = 4
    assert lab.probabilities[own] < lab.before[own]
    for target in range(len(WORDS)):
        lab.target = target
        assert lab.probabilities[target] > lab.before[target]


def test_the_right_class_is_the_label_where_there_is_one(lab):
    lab.set(network="digits", picture="a one")
    assert lab.away_from == 1
    lab.picture = "a line"
    assert lab.away_from == int(lab.before.argmax())


def test_the_gradient_is_computed_once_for_a_picture_and_a_goal(lab, monkeypatch):
    one, asked = lab._subject, []
    gradient = one.gradient
    monkeypatch.setattr(one, "gradient", lambda *goal: asked.append(goal) or gradient(*goal))
    first, second, *_ = (target for target in range(len(WORDS)) if target != lab.away_from)
    for target in (None, first, None, second, first):
        for epsilon in (1, 2, 3):
            lab.set(epsilon=epsilon, target=target)
    assert asked == [("noise", first), ("noise", second)]  # away from its own: when it was made


def test_an_epsilon_takes_one_forward_pass(lab, monkeypatch):
    one, passes = lab._subject, []
    forward = one.probabilities
    monkeypatch.setattr(one, "probabilities", lambda x: passes.append(1) or forward(x))
    for epsilon in (1, 2, 3, 3):
        lab.epsilon = epsilon
        assert lab.probabilities is lab.probabilities
    assert len(passes) == 3


def test_random_signs_come_from_the_seed(lab):
    lab.set(direction="random", epsilon=2)
    first = lab.signs
    assert set(np.unique(first)) == {-1, 1}
    assert abs(first.mean()) < 0.1
    lab.seed = 1
    assert (lab.signs != first).mean() > 0.4
    lab.seed = 0
    np.testing.assert_array_equal(lab.signs, first)


@pytest.mark.parametrize("direction", ["gradient", "random"])
def test_no_number_changes_by_more_or_leaves_the_range(lab, direction):
    lab.set(direction=direction, epsilon=8)
    assert np.abs(lab.changed - lab.pixels).max() == 8
    assert lab.changed.min() >= 0
    assert lab.changed.max() <= 255
    x = photographs().input(lab.changed)
    scores = photographs().model(x)
    np.testing.assert_allclose(lab.probabilities, F.softmax(scores)[0], rtol=1e-4)


def test_the_network_gets_what_prepare_makes():
    one = photographs()
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
    same = subject(one.model, {"a": photo}, prepare=prepare)
    np.testing.assert_array_equal(same.input(same.pixels("a")), prepare(photo))
    np.testing.assert_array_equal(same.pixels("a"), np.moveaxis(photo[::2, ::2], -1, 0))


def test_answers_go_to_the_browser(lab):
    lab.set_state({"settings": {**lab.settings, "epsilon": 3}})
    answer = lab.answer
    assert answer["of"] == lab.settings
    np.testing.assert_array_equal(np.frombuffer(answer["odds"]), lab.probabilities)
    np.testing.assert_array_equal(np.frombuffer(answer["before"]), lab.before)
    signs = np.frombuffer(lab.way["signs"], np.int8).reshape(lab.pixels.shape)
    np.testing.assert_array_equal(signs, lab.signs)
    way, picture = lab.way, lab.input
    lab.epsilon = 4
    assert lab.way is way
    lab.target = 1
    assert lab.way is not way
    assert lab.input is picture


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"epsilon": 8.5}, ValueError, "epsilon must be 0 to 8, got 8.5"),
        ({"epsilon": "much"}, TypeError, "epsilon must be"),
        ({"direction": "up"}, ValueError, "direction must be one of gradient, random, got 'up'"),
        ({"target": 5}, ValueError, "target must be a class from 0 to 4, got 5"),
        ({"target": "dog"}, ValueError, "target 'dog' is none of the 5 classes. They are"),
        ({"target": "rock"}, ValueError, r"none of the 5 classes; did you mean rocket\?"),
        ({"seed": -1}, ValueError, "seed must be"),
    ],
)
def test_what_makes_no_sense_is_refused(lab, changes, error, words):
    before = lab.settings
    with pytest.raises(error, match=words):
        lab.set(**changes)
    assert lab.settings == before


def test_the_picture_shows_both_and_their_difference(lab):
    lab.set(epsilon=4)
    fig, alt = lab._picture()
    original, changed, difference, bars = fig.axes
    np.testing.assert_allclose(pixels(original) * 255, np.moveaxis(lab.pixels, 0, -1), atol=1)
    np.testing.assert_allclose(pixels(changed) * 255, np.moveaxis(lab.changed, 0, -1), atol=1)
    expected = np.clip(127.5 + 15 * (lab.changed - lab.pixels), 0, 255)
    np.testing.assert_allclose(pixels(difference) * 255, np.moveaxis(expected, 0, -1), atol=1)
    np.testing.assert_allclose(lengths(bars)[:5], [odds for _, odds in lab.answers])
    assert f"With ε = 4 grey levels, away from {WORDS[lab.away_from]}, it says" in alt


def test_the_repr(lab):
    said = f"{WORDS[lab.away_from]} {lab.before.max():.0%}"
    assert repr(lab) == (
        f"AttackLab(noise, ε = 0 grey levels, away from {WORDS[lab.away_from]}: {said})"
    )
    lab.set(network="digits", picture="a one", epsilon=0.1, target=7)
    assert repr(lab).startswith("AttackLab(a one, ε = 0.1, towards 7: ")
    lab.set(direction="random", seed=5)
    assert repr(lab).startswith("AttackLab(a one, ε = 0.1, random signs 5: ")
