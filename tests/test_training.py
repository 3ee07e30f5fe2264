"""Training: it learns, it repeats itself exactly, and nothing is lost when it is stopped."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from cnnlib import console
from cnnlib.architectures import course_cnn
from cnnlib.archive import read_archive, write_archive
from cnnlib.datasets import load_digits
from cnnlib.layers import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
)
from cnnlib.model import Sequential
from cnnlib.optim import SGD, Adam, CosineAnnealingLR, Scheduler, StepLR
from cnnlib.training import DivergedError, History, Run, evaluate, fit, predict, random_shift


def blobs(samples=120, seed=0):
    """Return three heaps of points in the plane, far apart."""
    rng = np.random.default_rng(seed)
    targets = np.arange(samples) % 3
    centres = np.array([[4.0, 0.0], [-2.0, 3.5], [-2.0, -3.5]])
    return centres[targets] + rng.standard_normal((samples, 2)), targets


def dense(seed=0):
    rng = np.random.default_rng(seed)
    return Sequential(
        Linear(2, 8, rng=rng, dtype=np.float64), ReLU(), Linear(8, 3, rng=rng, dtype=np.float64)
    )


def run(model, data, validation=None, *, epochs=3, lr=0.1, seed=1, **options):
    return fit(
        model,
        data,
        validation,
        epochs=epochs,
        batch_size=16,
        optimizer=options.pop("optimizer", None) or SGD(model.parameters(), lr, momentum=0.9),
        rng=np.random.default_rng(seed),
        progress=False,
        **options,
    )


def test_it_learns_what_can_be_learned():
    model = dense()
    history = run(model, blobs(), blobs(seed=1), epochs=10, lr=0.02)
    loss, accuracy = evaluate(model, blobs(seed=2))
    assert accuracy > 0.95
    assert loss < 0.2
    assert history.epochs[-1].train_loss < history.epochs[0].train_loss
    assert history.epochs[-1].validation_accuracy > 0.95


def test_shuffled_labels_cannot_be_predicted():
    images, targets = blobs(300)
    shuffled = np.random.default_rng(3).permutation(targets)
    model = dense()
    run(model, (images, shuffled))
    fresh_images, fresh_targets = blobs(300, seed=4)
    guess = np.random.default_rng(5).permutation(fresh_targets)
    assert evaluate(model, (fresh_images, guess))[1] < 0.5


def test_the_convolutions_learn_too():
    digits = load_digits()
    train = (digits.train.images[:512], digits.train.labels[:512])
    model = course_cnn(np.random.default_rng(0))
    before = model.state_dict()
    run(model, train, epochs=2, lr=0.02)
    after = model.state_dict()
    for name in before:
        moved = np.abs(after[name] - before[name]).max()
        assert moved > 1e-3, f"{name} did not move"
    assert evaluate(model, digits.validation)[1] > 0.5  # guessing gives 0.1


def test_a_handful_can_be_learned_by_heart():
    digits = load_digits()
    few = (digits.train.images[:20], digits.train.labels[:20])
    model = course_cnn(np.random.default_rng(0))
    run(model, few, epochs=40, lr=0.02)
    loss, accuracy = evaluate(model, few)
    assert accuracy == 1
    assert loss < 0.01


def test_same_seed_same_bits():
    models = [dense(), dense()]
    histories = [run(model, blobs(), blobs(seed=1)) for model in models]
    for name, value in models[0].state_dict().items():
        assert (value == models[1].state_dict()[name]).all()
    assert histories[0].batch_losses == histories[1].batch_losses
    other = dense()
    assert run(other, blobs(), seed=2).batch_losses != histories[0].batch_losses


def test_every_sample_is_seen_once_in_an_epoch():
    images = np.arange(50.0).reshape(50, 1)
    seen = []

    def watch(batch, rng):
        seen.append(batch.ravel())
        return batch

    model = Sequential(Linear(1, 2, rng=np.random.default_rng(0), dtype=np.float64))
    run(model, (images, np.zeros(50, int)), epochs=2, lr=0.0, augment=watch)
    assert [len(batch) for batch in seen] == [16, 16, 16, 2] * 2
    first, second = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    assert sorted(first) == sorted(second) == images.ravel().tolist()
    assert (first != second).any()


def test_history_holds_what_was_measured():
    model = dense()
    history = run(model, blobs(), blobs(seed=1), epochs=4)
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3, 4]
    assert len(history.batch_losses) == 4 * 8
    assert history.series("validation_accuracy")[-1] == evaluate(model, blobs(seed=1))[1]
    # the epoch's loss is the mean of its batches, the last one smaller
    sizes = [16] * 7 + [8]
    expected = np.average(history.batch_losses[:8], weights=sizes)
    assert history.epochs[0].train_loss == pytest.approx(expected)
    assert str(history).count("\n") == 4
    assert repr(history) == "History(4 epochs, 32 batches)"
    with pytest.raises(ValueError, match="unknown name 'accuracy'"):
        history.series("accuracy")


def test_history_can_be_continued():
    model = dense()
    optimizer = SGD(model.parameters(), 0.1)
    history = run(model, blobs(), epochs=2, optimizer=optimizer)
    again = run(model, blobs(), epochs=3, optimizer=optimizer, history=history)
    assert again is history
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3, 4, 5]


def test_scheduler_steps_once_an_epoch():
    model = dense()
    optimizer = SGD(model.parameters(), 0.1)
    rates = []
    run(
        model,
        blobs(),
        epochs=3,
        optimizer=optimizer,
        scheduler=StepLR(optimizer, 1, 0.5),
        callbacks=[lambda model, history: rates.append(optimizer.lr)],
    )
    assert rates == pytest.approx([0.05, 0.025, 0.0125])


def test_a_callback_can_end_the_training():
    model = dense()
    history = run(
        model, blobs(), epochs=9, callbacks=[lambda model, history: len(history.epochs) == 2]
    )
    assert len(history.epochs) == 2


def test_every_callback_is_called_and_only_true_ends_the_training():
    seen = []
    history = run(
        dense(),
        blobs(),
        epochs=9,
        callbacks=[
            lambda model, history: "something that is not True",
            lambda model, history: len(history.epochs) == 2,
            lambda model, history: seen.append(len(history.epochs)),
        ],
    )
    assert len(history.epochs) == 2
    assert seen == [1, 2]


def test_a_model_in_use_is_trained_in_its_training_behaviour():
    model = dense()
    model.eval()
    seen = []

    def watch(images, rng):
        seen.append(model.training)
        return images

    run(model, blobs(), blobs(seed=1), epochs=2, augment=watch)
    assert seen == [True] * 16


def test_an_epoch_takes_time():
    history = run(dense(), blobs(), epochs=2)
    assert min(history.series("seconds")) > 0


def test_evaluate_leaves_the_mode_as_it_was():
    rng = np.random.default_rng(0)
    model = Sequential(Dropout(0.5, rng=rng), Linear(2, 3, rng=rng, dtype=np.float64))
    model.train()
    assert evaluate(model, blobs()) == evaluate(model, blobs())  # nothing random
    assert model[0].training
    run(model, blobs(), epochs=1)
    assert not model[0].training  # a trained model is ready for use


def test_evaluate_does_not_depend_on_the_batch_size():
    model = dense()
    loss, accuracy = evaluate(model, blobs(), batch_size=7)
    assert loss == pytest.approx(evaluate(model, blobs(), batch_size=1000)[0], rel=1e-12)
    assert accuracy == evaluate(model, blobs(), batch_size=1000)[1]
    assert predict(model, blobs()[0], batch_size=7).shape == (120, 3)


# --- stopping -----------------------------------------------------------------------------------


def press_ctrl_c_at(batch):
    """Return an augmentation that presses Ctrl-C in the middle of the given step."""
    count = 0

    def augment(images, rng):
        nonlocal count
        count += 1
        if count == batch:
            os.kill(os.getpid(), signal.SIGINT)
        return images

    return augment


def test_ctrl_c_keeps_whole_steps_and_says_how_to_go_on(capsys):
    model, twin = dense(), dense()
    history = run(model, blobs(), epochs=9, augment=press_ctrl_c_at(11))
    assert history.interrupted
    assert len(history.batch_losses) == 11
    assert len(history.epochs) == 1
    printed = capsys.readouterr().out
    assert "Stopped in epoch 2 after batch 3 of 8" in printed
    assert "weights so far are kept" in printed
    assert "call fit again" in printed
    # The weights are those after exactly eleven steps: a twin that never was stopped agrees.
    weights = []

    def remember(images, rng):
        weights.append(twin.state_dict())
        return images

    run(twin, blobs(), epochs=9, augment=remember)
    for name, value in model.state_dict().items():
        assert (value == weights[11][name]).all()


def test_a_second_ctrl_c_stops_at_once():
    def press_twice(images, rng):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return images

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(dense(), blobs(), epochs=9, augment=press_twice)
    assert signal.getsignal(signal.SIGINT) is before


def test_training_goes_on_after_ctrl_c():
    model = dense()
    optimizer = SGD(model.parameters(), 0.1)
    history = run(model, blobs(), optimizer=optimizer, augment=press_ctrl_c_at(3))
    history = run(model, blobs(), optimizer=optimizer, history=history, epochs=5)
    assert not history.interrupted
    assert evaluate(model, blobs(seed=2))[1] > 0.9


def test_the_signal_handler_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    run(dense(), blobs(), epochs=1)
    assert signal.getsignal(signal.SIGINT) is before
    run(dense(), blobs(), epochs=1, augment=press_ctrl_c_at(1))
    assert signal.getsignal(signal.SIGINT) is before


def test_training_works_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(run(dense(), blobs(), epochs=1)))
    thread.start()
    thread.join()
    assert len(results[0].epochs) == 1


def test_ctrl_c_in_the_shell(tmp_path):
    # The real thing: a process of its own, stopped from outside while it trains.
    script = (
        "import numpy as np, sys\n"
        "from cnnlib.layers import Linear\n"
        "from cnnlib.model import Sequential\n"
        "from cnnlib.optim import SGD\n"
        "from cnnlib.training import fit\n"
        "rng = np.random.default_rng(0)\n"
        "model = Sequential(Linear(50, 10, rng=rng))\n"
        "data = rng.random((4096, 50), np.float32), rng.integers(0, 10, 4096)\n"
        "def ready(images, rng):\n"
        "    print('ready', flush=True)\n"
        "    return images\n"
        "history = fit(model, data, epochs=100_000, batch_size=64, augment=ready, rng=rng,\n"
        "              optimizer=SGD(model.parameters(), 0.1), progress=False)\n"
        "model.save(sys.argv[1])\n"
        "print('interrupted:', history.interrupted)\n"
    )
    path = tmp_path / "weights.npz"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert output.rstrip().endswith("interrupted: True")
    assert path.exists()


# --- going wrong --------------------------------------------------------------------------------


def test_nan_loss_restores_the_last_whole_epoch():
    model = dense()
    good = {}

    def poison(images, rng):
        # the first epoch has eight batches; later ones are poisoned
        poison.count += 1
        if poison.count == 9:
            good.update(model.state_dict())
        return images * np.nan if poison.count > 10 else images

    poison.count = 0
    with pytest.raises(DivergedError) as caught:
        run(model, blobs(), epochs=5, augment=poison)
    message = str(caught.value)
    for words in (
        "fit: the loss became nan in epoch 2, batch 3",
        "expected a finite number",
        "put back to those of the end of epoch 1",
        "smaller learning rate (it is 0.1)",
    ):
        assert words in message
    assert isinstance(caught.value, ValueError)
    assert len(caught.value.history.epochs) == 1
    for name, value in model.state_dict().items():
        assert (value == good[name]).all()


def test_a_learning_rate_too_large_diverges_with_a_message_and_no_warning(recwarn):
    rng = np.random.default_rng(0)
    images = rng.random((64, 1, 8, 8), np.float32) * 100
    layers = [Conv2d(1, 4, 3, rng=rng), ReLU(), MaxPool2d(2), Flatten(), Linear(36, 3, rng=rng)]
    model = Sequential(*layers)
    start = model.state_dict()
    with pytest.raises(ValueError, match=r"fit: the loss became (nan|inf).*those of the start"):
        run(model, (images, np.arange(64) % 3), lr=1e20, epochs=20)
    assert len(recwarn) == 0
    for name, value in model.state_dict().items():
        assert (value == start[name]).all()


IMAGES, LABELS = blobs()


@pytest.mark.parametrize(
    ("data", "options", "error", "words"),
    [
        (IMAGES, {}, TypeError, ["train must be a pair (images, labels)", "got an array"]),
        ((IMAGES, LABELS[:-1]), {}, ValueError, ["shape (119,), expected (120,)"]),
        ((IMAGES, LABELS + 1), {}, ValueError, ["class 3", "expected 0 to 2"]),
        ((IMAGES, LABELS - 1), {}, ValueError, ["class -1, expected 0 or more. Number the"]),
        ((IMAGES, LABELS * 1.0), {}, TypeError, ["dtype float64", "astype(np.int64)"]),
        ((IMAGES, np.eye(3)[LABELS]), {}, ValueError, ["shape (120, 3)", "targets.argmax(axis=1)"]),
        (
            (IMAGES.astype(int), LABELS),
            {},
            TypeError,
            ["dtype int64", "float32 or float64", "Convert it first: images.astype(np.float32)"],
        ),
        ((IMAGES[:, :, None], LABELS), {}, ValueError, ["(N, C, H, W) or (N, F)", "(120, 2, 1)"]),
        ((IMAGES[:, :1], LABELS), {}, ValueError, ["weight expects 2 input features but x has 1"]),
        (
            (IMAGES.astype(np.float32), LABELS),
            {},
            TypeError,
            ["train images are float32 but the weights are float64", "images.astype(np.float64)"],
        ),
        ((IMAGES, LABELS), {"epochs": 0}, ValueError, ["epochs must be at least 1, got 0"]),
    ],
)
def test_bad_data_name_the_fix_and_change_nothing(data, options, error, words):
    model = dense()
    start = model.state_dict()
    with pytest.raises(error) as caught:
        run(model, data, **options)
    for word in words:
        assert word in str(caught.value)
    for name, value in model.state_dict().items():
        assert (value == start[name]).all()


def test_bad_settings_name_the_fix():
    model, other = dense(), dense()
    good = {"epochs": 1, "batch_size": 8, "progress": False}
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.raises(TypeError, match=r"rng must be .* got 0\. Pass rng=np.random.default_rng"):
        fit(model, blobs(), optimizer=optimizer, rng=0, **good)
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        fit(
            model,
            blobs(),
            optimizer=optimizer,
            rng=np.random.default_rng(0),
            **good | {"batch_size": 0},
        )
    with pytest.raises(ValueError, match="none of this model's parameters"):
        fit(other, blobs(), optimizer=optimizer, rng=np.random.default_rng(0), **good)
    with pytest.raises(TypeError, match=r"scheduler must be a Scheduler .* got 0.5"):
        run(model, blobs(), optimizer=optimizer, scheduler=0.5)
    with pytest.raises(ValueError, match="the learning rate of another optimizer"):
        run(model, blobs(), scheduler=StepLR(optimizer, 1))


def test_float64_images_are_told_to_become_float32():
    model = Sequential(Linear(2, 3, rng=np.random.default_rng(0)))
    with pytest.raises(TypeError, match=r"images are float64 .*: images.astype\(np.float32\)"):
        run(model, (IMAGES, LABELS))
    run(model, (IMAGES.astype(np.float32), LABELS))


@pytest.mark.parametrize(
    ("validation", "words"),
    [
        ((IMAGES, LABELS + 5), "fit: validation: targets hold the class"),
        ((IMAGES[:, :1], LABELS), "Linear: expects 2 input features, got the shape (1,)"),
        ((IMAGES.astype(np.float32), LABELS), "validation images are float32"),
    ],
)
def test_validation_is_looked_at_before_the_first_epoch(validation, words):
    model, steps = dense(), []
    with pytest.raises((ValueError, TypeError)) as caught:
        run(model, blobs(), validation, augment=lambda x, rng: steps.append(1) or x)
    assert words in str(caught.value)
    assert steps == []


def test_a_layer_of_ones_own_may_do_to_a_batch_what_it_likes():
    class Halves(Layer):
        """Takes every other feature, and float32 for float64: nobody is told."""

        def forward(self, x):
            self._x = x
            return x[:, ::2].astype(np.float64)

        def backward(self, dout):
            return np.repeat(dout, 2, axis=1)

    model = Sequential(Halves(), *dense().layers)
    images, targets = blobs()
    data = np.repeat(images, 2, axis=1).astype(np.float32), targets
    assert len(run(model, data, data, epochs=1).epochs) == 1


def test_the_bar_counts_every_batch(capsys):
    model = dense()
    fit(
        model,
        blobs(),
        blobs(seed=1),
        epochs=2,
        batch_size=16,
        optimizer=SGD(model.parameters(), 0.1),
        rng=np.random.default_rng(0),
    )
    bar = capsys.readouterr().err
    assert "16/16" in bar
    assert "validation accuracy" in bar


# --- shifting -----------------------------------------------------------------------------------


def test_random_shift_moves_and_keeps_the_values():
    images = np.zeros((200, 1, 7, 7))
    images[:, 0, 3, 3] = 1
    moved = random_shift(images, np.random.default_rng(0), max_shift=2)
    assert (moved.sum(axis=(1, 2, 3)) == 1).all()
    rows, columns = np.nonzero(moved[:, 0].any(axis=0))
    assert sorted(set(rows)) == sorted(set(columns)) == [1, 2, 3, 4, 5]
    assert len(rows) == 25  # down and across are drawn apart
    assert images[0, 0, 3, 3] == 1
    corner = np.zeros((50, 1, 3, 3))
    corner[:, 0, 0, 0] = 1
    sums = random_shift(corner, np.random.default_rng(0), max_shift=1).sum(axis=(1, 2, 3))
    assert set(sums) == {0.0, 1.0}  # what leaves the picture is gone, and does not come round


def test_random_shift_names_the_fix():
    with pytest.raises(ValueError, match=r"random_shift: images must have 4 axes"):
        random_shift(np.zeros((28, 28)), np.random.default_rng(0))


def test_history_starts_empty():
    assert repr(History()) == "History(0 epochs, 0 batches)"


# --- checkpoints --------------------------------------------------------------------------------


AFRESH = "Weights, averages and random numbers are the file's; to start afresh, delete it.\n"


def noisy(seed=0):
    """Return a network whose dropout has a generator of its own."""
    rng = np.random.default_rng(seed)
    return Sequential(
        Linear(2, 8, rng=rng, dtype=np.float64),
        Dropout(0.3, rng=np.random.default_rng(9)),
        ReLU(),
        Linear(8, 3, rng=rng, dtype=np.float64),
    )


def tools(model, make=None):
    optimizer = (make or (lambda p: SGD(p, 0.05, momentum=0.9)))(model.parameters())
    return {"optimizer": optimizer, "scheduler": StepLR(optimizer, 2, 0.5), "epochs": 6}


@pytest.mark.parametrize("make", [None, lambda parameters: Adam(parameters, 0.01)])
def test_a_resumed_training_ends_at_the_same_bits(tmp_path, capsys, make):
    path = tmp_path / "training.npz"
    whole = noisy()
    expected = run(whole, blobs(), blobs(seed=1), **tools(whole, make))

    # killed twice: once between two epochs, once in the middle of one
    model = noisy()
    run(
        model,
        blobs(),
        blobs(seed=1),
        **tools(model, make),
        checkpoint=path,
        callbacks=[lambda model, history: len(history.epochs) == 2],
    )
    model = noisy(seed=5)  # other weights, as a new process would have if the seed were forgotten
    run(
        model,
        blobs(),
        blobs(seed=1),
        **tools(model, make),
        checkpoint=path,
        augment=press_ctrl_c_at(13),
        seed=77,
    )
    model = noisy()
    history = run(model, blobs(), blobs(seed=1), **tools(model, make), checkpoint=path)

    assert "Going on from training.npz: 3 of 6 epochs are done." in capsys.readouterr().out
    for name, value in model.state_dict().items():
        assert (value == whole.state_dict()[name]).all(), name
    assert history.batch_losses == expected.batch_losses
    assert history.series("validation_loss") == expected.series("validation_loss")


def test_a_finished_training_is_not_trained_again(tmp_path):
    path = tmp_path / "training.npz"
    model = noisy()
    run(model, blobs(), **tools(model), checkpoint=path)
    before = model.state_dict()
    history = run(model, blobs(), **tools(model), checkpoint=path)
    assert len(history.epochs) == 6
    for name, value in model.state_dict().items():
        assert (value == before[name]).all()


def test_kill_during_training_can_be_resumed(tmp_path):
    # The real thing: kill -9 while a process trains, then go on in another.
    script = (
        "import sys\n"
        "import numpy as np\n"
        "from cnnlib.layers import Linear\n"
        "from cnnlib.model import Sequential\n"
        "from cnnlib.optim import SGD\n"
        "from cnnlib.training import fit\n"
        "rng = np.random.default_rng(0)\n"
        "data = rng.random((256, 20)), rng.integers(0, 4, 256)\n"
        "model = Sequential(Linear(20, 4, rng=rng, dtype=np.float64))\n"
        "fit(model, data, epochs=40, batch_size=32, rng=rng, progress=False,\n"
        "    optimizer=SGD(model.parameters(), 0.1, momentum=0.9), checkpoint=sys.argv[1],\n"
        "    callbacks=[lambda model, history: print('epoch', flush=True)])\n"
        "model.save(sys.argv[2])\n"
    )

    def start(checkpoint, weights):
        command = [
            sys.executable,
            "-c",
            script,
            str(tmp_path / checkpoint),
            str(tmp_path / weights),
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    start("whole.npz", "whole-weights.npz").communicate(timeout=120)
    victim = start("killed.npz", "weights.npz")
    for _ in range(5):
        assert victim.stdout.readline() == "epoch\n"
    victim.kill()
    victim.communicate()
    assert not (tmp_path / "weights.npz").exists()
    output, _ = start("killed.npz", "weights.npz").communicate(timeout=120)
    assert output.startswith("Going on from killed.npz: ")
    expected, weights = np.load(tmp_path / "whole-weights.npz"), np.load(tmp_path / "weights.npz")
    for name in expected.files:
        assert (weights[name] == expected[name]).all()


def test_a_checkpoint_of_something_else_changes_nothing(tmp_path):
    path = tmp_path / "training.npz"
    model = noisy()
    run(model, blobs(), **tools(model), checkpoint=path)
    other = dense()
    before = other.state_dict()
    with pytest.raises(ValueError, match=r"fit: .*training.npz is no checkpoint of this training"):
        run(other, blobs(), checkpoint=path)
    wider = Sequential(
        Linear(2, 9, rng=np.random.default_rng(0), dtype=np.float64),
        Dropout(0.3, rng=np.random.default_rng(9)),
        ReLU(),
        Linear(9, 3, rng=np.random.default_rng(0), dtype=np.float64),
    )
    with pytest.raises(ValueError, match=r"0.weight has shape \(8, 2\), expected \(9, 2\)"):
        run(wider, blobs(), **tools(wider), checkpoint=path)
    weights = tmp_path / "weights.npz"
    model.save(weights)
    with pytest.raises(ValueError, match="is no checkpoint of this training"):
        run(other, blobs(), checkpoint=weights)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="is not a readable archive"):
        run(model, blobs(), **tools(model), checkpoint=path)
    for name, value in other.state_dict().items():
        assert (value == before[name]).all()


def test_a_checkpoint_that_fits_in_part_changes_nothing(tmp_path):
    path = tmp_path / "training.npz"
    model = noisy()
    run(model, blobs(), **tools(model), checkpoint=path)
    other = noisy(seed=5)
    before = other.state_dict()
    arrays = read_archive(path)
    part = tmp_path / "part.npz"  # the weights fit, but the optimiser's state lacks something
    write_archive(part, {name: arrays[name] for name in arrays if name != "optimizer/steps"})
    with pytest.raises(ValueError, match="expected lr and steps"):
        run(other, blobs(), **tools(other), checkpoint=part)
    notes = json.loads(str(arrays["notes"]))
    notes["rng"][1]["state"] = 3  # the weights and the optimiser fit, but not a random state
    write_archive(path, arrays | {"notes": np.array(json.dumps(notes))})
    rng = np.random.default_rng(1)
    optimizer = SGD(other.parameters(), 0.05)
    with pytest.raises(ValueError, match="is no checkpoint of this training"):
        fit(
            other, blobs(), epochs=6, batch_size=16, optimizer=optimizer, rng=rng,
            checkpoint=path, progress=False,
        )  # fmt: skip
    for name, value in other.state_dict().items():
        assert (value == before[name]).all()
    assert rng.bit_generator.state == np.random.default_rng(1).bit_generator.state


# --- all of a training's state ------------------------------------------------------------------


class Jitter(Layer):
    """Noise while training, drawn from a generator of the layer's own."""

    def __init__(self, rng):
        super().__init__()
        self.source = rng

    def forward(self, x):
        return x + self.source.normal(0, 0.1, x.shape) if self.training else x

    def backward(self, dout):
        return dout


