"""A notebook that was run and exported to HTML, in a browser that reaches no server."""

from __future__ import annotations

import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from examples import WIDGETS
from exported import nbconvert, notebook
from PIL import Image
from playwright.sync_api import Browser, Page, expect


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "widgets.ipynb"
    path.write_text(nbformat.writes(notebook()), encoding="utf-8")
    nbconvert(path, "--execute", "--to", "html")
    return path.with_suffix(".html")


@pytest.fixture(params=["screen", "paper"])
def offline(request: pytest.FixtureRequest, browser: Browser, exported: Path) -> Page:
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.route("http*://**", lambda route: route.abort())
    page = context.new_page()
    page.goto(exported.as_uri())
    if request.param == "paper":
        page.emulate_media(media="print")
    yield page
    context.close()


def test_where_a_widget_stood_its_picture_is_seen(offline: Page) -> None:
    pictures = offline.locator("img.cnn-stand-in").all()
    assert len(pictures) == len(WIDGETS)
    for name, picture in zip(WIDGETS, pictures, strict=True):
        box = picture.bounding_box()
        assert box is not None, name
        assert min(box["width"], box["height"]) > 80, name
        seen = np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("L"))
        assert (seen < 128).mean() > 0.002, name  # ink
        assert (seen > 200).mean() > 0.1, name  # on paper
    empty = offline.locator(".jp-OutputArea-output:not(:has(img))")
    expect(empty).to_have_count(len(WIDGETS))
    assert empty.evaluate_all("(all) => all.filter((one) => one.checkVisibility()).length") == 0
