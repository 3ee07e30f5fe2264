"""Find the notebooks of a class, and have each judged in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.tools.checking.submission import Submission, UnreadableError
from cnnlib.course.tools.checking.worker import found

SECONDS = 180  # for one exercise and the cells that it needs; the longest of the course takes 60
MEGABYTES = 4000
STARTING = 180  # seconds in which a worker has to begin its first exercise, on a busy machine
LINK = "a link, which may lead to the work of another; hand in the file itself"
SKIPPED = {".ipynb_checkpoints", ".git", ".venv", "__pycache__", "node_modules"}
# What a worker may know of the environment of whoever checks. No names, no keys, no addresses.
KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "WINDIR", "PYTHONPATH", "LD_LIBRARY_PATH")
NUMBER = re.compile(r"^\d+[_ -]*")


@dataclass
class Work:
    """A notebook that was handed in, and what was found in it.

    student : the folder it lies in, or the first part of its name
    file : its path below the folder of the class
    chapter : None where the file could not be read
    trouble : why not
    verdicts : for each exercise of the chapter, what `worker.found` returns
    """

    student: str
    file: str
    chapter: Chapter | None = None
    trouble: str = ""
    verdicts: dict[str, dict[str, str]] = field(default_factory=dict)


def notebooks(folder: Path) -> Iterator[Path]:
    """Yield the notebooks below a folder, in the order of their names."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in SKIPPED)
        for name in sorted(files):
            path = Path(place) / name
            wanted = name.endswith(".ipynb") and not name.startswith(".")
            if wanted and path.is_file() and not path.is_symlink():
                yield path


def links(folder: Path) -> Iterator[Path]:
    """Yield the links to notebooks and to folders below a folder: none of them is followed."""
    for place, folders, files in os.walk(folder):
        for name in sorted(folders + files):
            path = Path(place) / name
            if path.is_symlink() and (path.is_dir() or name.endswith(".ipynb")):
                yield path


def student_of(path: Path) -> str:
    """Return whose work a notebook is, from its path below the folder of the class.

    >>> student_of(Path("Ada/02_convolution.ipynb"))
    'Ada'
    >>> student_of(Path("02_convolution/ada.ipynb")), student_of(Path("ada_02_convolution.ipynb"))
    ('ada', 'ada')
    """
    for folder in path.parts[:-1]:
        if not _is_chapter(folder):
            return folder
    name = path.stem
    for chapter in CHAPTERS:
        for written in (chapter.notebook, chapter.slug):
            name = re.sub(rf"[_ -]*{written}[_ -]*", "", name, flags=re.IGNORECASE)
    return name or path.stem


def _is_chapter(folder: str) -> bool:
    name = NUMBER.sub("", folder.lower()).replace("-", "_").replace(" ", "_")
    return name in {chapter.slug for chapter in CHAPTERS} or name in {"", "notebooks", "submitted"}


def check_class(
    folder: Path,
    *,
    seconds: int = SECONDS,
    megabytes: int = MEGABYTES,
    jobs: int | None = None,
    say: Callable[[str], None] = print,
) -> list[Work]:
    """Judge all notebooks below a folder.

    Parameters
    ----------
    seconds : how long one exercise may take, with the cells it needs
    megabytes : how much memory the process of a notebook may use
    jobs : how many notebooks are judged at a time; by default one for each processor
    say : told about each notebook that is done

    Raises
    ------
    NotADirectoryError, FileNotFoundError : there is no such folder, or no notebook in it
    """
    if not folder.is_dir():
        raise NotADirectoryError(
            f"check: {folder} is no folder. Give the folder that holds the notebooks of the class, "
            "with a folder for each student."
        )
    paths = list(notebooks(folder))
    linked = list(links(folder))
    if not paths and not linked:
        raise FileNotFoundError(f"check: there is no notebook (.ipynb) in {folder}, or below it.")
    with tempfile.TemporaryDirectory(prefix="cnnlib-check-") as made:
        room = Path(made)
        fonts = room / "matplotlib"
        _find_fonts(fonts)

        def judged(path: Path) -> Work:
            work = Work(student_of(path.relative_to(folder)), str(path.relative_to(folder)))
            try:
                work.chapter = Submission.read(path).chapter
            except (UnreadableError, OSError) as error:
                work.trouble = str(error)
            else:
                names = list(work.chapter.exercises().chapter.exercises)
                with tempfile.TemporaryDirectory(dir=room) as own:
                    environment = _environment(Path(own), fonts)
                    task = _Task(path, Path(own), folder, environment, seconds, megabytes)
                    work.verdicts = task.verdicts(names)
            say(_line(work))
            return work

        with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
            works = list(pool.map(judged, paths))
    for path in linked:
        below = path.relative_to(folder)
        works.append(Work(student_of(below / "x"), str(below), trouble=LINK))
        say(_line(works[-1]))
    return works


