"""The training dashboard in Python: it trains as `fit` does, and a stop loses nothing."""

import asyncio
import signal
import threading
import time

import numpy as np
import pytest
from drawn import lengths, pixels
from hypothesis import given
from hypothesis import strategies as st

from cnnlib import functional as F
from cnnlib.course import drawing
from cnnlib.course.widgets import TrainingDashboard
from cnnlib.course.widgets.kit.maps import draw_maps, mosaic
from cnnlib.course.widgets.training import filters_of, gradient_norms, thinned
from cnnlib.layers import Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.model import Residual, Sequential
from cnnlib.optim import SGD, StepLR
from cnnlib.training import DivergedError, evaluate, fit, random_shift

IMAGES = np.random.default_rng(5).random((60, 1, 8, 8)).astype(np.float32)
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 0.5).astype(np.int64)
TRAIN, VALIDATION = (IMAGES[:48], LABELS[:48]), (IMAGES[48:], LABELS[48:])


def ingredients(seed=0, *, pace=None):
    """What both `fit` and the dashboard take; with `pace`, each batch takes so many seconds."""
    rng = np.random.default_rng(seed)
    model = Sequential(
        Conv2d(1, 3, 3, rng=rng), ReLU(), MaxPool2d(2), Flatten(), Dropout(0.2, rng=rng),
        Linear(27, 2, rng=rng),
    )  # fmt: skip
    sgd = SGD(model.parameters(), lr=0.05, momentum=0.9)

    def augment(images, rng):
        if pace:
            time.sleep(pace)
        return random_shift(images, rng, 1)

    return {
        "model": model,
        "train": TRAIN,
        "validation": VALIDATION,
        "batch_size": 8,
        "optimizer": sgd,
        "scheduler": StepLR(sgd, 2),
        "rng": rng,
        "augment": augment,
    }


