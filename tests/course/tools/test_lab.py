"""Every way into the course ends in one command, which finds the same whatever is set outside."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from cnnlib import __main__ as shell
from cnnlib.course.tools import lab
from cnnlib.course.tools.environment import ROOT


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    for name in list(os.environ):
        if name.startswith(("JUPYTER", "IPYTHON", "XDG_", "MPL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


# The command


def options(command: list[str]) -> dict[str, str]:
    pairs = [word[2:].split("=", 1) for word in command if word.startswith("--") and "=" in word]
    return dict(pairs)


@pytest.mark.parametrize(
    ("notebook", "folder", "place"),
    [
        (ROOT / "my-notebooks" / "02_b.ipynb", ROOT, "my-notebooks/02_b.ipynb"),
        (ROOT / "notebooks" / "02_b.ipynb", ROOT, "notebooks/02_b.ipynb"),
        (ROOT / "my cnn #1?" / "02_b.ipynb", ROOT, "my cnn #1?/02_b.ipynb"),
        (Path("/home/ada/내 강의 100%/02_b.ipynb"), Path("/home/ada/내 강의 100%"), "02_b.ipynb"),
        (ROOT / ".mine" / "02_b.ipynb", ROOT / ".mine", "02_b.ipynb"),  # hidden from JupyterLab
    ],
)
def test_jupyterlab_finds_the_notebook_that_it_opens(notebook, folder, place):
    command = lab.command(notebook, ["--no-browser", "--port", "9999"])
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert command[-3:] == ["--no-browser", "--port", "9999"]
    found = options(command)
    assert found["ServerApp.root_dir"] == str(folder)
    address = found["LabApp.default_url"]
    assert re.fullmatch(r"/lab/tree/[\w./%~-]+", address, re.ASCII)
    assert unquote(address) == f"/lab/tree/{place}"


def test_a_notebook_is_named_by_number_name_or_path(tmp_path):
    copied = [tmp_path / "01_pixels.ipynb", tmp_path / "02_convolution.ipynb"]
    other = tmp_path / "other folder" / "notes.ipynb"
    other.parent.mkdir()
    other.touch()
    assert lab.choose(None, copied) == lab.choose("", copied) == copied[0]
    for name in ("02", "02_convolution", "02_convolution.ipynb"):
        assert lab.choose(name, copied) == copied[1]
    assert lab.choose(str(other), copied) == other
    with pytest.raises(ValueError, match=r"no notebook 2\. .*01_pixels, 02_convolution"):
        lab.choose("2", copied)


def test_what_the_command_line_does_not_know_goes_to_jupyterlab(monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(lab, "run", lambda notebook, rest: called.append((notebook, rest)) or 0)
    words = ["lab", "--to", str(tmp_path / "my cnn"), "--no-browser", "--port", "9", "--to_x=1"]
    monkeypatch.setattr(sys, "argv", ["cnnlib", *words, "--notebook", "02"])
    with pytest.raises(SystemExit) as done:
        shell.main()
    assert done.value.code == 0
    (notebook, rest) = called[0]
    assert notebook == tmp_path / "my cnn" / "02_convolution.ipynb"
    assert notebook.is_file()
    assert rest == ["--no-browser", "--port", "9", "--to_x=1"]


def test_other_commands_take_no_unknown_words(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["cnnlib", "my-copy", "--no-browser"])
    with pytest.raises(SystemExit):
        shell.main()
    assert "unknown arguments: --no-browser" in capsys.readouterr().err


# The settings


def test_outer_settings_reach_neither_the_server_nor_the_kernels(home, monkeypatch):
    for name in (
        *("PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONSAFEPATH"),
        *("JUPYTER_PATH", "JUPYTERLAB_DIR", "MATPLOTLIBRC", "MPLBACKEND"),
    ):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("PYTHONUTF8", "0")
    variables = lab.environment()
    assert "/elsewhere" not in variables.values()
    assert variables["PYTHONUTF8"] == "1"
    assert variables["PYTHONPATH"] == str(ROOT)
    assert variables["JUPYTER_PREFER_ENV_PATH"] == "1"


def test_one_thread_for_blas_unless_the_reader_says_otherwise(home, monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert lab.environment()["OPENBLAS_NUM_THREADS"] == "1"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "")
    assert lab.environment()["OPENBLAS_NUM_THREADS"] == "1"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert lab.environment()["OPENBLAS_NUM_THREADS"] == "3"


def test_the_readers_own_folders_are_used(home, capsys):
    variables = lab.environment()
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        assert Path(variables[name]).is_relative_to(home), name
    assert "cnnlib" in variables["MPLCONFIGDIR"]  # and no style of theirs beside it
    assert capsys.readouterr().out == ""


def test_without_a_home_that_can_be_written_others_are_used_and_named(home, monkeypatch, capsys):
    file = home / "file"
    file.touch()
    monkeypatch.setenv("HOME", str(file))
    variables = lab.environment()
    said = capsys.readouterr().out
    assert "cannot be written" in said
    assert said.count("\n") == 1
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        folder = Path(variables[name])
        assert not folder.is_relative_to(home)
        assert str(folder.parent) in said
        folder.mkdir(parents=True)
    with_them = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import matplotlib.font_manager as f, IPython.paths"],
        env=variables,
        capture_output=True,
        text=True,
    )
    assert (with_them.returncode, with_them.stderr) == (0, "")


def test_fonts_are_looked_for_before_the_first_figure(home):
    variables = lab.environment()
    lab.find_fonts(variables)
    assert list(Path(variables["MPLCONFIGDIR"]).glob("fontlist-*.json"))


def test_a_kernel_of_the_lab_imports_this_course_from_any_folder(home, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    done = subprocess.run(
        [sys.executable, "-c", "import cnnlib; print(cnnlib.__file__)"],
        cwd=tmp_path,
        env=lab.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()).parents[1] == ROOT


def test_every_installation_brings_the_settings_of_jupyterlab():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    data = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert list(data.values()) == ["share/jupyter/lab/settings/overrides.d/cnnlib.json"]
    (source,) = data
    settings = json.loads((ROOT / source).read_text(encoding="utf-8"))
    assert settings["@jupyter-widgets/jupyterlab-manager:plugin"] == {"saveState": True}
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


# What is written about it


def test_every_way_in_that_readme_names_ends_in_the_one_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ways = readme[readme.index("## Other ways in") :]
    for name in ("Windows", "conda", "uv"):
        assert name in ways
    lines = re.findall(r"^ {4,}(\S.*)$", ways, re.MULTILINE)
    assert sum(line.endswith("python -m cnnlib lab") for line in lines) == 3
    assert "jupyter lab notebooks" not in readme
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "-m cnnlib lab " in makefile
    assert "-m jupyterlab" not in makefile
