"""The feature-map browser in a real browser, with the test's own process as its kernel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from stage import Stage
from subjects import digits, photographs

from cnnlib.course.drawing.theme import diverging_colours
from cnnlib.course.widgets import FeatureMapBrowser


@pytest.fixture
def shown(stage: Callable[..., Stage]) -> Stage:
    return stage(FeatureMapBrowser({"photographs": photographs(), "digits": digits()}))


def python(s: Stage) -> FeatureMapBrowser:
    assert isinstance(s.widget, FeatureMapBrowser)
    return s.widget


def answered(s: Stage) -> None:
    """Wait until what was asked for is there."""
    expect(s.root.locator(".cnn-widget")).not_to_have_attribute("aria-busy", "true")


def agrees(s: Stage) -> None:
    """Assert that the map, the marks and the words are Python's."""
    answered(s)
    widget = python(s)
    rows, columns = widget.map.shape
    most = float(np.abs(widget.map.astype(np.float32)).max()) or 1.0
    colours = np.array(diverging_colours())
    # As the browser does, and as Matplotlib does: cut the range into as many steps as colours.
    values = widget.map.astype(np.float32).astype(float)
    steps = np.floor((values + most) / (2 * most) * len(colours))
    expected = colours[np.clip(steps, 0, len(colours) - 1).astype(int)]
    np.testing.assert_array_equal(s.pixels("map"), expected)
    row, column, height, width = widget.window
    if widget._made().view is not None:
        place = f"Strongest place, row {widget.strongest[0]}, column {widget.strongest[1]}:"
        expect(s.root.locator(".feat-place")).to_contain_text(place)
        seen = f"rows {row} to {row + height - 1}, columns {column} to {column + width - 1} of"
        expect(s.root.locator(".feat-place")).to_contain_text(seen)
    board, mark = (
        s.board("picture").locator(part).bounding_box() for part in ("canvas", ".pix-mark")
    )
    size = widget._subject.shape[1]
    assert (mark["x"] - board["x"]) / board["width"] * size == pytest.approx(column, abs=0.1)
    assert mark["height"] / board["height"] * size == pytest.approx(height, abs=0.1)
    assert (rows, columns) == s.pixels("map").shape[:2]


def test_every_layer_is_reached_with_the_button_and_shown_as_it_is(shown: Stage) -> None:
    for layer in range(len(python(shown).layers)):
        assert python(shown).layer == layer
        agrees(shown)
        shown.root.get_by_role("button", name="Layer ▶").press("Enter")
        answered(shown)
    assert shown.spoken() == "This is the last layer."
    assert python(shown).layer == len(python(shown).layers) - 1
    expect(shown.root.locator(".feat-place")).to_contain_text("Score of cat:")


def test_channels_are_stepped_with_the_keyboard(shown: Stage) -> None:
    strip = shown.root.get_by_role("slider")
    strip.focus()
    press = shown.page.keyboard.press
    for key, channel in (("ArrowRight", 1), ("ArrowUp", 2), ("End", 3), ("ArrowRight", 3),
                         ("ArrowLeft", 2), ("PageUp", 3), ("Home", 0)):  # fmt: skip
        press(key)
        agrees(shown)
        assert python(shown).channel == channel
        expect(strip).to_have_attribute("aria-valuenow", str(channel))
    assert shown.spoken().startswith("Layer 0 Conv2d(3, 4, kernel_size=3, stride=2, padding=1): ")
    assert "4 maps of 12×12; each place sees 3×3 pixels. Channel 0 of 4" in shown.spoken()


def test_channels_are_pointed_at(shown: Stage) -> None:
    box = shown.root.get_by_role("slider").bounding_box()
    shown.page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 5)
    agrees(shown)
    assert python(shown).channel == 2


def test_next_strongest_goes_through_all_channels(shown: Stage) -> None:
    seen = []
    for _ in range(4):
        shown.press("Next strongest")
        agrees(shown)
        seen.append(python(shown).channel)
    assert sorted(seen) == [0, 1, 2, 3]
    peaks = python(shown).values.max(axis=(1, 2))
    start = int(np.argsort(-peaks).tolist().index(seen[0]))
    assert seen == np.roll(np.argsort(-peaks), -start).tolist()


def test_places_are_walked_and_lead_to_the_picture_and_back(shown: Stage) -> None:
    board = shown.board("map")
    board.focus()
    shown.page.keyboard.press("Home")
    for key in ("ArrowDown", "ArrowRight"):
        shown.page.keyboard.press(key)
    i, j = (min(place + 1, 11) for place in python(shown).strongest)
    value = python(shown).map[i, j]
    assert f"ow {i}, column {j}: " in shown.spoken()
    assert f"{abs(value):.4g}" in shown.spoken()
    shown.page.keyboard.press("Home")
    assert shown.spoken().startswith("Strongest place, row")
    picture = shown.board("picture")
    picture.focus()
    shown.page.keyboard.press("ArrowDown")
    assert shown.spoken().startswith("Row 1, column 0 of the picture. ")
    agrees_with_window = shown.root.locator(".feat-place")
    expect(agrees_with_window).to_contain_text("It sees rows")


def test_another_network_and_picture(shown: Stage) -> None:
    shown.root.get_by_label("Picture", exact=True).select_option("a ramp")
    agrees(shown)
    shown.root.get_by_label("Layer", exact=True).select_option(label="4 AvgPool2d(2)")
    agrees(shown)
    shown.root.get_by_label("Network", exact=True).select_option("digits")
    agrees(shown)
    assert (python(shown).network, python(shown).picture) == ("digits", "a one")
    assert shown.pixels("picture").shape == (28, 28, 3)
    assert shown.pixels("picture")[10, 13].tolist() == [255, 255, 255]


def test_a_channel_that_is_not_there_is_refused(shown: Stage) -> None:
    shown.enter("Channel", "4")
    assert shown.complaint() == ("This layer has the channels 0 to 3. Channel stays at 0.")
    shown.enter("Channel", "much")
    assert "“much” is no number" in shown.complaint()
    shown.enter("Channel", "2")
    assert shown.complaint() == ""
    agrees(shown)


def test_python_changes_it_too(shown: Stage) -> None:
    python(shown).set(layer=1, channel=3)
    shown.pull()
    agrees(shown)


def test_without_a_kernel_it_says_so_in_the_end_and_goes_on(page: Page) -> None:
    page.clock.install()
    shown = Stage(page, FeatureMapBrowser(photographs()))
    shown.lose_kernel()
    shown.press("Layer ▶")
    expect(shown.root.locator(".subject-note")).to_have_text("computing …")
    page.clock.run_for(20_000)
    assert "The kernel has not answered." in shown.complaint()
    page.evaluate("window.kernelIsGone = false")
    shown.press("Layer ▶")
    agrees(shown)
    assert shown.complaint() == ""


def test_it_fits_a_phone_and_leaves_nothing_behind(page: Page, zoomed) -> None:
    zoomed(FeatureMapBrowser(photographs()))
    page.set_viewport_size({"width": 360, "height": 800})
    shown = Stage(page, FeatureMapBrowser({"photographs": photographs(), "digits": digits()}))
    assert shown.overflow() <= 0
    assert shown.dispose() == 0
