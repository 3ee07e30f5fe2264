"""Build the course as a site that needs no Python: ``make lite PYODIDE=...``.

JupyterLite is JupyterLab in a browser alone, and Pyodide is the Python that runs there. The site
holds both, the course's wheel with its data, and the notebooks as `my_copy` gives them to a reader.
It asks no other site for anything, so any web server can serve it, and it goes on without a
network.

Pyodide's own packages (NumPy, Matplotlib and what they need) come from one of its releases, which
is given as a folder or an archive; a folder that holds the packages alone gets Pyodide's core from
npm. Their hashes are those of Pyodide's lock file, or the build stops.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cnnlib.course.tools.environment import ROOT
from cnnlib.course.tools.my_copy import COURSE, without_outputs
from cnnlib.course.tools.pages.built import finish

__all__ = ["canonical", "duration", "imports_of", "needed", "with_advice", "with_times"]

PYODIDE = "0.27.7"  # the version that jupyterlite-pyodide-kernel 0.6.1 was made for
CORE = ("pyodide.js", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"
# What the notebooks import and the kernel asks for at its start; their dependencies come with them.
ROOTS = (
    "decorator", "ipython", "jedi", "matplotlib", "micropip", "numpy", "openssl", "packaging",
    "pillow", "pygments", "python-dateutil", "six", "sqlite3", "ssl", "traitlets",
)  # fmt: skip
# Pure Python, at the versions of this environment, with what Pyodide shall load before each.
PURE: dict[str, tuple[str, ...]] = {
    "comm": (),
    "jupyterlab-widgets": (),
    "platformdirs": (),
    "psygnal": (),
    "tqdm": (),
    "typing-extensions": (),
    "ipywidgets": ("comm", "ipython", "traitlets", "jupyterlab-widgets"),
    "anywidget": ("ipywidgets", "psygnal", "typing-extensions"),
}
COURSE_NEEDS = ("numpy", "matplotlib", "pillow", "ipywidgets", "anywidget", "tqdm", "platformdirs")
SETTINGS: dict[str, Any] = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "appName": "cnnlib",
        "exposeAppInBrowser": True,
        "litePluginSettings": {
            "@jupyterlite/pyodide-kernel-extension:kernel": {
                "pyodideUrl": "./static/pyodide/pyodide.js",
                "disablePyPIFallback": True,  # no request to another site
                "loadPyodideOptions": {
                    "packages": ["cnnlib"],
                    # The drive is what the browser keeps: there the progress outlives a reload.
                    "env": {"HOME": "/home/pyodide", "CNNLIB_PROGRESS": "/drive/progress.json"},
                },
            }
        },
    },
}


LONG = 20  # seconds; a cell that takes longer in a browser says so beforehand
# By notebook and cell: how long, and what a reader in a hurry may do instead; or the line that is
# too long a wait, and the lines that take its place. Measured by tests/helpers/pyodide_cells.mjs on
# one slow machine, or on a quicker one and multiplied by 2.4, which is how much quicker it was.
TIMES = Path(__file__).with_name("lite_seconds.json")

ADVICE = (
    "*Here Python runs in your browser, where the button ■ cannot stop a cell. If one never ends, "
    "choose Kernel → Restart Kernel, then run the cells above it again. What you wrote and solved "
    "is kept.*"
)


class BuildError(Exception):
    """Something that the site is built from is missing, or is not what it should be."""


def canonical(name: str) -> str:
    """Return the name of a package as lock files write it.

    Examples
    --------
    >>> canonical("Typing_Extensions")
    'typing-extensions'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(packages: dict[str, Any], roots: tuple[str, ...] = ROOTS) -> list[str]:
    """Return which packages of a lock file some of them need, themselves included.

    Parameters
    ----------
    packages : dict
        As in Pyodide's lock file: each has ``depends``, a list of names.
    roots : tuple of str
        Names.

    Examples
    --------
    >>> needed({"a": {"depends": ["b"]}, "b": {"depends": []}, "c": {"depends": []}}, ("a",))
    ['a', 'b']
    """
    found: set[str] = set()
    left = list(roots)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [canonical(one) for one in packages[name]["depends"]]
    return sorted(found)


