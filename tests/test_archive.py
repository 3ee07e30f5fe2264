"""Files of weights: whole or not at all, and never trusted."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from cnnlib import archive
from cnnlib.archive import read_archive, write_archive

ARRAYS = {"0.weight": np.arange(6.0).reshape(2, 3), "notes": np.array("größe"), "n": np.array(3)}


def test_arrays_come_back_exactly(tmp_path):
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS)
    back = read_archive(path)
    assert set(back) == set(ARRAYS)
    for name, value in ARRAYS.items():
        assert back[name].dtype == value.dtype
        assert (back[name] == value).all()
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_any_tool_can_read_it(tmp_path):
    write_archive(tmp_path / "a.npz", ARRAYS)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert (archive["0.weight"] == ARRAYS["0.weight"]).all()


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere.* Create it first"):
        write_archive(tmp_path / "nowhere" / "a.npz", ARRAYS)


def test_every_cut_is_noticed(tmp_path):
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a.npz is not a readable archive"):
            read_archive(path)


def test_no_flipped_byte_gives_other_numbers_or_a_foreign_error(tmp_path):
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS)
    whole = path.read_bytes()
    noticed = 0
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            back = read_archive(path)
        except ValueError as error:
            noticed += "not a readable archive" in str(error)
            continue
        # What is not noticed lies in a date or a flag: names may differ, numbers may not.
        for name, value in back.items():
            if name in ARRAYS:
                assert (value == ARRAYS[name]).all(), position
    assert noticed > len(whole) // 2


def packed(name="x.npy", data=b"", compress=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compress) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def npy(shape, dtype="<f8", data=b""):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def pickled():
    buffer = io.BytesIO()
    np.save(buffer, np.array([print], dtype=object), allow_pickle=True)
    return buffer.getvalue()


HOSTILE = {
    "empty": b"",
    "text": b"not an archive at all",
    "a single array": npy((1,), data=b"\0" * 8),
    "a pickle": packed(data=pickled()),
    "a shape that no memory holds": packed(data=npy((10**12, 10**6))),
    "a shape larger than its data": packed(data=npy((10**9,), data=b"\0" * 8)),
    "a negative shape": packed(data=npy((-3,), data=b"\0" * 24)),
    "a header that is code": packed(data=npy("__import__('os').system('false')")),
    "no header": packed(data=b"\x93NUMPY"),
    "a compressed bomb": packed(data=b"\0" * 10**7, compress=zipfile.ZIP_DEFLATED),
    "object arrays": packed(data=npy((1,), "|O", b"\0" * 8)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(tmp_path, name):
    path = tmp_path / "evil.npz"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match=r"read_archive: .*evil.npz is not a readable archive"):
        read_archive(path)


def test_a_folder_is_no_archive(tmp_path):
    with pytest.raises(ValueError, match="is a folder, expected a file"):
        read_archive(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_archive(tmp_path / "none.npz")


def test_kill_in_the_middle_of_a_hundred_saves_loses_nothing(tmp_path):
    # A process saves without end, each time an array filled with one number. It is killed at
    # unforeseeable moments; whatever file stands there must be whole.
    path = tmp_path / "weights.npz"
    script = (
        "import itertools, sys\n"
        "import numpy as np\n"
        "from cnnlib.archive import write_archive\n"
        "for number in itertools.count():\n"
        "    write_archive(sys.argv[1], {'a': np.full(200_000, number), 'b': np.array(number)})\n"
        "    if number % 100 == 0: print(number, flush=True)\n"
    )
    write_archive(path, {"a": np.full(200_000, -1), "b": np.array(-1)})
    rng = np.random.default_rng()
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "0\n"
        time.sleep(float(rng.uniform(0, 0.25)))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        back = read_archive(path)
        assert (back["a"] == back["b"]).all()
        assert len(back["a"]) == 200_000


def test_notes_come_back_as_they_were(tmp_path):
    notes = {"done": 3, "rate": None, "rng": [{"key": np.arange(3, dtype=np.uint32), "pos": 2}]}
    archive.write_archive(tmp_path / "a.npz", {"notes": archive.pack_notes(notes)})
    found = archive.unpack_notes(archive.read_archive(tmp_path / "a.npz")["notes"])
    assert (found["done"], found["rate"], found["rng"][0]["pos"]) == (3, None, 2)
    key = found["rng"][0]["key"]
    assert (key.tolist(), key.dtype) == ([0, 1, 2], np.uint32)


def test_notes_that_cannot_be_kept_are_refused():
    with pytest.raises(TypeError, match="pack_notes: expected numbers, texts and lists"):
        archive.pack_notes({"model": object()})


def test_arrays_are_chosen_by_the_beginning_of_their_names():
    arrays = {"model/0.weight": np.ones(2), "optimizer/lr": np.ones(1), "modelled": np.zeros(1)}
    assert list(archive.with_prefix(arrays, "model/")) == ["0.weight"]
    assert archive.with_prefix(arrays, "model/")["0.weight"] is arrays["model/0.weight"]