class Falling(Scheduler):
    """A schedule of the reader's own."""

    def rate(self, epoch):
        return self.start / (1 + epoch)


def everything(kind=np.random.PCG64, seed=0, schedule=Falling):
    """Return a training with every kind of state: statistics, averages, schedule, generators."""
    rng = np.random.default_rng(seed)
    model = Sequential(
        Conv2d(1, 4, 3, rng=rng, dtype=np.float64),
        BatchNorm2d(4, dtype=np.float64),
        ReLU(),
        Flatten(),
        Sequential(
            Dropout(0.3, rng=np.random.Generator(kind(5))),
            Jitter(np.random.Generator(np.random.SFC64(6))),
        ),
        Linear(64, 3, rng=rng, dtype=np.float64),
    )
    optimizer = Adam(model.parameters(), 0.01)
    scheduler = schedule(optimizer)
    return {
        "model": model,
        "optimizer": optimizer,
        "scheduler": scheduler,
        "rng": np.random.Generator(kind(1)),
        "batch_size": 16,
    }


def pictures(samples=64, seed=3):
    rng = np.random.default_rng(seed)
    targets = np.arange(samples) % 3
    images = rng.standard_normal((samples, 1, 6, 6))
    images[:, 0, 0, 0] += 2.0 * targets
    return images, targets


