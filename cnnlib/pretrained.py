"""Networks that somebody has trained already, ready for use: one for photographs, one for digits.

Their weights lie in the data folder, and are checked before they are read, as all data there.
"""

from typing import NamedTuple

import numpy as np

from cnnlib.architectures import course_cnn, efficientnet_lite0
from cnnlib.checks import describe
from cnnlib.datasets import open_data
from cnnlib.model import Sequential
from cnnlib.types import Array

__all__ = ["Pretrained", "imagenet_input", "load_digits_cnn", "load_efficientnet_lite0"]

SIZE = 224  # the height and width in pixels on which EfficientNet-Lite0 was trained


class Pretrained(NamedTuple):
    """A trained network, and what its scores stand for.

    Attributes
    ----------
    model : Sequential
        In its ``eval`` behaviour.
    classes : tuple of str
        The name of each class, in the order of the scores.
    """

    model: Sequential
    classes: tuple[str, ...]


def load_efficientnet_lite0() -> Pretrained:
    """Return EfficientNet-Lite0, trained on the 1.28 million photographs of ImageNet.

    Each weight is stored in one byte: a filter's weights are whole numbers from -127 to 127 times a
    scale of its own. Batch normalisation is folded into the weights and biases. Every call returns
    a new network, yours to change.

    Returns
    -------
    Pretrained
        The network takes (N, 3, 224, 224) float32, as `imagenet_input` makes them, and returns
        1,000 scores for each.

    Raises
    ------
    FileNotFoundError
        If ``imagenet_net.npz`` is not in the data folder (see `cnnlib.datasets.load_digits`).
    DamagedFileError
        If its bytes are not the recorded ones. A kind of `ValueError`.

    Notes
    -----
    ``data/README.md`` has sources and licences.

    Examples
    --------
    >>> from cnnlib.datasets import load_photo
    >>> model, classes = load_efficientnet_lite0()
    >>> classes[int(model(imagenet_input(load_photo("coffee"))).argmax())]
    'espresso'
    """
    with open_data("imagenet_net.npz", "load_efficientnet_lite0") as archive:
        weights, scales, biases = (archive[name] for name in ("weights", "scales", "biases"))
        classes = tuple(bytes(archive["classes"]).decode().split("\n"))
    model = efficientnet_lite0(np.random.default_rng(0), folded=True)
    used, filters = 0, 0
    for weight, bias in zip(model.parameters()[::2], model.parameters()[1::2], strict=True):
        whole = weights[used : used + weight.size].reshape(len(bias.value), -1)
        mine = slice(filters, filters + len(whole))
        weight.value = (whole * scales[mine, None]).reshape(weight.shape)
        bias.value = biases[mine].copy()
        used, filters = used + weight.size, mine.stop
    model.eval()
    return Pretrained(model, classes)


def imagenet_input(photo: Array) -> Array:
    """Return a photograph as `load_efficientnet_lite0` wants to see it.

    It is resized to 224×224 by bicubic interpolation, whatever its shape: nothing is cut off, and
    what is not square is squeezed. Then ``(x - 127) / 128`` turns bytes into -0.99 … 1.

    Parameters
    ----------
    photo : array of uint8, (H, W, 3)
        As `cnnlib.datasets.load_photo`, `open_photo` and `as_photo` return it.

    Returns
    -------
    array of float32, (1, 3, 224, 224)

    Raises
    ------
    TypeError, ValueError
        If it is no such array.
    ImportError
        If Pillow is not installed.

    Examples
    --------
    >>> imagenet_input(np.full((200, 300, 3), 255, dtype=np.uint8))[0, 0, 0, :2]
    array([1., 1.], dtype=float32)
    """
    op = "imagenet_input"
    if not isinstance(photo, np.ndarray) or photo.dtype != np.uint8:
        raise TypeError(
            f"{op}: photo must be an array of uint8, got {describe(photo)}. Make it one with "
            "as_photo(photo) from cnnlib.datasets, or open_photo(path) if it is a file."
        )
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.size == 0:
        raise ValueError(
            f"{op}: photo must have the shape (H, W, 3), got {photo.shape}. Make it so with "
            "as_photo(photo) from cnnlib.datasets."
        )
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            f"{op}: Pillow resizes the picture, and it is not installed. Install it with "
            "`pip install pillow`."
        ) from None
    picture = Image.fromarray(np.ascontiguousarray(photo))
    resized = np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    x: Array = (resized.astype(np.float32) - 127) / 128
    return np.ascontiguousarray(x.transpose(2, 0, 1))[None]


def load_digits_cnn() -> Sequential:
    """Return the network of the course, `course_cnn`, trained on the bundled digits.

    Its weights are those that ``python -m cnnlib train`` finds with seed 0. They are stored, so
    that every machine gets the same numbers out of them. Every call returns a new network.

    Returns
    -------
    Sequential
        In its ``eval`` behaviour. Takes (N, 1, 28, 28) from 0 to 1, returns 10 scores for each.

    Raises
    ------
    FileNotFoundError
        If ``digits_net.npz`` is not in the data folder (see `cnnlib.datasets.load_digits`).
    DamagedFileError
        If its bytes are not the recorded ones. A kind of `ValueError`.

    Examples
    --------
    >>> from cnnlib.datasets import load_digits
    >>> images, labels = load_digits().validation
    >>> int(load_digits_cnn()(images[:1]).argmax()) == labels[0]
    np.True_
    """
    model = course_cnn(np.random.default_rng(0))
    with open_data("digits_net.npz", "load_digits_cnn") as archive:
        model.load_state_dict({name: archive[name] for name in archive.files})
    model.eval()
    return model