def _line(work: Work) -> str:
    counts = [one["status"] for one in work.verdicts.values()]
    what = work.trouble or f"{counts.count('right')} of {len(counts)} right"
    return f"{work.file}: {what}"


def _find_fonts(folder: Path) -> None:
    """Have Matplotlib look for fonts once, and not in every process."""
    subprocess.run(
        [sys.executable, "-c", "import matplotlib.font_manager"],
        env=os.environ | {"MPLCONFIGDIR": str(folder), "MPLBACKEND": "agg"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=600,
    )


def _environment(own: Path, fonts: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in (*KEPT, "CNNLIB_DATA") if name in os.environ}
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(own))
    return (
        kept
        | places
        | {
            "CNNLIB_PROGRESS": str(own / "progress.json"),
            "MPLCONFIGDIR": str(fonts),
            "MPLBACKEND": "agg",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "CNNLIB_NUM_THREADS": "1",
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )


@dataclass
class _Task:
    """The judging of one notebook."""

    path: Path
    folder: Path
    closed: Path
    environment: dict[str, str]
    seconds: int
    megabytes: int

    def verdicts(self, names: list[str]) -> dict[str, dict[str, str]]:
        """Return a verdict for each exercise. One that ends its process costs only itself."""
        verdicts: dict[str, dict[str, str]] = {}
        while left := [name for name in names if name not in verdicts]:
            now, why = self._run(left, verdicts)
            for name in left if now is None else [now]:
                if name not in verdicts:
                    verdicts[name] = found("unknown", why)
        return {name: verdicts[name] for name in names}

    def _run(self, names: list[str], verdicts: dict[str, dict[str, str]]) -> tuple[str | None, str]:
        """Run a worker until it ends or has to be ended; return in which exercise, and why."""
        limits = (str(self.seconds), str(self.megabytes))
        worker = subprocess.Popen(
            [sys.executable, "-m", "cnnlib.course.tools.checking.worker", *limits,
             str(self.closed.resolve()), str(self.path.resolve()), *names],
            cwd=self.folder, env=self.environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_read, args=(worker.stdout, lines), daemon=True).start()
        now: str | None = None
        until = time.monotonic() + STARTING
        try:
            while True:
                try:
                    line = lines.get(timeout=max(0.0, until - time.monotonic()))
                except queue.Empty:
                    limit = self.seconds if now else STARTING
                    return now, f"It was stopped after {limit} seconds. Does a loop never end?"
                said = _understood(line)
                if not line:
                    return now, _how_it_ended(worker, self.megabytes)
                if said.get("begins") in names:
                    now, until = said["begins"], time.monotonic() + self.seconds
                elif said.get("name") == now is not None and "status" in said:
                    verdicts[now] = found(*(str(said.get(key, "")) for key in KEYS))
                elif said.get("ends"):
                    return None, "It was not judged."
        finally:
            _end(worker)


KEYS = ("status", "diagnosis", "text")


def _read(stream: Any, lines: queue.Queue[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(100_000):
            lines.put(line)
    lines.put(b"")


def _understood(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _how_it_ended(worker: subprocess.Popen[bytes], megabytes: int) -> str:
    try:
        code = worker.wait(timeout=10)
    except subprocess.TimeoutExpired:
        return "Its process closed its output and went on."
    if code in (-signal.SIGSEGV, -signal.SIGABRT, -getattr(signal, "SIGKILL", 9)):
        return f"Its process was ended by the system; it may have needed more than {megabytes} MB."
    if code == -getattr(signal, "SIGXCPU", 24):
        return "It used more processor time than it was given."
    return f"A cell ended its own process (exit status {code})."


def _end(worker: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(worker.pid, signal.SIGKILL)
        else:
            worker.kill()
    worker.wait()
    if worker.stdout:
        with contextlib.suppress(OSError, ValueError):
            worker.stdout.close()