def state_of(parts):
    """Return all that a training changes, read from its parts one by one."""
    model, optimizer, scheduler = parts["model"], parts["optimizer"], parts["scheduler"]
    dropout, jitter = model[4]
    sources = parts["rng"], dropout.rng, jitter.source
    return {
        **{f"model/{name}": value for name, value in model.state_dict().items()},
        **{f"optimizer/{name}": value for name, value in optimizer.state_dict().items()},
        "lr": optimizer.lr,
        "scheduler": (scheduler.epochs, scheduler.start),
        "rng": repr([source.bit_generator.state for source in sources]),
    }


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert np.array_equal(value, other[name]), name


KINDS = [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]


@pytest.mark.parametrize("kind", KINDS)
def test_every_generator_goes_on_to_the_same_bits(tmp_path, capsys, kind):
    path = tmp_path / "training.npz"
    whole = everything(kind)
    expected = fit(train=pictures(), epochs=4, progress=False, **whole)
    part = everything(kind)
    fit(train=pictures(), epochs=2, progress=False, checkpoint=path, **part)
    part = everything(kind, seed=8)
    history = fit(train=pictures(), epochs=4, progress=False, checkpoint=path, **part)
    said = f"Going on from training.npz: 2 of 4 epochs are done.\n{AFRESH}"
    assert capsys.readouterr().out == said
    assert_same(state_of(part), state_of(whole))
    assert history.batch_losses == expected.batch_losses


