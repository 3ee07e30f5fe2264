"""Keep a reader's own copy of the notebooks, so that an update of the course overwrites nothing.

The copy holds no outputs: what a cell will show is the reader's to predict. It lies in a folder
that the course's version control ignores. A small file in it records which version of each notebook
was copied. So a later run can tell what the reader has changed: that is never touched, and a newer
version is put beside it under another name.

What counts is the text of the cells. A notebook in which cells were only run or folded is not
changed: where the course has a newer version, that takes its place, and the outputs of the old one
go with it. Until then they stay.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from cnnlib.files import write_whole

ROOT = Path(os.path.abspath(__file__)).parents[3]
# A wheel carries the notebooks in the package; a clone has them beside it.
BUNDLED = ROOT / "cnnlib" / "bundled" / "notebooks"
COURSE = BUNDLED if BUNDLED.is_dir() else ROOT / "notebooks"
RECORD = ".course.json"
# A copy in here would be taken for a part of the course: tested, published, or removed.
OF_THE_COURSE = (
    "notebooks", "cnnlib", "data", "tests", "build", "dist", ".venv", ".git", ".github", ".ci",
    ".binder",
)  # fmt: skip
ELSEWHERE = (
    "Name another folder: make lab COPY=~/cnnlib-notebooks, "
    "or python -m cnnlib lab --to ~/cnnlib-notebooks"
)

NEW, SAME, UPDATED = "copied", "up to date", "updated; it was as the course had left it"
KEPT = "yours, kept as it is"
GONE = "no longer part of the course; it is yours to keep or to delete"


def folder_for(name: str) -> Path:
    """Return the folder that a reader means; an empty name means the usual one.

    That is ``my-notebooks`` in the course's folder. Where the course came as a wheel, it is in the
    folder that one is in.

    Raises
    ------
    ValueError : there is no such user, as in ``~nobody/cnn``
    """
    if not name:
        return Path(os.getcwd() if COURSE == BUNDLED else ROOT) / "my-notebooks"
    expanded = os.path.expanduser(name)
    if expanded.startswith("~") and not Path(expanded).exists():
        raise ValueError(f"my-copy: no home folder is known for {name}. {ELSEWHERE}")
    return Path(os.path.abspath(expanded))


def copy_notebooks(target: Path, source: Path = COURSE) -> dict[str, str]:
    """Bring the reader's copy up to date; return what was done with each notebook.

    Parameters
    ----------
    target : the reader's folder; it is made where it does not exist
    source : the notebooks of the course

    Raises
    ------
    FileNotFoundError : the course has no notebooks at `source`
    ValueError : `target` is part of the course itself, or is no folder; or a notebook of the
        course is damaged
    OSError : `target` cannot be written
    """
    notebooks = sorted(source.glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(
            f"my-copy: there are no notebooks in {source}. Run it from a clone of the course."
        )
    _check_folder(target, source)
    contents = {path.name: path.read_bytes() for path in notebooks}
    for name, content in contents.items():
        try:
            without_outputs(content)
        except ValueError as error:
            cure = f"git checkout -- notebooks/{name}"
            if source == BUNDLED:
                cure = "python -m pip install --force-reinstall --no-deps cnnlib"
            raise ValueError(
                f"my-copy: {source / name} is damaged ({error}). Get it back with: {cure}"
            ) from None
    try:
        target.mkdir(parents=True, exist_ok=True)
        if not os.access(target, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        return _bring_all(target, contents)
    except OSError as error:
        raise type(error)(
            f"my-copy: {error.filename or target} cannot be written ({error.strerror or error}). "
            f"{ELSEWHERE}"
        ) from error


def _check_folder(target: Path, source: Path) -> None:
    if target.is_symlink() and not target.exists():
        raise ValueError(f"my-copy: {target} is a link that leads nowhere. {ELSEWHERE}")
    if target.exists() and not target.is_dir():
        raise ValueError(f"my-copy: {target} is a file, not a folder. {ELSEWHERE}")
    real, course = target.resolve(), source.resolve().parent
    owned = [source.resolve(), *(course / name for name in OF_THE_COURSE)]
    same = target.exists() and target.samefile(source)  # however its name is spelt
    if same or real == course or any(real.is_relative_to(folder) for folder in owned):
        raise ValueError(f"my-copy: {target} holds the course itself. {ELSEWHERE}")


def _bring_all(target: Path, contents: dict[str, bytes]) -> dict[str, str]:
    record = _read_record(target)
    done = {}
    for name, content in contents.items():
        done[name] = _bring(target / name, content, record)
        _write_record(target, record)
    for name in sorted(set(record) - set(contents)):
        if not _BESIDE.search(name):
            del record[name]
            if (target / name).exists():
                done[name] = GONE
    _write_record(target, record)
    return done


def _bring(own: Path, content: bytes, record: dict[str, str]) -> str:
    """Bring one notebook up to date without touching what the reader has changed."""
    new = without_outputs(content)
    version = f"{cells_digest(new)} {_digest(new)}"
    known = record.get(own.name, "").split()
    state = _bring_to(own, new, known)
    if state != KEPT:
        record[own.name] = version
        return state
    if cells_digest(new) in known or _digest(content) in known:
        return KEPT  # it is newer by no word
    record[own.name] = version
    number = 1
    while True:
        mark = "new" if number == 1 else f"new-{number}"
        beside = own.with_name(f"{own.stem}.{mark}.ipynb")
        if _bring_to(beside, new, record.get(beside.name, "").split()) != KEPT:
            record[beside.name] = version
            return f"{KEPT}; the course has a newer version, put beside it as {beside.name}"
        number += 1


_BESIDE = re.compile(r"\.new(-\d+)?\.ipynb$")


def _bring_to(path: Path, new: bytes, known: list[str]) -> str:
    """Write a version of a notebook, unless what lies there is the reader's own.

    `known` is what the record says of it: the digests of the cells and of the whole file as they
    were copied. Earlier versions of the course copied the outputs too, and recorded the whole file.
    """
    if not path.exists() and not path.is_symlink():
        write_whole(path, new)
        return NEW
    # Whoever links or protects a file means something by it.
    free = path.is_file() and not path.is_symlink() and os.access(path, os.W_OK)
    try:
        theirs = path.read_bytes()
    except OSError:
        return KEPT
    untouched = _digest(theirs) in known or cells_digest(theirs) in known
    current = _digest(new) in known or not untouched or not free
    if theirs == new or (cells_digest(theirs) == cells_digest(new) and current):
        return SAME  # cells were run, or the reader has come to the same words
    if not untouched or not free:
        return KEPT
    write_whole(path, new)
    return UPDATED


def without_outputs(content: bytes) -> bytes:
    """Return a notebook as nobody has run it: without outputs, numbers and widgets' states.

    Raises
    ------
    ValueError : it is no notebook
    """
    notebook = _parse(content)
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell["outputs"], cell["execution_count"] = [], None
    notebook["metadata"].pop("widgets", None)
    # Saved with a kernel of another name, it would open with a question and run nothing.
    notebook["metadata"]["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _parse(content: bytes) -> dict[str, Any]:
    try:
        notebook = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not (
        isinstance(notebook, dict)
        and isinstance(notebook.get("cells"), list)
        and isinstance(notebook.get("metadata"), dict)
        and all(isinstance(cell, dict) for cell in notebook["cells"])
    ):
        raise ValueError("it is no notebook")
    return notebook


def cells_digest(content: bytes) -> str:
    """Return a digest of the kinds and texts of the cells; of the whole file if it is broken."""
    try:
        texts = [
            [cell.get("cell_type"), "".join(cell.get("source", "")), cell.get("attachments")]
            for cell in _parse(content)["cells"]
        ]
        return _digest(json.dumps(texts).encode())
    except (ValueError, TypeError):
        return _digest(content)


def _read_record(target: Path) -> dict[str, str]:
    """Return which version of each notebook was copied. Where unknown, all is the reader's."""
    try:
        record = json.loads((target / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {str(name): digest for name, digest in record.items() if isinstance(digest, str)}


def _write_record(target: Path, record: dict[str, str]) -> None:
    content = json.dumps(record, indent=1).encode()
    path = target / RECORD
    if not path.is_file() or path.read_bytes() != content:
        write_whole(path, content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
