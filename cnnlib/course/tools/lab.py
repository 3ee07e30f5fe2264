"""Open JupyterLab on the reader's own copy: ``python -m cnnlib lab``.

Every way into the course ends here, with make or without, so that all find the same: their own copy
of the notebooks, the course's modules from this folder, and the settings under which the notebooks
were written.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from cnnlib.course.tools.environment import ROOT
from cnnlib.course.tools.my_copy import BUNDLED, COURSE

# The matrices of the course are small: on several threads BLAS spends more time on waiting than on
# multiplying, and the last bits depend on how many there are. A reader's own setting counts.
DEFAULTS = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# Settings from outside that would put other modules, kernels, styles or programs before the
# course's; besides these, all that begin with PYTHON.
SHUT_OUT = ("JUPYTER_PATH", "JUPYTERLAB_DIR", "MATPLOTLIBRC", "MPLBACKEND")


def command(notebook: Path, options: Iterable[str]) -> list[str]:
    """Return the command that opens JupyterLab on a notebook, with further options for it."""
    folder = root_for(notebook)
    place = quote(os.fsencode(notebook.relative_to(folder).as_posix()))
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{place}",
        *as_root,
        *options,
    ]


def root_for(notebook: Path) -> Path:
    """Return the folder that JupyterLab shows: the course, if the notebook can be seen from there.

    Examples
    --------
    >>> root_for(ROOT / "my-notebooks" / "02_convolution.ipynb") == ROOT
    True
    >>> root_for(Path("/home/ada/my cnn/02_convolution.ipynb")).name
    'my cnn'
    """
    if notebook.is_relative_to(ROOT):
        hidden = any(part.startswith(".") for part in notebook.relative_to(ROOT).parts)
        if not hidden:
            return ROOT
    return notebook.parent


def choose(name: str | None, copied: list[Path]) -> Path:
    """Return the notebook that a reader means: a path, or a name or a number in the copy.

    Raises
    ------
    ValueError : there is none

    Examples
    --------
    >>> choose("02", [Path("mine/01_a.ipynb"), Path("mine/02_b.ipynb")]).name
    '02_b.ipynb'
    """
    if not name:
        return copied[0]
    path = Path(os.path.abspath(os.path.expanduser(name)))
    if path.is_file():
        return path
    for own in copied:
        if name in (own.name, own.stem) or own.name.startswith(f"{name}_"):
            return own
    raise ValueError(
        f"lab: there is no notebook {name}. Name a file, or one of: "
        + ", ".join(own.stem for own in copied)
    )


def environment() -> dict[str, str]:
    """Return the environment variables for JupyterLab and its kernels."""
    shut_out = {name for name in os.environ if name.startswith("PYTHON")} | {*SHUT_OUT}
    variables = {name: value for name, value in os.environ.items() if name not in shut_out}
    for name, value in DEFAULTS.items():
        variables[name] = variables.get(name) or value
    # Text files are UTF-8 whatever the reader's locale is.
    variables["PYTHONUTF8"] = "1"
    # The modules of this folder, whatever else this Python has installed under the same name.
    if COURSE != BUNDLED and os.pathsep not in str(ROOT):
        variables["PYTHONPATH"] = str(ROOT)
    # Kernels of this Python, also for somebody who does not own it.
    variables["JUPYTER_PREFER_ENV_PATH"] = "1"
    return variables | _own_folders(variables)


def _own_folders(variables: dict[str, str]) -> dict[str, str]:
    """Return the folders for what programs keep, where the usual ones cannot be written."""
    import platformdirs
    from jupyter_core import paths

    usual = {
        "MPLCONFIGDIR": os.path.join(
            platformdirs.user_cache_dir("cnnlib", appauthor=False), "matplotlib"
        ),
        "IPYTHONDIR": variables.get("IPYTHONDIR") or os.path.expanduser("~/.ipython"),
        "JUPYTER_CONFIG_DIR": paths.jupyter_config_dir(),
        "JUPYTER_DATA_DIR": paths.jupyter_data_dir(),
        "JUPYTER_RUNTIME_DIR": paths.jupyter_runtime_dir(),
    }
    closed = {name: Path(folder) for name, folder in usual.items() if not _can_write(Path(folder))}
    if closed:
        instead = tempfile.mkdtemp(prefix="cnnlib-")
        first = next(iter(closed.values()))
        print(f"{first} cannot be written. Settings are kept in {instead} until it is cleared.")
        usual |= {name: os.path.join(instead, name.lower()) for name in closed}
    return usual


def _can_write(folder: Path) -> bool:
    """Say whether a folder can be written, or made where it does not exist."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def run(notebook: Path, options: Iterable[str]) -> int:
    """Open JupyterLab and return when it ends, with its exit status.

    Raises
    ------
    ValueError : this Python has no JupyterLab
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise ValueError(
            f"lab: {sys.executable} has no JupyterLab. Install the course with `make lab`, or with "
            "`python -m pip install -c constraints.txt -e .`."
        )
    variables = environment()
    find_fonts(variables)
    whole = command(notebook, options)
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(whole[0], whole, variables)
    with subprocess.Popen(whole, env=variables) as server:
        while True:
            with contextlib.suppress(KeyboardInterrupt):  # which the server has got too
                return server.wait()


def find_fonts(variables: dict[str, str]) -> None:
    """Let Matplotlib look for fonts now: else the first figure may come with its warning."""
    if not any(Path(variables["MPLCONFIGDIR"]).glob("fontlist-*.json")):
        look = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(look, env=variables, stderr=subprocess.DEVNULL, check=False)
