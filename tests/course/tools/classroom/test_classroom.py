"""The small parts of a class on one machine; `make test-doors` tries it in full."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.config import Config

from cnnlib.course.tools.classroom import __main__ as shell
from cnnlib.course.tools.classroom import people, start

SETTINGS = {
    "URL": "https://:8443",
    "MEMORY": "3G",
    "THREADS": "2",
    "PROCESSES": "300",
    "GROUP": "spring",
    "PROXY": "/opt/proxy",
}


def configured(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Config:
    """Return JupyterHub's configuration, as JupyterHub reads it."""
    for name in SETTINGS:
        monkeypatch.delenv(f"CNNLIB_CLASS_{name}", raising=False)
    for name, value in (settings | {"STATE": str(folder / "state")}).items():
        monkeypatch.setenv(f"CNNLIB_CLASS_{name}", value)
    config = Config()
    code = compile(shell.CONFIG.read_text(encoding="utf-8"), str(shell.CONFIG), "exec")
    exec(code, {"get_config": lambda: config})
    return config


def test_the_settings_of_the_page_are_those_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = configured(tmp_path, monkeypatch)
    assert usual.JupyterHub.bind_url == "http://:8000"
    assert usual.Spawner.mem_limit == "2G"
    assert usual.Spawner.environment["CNNLIB_NUM_THREADS"] == "1"
    changed = configured(tmp_path, monkeypatch, **SETTINGS)
    assert changed.JupyterHub.bind_url == "https://:8443"
    assert changed.Spawner.mem_limit == "3G"
    assert changed.Spawner.environment["OPENBLAS_NUM_THREADS"] == "2"
    assert changed.Spawner.environment["CNNLIB_CLASS_PROCESSES"] == "300"
    assert changed.PAMAuthenticator.allowed_groups == {"spring"}
    assert changed.ConfigurableHTTPProxy.command == ["/opt/proxy"]
    page = (shell.CONFIG.parents[1] / "README.md").read_text(encoding="utf-8")
    for name in SETTINGS:
        assert f"`CNNLIB_CLASS_{name}`" in page


@pytest.mark.skipif(os.name != "posix", reason="modes and accounts are Unix's")
def test_what_the_hub_remembers_is_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(tmp_path, monkeypatch)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["Ada", "ada lovelace", "1st", "-rf", "a" * 32, "ada:x", "../a"])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        people.names_in(f"alan\n{name}\n")


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="ada stands in the list twice"):
        people.names_in("ada\nalan\nada\n")


def test_passwords_differ() -> None:
    assert len({people.password() for _ in range(100)}) == 100


def test_accounts_are_a_matter_of_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tmp_path / "names.txt"
    names.write_text("ada")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(sys, "argv", ["classroom", "add", str(names)])
    with pytest.raises(SystemExit, match="Put sudo before it"):
        shell.main()


def test_an_account_that_is_not_the_classes_is_left_alone() -> None:
    said: list[str] = []
    people.remove(["root", "no-such-account"], said.append)
    assert len(said) == 2
    assert all("left alone" in line for line in said)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a class needs Linux")
def test_the_limits_hold_for_what_is_started_afterwards() -> None:
    code = (
        "import subprocess, sys\n"
        "from cnnlib.course.tools.classroom.start import limit\n"
        "limit(1000, 100_000)\n"
        "ask = 'bytearray(2 * 10**9)'\n"
        "print(subprocess.run([sys.executable, '-c', ask], stderr=subprocess.PIPE).stderr[-12:])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "b'MemoryError\\n'\n", done.stderr


@pytest.mark.skipif(os.name != "posix", reason="modes and accounts are Unix's")
@pytest.mark.parametrize("home", ["home", "h" * 60])
def test_sockets_lie_where_their_path_fits_and_nobody_else_enters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / home))
    monkeypatch.setattr(start, "SHORT", len(str(tmp_path)) + 20)
    folder = Path(start.variables({})["JUPYTER_RUNTIME_DIR"])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.is_relative_to(tmp_path) == (home == "home")
    assert len(str(folder)) <= start.SHORT
    folder.rmdir()
