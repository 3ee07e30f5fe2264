"""Run the answers of one notebook and judge them, in a process of its own.

``python -m cnnlib.course.tools.checking.worker SECONDS MEGABYTES CLASS NOTEBOOK EXERCISE ...``
writes a line of JSON before each exercise and one after it. So whoever started it knows where it
was when it had to be stopped. CLASS is the folder of all submissions.

The limits are set before a line of the notebook runs. `guard` asks Python to refuse what no
exercise needs: the network, other programs, changes to files outside the working folder, and the
work of others. Python code cannot take such a guard away again; compiled code could. It is a fence.
The wall is `wall.shut_in`, where the kernel of Linux has one.
"""

from __future__ import annotations

import ast
import contextlib
import json
import linecache
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from cnnlib.course.judge import Exercise
from cnnlib.course.tools.checking import wall
from cnnlib.course.tools.checking.submission import Answer, Cell, Submission, without_checks

LONGEST = 2_000  # characters of a verdict, or of a message, that are passed on

NETWORK = ("socket.", "urllib.", "ftplib.", "http.", "smtplib.", "imaplib.", "poplib.", "nntplib.")
PROGRAMS = (
    *("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile"),
    *("os.fork", "os.forkpty", "os.kill", "os.killpg", "pty.spawn", "ctypes."),
)
CHANGES = (
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.chflags", "os.utime", "os.setxattr", "os.removexattr"),
    *("shutil.", "tempfile.", "os.lockf", "os.chdir", "os.fchdir", "sqlite3.connect"),
)
LOOKS = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr", "os.listxattr")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC


class Stopped(Exception):
    """A cell of the reader's did not run to its end."""


def limit(seconds: int, megabytes: int) -> None:
    """Limit this process: its memory, its processor time, and the size of the files it writes.

    Windows knows no such limits for a process, and macOS does not hold the one on memory. The time
    is also kept by whoever started the process.
    """
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, megabytes * 1_000_000),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 50_000_000),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit holds already
            resource.setrlimit(what, (most, most))


def guard(folder: Path, closed: Path | None = None) -> None:
    """Refuse what no exercise needs, from now on.

    Parameters
    ----------
    folder : files may be changed in here alone
    closed : nothing in here may be read, unless Python or the course lie in it
    """
    inside = _below(folder)
    shut = _below(closed) if closed else None
    needed = [_below(place) for place in wall.readable()]
    null = os.path.realpath(os.devnull)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(NETWORK):
            raise PermissionError("check: a notebook is checked without the network")
        if event.startswith(PROGRAMS) or (event == "import" and arguments[0] == _STARTER):
            raise PermissionError("check: a notebook is checked without other programs")
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, int):
                return  # a file that is open already
            whole = _whole(path)
            writes = flags & WRITING if isinstance(flags, int) else set(mode or "r") & set("wax+")
            # An open folder would be a way around the names of the files in it.
            if (writes or os.path.isdir(whole)) and not (whole.startswith(inside) or whole == null):
                raise PermissionError("check: a notebook is checked without writing files")
            if shut and whole.startswith(shut) and not whole.startswith((inside, *needed)):
                raise PermissionError("check: a notebook is checked without the work of others")
        elif event.startswith(LOOKS):
            if shut and arguments and not isinstance(arguments[0], int):
                whole = f"{_whole(arguments[0] or '.')}{os.sep}"
                if whole.startswith(shut) and not whole.startswith((inside, *needed)):
                    raise PermissionError("check: a notebook is checked without the work of others")
        elif event.startswith(CHANGES) and not all(
            f"{_whole(one)}{os.sep}".startswith(inside)
            for one in arguments
            if isinstance(one, str | bytes | os.PathLike)
        ):
            raise PermissionError("check: a notebook is checked without changing files")

    _forget_the_starter()
    sys.addaudithook(refuse)


# What multiprocessing starts programs with, and Python asks no guard about.
_STARTER = "_posixsubprocess"


def _forget_the_starter() -> None:
    """Take from Python the way to start a program that its guards are not told of."""

    def refuse(*arguments: Any) -> int:
        raise PermissionError("check: a notebook is checked without other programs")

    for name in (_STARTER, "subprocess"):
        module = sys.modules.get(name)
        for way in ("fork_exec", "_fork_exec"):
            if hasattr(module, way):
                setattr(module, way, refuse)


def _below(folder: str | Path) -> str:
    return os.path.realpath(folder) + os.sep


def _whole(path: Any) -> str:
    """Return where a path leads, or nothing where it is none."""
    try:
        return os.path.realpath(os.fsdecode(path))
    except (TypeError, ValueError):
        return ""


