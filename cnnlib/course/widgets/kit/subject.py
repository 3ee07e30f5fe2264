"""What some widgets look into: a network, pictures to try it on, and words for its classes."""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnlib import checks
from cnnlib import functional as F
from cnnlib.course.widgets.kit.numbers import sizes
from cnnlib.course.widgets.kit.pixels import LIMIT
from cnnlib.model import Sequential
from cnnlib.types import Array, Shape

__all__ = ["Networks", "Subject", "subject"]

Prepare = Callable[[Array], Array]
CLASSES = 2000  # names that travel to the browser
NUMBERS = 50_000_000  # that one picture may become in all layers; they are kept


class Subject:
    """What `subject` returns. It keeps a network of its own, so that yours is not disturbed.

    Attributes
    ----------
    model : Sequential
        A copy, in eval.
    pictures : tuple of str
        Their names.
    classes : tuple of str
        The first word for each; where two have the same, with their numbers.
    labels : dict from str to int
        The right classes, where they are known.
    shape : (C, H, W)
        Of what the network is given.
    white : float
        The largest value of a pixel: 255 for bytes, 1 for floats.
    """

    def __init__(
        self,
        model: Sequential,
        pictures: Mapping[str, npt.ArrayLike],
        classes: Sequence[str] | None,
        prepare: Prepare | None,
        labels: Mapping[str, int | str] | None,
    ) -> None:
        arrays = _checked_pictures(pictures)
        self.pictures = tuple(arrays)
        self.white = 255.0 if next(iter(arrays.values())).dtype == np.uint8 else 1.0
        self._given = arrays
        self._prepare = _channels_first if prepare is None else prepare
        self._pixels, self._low, self._high = self._prepared()
        self.shape: Shape = self._low.shape
        if not isinstance(model, Sequential):
            raise TypeError(
                f"subject: model must be a Sequential, got {checks.describe(model)}. "
                "Give it a network such as course_cnn(rng)."
            )
        count = _class_count(model, self.shape)
        self.classes, self._words = _checked_classes(classes, count)
        self.model = copy.deepcopy(model)
        self.model.eval()
        parameters = self.model.parameters()
        self._dtype = parameters[0].dtype if parameters else np.dtype(np.float32)
        # Layers remember their last input, and a front end may ask from more than one thread.
        self.at_work = threading.RLock()
        self._before: dict[str, Array] = {}
        self.labels = {
            self._known("labels", name): self.class_number("subject", "labels", label)
            for name, label in (labels or {}).items()
        }

    def _prepared(self) -> tuple[dict[str, Array], Array, Array]:
        """Return the pixels of each picture as the network gets them, and its black and white."""
        pixels: dict[str, Array] = {}
        ends: dict[Shape, tuple[Array, Array]] = {}
        for name, given in self._given.items():
            x = self._run_prepare(name, given)
            if given.shape not in ends:
                ends[given.shape] = self._black_and_white(name, given)
            black, white = ends[given.shape]
            first, _ = next(iter(ends.values()))
            if x.shape != first.shape:
                raise ValueError(
                    f"subject: the pictures come to different sizes, {sizes(first)} and "
                    f"{sizes(x)}. Give prepare a function that brings them to one size."
                )
            values = self.white * (x - black) / (white - black)
            whole = np.round(values)  # float32 leaves dust on bytes
            dusty = self.white == 255 and np.abs(values - whole).max() < 1e-3
            pixels[name] = whole if dusty else values
        return pixels, *next(iter(ends.values()))

    def _black_and_white(self, name: str, given: Array) -> tuple[Array, Array]:
        """Return what black and white become for the network; refuse what has more between."""
        share = 0.4  # of white
        black, grey, white = (
            self._run_prepare(name, np.full_like(given, part * self.white)).astype(np.float64)
            for part in (0, share, 1)
        )
        reach = white - black
        even = black.shape == grey.shape == white.shape and bool((reach > 0).all())
        if not even or np.abs(grey - (black + share * reach)).max() > 1e-3 * reach.max():
            raise ValueError(
                "subject: prepare must shift and scale the pixels, so that black < white, and grey "
                "lies between in proportion. Leave out what else it does."
            )
        return black, white

    def _run_prepare(self, name: str, given: Array) -> Array:
        x = self._prepare(given)
        fits = isinstance(x, np.ndarray) and x.ndim == 4 and len(x) == 1 and x.shape[1] in (1, 3)
        if not fits or x.dtype.kind != "f" or not np.isfinite(x).all():
            raise ValueError(
                "subject: prepare must turn a picture into floats (1, 1, H, W) or (1, 3, H, W), "
                f"but of {name!r} it made {checks.describe(x)}."
            )
        if max(x.shape[2:]) > LIMIT:
            raise ValueError(
                f"subject: prepare made {sizes(x[0])} of {name!r}; at most {LIMIT} pixels a side "
                "can be shown."
            )
        return x[0]

    def _known(self, what: str, name: object) -> str:
        if not isinstance(name, str) or name not in self.pictures:
            raise ValueError(
                f"subject: {what} names {name!r}, but the pictures are {', '.join(self.pictures)}."
            )
        return name

    def class_number(self, op: str, name: str, value: object) -> int:
        """Return the number of a class that is given by its number or its word."""
        if isinstance(value, str):
            found = [k for k, word in enumerate(self.classes) if word == value]
            found = found or [k for k, words in enumerate(self._words) if value in words]
            if not found:
                near = [word for word in self.classes if value.lower() in word.lower()][:3]
                raise ValueError(
                    f"{op}: {name} {value[:40]!r} is none of the {len(self.classes)} classes"
                    f"{'; did you mean ' + ' or '.join(near) + '?' if near and value else '.'} "
                    f"They are numbered 0 to {len(self.classes) - 1}."
                )
            if len(found) > 1:
                raise ValueError(
                    f"{op}: {name} {value!r} is the word for classes "
                    f"{' and '.join(map(str, found))}. Give the number."
                )
            return found[0]
        number = checks.integer(op, name, value, 0)
        if number >= len(self.classes):
            came = f"{number:,}" if number < 10**15 else "far more"
            raise ValueError(
                f"{op}: {name} must be a class from 0 to {len(self.classes) - 1}, got {came}."
            )
        return number

    def pixels(self, picture: str) -> Array:
        """Return a picture as the network gets it, (C, H, W), from 0 to `white`."""
        return self._pixels[picture]

    def input(self, pixels: Array) -> Array:
        """Return pixels (…, C, H, W) as a batch for the network."""
        x = self._low + pixels / self.white * (self._high - self._low)
        return x.reshape(-1, *self.shape).astype(self._dtype)

    def probabilities(self, pixels: Array) -> Array:
        """Return the probabilities for one picture or several, (N, classes)."""
        with self.at_work:
            scores = self.model(self.input(pixels))
        return F.softmax(scores.astype(np.float64))

    def before(self, picture: str) -> Array:
        """Return the probabilities for a picture as it is."""
        if picture not in self._before:
            self._before[picture] = self.probabilities(self.pixels(picture))[0]
        return self._before[picture]

    def answer(self, picture: str) -> int:
        """Return the class that the network gives to a picture as it is."""
        return int(self.before(picture).argmax())

    def gradient(self, picture: str, number: int) -> Array:
        """Return ∂L/∂x for the cross-entropy of a class, up to a positive factor, (C, H, W)."""
        with self.at_work:
            scores = self.model(self.input(self.pixels(picture)))
            dout = F.softmax(scores.astype(np.float64))
            dout[0, number] -= 1
            # Where the network is sure, the loss is flat to the last bit; its direction is not.
            dout /= np.abs(dout).max() or 1.0
            return self.model.backward(dout.astype(self._dtype))[0]

    def __repr__(self) -> str:
        return (
            f"Subject(Sequential of {len(self.model)} layers, {len(self.classes)} classes, "
            f"{', '.join(self.pictures)})"
        )


