"""What the notebook tells of the ideas is what the trainings gave."""

import numpy as np
import pytest

from cnnlib.course.lenet_to_resnet import experiments
from cnnlib.datasets import Digits, Split, load_digits

ROWS = {
    "depth": [f"{kind} {d}" for d in experiments.DEPTHS for kind in ("plain", "residual")],
    "longer": ["plain 44", "residual 44"],
    "rate": ["0.01", "0.2"],
    "normalisation": [f"{kind} {lr:g}" for kind in ("without", "with") for lr in experiments.RATES],
    "noise": [f"{kind} {lr:g}" for lr in experiments.NOISE_RATES for kind in experiments.NOISES],
    "bodies": list(experiments.BODIES),
    "heads": list(experiments.HEADS),
    "lenet": ["dense C3", "as published"],
}


@pytest.fixture(scope="module")
def small() -> Digits:
    digits = load_digits()
    return Digits(*(Split(part.images[:96], part.labels[:96]) for part in digits))


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_the_stored_results_are_of_these_rows_and_seeds(name: str) -> None:
    stored = experiments.stored(name)
    assert list(stored) == ROWS[name]
    seeds = experiments.NOISE_SEEDS if name == "noise" else experiments.SEEDS
    assert len(seeds) >= 3
    for runs in stored.values():
        assert len(runs) == len(seeds)
        for run in runs:
            assert "diverged" in run or 0.05 < run["validation_accuracy"] < 1


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_each_experiment_trains_its_rows(
    name: str, small: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiments, "DEPTHS", (4, 6))
    monkeypatch.setattr(experiments, "RATES", (0.01, 0.05, 0.2))
    measured = experiments.EXPERIMENTS[name](small, seeds=(0,), epochs=1, images=64)
    losses = [runs[0]["train_loss"] for runs in measured.values()]
    assert all(0 < loss < 60 for loss in losses)
    assert len(set(losses)) == len(losses)  # each row trains something of its own


def test_noise_moves_what_layers_hand_on_and_normalisation_holds_it(small: Digits) -> None:
    rows = experiments.noise(small, seeds=(0,), epochs=3, images=96)
    without, steady, noisy = (rows[f"{name} 0.05"][0]["moved"] for name in experiments.NOISES)
    assert steady < without < noisy
    assert noisy == pytest.approx(1 / 3, abs=0.1)  # two places between -1/2 and 1/2


def test_a_training_can_be_repeated(small: Digits) -> None:
    build = experiments.framed
    first, again, other = (
        experiments.train_once(build, small, seed, epochs=1) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_the_loss_is_measured_at_the_end_on_what_was_learned_from(small: Digits) -> None:
    few = experiments.train_once(experiments.framed, small, 0, epochs=40, images=32, lr=0.02)
    assert few["train_loss"] < 0.5 * few["validation_loss"]


def test_a_loss_that_is_no_number_is_told(small: Digits) -> None:
    with np.errstate(all="ignore"):
        assert experiments.train_once(
            experiments.framed, small, 0, epochs=3, lr=1e12
        ) == {"diverged": 1.0}  # fmt: skip


def test_every_body_keeps_the_shape_and_every_head_ends_in_ten_scores() -> None:
    rng = np.random.default_rng(0)
    for body in experiments.BODIES:
        for head in experiments.HEADS:
            assert experiments.framed(rng, body, head).output_shape((1, 28, 28)) == (10,)


def test_storing_one_experiment_leaves_the_others(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(experiments, "RESULTS", tmp_path / "experiments.json")
    experiments.write_results("rate", {"0.01": [{"train_loss": 1.0}]})
    experiments.write_results("depth", {"plain 8": [{"train_loss": 2.0}]})
    assert experiments.stored("rate") == {"0.01": [{"train_loss": 1.0}]}
    assert experiments.stored("depth") == {"plain 8": [{"train_loss": 2.0}]}
