"""What a training came to, epoch by epoch and batch by batch."""

from dataclasses import dataclass, field

__all__ = ["DivergedError", "Epoch", "History"]


class DivergedError(ValueError):
    """The loss or a weight became NaN or infinite. ``history`` holds what was seen until then."""

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
        Whether training was stopped by hand. In a loop of trainings, ask it to end them all:
        ``if history.interrupted: break``.
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
