"""The training loop: shuffle, cut into batches, forward, loss, backward, update; repeat."""

import copy
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib import console
from cnnlib.archive import pack_notes, read_archive, unpack_notes, with_prefix, write_archive
from cnnlib.backend import accelerated
from cnnlib.checks import array, float_array, generator, integer
from cnnlib.files import check_writable
from cnnlib.functional import cross_entropy, cross_entropy_backward
from cnnlib.history import DivergedError, Epoch, History
from cnnlib.model import Sequential
from cnnlib.optim import Optimizer, Scheduler
from cnnlib.training_checks import Data, check_data, check_fit, check_model, check_optimizer
from cnnlib.training_state import Attributes, Memory, bit_generators
from cnnlib.types import Array

__all__ = ["Run", "evaluate", "fit", "predict", "random_shift"]

Augment = Callable[[Array, np.random.Generator], Array]
Callback = Callable[[Sequential, History], object]


def fit(
    model: Sequential,
    train: Data,
    validation: Data | None = None,
    *,
    epochs: int,
    batch_size: int,
    optimizer: Optimizer,
    rng: np.random.Generator,
    scheduler: Scheduler | None = None,
    augment: Augment | None = None,
    callbacks: Sequence[Callback] = (),
    history: History | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train `model` with cross-entropy, batch by batch.

    The first Ctrl-C (or the notebook's stop button) finishes the step under way and returns: the
    weights so far are kept and a line says how to go on. If the loss becomes NaN, everything comes
    back as it was after the last whole epoch (weights, optimiser, generators, history), and
    `DivergedError` says what to try.

    Parameters
    ----------
    model : Sequential
        Ends in one score for each class.
    train : (images, labels)
        Images (N, C, H, W) or (N, F), labels (N,).
    validation : (images, labels), optional
        Measured after each epoch, never learned from.
    epochs : int
        Passes over the training images.
    batch_size : int
        Samples in one step; the last batch of an epoch may be smaller.
    optimizer : Optimizer
        Built on ``model.parameters()``.
    rng : numpy.random.Generator
        Shuffles, and is handed to `augment`. The same seed gives the same weights.
    scheduler : Scheduler, optional
        Such as `StepLR`, or one of your own. Its ``step()`` is called after every epoch. It
        remembers the learning rate that it began with: for another one, build it anew.
    augment : callable, optional
        ``augment(images, rng)`` returns a changed copy of a batch, such as `random_shift` makes.
    callbacks : sequence of callables
        Each is called as ``callback(model, history)`` after every epoch. One that returns True
        ends the training.
    history : History, optional
        From an earlier call, to be continued.
    checkpoint : str or Path, optional
        A file in which everything is kept after each epoch: weights, optimiser, random states,
        history. If it exists, training goes on from there until `epochs` in all are done, and
        ends at the very same weights as if it had never been stopped. Where you ask for another
        setting than the file was begun with (learning rate, schedule, momentum, data, …), yours
        counts; only the random numbers are the file's. What a layer, schedule or augmentation of
        your own remembers in attributes is kept as well: numbers, texts, lists, arrays.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    History

    Raises
    ------
    DivergedError
        A ValueError: the loss is no longer finite.
    ValueError, TypeError
        If the data do not fit the model or each other.
    OSError
        If the checkpoint cannot be written; before the training starts.

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> from cnnlib.optim import SGD
    >>> rng = np.random.default_rng(0)
    >>> images, targets = rng.standard_normal((64, 2)), np.arange(64) % 2
    >>> images[:, 0] += 6 * targets
    >>> model = Sequential(Linear(2, 2, rng=rng, dtype=np.float64))
    >>> history = fit(model, (images, targets), epochs=20, batch_size=16,
    ...               optimizer=SGD(model.parameters(), lr=0.1), rng=rng, progress=False)
    >>> evaluate(model, (images, targets))[1] > 0.9
    True
    """
    run = Run(
        model,
        train,
        validation,
        batch_size=batch_size,
        optimizer=optimizer,
        rng=rng,
        scheduler=scheduler,
        augment=augment,
        callbacks=callbacks,
        history=history,
    )
    epochs = integer("fit", "epochs", epochs, 1)
    if checkpoint is not None and os.path.exists(checkpoint):
        kept = run.restore(checkpoint)
        print(console.going_on(checkpoint, run.done, epochs, optimizer.lr, kept))
    if checkpoint is not None and run.done < epochs:
        check_writable("fit", checkpoint)
    run.epochs(epochs, checkpoint, progress)
    return run.history


class Run:
    """A training under way: everything that it needs to go on.

    `fit` builds one and calls `epochs`, which calls `epoch`, which calls `step`. Call them yourself
    to train step by step.

    Parameters
    ----------
    model, train, validation, batch_size, optimizer, rng, scheduler, augment, callbacks, history
        As for `fit`.

    Attributes
    ----------
    done : int
        Epochs that this run has finished; `history` may hold earlier ones.

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> from cnnlib.optim import SGD
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(Linear(2, 2, rng=rng))
    >>> data = np.ones((6, 2), np.float32), np.zeros(6, int)
    >>> run = Run(model, data, batch_size=2, optimizer=SGD(model.parameters(), lr=0.1), rng=rng)
    >>> run.epoch()
    True
    >>> run.done, run.history
    (1, History(1 epochs, 3 batches))
    """

    def __init__(
        self,
        model: Sequential,
        train: Data,
        validation: Data | None = None,
        *,
        batch_size: int,
        optimizer: Optimizer,
        rng: np.random.Generator,
        scheduler: Scheduler | None = None,
        augment: Augment | None = None,
        callbacks: Sequence[Callback] = (),
        history: History | None = None,
    ) -> None:
        check_model("fit", model)
        self.model = model
        self.train = check_fit(model, "train", train)
        self.validation = None
        if validation is not None:
            self.validation = check_fit(model, "validation", validation)
        self.batch_size = integer("fit", "batch_size", batch_size, 1)
        self.rng = generator("fit", rng)
        check_optimizer(model, optimizer, scheduler)
        self.optimizer, self.scheduler = optimizer, scheduler
        self.augment, self.callbacks = augment, tuple(callbacks)
        self.history = History() if history is None else history
        self.done = 0
        self._asked_lr = self._start_lr()
        parts = {"optimizer": optimizer, "scheduler": scheduler, "augment": augment}
        self._memory = Memory(model, **parts)

    def epochs(
        self, total: int, checkpoint: str | Path | None = None, progress: bool = False
    ) -> None:
        """Train until `total` epochs are done, a callback returns True, or Ctrl-C is pressed.

        Parameters
        ----------
        total : int
            Those in `done` included.
        checkpoint : str or Path, optional
            Where `save` writes after every epoch.
        progress : bool
            Whether to show a progress bar.
        """
        self.history.interrupted = False
        steps = max(total - self.done, 0) * self.batches
        bar = console.progress_bar(steps) if progress else None
        ended, batch = False, 0
        try:
            with console.stop_after_step() as stop_asked:

                def stop() -> bool:
                    if bar is not None:
                        bar.update()
                    return stop_asked()

                while self.done < total and not ended:
                    before = len(self.history.batch_losses)
                    whole = self.epoch(stop)
                    if whole:
                        if bar is not None:
                            bar.set_postfix_str(console.latest(self.history), refresh=True)
                        # A list, so that every callback is called; before the file is written,
                        # so that it holds what they change.
                        answers = [call(self.model, self.history) for call in self.callbacks]
                        ended = any(answer is True for answer in answers)
                        if checkpoint is not None:
                            self.save(checkpoint)
                    batch = 0 if whole else len(self.history.batch_losses) - before
                    ended = ended or stop_asked()
            if stop_asked():  # asked last when nothing can be lost any more
                self.history.interrupted = True
                print(console.how_to_go_on(len(self.history.epochs), batch, self.batches))
        finally:
            self.model.eval()
            if bar is not None:
                bar.close()

    @property
    def batches(self) -> int:
        """How many steps make an epoch."""
        return -(-len(self.train[0]) // self.batch_size)

    def epoch(self, stop: Callable[[], bool] = lambda: False) -> bool:
        """Show every training image once, measure, and move the schedule on.

        Parameters
        ----------
        stop : callable
            Asked after every step; True ends the epoch there.

        Returns
        -------
        bool
            Whether the epoch was finished.

        Raises
        ------
        DivergedError
            Everything has then been put back as it was before this epoch.
        """
        return all(not stop() for _ in self.steps())

    def steps(self) -> Iterator[int]:
        """Do what `epoch` does, and give the caller a turn after every step.

        Yields
        ------
        int
            Which batch has just been seen, from 0. The epoch is finished, measured and counted when
            nothing is left to yield.

        Raises
        ------
        DivergedError
            Everything has then been put back as it was before this epoch.
        """
        started, safe = time.perf_counter(), (self.state(), self._memory.copied())
        seen = len(self.history.batch_losses)
        images, targets = self.train
        loss_sum, correct = 0.0, 0
        self.model.train()
        order = self.rng.permutation(len(images))
        for batch in range(self.batches):
            chosen = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            loss, right = self.step(images[chosen], targets[chosen])
            if not np.isfinite(loss):
                what, place = f"the loss became {loss}", f", batch {batch + 1}"
                raise self._put_back(safe, seen, what, place)
            loss_sum += loss * len(chosen)
            correct += right
            yield batch
        # The last step may have spoilt the weights; no later loss of this epoch would tell.
        if not all(np.isfinite(p.value).all() for p in self.model.parameters()):
            raise self._put_back(safe, seen, "a weight became infinite or nan")
        validation: tuple[float | None, float | None] = (None, None)
        if self.validation is not None:
            validation = evaluate(self.model, self.validation)
        seconds = time.perf_counter() - started
        number, size = len(self.history.epochs) + 1, len(images)
        epoch = Epoch(number, loss_sum / size, correct / size, *validation, seconds)
        self.history.epochs.append(epoch)
        self.done += 1
        if self.scheduler is not None:
            self.scheduler.step()

    def step(self, x: Array, y: Array) -> tuple[float, int]:
        """Take one step on a batch. If the loss is not finite, the weights stay as they are.

        Parameters
        ----------
        x : array, (N, C, H, W) or (N, F)
        y : array, (N,)

        Returns
        -------
        loss : float
            Mean cross-entropy, before the step.
        right : int
            How many images were put in the right class, before the step.
        """
        if self.augment is not None:
            x = self.augment(x, self.rng)
        loss, right = _step(self.model, self.optimizer, x, y)
        if np.isfinite(loss):
            self.history.batch_losses.append(loss)
        return loss, right

    def state(self) -> dict[str, Array]:
        """Return a copy of everything that training changes, as named arrays; not the history."""
        notes = {
            "done": self.done,
            "asked_lr": self._asked_lr,
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "rng": [source.state for source in self._generators()],
            "other_rng": [source.state for source in self._other_generators()],
            "attributes": self._memory.changed(),
        }
        arrays = {f"model/{name}": value for name, value in self.model.state_dict().items()}
        arrays |= {f"optimizer/{name}": v for name, v in self.optimizer.state_dict().items()}
        return arrays | {"notes": pack_notes(notes)}

    def load_state(self, state: Mapping[str, Array]) -> None:
        """Take over what `state` returned. If anything does not fit, nothing is changed.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is the state of another training.
        """
        notes = unpack_notes(state["notes"])
        done, asked_lr, schedule = notes["done"], float(notes["asked_lr"]), notes["scheduler"]
        generators, states = self._generators(), notes["rng"]
        others, other_states = self._other_generators(), notes.get("other_rng", [])
        kinds = [state["bit_generator"] for state in other_states]
        if kinds == [type(source).__name__ for source in others]:  # else they are set anew
            generators, states = generators + others, states + other_states
        if len(states) != len(generators):
            raise ValueError(f"{len(states)} random states for {len(generators)} generators")
        for source, kept in zip(generators, states, strict=True):
            copy.deepcopy(source).state = kept  # raises if it does not suit
        weights = self.model.state_dict()
        before = None if self.scheduler is None else self.scheduler.state_dict()
        try:
            if self.scheduler is not None and schedule is not None:
                self.scheduler.load_state_dict(schedule)
            self.model.load_state_dict(with_prefix(state, "model/"))
            self.optimizer.load_state_dict(with_prefix(state, "optimizer/"))
        except BaseException:
            self.model.load_state_dict(weights)
            if self.scheduler is not None and before is not None:
                self.scheduler.load_state_dict(before)
            raise
        for source, kept in zip(generators, states, strict=True):
            source.state = kept
        self._memory.take(notes.get("attributes", {}))
        self.done, self._asked_lr = done, asked_lr

    def save(self, path: str | Path) -> None:
        """Write everything that this training needs to go on to a file, all or nothing."""
        schedule = self.scheduler
        log = {
            "epochs": [asdict(epoch) for epoch in self.history.epochs],
            "rate": None if schedule is None else schedule.rate(schedule.epochs),
        }
        losses = np.array(self.history.batch_losses)
        write_archive(path, self.state() | {"log": pack_notes(log), "losses": losses})

    def restore(self, path: str | Path) -> float:
        """Go on from what `save` wrote, with the learning rate that is asked for now.

        The file was begun with one learning rate (or one schedule), and this run was built with
        one. If they are the same, the rate is the file's. If not, this run's counts.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        float
            The learning rate in the file.

        Raises
        ------
        ValueError
            If it is no checkpoint of this training. Nothing is changed then.
        """
        arrays = read_archive(path)
        start, lr = self._start_lr(), self.optimizer.lr
        try:
            log = unpack_notes(arrays["log"])
            rate, epochs = log["rate"], [Epoch(**epoch) for epoch in log["epochs"]]
            losses = [float(loss) for loss in arrays["losses"]]
            self.load_state(arrays)
        except (KeyError, ValueError, TypeError) as error:
            reason = f"it holds no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(
                f"fit: {path} is no checkpoint of this training ({reason.rstrip('.')}). "
                "Choose another file name, or delete the file to start afresh."
            ) from None
        self.history.epochs[:], self.history.batch_losses[:] = epochs, losses
        kept, schedule = self.optimizer.lr, self.scheduler
        new = (schedule is None) != (rate is None) or start not in (self._asked_lr, kept)
        if new:
            self._asked_lr = start
        if schedule is None or rate is None:
            self.optimizer.lr = lr if new else kept
        else:
            schedule.start = self._asked_lr
            # Unless the schedule is another one than then, a rate set by hand stays.
            if schedule.rate(schedule.epochs) != rate:
                self.optimizer.lr = schedule.rate(schedule.epochs)
        return kept

    def _start_lr(self) -> float:
        """Return the learning rate that the caller asks for."""
        return self.optimizer.lr if self.scheduler is None else self.scheduler.start

    def _generators(self) -> list[Any]:
        """Return the bit generators that training draws from, each once: ours and the layers'."""
        return bit_generators(self.rng, self.model)

    def _other_generators(self) -> list[Any]:
        """Return those that the reader's augmentation, schedule or optimiser brings along."""
        parts = bit_generators(self.rng, self.model, self.augment, self.scheduler, self.optimizer)
        return parts[len(self._generators()) :]

    def _put_back(
        self, safe: tuple[dict[str, Array], Attributes], seen: int, what: str, place: str = ""
    ) -> DivergedError:
        """Undo the epoch under way, `seen` losses ago, and return the error that says why."""
        record = History(list(self.history.epochs), list(self.history.batch_losses))
        self.load_state(safe[0])
        self._memory.put_back(safe[1])
        del self.history.batch_losses[seen:]
        done, lr = len(self.history.epochs), self.optimizer.lr
        return DivergedError(console.after_divergence(what, done, place, lr), record)


def _step(model: Sequential, optimizer: Optimizer, x: Array, y: Array) -> tuple[float, int]:
    """Take one training step; return the loss and how many were right before it."""
    # A diverging network overflows on its way to NaN. The loss is checked, so NumPy need not warn.
    with np.errstate(over="ignore", invalid="ignore"):
        loss, logits = loss_and_gradients(model, x, y)
        if np.isfinite(loss):
            optimizer.step()
    return loss, int((logits.argmax(axis=1) == y).sum())


@accelerated
def loss_and_gradients(model: Sequential, x: Array, y: Array) -> tuple[float, Array]:
    """Return loss and scores of a batch; leave the gradients of the weights in ``.grad``."""
    logits = model(x)
    loss = cross_entropy(logits, y)
    model.backward(cross_entropy_backward(logits, y))
    return loss, logits


def random_shift(images: Array, rng: np.random.Generator, max_shift: int = 2) -> Array:
    """Return the images, each moved by a few pixels in a random direction; zeros come in.

    A digit that moved is still the same digit. Showing the network moved copies tells it so.

    Parameters
    ----------
    images : array, (N, C, H, W)
    rng : numpy.random.Generator
    max_shift : int
        Pixels, up or down and left or right, each drawn evenly from -max_shift … max_shift.

    Returns
    -------
    array, shaped like `images`

    Examples
    --------
    >>> images = np.ones((1, 1, 3, 3))
    >>> float(random_shift(images, np.random.default_rng(0), max_shift=0).sum())
    9.0
    """
    images = array("random_shift", "images", images, "N C H W")
    rng = generator("random_shift", rng)
    size = integer("random_shift", "max_shift", max_shift, 0)
    h, w = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (size, size), (size, size)))
    shifted = np.empty_like(images)
    for n, (row, column) in enumerate(rng.integers(0, 2 * size + 1, (len(images), 2))):
        shifted[n] = padded[n, :, row : row + h, column : column + w]
    return shifted


