"""Behind the kernel's wall, compiled code can do no more than Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlib.course.tools.checking import wall

# The C library is called past all guards of Python's.
TRIES = """
import ctypes, os, socket, sys
from pathlib import Path
from cnnlib.course.tools.checking import wall
own, victim = map(Path, sys.argv[1:])
os.chdir(own)
if not wall.shut_in(own, wall.readable()):
    sys.exit(77)
libc = ctypes.CDLL(None, use_errno=True)
secret, new = os.fsencode(victim / "dear.txt"), os.fsencode(victim / "new.txt")
print("reads", libc.open(secret, os.O_RDONLY))
print("writes", libc.open(new, os.O_WRONLY | os.O_CREAT, 0o600))
print("deletes", libc.unlink(secret))
print("renames", libc.rename(secret, new))
print("makes", libc.mkdir(new, 0o700))
print("signals", libc.kill(os.getppid(), 0))
print("runs", libc.execl(b"/bin/true", b"true", None))
child = libc.fork()
if child == 0:
    os._exit(0 if libc.open(secret, os.O_RDONLY) == -1 else 1)
print("in a child", os.waitpid(child, 0)[1])
own_file = libc.open(os.fsencode(own / "mine.txt"), os.O_WRONLY | os.O_CREAT, 0o600)
print("own", own_file > 0)
import matplotlib.pyplot, numpy.random
from cnnlib.datasets import load_digits
print("the course", len(load_digits().train.labels))
"""


def test_compiled_code_is_shut_in(tmp_path: Path) -> None:
    own, victim = tmp_path / "own", tmp_path / "victim"
    own.mkdir()
    victim.mkdir()
    (victim / "dear.txt").write_text("dear")
    done = subprocess.run(
        [sys.executable, "-c", TRIES, own, victim],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "MPLCONFIGDIR": str(own)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no Landlock")
    assert done.stdout.splitlines() == [
        *(f"{what} -1" for what in ("reads", "writes", "deletes", "renames", "makes")),
        *("signals -1", "runs -1", "in a child 0", "own True", "the course 8000"),
    ], done.stderr
    assert [path.name for path in victim.iterdir()] == ["dear.txt"]


def test_elsewhere_nothing_is_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not wall.shut_in(tmp_path, [])


def test_neither_a_home_nor_the_system_is_readable_as_a_whole() -> None:
    places = set(wall.readable())
    assert not places & {"/", "/etc", "/home", "/root", "/tmp", "/var", str(Path.home())}
    assert os.path.realpath(sys.prefix) in places
