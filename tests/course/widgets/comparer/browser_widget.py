"""The network comparer in a real browser: it needs no kernel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from examples import example
from playwright.sync_api import Page, expect
from stage import Stage

from cnnlib.course.widgets import NetworkComparer


@pytest.fixture
def shown(stage: Callable[..., Stage]) -> Stage:
    return stage(example("comparer"))


def python(s: Stage) -> NetworkComparer:
    assert isinstance(s.widget, NetworkComparer)
    return s.widget


def names(s: Stage) -> list[str]:
    return s.root.locator("tbody th").all_inner_texts()


def agrees(s: Stage) -> None:
    """Assert that the table is Python's, numbers and order."""
    rows = python(s).rows
    assert names(s) == [row["name"] for row in rows]
    for row, cells in zip(rows, s.root.locator("tbody tr").all(), strict=True):
        texts = cells.locator("td").all_inner_texts()
        assert texts[0].strip() == f"{row['parameters']:,}"
        assert texts[1].strip() == f"{row['multiply-adds']:,}"
        assert texts[3].strip() == str(row["depth"])
        assert texts[4].strip() == (row["year"] or "–")


def bars(s: Stage, column: int) -> list[float]:
    """The lengths of a column's bars, as shares of the longest that may be."""
    return s.root.locator(f"tbody td:nth-child({column + 1}) .cnn-bar").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().width"
        " / one.parentElement.clientWidth)"
    )


def test_each_column_is_sorted_both_ways(shown: Stage) -> None:
    agrees(shown)
    columns = ["multiply-adds", "memory", "depth", "year", "error, %", "network", "parameters"]
    for column in columns:
        head = shown.root.get_by_role("columnheader", name=column, exact=True)
        for direction in ("ascending", "descending"):
            head.get_by_role("button").press("Enter")
            expect(head).to_have_attribute("aria-sort", direction)
            agrees(shown)
            assert python(shown).descending == (direction == "descending")
        first = "largest" if python(shown).descending else "smallest"
        assert f"{first} first: {', '.join(names(shown))}." in shown.spoken()
        assert shown.root.locator("th[aria-sort]").count() == 1


def test_bars_are_in_proportion_or_by_powers_of_ten(shown: Stage) -> None:
    rows = [row["parameters"] for row in python(shown).rows]
    log = bars(shown, 1)
    assert log == sorted(log)
    assert log[0] > 0.1  # LeNet-5, with a thousandth of the largest
    shown.root.get_by_label("Bars", exact=True).select_option(label="to scale")
    for length, value in zip(bars(shown, 1), rows, strict=True):
        assert length == pytest.approx(value / max(rows), abs=0.02)
    assert shown.spoken() == "Bars: drawn to scale within their column."
    assert python(shown).scale == "linear"


def test_the_layers_of_each_network_are_walked(shown: Stage) -> None:
    strip = shown.root.get_by_role("slider")
    for name in names(shown):
        button = shown.root.get_by_role("button", name=name, exact=True)
        button.press("Enter")
        expect(button).to_have_attribute("aria-pressed", "true")
        assert python(shown).network == name
        assert shown.spoken().startswith(f"{name}: parameters ")
        told = next(one for one in python(shown).given["networks"] if one["name"] == name)
        strip.focus()
        shown.page.keyboard.press("End")
        last = told["layers"][-1]
        words = f"Layer {len(told['layers'])} of {len(told['layers'])}, {last[0]}, output {last[1]}"
        assert shown.spoken().startswith(words)
        shown.page.keyboard.press("PageDown")
        assert f"Layer {len(told['layers']) - 8} of" in shown.spoken()
        expect(shown.root.locator(".comp-layer")).to_have_text(shown.spoken())
        shown.page.keyboard.press("Home")
        shown.page.keyboard.press("ArrowRight")
        expect(strip).to_have_attribute("aria-valuenow", "2")


def test_a_layer_is_pointed_at(shown: Stage) -> None:
    box = shown.root.get_by_role("slider").bounding_box()
    shown.page.mouse.click(box["x"] + 3.5 / 12 * box["width"], box["y"] + 9)
    assert shown.spoken() == (
        "Layer 4 of 12, 3 Conv2d(6, 16, kernel_size=5), output 16×10×10: 240,000 multiply-adds "
        "(57.6% of all)."
    )
    shown.root.get_by_label("Layers by", exact=True).select_option("memory")
    expect(shown.root.locator(".comp-layer")).to_contain_text("6.4 kB of memory")


def test_without_a_kernel_all_works(shown: Stage) -> None:
    shown.lose_kernel()
    shown.root.get_by_role("button", name="depth", exact=True).press("Enter")
    assert names(shown)[0] == "the course's"
    shown.root.get_by_role("button", name="GoogLeNet", exact=True).press("Enter")
    expect(shown.root.locator(".comp-layer")).to_contain_text("Layer 1 of")
    assert shown.complaint() == ""


def test_a_name_is_text_and_never_code(stage: Callable[..., Stage]) -> None:
    given = example("comparer")
    summary = given._summaries["LeNet-5"]
    shown = stage(NetworkComparer({"<b>net</b>": summary}, {"<b>net</b>": {"<i>": "<script>"}}))
    assert names(shown) == ["<b>net</b>"]
    assert shown.root.locator("b, i, script").count() == 0


def test_it_fits_a_phone_and_leaves_nothing_behind(page: Page, zoomed) -> None:
    zoomed(example("comparer"))
    page.set_viewport_size({"width": 360, "height": 800})
    shown = Stage(page, example("comparer"))
    assert shown.overflow() <= 0
    assert shown.dispose() == 0
