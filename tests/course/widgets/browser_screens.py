"""Every widget on unusual screens: high contrast, dark grounds, and large for the back row."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from examples import WIDGETS, example
from PIL import Image
from playwright.sync_api import Locator, Page
from seen import TEXTS, contrast_within, cut, luminance, ratio, screenshot
from stage import DARK, Stage

SCALE = 2  # of the screenshots, so that thin letters show their own colour


@pytest.fixture
def high_contrast(make_page: Callable[..., Page]) -> Callable[[str, str], Stage]:
    """Return a function that shows a widget as Windows does in a high-contrast theme."""

    def show(name: str, scheme: str) -> Stage:
        page = make_page(
            forced_colors="active", color_scheme=scheme, device_scale_factor=SCALE,
            reduced_motion="reduce",
        )  # fmt: skip
        if scheme == "dark":
            page.add_style_tag(content=DARK)
        return Stage(page, example(name))

    return show


def unreadable(shown: Stage) -> list[str]:
    """Return the texts whose contrast is below 4.5, with it."""
    root = shown.root.locator(".cnn-widget")
    pixels = screenshot(root)
    found = {
        text["text"]: contrast_within(cut(pixels, text["box"], SCALE))
        for text in root.evaluate(TEXTS)
    }
    assert len(found) > 10
    return [
        f"{text!r}: {value:.1f}" for text, value in found.items() if value < 4.5 and text != "●"
    ]


SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
EACH = pytest.mark.parametrize("name", WIDGETS)


@SCHEMES
@EACH
def test_in_high_contrast_all_texts_can_be_read(high_contrast, name: str, scheme: str) -> None:
    assert unreadable(high_contrast(name, scheme)) == []


# The boxes of those parts of a widget that are seen, in CSS pixels from its corner.
BOXES = """(root, parts) => {
  const frame = root.getBoundingClientRect();
  const seen = { visibilityProperty: true };
  return [...root.querySelectorAll(parts)].filter((one) => one.checkVisibility(seen)).map((one) => {
    const box = one.getBoundingClientRect();
    return [one.innerText, [box.left - frame.left, box.top - frame.top,
      box.right - frame.left, box.bottom - frame.top]];
  }).filter(([, [left, top, right, bottom]]) => right - left > 0 && bottom - top > 0);
}"""
LINES = (
    ".svg-curve, .svg-dashed, .svg-dot, .flow-arrow, .flow-head, .flow-box, .svg-zero, .svg-tick"
)


@SCHEMES
@EACH
def test_in_high_contrast_lines_and_bars_are_seen(high_contrast, name: str, scheme: str) -> None:
    shown = high_contrast(name, scheme)
    paper = 0.0 if scheme == "dark" else 1.0
    drawn = shown.root.locator(LINES).evaluate_all(
        "(all) => all.map((one) => { const { stroke, fill } = getComputedStyle(one);"
        "const filled = stroke === 'none' || one.matches('.svg-dot');"
        "return [one.getAttribute('class'), filled ? fill : stroke]; })"
    )
    for mark, colour in drawn:
        numbers = [float(n) for n in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        assert ratio(float(luminance(np.array(numbers))), paper) >= 3, mark
    root = shown.root.locator(".cnn-widget")
    pixels = screenshot(root)
    for _, box in root.evaluate(BOXES, ".cnn-bar"):
        if min(box[2] - box[0], box[3] - box[1]) > 3:
            middle = cut(pixels, box, SCALE)[2:-2, 2:-2]
            assert ratio(float(np.median(luminance(middle))), paper) >= 3
    for text, box in root.evaluate(BOXES, "button, input:not([type=range]), select"):
        assert contrast_within(cut(pixels, box, SCALE)) >= 3, text


@SCHEMES
@pytest.mark.parametrize("name", ["convolution", "descent"])
def test_in_high_contrast_a_switch_that_is_on_looks_so(
    high_contrast, name: str, scheme: str
) -> None:
    shown = high_contrast(name, scheme)
    for switch in shown.root.get_by_role("switch").all():
        mark = switch.locator(".cnn-switch-mark")
        looks = {}
        for _ in range(2):
            looks[switch.get_attribute("aria-checked")] = screenshot(mark)
            switch.click()
        off, on = (luminance(looks[state]) for state in ("false", "true"))
        assert contrast_within(looks["false"]) >= 3
        assert contrast_within(looks["true"]) >= 3
        if on.shape == off.shape:
            assert (np.abs(on - off) > 0.3).mean() > 0.2


@SCHEMES
def test_in_high_contrast_the_window_and_the_focus_are_seen(high_contrast, scheme: str) -> None:
    shown = high_contrast("convolution", scheme)
    inside = shown.root.locator(".conv-input .in-window").nth(1)
    outside = shown.root.locator(".conv-input .cnn-cell:not(.in-window)").first
    grounds = [float(np.median(luminance(screenshot(cell)))) for cell in (inside, outside)]
    assert ratio(*grounds) >= 3
    for part in (shown.field("Stride"), shown.root.get_by_role("button", name="Play"), outside):
        before = around(shown, part)
        part.focus()
        shown.page.keyboard.press("Shift")  # so that the focus counts as one of the keyboard
        after = around(shown, part)
        changed = np.abs(luminance(before) - luminance(after)) > 0.3
        assert changed.sum() > 100


def around(shown: Stage, part: Locator) -> np.ndarray:
    """Return what is seen of a part and of the ring around it."""
    box = part.bounding_box()
    assert box is not None
    sides = {"width": box["width"] + 12, "height": box["height"] + 12}
    picture = shown.page.screenshot(clip={"x": box["x"] - 6, "y": box["y"] - 6, **sides})
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def test_in_high_contrast_the_colours_of_data_stay(high_contrast) -> None:
    mixer = high_contrast("mixer", "dark")
    colour = mixer.settings["colour"]
    patch = screenshot(mixer.root.locator(".mix-large").first)
    assert patch[len(patch) // 2, patch.shape[1] // 2].tolist() == colour
    grey = high_contrast("inspector", "dark")
    place = grey.root.locator(".look-patch")
    assert place.evaluate("(n) => getComputedStyle(n).forcedColorAdjust") == "none"


@SCHEMES
@EACH
def test_without_high_contrast_all_texts_can_be_read_too(
    make_page: Callable[..., Page], name: str, scheme: str
) -> None:
    page = make_page(color_scheme=scheme, device_scale_factor=SCALE)
    if scheme == "dark":
        page.add_style_tag(content=DARK)
    # What cannot be used now may look faint.
    faint = {"Back", "Undo", "Step", "Back to its place", "Go on", "Remove the last layer"}
    found = [
        line for line in unreadable(Stage(page, example(name))) if line.split("'")[1] not in faint
    ]
    assert found == []


# For the back row


@pytest.mark.parametrize("width", [1280, 1024, 512])  # and 1024 at a zoom of 200%
@EACH
def test_large_is_large_and_stays_on_the_page(page: Page, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    shown = Stage(page, example(name))
    root = shown.root.locator(".cnn-widget")
    thin = root.evaluate("(n) => getComputedStyle(n).borderTopWidth")
    switch = shown.root.get_by_role("button", name="Large")
    switch.focus()
    page.keyboard.press("Space")
    assert switch.get_attribute("aria-pressed") == "true"
    texts = root.evaluate(TEXTS)
    assert len(texts) > 10
    assert [(text["text"], text["size"]) for text in texts if text["size"] < 24] == []
    assert shown.overflow() <= 0
    assert float(root.evaluate("(n) => parseFloat(getComputedStyle(n).borderTopWidth)")) > float(
        thin.removesuffix("px")
    )
    box, frame = switch.bounding_box(), root.bounding_box()
    assert box["x"] + box["width"] <= frame["x"] + frame["width"]
    page.keyboard.press("Space")
    assert switch.get_attribute("aria-pressed") == "false"
    assert min(text["size"] for text in root.evaluate(TEXTS)) < 24


def test_large_is_set_from_python_and_not_told_back(page: Page) -> None:
    widget = example("softmax")
    widget.large = True
    shown = Stage(page, widget)
    switch = shown.root.get_by_role("button", name="Large")
    assert switch.get_attribute("aria-pressed") == "true"
    switch.click()
    assert switch.get_attribute("aria-pressed") == "false"
    assert page.evaluate("stage.widget.model.saved") == 0
    assert page.evaluate("stage.widget.model.get('large')") is True
    page.evaluate("stage.widget.model.set('large', false)")
    page.evaluate("stage.widget.model.set('large', true)")
    assert switch.get_attribute("aria-pressed") == "true"
    assert shown.dispose() == 0


# For fingers

TARGETS = (
    "button, select, input:not([type=range]), summary, .maps-tile, "
    ".cnn-grid:not(.pool-grey) .cnn-cell"
)


@EACH
def test_what_is_touched_is_large_enough(page: Page, name: str) -> None:
    """24 pixels each way (WCAG 2.2, 2.5.8); the pixels of a picture are as small as they are."""
    small = (
        Stage(page, example(name))
        .root.locator(TARGETS)
        .evaluate_all(
            "(all) => all.filter((one) => one.checkVisibility()).map((one) => "
            "[one.outerHTML.slice(0, 80), one.getBoundingClientRect()]).filter("
            "([, box]) => Math.min(box.width, box.height) < 23.9).map(([text]) => text)"
        )
    )
    assert small == []
