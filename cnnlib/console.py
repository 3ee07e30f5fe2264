"""What a training says to whoever waits for it, and how it hears that it should stop."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from cnnlib.history import History

BAR_MOVES = 100  # of the progress bar, in one training


@contextmanager
def stop_after_step() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C (or stop button) into a request, so that no step is cut in two.

    Yields a function that says whether a stop was asked for. A second Ctrl-C stops at once. So does
    the first where an error ends the training: whoever catches that error must not lose the stop.
    Python hands signals to the main thread alone; elsewhere this changes nothing.
    """
    asked = False
    previous = signal.getsignal(signal.SIGINT) or signal.default_int_handler
    main = threading.current_thread() is threading.main_thread()
    if not main or previous == signal.SIG_IGN:  # as for a job in the background
        yield lambda: asked
        return

    def remember(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: asked
    except Exception as error:
        if asked:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, previous)


def progress_bar(steps: int) -> Any:
    """Return a bar that suits the place: a widget in a notebook, text in a terminal."""
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0  # no thread of its own to watch it: it moves with the steps

    # A notebook's bar sends a few messages each time it moves. Whoever reads them only when the
    # cell has ended, as nbval does, has room for a thousand or two, and then loses the last one,
    # which says that the cell has ended. So the bar moves a hundred times, however slow the steps.
    apart = max(1, steps // BAR_MOVES)
    return Bar(total=steps, desc="training", unit="batch", miniters=apart, maxinterval=float("inf"))


def latest(history: History) -> str:
    """Say in a few words how the last epoch went."""
    epoch = history.epochs[-1]
    text = f"epoch {epoch.number}: loss {epoch.train_loss:.3f}"
    if epoch.validation_accuracy is not None:
        text += f", validation accuracy {epoch.validation_accuracy:.1%}"
    return text


def going_on(checkpoint: str | Path, done: int, epochs: int, lr: float, kept: float) -> str:
    """Say where training goes on from, and which learning rate counts if there are two."""
    text = f"Going on from {Path(checkpoint).name}: {done} of {epochs} epochs are done."
    if done > epochs:
        text = (
            f"Going on from {Path(checkpoint).name}: {done} epochs are done, more than the "
            f"{epochs} asked for, so nothing is left to train."
        )
    else:
        text += "\nWeights, averages and random numbers are the file's; to start afresh, delete it."
    if lr != kept:
        text += f"\nThe learning rate is {lr:g}, as asked for now; the file had {kept:g}."
    return text


def how_to_go_on(epochs: int, batch: int, batches: int) -> str:
    """Say what was stopped, and where; batch 0 stands for the end of an epoch."""
    where = f"in epoch {epochs + 1} after batch {batch} of {batches}"
    return (
        f"Stopped {where if batch else f'at the end of epoch {epochs}'}. "
        "The weights so far are kept in the model.\n"
        "To go on, call fit again with the same model, optimizer, scheduler and rng, and "
        "history=history. "
        "To keep the weights in a file: model.save('weights.npz').\n"
        "In a loop of trainings the next one starts now; press stop twice to end the loop too."
    )


def after_divergence(what: str, epochs: int, place: str, lr: float) -> str:
    """Say what became of a training whose numbers left the range, and what to try."""
    back = f"the end of epoch {epochs}" if epochs else "the start"
    return (
        f"fit: {what} in epoch {epochs + 1}{place}; expected a finite number. The weights were put "
        f"back to those of {back}. Try a smaller learning rate (it is {lr:g}), and check the "
        "images with np.isfinite(images).all()."
    )