def judge(submission: Submission, exercise: Exercise) -> dict[str, str]:
    """Judge one exercise of a notebook.

    Returns
    -------
    dict
        ``status``: "right", "wrong", "todo" or "unknown"; ``diagnosis``: the sentence that a class
        may have in common; ``text``: all that the reader would see
    """
    answers = submission.answers(exercise)
    if not answers:
        return found("unknown", "There is no cell that answers it, or hands an answer over.")
    verdicts: list[dict[str, str]] = []
    for answer in answers:
        verdicts.append(_judge(submission, exercise, answer))
        if verdicts[-1]["status"] != "todo":
            return verdicts[-1]
    return verdicts[0]


def found(status: str, diagnosis: str, text: str = "") -> dict[str, str]:
    """Return what was found, cut to a length that fits a page."""
    return {"status": status, "diagnosis": _cut(diagnosis), "text": _cut(text or diagnosis)}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … (cut)"


def _judge(submission: Submission, exercise: Exercise, answer: Answer) -> dict[str, str]:
    session = _Session(submission)
    needed = submission.needed(answer.cell, answer.given)
    # What a cell below makes of the answer is handed over when that cell has run once more.
    again = [cell for cell in needed if cell.place > answer.cell.place]
    trouble = ""
    try:
        for cell in (*needed, answer.cell, *again):
            try:
                session.run(cell)
            except Stopped as stopped:
                # What another cell leaves undefined is missed where it is needed.
                trouble = str(stopped) if cell is answer.cell else trouble
        try:
            value = session.value(answer)
        except Stopped as stopped:
            return found("wrong", trouble or str(stopped))
        verdict = exercise.judge(value)
    except MemoryError:
        return found("unknown", "It needed more memory than it was given.")
    if verdict.words:  # the check itself failed
        return found("unknown", verdict.diagnosis)
    return found(verdict.status, verdict.diagnosis, repr(verdict))


class _Session:
    """The names that the cells of one notebook leave behind."""

    def __init__(self, submission: Submission) -> None:
        self._exercises = submission.chapter.exercises().chapter.exercises
        self._module = ModuleType("__main__")
        self._module.__dict__.update(get_ipython=lambda: None, display=_nothing)
        sys.modules["__main__"] = self._module  # where inspect and copy look for it

    def run(self, cell: Cell) -> None:
        """Run a cell, statement by statement."""
        name = f"<cell {cell.place}>"
        linecache.cache[name] = (len(cell.python), None, cell.python.splitlines(True), name)
        if cell.tree is None:
            try:
                ast.parse(cell.python)
            except Exception as error:
                raise Stopped(f"The cell is not Python: {_said(error)}.") from None
            raise Stopped("The cell is not Python.")
        for statement in without_checks(cell.tree, self._exercises):
            code = compile(ast.Module([statement], []), name, "exec")
            with _explained():
                exec(code, self._module.__dict__)

    def value(self, answer: Answer) -> Any:
        """Return what is handed over."""
        with _explained():
            return eval(compile(answer.given, "<answer>", "eval"), self._module.__dict__)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: they are the reader's
        raise Stopped(f"The cell stops with {_said(error)}.") from None


def _said(error: BaseException) -> str:
    """Return an exception in one line, whatever its own words do."""
    try:
        text = "".join(traceback.format_exception_only(type(error), error)).strip()
        return text.splitlines()[-1].rstrip(".") if text else type(error).__name__
    except BaseException:
        return type(error).__name__


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Stand in for what only shows something."""


def main(arguments: list[str]) -> int:
    """Judge the named exercises of a notebook and write a line for each."""
    seconds, megabytes, closed, path, *names = arguments
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # what a cell prints is not looked at
        os.dup2(silence, number)
    submission = Submission.read(Path(path))
    # Before anything starts a thread, which would stay outside.
    wall.shut_in(Path.cwd(), wall.readable())
    exercises = submission.chapter.exercises().chapter.exercises
    say = _writer(channel)
    _warm_up()
    limit(int(seconds) * len(names) + 60, int(megabytes))
    guard(Path.cwd(), Path(closed))
    for name in names:
        say({"begins": name})
        say({"name": name} | judge(submission, exercises[name]))
    say({"ends": True})
    # Threads that a notebook left behind, or what it does at the exit, are nobody's concern.
    os._exit(0)


def _writer(channel: Any) -> Callable[[dict[str, Any]], None]:
    def say(what: dict[str, Any]) -> None:
        channel.write(json.dumps(what) + "\n")
        channel.flush()

    return say


def _warm_up() -> None:
    """Import what notebooks import, before new files and programs are refused."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.font_manager
    import matplotlib.pyplot
    import numpy as np

    import cnnlib.course.drawing
    import cnnlib.course.widgets  # noqa: F401
    from cnnlib.architectures import course_cnn

    # The first product of matrices asks BLAS for its threads.
    course_cnn(np.random.default_rng(0))(np.zeros((2, 1, 28, 28), np.float32))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
