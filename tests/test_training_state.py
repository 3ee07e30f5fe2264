"""A rollback or a resume minds all of a training's state, and what the caller asks for now."""

import inspect
from functools import partial

import numpy as np
import pytest

from cnnlib.files import write_whole
from cnnlib.history import DivergedError
from cnnlib.layers import Dropout, Layer, Linear, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD, Adam, AdamW, CosineAnnealingLR, Optimizer, Scheduler, StepLR
from cnnlib.training import fit
from cnnlib.training_state import bit_generators


def data(seed=0, samples=48):
    rng = np.random.default_rng(seed)
    targets = np.arange(samples) % 3
    images = rng.standard_normal((samples, 2))
    images[:, 0] += 3.0 * targets
    return images, targets


def network(*middle, seed=0):
    rng = np.random.default_rng(seed)
    first, last = (Linear(*sizes, rng=rng, dtype=np.float64) for sizes in ((2, 5), (5, 3)))
    return Sequential(first, ReLU(), *middle, last)


def train(model, optimizer, epochs, **options):
    given = {"train": data(), "batch_size": 16, "rng": np.random.default_rng(1)} | options
    return fit(model, optimizer=optimizer, epochs=epochs, progress=False, **given)


def weights(model):
    return {name: value.tolist() for name, value in model.state_dict().items()}


# --- what is asked for now ----------------------------------------------------------------------

# For each argument of a constructor: what it was, and what it is when the training goes on.
OPTIMISERS = {
    SGD: {"momentum": (0.9, 0.3), "weight_decay": (0.0, 0.1), "nesterov": (False, True)},
    Adam: {"betas": ((0.9, 0.99), (0.5, 0.9)), "eps": (1e-8, 0.1), "weight_decay": (0.0, 0.1)},
    AdamW: {"betas": ((0.9, 0.99), (0.5, 0.9)), "eps": (1e-8, 0.1), "weight_decay": (0.0, 0.1)},
}
ALWAYS = {SGD: {"momentum": 0.9}, Adam: {}, AdamW: {}}
SCHEDULES = {
    StepLR: ({"step_size": 1, "gamma": 0.5}, {"step_size": (1, 2), "gamma": (0.5, 0.1)}),
    CosineAnnealingLR: ({"T_max": 9, "eta_min": 0.0}, {"T_max": (9, 5), "eta_min": (0.0, 0.01)}),
}


def settings(kind):
    names = set(inspect.signature(kind).parameters)
    return sorted(names - {"parameters", "lr", "optimizer"})  # lr: see tests/test_training.py


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in OPTIMISERS for name in settings(kind)]
)
def test_every_setting_of_an_optimiser_counts_when_training_goes_on(tmp_path, kind, name):
    then, now = OPTIMISERS[kind][name]
    path = tmp_path / "training.npz"
    model = network()
    rng = np.random.default_rng(1)
    optimizer = kind(model.parameters(), 0.05, **ALWAYS[kind] | {name: then})
    train(model, optimizer, 2, checkpoint=path, rng=rng)
    # In memory: the same optimiser goes on with the other setting.
    for key, value in vars(kind(model.parameters(), 0.05, **ALWAYS[kind] | {name: now})).items():
        if key not in ("parameters", "lr", "_steps", "_averages"):
            setattr(optimizer, key, value)
    train(model, optimizer, 2, rng=rng)
    # From the file: built again with the other setting.
    again = network(seed=5)
    other = kind(again.parameters(), 0.05, **ALWAYS[kind] | {name: now})
    train(again, other, 4, checkpoint=path)
    assert weights(again) == weights(model)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in SCHEDULES for name in settings(kind)]
)
def test_every_setting_of_a_schedule_counts_when_training_goes_on(tmp_path, kind, name):
    usual, table = SCHEDULES[kind]
    then, now = table[name]
    path = tmp_path / "training.npz"
    for epochs, value in ((2, then), (3, now)):
        model = network()
        optimizer = SGD(model.parameters(), 0.05)
        schedule = kind(optimizer, **usual | {name: value})
        train(model, optimizer, epochs, scheduler=schedule, checkpoint=path)
    assert schedule.epochs == 3
    assert (
        optimizer.lr == schedule.rate(3) != kind(SGD([*model.parameters()], 0.05), **usual).rate(3)
    )