@pytest.mark.parametrize("kind", KINDS)
def test_what_diverges_is_put_back_as_a_whole(kind):
    whole = everything(kind)
    expected = fit(train=pictures(), epochs=3, progress=False, **whole)

    parts = everything(kind)
    history = fit(train=pictures(), epochs=1, progress=False, **parts)
    before, losses = state_of(parts), list(history.batch_losses)
    seen = []

    def poison(images, rng):
        seen.append(rng.random())  # training's own generator moves as well
        return images * np.nan if len(seen) == 3 else images

    with pytest.raises(DivergedError) as caught:
        fit(
            train=pictures(),
            epochs=5,
            progress=False,
            augment=poison,
            history=history,
            **parts,
        )
    assert_same(state_of(parts), before)
    assert history.batch_losses == losses
    assert len(history.epochs) == 1
    assert len(caught.value.history.batch_losses) == len(losses) + 2  # the error tells all
    # Nothing is left of it: the same training as if it had not happened.
    history = fit(train=pictures(), epochs=2, progress=False, history=history, **parts)
    assert_same(state_of(parts), state_of(whole))
    assert history.batch_losses == expected.batch_losses


def test_the_advice_after_a_divergence_works():
    digits = load_digits()
    train = digits.train.images[:640] * 255, digits.train.labels[:640]
    rng = np.random.default_rng(0)
    model = Sequential(Flatten(), Linear(784, 32, rng=rng), LeakyReLU(), Linear(32, 10, rng=rng))
    optimizer = SGD(model.parameters(), lr=1.0, momentum=0.9)
    with pytest.raises(DivergedError, match="Try a smaller learning rate"):
        run(model, train, optimizer=optimizer)
    optimizer.lr = 1e-4
    # Had the momentum stayed, the first step alone would fling the weights as far again.
    history = run(model, train, optimizer=optimizer)
    assert history.epochs[-1].train_loss < 3


