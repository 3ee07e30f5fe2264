"""The training loop: shuffle, cut into batches, forward, loss, backward, update; repeat."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from cnnlib.archive import read_archive, write_archive
from cnnlib.backend import accelerated
from cnnlib.checks import array, describe, float_array, generator, integer, labels
from cnnlib.functional import cross_entropy, cross_entropy_backward
from cnnlib.layers import Dropout
from cnnlib.model import Container, Sequential
from cnnlib.optim import CosineAnnealingLR, Optimizer, StepLR
from cnnlib.types import Array

__all__ = ["DivergedError", "Epoch", "History", "evaluate", "fit", "predict", "random_shift"]

Data = tuple[Array, Array]
Augment = Callable[[Array, np.random.Generator], Array]


class DivergedError(ValueError):
    """The loss became NaN or infinite. ``history`` holds what was recorded until then."""

    def __init__(self, message: str, history: "History") -> None:
        super().__init__(message)
        self.history = history


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training images came to.

    The training figures are running means, taken while the weights were still moving; the
    validation figures are measured at the end of the epoch. They are None without validation data.
    """

    number: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


@dataclass
class History:
    """What happened during training, epoch by epoch and batch by batch.

    Attributes
    ----------
    epochs : list of Epoch
    batch_losses : list of float
        The loss of every batch, in order.
    interrupted : bool
        Whether training was stopped by hand.
    """

    epochs: list[Epoch] = field(default_factory=list)
    batch_losses: list[float] = field(default_factory=list)
    interrupted: bool = False

    def series(self, name: str) -> list[float]:
        """Return one figure over all epochs, for example ``series("validation_loss")``.

        Raises
        ------
        ValueError
            If there is no figure of that name.
        """
        names = [key for key in Epoch.__dataclass_fields__ if key != "number"]
        if name not in names:
            raise ValueError(f"History.series: unknown name {name!r}; there are {names}.")
        return [getattr(epoch, name) for epoch in self.epochs]

    def __str__(self) -> str:
        lines = ["epoch  train loss  accuracy  validation loss  accuracy"]
        for e in self.epochs:
            line = f"{e.number:5}  {e.train_loss:10.4f}  {e.train_accuracy:8.2%}"
            if e.validation_loss is not None and e.validation_accuracy is not None:
                line += f"  {e.validation_loss:15.4f}  {e.validation_accuracy:8.2%}"
            lines.append(line)
        return "\n".join(lines)

    def __repr__(self) -> str:
        return (
            f"History({len(self.epochs)} epochs, {len(self.batch_losses)} batches"
            + (", interrupted" if self.interrupted else "")
            + ")"
        )


def check_data(op: str, name: str, data: Any) -> Data:
    """Return (images, labels) if they are one labelled array of samples."""
    if not isinstance(data, tuple) or len(data) != 2:
        raise TypeError(
            f"{op}: {name} must be a pair (images, labels), got {describe(data)}. "
            "For example digits.train from load_digits()."
        )
    images, targets = data
    if not isinstance(images, np.ndarray) or images.ndim not in (2, 4):
        raise ValueError(
            f"{op}: {name} images must be an array (N, C, H, W) or (N, F), got {describe(images)}."
        )
    letters = "N C H W" if images.ndim == 4 else "N F"
    array(op, f"{name} images", images, letters)
    labels(op, targets, len(images), np.iinfo(np.int64).max)
    return images, targets


def check_model(op: str, model: object) -> None:
    if not isinstance(model, Container):
        raise TypeError(
            f"{op}: model must be a Sequential, got {describe(model)}. "
            "Wrap a single layer: Sequential(layer)."
        )


