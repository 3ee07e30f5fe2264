"""Start JupyterLab for one member of a class, with their rights: what JupyterHub calls.

It makes or updates their own copy of the notebooks, sets their limits, and becomes the server that
JupyterHub expects. Nothing here needs, or has, more rights than that member.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from cnnlib.course.tools.lab import environment, find_fonts
from cnnlib.course.tools.my_copy import copy_notebooks

COPY = "cnnlib-notebooks"
SHORT = 50  # bytes; "/kernel-", 36 letters of an id and ".json-ipc-5" come after it, of 107


def limit(megabytes: int, processes: int) -> None:
    """Limit the memory of each process from now on, and how many a member may run.

    What counts is memory that is asked for, not what is used: about a quarter more. Threads count
    as processes, and a notebook that is open has about fifteen.
    """
    import resource  # which Windows lacks, like everything else here

    for what, most in (
        (resource.RLIMIT_DATA, megabytes * 1_000_000),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit holds already
            resource.setrlimit(what, (most, most))


def variables(given: dict[str, str]) -> dict[str, str]:
    """Return the environment for JupyterLab, from what JupyterHub gives."""
    # Sockets and keys of kernels lie in a folder that nobody else may enter. Its path has to be
    # short, for that of a socket in it may have no more than a hundred letters.
    run = str(Path.home() / ".cnnlib-run")
    if len(os.fsencode(run)) <= SHORT:
        os.makedirs(run, mode=0o700, exist_ok=True)
    else:
        run = tempfile.mkdtemp(prefix="cnnlib-")
    return given | {"JUPYTER_RUNTIME_DIR": run}


def main(arguments: list[str]) -> None:
    """Become JupyterLab, or end with the reason why not."""
    os.umask(0o077)  # what is made from here on is its maker's alone
    try:
        given = variables(environment())
        copy_notebooks(Path.home() / COPY)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    find_fonts(given)
    limit(
        int(given.get("MEM_LIMIT") or 2_000_000_000) // 1_000_000,
        int(given.get("CNNLIB_CLASS_PROCESSES") or 500),
    )
    os.execve(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *arguments], given)


if __name__ == "__main__":
    main(sys.argv[1:])
