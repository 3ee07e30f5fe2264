"""Digits and photographs: the course's own, checked before they are read, and yours."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlib.checks import describe
from cnnlib.idx import DamagedFileError
from cnnlib.large_sets import FASHION_MNIST, MNIST, LargeSet, read_large_set
from cnnlib.pictures import as_photo, open_photo

__all__ = [
    "FASHION_CLASSES",
    "DamagedFileError",
    "Digits",
    "Parts",
    "Split",
    "as_photo",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "load_photo",
    "open_photo",
    "photo_names",
]


class _Recorded(NamedTuple):
    """What a data file must be: its size in bytes and the SHA-256 of those bytes."""

    size: int
    sha256: str


# data/README.md prints the same table for people; a test holds the two and the files together.
FILES = {
    "digits.npz": _Recorded(
        1_651_367, "477f225420e3596cdd61d096ab221873f1523dc8114cc8a6e67579d803acee66"
    ),
    "photos.npz": _Recorded(
        418_977, "0d01375c09e61459437052f5b3ae8b4dd1e34acd1377e5615a23170be2aa3531"
    ),
    "imagenet_net.npz": _Recorded(
        4_376_368, "b9d5b4d1673792f91a5a18888e1507198cc56d9634fbe77116254ca0b7a03a4e"
    ),
    "digits_net.npz": _Recorded(
        322_798, "044f67a7d3442fe6425175ac4b354b0ea22d5e3327488bca0b6ac07d84eefb23"
    ),
}


# In the order of the labels, in the words of the makers.
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
VALIDATION_IMAGES = 5_000  # the last ones of a training file; its images are in no order


class Split(NamedTuple):
    """One part of a data set: the images and, in the same order, their labels.

    Attributes
    ----------
    images : ndarray of float32, shape (N, C, H, W)
        Brightness from 0 (black) to 1 (white).
    labels : ndarray of int64, shape (N,)
        The class of each image.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.intp]


class Digits(NamedTuple):
    """The bundled digits in three parts that share no image.

    Attributes
    ----------
    train : Split
        8,000 images to learn from.
    validation : Split
        1,000 images to choose settings by.
    test : Split
        1,000 images to score the finished network on, once.
    """

    train: Split
    validation: Split
    test: Split


class Parts(NamedTuple):
    """A data set in three parts that share no image.

    Attributes
    ----------
    train : Split
        To learn from.
    validation : Split
        To choose settings by.
    test : Split
        The official test images, to score the finished network on, once.
    """

    train: Split
    validation: Split
    test: Split


def load_digits() -> Digits:
    """Return the bundled MNIST digits, split into train, validation and test.

    Returns
    -------
    Digits
        Named tuple of three `Split`: 8,000, 1,000 and 1,000 images. Images are float32 of shape
        (N, 1, 28, 28) from 0 to 1, labels int64 of shape (N,) from 0 to 9. Every call returns
        new arrays, yours to change.

    Raises
    ------
    FileNotFoundError
        If ``digits.npz`` is not in the data folder: ``data`` in the course folder, or the folder
        that the environment variable ``CNNLIB_DATA`` names.
    DamagedFileError
        If its bytes are not the recorded ones. A kind of `ValueError`.

    Notes
    -----
    All 10,000 images come from the training file of MNIST (LeCun, Bottou, Bengio and Haffner,
    "Gradient-based learning applied to document recognition", 1998). ``data/README.md`` has
    sources and licences.

    Examples
    --------
    >>> from cnnlib.datasets import load_digits
    >>> train, validation, test = load_digits()
    >>> train.images.shape
    (8000, 1, 28, 28)
    >>> test.labels[:5].shape
    (5,)
    """
    with open_data("digits.npz", "load_digits") as archive:
        return Digits(
            train=_read_split(archive, "train"),
            validation=_read_split(archive, "validation"),
            test=_read_split(archive, "test"),
        )


