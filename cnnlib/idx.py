"""IDX, the file format of MNIST: a few numbers that give the shape, then one byte a pixel."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["DamagedFileError", "idx_bytes", "read_idx"]

_BYTES = 0x08  # the code of IDX for unsigned bytes; MNIST and its kin use no other


class DamagedFileError(ValueError):
    """A data file is there, but its contents are not what they must be."""


def read_idx(path: str | Path) -> NDArray[np.uint8]:
    """Return the array in an IDX file of bytes, packed by gzip or not.

    Such a file begins with two zeros, the code 8 (unsigned bytes) and the number of axes; then
    comes the size of each axis, in four bytes, the largest first; then the values.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ndarray of uint8
        A new array, yours to change.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DamagedFileError
        If it is no IDX file of bytes, or is cut short, or too long. A kind of `ValueError`.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "two-by-three"
    >>> _ = path.write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
    >>> read_idx(path)
    array([[1, 2, 3],
           [4, 5, 6]], dtype=uint8)

    References
    ----------
    LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998, which describes
    the format.
    """
    path = Path(path)
    content = _unpacked(path)
    if len(content) < 4:
        raise _damaged(path, "at least 4 bytes that say what it holds", f"{len(content)}")
    if content[:2] != b"\0\0" or content[2] != _BYTES or not content[3]:
        raise _damaged(
            path,
            "the first bytes to be 0, 0, 8 (for values of one byte) and the number of axes",
            ", ".join(map(str, content[:4])),
        )
    head = 4 + 4 * content[3]
    if len(content) < head:
        raise _damaged(path, f"{head} bytes before the values", f"{len(content)} in all")
    shape = tuple(np.frombuffer(content, ">u4", content[3], offset=4).tolist())
    expected = head + math.prod(shape)
    if len(content) != expected:
        told = f"{expected:,} bytes for an array of shape {shape}"
        raise _damaged(path, told, f"{len(content):,}")
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape).copy()


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    """Return what an IDX file of these bytes holds, not packed.

    Examples
    --------
    >>> idx_bytes(np.array([[7, 9]], dtype=np.uint8)).hex(" ")
    '00 00 08 02 00 00 00 01 00 00 00 02 07 09'
    """
    head = bytes([0, 0, _BYTES, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return head + values.tobytes()


def _unpacked(path: Path) -> bytes:
    """Return the bytes of a file, unpacked if gzip has packed them."""
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise _damaged(path, "a whole gzip file", f"{len(content):,} bytes ({error})") from None


def _damaged(path: Path, expected: str, found: str) -> DamagedFileError:
    return DamagedFileError(
        f"read_idx: the file {path} is no sound IDX file of bytes. Expected {expected}; found "
        f"{found}. Delete it and get it again."
    )
