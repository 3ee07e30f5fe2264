"""The attack lab in a real browser, with the test's own process as its kernel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from stage import Stage
from subjects import WORDS, digits, photographs

from cnnlib.course.widgets import AttackLab


@pytest.fixture
def shown(stage: Callable[..., Stage]) -> Stage:
    return stage(AttackLab({"photographs": photographs(), "digits": digits()}))


def python(s: Stage) -> AttackLab:
    assert isinstance(s.widget, AttackLab)
    return s.widget


def choose(s: Stage, name: str, **option: str) -> None:
    s.root.get_by_label(name, exact=True).select_option(**option)


def slider(s: Stage) -> Locator:
    return s.root.get_by_role("slider", name="ε")


def agrees(s: Stage) -> None:
    """Assert that pictures, bars and words are Python's."""
    expect(s.root.locator(".cnn-widget")).not_to_have_attribute("aria-busy", "true")
    lab = python(s)
    one = lab.given[[given["name"] for given in lab.given].index(lab.network)]
    white = one["white"]
    difference = white / 2 + one["magnified"] * (lab.changed - lab.pixels)
    for name, values in (
        ("picture", lab.pixels), ("changed picture", lab.changed), ("difference", difference)
    ):  # fmt: skip
        expected = np.moveaxis(np.clip(255 * values / white, 0, 255), 0, -1)
        assert np.abs(s.pixels(name).astype(float) - expected).max() <= 0.51, name
    rows = s.root.locator(".attack-odds dt").all_inner_texts()
    assert [row.removeprefix("▶ ") for row in rows][: len(lab.answers)] == [
        word for word, _ in lab.answers
    ]
    texts = s.root.locator(".attack-odds dd:not(.attack-bar)").all_inner_texts()
    for text, (_, odds) in zip(texts, lab.answers, strict=False):
        assert text.startswith(f"{odds:.1%}"), (text, odds)


def test_epsilon_is_moved_with_the_keys(shown: Stage) -> None:
    agrees(shown)
    slider(shown).focus()
    for count in range(1, 9):
        shown.page.keyboard.press("ArrowRight")
        agrees(shown)
        assert python(shown).epsilon == count / 4
    expect(slider(shown)).to_have_attribute("aria-valuetext", "2 grey levels")
    assert shown.spoken().startswith("With 2 grey levels it ")
    shown.page.keyboard.press("End")
    agrees(shown)
    assert python(shown).epsilon == 8
    shown.page.keyboard.press("Home")
    agrees(shown)
    assert shown.spoken().startswith("Unchanged, the network says ")


def test_every_goal_and_the_random_signs(shown: Stage) -> None:
    slider(shown).fill("4")
    for word in WORDS:
        choose(shown, "Goal", label=f"towards {word}")
        agrees(shown)
        assert WORDS[python(shown).target] == word
    choose(shown, "Goal", label=f"away from {WORDS[python(shown).away_from]}")
    agrees(shown)
    assert python(shown).target is None
    choose(shown, "Signs", value="random")
    agrees(shown)
    expect(shown.root.get_by_label("Goal", exact=True)).to_be_hidden()
    before = python(shown).signs
    shown.press("Other random signs")
    agrees(shown)
    assert (python(shown).signs != before).any()


def test_another_network_has_another_scale(shown: Stage) -> None:
    slider(shown).fill("8")
    agrees(shown)
    choose(shown, "Network", label="digits")
    agrees(shown)
    assert python(shown).settings == {
        "network": "digits", "picture": "a one", "epsilon": 0, "direction": "gradient",
        "target": None, "seed": 0,
    }  # fmt: skip
    slider(shown).fill("0.3")
    agrees(shown)
    expect(shown.root.locator(".attack-epsilon")).to_have_text("0.3 of 1")
    choose(shown, "Picture", label="a line")
    agrees(shown)


def test_the_numbers_of_a_pixel_are_read(shown: Stage) -> None:
    slider(shown).fill("2")
    agrees(shown)
    shown.board("changed picture").focus()
    shown.page.keyboard.press("ArrowDown")
    before, after = python(shown).pixels[:, 1, 0], python(shown).changed[:, 1, 0]
    said = shown.spoken()
    assert said.startswith("Row 1, column 0: ")
    assert f"{', '.join(f'{value:g}' for value in before)} before" in said
    assert f"{', '.join(f'{value:g}' for value in after)} now" in said
    expect(shown.root.locator(".attack-pixel")).to_have_text(said)


def test_the_picture_moves_before_the_answer_is_there(page: Page) -> None:
    """What needs no kernel is drawn at once, and the rest says that it is being computed."""
    page.clock.install()
    shown = Stage(page, AttackLab(photographs()))
    shown.lose_kernel()
    old = shown.pixels("difference").astype(int)
    slider(shown).fill("4")
    expect(shown.root.locator(".subject-note")).to_have_text("computing …")
    assert np.abs(shown.pixels("difference") - old).max() > 40
    page.clock.run_for(20_000)
    assert "The kernel has not answered." in shown.complaint()


def test_python_changes_it_too(shown: Stage) -> None:
    python(shown).set(epsilon=3, target="rocket")
    shown.pull()
    agrees(shown)
    expect(slider(shown)).to_have_value("3")


def test_it_fits_a_phone_and_leaves_nothing_behind(page: Page, zoomed) -> None:
    zoomed(AttackLab(photographs()))
    page.set_viewport_size({"width": 360, "height": 800})
    shown = Stage(page, AttackLab({"photographs": photographs(), "digits": digits()}))
    assert shown.overflow() <= 0
    assert shown.dispose() == 0
