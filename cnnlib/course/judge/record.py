"""Which exercises are done, in a small file in the reader's own folder, never in the course.

The file is ``progress.json`` in the folder where programs of this system keep such data; the
environment variable CNNLIB_PROGRESS names another. It is written whole or not at all. A file that
cannot be read is set aside, not lost.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cnnlib.course.judge import show
from cnnlib.files import write_whole

VERSION = 1


def path() -> Path:
    """Return where the record lies."""
    if named := os.environ.get("CNNLIB_PROGRESS"):
        return Path(named)
    import platformdirs  # comes with Jupyter; only needed when something is to be recorded

    return Path(platformdirs.user_data_dir("cnnlib", appauthor=False)) / "progress.json"


def read() -> tuple[set[str], str]:
    """Return the exercises that are done, and a note to the reader where the file is broken."""
    try:
        text = path().read_bytes().decode()
    except FileNotFoundError:
        return set(), ""
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        return set(), _set_aside(error)
    try:
        content = json.loads(text)
        done = content["done"]
        if content["version"] != VERSION or not all(isinstance(name, str) for name in done):
            raise ValueError("it is not of the form that this version of the course writes")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return set(), _set_aside(error)
    return set(done), ""


def record(name: str) -> str:
    """Note that an exercise is done. Return a note to the reader where that was not possible."""
    done, note = read()
    if name in done:
        return note
    content = {"version": VERSION, "done": sorted(done | {name})}
    try:
        target = path()
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, json.dumps(content, indent=1).encode())
    except (OSError, RuntimeError) as error:
        return _join(note, f"Your progress could not be saved ({_reason(error)}).")
    return note


def _set_aside(error: Exception) -> str:
    """Keep a broken file under another name, and say so."""
    note = f"The record of your progress could not be read ({_reason(error)}), so it starts afresh."
    try:
        broken = path()
        kept = broken.with_name(f"{broken.name}.broken")
        os.replace(broken, kept)
    except (OSError, RuntimeError):
        return note
    return f"{note} The old file is kept beside it as `{kept.name}`."


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
