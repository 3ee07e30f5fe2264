"""What the JupyterLite site is made of; that it opens and runs is tested in `doors_lite.py`."""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cnnlib.course.tools.my_copy import COURSE, without_outputs
from cnnlib.course.tools.pages import lite

FONTS = {"matplotlib/font_manager.py": "class FontManager:\n    __version__ = 330\n"}


def pack(path: Path, files: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small release of Pyodide, with one package that nobody needs."""
    folder = tmp_path / "release"
    packages = {}
    for name in (*lite.ROOTS, "zlib", "scipy"):
        files = {f"{name}/__init__.py": name}
        if name == "matplotlib":
            files = FONTS | {"matplotlib/fontlist.json": '{"_version": 390, "ttflist": []}'}
        wheel = pack(folder / f"{name}-1.whl", files)
        packages[name] = {"file_name": wheel.name, "sha256": digest(wheel), "depends": []}
    packages["pillow"]["depends"] = ["Zlib"]
    lock = {"info": {"version": lite.PYODIDE}, "packages": packages}
    (folder / lite.LOCK).write_text(json.dumps(lock), encoding="utf-8")
    for name in lite.CORE:
        (folder / name).write_text(name, encoding="utf-8")
    return folder


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    names = {"cnnlib-0.1-py3-none-any.whl": "cnnlib", "anywidget-2-py3-none-any.whl": "anywidget"}
    return [
        pack(tmp_path / name, {f"{top}/__init__.py": "", f"{top}-1.dist-info/RECORD": ""})
        for name, top in names.items()
    ]


def laid_out(release: Path, wheels: list[Path], out: Path) -> dict[str, Any]:
    lite.lay_out(release, release, wheels, out)
    return json.loads((out / lite.LOCK).read_text(encoding="utf-8"))["packages"]


def test_the_lock_names_what_is_there_and_no_more(
    release: Path, wheels: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    packages = laid_out(release, wheels, out)
    assert set(packages) == {*lite.ROOTS, "zlib", "cnnlib", "anywidget"}
    for entry in packages.values():
        assert digest(out / entry["file_name"]) == entry["sha256"]
    assert packages["cnnlib"]["imports"] == ["cnnlib"]
    assert packages["cnnlib"]["depends"] == list(lite.COURSE_NEEDS)
    assert packages["anywidget"]["depends"] == list(lite.PURE["anywidget"])
    assert {path.name for path in out.iterdir()} == {
        *lite.CORE,
        lite.LOCK,
        *(entry["file_name"] for entry in packages.values()),
    }


def test_matplotlib_takes_the_fonts_that_come_with_it(
    release: Path, wheels: list[Path], tmp_path: Path
) -> None:
    packages = laid_out(release, wheels, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out" / packages["matplotlib"]["file_name"]) as archive:
        fonts = json.loads(archive.read("matplotlib/fontlist.json"))
        assert archive.read("matplotlib/font_manager.py").decode() == FONTS[archive.namelist()[0]]
    assert fonts == {"_version": 330, "ttflist": []}


def test_another_file_a_missing_one_and_another_version_are_refused(
    release: Path, wheels: list[Path], tmp_path: Path
) -> None:
    numpy = release / "numpy-1.whl"
    whole = numpy.read_bytes()
    numpy.write_bytes(whole + b"\0")
    with pytest.raises(lite.BuildError, match="is not the file of Pyodide"):
        laid_out(release, wheels, tmp_path / "out")
    numpy.unlink()
    with pytest.raises(lite.BuildError, match=r"has no numpy-1\.whl"):
        laid_out(release, wheels, tmp_path / "out")
    numpy.write_bytes(whole)
    lock = json.loads((release / lite.LOCK).read_text(encoding="utf-8"))
    lock["info"]["version"] = "0.1"
    (release / lite.LOCK).write_text(json.dumps(lock), encoding="utf-8")
    with pytest.raises(lite.BuildError, match=r"holds Pyodide 0\.1"):
        laid_out(release, wheels, tmp_path / "out")


def test_an_archive_is_unpacked_and_another_one_is_refused(release: Path, tmp_path: Path) -> None:
    whole, other = tmp_path / "whole.tar.gz", tmp_path / "other.tar.gz"
    with tarfile.open(whole, "w:gz") as archive:
        archive.add(release, "pyodide")
    with tarfile.open(other, "w:gz") as archive:
        archive.add(release / lite.CORE[0], "pyodide/pyodide.js")
    found = lite._unpacked(whole, tmp_path / "a")
    assert {path.name for path in found.iterdir()} == {path.name for path in release.iterdir()}
    with pytest.raises(lite.BuildError, match="holds no release of Pyodide"):
        lite._unpacked(other, tmp_path / "b")
    with pytest.raises(lite.BuildError, match="neither a folder nor an archive"):
        lite._unpacked(tmp_path / "nothing", tmp_path / "c")


def test_every_cell_that_takes_long_is_in_its_notebook_and_says_so_once() -> None:
    for name, times in json.loads(lite.TIMES.read_text(encoding="utf-8")).items():
        content = without_outputs((COURSE / f"{name}.ipynb").read_bytes())
        timed = [each["id"] for each in json.loads(lite.with_times(content, times))["cells"]]
        assert len(timed) == len(set(timed))
        for cell, time in times.items():
            assert time["seconds"] >= lite.LONG
            assert timed.index(f"{cell}-in-browser") == timed.index(cell) - 1


def test_a_cell_that_is_quick_says_nothing() -> None:
    content = json.dumps({"cells": [{"cell_type": "code", "id": "a", "source": "1"}]}).encode()
    times = {"a": {"seconds": lite.LONG - 1}}
    assert json.loads(lite.with_times(content, times)) == json.loads(content)


def test_a_cell_that_takes_a_stored_result_says_so_and_keeps_the_line_as_a_comment() -> None:
    cell = {"cell_type": "code", "id": "train", "source": ["rng = 1\n", "fit(rng)\n", "print(2)"]}
    content = json.dumps({"cells": [cell]}).encode()
    time = {"seconds": 540, "line": "fit(rng)", "stored": ["load(rng)"], "instead": "To train, …"}
    said, swapped = json.loads(lite.with_times(content, {"train": time}))["cells"]
    assert swapped["source"] == "rng = 1\n# fit(rng)\nload(rng)\nprint(2)"
    assert said["source"] == (
        "*In the browser, the next cell would take about 9 minutes. So it takes a stored result.* "
        "To train, …"
    )
    with pytest.raises(lite.BuildError, match=r"The cell train has no line 'fit\(\)'"):
        lite.with_times(content, {"train": time | {"line": "fit()"}})