def load_fashion_mnist(folder: str | Path | None = None) -> Parts:
    """Return Fashion-MNIST, 70,000 pictures of clothes in ten classes, in three parts.

    The files (30 MB) are not part of the course. They are looked for in the cache, then where
    Debian's package ``dataset-fashion-mnist`` puts them; else they are fetched, if pooch is
    installed. What is read is checked: every byte of it.

    Parameters
    ----------
    folder : str or Path, optional
        Where the four IDX files lie, packed or not; then they are looked for nowhere else.

    Returns
    -------
    Parts
        Named tuple of three `Split`: 55,000, 5,000 and 10,000 images. The test part is the
        official one; the validation part is the last 5,000 images of the official 60,000.
        `FASHION_CLASSES` names the labels.

    Raises
    ------
    FileNotFoundError
        If the files are nowhere, with what to do.
    DamagedFileError
        If a file does not hold what it must. A kind of `ValueError`.

    References
    ----------
    Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms", 2017. MIT licence.

    Examples
    --------
    >>> load_fashion_mnist("clothes")
    Traceback (most recent call last):
    FileNotFoundError: load_fashion_mnist: there is no file train-images-idx3-ubyte or train-images-idx3-ubyte.gz in clothes. Expected four files there: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte. Give it the folder that holds them.
    """  # noqa: E501
    return _load_parts("load_fashion_mnist", FASHION_MNIST, folder)


def load_mnist(folder: str | Path | None = None) -> Parts:
    """Return the whole of MNIST, 70,000 digits, with the test images of the published scores.

    The files (12 MB) are not part of the course; `load_digits` needs none. They are looked for in
    the cache; else they are fetched, if pooch is installed. What is read is checked: every byte.

    Parameters
    ----------
    folder : str or Path, optional
        Where the four IDX files lie, packed or not; then they are looked for nowhere else.

    Returns
    -------
    Parts
        Named tuple of three `Split`: 55,000, 5,000 and 10,000 images. The test part is the
        official one; the validation part is the last 5,000 images of the official 60,000.

    Raises
    ------
    FileNotFoundError, DamagedFileError
        As `load_fashion_mnist`.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
    1998.

    Examples
    --------
    >>> load_mnist("digits")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FileNotFoundError: load_mnist: there is no file train-images-idx3-ubyte or ...
    """
    return _load_parts("load_mnist", MNIST, folder)


def load_photo(name: str = "cat") -> NDArray[np.uint8]:
    """Return a bundled colour photograph.

    Parameters
    ----------
    name : str
        One of `photo_names()`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Red, green and blue from 0 to 255, in the order in which image files keep them. Every
        call returns a new array.

    Raises
    ------
    TypeError
        If `name` is not a string.
    ValueError
        If there is no photograph of that name.
    FileNotFoundError
        If ``photos.npz`` is not in the data folder (see `load_digits`).
    DamagedFileError
        If its bytes are not the recorded ones. A kind of `ValueError`.

    Examples
    --------
    >>> from cnnlib.datasets import load_photo
    >>> load_photo("cat").shape
    (256, 256, 3)
    """
    if not isinstance(name, str):
        raise TypeError(
            f"load_photo: name must be a string such as 'cat', got {describe(name)}. A photograph "
            "of your own is opened with open_photo(path)."
        )
    with open_data("photos.npz", "load_photo") as archive:
        if name not in archive.files:
            known = ", ".join(repr(known) for known in archive.files)
            raise ValueError(
                f"load_photo: there is no photograph named {name!r}. Choose one of {known}; one of "
                "your own is opened with open_photo(path)."
            )
        photo: NDArray[np.uint8] = archive[name]
        return photo


def photo_names() -> tuple[str, ...]:
    """Return the names that `load_photo` knows.

    Returns
    -------
    tuple of str
        The names, in the order of the file.

    Raises
    ------
    FileNotFoundError, DamagedFileError
        As `load_photo`.

    Examples
    --------
    >>> from cnnlib.datasets import photo_names
    >>> photo_names()
    ('cat', 'coffee', 'rocket')
    """
    with open_data("photos.npz", "photo_names") as archive:
        return tuple(archive.files)


