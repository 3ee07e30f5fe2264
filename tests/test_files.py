"""One way to write a file: whole or not at all, and otherwise as a plain write would."""

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cnnlib.archive import read_archive, write_archive
from cnnlib.files import check_writable, write_whole

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links as POSIX has them")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def umask():
    """Return a function that sets the umask for the length of a test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_bytes_and_a_writer_write_the_same(tmp_path):
    write_whole(tmp_path / "a", b"one\r\ntwo\n")
    write_whole(str(tmp_path / "b"), lambda file: [file.write(b"one\r\n"), file.write(b"two\n")])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"one\r\ntwo\n"
    write_whole(tmp_path / "a", b"")
    assert (tmp_path / "a").read_bytes() == b""
    assert names(tmp_path) == ["a", "b"]


@POSIX
@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077, 0o027])
def test_a_new_file_has_the_mode_of_a_plain_write(tmp_path, umask, mask):
    umask(mask)
    write_whole(tmp_path / "whole", b"x")
    (tmp_path / "plain").write_bytes(b"x")
    assert mode(tmp_path / "whole") == mode(tmp_path / "plain") == 0o666 & ~mask


@POSIX
@pytest.mark.parametrize("before", [0o600, 0o664, 0o755, 0o666])
def test_an_existing_file_keeps_its_mode(tmp_path, umask, before):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(before)
    write_whole(path, b"new")
    assert mode(path) == before
    assert path.read_bytes() == b"new"


@POSIX
def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    folder = tmp_path / "far"
    folder.mkdir()
    (folder / "file").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to("far/file")
    write_whole(link, b"new")
    assert link.is_symlink()
    assert os.readlink(link) == "far/file"
    assert (folder / "file").read_bytes() == b"new"
    ahead = tmp_path / "ahead"  # leads to a file that is not there yet
    ahead.symlink_to("far/later")
    write_whole(ahead, b"x")
    assert (folder / "later").read_bytes() == b"x"
    assert names(tmp_path) == ["ahead", "far", "link"]
    assert names(folder) == ["file", "later"]


@POSIX
def test_a_link_to_itself_is_refused(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    with pytest.raises(OSError, match="loop") as caught:
        write_whole(loop, b"x")
    assert caught.value.errno == errno.ELOOP
    assert names(tmp_path) == ["loop"]


@POSIX
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"through")
    reader.join(timeout=10)
    assert received == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write_whole(os.devnull, b"x")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@POSIX
def test_what_has_no_name_of_its_own_is_written_to():
    script = "from cnnlib.files import *; check_writable('t', '/dev/stdout')\n"
    script += "write_whole('/dev/stdout', b'through')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"through"


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt(), SystemExit(3)])
def test_whatever_goes_wrong_leaves_the_old_file_and_nothing_beside_it(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"half of the new")
        file.flush()
        raise error

    with pytest.raises(type(error)):
        write_whole(path, write)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_rename_that_fails_leaves_nothing_beside_the_file(tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a", b"x")
    assert names(tmp_path) == []


def test_a_long_name_leaves_room_for_the_temporary_one(tmp_path):
    name = "ä" * 120 + ".txt"  # 244 bytes; 255 are allowed
    write_whole(tmp_path / name, b"x")
    assert names(tmp_path) == [name]


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, b"x")
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a", b"x")


# As root every file can be written, so these ask as somebody else does.
AS_ANOTHER = """
import os, sys
from cnnlib.archive import read_archive, write_archive
from cnnlib.files import check_writable, write_whole
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for call in (lambda p: write_whole(p, b"new"), lambda p: check_writable("fit", p)):
    try:
        call(sys.argv[1])
    except PermissionError as error:
        print(error)
"""


def as_another(path):
    """Return what somebody without rights is told, by `write_whole` and by `check_writable`."""
    command = [sys.executable, "-c", AS_ANOTHER, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.fixture
def open_folder():
    """Return a folder that everybody may enter and write to; pytest's own are locked."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@POSIX
