"""The three places that name versions agree: pyproject.toml, environment.yml, constraints.txt."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from inner import inner_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
PLATFORMS = ("linux", "darwin", "win32")
PROMISED = {"jupyterlab", "numpy", "matplotlib", "ipywidgets", "nbval"}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def direct() -> dict[str, SpecifierSet]:
    """Return what the course and its tests ask for, with the lower bounds."""
    declared = project()["project"]
    lines = declared["dependencies"] + declared["optional-dependencies"]["dev"]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def conda() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def conda_packages() -> dict[str, SpecifierSet]:
    lines = [line for line in conda()["dependencies"] if isinstance(line, str)]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def pins() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pinned(python: str, platform: str) -> dict[str, Version]:
    """Return the pins that apply to one Python on one platform."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
        "os_name": "nt" if platform == "win32" else "posix",
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[platform],
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    found: dict[str, Version] = {}
    for pin in pins():
        if pin.marker is None or pin.marker.evaluate(environment):
            name = canonicalize_name(pin.name)
            assert name not in found, f"{name} is pinned twice for Python {python} on {platform}."
            found[name] = Version(str(pin.specifier).removeprefix("=="))
    return found


def test_conda_asks_for_the_same_as_pip() -> None:
    packages = conda_packages()
    assert packages.pop("python") == SpecifierSet(project()["project"]["requires-python"])
    packages.pop("pip")  # installs the course itself, below
    assert packages == direct()


def test_conda_installs_the_course_and_nothing_else_with_pip() -> None:
    pip_lines = [line["pip"] for line in conda()["dependencies"] if isinstance(line, dict)]
    assert pip_lines == [["-e ."]]
    assert conda()["channels"] == ["conda-forge"]


def test_the_promised_packages_are_there() -> None:
    assert set(direct()) >= PROMISED
    assert set(conda_packages()) >= PROMISED


def test_every_requirement_has_a_lower_bound_and_no_other() -> None:
    for name, specifier in direct().items():
        assert [bound.operator for bound in specifier] == [">="], f"{name}{specifier}"


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_is_pinned_within_its_bounds(python: str, platform: str) -> None:
    versions = pinned(python, platform)
    for name, specifier in direct().items():
        assert name in versions, f"{name} is not in constraints.txt. Run `make pins`."
        assert versions[name] in specifier, f"{name} {versions[name]} is not {specifier}."


def test_the_build_backend_is_pinned() -> None:
    versions = pinned("3.11", "linux")
    for line in project()["build-system"]["requires"]:
        backend = Requirement(line)
        assert versions[backend.name] in backend.specifier
    assert "editables" in versions  # hatchling wants it for an editable installation


def test_pins_are_exact() -> None:
    for pin in pins():
        assert re.fullmatch(r"==[^*,]+", str(pin.specifier)), str(pin)
        assert not pin.extras


@pytest.mark.parametrize("name", ["constraints.txt", "environment.yml", "pyproject.toml"])
def test_no_file_holds_an_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"\w+://|--(extra-)?index-url|--find-links|\s@\s", text)


def test_a_test_that_hangs_is_ended_and_says_where(tmp_path: Path) -> None:
    settings = project()["tool"]["pytest"]["ini_options"]
    assert 0 < settings["timeout"] <= 600
    assert settings["timeout_method"] == "thread"  # also where a lock is held, and with its stack
    hanging = "import threading\n\ndef test_hang():\n    threading.Event().wait()\n"
    (tmp_path / "test_hanging.py").write_text(hanging)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "pytest_timeout", "--timeout=1"),
            *("-o", f"timeout_method={settings['timeout_method']}"),
        ],
        cwd=tmp_path,
        env=inner_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode != 0
    assert "threading.Event().wait()" in done.stdout + done.stderr


def test_binder_installs_what_make_installs() -> None:
    lines = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "--constraint ../constraints.txt",
        "--editable .",
    ]
    python = (ROOT / ".binder/runtime.txt").read_text(encoding="utf-8").strip()
    assert python.removeprefix("python-") in PYTHONS
    for name, words in {
        "postBuild": "python -m cnnlib my-copy",
        "start": "export OPENBLAS_NUM_THREADS=",
    }.items():
        script = ROOT / ".binder" / name
        assert words in script.read_text(encoding="utf-8")
        assert os.access(script, os.X_OK)
