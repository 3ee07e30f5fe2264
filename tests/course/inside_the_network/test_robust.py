"""What notebook 10 tells of adversarial training is what the trainings gave."""

import numpy as np
import pytest

from cnnlib.course.inside_the_network import robust
from cnnlib.datasets import Digits, Split, load_digits
from cnnlib.functional import cross_entropy
from cnnlib.pretrained import load_digits_cnn


@pytest.fixture(scope="module")
def small() -> Digits:
    digits = load_digits()
    parts = (
        Split(part.images[:n], part.labels[:n])
        for part, n in zip(digits, (320, 60, 4), strict=True)
    )
    return Digits(*parts)


def test_the_stored_results_are_of_these_trainings_and_seeds() -> None:
    stored = robust.stored()
    assert list(stored) == list(robust.TRAINED_AT)
    for kinds in stored.values():
        assert list(kinds) == ["by chance", "borrowed", "at once", "in steps"]
        for accuracies in kinds.values():
            assert accuracies.shape == (len(robust.SEEDS), len(robust.EPSILONS))
            assert ((accuracies >= 0) & (accuracies <= 1)).all()
        untouched = [accuracies[:, 0] for accuracies in kinds.values()]
        assert np.ptp(untouched, axis=0).max() == 0  # with ε = 0 nothing moves, whoever chooses


def test_every_seed_says_what_the_notebook_says() -> None:
    plain, attacked = robust.stored().values()
    at = robust.EPSILONS.index(0.2)
    for kind, gain in (("at once", 0.4), ("in steps", 0.2)):
        assert (attacked[kind][:, at] > plain[kind][:, at] + gain).all()
    assert (attacked["at once"][:, 0] < plain["at once"][:, 0]).all()
    assert (plain["by chance"][:, at] > plain["borrowed"][:, at]).all()
    assert (plain["borrowed"][:, at] > plain["at once"][:, at]).all()
    assert (plain["at once"][:, at] > plain["in steps"][:, at]).all()


def test_attacks_stay_within_epsilon_and_raise_the_loss(small: Digits) -> None:
    model, (images, labels) = load_digits_cnn(), small.validation
    before = cross_entropy(model(images), labels)
    once = robust.fgsm(model, images, labels, 0.1)
    steps = robust.in_steps(model, images, labels, 0.1)
    chance = robust.random_signs(images, 0.1, np.random.default_rng(0))
    for moved in (once, steps, chance):
        assert moved.dtype == np.float32
        assert np.abs(moved - images).max() <= 0.1 + 1e-6
        assert moved.min() >= 0
        assert moved.max() <= 1
    losses = [cross_entropy(model(moved), labels) for moved in (chance, once, steps)]
    assert losses == sorted(losses)
    assert losses[1] > before + 0.1


def test_an_epsilon_changes_the_training_and_nothing_else_does(small: Digits) -> None:
    first, again, attacked = (
        robust.train_once(small, 3, epsilon=epsilon, epochs=1).state_dict()
        for epsilon in (0.0, 0.0, 0.2)
    )
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["0.weight"], attacked["0.weight"])
    assert np.isfinite(attacked["0.weight"]).all()


def test_measure_trains_each_way_with_each_seed(small: Digits) -> None:
    measured = robust.measure(small, epochs=1)
    assert list(measured) == ["plain", "attacked"]
    plain = [robust.train_once(small, seed, epochs=1) for seed in robust.SEEDS[:2]]
    assert measured["plain"][0] == robust.measure_once(plain[0], plain[1], small.validation, 0)
    assert len(measured["attacked"]) == len(robust.SEEDS)
