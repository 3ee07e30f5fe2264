"""Keep a reader's own copy of the notebooks, so that an update of the course overwrites nothing.

The copy lies in a folder that the course's version control ignores. A small file in it records
which version of each notebook was copied. So a later run can tell what the reader has changed:
that is never touched, and a newer version is put beside it under another name.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cnnlib.files import write_whole

COURSE = Path(__file__).parents[3] / "notebooks"
RECORD = ".course.json"


def copy_notebooks(target: Path, source: Path = COURSE) -> dict[str, str]:
    """Bring the reader's copy up to date; return what was done with each notebook.

    Parameters
    ----------
    target : the reader's folder; it is made where it does not exist
    source : the notebooks of the course

    Raises
    ------
    FileNotFoundError : the course has no notebooks at `source`
    ValueError : `target` is the folder of the course itself, or is no folder
    """
    notebooks = sorted(source.glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(
            f"my-copy: there are no notebooks in {source}. Run it from a clone of the course."
        )
    if target.exists() and not target.is_dir():
        raise ValueError(f"my-copy: {target} is a file; name a folder for the copy")
    if target.resolve() == source.resolve():
        raise ValueError(f"my-copy: {target} holds the course itself; name another folder")
    target.mkdir(parents=True, exist_ok=True)
    copied = _read_record(target)
    done = {}
    for notebook in notebooks:
        new = notebook.read_bytes()
        done[notebook.name] = _bring(target / notebook.name, new, copied.get(notebook.name))
        if done[notebook.name] != KEPT:
            copied[notebook.name] = _digest(new)
        write_whole(target / RECORD, json.dumps(copied, indent=1).encode())
    return done


NEW, SAME, UPDATED = "copied", "up to date", "updated; it was as the course had left it"
KEPT = "yours, kept as it is"


def _bring(own: Path, new: bytes, copied: str | None) -> str:
    """Bring one notebook up to date without touching what the reader has changed."""
    if not own.exists():
        write_whole(own, new)
        return NEW
    theirs = own.read_bytes()
    if theirs == new:
        return SAME
    if _digest(theirs) == copied:
        write_whole(own, new)
        return UPDATED
    if _digest(new) == copied:
        return KEPT
    beside = _free_name(own, new)
    write_whole(beside, new)
    return f"yours, kept as it is; the course has a newer version, put beside it as {beside.name}"


def _free_name(own: Path, new: bytes) -> Path:
    """Return a name for a newer version that overwrites nothing but the same."""
    number = 1
    while True:
        mark = "new" if number == 1 else f"new-{number}"
        path = own.with_name(f"{own.stem}.{mark}.ipynb")
        if not path.exists() or path.read_bytes() == new:
            return path
        number += 1


def _read_record(target: Path) -> dict[str, str]:
    """Return which version of each notebook was copied. Where unknown, all is the reader's."""
    try:
        record = json.loads((target / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {str(name): digest for name, digest in record.items() if isinstance(digest, str)}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
