"""The environment is built once, mended after whatever befell it, and may be moved.

pip is a stand-in here, so that nothing is installed; tests/places holds the real thing.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cnnlib.course.tools import environment
from cnnlib.course.tools.environment import BuildError, NoIndexError, ensure, python_in, settle

posix = pytest.mark.skipif(os.name == "nt", reason="scripts on Windows are programs of pip's own")
PTH = "_editable_impl_cnnlib.pth"


class Runs:
    """Stands in for what the script runs: makes real environments, and pretends to be pip."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said: list[str] = []
        self.fail: dict[str, BaseException] = {}
        self.real = environment._run

    def __call__(self, command: list[str], **settings: str) -> None:
        word = next(w for w in ("venv", "hatchling", "--editable", "-c") if w in command)
        self.said.append(word)
        if word in self.fail:
            raise self.fail.pop(word)
        if word == "venv":
            self.real([*command, "--without-pip"])
        if word == "hatchling":
            (environment.site_packages(self.root / ".venv") / "pip.py").touch()
        if word == "--editable":
            packages = environment.site_packages(self.root / ".venv")
            (packages / PTH).write_text(str(self.root), encoding="utf-8")
            script = self.root / ".venv" / "bin" / "where"
            python = python_in(self.root / ".venv")
            script.write_text(f"#!{python}\nimport cnnlib, sys\nprint(cnnlib.PLACE, sys.prefix)\n")
            script.chmod(0o755)


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "강의 #1 'a' $b"
    (folder / "cnnlib" / "course" / "tools").mkdir(parents=True)
    for name in environment.RECIPE:
        (folder / name).write_text("[project]\nversion = '1'")
    (folder / "cnnlib" / "__init__.py").write_text("import os\nPLACE = os.path.dirname(__file__)\n")
    monkeypatch.setattr(environment, "ROOT", folder)
    monkeypatch.setattr(environment, "VENV", folder / ".venv")
    monkeypatch.setattr(environment, "_pip_settings", dict)
    return folder


@pytest.fixture
def runs(root, monkeypatch) -> Runs:
    made = Runs(root)
    monkeypatch.setattr(environment, "_run", made)
    return made


def python_says(venv: Path, code: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(python_in(venv)), "-c", code], capture_output=True, check=True, env=env, cwd="/"
    )
    return os.fsdecode(done.stdout).strip()


WHOLE = ["venv", "hatchling", "--editable", "-c"]


def test_it_is_built_once(root, runs, capsys):
    ensure(dev=False)
    assert runs.said == WHOLE
    assert "The first time, this takes a minute or two." in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    ensure(dev=False)
    assert runs.said == WHOLE
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    assert capsys.readouterr().out == ""


def test_the_tools_for_tests_come_on_top_and_stay(root, runs):
    ensure(dev=False)
    ensure(dev=True)
    assert runs.said == [*WHOLE, *WHOLE[1:]]
    (root / "constraints.txt").write_text("version 2")
    ensure(dev=False)
    ensure(dev=True)
    assert runs.said == [*WHOLE, *WHOLE[1:], *WHOLE[1:]]


@pytest.mark.parametrize("name", environment.RECIPE)
def test_another_recipe_is_installed(root, runs, name):
    ensure(dev=False)
    (root / name).write_text("[project]\nversion = '2'")
    ensure(dev=False)
    assert runs.said == [*WHOLE, *WHOLE[1:]]


def test_other_options_for_the_tests_are_no_other_recipe(root, runs):
    ensure(dev=False)
    with (root / "pyproject.toml").open("a") as file:
        file.write("\n[tool.pytest.ini_options]\ntimeout = 9\n")
    ensure(dev=False)
    assert runs.said == WHOLE


@pytest.mark.parametrize("word", WHOLE)
@pytest.mark.parametrize("what", [KeyboardInterrupt(), BuildError("pip failed")])
def test_what_was_broken_off_starts_afresh(root, runs, word, what):
    runs.fail[word] = what
    with pytest.raises(type(what)):
        ensure(dev=False)
    runs.said.clear()
    ensure(dev=False)
    assert runs.said == WHOLE
    assert python_says(root / ".venv", "import cnnlib; print(1)") == "1"


