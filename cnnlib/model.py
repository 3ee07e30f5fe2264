"""A network is a list of layers: forward runs through it, backward runs back."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from cnnlib.archive import read_archive, write_archive
from cnnlib.checks import describe
from cnnlib.layers import Layer, Parameter
from cnnlib.summary import Summary, summarise
from cnnlib.types import Array, Pair, Shape

__all__ = ["Container", "Parallel", "Residual", "Sequential"]


class Container(Layer):
    """A layer made of layers: what all of them share.

    A container names its `children`; parameters, summary, saving and loading follow from that.
    """

    @property
    def mixes_images(self) -> bool:  # type: ignore[override]
        """Whether a layer inside does. A container of your own declares for itself."""
        return any(child.mixes_images for _, child in self.children())

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """Return every parameter with the name it has in a saved file, such as ``0.weight``."""
        return [
            (f"{path}.{parameter.name}", parameter)
            for path, layer in self._leaves()
            for parameter in layer.parameters()
        ]

    def _leaves(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Yield the layers that hold no others, with their paths."""
        for name, child in self.children():
            if isinstance(child, Container):
                yield from child._leaves(f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", child

    def leaves(self) -> list[Layer]:
        """Return the layers that hold no others, however deep they lie, in order."""
        return [layer for _, layer in self._leaves()]

    def _saved(self) -> list[tuple[str, Parameter]]:
        """Return what belongs into a file: what is learned, and running statistics."""
        return [
            (f"{path}.{array.name}", array)
            for path, layer in self._leaves()
            for array in (*layer.parameters(), *layer.buffers())
        ]

    def parameters(self) -> list[Parameter]:
        """Return what all layers inside learn, in order."""
        return [parameter for _, parameter in self.named_parameters()]

    def buffers(self) -> list[Parameter]:
        """Return what all layers inside save without learning it."""
        return [buffer for layer in self.leaves() for buffer in layer.buffers()]

    def summary(self, input_shape: Shape, depth: int | None = None) -> Summary:
        """Return a table: output shape, parameters, multiply-adds, memory, receptive field.

        Nothing is computed and no weight takes up memory.

        Parameters
        ----------
        input_shape : (C, H, W)
            Of one sample, without a batch axis.
        depth : int, optional
            How deep to look into containers; a deeper one is one row. All the way unless given.

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
        layer                          output shape  parameters  multiply-adds   memory  sees
        0 Conv2d(3, 4, kernel_size=5)       4×28×28         304        235,200  12.5 kB     5
        total                                               304        235,200  12.5 kB
        """
        return summarise(self, tuple(input_shape), depth)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return what all layers inside cost for one sample."""
        return sum(
            child.multiply_adds(shape) for _, child, shape, _ in self.flow(input_shape, (1, 1))
        )

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of every array that belongs to the network, under its name."""
        return {name: array.value.copy() for name, array in self._saved()}

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
        own = dict(self._saved())
        problems = [f"{name} is missing" for name in own if name not in state]
        problems += [f"{name} is not known here" for name in state if name not in own]
        for name in [name for name in own if name in state]:
            value = np.asarray(state[name])
            if value.shape != own[name].shape:
                problems.append(f"{name} has shape {value.shape}, expected {own[name].shape}")
            elif value.dtype.kind != "f":
                problems.append(f"{name} has dtype {value.dtype}, expected floats")
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
        """Write the weights to a file, all or nothing: see `cnnlib.archive.write_archive`.

        Parameters
        ----------
        path : str or Path
            Conventionally ending in ``.npz``.
        """
        write_archive(path, self.state_dict())

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
        self.load_state_dict(read_archive(path))


class Sequential(Container):
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

    mixes_images = Container.mixes_images

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.layers = [
            _check_layer("Sequential", position, layer) for position, layer in enumerate(layers)
        ]

    def __getitem__(self, position: int) -> Layer:
        return self.layers[position]

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def children(self) -> list[tuple[str, Layer]]:
        """Return the layers, named by their positions."""
        return [(str(position), layer) for position, layer in enumerate(self.layers)]

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

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one sample's output, without computing it."""
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def receptive_field(self, field: int, jump: int, input_shape: Shape) -> Pair:
        """Return the receptive field and jump after the last layer."""
        for layer in self.layers:
            field, jump = layer.receptive_field(field, jump, input_shape)
            input_shape = layer.output_shape(input_shape)
        return field, jump

    def flow(self, shape: Shape, view: Pair) -> Iterator[tuple[str, Layer, Shape, Pair]]:
        """Yield each layer with the shape and the view that reach it, those of the one before."""
        for name, layer in self.children():
            yield name, layer, shape, view
            shape, view = layer.output_shape(shape), layer.receptive_field(*view, shape)

    def __repr__(self) -> str:
        return _tree("Sequential", self)


class Residual(Container):
    """A shortcut around some layers: ``y = main(x) + shortcut(x)``.

    Going back, the plus sign hands the same gradient to both ways, and what they make of it is
    added up. So even where `main` lets little through, the shortcut does.

    Parameters
    ----------
    main : Layer
        Usually a `Sequential`.
    shortcut : Layer, optional
        Brings `x` to the shape of the main way; nothing is done to it unless given.

    Examples
    --------
    >>> from cnnlib.layers import ReLU
    >>> Residual(ReLU())(np.array([[-1.0, 2.0]]))
    array([[-1.,  4.]])

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016, equation 1.
    """

    mixes_images = Container.mixes_images

    def __init__(self, main: Layer, shortcut: Layer | None = None) -> None:
        super().__init__()
        self.main = _check_layer("Residual", "main", main)
        self.shortcut = None if shortcut is None else _check_layer("Residual", "shortcut", shortcut)

    def children(self) -> list[tuple[str, Layer]]:
        """Return the main way and, if it does anything, the shortcut."""
        children: list[tuple[str, Layer]] = [("main", self.main)]
        if self.shortcut is not None:
            children.append(("shortcut", self.shortcut))
        return children

    def forward(self, x: Array) -> Array:
        """Run both ways and add."""
        main = self.main(x)
        short = x if self.shortcut is None else self.shortcut(x)
        self._check_shapes(main.shape, short.shape)
        return main + short

    def backward(self, dout: Array) -> Array:
        """Send the gradient back both ways and add."""
        through_main = self.main.backward(dout)
        return through_main + (dout if self.shortcut is None else self.shortcut.backward(dout))

    def _check_shapes(self, main: Shape, short: Shape) -> None:
        if main != short:
            raise ValueError(
                f"Residual: the main way returns {main} but the shortcut {short}; they cannot be "
                "added. Give the shortcut a 1×1 convolution with the same channels and stride."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one sample's output, without computing it."""
        main = self.main.output_shape(input_shape)
        short = input_shape if self.shortcut is None else self.shortcut.output_shape(input_shape)
        self._check_shapes(main, short)
        return main

    def receptive_field(self, field: int, jump: int, input_shape: Shape) -> Pair:
        """Return the view of the way that sees further."""
        views = [child.receptive_field(field, jump, input_shape) for _, child in self.children()]
        return max([*views, (field, jump)])

    def __repr__(self) -> str:
        return _tree("Residual", self)


class Parallel(Container):
    """Branches side by side: each sees the same input, and their channels are stacked.

    Going back, each branch gets its own channels of the gradient, and what the branches make of
    it is added up, since they all read the same input.

    Parameters
    ----------
    *branches : Layer

    Examples
    --------
    >>> from cnnlib.layers import MaxPool2d, ReLU
    >>> Parallel(ReLU(), MaxPool2d(3, 1, 1))(np.zeros((2, 8, 7, 7))).shape
    (2, 16, 7, 7)

    References
    ----------
    Szegedy et al., "Going deeper with convolutions", 2015, section 4.
    """

    mixes_images = Container.mixes_images

    def __init__(self, *branches: Layer) -> None:
        super().__init__()
        if not branches:
            raise ValueError("Parallel: expected at least one branch, got none.")
        self.branches = [
            _check_layer("Parallel", position, branch) for position, branch in enumerate(branches)
        ]
        self._channels: list[int] = []

    def children(self) -> list[tuple[str, Layer]]:
        """Return the branches, named by their positions."""
        return [(str(position), branch) for position, branch in enumerate(self.branches)]

    def forward(self, x: Array) -> Array:
        """Run every branch and stack their channels."""
        outputs = [branch(x) for branch in self.branches]
        self._check_shapes([output.shape[1:] for output in outputs])
        self._channels = [output.shape[1] for output in outputs]
        return np.concatenate(outputs, axis=1)

    def backward(self, dout: Array) -> Array:
        """Hand each branch its channels; add up what comes back."""
        if not self._channels:
            self.input()
        if dout.ndim < 2 or dout.shape[1] != sum(self._channels):
            raise ValueError(
                f"Parallel.backward: dout has shape {np.shape(dout)}, expected "
                f"{sum(self._channels)} channels, those of the last output."
            )
        parts = np.split(dout, np.cumsum(self._channels)[:-1], axis=1)
        total, *others = (
            branch.backward(part) for branch, part in zip(self.branches, parts, strict=True)
        )
        for other in others:
            total = total + other
        return total

    def _check_shapes(self, shapes: list[Shape]) -> None:
        if any(len(shape) != 3 or shape[1:] != shapes[0][1:] for shape in shapes):
            raise ValueError(
                f"Parallel: the branches return {shapes}; only maps (C, H, W) of equal height and "
                "width can be stacked. Check the padding and stride of each branch."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one sample's output, without computing it."""
        shapes = [branch.output_shape(input_shape) for branch in self.branches]
        self._check_shapes(shapes)
        return (sum(shape[0] for shape in shapes), *shapes[0][1:])

    def receptive_field(self, field: int, jump: int, input_shape: Shape) -> Pair:
        """Return the view of the branch that sees furthest."""
        return max(branch.receptive_field(field, jump, input_shape) for branch in self.branches)

    def __repr__(self) -> str:
        return _tree("Parallel", self)


def _check_layer(op: str, place: int | str, layer: object) -> Layer:
    if isinstance(layer, Layer):
        return layer
    item = f"item {place}" if isinstance(place, int) else place
    hint = f" Unpack the list: {op}(*layers)." if isinstance(layer, list) else ""
    raise TypeError(f"{op}: {item} must be a layer, got {describe(layer)}.{hint}")


def _tree(name: str, container: Container) -> str:
    """Draw a container and what is inside, one layer a line."""
    if not container.children():
        return f"{name}()"
    lines = [
        f"  ({child}): {layer!r}".replace("\n", "\n  ") for child, layer in container.children()
    ]
    return "\n".join([f"{name}(", *lines, ")"])