def same_weights(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def straight():
    """Return the model and history of a training with `fit` alone, four epochs."""
    given_ = ingredients()
    history = fit(**given_, epochs=4, progress=False)
    return given_["model"].state_dict(), history


def test_nothing_starts_by_itself():
    dashboard = TrainingDashboard(**ingredients(), epochs=2)
    before = dashboard.model.state_dict()
    time.sleep(0.2)
    assert dashboard.phase == "ready"
    assert dashboard.history.batch_losses == []
    assert same_weights(before, dashboard.model.state_dict())


def test_it_trains_as_fit_does_to_the_last_bit(straight):
    weights, history = straight
    dashboard = TrainingDashboard(**ingredients(), epochs=4)
    dashboard.start()
    dashboard.wait()
    assert dashboard.phase == "done"
    assert same_weights(weights, dashboard.model.state_dict())
    assert dashboard.history.batch_losses == history.batch_losses
    for name in ("train_loss", "validation_loss", "validation_accuracy"):
        assert dashboard.history.series(name) == history.series(name)


def test_stopping_again_and_again_loses_nothing(straight):
    weights, history = straight
    dashboard = TrainingDashboard(**ingredients(pace=0.005), epochs=4)
    stops = 0
    while dashboard.phase != "done":
        dashboard.start()
        time.sleep(0.02)
        dashboard.stop()
        stops += dashboard.phase == "stopped"
        evaluate(dashboard.model, VALIDATION)  # looking at it does no harm either
    assert stops >= 3
    assert same_weights(weights, dashboard.model.state_dict())
    assert dashboard.history.batch_losses == history.batch_losses


def test_a_stop_falls_between_two_batches_and_nothing_moves_until_it_goes_on():
    dashboard = TrainingDashboard(**ingredients(pace=0.01), epochs=50)
    dashboard.start()
    time.sleep(0.1)
    dashboard.stop()
    assert dashboard.phase == "stopped"
    assert not dashboard.model.training
    before, losses = dashboard.model.state_dict(), len(dashboard.history.batch_losses)
    assert losses > 0
    time.sleep(0.1)
    assert same_weights(before, dashboard.model.state_dict())
    assert len(dashboard.history.batch_losses) == losses
    progress = dashboard.progress
    assert (progress["phase"], progress["ends"][-1]) == ("stopped", losses)
    assert progress["batch"] == losses % 6
    dashboard.epochs = 1
    dashboard.start()
    dashboard.wait()


def test_epochs_can_be_changed_while_it_runs_and_afterwards():
    dashboard = TrainingDashboard(**ingredients(pace=0.01), epochs=50)
    dashboard.start()
    dashboard.epochs = 2
    dashboard.wait()
    assert len(dashboard.history.epochs) == 2
    with pytest.raises(ValueError, match="all 2 epochs are done"):
        dashboard.start()
    dashboard.epochs = 3
    dashboard.start()
    dashboard.wait()
    assert len(dashboard.history.epochs) == 3


class SlowToLeave(threading.Event):
    """An event after which its thread lives on for a while, as threads of Python 3.13 do."""

    def set(self):
        super().set()
        if threading.current_thread().name == "training":
            time.sleep(0.3)


def test_it_can_be_started_again_while_the_last_thread_is_leaving():
    dashboard = TrainingDashboard(**ingredients(), epochs=1)
    dashboard._rests = SlowToLeave()
    dashboard.start()
    dashboard.wait()
    dashboard.epochs = 2
    dashboard.start()
    assert dashboard._rests.wait(timeout=30)
    assert (dashboard.phase, len(dashboard.history.epochs)) == ("done", 2)


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.fixture
def no_threads(monkeypatch):
    """Have every start of a thread fail, as where a limit on processes is reached."""

    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


def test_without_threads_it_trains_all_the_same(no_threads, straight):
    weights, history = straight
    dashboard = TrainingDashboard(**ingredients(), epochs=4)
    dashboard.start()
    assert dashboard.phase == dashboard.progress["phase"] == "done"
    dashboard.wait()
    assert same_weights(weights, dashboard.model.state_dict())
    assert dashboard.history.batch_losses == history.batch_losses
    dashboard.epochs = 5
    dashboard._handle_custom_msg({"do": "start"}, [])
    assert (dashboard.phase, len(dashboard.history.epochs)) == ("done", 5)


def test_without_threads_it_takes_turns_with_a_notebook(no_threads, straight):
    weights, history = straight

    async def notebook():
        dashboard = TrainingDashboard(**ingredients(), epochs=4)
        dashboard.start()
        assert dashboard.phase == "running"
        for _ in range(7):
            await asyncio.sleep(0)
        seen = len(dashboard.history.batch_losses)
        assert 5 <= seen <= 7
        dashboard._handle_custom_msg({"do": "stop"}, [])
        assert dashboard.phase == dashboard.progress["phase"] == "stopped"
        await asyncio.sleep(0.2)
        assert len(dashboard.history.batch_losses) == seen
        dashboard._handle_custom_msg({"do": "start"}, [])
        assert dashboard.progress["phase"] == "running"
        while dashboard.phase == "running":
            await asyncio.sleep(0)
        return dashboard

    dashboard = asyncio.run(notebook())
    assert dashboard.phase == dashboard.progress["phase"] == "done"
    assert same_weights(weights, dashboard.model.state_dict())
    assert dashboard.history.batch_losses == history.batch_losses


def test_without_threads_a_notebook_may_wait_for_the_end_and_a_callback_may_stop(no_threads):
    async def notebook():
        dashboard = TrainingDashboard(
            **ingredients(),
            epochs=3,
            callbacks=[lambda model, history: len(history.epochs) == 1 and dashboard.stop()],
        )
        dashboard.start()
        dashboard.wait()
        assert (dashboard.phase, len(dashboard.history.epochs)) == ("stopped", 1)
        dashboard.start()
        dashboard.wait()
        assert (dashboard.phase, len(dashboard.history.epochs)) == ("done", 3)
        dashboard.epochs = 4
        dashboard._callbacks = (interrupt,)
        dashboard.start()
        with pytest.raises(KeyboardInterrupt):
            dashboard.wait()
        assert dashboard.phase == dashboard.progress["phase"] == "stopped"

    asyncio.run(notebook())


def test_without_threads_what_fails_in_a_notebook_is_told(no_threads):
    def fail(images, rng):
        raise ArithmeticError("no augmentation today")

    async def notebook():
        dashboard = TrainingDashboard(**ingredients() | {"augment": fail}, epochs=1)
        dashboard.start()
        await asyncio.sleep(0.1)
        assert dashboard.progress["trouble"] == "no augmentation today"
        with pytest.raises(ArithmeticError):
            dashboard.wait()

    asyncio.run(notebook())


def test_without_threads_an_interrupt_and_a_callback_stop_it(no_threads):
    given_ = ingredients()
    healthy, calls = given_["augment"], []

    def augment(images, rng):
        calls.append(None)
        if len(calls) == 9:  # in the second epoch
            signal.raise_signal(signal.SIGINT)
        return healthy(images, rng)

    dashboard = TrainingDashboard(**given_ | {"augment": augment}, epochs=4)
    dashboard.start()
    assert dashboard.phase == dashboard.progress["phase"] == "stopped"
    dashboard.start()
    assert dashboard.phase == "done"
    assert len(dashboard.history.epochs) == 4

    hard = TrainingDashboard(**ingredients(), epochs=4, callbacks=[interrupt])
    with pytest.raises(KeyboardInterrupt):
        hard.start()
    assert hard.phase == hard.progress["phase"] == "stopped"

    stopping = TrainingDashboard(
        **ingredients(), epochs=4, callbacks=[lambda model, history: stopping.stop()]
    )
    stopping.start()
    assert (stopping.phase, len(stopping.history.epochs)) == ("stopped", 1)


def test_a_callback_may_stop_it_and_nobody_waits_for_ever():
    dashboard = TrainingDashboard(
        **ingredients(), epochs=2, callbacks=[lambda model, history: dashboard.stop()]
    )
    dashboard.start()
    dashboard.wait()
    assert (dashboard.phase, len(dashboard.history.epochs)) == ("stopped", 1)
    dashboard.start()
    dashboard.wait()
    assert dashboard.phase == "done"


def test_callbacks_are_called_and_can_end_it():
    seen = []

    def callback(model, history):
        seen.append(len(history.epochs))
        return len(history.epochs) == 2

    dashboard = TrainingDashboard(**ingredients(), epochs=9, callbacks=[callback])
    dashboard.start()
    dashboard.wait()
    assert seen == [1, 2]
    assert dashboard.phase == "done"


def test_a_training_that_fails_says_why_and_can_go_on():
    given_ = ingredients()
    healthy = given_["augment"]
    spoilt = given_ | {"augment": lambda images, rng: images * np.float32(np.nan)}
    dashboard = TrainingDashboard(**spoilt, epochs=2)
    before = dashboard.model.state_dict()
    dashboard.start()
    with pytest.raises(DivergedError, match="Try a smaller learning rate"):
        dashboard.wait()
    assert dashboard.phase == dashboard.progress["phase"] == "failed"
    assert "Try a smaller learning rate" in dashboard.progress["trouble"]
    assert same_weights(before, dashboard.model.state_dict())
    dashboard._augment = healthy
    dashboard.start()
    dashboard.wait()
    assert dashboard.phase == "done"
    assert dashboard.progress["trouble"] == ""


def test_the_browser_starts_and_stops_it():
    dashboard = TrainingDashboard(**ingredients(pace=0.01), epochs=50)
    dashboard._handle_custom_msg({"do": "start"}, [])
    assert dashboard.phase == "running"
    time.sleep(0.05)
    dashboard._handle_custom_msg({"do": "stop"}, [])
    dashboard.wait()
    assert dashboard.phase == "stopped"
    dashboard.set_state({"settings": {"epochs": 1}})
    dashboard._handle_custom_msg({"do": "start"}, [])
    dashboard.wait()
    assert dashboard.phase == "done"
    dashboard._handle_custom_msg({"do": "start"}, [])  # nothing is left to do, and nothing fails
    assert dashboard.phase == "done"


def test_what_is_reported_is_what_happened():
    dashboard = TrainingDashboard(**ingredients(), epochs=2)
    dashboard.start()
    dashboard.wait()
    progress, history, model = dashboard.progress, dashboard.history, dashboard.model
    ends, losses = thinned(history.batch_losses)
    assert (progress["ends"], progress["losses"]) == (ends, losses)
    assert [one[0] for one in progress["epochs"]] == history.series("train_loss")
    assert [one[3] for one in progress["epochs"]] == history.series("validation_accuracy")
    assert dict(progress["norms"]) == gradient_norms(model)
    filters = np.frombuffer(progress["maps"], dtype=np.float32).reshape(progress["shape"])
    np.testing.assert_array_equal(filters, model[0].weight.value[:, 0])


def test_gradient_norms_are_lengths_of_the_weights_gradients():
    model = ingredients()["model"]
    assert np.isnan(list(gradient_norms(model).values())).all()
    scores = model(TRAIN[0])
    model.backward(F.cross_entropy_backward(scores, TRAIN[1]))
    expected = {
        "0 Conv2d": np.sqrt((model[0].weight.grad ** 2).sum()),
        "5 Linear": np.sqrt((model[5].weight.grad ** 2).sum()),
    }
    assert gradient_norms(model) == pytest.approx(expected, rel=1e-6)


def test_filters_of_other_networks():
    rng = np.random.default_rng(0)
    name, maps = filters_of(Sequential(Conv2d(3, 70, 5, rng=rng)))
    assert name == "0 Conv2d, the first 64 of 70 filters of 5×5, channel 0"
    assert maps.shape == (64, 5, 5)
    dense = Linear(784, 10, rng=rng)
    name, maps = filters_of(Sequential(Flatten(), dense))
    assert name == "1 Linear, 10 templates of 28×28"
    np.testing.assert_array_equal(maps.reshape(10, 784), dense.weight.value)
    assert filters_of(Sequential(Linear(3, 2, rng=rng))) is None
    inner = Sequential(Residual(Sequential(Conv2d(1, 1, 3, padding=1, rng=rng))))
    assert filters_of(inner)[0].startswith("0.main.0 Conv2d, 1 filters of 3×3")


@given(st.lists(st.floats(0, 10), max_size=900), st.integers(1, 50))
def test_a_thinned_series_has_few_points_and_the_same_mean(values, most):
    ends, means = thinned(values, most)
    assert len(ends) == len(means) <= most
    if values:
        sizes = np.diff([0, *ends])
        assert ends[-1] == len(values)
        assert np.dot(sizes, means) == pytest.approx(sum(values))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"model": "net"}, TypeError, "TrainingDashboard: model must be a Sequential"),
        ({"train": IMAGES}, TypeError, "train must be a pair"),
        ({"validation": (IMAGES, LABELS[:3])}, ValueError, "TrainingDashboard"),
        ({"optimizer": 0.1}, TypeError, "optimizer must be an optimiser such as SGD"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"rng": 0}, TypeError, "rng"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"epochs": 1001}, ValueError, "epochs must be at most 1,000"),
    ],
)
def test_nonsense_is_refused_in_words(changes, error, words):
    with pytest.raises(error, match=words):
        TrainingDashboard(**{**ingredients(), "epochs": 2, **changes})


