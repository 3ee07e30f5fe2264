"""The colour mixer in a browser: sliders and numbers, compared with Python."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from stage import Stage

from cnnlib.course.widgets import ColourMixer
from cnnlib.course.widgets.mixer import colour_words, grey_level
from cnnlib.datasets import load_photo

LIGHT = [167, 185, 231]  # the light in the pupil, row 62, column 57


@pytest.fixture
def mixer(stage: Callable[..., Stage]) -> Stage:
    """Return what notebook 01 opens on."""
    photo = load_photo("cat")
    return stage(ColourMixer(photo[62, 57], target=photo[120, 120]))


@pytest.fixture
def plain(stage: Callable[..., Stage]) -> Stage:
    return stage(ColourMixer(LIGHT))


def field(shown: Stage, name: str) -> Locator:
    return shown.root.get_by_role("spinbutton", name=name, exact=True)


def slider(shown: Stage, name: str) -> Locator:
    return shown.root.get_by_role("slider", name=f"{name}, slider", exact=True)


def set_number(shown: Stage, name: str, value: str) -> None:
    field(shown, name).fill(value)
    field(shown, name).press("Enter")


def patches(shown: Stage) -> dict[str, list[int]]:
    """Return the colours that are on the screen, by what is said of them."""
    found = shown.root.locator(".mix-patch").evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility()).map("
        "(one) => [one.ariaLabel, getComputedStyle(one).backgroundColor])"
    )
    return {label: [int(n) for n in re.findall(r"\d+", colour)] for label, colour in found}


def table(shown: Stage) -> dict[str, str]:
    rows = shown.root.locator(".mix-table tr").all()
    return {row.locator("th").inner_text(): row.locator("td").inner_text() for row in rows}


def line(shown: Stage, name: str) -> str:
    return shown.root.locator(f".mix-{name}").inner_text()


# The arithmetic and the words


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ([0, 0, 0], "All lamps are off: black."),
        ([255, 255, 255], "All three lamps, as bright as they get: white."),
        ([90, 90, 90], "Three equal numbers make a grey."),
        ([0, 9, 0], "Only the green lamp is lit."),
        ([255, 255, 0], "Red and green light, equally bright, add up to yellow. Each lamp"),
        ([255, 140, 0], "Red and green light add up to orange. Each lamp adds light; a paint"),
        ([167, 185, 231], "[167, 185, 231] = [167, 167, 167] + [0, 18, 64]: a grey that all"),
    ],
)
def test_what_there_is_to_see_is_said(plain: Stage, colour: list[int], words: str) -> None:
    plain.set(colour=colour)
    assert line(plain, "note").startswith(words)


# What is shown


def test_it_opens_on_the_light_in_the_pupil(mixer: Stage) -> None:
    assert patches(mixer) == {
        "red alone: red": [167, 0, 0],
        "green alone: green": [0, 185, 0],
        "blue alone: blue": [0, 0, 231],
        "mixed: light blue": LIGHT,
        "target: brown": [186, 134, 94],
    }
    assert table(mixer) == {
        "in words": "light blue",
        "as bytes (uint8)": "[167, 185, 231]",
        "divided by 255 (float)": "[0.655, 0.725, 0.906]",
        "grey: the mean": "(167 + 185 + 231) ÷ 3 = 583 ÷ 3 ≈ 194.33, as a byte 194",
        "read as blue, green, red": "[231, 185, 167], light brown",
        "hex code": "#A7B9E7 (base 16, two digits each: A7 is 10 · 16 + 7 = 167)",
    }
    assert mixer.spoken() == ""
    assert mixer.complaint() == ""


def test_without_a_target_none_is_shown(plain: Stage) -> None:
    assert "target" not in " ".join(patches(plain))
    expect(plain.root.locator(".mix-task")).to_be_hidden()
    plain.set(target=[1, 2, 3])
    expect(plain.root.locator(".mix-task")).to_be_visible()


def test_the_patches_and_dots_follow_the_numbers(plain: Stage) -> None:
    rng = np.random.default_rng(2)
    for colour in rng.integers(1, 256, (20, 3)).tolist():
        plain.set(colour=colour)
        *alone, mixed = patches(plain).values()
        assert np.sum(alone, axis=0).tolist() == mixed == colour
        grey, turned = plain.root.locator(".mix-dot").evaluate_all(
            "(all) => all.map((one) => getComputedStyle(one).backgroundColor)"
        )
        assert grey == "rgb({0}, {0}, {0})".format(round(grey_level(colour)))
        assert turned == "rgb({2}, {1}, {0})".format(*colour)


def test_each_slider_shows_where_it_leads(plain: Stage) -> None:
    ends = plain.root.locator(".mix-leads").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).backgroundImage)"
    )
    assert ends[1] == "linear-gradient(to right, rgb(167, 0, 231), rgb(167, 255, 231))"


# Sliders, numbers, names


@pytest.mark.parametrize("kind", [slider, field])
def test_the_keyboard_moves_a_lamp(plain: Stage, kind: Callable[[Stage, str], Locator]) -> None:
    kind(plain, "Green").focus()
    for key, expected in [
        ("ArrowUp", 186),
        ("ArrowDown", 185),
        ("PageUp", 201),
        ("PageDown", 185),
    ]:
        plain.page.keyboard.press(key)
        assert plain.settings["colour"] == [167, expected, 231]
    for _ in range(5):
        plain.page.keyboard.press("PageUp")
    assert plain.settings["colour"] == [167, 255, 231]
    for _ in range(17):
        plain.page.keyboard.press("PageDown")
    assert plain.settings["colour"] == [167, 0, 231]
    expect(kind(plain, "Green")).to_be_focused()
    assert field(plain, "Green").input_value() == slider(plain, "Green").input_value() == "0"


def test_a_slider_goes_to_its_ends_and_is_dragged(plain: Stage) -> None:
    red = slider(plain, "Red")
    red.press("End")
    assert plain.settings["colour"] == [255, 185, 231]
    red.press("Home")
    assert plain.settings["colour"] == [0, 185, 231]
    box = red.bounding_box()
    plain.page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    plain.page.mouse.down()
    plain.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=8)
    plain.page.mouse.up()
    assert 110 < plain.settings["colour"][0] < 145
    assert red.get_attribute("aria-valuetext") == str(plain.settings["colour"][0])


def test_a_number_is_typed_and_the_colour_is_told(mixer: Stage) -> None:
    set_number(mixer, "Blue", "0")
    assert mixer.settings["colour"] == [167, 185, 0]
    words = f"[167, 185, 0], {colour_words([167, 185, 0])}. The target has "
    assert mixer.spoken().startswith(words)
    assert "Furthest off: 94." in mixer.spoken()


def test_a_colour_is_called_by_its_name(plain: Stage) -> None:
    names = plain.root.get_by_label("Colour by name")
    assert names.input_value() == ""
    names.select_option("yellow = red + green")
    assert plain.settings["colour"] == [255, 255, 0]
    assert plain.spoken() == "[255, 255, 0], yellow."
    options = names.locator("option").all_inner_texts()[1:]
    for name in options:
        names.select_option(name)
        told = colour_words(plain.settings["colour"])
        assert re.split(r": | = ", name)[0].removeprefix("mid ") == told
    assert len(options) == 12
    set_number(plain, "Red", "3")
    assert names.input_value() == ""  # a mixture of one's own has no name here
    set_number(plain, "Red", "255")
    assert names.locator("option:checked").inner_text() == "pink"  # and has one again
    names.select_option("")
    assert names.locator("option:checked").inner_text() == "pink"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("256", "Red must be at most 255, not 256."),
        ("-1", "Red must be at least 0, not −1."),
        ("12.5", "Red must be a whole number, but 12.5 is not one."),
        ("crimson", "“crimson” is no number. Type one such as 3, −2.5 or 1/9."),
        ("", "Red is empty. Type a number such as 3 or −2.5."),
    ],
)
def test_nonsense_is_explained_and_loses_nothing(plain: Stage, typed: str, words: str) -> None:
    before = plain.settings
    set_number(plain, "Red", typed)
    assert plain.complaint() == f"{words} Red stays at 167."
    assert plain.settings == before
    said, below = (plain.root.locator(one).bounding_box() for one in ("[role=alert]", ".mix-sum"))
    assert said["y"] + said["height"] <= below["y"]  # beside the numbers, not below all else
    slider(plain, "Red").press("ArrowUp")
    assert plain.complaint() == ""


# The target


def test_the_target_keeps_its_numbers_until_one_is_close(mixer: Stage) -> None:
    goal = mixer.root.locator(".mix-numbers").last
    assert goal.inner_text() == "[?, ?, ?]"
    assert "186" not in mixer.root.inner_text()
    assert line(mixer, "task") == (
        "The target has more red, less green and blue. Furthest off: 137."
    )
    set_number(mixer, "Green", "140")
    set_number(mixer, "Blue", "94")
    assert line(mixer, "task") == (
        "The target has more red, and green and blue as they are. Furthest off: 19."
    )
    set_number(mixer, "Red", "180")
    told = f"[186, 134, 94], {colour_words([186, 134, 94])}"
    assert line(mixer, "task") == (
        f"Hard to tell from the target, which is {told}. Furthest off: 6."
    )
    assert goal.inner_text() == "[186, 134, 94]"
    set_number(mixer, "Red", "186")
    set_number(mixer, "Green", "134")
    assert line(mixer, "task") == f"That is the target, number for number: {told}."
    assert line(mixer, "task") in mixer.spoken()


def test_the_mixture_touches_its_target(mixer: Stage) -> None:
    mixed, goal = (patch.bounding_box() for patch in mixer.root.locator(".mix-large").all())
    assert mixed["x"] + mixed["width"] == pytest.approx(goal["x"], abs=0.5)
    assert mixed["y"] == goal["y"]


# Theme, size, time, kernel, end


def test_on_dark_paper_black_has_an_edge(stage: Callable[..., Stage]) -> None:
    shown = stage(ColourMixer((0, 0, 0)), dark=True)
    edge = shown.root.locator(".mix-large").first.evaluate(
        "(node) => getComputedStyle(node).borderTopColor"
    )
    red, green, blue = (float(n) for n in re.findall(r"0\.\d+|\d+", edge)[:3])
    assert min(red, green, blue) > 0.4  # of white
    assert shown.root.locator(".mix-note").evaluate("(node) => getComputedStyle(node).color") == (
        "rgb(255, 255, 255)"
    )


@pytest.mark.parametrize("width", [550, 320])
def test_at_twice_the_size_all_can_be_reached(make_page: Callable[..., Page], width: int) -> None:
    page = make_page(device_scale_factor=2)
    page.set_viewport_size({"width": width, "height": 450})
    shown = Stage(page, ColourMixer(LIGHT, target=(0, 0, 0)))
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    for part in (".mix-goal", ".mix-way", ".mix-table"):
        box = shown.root.locator(part).last.bounding_box()
        assert box["x"] + box["width"] <= width


def test_how_soon_the_answer_comes(
    mixer: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    field(mixer, "Blue").focus()
    mixer.page.evaluate("redraws.splice(0)")
    for key in ["ArrowDown", "PageUp"] * 12:
        mixer.page.keyboard.press(key)
    mixer.page.wait_for_function("redraws.length === 24")
    assert median_redraw(mixer.redraws()) < 2000  # the median, for the machine is shared


def test_without_a_kernel_all_goes_on(plain: Stage) -> None:
    plain.page.evaluate("() => { window.kernelIsGone = true; }")
    set_number(plain, "Red", "7")
    assert table(plain)["as bytes (uint8)"] == "[7, 185, 231]"


def test_nothing_is_left_behind(mixer: Stage) -> None:
    assert mixer.dispose() == 0
