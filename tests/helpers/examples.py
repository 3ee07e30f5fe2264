"""An example of every widget, found by its folder: `tests/course/widgets/NAME/example.py`."""

from __future__ import annotations

import runpy
from pathlib import Path

from cnnlib.course.widgets.kit.base import Widget
from cnnlib.course.widgets.kit.bundle import FOLDER

TESTS = Path(__file__).parents[1] / "course/widgets"
WIDGETS = sorted(path.parent.name for path in FOLDER.glob("*/widget.js"))


def example(name: str) -> Widget:
    """Return a new widget as the `example` function of its tests makes it."""
    widget: Widget = runpy.run_path(str(TESTS / name / "example.py"))["example"]()
    return widget
