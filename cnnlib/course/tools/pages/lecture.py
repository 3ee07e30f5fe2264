"""Open a notebook's lecture in JupyterLab: ``make lecture NB=02``.

The deck is a copy in ``my-lectures``, so that a lecture changes nothing of the course. A copy that
is there already may hold a lecturer's own changes, and is opened as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

from cnnlib.course.tools import lab
from cnnlib.course.tools.environment import ROOT
from cnnlib.course.tools.my_copy import COURSE
from cnnlib.course.tools.pages.path import deck
from cnnlib.files import write_whole

__all__ = ["prepare"]

FOLDER = ROOT / "my-lectures"


def prepare(name: str, folder: Path = FOLDER) -> Path:
    """Return the deck of a notebook, which is made unless it is there.

    Parameters
    ----------
    name : str
        A path, or a name or a number in the course.
    folder : Path
        Where the deck lies.

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
    original = lab.choose(name, sorted(COURSE.glob("*.ipynb")))
    target = folder / original.name
    if not target.exists():
        notebook = nbformat.read(original, as_version=4)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(target, nbformat.writes(deck(notebook)).encode())
    return target


def main(name: str, options: list[str]) -> int:
    """Prepare a deck and open it; say what there is to press."""
    try:
        target = prepare(name)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{target}: run all cells once, click the first, then press Toggle Deck in the toolbar. "
        "The space bar goes on."
    )
    return lab.run(target, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