def test_the_tables_hold_every_optimiser_and_schedule():
    def below(kind):
        own = [sub for sub in kind.__subclasses__() if sub.__module__ == "cnnlib.optim"]
        return {*own, *(deeper for sub in own for deeper in below(sub))}

    assert below(Optimizer) == set(OPTIMISERS)
    assert below(Scheduler) == set(SCHEDULES)


# For each argument of fit: what another value does to a training that goes on from a file.
FIT = {
    "model": "its shapes must be those of the file",
    "train": "counts",
    "validation": "counts",
    "epochs": "counts",
    "batch_size": "counts",
    "optimizer": "counts",
    "rng": "the file's numbers go on, and a line says so",
    "scheduler": "counts",
    "augment": "counts",
    "callbacks": "counts",
    "history": "is filled from the file",
    "checkpoint": "names the file",
    "progress": "counts",
}


def test_every_argument_of_fit_is_thought_of():
    assert set(inspect.signature(fit).parameters) == set(FIT)


def test_what_fit_is_asked_for_now_counts(tmp_path, capsys):
    path = tmp_path / "training.npz"
    model = network()
    train(model, SGD(model.parameters(), 0.05), 2, checkpoint=path)
    seen, called = [], []

    def augment(images, rng):
        seen.append(images.shape)
        return images

    model = network()
    history = train(
        model,
        SGD(model.parameters(), 0.05),
        3,
        train=data(seed=4, samples=40),
        validation=data(seed=5),
        batch_size=8,
        rng=np.random.default_rng(77),
        augment=augment,
        callbacks=[lambda model, history: called.append(len(history.epochs))],
        checkpoint=path,
    )
    assert seen == [(8, 2)] * 5
    assert called == [3]
    assert [epoch.validation_loss is None for epoch in history.epochs] == [True, True, False]
    said = capsys.readouterr().out
    assert "Going on from training.npz: 2 of 3 epochs are done." in said
    assert "random numbers are the file's; to start afresh, delete it." in said


# --- what a reader's own parts remember ---------------------------------------------------------


class Plateau(Scheduler):
    """Halves the rate when the loss has not fallen; remembers the best and a count."""

    def __init__(self, optimizer, patience=1):
        super().__init__(optimizer)
        self.patience, self.best, self.waited, self.factor = patience, np.inf, 0, 1.0
        self.log = []
        self.pair = (0, 0)

    def rate(self, epoch):
        return self.start * self.factor

    def saw(self, loss):
        self.waited = 0 if loss < self.best else self.waited + 1
        self.best = min(self.best, np.float64(loss))
        self.factor *= 0.7
        self.log.append({"loss": loss})
        self.pair = (self.pair[0] + 1, self.waited)


