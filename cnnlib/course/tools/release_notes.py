"""Print what a release says of itself: its part of CHANGELOG.md.

``python cnnlib/course/tools/release_notes.py v0.1.0`` needs the standard library alone. It ends
with a message where the files disagree on the version: a tag is easily made one commit early.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(os.path.abspath(__file__)).parents[3]


def notes(tag: str, root: Path = ROOT) -> str:
    """Return the notes of a release, as Markdown.

    Parameters
    ----------
    tag : such as ``v0.1.0``
    root : the folder of the course

    Raises
    ------
    ValueError : the tag is no version; pyproject.toml or CITATION.cff has another; or the changelog
        has no part for it that has a date and says something
    """
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        raise ValueError(f"release: a tag is called like v0.1.0, got {tag!r}.")
    version = tag[1:]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    cited = re.search(r"^version: (.+)$", citation, re.MULTILINE)
    for name, said in (
        ("pyproject.toml", project["version"]),
        ("CITATION.cff", cited[1].strip("\"' ") if cited else "none"),
    ):
        if said != version:
            raise ValueError(f"release: the tag is {tag}, but {name} has version {said}.")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(
        rf"^## \[{re.escape(version)}\] - (.+?)\n(.*?)(?=^## |^\[[^\]]+\]: |\Z)",
        changelog,
        re.MULTILINE | re.DOTALL,
    )
    if found is None or not found[2].strip():
        raise ValueError(f"release: CHANGELOG.md says nothing about {version}.")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", found[1].strip()):
        raise ValueError(
            f"release: CHANGELOG.md says {found[1].strip()!r} where the date of {version} stands, "
            "as in: ## [0.1.0] - 2026-12-24"
        )
    return found[2].strip() + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write(notes(" ".join(sys.argv[1:])))
    except ValueError as error:
        sys.exit(str(error))
