"""The record of progress loses nothing, whoever writes it and whatever stands in the file."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cnnlib.course.judge import record


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "folder" / "progress.json"
    monkeypatch.setenv("CNNLIB_PROGRESS", str(path))
    return path


def in_order() -> list[str]:
    return sorted(record.read()[0])


KERNEL = """
import sys
from cnnlib.course.judge import record
for number in range(40):
    assert record.record(f"{sys.argv[1]}.{number:02d}") == ""
"""


def test_notebooks_that_record_at_the_same_time_lose_nothing(path):
    kernels = [subprocess.Popen([sys.executable, "-c", KERNEL, name]) for name in "abc"]
    assert [kernel.wait(120) for kernel in kernels] == [0, 0, 0]
    assert in_order() == [f"{name}.{number:02d}" for name in "abc" for number in range(40)]
    assert [one.name for one in path.parent.iterdir()] == ["progress.json"]


def test_threads_that_record_at_the_same_time_lose_nothing():
    threads = [
        threading.Thread(target=lambda n=n: [record.record(f"{n}.{i}") for i in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(in_order()) == 80


def test_where_nothing_can_be_locked_it_is_recorded_all_the_same(monkeypatch):
    def no_locks(*args):
        raise OSError("this drive knows no locks")

    monkeypatch.setattr("fcntl.flock", no_locks)
    assert record.record("a") == ""
    assert in_order() == ["a"]


def test_in_a_browser_there_is_nothing_to_lock_with(monkeypatch):
    """The module is there, and the function is not."""
    monkeypatch.delattr("fcntl.flock")
    assert record.record("a") == ""
    assert in_order() == ["a"]


def test_a_browser_may_know_no_module_that_locks(monkeypatch):
    """JupyterLite puts an empty one in its place; Pyodide on any other page has none."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", None)
    assert record.record("a") == ""
    assert in_order() == ["a"]


def test_a_lock_that_is_never_given_back_is_not_waited_for(path, monkeypatch):
    import fcntl

    monkeypatch.setattr(record, "PATIENCE", 0.1)
    path.parent.mkdir()
    handle = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    assert record.record("a") == ""
    os.close(handle)
    assert in_order() == ["a"]


def test_on_windows_a_file_is_locked(path, monkeypatch):
    """Its module is not here: what it is asked for is."""
    asked = []

    class Module:
        LK_NBLCK = 2

        @staticmethod
        def locking(handle, mode, size):
            asked.append((mode, size))
            if len(asked) == 1:
                raise PermissionError("somebody else has it")

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", Module)
    assert record.record("a") == ""
    assert asked == [(2, 1), (2, 1)]
    assert in_order() == ["a"]
    assert path.with_name("progress.json.lock").exists()


def test_each_broken_record_is_kept(path):
    path.parent.mkdir()
    contents = [b"{", b"[1]", b"\xff"]
    for content in contents:
        path.write_bytes(content)
        done, note = record.read()
        assert done == set()
        assert "starts afresh" in note
        assert "Error" not in note
    kept = ["progress.json.broken", "progress.json.broken-2", "progress.json.broken-3"]
    assert [path.with_name(name).read_bytes() for name in kept] == contents
    assert f"`{kept[-1]}`" in note


@pytest.mark.parametrize("version", [2, 17])
def test_a_record_of_a_newer_version_is_left_alone(path, version):
    path.parent.mkdir()
    content = json.dumps({"version": version, "finished": {"a": "today"}})
    path.write_text(content)
    done, note = record.read()
    assert done == set()
    assert note.startswith("The record of your progress was written by a newer version of the")
    assert record.record("b") == note
    assert path.read_text() == content
    assert len(list(path.parent.iterdir())) == 1


def test_what_else_stands_in_the_record_stays(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "done": ["a"], "since": "spring"}))
    record.record("b")
    assert json.loads(path.read_text()) == {"version": 1, "done": ["a", "b"], "since": "spring"}


def test_a_record_that_cannot_be_read_now_is_left_as_it_is(path, monkeypatch):
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "done": ["a"]}))

    def locked(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", locked)
    done, note = record.read()
    assert done == set()
    assert "cannot be read (Permission denied)" in note
    assert record.record("b") == note
    monkeypatch.undo()
    monkeypatch.setenv("CNNLIB_PROGRESS", str(path))
    assert in_order() == ["a"]


def test_a_broken_record_that_cannot_be_set_aside_is_left_as_it_is(path, monkeypatch):
    path.parent.mkdir()
    path.write_text("{")

    def no(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", no)
    note = record.record("b")
    assert "could not be set aside (Permission denied)" in note
    assert path.read_text() == "{"
    assert len(list(path.parent.iterdir())) == 1