def subject(
    model: Sequential,
    pictures: Mapping[str, npt.ArrayLike],
    classes: Sequence[str] | None = None,
    *,
    prepare: Prepare | None = None,
    labels: Mapping[str, int | str] | None = None,
) -> Subject:
    """Put together what the widgets of chapter 10 look into.

    Parameters
    ----------
    model : Sequential
        Takes (N, C, H, W), gives a score for each class. A copy is used, in eval, as it is now.
    pictures : mapping from name to array
        All of one kind: bytes, (H, W) or (H, W, 3), or floats from 0 to 1, (H, W) or (1, H, W).
    classes : sequence of str, optional
        A word for each score; their numbers unless given. Of several words with commas between,
        the first is shown, and each is understood.
    prepare : callable, optional
        Turns a picture into what the network takes, (1, C, H, W). It may resize, and shift and
        scale the pixels, and no more. Unless given, bytes are divided by 255, and channels come
        first.
    labels : mapping from name to class, optional
        The right class of a picture, as word or number, where it is known.

    Returns
    -------
    Subject

    Raises
    ------
    TypeError, ValueError
        If one of them does not fit.

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> subject(course_cnn(np.random.default_rng(0)), {"black": np.zeros((28, 28))})
    Subject(Sequential of 10 layers, 10 classes, black)
    """
    return Subject(model, pictures, classes, prepare, labels)