@pytest.mark.parametrize("word", WHOLE[1:])
def test_a_renewal_that_was_broken_off_starts_afresh(root, runs, word):
    ensure(dev=False)
    (root / "constraints.txt").write_text("version 2")
    runs.fail[word] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        ensure(dev=False)
    runs.said.clear()
    ensure(dev=False)
    assert runs.said == WHOLE


@pytest.mark.parametrize(
    "harm",
    [
        lambda venv: shutil.rmtree(venv),
        lambda venv: (venv / "bin" / "python").unlink(),
        lambda venv: shutil.rmtree(venv / "bin"),
        lambda venv: (venv / ".installed.json").rename(venv / ".installing"),
        lambda venv: (shutil.rmtree(venv), venv.touch()),
        lambda venv: (shutil.rmtree(venv), venv.mkdir()),  # killed while it was made
    ],
)
@posix
def test_what_was_harmed_is_made_anew(root, runs, harm):
    ensure(dev=False)
    harm(root / ".venv")
    runs.said.clear()
    ensure(dev=False)
    assert runs.said == WHOLE


@posix
@pytest.mark.parametrize("pip", [True, False])
def test_an_environment_of_the_readers_own_is_added_to_if_it_can_be(root, runs, pip):
    """Made by uv, or by an earlier version of the course, perhaps with more packages in it."""
    environment._create()
    packages = environment.site_packages(root / ".venv")
    (root / ".venv" / ".installing").unlink()
    (packages / "extra.py").touch()
    if pip:
        (packages / "pip.py").touch()
    runs.said.clear()
    ensure(dev=False)
    assert runs.said == (WHOLE[1:] if pip else WHOLE)
    assert (packages / "extra.py").exists() == pip


@posix
def test_it_is_built_where_path_could_not_name_it(root, runs, monkeypatch):
    odd = root.rename(root.with_name("a:b"))
    monkeypatch.setattr(environment, "ROOT", odd)
    monkeypatch.setattr(environment, "VENV", odd / ".venv")
    runs.root = odd
    ensure(dev=False)
    assert python_says(odd / ".venv", "import cnnlib; print(cnnlib.PLACE)") == str(odd / "cnnlib")
    runs.said.clear()
    ensure(dev=False)
    assert runs.said == []


@pytest.mark.parametrize("other", ["3 10 linux-x86_64", "3 11 macosx-14-arm64"])
def test_under_another_python_it_is_made_anew(root, runs, other):
    ensure(dev=True)
    stamp = root / ".venv" / ".installed.json"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "python": other}))
    runs.said.clear()
    ensure(dev=False)
    assert runs.said == WHOLE


