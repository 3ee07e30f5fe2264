"""Which notebooks somebody means: ``NB=02``, ``NB=notebooks/02_convolution.ipynb``, or all."""

from __future__ import annotations

from pathlib import Path

from cnnlib.course.tools import lab
from cnnlib.course.tools.my_copy import COURSE

__all__ = ["chosen"]


def chosen(names: list[str]) -> list[Path]:
    """Return the paths of notebooks.

    Parameters
    ----------
    names : list of str
        Paths, or names or numbers in the course; all notebooks of the course, if it is empty.

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError : there is no such notebook

    Examples
    --------
    >>> [path.name for path in chosen(["02", "05_pooling"])]
    ['02_convolution.ipynb', '05_pooling.ipynb']
    """
    course = sorted(COURSE.glob("*.ipynb"))
    return [lab.choose(name, course) for name in names] if names else course
