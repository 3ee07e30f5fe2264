"""What stands on a slide. How slides look in a browser is tried by doors_lecture.py."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cnnlib.course.tools.execute_notebooks import WIDGET_STATE, WIDGET_VIEW
from cnnlib.course.tools.pages import formulas, slides
from cnnlib.course.tools.pages.slides import page, shown
from cnnlib.course.widgets import BoxSlider


def lecture(slide: str, minutes: float | None = None, note: str = "") -> dict[str, Any]:
    given = {"slide": slide, "minutes": minutes, "note": note}
    return {"lecture": {name: value for name, value in given.items() if value}}


def test_open_code_is_shown_and_plumbing_is_folded() -> None:
    assert "<details" not in shown(new_code_cell("x = 1"))
    folded = shown(new_code_cell("x = 1", metadata={"jupyter": {"source_hidden": True}}))
    assert folded.startswith('<details class="code">')
    assert "</details>" in folded


def test_the_length_of_a_sitting_is_left_out() -> None:
    text = shown(new_markdown_cell("## A\n*Sitting 1 of 4 · about 25 minutes*\n\nText."))
    assert "Sitting" not in text
    assert "<p>Text.</p>" in text


def test_links_lead_to_other_decks_or_nowhere() -> None:
    text = shown(new_markdown_cell("[03](03_padding_and_stride.ipynb#Traps), [below](#Recap)."))
    assert text == '<p><a href="03_padding_and_stride.html">03</a>, below.</p>'


def test_formulas_are_left_for_mathjax() -> None:
    assert r"$a_1 \cdot b_2$" in shown(new_markdown_cell(r"Take $a_1 \cdot b_2$."))


def test_each_output_is_shown_once_and_as_text_where_it_is_text() -> None:
    cell = new_code_cell("f()")
    cell.outputs = [
        new_output("stream", name="stdout", text="a < b\n"),
        new_output("display_data", data={"text/html": "<b>1</b>", "text/plain": "one"}),
        new_output("execute_result", data={"text/plain": "(2, 3)"}),
        new_output("display_data", data={"text/plain": ""}),
        new_output("error", ename="ValueError", evalue="no", traceback=[]),
    ]
    shown_outputs = shown(cell).partition("</div>")[2].split("\n")[1:]
    assert shown_outputs == [
        '<pre class="printed">a &lt; b</pre>',
        '<div class="output"><b>1</b></div>',
        '<pre class="printed">(2, 3)</pre>',
        '<pre class="printed">ValueError: no</pre>',
    ]


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the deck of a small notebook, with a stand-in for reveal.js and MathJax."""
    for name in ("dist/reset.css", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        script = '"a </script> within";\n//# sourceMappingURL=x.map\n'
        (tmp_path / name).write_text(script if name.endswith("js") else "p { color: black; }")
    monkeypatch.setattr(slides, "_reveal", lambda: tmp_path)
    monkeypatch.setattr(formulas, "head", lambda dollars: f"<script>{dollars}</script>")
    widget = BoxSlider()
    view = {WIDGET_VIEW: {"model_id": "widget-1"}, "text/plain": repr(widget)}
    picture = {"text/html": '<img class="cnn-stand-in">'}
    outputs = [new_output("display_data", data=data) for data in (view, picture)]
    state = {
        "model_module": "anywidget",
        "state": {**widget.get_state(("settings", "facts", "large")), "_esm": "0", "_css": ""},
    }
    cells = [
        new_markdown_cell("## By hand", id="a"),
        new_markdown_cell("### One & two\n\nText.", id="b", metadata=lecture("slide", 2, "*Ask.*")),
        new_code_cell("w", id="c", outputs=outputs, metadata=lecture("fragment")),
        new_markdown_cell("Not on the path.", id="d"),
        new_markdown_cell("More.", id="e", metadata=lecture("subslide", 3)),
    ]
    given = new_notebook(
        cells=cells, metadata={"widgets": {WIDGET_STATE: {"state": {"widget-1": state}}}}
    )
    before = json.dumps(given)
    text = page("02 A <b>", NotebookNode(given))
    assert json.dumps(given) == before
    return text


def test_a_deck_holds_the_path_with_its_minutes_and_notes(deck: str) -> None:
    assert re.findall('data-minutes="(.*?)"', deck) == ["2", "3"]
    assert re.findall('data-when="(.*?)"', deck) == ["Minutes 0 to 2 of 5", "Minutes 2 to 5 of 5"]
    assert re.findall('data-id="(.)" data-kind="(.*?)"', deck) == [
        ("b", "same"),
        ("c", "fragment"),
        ("e", "same"),
    ]
    assert '<aside class="notes"><p><em>Ask.</em></p></aside>' in deck
    assert "Not on the path" not in deck


def test_a_slide_knows_the_section_it_is_in_even_if_that_is_not_shown(deck: str) -> None:
    named = re.findall('data-section="(.*?)" data-part="(.*?)"', deck)
    assert named == [("By hand", html.escape("One & two"))] * 2


def test_the_widgets_of_a_deck_are_large(deck: str) -> None:
    text = re.search('id="cnn-page">(.*?)</script>', deck, re.DOTALL)
    assert text is not None
    (model,) = json.loads(text[1])["models"].values()
    assert model["state"]["large"] is True


def test_a_deck_asks_for_no_other_file_and_no_script_ends_early(deck: str) -> None:
    assert not re.search(r"<(script|img|link)[^>]* (src|href)=", deck)
    assert "sourceMappingURL" not in deck
    assert deck.count("<script") == deck.count("</script>")
    assert "<title>02 A &lt;b&gt;</title>" in deck


def test_without_reveal_the_message_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slides.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="make slides"):
        page("A", new_notebook())