def test_two_at_once_build_it_once(root, runs):
    threads = [threading.Thread(target=ensure, args=(False,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs.said == WHOLE


# Without a network


def test_without_a_network_one_sentence_says_what_to_do(root, runs, capsys):
    runs.fail["hatchling"] = NoIndexError("No package index could be reached.")
    with pytest.raises(SystemExit) as done:
        environment.main([])
    assert done.value.code == "No package index could be reached."
    environment.main([])
    assert (root / ".venv" / ".installed.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        "<pip._vendor.urllib3.connection.HTTPSConnection object>: Failed to establish a new "
        "connection: [Errno -3] Temporary failure in name resolution",
        "WARNING: Retrying after connection broken by 'ConnectTimeoutError(...)'",
        "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403'))",
    ],
)
def test_pip_without_a_network_is_told_from_other_failures(root, words):
    failing = f"import sys; print({words!r}); sys.exit(1)"
    with pytest.raises(NoIndexError) as told:
        environment._run([sys.executable, "-c", failing, "pip"])
    assert "\n" not in str(told.value)
    with pytest.raises(BuildError, match="something else\nThis failed") as other:
        environment._run(
            [sys.executable, "-c", "import sys; print('something else'); sys.exit(1)", "pip"]
        )
    assert not isinstance(other.value, NoIndexError)


def test_a_renewal_without_a_network_leaves_what_there_was(root, runs):
    ensure(dev=False)
    before = (root / ".venv" / ".installed.json").read_text()
    (root / "constraints.txt").write_text("version 2")
    runs.fail["--editable"] = NoIndexError("offline")
    with pytest.raises(NoIndexError):
        ensure(dev=True)
    assert (root / ".venv" / ".installed.json").read_text() == before
    runs.said.clear()
    ensure(dev=False)
    assert runs.said == WHOLE[1:]


@pytest.mark.parametrize("closed", [".", ".venv"])
def test_a_folder_of_somebody_elses_is_left_alone_and_named(root, runs, monkeypatch, closed):
    ensure(dev=False)
    (root / "constraints.txt").write_text("version 2")
    runs.said.clear()
    access = os.access
    monkeypatch.setattr(  # the superuser, who may run this, can write everything
        os, "access", lambda path, mode: path != root / closed and access(path, mode)
    )
    with pytest.raises(BuildError, match=r"you may not write to .* Ask its owner"):
        ensure(dev=False)
    assert runs.said == []
    assert (root / ".venv" / ".installed.json").exists()


# In another place


@posix
def test_a_moved_environment_runs_the_course_beside_it(root, runs, tmp_path, monkeypatch):
    ensure(dev=False)
    moved = tmp_path / "else" / "where"
    moved.parent.mkdir()
    root.rename(moved)
    where = str(moved / "cnnlib")
    assert python_says(moved / ".venv", "import cnnlib; print(cnnlib.PLACE)") == where
    done = subprocess.run([moved / ".venv/bin/where"], cwd="/", capture_output=True, text=True)
    assert done.stdout.split() == [where, str(moved / ".venv")]
    # The next make writes the scripts that activate it once more.
    monkeypatch.setattr(environment, "ROOT", moved)
    monkeypatch.setattr(environment, "VENV", moved / ".venv")
    runs.said.clear()
    ensure(dev=False)
    assert runs.said == ["venv"]
    activated = ". .venv/bin/activate && python -c 'import sys; print(sys.prefix)'"
    done = subprocess.run(["sh", "-c", activated], cwd=moved, capture_output=True, text=True)
    assert done.stdout.strip() == str(moved / ".venv")
    ensure(dev=False)
    assert runs.said == ["venv"]


@posix
@pytest.mark.parametrize("original", ["changed", "deleted"])
def test_a_copy_runs_its_own_course(root, runs, tmp_path, original):
    ensure(dev=False)
    copy = tmp_path / "copy 1"
    shutil.copytree(root, copy, symlinks=True)
    if original == "deleted":
        shutil.rmtree(root)
    else:
        (root / "cnnlib" / "__init__.py").write_text("raise RuntimeError('the original')")
    where = str(copy / "cnnlib")
    activated = [". .venv/bin/activate && python -c 'import sys; print(sys.prefix)'"]
    done = subprocess.run(["bash", "-c", *activated], cwd=copy, capture_output=True, text=True)
    assert done.stdout.strip() == str(copy / ".venv")
    assert python_says(copy / ".venv", "import cnnlib; print(cnnlib.PLACE)") == where
    done = subprocess.run([copy / ".venv/bin/where"], cwd="/", capture_output=True, text=True)
    assert done.stdout.strip() == f"{where} {copy / '.venv'}"


@pytest.mark.parametrize("utf8", ["0", "1"])
def test_it_starts_whatever_the_locale(root, runs, utf8):
    ensure(dev=False)
    outer = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": "0"}
    outer.pop("PYTHONPATH", None)
    assert python_says(root / ".venv", "import cnnlib; print(7)", env=outer) == "7"


def test_an_environment_elsewhere_keeps_its_absolute_path(root, runs, tmp_path):
    ensure(dev=False)
    elsewhere = tmp_path / "env"
    shutil.copytree(root / ".venv", elsewhere, symlinks=True)
    pth = environment.site_packages(elsewhere) / PTH
    pth.write_text("/srv/course")
    settle(elsewhere)
    assert pth.read_text() == "/srv/course"


@pytest.mark.parametrize(
    "head",
    [
        "#!/srv/강의/.venv/bin/python3.11\n",
        "#!/bin/sh\n'''exec' \"/srv/my course/.venv/bin/python\" \"$0\" \"$@\"\n' '''\n",
        "#!/bin/sh\n'''exec' /srv/a/long/path/.venv/bin/python3 \"$0\" \"$@\"\n' '''\n",
    ],
)
@posix
def test_both_heads_that_pip_writes_are_made_movable(root, runs, head):
    ensure(dev=False)
    script = root / ".venv" / "bin" / "tool"
    script.write_text(f"{head}import sys\nprint(sys.argv[1:], sys.prefix)\n", encoding="utf-8")
    script.chmod(0o755)
    settle(root / ".venv")
    done = subprocess.run([script, "a b", "$c"], capture_output=True, text=True, cwd="/")
    assert done.stdout.strip() == f"['a b', '$c'] {root / '.venv'}"
    before = script.read_bytes()
    settle(root / ".venv")
    assert script.read_bytes() == before


# The reader's settings


def pip_sees(monkeypatch, tmp_path, config: str, **variables: str) -> dict[str, str]:
    file = tmp_path / "pip.conf"
    file.write_text(config, encoding="utf-8")
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(environment, "python_in", lambda venv: Path(sys.executable))
    return environment._pip_settings()


WRONG = """
[global]
quiet = 2
require-virtualenv = true
constraint = /nowhere.txt
[install]
user = true
target = /elsewhere
prefix = /elsewhere
no-deps = true
"""


def test_settings_that_say_what_is_installed_where_do_not_count(monkeypatch, tmp_path):
    variables = {
        f"PIP_{name}": "/elsewhere"
        for name in ("USER", "TARGET", "PREFIX", "ROOT", "CONSTRAINT", "PYTHON", "NO_BINARY")
    }
    settings = pip_sees(monkeypatch, tmp_path, WRONG, **variables)
    assert "/elsewhere" not in settings.values()
    assert set(settings) & {"PIP_USER", "PIP_QUIET", "PIP_NO_DEPS", "PIP_CONSTRAINT"} == set()
    assert settings["PIP_CONFIG_FILE"] == os.devnull
    assert settings["PIP_RETRIES"] == "2"


def test_settings_that_say_how_to_reach_an_index_count(monkeypatch, tmp_path):
    config = """
[global]
index-url = https://user:pa%%24s@pypi.강의.example/simple
proxy = http://proxy.example:3128
retries = 9
timeout = 7
extra-index-url =
    https://one.example
    https://two.example
[install]
cert = /etc/ssl/it's mine.pem
trusted-host = from-the-file
"""
    settings = pip_sees(monkeypatch, tmp_path, config, PIP_TRUSTED_HOST="from-the-shell")
    assert settings["PIP_INDEX_URL"].endswith("@pypi.강의.example/simple")
    assert settings["PIP_PROXY"] == "http://proxy.example:3128"
    assert settings["PIP_EXTRA_INDEX_URL"].split() == ["https://one.example", "https://two.example"]
    assert settings["PIP_CERT"] == "/etc/ssl/it's mine.pem"
    assert settings["PIP_TRUSTED_HOST"] == "from-the-shell"
    assert settings["PIP_RETRIES"] == "9"
    assert settings["PIP_TIMEOUT"] == "7"


def test_what_is_run_sees_no_settings_of_python_or_pip(root, monkeypatch, tmp_path):
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "PIP_USER", "PIP_TARGET"):
        monkeypatch.setenv(name, "/elsewhere")
    seen = tmp_path / "seen"
    code = f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ)))"
    environment._run([sys.executable, "-c", code], MARK="set")
    assert "/elsewhere" not in seen.read_text()
    assert "'MARK': 'set'" in seen.read_text()