class Lion(Optimizer):
    """An optimiser of one's own, whose averages lie in an attribute of its own."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, lr)
        self.moved = [np.zeros_like(p.value) for p in self.parameters]
        self.noise = np.random.Generator(np.random.Philox(3))

    def _update(self, position, parameter, grad):
        self.moved[position] = 0.9 * self.moved[position] + grad
        jitter = self.noise.normal(0, 0.01, parameter.shape)
        parameter.value -= self.lr * (np.sign(self.moved[position]) + jitter)


class Centre(Layer):
    """Subtracts a running mean that it keeps as a plain array; its noise lies in a list."""

    def __init__(self):
        super().__init__()
        self.mean, self.sources = np.zeros(5), [np.random.default_rng(4)]

    def forward(self, x):
        self._x = x
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
            x = x + self.sources[0].normal(0, 0.05, x.shape)
        return x - self.mean

    def backward(self, dout):
        return dout


class Stronger:
    """An augmentation that grows with every call and draws from a generator of its own."""

    def __init__(self):
        self.calls, self.rng = 0, np.random.Generator(np.random.MT19937(2))

    def __call__(self, images, rng):
        self.calls += 1
        return images + self.rng.normal(0, 0.001 * self.calls, images.shape)

    def method(self, images, rng):
        return self(images, rng)


def own_parts(seed=0, bound=False):
    shared = np.random.default_rng(8)  # used by the layers and the shuffle
    model = network(
        Centre(), Dropout(0.2, rng=shared), Sequential(Dropout(0.2, rng=shared)), seed=seed
    )
    optimizer = Lion(model.parameters(), 0.02)
    schedule, augment = Plateau(optimizer), Stronger()
    return {
        "model": model,
        "optimizer": optimizer,
        "scheduler": schedule,
        "augment": augment.method if bound else augment,
        "rng": shared,
        "callbacks": [lambda model, history: schedule.saw(history.epochs[-1].train_loss)],
    }


def memory_of(parts):
    optimizer, schedule, centre = parts["optimizer"], parts["scheduler"], parts["model"][2]
    augment = getattr(parts["augment"], "__self__", parts["augment"])
    generators = parts["rng"], optimizer.noise, centre.sources[0], augment.rng
    return repr(
        (
            weights(parts["model"]),
            optimizer.lr,
            [moved.tolist() for moved in optimizer.moved],
            (float(schedule.best), schedule.waited, schedule.factor, schedule.log, schedule.pair),
            schedule.epochs,
            centre.mean.tolist(),
            augment.calls,
            [generator.bit_generator.state for generator in generators],
        )
    )


@pytest.mark.parametrize("bound", [False, True])
def test_a_resumed_training_remembers_what_the_readers_parts_remembered(tmp_path, bound):
    path = tmp_path / "training.npz"
    whole = own_parts(bound=bound)
    train(epochs=4, **whole)
    for epochs in (1, 3, 4):
        parts = own_parts(seed=epochs - 1, bound=bound)  # later seeds are overruled by the file
        train(epochs=epochs, checkpoint=path, **parts)
    assert memory_of(parts) == memory_of(whole)
    assert parts["rng"] is parts["model"][3].rng is parts["model"][4][0].rng


def test_what_diverges_is_put_back_in_the_readers_parts_too():
    parts, images = own_parts(), data()[0].copy()
    train(epochs=2, **parts)
    before = memory_of(parts)
    images[-1] = np.nan
    with pytest.raises(DivergedError):
        train(epochs=1, **parts | {"train": (images, data()[1])})
    assert memory_of(parts) == before


def test_a_changed_setting_of_a_readers_schedule_counts(tmp_path):
    path = tmp_path / "training.npz"
    for epochs, patience in ((2, 1), (3, 7)):
        parts = own_parts()
        parts["scheduler"].patience = patience
        train(epochs=epochs, checkpoint=path, **parts)
    assert parts["scheduler"].patience == 7
    assert parts["scheduler"].pair[0] == 3


def test_another_augmentation_or_none_may_go_on(tmp_path):
    path = tmp_path / "training.npz"
    train(epochs=1, checkpoint=path, **own_parts())
    for epochs, augment in ((2, None), (3, lambda images, rng: images), (4, Stronger())):
        history = train(epochs=epochs, checkpoint=path, **own_parts() | {"augment": augment})
        assert len(history.epochs) == epochs


def test_what_cannot_be_copied_or_kept_does_no_harm(tmp_path):
    parts = own_parts()
    with (tmp_path / "log.txt").open("w") as log:
        parts["scheduler"].file = log
        parts["optimizer"].network = parts["model"]  # must stay this one
        train(epochs=1, checkpoint=tmp_path / "training.npz", **parts)
        images = data()[0] * np.nan
        with pytest.raises(DivergedError):
            train(epochs=1, **parts | {"train": (images, data()[1])})
        assert parts["scheduler"].file is log
        assert parts["optimizer"].network is parts["model"]


HERE = np.random.default_rng(6)  # as a generator in a cell of a notebook


def test_where_generators_are_looked_for():
    rng, other = np.random.default_rng(1), np.random.default_rng(2)
    other_view = np.random.Generator(rng.bit_generator)  # the same numbers under another name

    def drawing(images, _rng, strength=rng):
        return images + other.random() + HERE.random()

    assert bit_generators(rng, other_view) == [rng.bit_generator]
    assert bit_generators(drawing) == [other.bit_generator, HERE.bit_generator]
    assert bit_generators(partial(drawing, rng=rng)) == [
        other.bit_generator,
        HERE.bit_generator,
        rng.bit_generator,
    ]
    assert bit_generators({"a": [(rng,)]}, None, 3, np.zeros(3)) == [rng.bit_generator]


# --- interrupted writing ------------------------------------------------------------------------


def test_an_interrupted_write_of_the_checkpoint_leaves_the_last_one(tmp_path, monkeypatch):
    path = tmp_path / "training.npz"
    train(epochs=1, checkpoint=path, **own_parts())
    before = path.read_bytes()

    def interrupted(path, content):
        def half(file):
            file.write(b"half of it")
            raise KeyboardInterrupt

        write_whole(path, half)

    monkeypatch.setattr("cnnlib.archive.write_whole", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(epochs=2, checkpoint=path, **own_parts())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
