"""Which exercises are done, in a small file in the reader's own folder, never in the course.

The file is ``progress.json`` in the folder where programs of this system keep such data; the
environment variable CNNLIB_PROGRESS names another. It is written whole or not at all, and by one
notebook at a time: what another has recorded meanwhile stays. A file that makes no sense is set
aside, not lost. One that cannot be read at the moment, or that a newer version of the course
wrote, is left as it is.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnlib.course.judge import show
from cnnlib.files import write_whole

VERSION = 1
PATIENCE = 2.0  # seconds to wait for another notebook; writing takes a few milliseconds
RETRY = 0.01


def path() -> Path:
    """Return where the record lies."""
    if named := os.environ.get("CNNLIB_PROGRESS"):
        return Path(named)
    import platformdirs  # comes with Jupyter; only needed when something is to be recorded

    return Path(platformdirs.user_data_dir("cnnlib", appauthor=False)) / "progress.json"


@dataclass
class _Record:
    """What the file holds.

    note : what the reader should know about it
    writable : whether it may be written anew
    broken : why it makes no sense, where it makes none
    """

    content: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    writable: bool = True
    broken: str = ""

    @property
    def done(self) -> set[str]:
        return set(self.content.get("done", ()))


def read() -> tuple[set[str], str]:
    """Return the exercises that are done, and a note to the reader where the file is broken."""
    found = _look()
    if found.broken:
        with _alone():
            found = _look_and_mend()
    return found.done, found.note


def record(name: str) -> str:
    """Note that an exercise is done. Return a note to the reader where that was not possible."""
    found = _look()
    if name in found.done or not found.writable:
        return found.note
    note = ""
    try:
        target = path()
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone():
            found = _look_and_mend()  # once more: another notebook may have written since
            note = found.note
            if found.writable:
                content = {**found.content, "version": VERSION, "done": sorted(found.done | {name})}
                write_whole(target, json.dumps(content, indent=1).encode())
    except (OSError, RuntimeError) as error:
        return _join(note, f"Your progress could not be saved ({_reason(error)}).")
    return note


def _look() -> _Record:
    try:
        text = path().read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return _Record()
    except UnicodeDecodeError:
        return _Record(broken="it is not a text")
    except (OSError, RuntimeError) as error:
        return _Record(
            note=f"The record of your progress cannot be read ({_reason(error)}). It is left as "
            "it is, and nothing is recorded now.",
            writable=False,
        )
    try:
        content = json.loads(text)
        version, done = content["version"], content.get("done")
        if type(version) is int and version > VERSION:
            return _Record(
                note="The record of your progress was written by a newer version of the course. It "
                "is left as it is, and nothing is recorded now: update the course to go on with "
                "it.",
                writable=False,
            )
        if version != VERSION or not all(isinstance(name, str) for name in done):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _Record(broken="it is not as the course writes it")
    return _Record(content)


def _look_and_mend() -> _Record:
    """Read the file, and set it aside where it makes no sense. Nobody else may write meanwhile."""
    found = _look()
    if not found.broken:
        return found
    try:
        kept = _keep(path())
    except (OSError, RuntimeError) as error:
        return _Record(
            note=f"The record of your progress makes no sense ({found.broken}), and it could not "
            f"be set aside ({_reason(error)}). It is left as it is, and nothing is recorded now.",
            writable=False,
        )
    return _Record(
        note=f"The record of your progress makes no sense ({found.broken}), so it starts afresh. "
        f"The old file is kept beside it as `{kept.name}`."
    )


def _keep(broken: Path) -> Path:
    """Give a broken file a name that no other file has yet."""
    for number in itertools.count(1):
        kept = broken.with_name(f"{broken.name}.broken{'' if number == 1 else f'-{number}'}")
        try:
            kept.open("x").close()
        except FileExistsError:
            continue
        try:
            os.replace(broken, kept)
        except OSError:
            kept.unlink()
            raise
        return kept
    raise AssertionError("there are numbers without end")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let no other notebook write meanwhile, where the system can see to that."""
    handle = _lock(path())
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)  # which also unlocks


def _lock(target: Path) -> int | None:
    """Lock the folder, or on Windows a file in it. None where that is impossible."""
    try:
        import fcntl
    except ImportError:
        return _lock_on_windows(target)
    if not hasattr(fcntl, "flock"):  # in a browser, where nobody else could write
        return None
    try:
        handle = os.open(target.parent, os.O_RDONLY)
    except OSError:
        return None
    end = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() < end:
                time.sleep(RETRY)
                continue
        except OSError:  # some network drives know no locks
            pass
        os.close(handle)
        return None


def _lock_on_windows(target: Path) -> int | None:
    try:
        import msvcrt  # where there is no fcntl
    except ImportError:  # in a browser there is neither
        return None
    try:
        handle = os.open(target.with_name(f"{target.name}.lock"), os.O_RDWR | os.O_CREAT)
    except OSError:
        return None
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
            return handle
        except OSError:
            time.sleep(RETRY)
    os.close(handle)
    return None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _join(*notes: str) -> str:
    return " ".join(note for note in notes if note)


@dataclass(frozen=True)
class Progress:
    """Which exercises are done, chapter by chapter.

    chapters : (title, ((exercise, level, minutes, done), ...)) for each chapter
    note : what went wrong with the record, or nothing
    """

    chapters: tuple[tuple[str, tuple[tuple[str, int, int, bool], ...]], ...]
    note: str = ""

    @property
    def done(self) -> int:
        return sum(done for _, rows in self.chapters for *_, done in rows)

    @property
    def total(self) -> int:
        return sum(len(rows) for _, rows in self.chapters)

    def __repr__(self) -> str:
        width = max((len(name) for _, rows in self.chapters for name, *_ in rows), default=0)
        lines = []
        for title, rows in self.chapters:
            lines.append(f"{title}: {sum(done for *_, done in rows)} of {len(rows)} done")
            lines += [
                f"  {'✓' if done else '○'} {name.ljust(width)}  {stars(level)}  {minutes:3d} min"
                for name, level, minutes, done in rows
            ]
        if len(self.chapters) > 1:
            lines.append(f"Altogether: {self.done} of {self.total} done")
        return "\n".join(lines + ([show.fill(self.note)] if self.note else []))

    def _repr_html_(self) -> str:
        parts = []
        for title, rows in self.chapters:
            body = "".join(
                f'<tr><td style="text-align: left">{"✓ done" if done else "○ open"}</td>'
                f'<td style="text-align: left"><code>{name}</code></td>'
                f"<td>{stars(level)}</td><td>{minutes} min</td></tr>"
                for name, level, minutes, done in rows
            )
            count = sum(done for *_, done in rows)
            parts.append(
                f'<table><caption style="text-align: left"><strong>{show.inline(title)}</strong>: '
                f"{count} of {len(rows)} done</caption>"
                '<thead><tr><th style="text-align: left">State</th>'
                '<th style="text-align: left">Exercise</th><th>Difficulty</th><th>Time</th></tr>'
                f"</thead><tbody>{body}</tbody></table>"
            )
        if len(self.chapters) > 1:
            parts.append(f"<p>Altogether: {self.done} of {self.total} done</p>")
        if self.note:
            parts.append(f"<p>{show.inline(self.note)}</p>")
        return "".join(parts)


def stars(level: int) -> str:
    """Return a difficulty from 1 to 3 as stars."""
    return "★" * level + "☆" * (3 - level)
