"""What the notebook tells of the ingredients is what the trainings gave."""

import numpy as np
import pytest

from cnnlib.course.training_a_cnn import ingredients
from cnnlib.datasets import Digits, Split, load_digits


def few(split: Split, count: int) -> Split:
    return Split(split.images[:count], split.labels[:count])


@pytest.fixture(scope="module")
def small() -> Digits:
    digits = load_digits()
    return Digits(few(digits.train, 300), few(digits.validation, 200), few(digits.test, 10))


def test_the_stored_results_are_of_these_recipes_and_seeds() -> None:
    stored = ingredients.stored()
    assert list(stored) == list(ingredients.RECIPES)
    assert all(len(scores) == len(ingredients.SEEDS) for scores in stored.values())
    assert all(0.9 < score < 1 for scores in stored.values() for score in scores)


def test_every_recipe_differs_from_the_first_in_one_thing() -> None:
    first, *others = ingredients.RECIPES.values()
    assert first == {}
    assert all(len(changed) == 1 for changed in others)


def test_each_change_changes_the_training(small: Digits) -> None:
    plain = ingredients.train_once(small, 0, epochs=2)
    assert plain == ingredients.train_once(small, 0, epochs=2)
    assert 0.1 < plain < 1
    changes = [changed for changed in ingredients.RECIPES.values() if changed]
    scores = [ingredients.train_once(small, 0, epochs=2, **changed) for changed in changes]
    decay = list(ingredients.RECIPES).index("no weight decay") - 1
    # Two epochs are too few for weight decay to be seen in an accuracy.
    assert all(score != plain for k, score in enumerate(scores) if k != decay)


def test_measure_trains_each_recipe_with_each_seed(small: Digits) -> None:
    measured = ingredients.measure(small, epochs=1)
    assert list(measured) == list(ingredients.RECIPES)
    assert np.shape(list(measured.values())) == (len(ingredients.RECIPES), 3)
    assert measured["the recipe"] == [
        ingredients.train_once(small, seed, epochs=1) for seed in ingredients.SEEDS
    ]