def test_a_protected_file_is_refused(open_folder):
    path = open_folder / "a"
    path.write_bytes(b"old")
    path.chmod(0o444)
    written, asked = as_another(path)
    assert written == f"[Errno 13] Permission denied: '{path}'"
    assert asked == (
        f"fit: {path} cannot be written (Permission denied). Choose another file name or another "
        "folder."
    )
    assert path.read_bytes() == b"old"
    open_folder.chmod(0o555)
    _, asked = as_another(open_folder / "b")
    assert asked.startswith(f"fit: {open_folder / 'b'} cannot be written (Permission denied)")
    open_folder.chmod(0o777)
    assert names(open_folder) == ["a"]


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path):
    path = tmp_path / "a"
    check_writable("fit", path)
    assert names(tmp_path) == []
    path.write_bytes(b"old")
    check_writable("fit", path)
    check_writable("fit", os.devnull)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^fit: there is no folder .*none, so a cannot be"):
        check_writable("fit", tmp_path / "none" / "a")
    with pytest.raises(IsADirectoryError, match=r"^fit: .* cannot be written \(Is a directory\)"):
        check_writable("fit", tmp_path)


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [
        ("", ValueError, "the name of the file is empty"),
        ("a\0b.npz", ValueError, "a character that no file name can have"),
        ("\ud800.npz", ValueError, "a character that no file name can have"),
        ("~/no such folder/a.npz", FileNotFoundError, ".expanduser()"),
        ("x" * 300, OSError, "File name too long"),
        (5, TypeError, "named by a str or a Path, got 5"),
        (b"a.npz", TypeError, "named by a str or a Path"),
        (None, TypeError, "named by a str or a Path"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_done(
    tmp_path, monkeypatch, path, error, said
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=r"^fit: ") as caught:
        check_writable("fit", path)
    assert said in str(caught.value)
    if type(path) is str:  # what saves says so as well
        with pytest.raises(error):
            write_archive(path, {"x": np.zeros(1)})
    assert names(tmp_path) == []


@pytest.mark.parametrize("place", ["write", "flush", "fsync"])
def test_no_space_left_leaves_the_old_file(tmp_path, monkeypatch, place):
    path = tmp_path / "weights.npz"
    write_archive(path, {"x": np.arange(3)})

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if place == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    content = {"write": full, "flush": lambda file: file.write(b"x")}.get(place, b"new")
    if place == "flush" and os.path.exists("/dev/full"):
        with pytest.raises(OSError, match="No space left"):
            write_whole("/dev/full", b"new")
        content = full
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, content)
    assert read_archive(path)["x"].tolist() == [0, 1, 2]
    assert names(tmp_path) == ["weights.npz"]


@pytest.mark.parametrize("path", [".", os.devnull])
def test_what_is_no_file_is_not_read(path):
    with pytest.raises(ValueError, match=r"is a (folder|device), expected a file"):
        read_archive(path)


@pytest.mark.parametrize("name", ["make_digits", "make_photos"])
def test_the_scripts_of_the_data_ask_before_they_fetch(tmp_path, name):
    script = Path(__file__).parents[1] / "data" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, str(script), "--output", str(tmp_path / "none" / "x.npz")],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PATH": ""},  # neither npm nor pip is found
    )
    assert done.returncode == 1
    assert f"{name}: there is no folder {tmp_path / 'none'}" in done.stderr
    assert "Traceback" not in done.stderr


def test_kill_in_the_middle_leaves_a_whole_file(tmp_path):
    # A process writes without end, each time a file of one repeated byte. It is killed at
    # unforeseeable moments; whatever file stands there must be whole.
    path = tmp_path / "a"
    size = 3_000_000
    script = (
        "import itertools, sys\n"
        "from cnnlib.files import write_whole\n"
        "def pieces(number):\n"
        "    return lambda file: [file.write(bytes([number % 251]) * 100_000) for _ in range(30)]\n"
        "for number in itertools.count():\n"
        "    write_whole(sys.argv[1], pieces(number))\n"
        "    if number == 0: print('first', flush=True)\n"
    )
    rng = np.random.default_rng()
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "first\n"
        time.sleep(float(rng.uniform(0, 0.2)))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        content = path.read_bytes()
        assert len(content) == size
        assert set(content[::1000]) == {content[0]}
