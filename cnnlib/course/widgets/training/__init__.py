"""The training dashboard: train a network, stop, look at it, and go on as if nothing had been."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import traitlets
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.drawing.theme import diverging_colours
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.maps import draw_maps
from cnnlib.course.widgets.kit.numbers import integer_within
from cnnlib.history import History
from cnnlib.layers import Conv2d, Linear
from cnnlib.model import Sequential
from cnnlib.optim import Optimizer, Scheduler
from cnnlib.training import Augment, Callback, Run, fit
from cnnlib.training_checks import Data, check_data, check_model
from cnnlib.types import Array

__all__ = ["TrainingDashboard", "filters_of", "gradient_norms", "thinned"]

PACE = 0.2  # seconds between two reports to the browser
POINTS = 300  # of a curve; more cannot be told apart on the page
MAPS = 64  # filters that are shown
EPOCHS = 1000
FIGURES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


def gradient_norms(model: Sequential) -> dict[str, float]:
    """Return the length of the gradient that the last `backward` left in each layer's weights.

    Parameters
    ----------
    model : Sequential

    Returns
    -------
    dict from name to float
        Such as ``"0 Conv2d"``; nan for weights that no gradient has reached.

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> model = Sequential(Linear(2, 1, rng=np.random.default_rng(0)))
    >>> model(np.array([[3, 4]], dtype=np.float32)).shape
    (1, 1)
    >>> model.backward(np.ones((1, 1), dtype=np.float32)).shape
    (1, 2)
    >>> gradient_norms(model)
    {'0 Linear': 5.0}
    """
    norms = {}
    for path, layer in model._leaves():
        for parameter in layer.parameters():
            if parameter.name == "weight":
                grad = parameter.grad
                length = float("nan") if grad is None else float(np.linalg.norm(grad))
                norms[f"{path} {type(layer).__name__}"] = length
    return norms


def filters_of(model: Sequential) -> tuple[str, Array] | None:
    """Return the first filters of a network as maps to look at, and what they are.

    Parameters
    ----------
    model : Sequential

    Returns
    -------
    (str, array (F, KH, KW)) or None
        The kernels of the first convolution, for its first channel where there are several; or
        the weights of a dense layer that looks at a square image. None for other networks.

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> name, maps = filters_of(course_cnn(np.random.default_rng(0)))
    >>> name, maps.shape
    ('0 Conv2d, 16 filters of 5×5', (16, 5, 5))
    """
    for path, layer in model._leaves():
        if isinstance(layer, Conv2d):
            weight = layer.weight.value
            maps = weight[:, 0]
            channel = ", channel 0" if weight.shape[1] > 1 else ""
        elif isinstance(layer, Linear):
            weight = layer.weight.value
            side = round(weight.shape[1] ** 0.5)
            if side * side != weight.shape[1]:
                return None
            maps, channel = weight.reshape(-1, side, side), ""
        else:
            continue
        size = f"{maps.shape[1]}×{maps.shape[2]}"
        some = f"the first {MAPS} of " if len(maps) > MAPS else ""
        kind = "filters" if isinstance(layer, Conv2d) else "templates"
        name = f"{path} {type(layer).__name__}, {some}{len(maps)} {kind} of {size}{channel}"
        return name, maps[:MAPS]
    return None


def thinned(values: Sequence[float], most: int = POINTS) -> tuple[list[int], list[float]]:
    """Return a long series as a short one: means of equally many neighbours.

    Parameters
    ----------
    values : sequence of float
    most : int
        How many means there may be.

    Returns
    -------
    (list of int, list of float)
        How many values had been seen at the end of each group, and the mean of the group.

    Examples
    --------
    >>> thinned([4, 2, 3, 1, 5], most=3)
    ([2, 4, 5], [3.0, 2.0, 5.0])
    """
    size = max(1, -(-len(values) // most))
    groups = [values[start : start + size] for start in range(0, len(values), size)]
    ends = [min((k + 1) * size, len(values)) for k in range(len(groups))]
    return ends, [float(np.mean(group)) for group in groups]


class TrainingDashboard(Widget):
    """Train a network while you watch, stop it at any batch, and go on.

    It takes what `cnnlib.training.fit` takes, and calls it. The training runs beside the notebook,
    in a thread of its own, so that other cells can be run meanwhile: stop, look at the network,
    go on. Stopping loses nothing. The weights at the end are those of a training that was never
    stopped, to the last bit. A button that is pressed while another cell runs takes effect when
    that cell is done. Nothing runs before the button is pressed, or `start` called.

    Parameters
    ----------
    model, train, validation, batch_size, optimizer, rng, scheduler, augment, callbacks, history
        As in `cnnlib.training.fit`.
    epochs : int
        Passes over the training images in all. It can be changed at any time.

    Raises
    ------
    TypeError, ValueError
        If one of them does not fit.

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> from cnnlib.optim import SGD
    >>> rng = np.random.default_rng(0)
    >>> model = course_cnn(rng)
    >>> data = np.zeros((4, 1, 28, 28), dtype=np.float32), np.arange(4)
    >>> dashboard = TrainingDashboard(model, data, epochs=2, batch_size=2,
    ...                               optimizer=SGD(model.parameters(), lr=0.1), rng=rng)
    >>> dashboard
    TrainingDashboard(Sequential of 10 layers, ready, 0 of 2 epochs)
    >>> dashboard.start()
    >>> dashboard.wait()
    >>> dashboard
    TrainingDashboard(Sequential of 10 layers, done, 2 of 2 epochs)
    >>> dashboard.history
    History(2 epochs, 4 batches)
    """

    needs_kernel = True
    _esm = script("training/widget.js")
    _css = styles("training/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"epochs": EPOCHS, "diverging": diverging_colours()}

    progress = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
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
    ) -> None:
        op = type(self).__name__
        check_model(op, model)
        check_data(op, "train", train)
        if validation is not None:
            check_data(op, "validation", validation)
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{op}: optimizer must be an optimiser such as SGD, got "
                f"{checks.describe(optimizer)}. Build it with SGD(model.parameters(), lr=0.1)."
            )
        self.model = model
        self.history = History() if history is None else history
        self._batch_size = checks.integer(op, "batch_size", batch_size, 1)
        self._batches = -(-len(train[0]) // self._batch_size)
        self._optimizer, self._augment, self._callbacks = optimizer, augment, tuple(callbacks)
        self._fit: dict[str, Any] = {
            "train": train,
            "validation": validation,
            "batch_size": self._batch_size,
            "optimizer": optimizer,
            "rng": checks.generator(op, rng),
            "scheduler": scheduler,
        }
        self._thread: threading.Thread | None = None
        # Where there are no threads: what is left of the training, batch by batch.
        self._turns: Iterator[None] | None = None
        self._task: asyncio.Task[None] | None = None  # kept, or it would be collected
        self._may_run = threading.Event()  # cleared to stop before the next batch
        self._rests = threading.Event()  # set while no batch is under way
        self._rests.set()
        self._phase, self._trouble = "ready", ""
        self._epoch_began = len(self.history.batch_losses)
        self._ended = False  # by a callback
        self._last_report = 0.0
        super().__init__(epochs=epochs)
        self.on_msg(self._told)
        self._report()

    epochs = setting("epochs", "Passes over the training images in all.")

    @property
    def phase(self) -> str:
        """``"ready"``, ``"running"``, ``"stopped"``, ``"done"`` or ``"failed"``."""
        return self._phase

    def start(self) -> None:
        """Begin to train, or go on; return at once.

        Where no thread can be started, as in a browser's Python and under strict limits, the
        training takes turns with the notebook, and goes on between its cells. In a program, where
        nothing else takes a turn, return when the training has ended; Ctrl-C then stops it.

        Raises
        ------
        ValueError
            If all epochs are done already.
        """
        if self._thread is not None and self._phase in ("done", "failed"):
            self._thread.join()  # it has ended, but may still be about to leave
        if self._thread is not None and self._thread.is_alive():
            self._rests.clear()
            self._phase = "running"
            self._may_run.set()
            return
        if len(self.history.epochs) >= self.epochs:
            raise ValueError(
                f"TrainingDashboard.start: all {self.epochs} epochs are done. Set epochs to a "
                "larger number to train more."
            )
        if self._turns is not None:
            self._go_on()
            return
        self._ended = False
        self._phase, self._trouble = "running", ""
        self._rests.clear()
        self._may_run.set()
        # A daemon: a training that nobody waits for must not keep the kernel from ending.
        self._thread = threading.Thread(target=self._train, name="training", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no thread can be started here: train on this one
            self._thread = None
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self._train()
            else:
                self._turns = self._batch_by_batch()
                self._task = loop.create_task(self._take_turns(self._turns))

    def stop(self) -> None:
        """Stop between two batches; return when the batch under way is done.

        In a program without threads, only a callback can stop a training, which ends its epoch.
        """
        self._may_run.clear()
        if self._turns is not None:
            self._pause()
        if self._thread not in (None, threading.current_thread()):  # else it would wait for itself
            self._rests.wait()

    def wait(self) -> None:
        """Return when the training has come to its end, or to a stop.

        Raises
        ------
        Exception
            What ended the training, if it failed, such as `cnnlib.training.DivergedError`.
        """
        if self._turns is not None:  # nobody else takes a turn while the caller waits
            turns = self._turns
            while self._may_run.is_set() and next(turns, self) is not self:
                pass
        self._rests.wait()
        if self._phase == "failed":
            raise self._error

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Let the page and whoever waits know how a training ended, whatever ended it."""
        try:
            yield
        except KeyboardInterrupt:  # where no batch is under way, or where `fit` is not asked
            self._phase = "stopped"
            raise
        except Exception as error:  # whatever it is, it belongs to the learner, not to a log
            self._error = error
            self._phase, self._trouble = "failed", f"{error}"
        finally:
            self._report()
            self._rests.set()

    def _train(self) -> None:
        stopped = False
        with self._reported():
            # Epoch by epoch comes to the same as all in one call, and `epochs` may change.
            while len(self.history.epochs) < self.epochs and not self._ended:
                self._epoch_began = len(self.history.batch_losses)
                fit(
                    self.model,
                    epochs=1,
                    history=self.history,
                    augment=self._between_batches,
                    callbacks=[self._between_epochs],
                    progress=False,
                    **self._fit,
                )
                # The kernel was interrupted, or a callback has stopped what has no other thread.
                stopped = self.history.interrupted or not (self._thread or self._may_run.is_set())
                self._ended = self._ended or stopped
            self._phase = "stopped" if stopped else "done"

    def _batch_by_batch(self) -> Iterator[None]:
        """Train as `_train` does, and yield after every batch."""
        with self._reported():
            try:
                while len(self.history.epochs) < self.epochs and not self._ended:
                    self._epoch_began = len(self.history.batch_losses)
                    run = Run(
                        self.model, history=self.history, augment=self._between_batches, **self._fit
                    )
                    for _ in run.steps():
                        yield
                    self._between_epochs(self.model, self.history)
                    if len(self.history.epochs) < self.epochs and not self._ended:
                        yield
                self._phase = "done"
            finally:
                self._turns = None
                self.model.eval()

    async def _take_turns(self, turns: Iterator[None]) -> None:
        while self._turns is turns:
            if self._may_run.is_set():
                next(turns, None)
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(PACE / 4)

    def _pause(self) -> None:
        """Rest between two batches, where there are no threads."""
        self._phase = "stopped"
        self.model.eval()  # as one would find it after a training
        self._report()
        self._rests.set()

    def _go_on(self) -> None:
        if not self._may_run.is_set():
            self._phase = "running"
            self.model.train()
            self._rests.clear()
            self._may_run.set()
            self._report()

    def _between_batches(self, images: Array, rng: np.random.Generator) -> Array:
        """Report, and wait while the training is stopped. `fit` calls this before each batch."""
        if self._thread is not None and not self._may_run.is_set():
            self._phase = "stopped"
            self.model.eval()  # as one would find it after a training
            self._report()
            self._rests.set()
            self._may_run.wait()
            self.model.train()
            self._phase = "running"
            self._report()
        elif time.monotonic() - self._last_report > PACE:
            self._report()
        return images if self._augment is None else self._augment(images, rng)

    def _between_epochs(self, model: Sequential, history: History) -> None:
        self._ended = any([callback(model, history) is True for callback in self._callbacks])
        self._epoch_began = len(history.batch_losses)
        self._report()

    def _report(self) -> None:
        """Tell the browser the present state."""
        self._last_report = time.monotonic()
        ends, losses = thinned(self.history.batch_losses)
        filters, norms = filters_of(self.model), gradient_norms(self.model)
        epochs = self.history.epochs
        self.progress = {
            "phase": self._phase,
            "trouble": self._trouble,
            "batches": self._batches,
            "batch": len(self.history.batch_losses) - self._epoch_began,
            "lr": self._optimizer.lr,
            "ends": ends,
            "losses": losses,
            "epochs": [[_for_json(getattr(epoch, f)) for f in FIGURES] for epoch in epochs],
            "norms": [[name, _for_json(length)] for name, length in norms.items()],
            "filters": "" if filters is None else filters[0],
            "shape": [] if filters is None else list(filters[1].shape),
            "maps": b"" if filters is None else filters[1].astype(np.float32).tobytes(),
        }

    def _told(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("do") == "stop":
            self._may_run.clear()
            if self._turns is not None:
                self._pause()
        elif content.get("do") == "start" and len(self.history.epochs) < self.epochs:
            self.start()
            self._report()

    def _checked(self, epochs: int) -> dict[str, Any]:
        return {"epochs": integer_within(type(self).__name__, "epochs", epochs, 1, EPOCHS)}

    def _picture(self) -> tuple[Figure, str]:
        done, filters = len(self.history.epochs), filters_of(self.model)
        where = f"A training dashboard, {self._phase}: {done} of {self.epochs} epochs are done, "
        alt = where + f"with {self._batches} batches in each."
        if filters is not None:
            alt += f" Shown are the first weights as they are now: {filters[0]}."
        if not self.history.batch_losses:
            fig, ax = drawing.new(width=5, height=3.4)
            self._draw_filters(ax, filters, "first weights, before training")
            return fig, alt
        fig, axes = drawing.new(2, 2, height=6)
        ends, losses = thinned(self.history.batch_losses)
        batches = np.array(ends) / self._batches
        drawing.curves(
            {"loss": losses}, axes[0, 0], x=batches, labels="none", markers=False,
            xlabel="epoch", ylabel="loss of the batches",
        )  # fmt: skip
        accuracy = {"training": self.history.series("train_accuracy")}
        if self._fit["validation"] is not None:
            accuracy["validation"] = self.history.series("validation_accuracy")
        if done:
            drawing.curves(accuracy, axes[0, 1], xlabel="epoch", ylabel="accuracy", labels="legend")
        norms = gradient_norms(self.model)
        values = np.nan_to_num(np.array(list(norms.values())))
        drawing.bars(list(norms), values, axes[1, 0], fmt=".3g", xlabel="gradient norm")
        self._draw_filters(axes[1, 1], filters, "first weights, now")
        if not done:
            fig.delaxes(axes[0, 1])
        return fig, alt + " Beside them are curves of loss and accuracy, and gradient norms."

    def _draw_filters(self, ax: Any, filters: tuple[str, Array] | None, title: str) -> None:
        if filters is None:
            ax.set_axis_off()
            ax.set_title("this network has no filters to show")
        else:
            draw_maps(filters[1], ax, title)

    def __repr__(self) -> str:
        return (
            f"TrainingDashboard(Sequential of {len(self.model)} layers, {self._phase}, "
            f"{len(self.history.epochs)} of {self.epochs} epochs)"
        )


def _for_json(value: float | None) -> float | None:
    """Return None for what is no number: JSON has no word for it."""
    return value if value is not None and np.isfinite(value) else None
