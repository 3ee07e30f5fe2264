"""The recipes of the shell, and the larger run: what is stored is what such trainings give."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnlib.__main__ import train as train_from_shell
from cnnlib.course.training_a_cnn import larger_run
from cnnlib.course.training_a_cnn.recipes import EARLIER, RECIPES, Recipe, train
from cnnlib.datasets import Parts, Split, load_digits


def few(split: Split, count: int) -> Split:
    return Split(split.images[:count], split.labels[:count])


@pytest.fixture(scope="module")
def small() -> Parts:
    """Digits in place of clothes: the same shape, and at hand."""
    digits = load_digits()
    return Parts(few(digits.train, 400), few(digits.validation, 100), few(digits.test, 100))


def test_the_digits_are_trained_as_in_the_notebook() -> None:
    recipe = RECIPES["digits"]
    assert (recipe.epochs, recipe.width, recipe.load) == (12, 1, load_digits)
    assert set(RECIPES) == {"digits", "fashion", "mnist"}


def test_a_training_learns_and_the_same_seed_gives_the_same(small: Parts) -> None:
    first, again = (train(RECIPES["digits"], small, 0, 2, progress=False) for _ in range(2))
    assert first[1].batch_losses == again[1].batch_losses
    assert first[1].batch_losses[-1] < first[1].batch_losses[0] - 0.5
    other = train(RECIPES["digits"], small, 1, 2, progress=False)
    assert other[1].batch_losses != first[1].batch_losses


def test_clothes_are_mirrored_and_moved_by_one_pixel() -> None:
    images = np.zeros((400, 1, 7, 7), np.float32)
    images[:, 0, 3, 2] = 1
    moved = EARLIER[0].augment(images, np.random.default_rng(0))
    assert (moved.sum(axis=(1, 2, 3)) == 1).all()
    _, _, rows, columns = np.nonzero(moved)
    assert set(rows.tolist()) == {2, 3, 4}
    assert set(columns.tolist()) == {1, 2, 3, 4, 5}  # from column 2, and mirrored from column 4


def test_a_run_records_every_epoch_and_one_score(small: Parts) -> None:
    run = larger_run.run_once(small, 3, epochs=2)
    assert run["seed"] == 3
    assert run["parameters"] == 824_650
    assert {len(run[name]) for name in larger_run.SERIES} == {2}
    model, _ = train(RECIPES["fashion"], small, 3, 2, progress=False)
    right = (model(small.test.images).argmax(axis=1) == small.test.labels).mean()
    assert run["test_accuracy"] == pytest.approx(right)
    for name, (images, labels) in {"validation": small.validation, "test": small.test}.items():
        scores = model(images) + model(images[..., ::-1].copy())
        right = (scores.argmax(axis=1) == labels).mean()
        assert run[f"mirrored_{name}_accuracy"] == pytest.approx(right)
    assert "mirrored_test_accuracy" not in larger_run.run_once(small, 3, EARLIER[0], epochs=1)


def test_runs_are_kept_by_seed(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    for seed, score in ((2, 0.5), (0, 0.6), (2, 0.7)):
        larger_run.keep({"seed": seed, "test_accuracy": score}, path)
    assert json.loads(path.read_text()) == [
        {"seed": 0, "test_accuracy": 0.6},
        {"seed": 2, "test_accuracy": 0.7},
    ]


def test_the_stored_runs_are_of_this_recipe_and_reach_the_goal() -> None:
    recipe = RECIPES["fashion"]
    for run in larger_run.stored():
        assert run["parameters"] == 824_650
        assert {len(run[name]) for name in larger_run.SERIES} == {recipe.epochs}
        assert run["test_accuracy"] >= 0.92
        assert run["mirrored_test_accuracy"] >= 0.925
        # Validation is what spoke for the mirror images.
        assert run["mirrored_validation_accuracy"] > run["validation_accuracy"][-1]
        assert abs(run["test_accuracy"] - run["validation_accuracy"][-1]) < 0.015
        assert run["test_accuracy"] * 10_000 == pytest.approx(round(run["test_accuracy"] * 10_000))


def test_the_first_try_was_held_back_too_much() -> None:
    first, *_ = larger_run.earlier()
    assert first["train_accuracy"][-1] - first["validation_accuracy"][-1] < 0.005


def test_each_recipe_was_better_on_validation_than_the_one_before() -> None:
    runs = [*larger_run.earlier(), larger_run.stored()[0]]
    for run, recipe in zip(runs, [*EARLIER, RECIPES["fashion"]], strict=True):
        assert {len(run[name]) for name in larger_run.SERIES} == {recipe.epochs}
        size = recipe.network(np.random.default_rng(0)).summary((1, 28, 28)).parameters
        assert run["parameters"] == size
    scores = [run["validation_accuracy"][-1] for run in runs]
    assert scores == sorted(scores)


def test_each_word_of_a_recipe_changes_the_training(small: Parts) -> None:
    plain = Recipe(RECIPES["digits"].load, RECIPES["digits"].augment, epochs=1)
    first = train(plain, small, 0, progress=False)[1].batch_losses
    for change in (
        {"width": 2},
        {"dropout": 0.5},
        {"decay": 0.1},
        {"augment": EARLIER[0].augment},
        {"batch_norm": True},
        {"kernel_size": 3},
        {"padding": 1},
    ):
        other = train(replace(plain, **change), small, 0, progress=False)[1].batch_losses
        assert other != first, change


def test_the_shell_says_what_to_do_where_the_data_are_not(tmp_path: Path) -> None:
    program = (
        "import sys\nsys.modules['pooch'] = None\nfrom cnnlib import datasets\n"
        "datasets.MNIST = datasets.MNIST._replace(debian='')\n"
        "from cnnlib.__main__ import train\ntrain('mnist', 1, 0, None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"CNNLIB_CACHE": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("load_mnist: the data set mnist is not on this machine")


def test_the_shell_prints_both_scores(
    small: Parts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(RECIPES, "fashion", replace(RECIPES["fashion"], load=lambda: small))
    train_from_shell("fashion", 1, 3, None)
    run = larger_run.run_once(small, 3, epochs=1)
    out = capsys.readouterr().out
    assert f"test accuracy {run['test_accuracy']:.2%} on" in out
    assert f"mirror image, scores added: {run['mirrored_test_accuracy']:.2%}" in out