def imports_of(wheel: Path) -> list[str]:
    """Return the modules that a wheel brings, by which Pyodide finds it at an ``import``.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wheel = Path(folder, "a-1-py3-none-any.whl")
    ...     with zipfile.ZipFile(wheel, "w") as archive:
    ...         for name in ("a/__init__.py", "b.py", "a-1.dist-info/METADATA"):
    ...             archive.writestr(name, "")
    ...     imports_of(wheel)
    ['a', 'b']
    """
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    return sorted(
        top.removesuffix(".py") for top in tops if not top.endswith((".dist-info", ".data"))
    )


def lay_out(packages: Path, core: Path, wheels: list[Path], out: Path) -> None:
    """Make the Pyodide folder of the site: core, packages, our wheels, and one lock file for all.

    With our wheels in the lock file ``import cnnlib`` needs no installation in the notebook.

    Parameters
    ----------
    packages : Path
        Where Pyodide's packages lie.
    core : Path
        Where its core and its lock file lie.
    wheels : list of Path
        Ours, of pure Python.
    out : Path
        The folder; it is made.

    Raises
    ------
    BuildError
        If a file is missing, or is not the one that the lock file knows.
    """
    out.mkdir(parents=True, exist_ok=True)
    lock = json.loads((core / LOCK).read_text(encoding="utf-8"))
    if lock["info"]["version"] != PYODIDE:
        raise BuildError(f"{core} holds Pyodide {lock['info']['version']}, not {PYODIDE}.")
    kept = {name: lock["packages"][name] for name in needed(lock["packages"])}
    for entry in kept.values():
        source = packages / entry["file_name"]
        if not source.is_file():
            raise BuildError(f"{packages} has no {source.name}, which Pyodide needs.")
        if _sha256(source) != entry["sha256"]:
            raise BuildError(f"{source} is not the file of Pyodide {PYODIDE}.")
        shutil.copyfile(source, out / source.name)
    fonts = kept["matplotlib"]
    number_fonts(out / fonts["file_name"])
    fonts["sha256"] = _sha256(out / fonts["file_name"])
    for wheel in wheels:
        name = canonical(wheel.name.split("-")[0])
        shutil.copyfile(wheel, out / wheel.name)
        kept[name] = {
            "name": name,
            "version": wheel.name.split("-")[1],
            "file_name": wheel.name,
            "sha256": _sha256(wheel),
            "depends": list(PURE.get(name, COURSE_NEEDS)),
            "imports": imports_of(wheel),
            "install_dir": "site",
            "package_type": "package",
            "unvendored_tests": False,
        }
    lock["packages"] = dict(sorted(kept.items()))
    (out / LOCK).write_text(json.dumps(lock), encoding="utf-8")
    for file in CORE:
        shutil.copyfile(core / file, out / file)


def number_fonts(wheel: Path) -> None:
    """Give the list of fonts in a wheel of Matplotlib the number that this Matplotlib expects.

    Pyodide 0.27.7 ships the list under the number of a newer version. Matplotlib then looks at
    every font anew, before the first figure of every session.

    Parameters
    ----------
    wheel : Path
        It is written anew.
    """
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    code = files["matplotlib/font_manager.py"].decode()
    expected = re.search(r"(?m)^    __version__ = (\d+)$", code)
    fonts = json.loads(files["matplotlib/fontlist.json"])
    if expected is None:
        raise BuildError(f"{wheel.name} does not say which list of fonts it reads.")
    fonts["_version"] = int(expected[1])
    files["matplotlib/fontlist.json"] = json.dumps(fonts).encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(pyodide: Path, out: Path, course: Path = COURSE) -> None:
    """Build the site.

    Parameters
    ----------
    pyodide : Path
        A folder or an archive with Pyodide's packages, of version `PYODIDE`.
    out : Path
        Where the site shall lie; what lies there gives way to it.
    course : Path
        The notebooks.

    Raises
    ------
    BuildError
        If something that the site is built from is missing.
    """
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        packages = _unpacked(pyodide, scratch / "release")
        core = packages if (packages / CORE[3]).is_file() else _core_from_npm(scratch / "core")
        wheels = [_course_wheel(scratch / "course"), *_pure_wheels(scratch / "pure")]
        lay_out(packages, core, wheels, scratch / "pyodide")
        _site(scratch / "lite", course, out)
        shutil.copytree(scratch / "pyodide", out / "static" / "pyodide", dirs_exist_ok=True)