@contextmanager
def _stop_after_step() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C (or stop button) into a request, so that no step is cut in two.

    Yields a function that says whether a stop was asked for. A second Ctrl-C stops at once.
    Python hands signals to the main thread alone; elsewhere this changes nothing.
    """
    asked = False
    if threading.current_thread() is not threading.main_thread():
        yield lambda: asked
        return

    def remember(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, previous)

    previous = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, previous)


def fit(
    model: Sequential,
    train: Data,
    validation: Data | None = None,
    *,
    epochs: int,
    batch_size: int,
    optimizer: Optimizer,
    rng: np.random.Generator,
    scheduler: StepLR | CosineAnnealingLR | None = None,
    augment: Augment | None = None,
    callbacks: Sequence[Callable[[Sequential, History], object]] = (),
    history: History | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train `model` with cross-entropy, batch by batch.

    The first Ctrl-C (or the notebook's stop button) finishes the step under way and returns: the
    weights so far are kept and a line says how to go on. If the loss becomes NaN, the weights of
    the last whole epoch come back and `DivergedError` says what to try.

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
    scheduler : StepLR or CosineAnnealingLR, optional
        Its ``step()`` is called after every epoch.
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
        ends at the very same weights as if it had never been stopped.
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
    check_model("fit", model)
    images, targets = check_data("fit", "train", train)
    if validation is not None:
        check_data("fit", "validation", validation)
    epochs = integer("fit", "epochs", epochs, 1)
    batch_size = integer("fit", "batch_size", batch_size, 1)
    rng = generator("fit", rng)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: optimizer must be an optimiser such as SGD, got {describe(optimizer)}. "
            "Build it with SGD(model.parameters(), lr=0.1)."
        )
    own = {id(parameter) for parameter in model.parameters()}
    if not own & {id(parameter) for parameter in optimizer.parameters}:
        raise ValueError(
            "fit: the optimizer holds none of this model's parameters, so nothing would be "
            "learned. Build it with model.parameters() of this model."
        )

    history = History() if history is None else history
    history.interrupted = False
    done = 0
    if checkpoint is not None and Path(checkpoint).exists():
        _restore(checkpoint, model, optimizer, scheduler, rng, history)
        done = min(len(history.epochs), epochs)
        print(f"Going on from {Path(checkpoint).name}: {done} of {epochs} epochs are done.")
    batches = -(-len(images) // batch_size)
    safe = model.state_dict()
    model.train()
    bar = _progress_bar((epochs - done) * batches) if progress else None
    try:
        with _stop_after_step() as stop_asked:
            for _ in range(epochs - done):
                started = time.perf_counter()
                loss_sum, correct = 0.0, 0
                order = rng.permutation(len(images))
                for batch in range(batches):
                    chosen = order[batch * batch_size : (batch + 1) * batch_size]
                    x, y = images[chosen], targets[chosen]
                    if augment is not None:
                        x = augment(x, rng)
                    loss, right = _step(model, optimizer, x, y)
                    if not np.isfinite(loss):
                        model.load_state_dict(safe)
                        raise _diverged(loss, history, batch + 1, optimizer)
                    history.batch_losses.append(loss)
                    loss_sum += loss * len(y)
                    correct += right
                    if bar is not None:
                        bar.update()
                    if stop_asked():
                        history.interrupted = True
                        print(_how_to_go_on(history, batch + 1, batches))
                        return history
                history.epochs.append(
                    _epoch(model, validation, history, loss_sum, correct, len(images), started)
                )
                safe = model.state_dict()
                if scheduler is not None:
                    scheduler.step()
                if checkpoint is not None:
                    _keep(checkpoint, model, optimizer, scheduler, rng, history)
                if bar is not None:
                    bar.set_postfix_str(_latest(history), refresh=True)
                # A list, so that every callback is called.
                if any([callback(model, history) is True for callback in callbacks]):
                    break
    finally:
        model.eval()
        if bar is not None:
            bar.close()
    return history


def _generators(model: Sequential, rng: np.random.Generator) -> list[np.random.Generator]:
    """Return every generator that training draws from; a shared one comes back each time."""
    return [rng, *(layer.rng for layer in model.leaves() if isinstance(layer, Dropout))]


def _keep(
    path: str | Path,
    model: Sequential,
    optimizer: Optimizer,
    scheduler: StepLR | CosineAnnealingLR | None,
    rng: np.random.Generator,
    history: History,
) -> None:
    """Write everything that training needs to go on."""
    notes = {
        "rng": [source.bit_generator.state for source in _generators(model, rng)],
        "epochs": [asdict(epoch) for epoch in history.epochs],
        "scheduler": None if scheduler is None else scheduler.epochs,
    }
    arrays = {f"model/{name}": value for name, value in model.state_dict().items()}
    arrays |= {f"optimizer/{name}": value for name, value in optimizer.state_dict().items()}
    arrays["batch_losses"] = np.array(history.batch_losses)
    arrays["notes"] = np.array(json.dumps(notes))
    write_archive(path, arrays)


def _restore(
    path: str | Path,
    model: Sequential,
    optimizer: Optimizer,
    scheduler: StepLR | CosineAnnealingLR | None,
    rng: np.random.Generator,
    history: History,
) -> None:
    """Take over what `_keep` wrote. If anything is wrong, nothing is changed."""
    arrays = read_archive(path)
    generators = _generators(model, rng)
    try:
        notes = json.loads(str(arrays["notes"]))
        epochs = [Epoch(**epoch) for epoch in notes["epochs"]]
        batch_losses = [float(loss) for loss in arrays["batch_losses"]]
        states = notes["rng"]
        if len(states) != len(generators):
            raise ValueError(f"{len(states)} random states for {len(generators)} generators")
        for state in states:
            # A state that a generator of its kind refuses would be found out too late below.
            type(rng.bit_generator)().state = state
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(
            f"fit: {path} is no checkpoint of this training ({error}). Choose another file name, "
            "or delete the file to start afresh."
        ) from None
    parts: dict[str, dict[str, Array]] = {"model": {}, "optimizer": {}}
    for name, value in arrays.items():
        part, _, rest = name.partition("/")
        if rest:
            parts.setdefault(part, {})[rest] = value
    before = model.state_dict()
    model.load_state_dict(parts["model"])
    try:
        optimizer.load_state_dict(parts["optimizer"])
    except ValueError:
        model.load_state_dict(before)
        raise
    for source, state in zip(generators, states, strict=True):
        source.bit_generator.state = state
    if scheduler is not None and notes["scheduler"] is not None:
        scheduler.epochs = notes["scheduler"]
    history.epochs[:], history.batch_losses[:] = epochs, batch_losses


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


def _epoch(
    model: Sequential,
    validation: Data | None,
    history: History,
    loss_sum: float,
    correct: int,
    samples: int,
    started: float,
) -> Epoch:
    validation_loss = validation_accuracy = None
    if validation is not None:
        validation_loss, validation_accuracy = evaluate(model, validation)
    return Epoch(
        number=len(history.epochs) + 1,
        train_loss=loss_sum / samples,
        train_accuracy=correct / samples,
        validation_loss=validation_loss,
        validation_accuracy=validation_accuracy,
        seconds=time.perf_counter() - started,
    )


def _diverged(loss: float, history: History, batch: int, optimizer: Optimizer) -> DivergedError:
    epoch = len(history.epochs)
    back = f"the end of epoch {epoch}" if epoch else "the start"
    return DivergedError(
        f"fit: the loss became {loss} in epoch {epoch + 1}, batch {batch}; expected a finite "
        f"number. The weights were put back to those of {back}. Try a smaller learning rate (it "
        f"is {optimizer.lr:g}), and check the images with np.isfinite(images).all().",
        history,
    )


def _how_to_go_on(history: History, batch: int, batches: int) -> str:
    return (
        f"Stopped in epoch {len(history.epochs) + 1} after batch {batch} of {batches}. "
        "The weights so far are kept in the model.\n"
        "To go on, call fit again with the same model, optimizer, scheduler and rng, and "
        "history=history. "
        "To keep the weights in a file: model.save('weights.npz')."
    )


def _latest(history: History) -> str:
    epoch = history.epochs[-1]
    text = f"epoch {epoch.number}: loss {epoch.train_loss:.3f}"
    if epoch.validation_accuracy is not None:
        text += f", validation accuracy {epoch.validation_accuracy:.1%}"
    return text


def _progress_bar(steps: int) -> Any:
    """Return a bar that suits the place: a widget in a notebook, text in a terminal."""
    from tqdm.auto import tqdm

    return tqdm(total=steps, desc="training", unit="batch")


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
