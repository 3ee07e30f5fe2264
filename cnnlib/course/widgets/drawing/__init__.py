"""The drawing pad: draw a digit, and watch every layer of a trained network respond."""

from __future__ import annotations

import copy
import math
import threading
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib import functional as F
from cnnlib.course import drawing
from cnnlib.course.drawing.mending import picture_fix
from cnnlib.course.drawing.theme import diverging_colours
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.maps import draw_maps
from cnnlib.course.widgets.kit.network import written
from cnnlib.course.widgets.kit.numbers import flag, integer_within
from cnnlib.datasets import load_digits
from cnnlib.model import Sequential
from cnnlib.types import Array

__all__ = ["DrawingPad", "as_mnist", "layer_outputs"]

DIGIT = 28  # pixels of an MNIST image, each way
BOX = 20  # pixels of the box into which its digits were fitted
FINE = 4  # points of the pad for one pixel
SIDE = FINE * DIGIT
PENS = (2, 30)  # widths in points of the pad
CLASSES = 20  # more bars than that cannot be read
PACKED = 20  # examples that go along to a page without a kernel
VALUES = 200_000  # numbers that one answer may hold; they travel to the browser at each stroke


def as_mnist(ink: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Bring a drawing into the form that the digits of MNIST have.

    What is not black is cut out and fitted into a box of 20×20, its proportions kept, by the mean
    over the area of each pixel. Then it is laid into 28×28 black pixels so that its centre of
    mass falls on pixel (14, 14). A digit of MNIST comes out as it went in.

    Parameters
    ----------
    ink : array_like, shape (H, W)
        The drawing, from 0 (black) to 1 (white). Its size is free.

    Returns
    -------
    array of float32, shape (28, 28)
        All zeros if nothing was drawn.

    Raises
    ------
    ValueError
        If `ink` is no grid of numbers from 0 to 1.

    Examples
    --------
    >>> bar = np.zeros((100, 100))
    >>> bar[10:50, 80:84] = 1
    >>> rows, columns = np.nonzero(as_mnist(bar))
    >>> rows.min(), rows.max(), columns.min(), columns.max()
    (np.int64(4), np.int64(23), np.int64(14), np.int64(15))

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
    1998, section III.A.
    """
    drawn = np.asarray(ink, dtype=np.float64)
    if drawn.ndim != 2 or not (drawn >= 0).all() or not (drawn <= 1).all():
        raise ValueError(
            "as_mnist: ink must be a grid (H, W) of numbers from 0 (black) to 1 (white), got "
            f"shape {drawn.shape}. Divide bytes by 255; take one channel of a colour image."
        )
    image = np.zeros((DIGIT, DIGIT), dtype=np.float32)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if not len(rows):
        return image
    drawn = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    longest = max(drawn.shape)
    height, width = (max(1, round(BOX * size / longest)) for size in drawn.shape)
    drawn = _means(len(drawn), height) @ drawn @ _means(drawn.shape[1], width).T
    mass = drawn.sum()
    row = (np.arange(height) @ drawn.sum(axis=1)) / mass
    column = (np.arange(width) @ drawn.sum(axis=0)) / mass
    # Sums that differ in their last bits alone shall not fall on two sides of a middle.
    top = int(np.clip(round(round(DIGIT / 2 - row, 9)), 0, DIGIT - height))
    left = int(np.clip(round(round(DIGIT / 2 - column, 9)), 0, DIGIT - width))
    image[top : top + height, left : left + width] = drawn
    return image


def _means(size: int, new: int) -> Array:
    """Return the matrix that turns `size` values into `new` means over equal lengths."""
    edges = np.linspace(0, size, new + 1)
    low, high = edges[:-1, None], edges[1:, None]
    pixel = np.arange(size)
    shared = np.minimum(high, pixel + 1) - np.maximum(low, pixel)
    return np.clip(shared, 0, None) * (new / size)


def layer_outputs(model: Sequential, image: npt.ArrayLike) -> list[tuple[str, Array]]:
    """Return what each layer makes of one image, under the layer's name.

    Parameters
    ----------
    model : Sequential
        As it is: in its training behaviour or not.
    image : array_like, shape (H, W)
        Grey, from 0 to 1.

    Returns
    -------
    list of (str, array)
        Maps (C, H, W) or values (F,), without a batch axis. The last are the scores.

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> outputs = layer_outputs(course_cnn(np.random.default_rng(0)), np.zeros((28, 28)))
    >>> [values.shape for _, values in outputs][:3]
    [(16, 24, 24), (16, 24, 24), (16, 12, 12)]
    """
    x = np.asarray(image)[None, None].astype(_dtype(model))
    outputs = []
    for layer in model:
        x = layer(x)
        name = repr(layer) if "\n" not in repr(layer) else type(layer).__name__
        outputs.append((name, x[0]))
    return outputs


def _dtype(model: Sequential) -> Any:
    return next((parameter.dtype for parameter in model.parameters()), np.dtype(np.float32))


class _Ink(traitlets.Bytes):
    """The points of the pad; what is no drawing of its size is refused before anything changed."""

    def validate(self, widget: Any, value: Any) -> bytes:
        ink = super().validate(widget, value) or b""
        if len(ink) != SIDE * SIDE:
            raise ValueError(
                f"DrawingPad: ink must be {SIDE * SIDE} bytes, one for each of {SIDE}×{SIDE} "
                f"points, got {len(ink)}."
            )
        return ink


class DrawingPad(Widget):
    """Draw a digit with mouse, finger or keys, and see how each layer of a network responds.

    While you draw, the kernel brings the drawing into the form that MNIST's digits have, runs the
    network, and sends back the probabilities and the output of every layer. The network is used
    as it is at that moment: train on, and the pad answers with the new weights. On a page without
    a kernel the browser computes all this, if it knows the network's layers.

    Parameters
    ----------
    model : Sequential
        Takes images (N, 1, 28, 28), gives a score for each class.
    image : array_like, shape (28, 28), optional
        What is on the pad at first, from 0 to 1; nothing unless given.
    examples : (images, labels), optional
        Where "Give me a digit" takes them from; the validation digits unless given.
    pen : int
        Width of the pen, in points of which the pad has 112 each way.
    centred : bool
        Centre and scale the drawing as MNIST did. If not, it is only made smaller.

    Raises
    ------
    TypeError
        If `model` is no Sequential.
    ValueError
        If it does not take such images, or one of the others does not fit.

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> pad = DrawingPad(course_cnn(np.random.default_rng(0)))
    >>> pad
    DrawingPad(Sequential of 10 layers, pen 10, centred and scaled)
    >>> pad.image.shape, pad.probabilities.shape
    ((28, 28), (10,))
    """

    _esm = script("drawing/widget.js")
    _css = styles("drawing/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {
        "digit": DIGIT,
        "fine": FINE,
        "box": BOX,
        "pens": PENS,
        "diverging": diverging_colours(),
    }

    # Bytes, row by row, 0 for black; the browser draws them, so it need not hear them again.
    ink = _Ink(bytes(SIDE * SIDE)).tag(
        sync=True, echo_update=False, from_json=lambda value, widget: bytes(value)
    )
    answer = traitlets.Dict().tag(sync=True)
    packed = traitlets.Dict().tag(sync=True)  # for a page without a kernel; empty until `pack`

    def __init__(
        self,
        model: Sequential,
        image: npt.ArrayLike | None = None,
        *,
        examples: tuple[Array, Array] | None = None,
        pen: int = 10,
        centred: bool = True,
    ) -> None:
        self.model = _checked_model(type(self).__name__, model)
        # The network's layers remember their last input, and may be in the middle of a training.
        # So the pad works with a deep copy, and takes over the weights each time.
        self._copied = copy.deepcopy(model)
        self._copied.eval()
        self._examples = None if examples is None else _checked_examples(examples)
        self._order: list[int] = []
        self._note = self._next_note = ""  # about the digit on the pad
        self._given = 0
        self._at_work = threading.RLock()
        super().__init__(pen=pen, centred=centred)
        if image is not None:
            self.ink = _points(_checked_image(image))
        self.observe(lambda change: self._redrawn(), "ink")
        self.observe(lambda change: self.refresh(), "settings")
        self.on_msg(self._asked)
        self.refresh()

    pen = setting("pen", "Width of the pen, in points of the pad.")
    centred = setting("centred", "Whether drawings are centred and scaled as MNIST's were.")

    @property
    def drawing(self) -> Array:
        """What is on the pad, (112, 112), from 0 to 1."""
        return np.frombuffer(self.ink, dtype=np.uint8).reshape(SIDE, SIDE) / 255

    @property
    def image(self) -> npt.NDArray[np.float32]:
        """What the network sees, (28, 28), from 0 to 1."""
        if self.centred:
            return as_mnist(self.drawing)
        cells = self.drawing.reshape(DIGIT, FINE, DIGIT, FINE)
        return cells.mean(axis=(1, 3)).astype(np.float32)

    @property
    def outputs(self) -> list[tuple[str, Array]]:
        """What each layer makes of `image`, under the layer's name."""
        with self._at_work:
            self._copied.load_state_dict(self.model.state_dict())
            return layer_outputs(self._copied, self.image)

    @property
    def probabilities(self) -> Array:
        """The network's probabilities for `image`, one for each class."""
        return F.softmax(self.outputs[-1][1][None])[0]

    def give_digit(self, number: int | None = None) -> int:
        """Put one of the examples on the pad.

        Parameters
        ----------
        number : int, optional
            Which one; one that was not shown yet unless given.

        Returns
        -------
        int
            Its label.
        """
        images, labels = self._digits()
        if number is None:
            if not self._order:
                self._order = _order(len(images))
            number = self._order.pop()
        number = checks.integer("give_digit", "number", number, 0)
        if number >= len(images):
            raise ValueError(
                f"give_digit: there is no digit {number}; the numbers go from 0 to "
                f"{len(images) - 1}."
            )
        label = int(labels[number])
        self._given += 1
        self._next_note = _note(number, label)
        self.ink = _points(images[number, 0])
        if self._next_note:  # it was on the pad already
            self._redrawn()
        return label

    def _digits(self) -> tuple[Array, Array]:
        if self._examples is None:
            self._examples = load_digits().validation
        return self._examples

    def clear(self) -> None:
        """Wipe the pad."""
        self.ink = bytes(SIDE * SIDE)

    def refresh(self) -> None:
        """Let the network look again, for instance after some more training."""
        outputs = self.outputs
        self.answer = {
            "mass": int(np.frombuffer(self.ink, dtype=np.uint8).sum()),
            "centred": self.centred,
            "image": self.image.astype(np.float32).tobytes(),
            "odds": F.softmax(outputs[-1][1][None])[0].astype(np.float64).tobytes(),
            "layers": [{"name": name, "shape": list(x.shape)} for name, x in outputs],
            "maps": b"".join(x.astype(np.float32).tobytes() for _, x in outputs),
            "note": self._note,
            "given": self._given,  # so that each request has an answer, also for the same digit
        }

    def luggage(self) -> dict[str, Any]:
        """Return the network and some examples, for a browser that has no kernel to ask.

        It is empty if `model` has a layer that the browser does not know.
        """
        network = written(self.model)
        if network is None:
            return {}
        layers, weights = network
        images, labels = self._digits()
        chosen = _order(len(images))[: -PACKED - 1 : -1]
        return {
            "layers": layers,
            "weights": weights,
            "digits": np.round(255 * images[chosen]).astype(np.uint8).tobytes(),
            "notes": [_note(number, int(labels[number])) for number in chosen],
        }

    def pack(self) -> None:
        """Take the network along; the browser then computes the answer anew."""
        self.packed = self.luggage()
        if self.packed:
            empty = dict.fromkeys(("image", "odds", "maps"), b"")
            self.answer = self.answer | {"layers": [], **empty}

    def _redrawn(self) -> None:
        self._note, self._next_note = self._next_note, ""
        self.refresh()

    def _asked(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("ask") == "digit":
            self.give_digit()

    def _checked(self, pen: int, centred: bool) -> dict[str, Any]:
        op = type(self).__name__
        return {
            "pen": integer_within(op, "pen", pen, *PENS),
            "centred": flag(op, "centred", centred),
        }

    def _picture(self) -> tuple[Figure, str]:
        outputs, image, odds = self.outputs, self.image, self.probabilities
        maps = [(name, x) for name, x in outputs if x.ndim == 3][:6]
        rows = 1 + -(-len(maps) // 3)
        fig, axes = drawing.new(rows, 3, height=3.0 * rows)
        cells = np.atleast_2d(axes)
        drawing.image(self.drawing, cells[0, 0], title="drawn")
        drawing.image(image, cells[0, 1], title="what the network sees, 28×28")
        best = int(odds.argmax())
        names = [str(k) for k in range(len(odds))]
        drawing.bars(names, odds, cells[0, 2], fmt=".1%", title="probability", highlight=[best])
        below = cells[1:].ravel().tolist()
        for ax, (name, x) in zip(below, maps, strict=False):
            draw_maps(x, ax, f"{name.split('(')[0]}: {_sizes(x)}")
        for ax in below[len(maps) :]:
            fig.delaxes(ax)
        layers = "; ".join(f"{name.split('(')[0]}, {_sizes(x)}" for name, x in maps)
        if any(self.ink):
            drawn = f"A drawing pad with white strokes on black. The network reads them as {best}."
        else:
            drawn = "An empty drawing pad, and what the network answers to it."
        return fig, f"{drawn} Below are the maps that its layers make: {layers}."

    def __repr__(self) -> str:
        way = "centred and scaled" if self.centred else "as it is"
        return f"DrawingPad(Sequential of {len(self.model)} layers, pen {self.pen}, {way})"


def _sizes(x: Array) -> str:
    return f"{len(x)} maps of {x.shape[1]}×{x.shape[2]}"


def _order(count: int) -> list[int]:
    """Return numbers of examples; they are given from the last to the first."""
    order: list[int] = np.random.default_rng(0).permutation(count).tolist()
    return order


def _note(number: int, label: int) -> str:
    return f"Digit {number}. Its label is {label}."


def _points(image: Array) -> bytes:
    """Return an image as ink: each pixel becomes 4×4 points."""
    grey = np.round(255 * np.asarray(image)).astype(np.uint8)
    return np.kron(grey, np.ones((FINE, FINE), dtype=np.uint8)).tobytes()


def _checked_model(op: str, model: object) -> Sequential:
    if not isinstance(model, Sequential):
        raise TypeError(
            f"{op}: model must be a Sequential, got {checks.describe(model)}. "
            "Give it a network such as course_cnn(rng)."
        )
    shape: tuple[int, ...] = (1, DIGIT, DIGIT)
    try:
        output = model.output_shape(shape)
    except ValueError as error:
        raise ValueError(f"{op}: model cannot take an image (1, 28, 28): {error}") from None
    if len(output) != 1 or not 2 <= output[0] <= CLASSES:
        raise ValueError(
            f"{op}: model must end in 2 to {CLASSES} scores, but its output has shape {output}. "
            "End it with Flatten() and Linear(…, 10)."
        )
    sizes = []
    for layer in model:
        shape = layer.output_shape(shape)
        sizes.append(math.prod(shape))
    if sum(sizes) > VALUES:
        raise ValueError(
            f"{op}: the layers of model make {sum(sizes):,} numbers of one image; at most "
            f"{VALUES:,} can be sent while you draw. Take a smaller network."
        )
    return model


def _checked_image(image: npt.ArrayLike) -> Array:
    try:
        grey = np.asarray(image)
    except ValueError:  # rows of different lengths
        grey = np.asarray(None)
    grey = grey[0] if grey.ndim == 3 and len(grey) == 1 else grey
    right = grey.shape == (DIGIT, DIGIT) and grey.dtype.kind in "iuf"
    if not right or not (grey >= 0).all() or not (grey <= 1).all():
        fix = picture_fix("image", image, to_bytes=False, colour=False)
        raise ValueError(
            f"DrawingPad: image must be ({DIGIT}, {DIGIT}) numbers from 0 to 1, got "
            f"{checks.describe(image)}.{_advice(fix, grey.shape)}"
        )
    return grey


def _advice(fix: str, shape: tuple[int, ...]) -> str:
    """Say how to bring a picture into the form that the pad takes."""
    if not fix:
        return ""
    if shape[:2] == (DIGIT, DIGIT) or shape in ((1, DIGIT, DIGIT), (1, 1, DIGIT, DIGIT)):
        return f" Give it {fix}."
    return (
        " With `from cnnlib.course.widgets.drawing import as_mnist`, which fits white strokes on "
        f"black into that size, give it as_mnist({fix})."
    )


def _checked_examples(examples: tuple[Array, Array]) -> tuple[Array, Array]:
    images, labels = examples
    if np.ndim(images) != 4 or images.shape[1:] != (1, DIGIT, DIGIT) or len(images) != len(labels):
        raise ValueError(
            "DrawingPad: examples must be (images, labels) with images (N, 1, 28, 28) and N "
            f"labels, got {checks.describe(images)} and {checks.describe(labels)}. "
            "For example digits.validation."
        )
    return images, labels
