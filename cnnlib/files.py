"""Files written whole or not at all.

The content goes to a temporary file beside the target, which then takes its name. Whoever stops
the program in the middle finds the old file as it was.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from cnnlib.checks import describe

__all__ = ["check_folder", "check_writable", "write_whole"]


def write_whole(path: str | Path, content: bytes | Callable[[BinaryIO], object]) -> None:
    """Write a file whole or not at all.

    In everything else this behaves as ``open(path, "wb")`` does: a new file gets the mode that the
    umask leaves, an existing one keeps its mode, and a write-protected one is refused. Through a
    symbolic link the file that it points to is replaced, and the link stays. A device or a pipe
    cannot be replaced and is written to directly. Another hard link keeps the old content.

    Parameters
    ----------
    path : str or Path
    content : bytes, or a function that writes to the open binary file it is given

    Raises
    ------
    OSError
        As ``open`` raises it. The old file is then as it was, and nothing lies beside it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> write_whole(path, b"all of it")
    >>> path.read_text()
    'all of it'
    """
    write = content if callable(content) else lambda file: file.write(content)
    target = _target(path)
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            write(file)
        return
    with _temporary_beside(target) as temporary:
        with temporary.open("xb") as file:  # as open would create it: the umask applies
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        os.replace(temporary, target)


def check_writable(op: str, path: str | Path) -> None:
    """Raise unless a file can be written there. Long work asks this before it starts.

    Parameters
    ----------
    op : str
        Who asks, for the message.
    path : str or Path

    Raises
    ------
    OSError
        Naming the path, the reason and what to do.

    Examples
    --------
    >>> check_writable("fit", "no/such/folder/weights.npz")
    Traceback (most recent call last):
    FileNotFoundError: fit: there is no folder no/such/folder, so weights.npz cannot be written there. Create it first.
    """  # noqa: E501
    check_folder(op, path)
    try:
        target = _target(path)
        if not target.exists() or target.is_file():
            with _temporary_beside(target) as temporary:
                temporary.open("xb").close()
    except OSError as error:
        raise type(error)(
            f"{op}: {path} cannot be written ({error.strerror or error}). Choose another file name "
            "or another folder."
        ) from None


def check_folder(op: str, path: str | Path) -> None:
    """Raise unless the folder of a file exists.

    Examples
    --------
    >>> check_folder("save", "weights.npz")  # here, so there is nothing to complain about
    """
    if not isinstance(path, str | Path):
        raise TypeError(
            f"{op}: a file is named by a str or a Path, got {describe(path)}. Write its name as in "
            "'weights.npz'."
        )
    if not str(path):
        raise ValueError(f"{op}: the name of the file is empty. Choose one, as in 'weights.npz'.")
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise ValueError(
            f"{op}: {str(path)!r} holds a character that no file name can have. Choose another."
        )
    path = Path(path)
    if not path.parent.is_dir():
        fix = "Create it first."
        if path.parts[0].startswith("~"):
            fix = f"For your home folder, write Path({str(path)!r}).expanduser()."
        raise FileNotFoundError(
            f"{op}: there is no folder {path.parent}, so {path.name} cannot be written there. {fix}"
        )


def _target(path: str | Path) -> Path:
    """Return the file that a path leads to, if writing there is allowed."""
    target = Path(os.path.realpath(path))
    problem = None
    if target.is_symlink():  # still one, so it leads to itself
        problem = errno.ELOOP
    elif target.is_dir():
        problem = errno.EISDIR
    elif Path(path).exists() and not os.access(path, os.W_OK):
        problem = errno.EACCES
    if problem is not None:
        raise OSError(problem, os.strerror(problem), str(path))
    # What stands behind a name such as /dev/stdout may have no name of its own.
    return target if target.exists() or not Path(path).exists() else Path(path)


@contextlib.contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    """Yield a free name in the same folder; nothing is left of it in the end."""
    temporary = target.with_name(f".{target.name[:32]}.{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
    finally:  # also when Ctrl-C is pressed
        temporary.unlink(missing_ok=True)