def test_a_last_step_that_spoils_the_weights_is_noticed():
    # One batch an epoch: its loss is fine, the step after it is not, and no other loss follows.
    model = dense()
    start = model.state_dict()
    history = History()
    with pytest.raises(DivergedError, match=r"a weight became infinite or nan in epoch 1; expec"):
        run(model, (IMAGES[:16] * 1e200, LABELS[:16]), epochs=1, lr=1e200, history=history)
    for name, value in model.state_dict().items():
        assert (value == start[name]).all()
    assert history.batch_losses == []


def test_a_learning_rate_set_by_a_callback_is_kept(tmp_path):
    def by_hand(optimizer):
        def callback(model, history):
            optimizer.lr = 0.1 / (1 + len(history.epochs))

        return callback

    def go(epochs, **options):
        model = noisy()
        optimizer = SGD(model.parameters(), 0.1, momentum=0.9)
        run(
            model,
            blobs(),
            epochs=epochs,
            optimizer=optimizer,
            callbacks=[by_hand(optimizer)],
            **options,
        )
        return model.state_dict()

    whole, path = go(4), tmp_path / "training.npz"
    go(2, checkpoint=path)
    assert_same(go(4, checkpoint=path), whole)


# --- what is asked for now ----------------------------------------------------------------------


def train_at(path, lr, epochs, schedule=None, **options):
    """Train with a checkpoint as a new process would; return the rate of every epoch."""
    model = noisy()
    optimizer = SGD(model.parameters(), lr)
    rates = []

    def note(images, rng):
        if not rates or rates[-1] != optimizer.lr:
            rates.append(optimizer.lr)
        return images

    history = run(
        model,
        blobs(),
        epochs=epochs,
        optimizer=optimizer,
        scheduler=schedule and schedule(optimizer),
        augment=note,
        checkpoint=path,
        **options,
    )
    return rates, history


