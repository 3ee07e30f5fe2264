"""The edge of a figure in a dark theme, as a browser paints it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from cnnlib.course import drawing
from cnnlib.course.drawing.display import to_bundle

PAGE = (
    '<html data-jp-theme-light="false"><body style="margin:0; background:#111; '
    '--jp-layout-color0:#111"><div style="margin:{margin}px; width:{width}px">{markup}</div>'
)


def figure(photograph: bool) -> str:
    fig, ax = drawing.new(width=4, height=2)
    if photograph:  # its colours are data: the sheet has a hole there
        drawing.image(np.random.default_rng(0).random((20, 20)), ax, title="noise")
    else:
        drawing.grid([[1, 2, 3], [4, 5, 6]], ax)
    return to_bundle(fig, "A figure with an edge.")["text/html"]


@pytest.mark.parametrize("photograph", [False, True], ids=["grid", "photograph"])
def test_no_light_line_shows_at_the_edge_of_a_figure(browser: Browser, photograph: bool) -> None:
    """Wherever the figure begins between two pixels of the screen."""
    page = browser.new_page(viewport={"width": 500, "height": 420})
    markup = figure(photograph)
    for margin in (20, 20.2, 20.4, 20.5, 20.6, 20.8):
        for width in (300.3, 377.5):
            page.set_content(PAGE.format(margin=margin, width=width, markup=markup))
            box = page.locator("img").bounding_box()
            assert box is not None
            left, top = round(box["x"]), round(box["y"])
            right, bottom = round(box["x"] + box["width"]), round(box["y"] + box["height"])
            seen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"), dtype=int)
            rows, columns = seen[:, left + 20 : right - 20], seen[top + 20 : bottom - 20].T
            bands = [rows[top - 4 : top + 5], rows[bottom - 4 : bottom + 5]]
            bands += [columns[left - 4 : left + 5], columns[right - 4 : right + 5]]
            brightest = max(line.mean() for band in bands for line in band)
            assert brightest < 25, (margin, width)
    page.close()
