"""A network is a list of layers: forward runs through it, backward runs back."""

import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnlib._checks import Array, describe
from cnnlib.layers import Layer, Parameter
from cnnlib.shapes import receptive_field

__all__ = ["Sequential", "Summary", "SummaryRow"]

Shape = tuple[int, ...]


class Sequential(Layer):
    """Layers in a row: the output of each is the input of the next.

    Parameters
    ----------
    *layers : Layer

    Examples
    --------
    >>> from cnnlib.layers import Flatten, Linear
    >>> model = Sequential(Flatten(), Linear(784, 10, rng=np.random.default_rng(0)))
    >>> model(np.zeros((5, 1, 28, 28), dtype=np.float32)).shape
    (5, 10)
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        for position, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                hint = " Unpack the list: Sequential(*layers)." if isinstance(layer, list) else ""
                raise TypeError(
                    f"Sequential: item {position} must be a layer, got {describe(layer)}.{hint}"
                )
        self.layers = list(layers)

    def __getitem__(self, position: int) -> Layer:
        return self.layers[position]

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def forward(self, x: Array) -> Array:
        """Run the layers from first to last."""
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, dout: Array) -> Array:
        """Run the layers from last to first; return the gradient for the input."""
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """Return every parameter with the name it has in a saved file, such as ``0.weight``."""
        return [
            (f"{position}.{parameter.name}", parameter)
            for position, layer in enumerate(self.layers)
            for parameter in layer.parameters()
        ]

    def parameters(self) -> list[Parameter]:
        """Return what all layers learn, in order."""
        return [parameter for _, parameter in self.named_parameters()]

    def train(self) -> None:
        """Switch to training behaviour."""
        self._set_training(True)

    def eval(self) -> None:
        """Switch to the behaviour for use: nothing random."""
        self._set_training(False)

    def _set_training(self, training: bool) -> None:
        self.training = training
        for layer in self.layers:
            layer.training = training

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one sample's output, without computing it."""
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return what all layers cost for one sample."""
        total = 0
        for layer in self.layers:
            total += layer.multiply_adds(input_shape)
            input_shape = layer.output_shape(input_shape)
        return total

    def summary(self, input_shape: Shape) -> "Summary":
        """Return a table of the layers: output shape, parameters, multiply-adds, receptive field.

        Parameters
        ----------
        input_shape : (C, H, W)
            Of one sample, without a batch axis.

        Returns
        -------
        Summary
            Prints as a table; ``.rows`` holds the numbers.

        Raises
        ------
        ValueError
            Naming the layer whose input does not fit.

        Examples
        --------
        >>> from cnnlib.layers import Conv2d
        >>> conv = Conv2d(3, 4, kernel_size=5, rng=np.random.default_rng(0))
        >>> print(Sequential(conv).summary((3, 32, 32)))
        layer                          output shape  parameters  multiply-adds  sees
        0 Conv2d(3, 4, kernel_size=5)       4×28×28         304        235,200     5
        total                                               304        235,200
        """
        input_shape = tuple(input_shape)
        fields = receptive_field(layer.window[0] for layer in self.layers)
        rows = []
        shape = input_shape
        for position, (layer, field) in enumerate(zip(self.layers, fields, strict=True)):
            try:
                output = layer.output_shape(shape)
            except ValueError as error:
                raise ValueError(f"summary: layer {position}, {layer!r}: {error}") from None
            rows.append(
                SummaryRow(
                    name=f"{position} {layer!r}",
                    output_shape=output,
                    parameters=sum(parameter.size for parameter in layer.parameters()),
                    multiply_adds=layer.multiply_adds(shape),
                    receptive_field=field if len(output) == 3 else None,
                )
            )
            shape = output
        return Summary(input_shape, rows)

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of every weight under its name."""
        return {name: parameter.value.copy() for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over weights by name. If anything does not fit, nothing is changed.

        Parameters
        ----------
        state : mapping of name to array
            As `state_dict` returns it.

        Raises
        ------
        ValueError
            Naming what is missing, unexpected or of another shape.
        """
        own = dict(self.named_parameters())
        problems = [f"{name} is missing" for name in own if name not in state]
        problems += [f"{name} is not known here" for name in state if name not in own]
        problems += [
            f"{name} has shape {np.shape(state[name])}, expected {own[name].shape}"
            for name in own
            if name in state and np.shape(state[name]) != own[name].shape
        ]
        if problems:
            raise ValueError(
                "load_state_dict: the weights do not fit this network: "
                + "; ".join(problems[:5])
                + ("; …" if len(problems) > 5 else "")
                + ". Build the same layers as when they were saved."
            )
        for name, parameter in own.items():
            parameter.value = np.array(state[name], dtype=parameter.dtype)

    def save(self, path: str | Path) -> None:
        """Write the weights to a file, all or nothing.

        They go to a temporary file beside it first, which then takes its name: whoever stops the
        program in the middle finds the old file whole.

        Parameters
        ----------
        path : str or Path
            Conventionally ending in ``.npz``.
        """
        path = Path(path)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **self.state_dict())  # type: ignore[arg-type]
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def load(self, path: str | Path) -> None:
        """Read weights that `save` wrote. If anything is wrong, nothing is changed.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is damaged, is no archive of plain arrays, or holds another network's weights.
        """
        path = Path(path)
        try:
            archive = np.load(path, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise ValueError("it holds a single array without a name")
            with archive:
                state = {name: archive[name] for name in archive.files}
        except FileNotFoundError:
            raise FileNotFoundError(
                f"load: there is no file {path}. Train the network and save it there first."
            ) from None
        except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"load: {path} is not a readable archive of weights ({error}). "
                "It may be cut short; use another copy or train again."
            ) from None
        self.load_state_dict(state)

    def __repr__(self) -> str:
        lines = [f"  ({position}): {layer!r}" for position, layer in enumerate(self.layers)]
        return "\n".join(["Sequential(", *lines, ")"])


@dataclass(frozen=True)
class SummaryRow:
    """What one layer does to the shape, and what it costs for one sample."""

    name: str
    output_shape: Shape
    parameters: int
    multiply_adds: int
    receptive_field: int | None


@dataclass(frozen=True)
class Summary:
    """The table of a network's layers. Print it, or read its ``rows``."""

    input_shape: Shape
    rows: list[SummaryRow]

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """How many multiplications, each with its addition, one sample costs."""
        return sum(row.multiply_adds for row in self.rows)

    def __str__(self) -> str:
        table = [("layer", "output shape", "parameters", "multiply-adds", "sees")]
        for row in self.rows:
            field = "" if row.receptive_field is None else str(row.receptive_field)
            shape = "×".join(str(size) for size in row.output_shape)
            table.append((row.name, shape, f"{row.parameters:,}", f"{row.multiply_adds:,}", field))
        table.append(("total", "", f"{self.parameters:,}", f"{self.multiply_adds:,}", ""))
        widths = [max(len(line[column]) for line in table) for column in range(5)]
        lines = []
        for line in table:
            cells = [line[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    __repr__ = __str__
