"""What a release says of itself, and what it is cited as."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from cnnlib.course.tools.release_notes import notes

ROOT = Path(__file__).parents[3]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
# What version 1.2.0 of the schema of citation files knows.
KNOWN = {
    *("abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi"),
    *("identifiers", "keywords", "license", "license-url", "message", "preferred-citation"),
    *("references", "repository", "repository-artifact", "repository-code", "title", "type"),
    *("url", "version"),
}


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A copy of what a release reads, as it is on the day of one."""
    for name in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    path = tmp_path / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    dated = re.sub(rf"(\[{re.escape(VERSION)}\] - ).*", r"\g<1>2026-12-24", text)
    path.write_text(dated + "\n## [0.0.9] - 2026-01-01\n\nEarlier.\n", encoding="utf-8")
    return tmp_path


def test_the_notes_are_the_part_of_that_version(released: Path) -> None:
    found = notes(f"v{VERSION}", released)
    assert found.startswith("The course line once through")
    assert "### Added" in found
    assert "## [" not in found
    assert "Earlier." not in found
    assert found.count("\n") > 50


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("pyproject.toml", f'version = "{VERSION}"', 'version = "9.9.9"', "pyproject.toml has"),
        ("CITATION.cff", f"version: {VERSION}", "version: 9.9.9", "CITATION.cff has"),
        ("CHANGELOG.md", "2026-12-24", "Unreleased", "'Unreleased' where the date"),
        ("CHANGELOG.md", f"[{VERSION}]", "[9.9.9]", "says nothing"),
    ],
)
def test_files_that_disagree_are_named(
    released: Path, file: str, old: str, new: str, complaint: str
) -> None:
    path = released / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(complaint)):
        notes(f"v{VERSION}", released)


@pytest.mark.parametrize("tag", ["", "0.1.0", "v0.1", "v0.1.0-rc1", "latest"])
def test_what_is_no_version_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=r"like v0\.1\.0"):
        notes(tag)


def test_the_shell_needs_nothing_installed() -> None:
    """The workflow runs it before anything is."""
    script = ROOT / "cnnlib/course/tools/release_notes.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", script, "v9.9.9"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr == f"release: the tag is v9.9.9, but pyproject.toml has version {VERSION}.\n"


def test_the_citation_keeps_to_the_schema_and_to_the_project() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"authors", "cff-version", "message", "title"} <= set(cited) <= KNOWN
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    assert str(cited["version"]) == project["version"]
    assert cited["license"] == project["license"]
    assert cited["authors"]
    (title,) = re.findall(r"\A# (.+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert cited["title"] == title
    (holder,) = re.findall(r"Copyright \(c\) \d+ (.+)", (ROOT / "LICENSE").read_text())
    assert [author["name"] for author in cited["authors"]] == [holder]


def test_the_workflow_makes_the_release_from_what_is_tested_here() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["release"]["steps"]
    commands = "\n".join(step.get("run", "") for step in steps)
    for path in re.findall(r"\S+\.py\b", commands):
        assert (ROOT / path).is_file()
    assert "--notes-file notes.md dist/*.whl" in commands