def test_another_learning_rate_counts_and_is_said(tmp_path, capsys):
    path = tmp_path / "training.npz"
    assert train_at(path, 0.1, 2)[0] == [0.1]
    rates, history = train_at(path, 0.01, 4)
    assert rates == [0.01]
    assert len(history.epochs) == 4
    assert capsys.readouterr().out == (
        f"Going on from training.npz: 2 of 4 epochs are done.\n{AFRESH}"
        "The learning rate is 0.01, as asked for now; the file had 0.1.\n"
    )
    # From then on it is that training's own.
    assert train_at(path, 0.01, 6)[0] == [0.01]
    said = f"Going on from training.npz: 4 of 6 epochs are done.\n{AFRESH}"
    assert capsys.readouterr().out == said


def test_another_start_of_the_schedule_counts(tmp_path, capsys):
    path = tmp_path / "training.npz"
    halves = lambda optimizer: StepLR(optimizer, 1, 0.5)  # noqa: E731
    assert train_at(path, 0.8, 2, halves)[0] == [0.8, 0.4]
    assert train_at(path, 0.8, 3, halves)[0] == [0.2]
    assert "as asked for now" not in capsys.readouterr().out
    assert train_at(path, 0.08, 5, halves)[0] == pytest.approx([0.01, 0.005])
    assert (
        "The learning rate is 0.01, as asked for now; the file had 0.1" in capsys.readouterr().out
    )


