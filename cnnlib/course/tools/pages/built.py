"""How a command that builds a site ends: it says where the site lies, or what stood in the way."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["finish"]


def finish(
    build: Callable[[], None], page: Path, faults: tuple[type[Exception], ...], advice: str = ""
) -> int:
    """Build a site; say where it is, how large it is and how long that took, or what was missing.

    Parameters
    ----------
    build : callable
    page : Path
        The first page of the site, at the top of its folder.
    faults : tuple of exceptions
        What the builder raises with a text for whoever called the command.
    advice : str
        What is said last.

    Returns
    -------
    int
        The exit status of the command.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> def build():
    ...     _ = (folder / "index.html").write_text("x" * 250_000)
    >>> finish(build, folder / "index.html", (ValueError,))  # doctest: +ELLIPSIS
    /...index.html: 0.2 MB, ... seconds
    0
    """
    start = time.perf_counter()
    try:
        build()
    except faults as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in page.parent.rglob("*") if path.is_file())
    print(f"{page}: {size / 1e6:.1f} MB, {time.perf_counter() - start:.0f} seconds")
    if advice:
        print(advice)
    return 0