def _unpacked(pyodide: Path, folder: Path) -> Path:
    """Return the folder with Pyodide's packages; an archive holds one called ``pyodide``."""
    if pyodide.is_dir():
        return pyodide
    if not pyodide.is_file():
        raise BuildError(f"{pyodide} is neither a folder nor an archive.")
    with tarfile.open(pyodide) as archive:
        archive.extractall(folder, filter="data")
    found = next(folder.rglob(LOCK), None)
    if found is None:
        raise BuildError(f"{pyodide} holds no release of Pyodide: it has no {LOCK}.")
    return found.parent


def _core_from_npm(folder: Path) -> Path:
    folder.mkdir()
    try:
        _run("npm", "pack", "--silent", f"pyodide@{PYODIDE}", cwd=folder)
    except OSError as error:
        raise BuildError(f"npm, which has Pyodide's core, does not run: {error}") from None
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def _course_wheel(folder: Path) -> Path:
    """Return the course's wheel; of its notebooks, which the map of 00 reads, without outputs."""
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT)
    whole = next(folder.glob("*.whl"))
    slim = folder / "slim" / whole.name
    slim.parent.mkdir()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(slim, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename.endswith(".ipynb"):
                content = without_outputs(content)
            elif item.filename.endswith(".dist-info/RECORD"):  # it knows their former hashes
                content = re.sub(rb"(?m)^(.*\.ipynb),.*$", rb"\1,,", content)
            new.writestr(item.filename, content)
    return slim


def _pure_wheels(folder: Path) -> list[Path]:
    """Return wheels of what the course needs besides; some packages have compiled ones too."""
    _run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder),
        *("--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none"),
        "--python-version=3.12",
        *(f"{name}=={version(name)}" for name in PURE),
    )
    return sorted(folder.glob("*.whl"))


def with_times(content: bytes, times: dict[str, dict[str, Any]]) -> bytes:
    """Return a notebook that says, before each cell that takes long in a browser, how long.

    Parameters
    ----------
    content : bytes
        Of the notebook's file.
    times : dict
        By cell: ``seconds``; perhaps ``instead``, what to do in a hurry; and perhaps ``line`` and
        ``stored``, a line of the cell that becomes a comment, and the lines that follow it. Then
        ``instead`` says how to have the line back.

    Raises
    ------
    BuildError
        If a cell does not have the line that shall become a comment.

    Examples
    --------
    >>> cell = {"cell_type": "code", "id": "train", "source": "fit()"}
    >>> new = with_times(json.dumps({"cells": [cell]}).encode(), {"train": {"seconds": 110}})
    >>> [each["id"] for each in json.loads(new)["cells"]]
    ['train-in-browser', 'train']
    >>> json.loads(new)["cells"][0]["source"]
    '*In the browser, the next cell takes about two minutes.*'
    """
    notebook = json.loads(content)
    cells = []
    for cell in notebook["cells"]:
        time = times.get(cell["id"], {"seconds": 0})
        if time["seconds"] >= LONG:
            said = f"*In the browser, the next cell takes {duration(time['seconds'])}.*"
            if "line" in time:
                cell = cell | {"source": _with_stored(cell, time["line"], time["stored"])}
                said = (
                    f"*In the browser, the next cell would take {duration(time['seconds'])}. So it "
                    "takes a stored result.*"
                )
            cells.append(
                {
                    "cell_type": "markdown",
                    "id": f"{cell['id']}-in-browser",
                    "metadata": {},
                    "source": " ".join([said, *filter(None, [time.get("instead")])]),
                }
            )
        cells.append(cell)
    return _written(notebook | {"cells": cells})