def test_another_schedule_counts(tmp_path, capsys):
    path = tmp_path / "training.npz"
    assert train_at(path, 0.8, 2, lambda o: StepLR(o, 1, 0.5))[0] == [0.8, 0.4]
    # a longer training: the cosine of now, from its third epoch on
    cosine = lambda optimizer: CosineAnnealingLR(optimizer, 4)  # noqa: E731
    expected = 0.4, 0.4 * (1 - np.sqrt(0.5))
    assert train_at(path, 0.8, 4, cosine)[0] == pytest.approx(expected)
    assert "as asked for now; the file had 0.2." in capsys.readouterr().out
    # none at all: the rate that the optimiser was built with
    assert train_at(path, 0.3, 5)[0] == [0.3]
    # one where there was none begins now
    assert train_at(path, 0.3, 8, lambda o: StepLR(o, 2, 0.5))[0] == [0.3, 0.15]


def test_a_cell_that_is_run_again_goes_on(tmp_path):
    # The optimiser is the one of the first run, and a schedule is built on it anew.
    path = tmp_path / "training.npz"
    model = noisy()
    optimizer = SGD(model.parameters(), 0.8)
    for epochs in (2, 3):
        scheduler = StepLR(optimizer, 1, 0.5)
        run(
            model, blobs(), epochs=epochs, optimizer=optimizer, scheduler=scheduler, checkpoint=path
        )
    assert optimizer.lr == pytest.approx(0.1)
    assert scheduler.state_dict() == {"epochs": 3, "start": 0.8}


def test_earlier_epochs_of_the_history_do_not_count(tmp_path):
    path = tmp_path / "training.npz"
    _, history = train_at(tmp_path / "earlier.npz", 0.1, 2)
    train_at(path, 0.1, 1, history=history)
    assert len(history.epochs) == 3
    _, history = train_at(path, 0.1, 3)  # one of three is done
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3, 4, 5]


def test_fewer_epochs_than_are_done_is_said(tmp_path, capsys):
    path = tmp_path / "training.npz"
    train_at(path, 0.1, 3)
    rates, history = train_at(path, 0.1, 2)
    assert rates == []
    assert len(history.epochs) == 3
    assert capsys.readouterr().out == (
        "Going on from training.npz: 3 epochs are done, more than the 2 asked for, so nothing is "
        "left to train.\n"
    )


def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_training(tmp_path):
    for path, words in (
        (tmp_path / "none" / "a.npz", r"^fit: there is no folder .*none, so a.npz cannot"),
        (tmp_path / ("x" * 300), r"^fit: .* cannot be written \(File name too long\)"),
    ):
        with pytest.raises(OSError, match=words):
            run(dense(), blobs(), checkpoint=path, augment=lambda *_: pytest.fail("it trains"))
    assert list(tmp_path.iterdir()) == []


