"""A page without a kernel, opened as a file: its widgets answer."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cnnlib.course.tools.execute_notebooks import execute
from cnnlib.course.tools.pages.live import live
from cnnlib.course.widgets import DrawingPad
from cnnlib.pretrained import load_digits_cnn

SOURCE = """
from cnnlib.course import widgets
from cnnlib.pretrained import load_digits_cnn
stepper = widgets.ConvolutionStepper([[5, 1, 7], [15, 5, 1]], [[11, 4], [5, 2]])
display(stepper)
display(stepper)
pad = widgets.DrawingPad(load_digits_cnn())
display(pad)
display(pad)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    path = folder / "a.ipynb"
    cells = [nbformat.v4.new_code_cell(SOURCE, id="all")]
    path.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=cells)), encoding="utf-8")
    page = live(execute(path, keep_widgets=True))
    outputs = [output.data["text/html"] for output in page.notebook.cells[0].outputs]
    html = f'<!doctype html><meta charset="utf-8"><body>{"".join(outputs)}{page.html()}</body>'
    (folder / "a.html").write_text(html, encoding="utf-8")
    return folder / "a.html"


def test_a_widget_answers_and_two_views_go_together(page: Page, written: Path) -> None:
    page.goto(written.as_uri())
    places = page.locator(".cnn-live")
    expect(places.locator(".cnn-widget")).to_have_count(4)
    expect(places.locator("img.cnn-stand-in")).to_have_count(0)
    first, second = places.nth(0), places.nth(1)
    expect(first).to_contain_text("= 144")
    first.get_by_role("spinbutton", name="Bias", exact=True).fill("10")
    first.get_by_role("spinbutton", name="Bias", exact=True).press("Enter")
    expect(second.get_by_role("spinbutton", name="Bias", exact=True)).to_have_value("10")
    expect(second).to_contain_text("= 154")


BYTES = """(canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return Array.from({ length: width * height }, (_, k) => data[4 * k]);
}"""


def test_the_pad_answers_without_a_kernel_as_it_does_with_one(page: Page, written: Path) -> None:
    page.context.set_offline(True)
    try:
        page.goto(written.as_uri())
        first, second = (page.locator(".cnn-live").nth(k) for k in (2, 3))
        board, odds = first.get_by_role("application"), first.locator(".pad-odds")
        board.scroll_into_view_if_needed()
        before = odds.inner_text()
        box = board.bounding_box()
        assert box is not None
        for k, (x, y) in enumerate([(0.28, 0.2), (0.7, 0.2), (0.45, 0.85)]):  # a 7
            place = box["x"] + x * box["width"], box["y"] + y * box["height"]
            page.mouse.move(*place, steps=1 if k == 0 else 8)
            if k == 0:
                page.mouse.down()
        page.mouse.up()
        expect(first.get_by_role("status")).to_contain_text("Stroke drawn. Read as 7, with ")
        assert odds.inner_text() != before
        assert second.locator(".pad-odds").inner_text() == odds.inner_text()
        _is_pythons(first)
        first.get_by_role("switch", name="Centre and scale").click()
        expect(first.get_by_role("status")).to_contain_text("As it was drawn, only smaller.")
        _is_pythons(first, centred=False)
        first.get_by_role("switch", name="Centre and scale").click()
        python = DrawingPad(load_digits_cnn())
        for _ in range(3):
            first.get_by_role("button", name="Give me a digit").click()
            python.give_digit()
            expect(first.locator(".pad-note")).to_have_text(python.answer["note"])
            assert _is_pythons(first).ink == python.ink
        assert first.get_by_role("alert").filter(has_text="kernel").count() == 0
    finally:
        page.context.set_offline(False)


def _is_pythons(pad: Locator, centred: bool = True) -> DrawingPad:
    """Hold what a pad shows against what Python computes from the same ink."""
    python = DrawingPad(load_digits_cnn(), centred=centred)
    python.ink = bytes(pad.locator(".pad-board canvas").evaluate(BYTES))
    best = int(python.probabilities.argmax())
    expect(pad.locator(".pad-odds .best")).to_contain_text(f"{best}:")
    seen = np.array(pad.locator(".pad-seen").evaluate(BYTES)).reshape(28, 28)
    np.testing.assert_allclose(seen, 255 * python.image, atol=1)
    bars = pad.locator(".pad-bar > span").evaluate_all(
        "bars => bars.map((bar) => parseFloat(bar.style.width) / 100)"
    )
    np.testing.assert_allclose(bars, python.probabilities, atol=1e-4)
    return python