def _read_split(archive: Any, name: str) -> Split:
    """Return one split of the digits."""
    return _split(archive[f"{name}_images"], archive[f"{name}_labels"])


def _split(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Split:
    """Return images, (N, 28, 28) bytes turned into (N, 1, 28, 28) floats, with their labels."""
    pixels = images.astype(np.float32)
    pixels /= 255
    # A grey image has one channel: the axis is put in here so that layers find (N, C, H, W).
    # Labels are indices: int64, but for a browser's Python, whose indices have 32 bits.
    return Split(pixels[:, np.newaxis], labels.astype(np.intp))


def _load_parts(operation: str, wanted: LargeSet, folder: str | Path | None) -> Parts:
    """Return a large set, with a validation part taken from what may be learned from."""
    images, labels, test_images, test_labels = read_large_set(operation, wanted, folder)
    train = len(labels) - VALIDATION_IMAGES
    return Parts(
        train=_split(images[:train], labels[:train]),
        validation=_split(images[train:], labels[train:]),
        test=_split(test_images, test_labels),
    )


def _data_folder() -> Path:
    """Return the folder that holds the data files."""
    override = os.environ.get("CNNLIB_DATA")
    if override:
        return Path(override).expanduser()
    package = Path(__file__).resolve().parent
    bundled = package / "bundled" / "data"  # where a wheel has it
    return bundled if bundled.is_dir() else package.parent / "data"


def open_data(name: str, operation: str) -> Any:
    """Return the archive of that name, opened only after its bytes have been checked."""
    path = _data_folder() / name
    recorded = FILES[name]
    try:
        # Read once: what is checked below and what NumPy opens are then the same bytes.
        packed = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{operation}: there is no file {path}. Expected {recorded.size:,} bytes with "
            f"SHA-256 {recorded.sha256[:12]}… {_how_to_restore(name)}"
        ) from None
    found = hashlib.sha256(packed).hexdigest()
    if found != recorded.sha256:
        raise DamagedFileError(
            f"{operation}: the file {path} {_what_happened(len(packed), recorded.size)}. "
            f"Expected {recorded.size:,} bytes with SHA-256 {recorded.sha256[:12]}…, found "
            f"{len(packed):,} bytes with SHA-256 {found[:12]}… {_how_to_restore(name)}"
        )
    # Pickles could run code when opened; these files hold plain numbers and need none.
    return np.load(io.BytesIO(packed), allow_pickle=False)


def _what_happened(size: int, expected: int) -> str:
    """Say in words how a file with the wrong hash differs."""
    if size < expected:
        return "is cut short"
    if size > expected:
        return "is too long"
    return "has the right size but not the right contents"


def _how_to_restore(name: str) -> str:
    """Say how to get a data file back."""
    cure = f"To restore it, run `git restore data/{name}` in the course folder"
    if name != "digits_net.npz":  # training elsewhere ends with slightly other weights
        cure += f", or rebuild it there with `python data/make_{Path(name).stem}.py`"
    cure += "."
    folder = os.environ.get("CNNLIB_DATA")
    if folder:
        return (
            f"The environment variable CNNLIB_DATA sends cnnlib to {folder}: unset it to read "
            f"the data folder of the course, or put the right file there. {cure}"
        )
    if _data_folder().parent.name == "bundled":
        return "To restore it: python -m pip install --force-reinstall --no-deps cnnlib."
    if not _data_folder().is_dir():
        return (
            "cnnlib looks for a folder named data beside the package, and there is none: it was "
            "installed apart from the course. Install it from the course folder with "
            "`pip install -e .`, or set the environment variable CNNLIB_DATA to the data folder "
            "of the course."
        )
    return cure
