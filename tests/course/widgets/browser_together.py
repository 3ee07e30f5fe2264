"""Widgets on one page: each looks as it does alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from examples import WIDGETS, example
from playwright.sync_api import Page
from stage import Stage

# Every part, by its place in the widget, and what the sheets could have done to it.
LOOK = """(root) => [...root.querySelectorAll("*")].map((node) => {
  const frame = root.getBoundingClientRect();
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  const shown = box.width || box.height;
  return [
    `${node.tagName} ${node.getAttribute("class") ?? ""}`,
    ...(shown ? [box.x - frame.x, box.y - frame.y, box.width, box.height] : [0, 0, 0, 0]).map(
      (length) => Math.round(100 * length) / 100),
    style.color, style.backgroundColor, style.backgroundImage, style.borderTopColor,
    style.fontWeight, style.fontSize, style.stroke, style.fill, style.textDecorationLine,
  ].join(" | ");
})"""


def look(shown: Stage) -> list[str]:
    return shown.root.evaluate(LOOK)


def alike(now: str, before: str) -> bool:
    """Whether two parts look alike; how far down a widget is moves the last digit of a place."""
    (name, *now_parts), (named, *parts) = now.split(" | "), before.split(" | ")
    places, place = [float(part) for part in now_parts[:4]], [float(part) for part in parts[:4]]
    return (name, now_parts[4:]) == (named, parts[4:]) and places == pytest.approx(place, abs=0.05)


@pytest.fixture
def put(page: Page) -> Callable[[str], Stage]:
    """Return a function that puts one more example on the page."""
    page.add_style_tag(content="html { overflow-y: scroll; }")
    return lambda name: Stage(page, example(name), name)


@pytest.mark.parametrize(
    ("first", "second"),
    [("descent", "convolution"), ("convolution", "descent"), ("geometry", "mixer")],
)
def test_a_second_widget_leaves_the_first_as_it_was(
    put: Callable[[str], Stage], first: str, second: str
) -> None:
    alone = put(first)
    before = look(alone)
    put(second)
    assert look(alone) == before


@pytest.mark.parametrize("name", WIDGETS)
def test_what_is_hidden_is_not_seen(put: Callable[[str], Stage], name: str) -> None:
    hidden = put(name).root.locator("[hidden]")
    assert hidden.evaluate_all("(all) => all.filter((one) => one.checkVisibility()).length") == 0


def test_all_widgets_on_one_page_look_as_they_do_alone(
    put: Callable[[str], Stage], open_page: Callable, context: object
) -> None:
    alone = {}
    for name in WIDGETS:
        page = open_page(context)
        page.add_style_tag(content="html { overflow-y: scroll; }")
        alone[name] = look(Stage(page, example(name), name))
    together = {name: put(name) for name in WIDGETS}
    # What came first has met all later sheets, and what came last all earlier ones.
    for name, shown in together.items():
        pairs = zip(look(shown), alone[name], strict=True)
        assert [pair for pair in pairs if not alike(*pair)] == [], name
