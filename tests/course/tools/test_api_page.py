"""The reference page says what the docstrings say, and leaves nothing out."""

import importlib
import pkgutil

import cnnlib
from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.tools import api_page


def test_the_page_is_up_to_date():
    assert api_page.PAGE.read_text(encoding="utf-8") == api_page.build(), "run: make api"


def test_readme_lists_the_chapters():
    readme = api_page.README.read_text(encoding="utf-8")
    assert api_page.with_chapters(readme) == readme, "run: make api"
    assert readme.count("](notebooks/") == len(CHAPTERS)


def test_the_table_of_chapters_follows_the_list(monkeypatch):
    readme = api_page.README.read_text(encoding="utf-8")
    one = Chapter(1, "somewhere", "Somewhere", "find the way")
    monkeypatch.setattr(api_page, "CHAPTERS", (one,))
    changed = api_page.with_chapters(readme)
    assert "| 01 | [Somewhere](notebooks/01_somewhere.ipynb) | find the way |\n\n" in changed
    assert changed.count("](notebooks/") == 1


def test_every_public_module_is_on_it():
    found = {m.name for m in pkgutil.iter_modules(cnnlib.__path__) if not m.name.startswith("_")}
    named = {name for name in api_page.MODULES if not name.startswith("course.")}
    for_the_library_itself = {"types", "checks", "training_checks", "training_state", "console"}
    for_the_library_itself |= {
        "fast",
        "course",
        "pictures",
        "large_sets",
    }  # datasets hands the last on
    assert found == named | for_the_library_itself


def test_every_public_name_is_explained():
    for name in api_page.MODULES:
        module = importlib.import_module(f"cnnlib.{name}")
        for public in module.__all__:
            thing = getattr(module, public)
            if callable(thing):
                assert len(api_page.first_line(thing)) > 15, f"{name}.{public}"
