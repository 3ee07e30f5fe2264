"""Settings that all unit tests share."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Before anything imports Matplotlib: figures are drawn into files, whatever screen there is.
os.environ["MPLBACKEND"] = "agg"

import pytest
from hypothesis import settings

from cnnlib import backend

# What a test solves is nobody's progress: not a reader's, and not that of the next run.
_records = tempfile.mkdtemp(prefix="cnnlib-progress-")
atexit.register(shutil.rmtree, _records, ignore_errors=True)
os.environ["CNNLIB_PROGRESS"] = str(Path(_records) / "progress.json")

# A shell that starts a job in the background has it ignore Ctrl-C, and whatever it starts too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine may be slow for a moment, which is no failure. On CI the examples are the
# same in every run, so that the same commit gets the same verdict.
settings.register_profile("course", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("course")


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Close the figures that a test opened, so that none piles up or leaks into the next."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(params=["plain", "fast"])
def both_backends(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a test twice: on the readable code and on the fast code."""
    with backend.using(request.param):
        yield
