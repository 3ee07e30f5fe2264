"""MNIST and Fashion-MNIST whole: where their four files may lie, and what they must hold."""

import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlib.idx import DamagedFileError, idx_bytes, read_idx

__all__ = ["FASHION_MNIST", "MNIST", "LargeSet", "Recorded", "read_large_set"]


class Recorded(NamedTuple):
    """What a file must hold: the shape of its array, and a SHA-256 of the file when unpacked."""

    shape: tuple[int, ...]
    sha256: str


class LargeSet(NamedTuple):
    """A data set of the size that benchmarks are run on.

    Attributes
    ----------
    name : str
        Of the set, and of its folder in the cache.
    files : dict from str to Recorded
        Four files: images and labels to learn from, images and labels of the test.
    sources : tuple of str
        Addresses at which the files lie, packed by gzip; the first is tried first.
    debian : str
        The folder in which Debian's package of the set puts the files, or nothing.
    """

    name: str
    files: dict[str, Recorded]
    sources: tuple[str, ...]
    debian: str = ""


# The checksum is that of the unpacked file: gzip packs the same bytes in many ways, and Debian's
# files are not packed as those of the makers are.
FASHION_MNIST = LargeSet(
    "fashion-mnist",
    {
        "train-images-idx3-ubyte": Recorded(
            (60_000, 28, 28), "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": Recorded(
            (60_000,), "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": Recorded(
            (10_000, 28, 28), "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": Recorded(
            (10_000,), "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    "/usr/share/datasets/fashion-mnist",
)
MNIST = LargeSet(
    "mnist",
    {
        "train-images-idx3-ubyte": Recorded(
            (60_000, 28, 28), "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": Recorded(
            (60_000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": Recorded(
            (10_000, 28, 28), "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": Recorded(
            (10_000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)


def read_large_set(
    operation: str, wanted: LargeSet, folder: str | Path | None = None
) -> list[NDArray[np.uint8]]:
    """Return the arrays of the four files, checked, in the order of the set.

    Parameters
    ----------
    operation : str
        Who asks, for the messages.
    wanted : LargeSet
    folder : str or Path, optional
        Where the files lie, packed or not. Without it, they are looked for in the cache and where
        Debian's package puts them, and else fetched by pooch, which must be installed for that.

    Raises
    ------
    FileNotFoundError
        If they are nowhere, with what to do.
    DamagedFileError
        If a file does not hold what it must. A kind of `ValueError`.

    Examples
    --------
    >>> read_large_set("load_mnist", MNIST, "digits")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FileNotFoundError: load_mnist: there is no file train-images-idx3-ubyte or ...
    """
    if folder is not None:
        places = [Path(folder).expanduser()]
    else:
        places = [_cache(wanted), *([Path(wanted.debian)] if wanted.debian else [])]
    for place in places:
        found = {name: path for name in wanted.files for path in _existing(place, name)}
        if len(found) == len(wanted.files):
            return [_checked(operation, found[name], wanted.files[name]) for name in wanted.files]
    if folder is not None:
        missing = next(name for name in wanted.files if name not in found)
        raise FileNotFoundError(
            f"{operation}: there is no file {missing} or {missing}.gz in {places[0]}. Expected "
            f"four files there: {', '.join(wanted.files)}. Give it the folder that holds them."
        )
    return _fetched(operation, wanted, places)


def _cache(wanted: LargeSet) -> Path:
    """Return the folder in which fetched files are kept."""
    import platformdirs  # comes with Jupyter; only needed here

    kept = os.environ.get("CNNLIB_CACHE") or platformdirs.user_cache_dir("cnnlib", appauthor=False)
    return Path(kept).expanduser() / wanted.name


def _existing(place: Path, name: str) -> Iterator[Path]:
    """Yield the file of that name in a folder, packed or not, if it is there."""
    for path in (place / f"{name}.gz", place / name):
        if path.is_file():
            yield path


def _checked(operation: str, path: Path, recorded: Recorded) -> NDArray[np.uint8]:
    """Return the array in a file, if it is the recorded one."""
    values = read_idx(path)
    if values.shape != recorded.shape:
        raise DamagedFileError(
            f"{operation}: the file {path} holds an array of shape {values.shape}. Expected "
            f"{recorded.shape}: it is a file of another data set. Put the right one there."
        )
    found = hashlib.sha256(idx_bytes(values)).hexdigest()
    if found != recorded.sha256:
        raise DamagedFileError(
            f"{operation}: the file {path} has the right size but not the right contents. "
            f"Expected the SHA-256 {recorded.sha256[:12]}… when unpacked, found {found[:12]}… "
            "Delete it and get it again; Fashion-MNIST's files have the same names as MNIST's."
        )
    return values


def _fetched(operation: str, wanted: LargeSet, places: list[Path]) -> list[NDArray[np.uint8]]:
    """Return the arrays of files that are fetched into the cache first."""
    try:
        import pooch
    except ImportError:
        raise FileNotFoundError(
            _not_here(operation, wanted, places, "pooch, which would fetch it, is not installed")
        ) from None
    # It would print the checksum of the packed file, which says nothing here.
    pooch.get_logger().setLevel(logging.WARNING)
    arrays = []
    for name, recorded in wanted.files.items():
        path, failed = places[0] / f"{name}.gz", ""
        for source in wanted.sources:
            try:
                pooch.retrieve(f"{source}{path.name}", None, path.name, places[0])
                arrays.append(_checked(operation, path, recorded))
                break
            except DamagedFileError as error:
                path.unlink()  # a page that says "not found" is a file too
                failed = str(error)
            except OSError as error:  # no network, no such host, no such address
                failed = f"{type(error).__name__}: {str(error)[:100]}"
        else:
            why = f"{path.name} could not be fetched ({failed})"
            raise FileNotFoundError(_not_here(operation, wanted, places, why))
    return arrays


def _not_here(operation: str, wanted: LargeSet, places: list[Path], why: str) -> str:
    """Say that a set is not on this machine, where it was looked for, and what to do."""
    ways = [
        "with a network, run `pip install pooch` and call this again",
        f"or put the four files ({', '.join(wanted.files)}, packed or not) into a folder and "
        f'write {operation}("that folder"); they are at {wanted.sources[0]}',
    ]
    if wanted.debian:
        package = f"dataset-{Path(wanted.debian).name}"
        ways.insert(1, f"or, on Debian and Ubuntu, run `sudo apt install {package}`")
    return (
        f"{operation}: the data set {wanted.name} is not on this machine, and {why}. It was looked "
        f"for in {' and '.join(map(str, places))}. What helps: {'; '.join(ways)}."
    )
