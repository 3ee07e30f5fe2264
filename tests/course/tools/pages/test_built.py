"""A command that builds a site ends with one line, and with a status that make understands."""

from pathlib import Path

import pytest

from cnnlib.course.tools.pages.built import finish


def test_what_is_missing_is_said_and_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def build() -> None:
        raise ValueError("There is no folder of packages.")

    assert finish(build, tmp_path / "index.html", (ValueError,), advice="Look.") == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "There is no folder of packages.\n")


def test_what_was_not_foreseen_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        finish(lambda: print(1 / 0), tmp_path / "index.html", (ValueError,))


def test_the_advice_comes_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "part").mkdir()
    page = tmp_path / "index.html"

    def build() -> None:
        page.write_bytes(bytes(400_000))
        (tmp_path / "part" / "more").write_bytes(bytes(900_000))

    assert finish(build, page, (ValueError,), advice="Look.") == 0
    assert capsys.readouterr().out == f"{page}: 1.3 MB, 0 seconds\nLook.\n"