def predict(model: Sequential, images: Array, batch_size: int = 256) -> Array:
    """Return the model's scores for many images, a batch at a time to bound memory.

    Parameters
    ----------
    model : Sequential
        Used in its ``eval`` behaviour; put back as it was afterwards.
    images : array, (N, C, H, W) or (N, F)
    batch_size : int

    Returns
    -------
    array, (N, classes)

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> model = Sequential(Linear(4, 3, rng=np.random.default_rng(0)))
    >>> predict(model, np.zeros((5, 4), dtype=np.float32)).shape
    (5, 3)
    """
    check_model("predict", model)
    images = float_array("predict", "images", images)
    batch_size = integer("predict", "batch_size", batch_size, 1)
    was_training = model.training
    model.eval()
    try:
        return np.concatenate(
            [scores(model, images[i : i + batch_size]) for i in range(0, len(images), batch_size)]
        )
    finally:
        if was_training:
            model.train()


@accelerated
def scores(model: Sequential, images: Array) -> Array:
    """Run one batch forward."""
    return model(images)


def evaluate(model: Sequential, data: Data, batch_size: int = 256) -> tuple[float, float]:
    """Return the mean loss and the share of images put in the right class.

    Parameters
    ----------
    model : Sequential
    data : (images, labels)
    batch_size : int
        Images held in memory at a time; it does not change the result beyond rounding.

    Returns
    -------
    loss : float
        Mean cross-entropy in nats.
    accuracy : float
        0 to 1.

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> model = Sequential(Linear(4, 3, rng=np.random.default_rng(0)))
    >>> loss, accuracy = evaluate(model, (np.zeros((5, 4), np.float32), np.zeros(5, int)))
    >>> round(loss, 3), accuracy
    (1.099, 1.0)
    """
    check_model("evaluate", model)
    images, targets = check_data("evaluate", "data", data)
    with np.errstate(over="ignore", invalid="ignore"):
        logits = predict(model, images, batch_size)
        loss = cross_entropy(logits, targets)
    return loss, float((logits.argmax(axis=1) == targets).mean())