def test_the_shell_refuses_a_file_that_cannot_be_written_before_it_trains(tmp_path):
    command = [sys.executable, "-m", "cnnlib", "train", "--save", str(tmp_path / "none" / "a.npz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("train: there is no folder ")
    assert done.stderr.count("\n") == 1


def test_a_checkpoint_of_another_generator_or_schedule_changes_nothing(tmp_path):
    path = tmp_path / "training.npz"
    fit(train=pictures(), epochs=2, progress=False, checkpoint=path, **everything())
    parts = everything(np.random.MT19937, seed=4)
    before = state_of(parts)
    with pytest.raises(ValueError, match="is no checkpoint of this training"):
        fit(train=pictures(), epochs=3, progress=False, checkpoint=path, **parts)
    assert_same(state_of(parts), before)

    class Picky(Falling):
        def load_state_dict(self, state):
            if state["epochs"] == 2:
                raise ValueError("not this one")
            super().load_state_dict(state)

    parts = everything(seed=4, schedule=Picky)
    before = state_of(parts)
    with pytest.raises(ValueError, match=r"no checkpoint of this training \(not this one\)\. "):
        fit(train=pictures(), epochs=3, progress=False, checkpoint=path, **parts)
    assert_same(state_of(parts), before)
    arrays = read_archive(path)
    other = arrays | {"optimizer/mean.0": np.zeros(2)}  # found out last, when the rest was taken
    write_archive(path, other)
    parts = everything(seed=4)
    before = state_of(parts)
    with pytest.raises(ValueError, match=r"mean.0 of shape \(2,\) belongs to no parameter"):
        fit(train=pictures(), epochs=3, progress=False, checkpoint=path, **parts)
    assert_same(state_of(parts), before)


# --- a run, step by step ------------------------------------------------------------------------


def test_a_run_can_be_taken_epoch_by_epoch_and_saved_by_hand(tmp_path):
    whole = everything()
    expected = fit(train=pictures(), validation=pictures(seed=4), epochs=3, progress=False, **whole)
    parts = everything()
    first = Run(train=pictures(), validation=pictures(seed=4), **parts)
    assert first.epoch()
    first.save(tmp_path / "run.npz")
    parts = everything(seed=8)
    second = Run(train=pictures(), validation=pictures(seed=4), **parts)
    second.restore(tmp_path / "run.npz")
    second.epoch()
    second.epoch()
    assert second.done == 3
    assert_same(state_of(parts), state_of(whole))
    for name in ("train_loss", "validation_loss", "validation_accuracy"):
        assert second.history.series(name) == expected.series(name)


def test_a_single_step_is_that_of_an_epoch():
    images, targets = pictures(16)
    parts, other = everything(), everything()
    order = np.random.Generator(np.random.PCG64(1)).permutation(16)
    single = Run(train=(images, targets), **parts)
    loss, right = single.step(images[order], targets[order])
    history = fit(train=(images, targets), epochs=1, progress=False, **other)
    assert single.history.batch_losses == history.batch_losses == [loss]
    assert history.epochs[0].train_accuracy == right / 16
    for name, value in parts["model"].state_dict().items():
        assert (value == other["model"].state_dict()[name]).all()


def test_a_step_that_diverges_moves_nothing():
    parts = everything()
    single = Run(train=pictures(), **parts)
    before = parts["model"].state_dict()
    images, targets = pictures()
    assert np.isnan(single.step(images * np.nan, targets)[0])
    assert single.history.batch_losses == []
    for parameter in ("0.weight", "5.weight"):
        assert (parts["model"].state_dict()[parameter] == before[parameter]).all()


# --- no press of the stop button is lost --------------------------------------------------------


def press(*_):
    os.kill(os.getpid(), signal.SIGINT)


def test_a_press_after_the_last_step_is_not_lost(capsys):
    history = run(
        dense(), blobs(), epochs=2, callbacks=[lambda model, h: len(h.epochs) == 2 and press()]
    )
    assert history.interrupted
    assert len(history.epochs) == 2
    assert "Stopped at the end of epoch 2. " in capsys.readouterr().out


def test_a_press_between_epochs_stops_there(capsys):
    history = run(dense(), blobs(), epochs=9, callbacks=[press])
    assert (len(history.epochs), len(history.batch_losses)) == (1, 8)
    assert "Stopped at the end of epoch 1. " in capsys.readouterr().out


@pytest.mark.parametrize("kind", [ValueError, DivergedError])
def test_a_press_is_not_lost_with_an_error_that_a_loop_catches(kind):
    """Such as a sweep that goes on after a rate that diverges."""
    tried = []

    def press_then_fail(images, rng):
        os.kill(os.getpid(), signal.SIGINT)
        if kind is DivergedError:
            return images * np.nan
        raise kind("an augmentation that fails")

    def sweep():
        for rate in (1, 2, 3):
            tried.append(rate)
            with contextlib.suppress(ValueError):
                run(dense(), blobs(), augment=press_then_fail)

    with pytest.raises(KeyboardInterrupt) as caught:
        sweep()
    assert tried == [1]
    assert isinstance(caught.value.__cause__, kind)


def test_a_press_at_the_very_end_is_not_lost(monkeypatch, capsys):
    """After the last question of the loop, while the signal handler is being put back."""
    put_back = signal.signal

    def late(number, handler):
        if handler is signal.default_int_handler and not pressed:
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)
        return put_back(number, handler)

    pressed = []
    monkeypatch.setattr(signal, "signal", late)
    history = run(dense(), blobs(), epochs=1)
    assert history.interrupted
    assert "Stopped at the end of epoch 1. " in capsys.readouterr().out


def test_a_press_while_the_checkpoint_is_written_is_not_lost(tmp_path, monkeypatch, capsys):
    path = tmp_path / "training.npz"
    fsync = os.fsync

    def slow(descriptor):
        os.kill(os.getpid(), signal.SIGINT)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    history = run(dense(), blobs(), epochs=3, checkpoint=path)
    assert (history.interrupted, len(history.epochs)) == (True, 1)
    monkeypatch.undo()
    assert len(run(dense(), blobs(), epochs=1, checkpoint=path).epochs) == 1  # it is whole


def test_a_job_in_the_background_is_not_stopped_by_a_ctrl_c_that_it_ignores():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        history = run(dense(), blobs(), epochs=2, augment=press_ctrl_c_at(3))
        assert (history.interrupted, len(history.epochs)) == (False, 2)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_loop_of_trainings_can_be_ended(capsys):
    histories = []
    for _ in range(3):
        history = run(dense(), blobs(), augment=press_ctrl_c_at(3))
        histories.append(history)
        if history.interrupted:
            break
    assert len(histories) == 1
    printed = capsys.readouterr().out
    assert "In a loop of trainings the next one starts now" in printed
    assert "press stop twice to end the loop too" in printed


def test_a_slow_training_does_not_flood_the_notebook_with_moves_of_its_bar(capsys):
    bar = console.progress_bar(5_000)
    bar.mininterval = 0  # as if each step took longer than the pause between two moves
    moves = []
    bar.display = lambda *_, **__: moves.append(bar.n)
    for _ in range(5_000):
        bar.update()
    bar.close()
    assert 50 <= len(moves) <= console.BAR_MOVES + 1
    assert moves[-1] == 5_000
