"""A quiz, a check and its verdict in a real JupyterLab, by mouse, by keyboard, in the dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab import Lab, Opened, Server, ids_of_cells, write
from playwright.sync_api import Locator, expect

SOURCES = (
    "from cnnlib.course.convolution import exercises as ex",
    "ex.quiz",
    "def my_feature_map(x, kernel, bias=0):\n    while True:\n        pass\n\n\n"
    "ex.feature_map._seconds = 0.5\nex.feature_map.check(my_feature_map)",
    "def my_feature_map(x, kernel, bias=0):\n    return kernel[5, 5]\n\n\n"
    "ex.feature_map.check(my_feature_map)",
)


@pytest.fixture(scope="module")
def shared(window: Lab, server: Server) -> Iterator[Opened]:
    found = window.open(write(server, "exercises", *SOURCES))
    yield found
    found.close()


@pytest.fixture
def opened(shared: Opened, lab: Lab) -> Opened:
    """Return a notebook whose cells have just been run; all options of the quiz are shut."""
    shared.run_all()
    return shared


@pytest.fixture
def own(lab: Lab, server: Server) -> Iterator[Opened]:
    """Return a notebook with the quiz that no other test looks at."""
    found = lab.open(write(server, "quiz", *SOURCES[:2]))
    found.run_all()
    yield found
    found.close()


def option(opened: Opened, number: int) -> Locator:
    return opened.cell("cell-1").locator("details").nth(number)


def is_open(details: Locator) -> bool:
    return details.evaluate("node => node.open")


def test_an_option_opens_with_its_explanation(opened: Opened) -> None:
    quiz = opened.cell("cell-1")
    option(opened, 2).locator("summary").click()
    expect(quiz.get_by_text("✓ Right.").first).to_be_visible()
    option(opened, 0).locator("summary").click()
    expect(quiz.get_by_text("✗ Not this one.").first).to_be_visible()
    option(opened, 0).locator("summary").click()
    assert not is_open(option(opened, 0))


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_quiz_is_answered_from_the_keyboard(opened: Opened, key: str) -> None:
    page = opened.page
    option(opened, 0).locator("summary").focus()
    page.keyboard.press(key)
    assert is_open(option(opened, 0))
    page.keyboard.press("Tab")
    page.keyboard.press(key)
    assert is_open(option(opened, 1))
    page.keyboard.press(key)
    assert not is_open(option(opened, 1))
    # The notebook took none of these keys for itself: no cell is being edited.
    assert page.evaluate("() => document.activeElement.tagName") == "SUMMARY"


def test_letters_pressed_in_a_quiz_do_nothing_to_the_notebook(own: Opened) -> None:
    before = ids_of_cells(own)
    option(own, 0).locator("summary").focus()
    for key in ("d", "d", "a", "b", "x"):
        own.page.keyboard.press(key)
        assert ids_of_cells(own) == before, key


def test_an_endless_loop_is_stopped_and_the_kernel_lives(opened: Opened) -> None:
    expect(opened.cell("cell-2")).to_contain_text("The call was stopped after 0.5 seconds")
    assert opened.python("print(1 + 1)") == "2"


def test_an_exception_is_explained_with_the_readers_own_line(opened: Opened) -> None:
    verdict = opened.cell("cell-3")
    expect(verdict).to_contain_text("It raised IndexError in line 2: return kernel[5, 5]")
    expect(verdict).not_to_contain_text("Traceback")


def test_verdicts_can_be_read_in_the_dark_theme(opened: Opened, lab: Lab) -> None:
    lab.theme("JupyterLab Dark")
    try:
        for cell, part in (("cell-3", "p"), ("cell-3", "pre"), ("cell-1", "summary")):
            ink, paper = (
                opened.cell(cell).locator(f".jp-OutputArea-output {part}").first.evaluate(COLOURS)
            )
            assert contrast(ink, paper) > 4.5, (cell, part, ink, paper)
    finally:
        lab.theme("JupyterLab Light")


# The colour of an element, and the first background behind it that is not see-through.
COLOURS = """(node) => {
    const numbers = (text) => text.match(/[0-9.]+/g).map(Number);
    const ink = numbers(getComputedStyle(node).color);
    for (let at = node; at; at = at.parentElement) {
        const paper = numbers(getComputedStyle(at).backgroundColor);
        if (paper.length === 3 || paper[3] > 0) return [ink, paper];
    }
    return [ink, [255, 255, 255]];
}"""


def contrast(one: list[float], other: list[float]) -> float:
    """Return the contrast ratio of two colours, as the WCAG define it."""

    def luminance(colour: list[float]) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (value / 255 for value in colour[:3])
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
