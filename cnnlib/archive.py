"""Named arrays in one file: written all or nothing, read without trust.

The format is NumPy's own uncompressed ``.npz``, so that any tool can look inside. It is read
without pickle: a file can hold numbers and nothing that runs.
"""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib.checks import describe
from cnnlib.files import check_folder, write_whole
from cnnlib.types import Array

__all__ = ["pack_notes", "read_archive", "unpack_notes", "with_prefix", "write_archive"]


def write_archive(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to a file, all or nothing: see `cnnlib.files.write_whole`.

    Parameters
    ----------
    path : str or Path
        Conventionally ending in ``.npz``.
    arrays : mapping of name to array

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> write_archive(f"{folder}/a.npz", {"x": np.arange(3)})
    >>> read_archive(f"{folder}/a.npz")["x"]
    array([0, 1, 2])
    """
    check_folder("write_archive", path)
    write_whole(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]


def read_archive(path: str | Path) -> dict[str, Array]:
    """Read all arrays of a file that `write_archive` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict of name to array

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or is no archive of plain arrays.

    Examples
    --------
    >>> read_archive("nowhere.npz")
    Traceback (most recent call last):
    FileNotFoundError: read_archive: there is no file nowhere.npz.
    """
    path = Path(path)
    if path.exists() and not path.is_file():  # reading some devices never ends
        what = "a folder" if path.is_dir() else "a device"
        raise ValueError(f"read_archive: {path} is {what}, expected a file. Name the file itself.")
    try:
        with zipfile.ZipFile(path) as archive:
            packed = [m.filename for m in archive.infolist() if m.compress_type != 0]
        if packed:
            # A few compressed bytes may unpack to more than memory holds.
            raise ValueError(f"{packed[0]} is compressed, and cnnlib writes its archives plain")
        loaded = np.load(path, allow_pickle=False)
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except FileNotFoundError:
        raise FileNotFoundError(f"read_archive: there is no file {path}.") from None
    except (
        ValueError,
        OSError,
        EOFError,
        AttributeError,
        TypeError,
        KeyError,
        SyntaxError,
        NotImplementedError,  # zipfile's word for a flag or version that it does not know
        RuntimeError,
        MemoryError,
        OverflowError,
        zipfile.BadZipFile,
    ) as error:
        raise ValueError(
            f"read_archive: {path} is not a readable archive of arrays ({error}). "
            "It may be cut short or come from elsewhere; use another copy or make it anew."
        ) from None


def pack_notes(notes: dict[str, Any]) -> Array:
    """Return numbers, texts, lists and dictionaries as one array of text, to be kept in an archive.

    Examples
    --------
    >>> unpack_notes(pack_notes({"epochs": 3, "keys": np.arange(2)}))
    {'epochs': 3, 'keys': array([0, 1])}
    """

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):  # in the state of some random generators
            return {"dtype": str(value.dtype), "values": value.tolist()}
        if isinstance(value, np.generic):
            return value.item()
        raise TypeError(f"pack_notes: expected numbers, texts and lists, got {describe(value)}.")

    return np.array(json.dumps(notes, default=plain))


def unpack_notes(packed: Array) -> dict[str, Any]:
    """Return what `pack_notes` was given.

    Examples
    --------
    >>> unpack_notes(pack_notes({"epochs": 3}))
    {'epochs': 3}
    """

    def restored(value: dict[str, Any]) -> Any:
        if value.keys() == {"dtype", "values"}:
            return np.array(value["values"], dtype=value["dtype"])
        return value

    notes: dict[str, Any] = json.loads(str(packed), object_hook=restored)
    return notes


def with_prefix(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Return the arrays whose names begin so, without that beginning.

    Examples
    --------
    >>> with_prefix({"model/weight": np.zeros(1), "losses": np.ones(1)}, "model/")
    {'weight': array([0.])}
    """
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