def with_advice(content: bytes) -> bytes:
    """Return a notebook that says, after its title, how to stop a cell in a browser.

    Examples
    --------
    >>> title = {"cell_type": "markdown", "id": "title", "source": "# 02 Convolution"}
    >>> new = json.loads(with_advice(json.dumps({"cells": [title]}).encode()))
    >>> [cell["id"] for cell in new["cells"]]
    ['title', 'in-browser']
    """
    notebook = json.loads(content)
    title, *rest = notebook["cells"]
    advice = {"cell_type": "markdown", "id": "in-browser", "metadata": {}, "source": ADVICE}
    return _written(notebook | {"cells": [title, advice, *rest]})


def _written(notebook: dict[str, Any]) -> bytes:
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _with_stored(cell: dict[str, Any], line: str, stored: list[str]) -> str:
    """Return the source of a cell with a line made a comment, and other lines after it."""
    lines = "".join(cell["source"]).split("\n")
    if lines.count(line) != 1:
        raise BuildError(f"The cell {cell['id']} has no line {line!r}, or several.")
    place = lines.index(line)
    return "\n".join([*lines[:place], f"# {line}", *stored, *lines[place + 1 :]])


def duration(seconds: float) -> str:
    """Say a time in words, rounded up to what a measurement on another machine is good for.

    Examples
    --------
    >>> duration(23), duration(58), duration(61), duration(600)
    ('about half a minute', 'about a minute', 'about two minutes', 'about 10 minutes')
    """
    if seconds <= 30:
        return "about half a minute"
    minutes = math.ceil(seconds / 60)
    words = {1: "a minute", 2: "two minutes", 3: "three minutes", 4: "four minutes"}
    return f"about {words.get(minutes, f'{minutes} minutes')}"


def _site(folder: Path, course: Path, out: Path) -> None:
    """Let JupyterLite build its site, with the notebooks in it."""
    content = folder / "content"
    content.mkdir(parents=True)
    times = json.loads(TIMES.read_text(encoding="utf-8"))
    for path in sorted(course.glob("*.ipynb")):
        own = with_times(without_outputs(path.read_bytes()), times.get(path.stem, {}))
        (content / path.name).write_bytes(with_advice(own))
    (folder / "jupyter-lite.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    defaults = ROOT / "cnnlib" / "course" / "tools" / "jupyterlab.json"
    shutil.copyfile(defaults, folder / "overrides.json")
    shutil.rmtree(out, ignore_errors=True)
    _run(
        *(sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", folder),
        *("--contents", content, "--output-dir", out.absolute(), "--apps", "lab"),
        *("--no-sourcemaps", "--no-unused-shared-packages"),
        cwd=folder,
    )


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False)
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}".strip()
        raise BuildError(f"{' '.join(map(str, command[:4]))} … failed:\n{said[-2000:]}")


def main() -> int:
    """Build the site and say how to look at it."""
    parser = argparse.ArgumentParser(description="Build the course as a JupyterLite site.")
    parser.add_argument("--pyodide", required=True, type=Path, help="a folder or an archive")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "lite")
    given = parser.parse_args()
    serve = f"{sys.executable} -m http.server --bind 127.0.0.1 --directory {given.to} 8000"
    return finish(
        lambda: build(given.pyodide.expanduser().absolute(), given.to),
        given.to / "index.html",
        (BuildError,),
        advice=f"To look at it:\n  {serve}",
    )


if __name__ == "__main__":
    sys.exit(main())