class Networks:
    """One subject or several under their names, for a widget that offers them.

    Parameters
    ----------
    op : str
        The widget, for error messages.
    given : Subject or mapping from str to Subject
    """

    def __init__(self, op: str, given: Subject | Mapping[str, Subject]) -> None:
        self._op = op
        named = {"network": given} if isinstance(given, Subject) else given
        right = isinstance(named, Mapping) and bool(named)
        if not right or not all(
            isinstance(name, str) and isinstance(one, Subject) for name, one in named.items()
        ):
            raise TypeError(
                f"{op}: networks must be a subject, or a dict of subjects by their names, got "
                f"{checks.describe(given)}. Make one with widgets.subject(model, pictures)."
            )
        self.subjects = dict(named)

    def first(self, network: object, picture: object) -> tuple[object, object]:
        """Return the names, with the first of each in place of None."""
        if network is None:
            network = next(iter(self.subjects))
        if picture is None and isinstance(network, str) and network in self.subjects:
            picture = self.subjects[network].pictures[0]
        return network, picture

    def checked(self, network: object, picture: object) -> tuple[str, str, Subject]:
        """Return the names and the subject, or say which there are."""
        if not isinstance(network, str) or network not in self.subjects:
            raise ValueError(
                f"{self._op}: network must be one of {', '.join(self.subjects)}, got "
                f"{checks.describe(network)}."
            )
        one = self.subjects[network]
        if not isinstance(picture, str) or picture not in one.pictures:
            raise ValueError(
                f"{self._op}: picture must be one of {', '.join(one.pictures)}, got "
                f"{checks.describe(picture)}. Those are the pictures of {network!r}; set both "
                "together to change the network."
            )
        return network, picture, one

    def told(self) -> list[dict[str, Any]]:
        """Return what the browser has to know of them."""
        return [
            {
                "name": name,
                "pictures": list(one.pictures),
                "classes": list(one.classes),
                "white": one.white,
            }
            for name, one in self.subjects.items()
        ]


def packed_pixels(pixels: Array) -> dict[str, Any]:
    """Return pixels (C, H, W) for the browser: as bytes where they are bytes, else as float32."""
    are_bytes = pixels.max() > 1 and (pixels == np.round(pixels)).all()
    are_bytes = are_bytes and pixels.min() >= 0 and pixels.max() <= 255
    kind = np.uint8 if are_bytes else np.float32
    return {"shape": list(pixels.shape), "bytes": bool(are_bytes), "data": _row(pixels, kind)}


def _row(values: Array, kind: npt.DTypeLike) -> bytes:
    return np.ascontiguousarray(values, dtype=kind).tobytes()


def shown(pixels: Array, white: float) -> Array:
    """Return pixels (C, H, W) as an image for a figure: (H, W) or (H, W, 3), from 0 to 1."""
    image = np.clip(np.moveaxis(pixels, 0, -1) / white, 0, 1)
    return image[..., 0] if image.shape[2] == 1 else image


def _channels_first(picture: Array) -> Array:
    x = picture / np.float32(255) if picture.dtype == np.uint8 else picture.astype(np.float32)
    return (np.moveaxis(x, -1, 0) if x.ndim == 3 and len(x) != 1 else np.atleast_3d(x.T).T)[None]


def _class_count(model: Sequential, shape: Shape) -> int:
    try:
        output = model.output_shape(shape)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"subject: model cannot take a picture of shape {shape}: {error}"
        ) from None
    if len(output) != 1 or not 2 <= output[0] <= CLASSES:
        raise ValueError(
            f"subject: model must end in 2 to {CLASSES:,} scores, but its output has shape "
            f"{output}. End it with Flatten() and Linear(…, 10)."
        )
    if model.summary(shape).memory > 4 * NUMBERS:
        raise ValueError(
            f"subject: the layers of model make {model.summary(shape).memory // 4:,} numbers of "
            f"one picture; at most {NUMBERS:,} are kept. Take a smaller network or picture."
        )
    return output[0]


def _checked_classes(
    classes: Sequence[str] | None, count: int
) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return a word for each class, no two alike, and all words that it is known by."""
    names = tuple(map(str, range(count))) if classes is None else tuple(classes)
    if len(names) != count or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError(
            f"subject: classes must be {count} words, one for each score, got "
            f"{len(names)}: {checks.describe(classes)}."
        )
    words = [[name, *(part.strip() for part in name.split(","))] for name in names]
    twice = Counter(one[1] for one in words)
    short = (one[1] if twice[one[1]] == 1 else f"{one[1]} (#{k})" for k, one in enumerate(words))
    return tuple(short), words


def _checked_pictures(pictures: object) -> dict[str, Array]:
    if not isinstance(pictures, Mapping) or not pictures:
        raise TypeError(
            f"subject: pictures must be a dict of arrays by their names, got "
            f'{checks.describe(pictures)}. Write {{"cat": load_photo("cat")}}.'
        )
    arrays: dict[str, Array] = {}
    for name, picture in pictures.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"subject: a picture's name must be a word, got {name!r}.")
        try:
            array = np.asarray(picture)
        except ValueError:  # rows of different lengths
            array = np.asarray(None)
        grey = array.ndim == 2 or (array.ndim == 3 and len(array) == 1)
        colour = array.ndim == 3 and array.shape[2] == 3
        floats = array.dtype.kind == "f" and bool(((array >= 0) & (array <= 1)).all())
        if not array.size or not (grey or colour) or not (array.dtype == np.uint8 or floats):
            raise ValueError(
                f"subject: picture {name!r} must be bytes (H, W) or (H, W, 3), or floats from 0 "
                f"to 1, (H, W) or (1, H, W); got {checks.describe(picture)}."
            )
        arrays[name] = array
    if len({array.dtype == np.uint8 for array in arrays.values()}) > 1:
        raise ValueError(
            "subject: some pictures are bytes and some floats. Divide the bytes by 255, or keep "
            "them in two subjects."
        )
    return arrays
