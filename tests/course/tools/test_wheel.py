"""The wheel carries the course: notebooks and data. `make test-places` builds and installs it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from cnnlib.course.chapters import CHAPTERS
from cnnlib.datasets import FILES

ROOT = Path(__file__).parents[3]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The file that hatchling loads, with a stand-in for hatchling, which only builds need."""
    interface = types.ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = type("BuildHookInterface", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installed(tmp_path: Path, hook: types.ModuleType) -> Path:
    """A folder of packages with cnnlib as a wheel brings it."""
    packages = tmp_path / "site-packages"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "cnnlib", packages / "cnnlib", ignore=ignored)
    for source, place in hook.bundle(ROOT).items():
        (packages / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, packages / place)
    return packages


def python(packages: Path, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-S", "-P", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(packages), *sys.path[1:]])},
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.stdout + done.stderr


def test_the_wheel_holds_every_notebook_and_every_data_file(hook: types.ModuleType) -> None:
    names = {Path(place).name for place in hook.bundle(ROOT).values()}
    assert names == {f"{chapter.notebook}.ipynb" for chapter in CHAPTERS} | set(FILES)


def test_an_editable_installation_is_left_alone(hook: types.ModuleType) -> None:
    made = hook.CourseHook()
    made.root = str(ROOT)
    for version, files in (("editable", 0), ("standard", len(CHAPTERS) + len(FILES))):
        data: dict[str, dict[str, str]] = {"force_include": {}}
        made.initialize(version, data)
        assert len(data["force_include"]) == files


def test_from_a_wheel_the_course_copies_its_notebooks_where_one_is(
    installed: Path, tmp_path: Path
) -> None:
    place = tmp_path / "강의"
    place.mkdir()
    said = python(installed, place, "-m", "cnnlib", "my-copy")
    assert said.count("copied") == len(CHAPTERS), said
    assert len(list((place / "my-notebooks").glob("*.ipynb"))) == len(CHAPTERS)


def test_from_a_wheel_the_data_are_read_and_what_is_damaged_is_named(
    installed: Path, tmp_path: Path
) -> None:
    read = "import cnnlib.datasets as d; print(d.__file__, len(d.load_digits().train.labels))"
    said = python(installed, tmp_path, "-c", read)
    assert said.strip() == f"{installed / 'cnnlib' / 'datasets.py'} 8000"
    (installed / "cnnlib/bundled/data/digits.npz").write_bytes(b"no archive")
    said = python(installed, tmp_path, "-c", read)
    assert "python -m pip install --force-reinstall --no-deps cnnlib" in said
    (installed / "cnnlib/bundled/notebooks/02_convolution.ipynb").write_bytes(b"no notebook")
    said = python(installed, tmp_path, "-m", "cnnlib", "my-copy")
    assert "python -m pip install --force-reinstall --no-deps cnnlib" in said
    assert "Traceback" not in said


def test_from_a_wheel_kernels_get_no_path_of_the_course(installed: Path, tmp_path: Path) -> None:
    asked = "from cnnlib.course.tools import lab; print(lab.environment().get('PYTHONPATH'))"
    assert python(installed, tmp_path, "-c", asked).split()[-1] == "None"


def test_from_a_wheel_the_map_of_the_course_knows_every_notebook(
    installed: Path, tmp_path: Path
) -> None:
    asked = "from cnnlib.course.start_here.course_map import course_map; print(len(course_map()))"
    assert python(installed, tmp_path, "-c", asked).split()[-1] == str(len(CHAPTERS))
