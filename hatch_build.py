"""Put the course into the wheel: its notebooks and its data, which a clone has beside the package.

Hatchling calls this when it builds. So ``pip install`` of the wheel brings the whole course, and
``cnnlib lab`` opens it. An editable installation keeps using the folder that it was made from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CourseHook(BuildHookInterface):
    """Add the notebooks and the data to a wheel that is not editable."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name each file, and its place in the wheel."""
        if version == "standard":
            build_data["force_include"].update(bundle(Path(self.root)))


def bundle(root: Path) -> dict[str, str]:
    """Return the files of the course that are not in the package, with their places in the wheel.

    Parameters
    ----------
    root : Path
        The folder of the course.
    """
    files = [*sorted(root.glob("notebooks/*.ipynb")), *sorted(root.glob("data/*.npz"))]
    return {str(path): f"cnnlib/bundled/{path.relative_to(root).as_posix()}" for path in files}
