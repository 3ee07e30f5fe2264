"""A look at the installation: what is there, what is missing, and how to get it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec

from cnnlib.datasets import load_digits, photo_names
from cnnlib.pretrained import load_digits_cnn, load_efficientnet_lite0

__all__ = ["Report", "look"]

# What the notebooks need, and what for. Whoever installs the course gets them all.
LIBRARIES = {
    "numpy": "the numbers",
    "matplotlib": "the figures",
    "PIL": "opening photographs",
    "ipywidgets": "the widgets",
    "anywidget": "the widgets",
    "tqdm": "the progress bar of a training",
}
INSTALL = "in the course folder, run `make lab` again, or `python -m pip install -e .`"
DATA: dict[str, Callable[[], object]] = {
    "8,000 + 1,000 + 1,000 digits": load_digits,
    "three photographs": photo_names,
    "a network for digits": load_digits_cnn,
    "a network for photographs": load_efficientnet_lite0,
}


class Report:
    """What was found. It is shown as a list, with a cure under each thing that is missing.

    Attributes
    ----------
    missing : dict from str to str
        What is missing, and how to get it.
    found : list of str
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.missing: dict[str, str] = {}

    def note(self, what: str, there: bool, cure: str) -> None:
        """Add a line."""
        if there:
            self.found.append(what)
        else:
            self.missing[what] = cure

    def __repr__(self) -> str:
        lines = [f"✓ {what}" for what in self.found]
        for what, cure in self.missing.items():
            lines += [f"✗ {what} is missing", f"  What helps: {cure}"]
        verdict = f"{len(self.missing)} missing" if self.missing else "All is there."
        return "\n".join([*lines, verdict])


def look(
    version: tuple[int, int] | None = None,
    has: Callable[[str], object] = find_spec,
    data: dict[str, Callable[[], object]] | None = None,
) -> Report:
    """Look for all that the course needs.

    Parameters
    ----------
    version : (int, int), optional
        Of Python; the one that runs unless given.
    has : callable
        Says whether a library of a name is installed.
    data : dict from str to callable, optional
        What each data file is for, and what reads it; those of the course unless given.

    Examples
    --------
    >>> look(version=(3, 9)).missing
    {'Python 3.11 or newer': 'install it, then run `make lab PYTHON=python3.12`, or its name there'}
    """
    report = Report()
    version = version or (sys.version_info[0], sys.version_info[1])
    cure = "install it, then run `make lab PYTHON=python3.12`, or its name there"
    report.note("Python 3.11 or newer", version >= (3, 11), cure)
    for name, what_for in LIBRARIES.items():
        report.note(f"{name}, for {what_for}", bool(has(name)), INSTALL)
    for what, read in (DATA if data is None else data).items():
        try:
            read()
        except (OSError, ValueError) as error:
            report.note(what, False, str(error))
        else:
            report.note(what, True, "")
    return report
