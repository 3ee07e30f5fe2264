"""Build the course's environment, .venv, and keep it sound. make runs this before all else.

It needs the standard library alone, for nothing is installed yet::

    python3 cnnlib/course/tools/environment.py          # what a reader needs
    python3 cnnlib/course/tools/environment.py --dev    # and the tools for tests

A stamp in the environment says that its installation was finished, and for what. Where it holds,
nothing is written and no network is asked. Before anything is changed, a mark takes its place. So
an installation that was broken off, at whatever moment, is known by it, and the next call starts
afresh. An environment with neither was made by the reader, and is added to.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(os.path.abspath(__file__)).parents[3]
VENV = ROOT / ".venv"
# Another content of these asks for another installation.
RECIPE = ("pyproject.toml", "constraints.txt", "cnnlib/course/tools/jupyterlab.json")

# What pip may know of the reader's own settings: how to reach an index, and where downloads are
# kept. Others, such as `user`, `target` or `constraint`, would install something else elsewhere.
PIP_KEEPS = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy"),
    *("cert", "client-cert", "keyring-provider", "use-feature", "use-deprecated"),
    *("timeout", "default-timeout", "retries", "resume-retries", "cache-dir", "no-cache-dir"),
)
NO_INDEX = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
    r"|ConnectionResetError|RemoteDisconnected|Failed to establish|Connection refused"
    r"|Network is unreachable|Temporary failure in name resolution|Name or service not known"
    r"|getaddrinfo failed|nodename nor servname|Max retries exceeded|timed out"
)


class BuildError(Exception):
    """The environment could not be built; the message says why and what to do."""


class NoIndexError(BuildError):
    """No package index could be reached. Nothing was installed."""


def ensure(dev: bool) -> None:
    """Bring the environment to what is asked for, if it is not there already."""
    if _is_ready(dev):
        return
    with _alone():
        if _is_ready(dev):  # another make has done it meanwhile
            return
        closed = [path for path in (ROOT, VENV) if path.exists() and not os.access(path, os.W_OK)]
        if closed:
            raise BuildError(
                f"{VENV} has to be built or renewed, and you may not write to {closed[0]}. Ask its "
                "owner to run `make my-copy`, with a Python that you may run too; or work in a "
                "clone of your own."
            )
        _build(dev)


def _is_ready(dev: bool) -> bool:
    stamp = _stamp()
    ready = (
        stamp.get("recipe") == _recipe()
        and (stamp.get("dev") is True or not dev)
        and stamp.get("python") == _python_of(VENV)
    )
    if ready and stamp.get("place") != str(VENV):
        with contextlib.suppress(OSError, BuildError):  # all but `activate` works without this
            _moved()
            _write_stamp({**stamp, "place": str(VENV)})
    return ready


def _build(dev: bool) -> None:
    old = _stamp()
    sound = not _mark().exists() and _can_install(old.get("python"))
    if not sound:
        old = {}
        print(
            f"Installing the course into {VENV.name}. The first time, this takes a minute or two."
        )
        _create()
    else:
        print(f"Installing what is new into {VENV.name}.")
    dev = dev or old.get("dev") is True  # tools that are there stay there
    _mark().touch()
    _stamp_path().unlink(missing_ok=True)
    try:
        _pip("hatchling", "editables")
        # No build isolation: pip would fetch a build backend of any version, each time.
        _pip("--no-build-isolation", "--editable", ".[dev]" if dev else ".")
    except NoIndexError:
        if sound:  # pip looks for everything before it changes anything
            _write_stamp(old)
        raise
    settle(VENV)
    # The tests draw with fonts that are looked for here, once.
    _run(
        [str(python_in(VENV)), "-c", "import matplotlib.font_manager"],
        MPLCONFIGDIR=str(VENV / "settings" / "matplotlib"),
    )
    _write_stamp({"python": _python_of(VENV), "recipe": _recipe(), "dev": dev, "place": str(VENV)})


def _can_install(python: str | None) -> bool:
    """Say whether what lies there is an environment that pip can add to."""
    found = _python_of(VENV)
    if found is None or python not in (None, found):
        return False
    major, minor, _ = found.split()
    pip = [str(python_in(VENV)), "-m", "pip", "--version"]
    return (int(major), int(minor)) >= (3, 11) and (
        subprocess.run(pip, env=_shielded(), capture_output=True).returncode == 0
    )


def _create() -> None:
    """Make an empty environment, whatever lies there."""
    if VENV.is_file():
        VENV.unlink()
    VENV.mkdir(exist_ok=True)
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    _mark().touch()
    base = sys.executable
    if Path(base).is_relative_to(VENV):
        base = getattr(sys, "_base_executable", base)
    if os.pathsep not in str(VENV):
        _run([base, "-m", "venv", str(VENV)])
        return
    # venv refuses such a place, for PATH could not name it. Nothing here uses PATH.
    with tempfile.TemporaryDirectory() as elsewhere:
        made = Path(elsewhere) / VENV.name
        _run([base, "-m", "venv", str(made)])
        for path in made.iterdir():
            shutil.move(path, VENV)


def _moved() -> None:
    """Write the scripts that activate the environment once more: they name its place."""
    _run([str(python_in(VENV)), "-m", "venv", "--without-pip", str(VENV)])
    settle(VENV)


# The stamp, and the mark that takes its place meanwhile


def _stamp_path() -> Path:
    return VENV / ".installed.json"


def _mark() -> Path:
    return VENV / ".installing"


def _stamp() -> dict[str, Any]:
    try:
        content = json.loads(_stamp_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_stamp(content: dict[str, Any]) -> None:
    new = _stamp_path().with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(new, _stamp_path())
    _mark().unlink(missing_ok=True)


def _recipe() -> str:
    """Return a digest of all that an installation depends on."""
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in RECIPE}
    project = tomllib.loads(texts["pyproject.toml"])
    # How the tests are run, for one, is written there too.
    texts["pyproject.toml"] = json.dumps(
        [project.get("build-system"), project.get("project"), project.get("tool", {}).get("hatch")]
    )
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def python_in(venv: Path) -> Path:
    """Return where the Python of an environment lies."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def _python_of(venv: Path) -> str | None:
    """Return which Python an environment has; None where it does not start."""
    ask = "import sys, sysconfig; print(*sys.version_info[:2], sysconfig.get_platform())"
    try:
        done = subprocess.run(
            [str(python_in(venv)), "-I", "-S", "-c", ask], capture_output=True, text=True
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


# An environment that may be moved with the course


def site_packages(venv: Path) -> Path | None:
    """Return where the packages of an environment lie."""
    return next(
        (path for pattern in ("lib/python3.*/site-packages", "Lib/site-packages")
         for path in sorted(venv.glob(pattern))),
        None,
    )  # fmt: skip


def settle(venv: Path) -> None:
    """Let an environment in the course's folder find the course wherever both are moved or copied.

    pip writes absolute paths: the folder of the course, and in each script the Python that runs
    it. After a move nothing is found there; in a copy, the original. Besides, Python reads the
    file with the course's folder in the encoding of the locale, and does not start where that
    cannot be read. A relative path is right in every place and every encoding.
    """
    packages = site_packages(venv)
    if packages is None or not packages.resolve().is_relative_to(ROOT.resolve()):
        return
    line = os.path.relpath(ROOT, packages)
    for path in packages.glob("*cnnlib*.pth"):
        if path.read_bytes() != line.encode():
            path.write_bytes(line.encode())
    for script in sorted((venv / "bin").glob("*")):
        if script.is_file() and not script.is_symlink():
            text = script.read_bytes()
            if (head := _HEAD.match(text)) and head[0] != _RELOCATABLE:
                script.write_bytes(_RELOCATABLE + text[head.end() :])
            elif script.name == "activate" and b"BASH_SOURCE" not in text:
                script.write_bytes(_NAMES_PLACE.sub(_FINDS_PLACE, text))


# The first lines of a script, as pip writes them; the second form is for long paths and spaces.
_HEAD = re.compile(
    rb"#![^\n]*/python[\d.]*\n|#!/bin/sh\n'''exec' [^\n]*/python[\d.]*\"? \"\$0\" \"\$@\"\n' '''\n"
)
# The same for the shell and for Python: run the Python that lies beside the script.
_RELOCATABLE = b"""#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/python "$0" "$@"
' '''
"""
# The same for `activate`, where the shell tells which file it reads; else the place as it was.
_NAMES_PLACE = re.compile(rb"^([ \t]*(?:export )?VIRTUAL_ENV=)(?!\$)(.+)$", re.MULTILINE)
_FINDS_PLACE = (
    rb'\1"$(cd "$(dirname -- "${BASH_SOURCE:-$0}")/.." && test -f bin/activate && pwd '
    rb'|| printf %s \2)"'
)


# Running pip and others


def _shielded() -> dict[str, str]:
    """Return the environment variables without those that change what Python and pip do."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    return {**kept, "PYTHONUTF8": "1"}


def _run(command: list[str], **settings: str) -> None:
    """Run a command in the course's folder; what it says is shown only if it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**_shielded(), **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode == 0:
        return
    if "pip" in command and (found := NO_INDEX.search(done.stdout)):
        raise NoIndexError(
            f"No package index could be reached ({found[0]}), and the course has to download its "
            "packages once. Connect to the network and run the same command again; behind a "
            "proxy, see `pip config set global.proxy`."
        )
    raise BuildError(f"{done.stdout.rstrip()}\nThis failed: {' '.join(command)}")


def _pip(*arguments: str) -> None:
    install = [str(python_in(VENV)), "-m", "pip", "install", "--quiet", "--no-input"]
    _run([*install, "--constraint", "constraints.txt", *arguments], **_pip_settings())


def _pip_settings() -> dict[str, str]:
    """Return the reader's settings for pip that may count, as environment variables.

    With PIP_CONFIG_FILE set to the null device, pip reads none of its files itself.
    """
    own = {k.removeprefix("PIP_"): v for k, v in os.environ.items() if k.startswith("PIP_")}
    files = {"PIP_CONFIG_FILE": own["CONFIG_FILE"]} if "CONFIG_FILE" in own else {}
    # However quiet the reader has made pip, this much louder it shows its settings.
    asked = subprocess.run(
        [str(python_in(VENV)), "-m", "pip", "config", "list", "-vvv"],
        env={**_shielded(), **files},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for section, key, value in re.findall(
        r"^(global|install)\.([a-z-]+)=(['\"].*)$", asked.stdout, re.MULTILINE
    ):
        found[section][key] = ast.literal_eval(value)
    found["environment"] = {k.lower().replace("_", "-"): v for k, v in own.items()}
    settings = {"retries": "2"}  # so that being offline is known in seconds
    for one in found.values():
        settings |= {key: value for key, value in one.items() if key in PIP_KEEPS}
    names = {f"PIP_{key.upper().replace('-', '_')}": value for key, value in settings.items()}
    return {**names, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other make builds the environment of this folder."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        with contextlib.suppress(OSError):  # some network drives know no locks
            if sys.platform == "win32":
                import msvcrt

                file.seek(1 << 30)  # a place behind the end: what is locked, nobody can read
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: list[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Build .venv and keep it sound.")
    parser.add_argument("--dev", action="store_true", help="with the tools for tests")
    options = parser.parse_args(arguments)
    try:
        ensure(options.dev)
    except (BuildError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted. Run the same command again: it starts afresh.")


if __name__ == "__main__":
    main()
