"""Open a notebook's lecture in JupyterLab: ``make lecture NB=02``, or ``cnnlib lecture 02``.

The deck is a copy in ``my-lectures``, so that a lecture changes nothing of the course. A copy that
is there already may hold a lecturer's own changes, and is opened as it is. JupyterLab's settings
for a lecture lie there too: it starts as a deck, whatever the last one was left as.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

import nbformat

from cnnlib.course.tools import lab
from cnnlib.course.tools.my_copy import BUNDLED, COURSE, ROOT
from cnnlib.course.tools.pages.chosen import chosen
from cnnlib.course.tools.pages.path import deck
from cnnlib.files import write_whole

__all__ = ["folder_for_lectures", "prepare", "settings"]

NO_DECK = (
    "lecture: jupyterlab-deck is missing. `make lecture` installs it, and so does "
    "`python -m pip install 'cnnlib[lecture]'`."
)
HOW = (
    "it opens as a deck. Before the room comes in, run all cells once (Ctrl+Shift+C, then Run All "
    "Cells), save and reload the page. The space bar or Page Down goes on, Shift and the space bar "
    "or Page Up go back. A widget that you have touched keeps its keys until you click beside it."
)
# jupyterlab-deck listens for keys on the notebook as a whole. In this JupyterLab the focus is on a
# cell, or, when that cell goes out of sight, on nothing. A widget in a cell keeps its own keys.
NOWHERE_ELSE = (
    ".jp-Deck .jp-Notebook.jp-mod-commandMode .jp-Cell:focus",
    "body[data-jp-deck-mode='presenting']:not(:focus-within)",
)
GO = {  # the keys of a presenter's clicker as well
    ("Space", "PageDown"): {"direction": "down", "alternate": "forward"},
    ("Shift Space", "PageUp"): {"direction": "up", "alternate": "back"},
}
# For a room: the deck is on, and text is readable from the back row.
SWITCHES = {
    "@deathbeds/jupyterlab-deck/plugin": {"active": True},
    "@jupyterlab/apputils-extension/themes": {
        "theme": "JupyterLab Light",
        "overrides": {"content-font-size1": "24px", "code-font-size": "22px"},
    },
    "@jupyterlab/shortcuts-extension/shortcuts": {
        "shortcuts": [
            {"command": "deck:go", "args": where, "keys": [key], "selector": focus}
            for keys, where in GO.items()
            for key in keys
            for focus in NOWHERE_ELSE
        ]
    },
}


def folder_for_lectures() -> Path:
    """Return where the decks lie: beside the course, or, if it came as a wheel, where one is.

    Examples
    --------
    >>> folder_for_lectures().name
    'my-lectures'
    """
    return Path(os.getcwd() if COURSE == BUNDLED else ROOT) / "my-lectures"


def prepare(name: str, folder: Path | None = None) -> Path:
    """Return the deck of a notebook, which is made unless it is there.

    Parameters
    ----------
    name : str
        A path, or a name or a number in the course.
    folder : Path, optional
        Where the deck lies; `folder_for_lectures()` unless given.

    Returns
    -------
    Path

    Raises
    ------
    ValueError : there is no such notebook, or its path is none

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     prepare("02", Path(folder)).name
    '02_convolution.ipynb'
    """
    (original,) = chosen([name])
    target = (folder_for_lectures() if folder is None else folder) / original.name
    if not target.exists():
        notebook = nbformat.read(original, as_version=4)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, nbformat.writes(deck(notebook)).encode())
    return target


def settings(folder: Path) -> list[str]:
    """Write JupyterLab's settings for a lecture; return the options that name them.

    Nothing of the last lecture is left: no window that was open, no deck that was switched off.

    Parameters
    ----------
    folder : Path
        Where the decks lie.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [option.partition("=")[0] for option in settings(Path(folder))]
    ['--LabApp.user_settings_dir', '--LabApp.workspaces_dir']
    """
    own = folder / ".jupyterlab"
    shutil.rmtree(own, ignore_errors=True)
    switches, windows = own / "settings", own / "workspaces"
    windows.mkdir(parents=True)
    for name, values in SWITCHES.items():
        path = switches / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    return [f"--LabApp.user_settings_dir={switches}", f"--LabApp.workspaces_dir={windows}"]


def main(arguments: list[str] | None = None) -> int:
    """Prepare a deck and open it; say what there is to press."""
    parser = argparse.ArgumentParser(
        prog="python -m cnnlib lecture",
        description=__doc__.splitlines()[0],
        epilog="All other options go to JupyterLab, such as --no-browser or --port=9999.",
        allow_abbrev=False,
    )
    parser.add_argument("notebook", help="a number, such as 02, or a path")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where the decks lie")
    chosen_ones, rest = parser.parse_known_args(arguments)
    try:
        if importlib.util.find_spec("jupyterlab_deck") is None:
            raise ValueError(NO_DECK)
        target = prepare(
            chosen_ones.notebook, chosen_ones.to and Path(os.path.abspath(chosen_ones.to))
        )
        print(f"{target}: {HOW}", flush=True)
        return lab.run(target, [*settings(target.parent), *rest])
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