def test_the_pictures():
    dashboard = TrainingDashboard(**ingredients(), epochs=2)
    fig, alt = dashboard._picture()
    assert alt == (
        "A training dashboard, ready: 0 of 2 epochs are done, with 6 batches in each. Shown are "
        "the first weights as they are now: 0 Conv2d, 3 filters of 3×3."
    )
    assert len(fig.axes) == 1
    dashboard.start()
    dashboard.wait()
    fig, alt = dashboard._picture()
    assert "done: 2 of 2 epochs" in alt
    loss = fig.axes[0].lines[0].get_ydata()
    np.testing.assert_allclose(loss, dashboard.history.batch_losses)
    assert [text.get_text() for text in fig.axes[2].get_yticklabels()] == ["0 Conv2d", "5 Linear"]
    history = dashboard.history
    for line, name in zip(fig.axes[1].lines, ("train", "validation"), strict=True):
        np.testing.assert_allclose(line.get_ydata(), history.series(f"{name}_accuracy"))
    np.testing.assert_allclose(lengths(fig.axes[2]), list(gradient_norms(dashboard.model).values()))
    filters = dashboard.model[0].weight.value[:, 0]
    np.testing.assert_allclose(pixels(fig.axes[3]), mosaic(filters))


def test_maps_lie_in_reading_order_and_white_is_zero():
    maps = np.arange(1.0, 6).reshape(5, 1, 1) * np.ones((2, 1))
    np.testing.assert_array_equal(
        mosaic(maps),
        [
            [1, np.nan, 2, np.nan, 3],
            [1, np.nan, 2, np.nan, 3],
            [np.nan] * 5,
            [4, np.nan, 5, np.nan, np.nan],
            [4, np.nan, 5, np.nan, np.nan],
        ],
    )
    _, ax = drawing.new()
    draw_maps(maps, ax, "maps")
    assert ax.images[0].get_clim() == (-5, 5)
