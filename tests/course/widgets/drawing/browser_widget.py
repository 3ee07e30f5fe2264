"""The drawing pad in a browser: digits drawn with mouse and keys are recognised."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from stage import Stage

from cnnlib.architectures import course_cnn
from cnnlib.course.widgets import DrawingPad
from cnnlib.course.widgets.drawing import SIDE, as_mnist
from cnnlib.datasets import load_digits
from cnnlib.model import Sequential
from cnnlib.optim import SGD, CosineAnnealingLR
from cnnlib.training import evaluate, fit


@pytest.fixture(scope="session")
def model() -> Sequential:
    """Return the network of the course, trained for a few seconds."""
    digits = load_digits()
    rng = np.random.default_rng(0)
    network = course_cnn(rng)
    sgd = SGD(network.parameters(), lr=0.05, momentum=0.9)
    few = digits.train.images[:4000], digits.train.labels[:4000]
    schedule = CosineAnnealingLR(sgd, 2)
    options = {"optimizer": sgd, "scheduler": schedule, "rng": rng, "progress": False}
    fit(network, few, epochs=2, batch_size=32, **options)
    assert evaluate(network, digits.validation)[1] > 0.93
    return network


@pytest.fixture
def pad(stage: Callable[..., Stage], model: Sequential) -> Stage:
    return stage(DrawingPad(model))


def board(s: Stage) -> Locator:
    return s.root.get_by_role("application")


def button(s: Stage, name: str) -> Locator:
    return s.root.get_by_role("button", name=name)


def python(s: Stage) -> DrawingPad:
    assert isinstance(s.widget, DrawingPad)
    return s.widget


def until_answered(s: Stage) -> None:
    """Wait until the answer that is shown is the one to the ink that is shown."""
    s.page.wait_for_function(
        """(name) => {
          const { model } = stage[name];
          const ink = model.get("ink");
          const bytes = new Uint8Array(ink.buffer, ink.byteOffset, ink.byteLength);
          const canvas = document.querySelector(`#${name} .pad-board canvas`);
          const shown = canvas.getContext("2d").getImageData(0, 0, 112, 112).data;
          let sum = 0;
          for (let k = 0; k < bytes.length; k += 1) {
            if (shown[4 * k] !== bytes[k]) return false;
            sum += bytes[k];
          }
          return model.get("answer").mass === sum;
        }""",
        arg=s.name,
    )


Points = list[tuple[float, float]]


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> Points:
    """Return points on an ellipse; degrees clockwise from the right, as the screen has them."""
    turns = np.radians(np.linspace(start, end, 14))
    return [(x + rx * math.cos(turn), y + ry * math.sin(turn)) for turn in turns]


# Strokes as people draw digits; the pad reaches from 0 to 1 each way.
STROKES: dict[int, list[Points]] = {
    0: [arc(0.5, 0.5, 0.2, 0.33, -90, 270)],
    1: [[(0.5, 0.15), (0.5, 0.85)]],
    2: [[*arc(0.5, 0.33, 0.2, 0.18, 180, 390), (0.3, 0.82), (0.72, 0.82)]],
    3: [[*arc(0.48, 0.32, 0.18, 0.17, 200, 450), *arc(0.48, 0.67, 0.2, 0.18, -90, 160)]],
    4: [[(0.38, 0.15), (0.3, 0.52), (0.72, 0.52)], [(0.63, 0.2), (0.63, 0.85)]],
    5: [[(0.68, 0.17), (0.38, 0.17), (0.36, 0.45), *arc(0.48, 0.62, 0.2, 0.2, -110, 150)]],
    6: [[(0.58, 0.14), (0.4, 0.4), (0.34, 0.6), *arc(0.5, 0.67, 0.17, 0.17, 180, 540)]],
    7: [[(0.28, 0.2), (0.7, 0.2), (0.45, 0.85)]],
    8: [[*arc(0.5, 0.33, 0.15, 0.16, 90, 450), *arc(0.5, 0.67, 0.18, 0.18, -90, 270)]],
    9: [[*arc(0.5, 0.35, 0.17, 0.18, 0, 360), (0.64, 0.6), (0.6, 0.86)]],
}


def draw(s: Stage, strokes: list[Points]) -> None:
    box = board(s).bounding_box()
    assert box is not None
    for stroke in strokes:
        for k, (x, y) in enumerate(stroke):
            place = box["x"] + x * box["width"], box["y"] + y * box["height"]
            s.page.mouse.move(*place, steps=1 if k == 0 else 2)
            if k == 0:
                s.page.mouse.down()
        s.page.mouse.up()


def test_digits_drawn_with_the_mouse_are_recognised(pad: Stage) -> None:
    """At least nine of the ten: a hand drawing may look like another digit to a small network."""
    said = {}
    for digit, strokes in STROKES.items():
        button(pad, "Clear").click()
        draw(pad, strokes)
        until_answered(pad)
        said[digit] = int(python(pad).probabilities.argmax())
        expect(pad.root.locator(".pad-odds .best")).to_contain_text(f"{said[digit]}:")
    right = [digit for digit, answer in said.items() if answer == digit]
    assert len(right) >= 9, said


@pytest.mark.parametrize("digit", [0, 1, 2, 4, 7])
def test_where_and_how_large_it_is_drawn_does_not_matter(pad: Stage, digit: int) -> None:
    for scale, shift in ((0.45, (0.02, 0.02)), (0.6, (0.38, 0.3))):
        button(pad, "Clear").click()
        # A thin pen for a small digit, as MNIST's strokes have all the same width.
        width = pad.root.get_by_role("spinbutton", name="Pen")
        width.fill(str(round(10 * scale)))
        width.press("Enter")
        draw(
            pad,
            [[(x * scale + shift[0], y * scale + shift[1]) for x, y in s] for s in STROKES[digit]],
        )
        until_answered(pad)
        assert int(python(pad).probabilities.argmax()) == digit


def type_keys(s: Stage, keys: str) -> None:
    for key in keys.split():
        s.page.keyboard.press(key)


def test_digits_drawn_with_the_keys_are_recognised(pad: Stage) -> None:
    page = pad.page
    board(pad).focus()
    # A 1: up to the top, pen down, to the bottom.
    type_keys(pad, "Shift+ArrowUp Shift+ArrowUp Space")
    expect(pad.root.locator(".pad-cursor")).to_have_class(re.compile(r"\bdown\b"))
    type_keys(pad, "Shift+ArrowDown " * 4 + "ArrowDown ArrowDown Space")
    until_answered(pad)
    assert int(python(pad).probabilities.argmax()) == 1
    pad.page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('Pen lifted. Read as 1,')"
    )
    # A 7: its roof, then its slope: two down for each one to the left.
    page.keyboard.press("Delete")
    type_keys(pad, "Shift+ArrowUp " * 4 + "Shift+ArrowLeft Space")
    type_keys(pad, "ArrowRight " * 9 + "End ArrowDown " * 8 + "Space")
    until_answered(pad)
    assert int(python(pad).probabilities.argmax()) == 7
    # A 4: a slant, a bar, and an upright.
    page.keyboard.press("Delete")
    type_keys(pad, "Shift+ArrowUp " * 5 + "Shift+ArrowRight Space")
    type_keys(pad, "ArrowDown " * 10 + "ArrowRight " * 10 + "Space")
    type_keys(pad, "ArrowLeft " * 2 + "ArrowUp " * 9 + "Space" + " ArrowDown" * 20 + " Space")
    until_answered(pad)
    assert int(python(pad).probabilities.argmax()) == 4


def test_what_is_seen_and_answered_is_what_cnnlib_computes(pad: Stage) -> None:
    for digit in (3, 8):
        button(pad, "Clear").click()
        draw(pad, STROKES[digit])
        until_answered(pad)
        widget = python(pad)
        grey = pad.root.locator(".pad-seen").evaluate(
            "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data]"
        )
        got = np.array(grey).reshape(28, 28, 4)[:, :, 0] / 255
        np.testing.assert_allclose(got, as_mnist(widget.drawing), atol=0.51 / 255)
        shown = pad.root.locator(".pad-odds li").all_inner_texts()
        for text, share in zip(shown, widget.probabilities.tolist(), strict=True):
            assert pad.call("percent", share) in text
        figures = pad.root.locator(".pad-layers figure")
        assert figures.count() == len(widget.outputs)
        for k, (name, values) in enumerate(widget.outputs):
            tiles = figures.nth(k).locator("canvas")
            assert figures.nth(k).locator("figcaption").inner_text().startswith(f"{k} {name}: ")
            if values.ndim == 3:
                assert tiles.count() == len(values)
            first = values[0] if values.ndim == 3 else values
            label = tiles.first.get_attribute("aria-label")
            if first.min() != first.max():
                assert label is not None
                assert f"{first.max():.3g}".lstrip("-") in label


def test_lines_are_as_wide_as_the_pen_and_as_long_as_drawn(pad: Stage) -> None:
    rng = np.random.default_rng(3)
    rows, columns = np.indices((SIDE, SIDE)) + 0.5
    for _ in range(40):
        start, end = rng.uniform(0, SIDE, (2, 2))
        pen = int(rng.integers(2, 31))
        ink = pad.page.evaluate(
            "([from, to, pen]) => [...stage.widget.module.inkLine("
            "new Uint8Array(112 * 112), from, to, pen)]",
            [start.tolist(), end.tolist(), pen],
        )
        along = end - start
        t = ((columns - start[0]) * along[0] + (rows - start[1]) * along[1]) / (along @ along)
        t = np.clip(t, 0, 1)
        distance = np.hypot(columns - start[0] - t * along[0], rows - start[1] - t * along[1])
        expected = np.clip(pen / 2 + 0.5 - distance, 0, 1) * 255
        np.testing.assert_allclose(np.array(ink).reshape(SIDE, SIDE), expected, atol=0.51)


def test_digits_come_with_their_label(pad: Stage) -> None:
    digits = load_digits().validation
    seen = set()
    for _ in range(3):
        button(pad, "Give me a digit").click()
        before = pad.root.locator(".pad-note")
        expect(before).to_contain_text("Its label is")
        until_answered(pad)
        number = int(python(pad).answer["note"].split()[1].rstrip("."))
        expect(before).to_have_text(f"Digit {number}. Its label is {digits.labels[number]}.")
        np.testing.assert_allclose(python(pad).image, digits.images[number, 0], atol=1e-6)
        seen.add(number)
    assert len(seen) == 3
    draw(pad, STROKES[1])
    expect(pad.root.locator(".pad-note")).to_have_text("")


def test_undo_and_clear_lose_nothing(pad: Stage) -> None:
    expect(button(pad, "Undo")).to_have_attribute("aria-disabled", "true")
    button(pad, "Undo").focus()
    pad.page.keyboard.press("Enter")
    assert pad.spoken() == "There is nothing to undo."
    states = [python(pad).ink]
    for stroke in STROKES[4]:
        draw(pad, [stroke])
        until_answered(pad)
        states.append(python(pad).ink)
    button(pad, "Clear").click()
    until_answered(pad)
    assert not any(python(pad).ink)
    board(pad).focus()
    for expected in reversed(states):
        pad.page.keyboard.press("Backspace")
        until_answered(pad)
        assert python(pad).ink == expected


@pytest.fixture
def fingers(
    make_page: Callable[..., Page], model: Sequential
) -> Callable[..., tuple[int, list[float]]]:
    """Return a function that touches the pad; places go from 0 to 1 each way.

    It returns how much ink there is, and from which column to which it reaches.
    """
    page = make_page(has_touch=True)
    pad = Stage(page, DrawingPad(model, pen=4))
    session = page.context.new_cdp_session(page)
    box = board(pad).bounding_box()
    assert box is not None

    def touch(kind: str, **places: tuple[float, float]) -> np.ndarray:
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": k}
            for k, (x, y) in enumerate(places.values())
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.evaluate("() => new Promise(requestAnimationFrame)")
        until_answered(pad)
        return python(pad).drawing

    touch.pad = pad  # type: ignore[attr-defined]
    return touch


def test_a_resting_palm_draws_nothing_and_undo_takes_back_the_stroke(fingers: Callable) -> None:
    palm = (0.9, 0.9)
    fingers("touchStart", first=(0.2, 0.2))
    fingers("touchMove", first=(0.3, 0.2))
    fingers("touchStart", first=(0.3, 0.2), second=palm)
    fingers("touchMove", first=(0.6, 0.2), second=(0.91, 0.88))
    drawn = fingers("touchEnd")
    rows, columns = np.nonzero(drawn)
    assert rows.min() > 0.15 * SIDE
    assert rows.max() < 0.25 * SIDE
    assert columns.max() < 0.65 * SIDE
    assert button(fingers.pad, "Undo").get_attribute("aria-disabled") is None
    button(fingers.pad, "Undo").click()
    until_answered(fingers.pad)
    assert not python(fingers.pad).drawing.any()


def test_undo_in_the_middle_of_a_stroke_takes_it_back_whole(fingers: Callable) -> None:
    fingers("touchStart", first=(0.2, 0.2))
    fingers("touchMove", first=(0.5, 0.2))
    button(fingers.pad, "Undo").dispatch_event("click")
    drawn = fingers("touchMove", first=(0.8, 0.2))
    assert not drawn.any()
    fingers("touchEnd")
    assert button(fingers.pad, "Undo").get_attribute("aria-disabled") == "true"


def test_a_stroke_that_the_system_ends_is_one_stroke(fingers: Callable) -> None:
    fingers("touchStart", first=(0.2, 0.2))
    fingers("touchMove", first=(0.5, 0.2))
    assert fingers("touchCancel").any()
    button(fingers.pad, "Undo").click()
    until_answered(fingers.pad)
    assert not python(fingers.pad).drawing.any()


def test_what_a_palm_drew_goes_when_the_pen_comes(pad: Stage) -> None:
    box = board(pad).bounding_box()
    assert box is not None

    def pointer(kind: str, number: int, device: str, x: float, y: float) -> None:
        board(pad).dispatch_event(
            f"pointer{kind}",
            {
                **{"pointerId": number, "pointerType": device, "bubbles": True, "button": 0},
                "clientX": box["x"] + x * box["width"],
                "clientY": box["y"] + y * box["height"],
            },
        )

    pointer("down", 1, "touch", 0.9, 0.9)
    pointer("move", 1, "touch", 0.8, 0.9)
    pointer("down", 2, "pen", 0.2, 0.2)
    pointer("move", 1, "touch", 0.5, 0.9)
    pointer("move", 2, "pen", 0.4, 0.2)
    pointer("up", 2, "pen", 0.4, 0.2)
    until_answered(pad)
    rows, columns = np.nonzero(python(pad).drawing)
    assert rows.max() < 0.3 * SIDE
    assert columns.max() < 0.5 * SIDE
    button(pad, "Undo").click()
    until_answered(pad)
    assert not python(pad).drawing.any()
    assert button(pad, "Undo").get_attribute("aria-disabled") == "true"


def test_the_switch_shows_what_centring_is_good_for(pad: Stage) -> None:
    width = pad.root.get_by_role("spinbutton", name="Pen")
    width.fill("4")
    width.press("Enter")
    draw(pad, [[(0.4 * x, 0.4 * y) for x, y in stroke] for stroke in STROKES[0]])
    until_answered(pad)
    assert int(python(pad).probabilities.argmax()) == 0
    sure = python(pad).probabilities[0]
    switch = pad.root.get_by_role("switch")
    switch.focus()
    pad.page.keyboard.press("Space")
    pad.page.wait_for_function("stage.widget.model.get('answer').centred === false")
    assert python(pad).centred is False
    assert python(pad).image[14:].sum() == 0
    assert python(pad).probabilities[0] < sure
    expect(pad.root.locator(".pad-seen")).to_have_attribute(
        "aria-label", "Your drawing as 28 by 28 pixels, only made smaller."
    )


@pytest.mark.parametrize("nonsense", ["", "thick", "2.5", "1", "99", "-4"])
def test_a_nonsensical_pen_is_refused_in_words(pad: Stage, nonsense: str) -> None:
    draw(pad, STROKES[1])
    until_answered(pad)
    ink = python(pad).ink
    width = pad.root.get_by_role("spinbutton", name="Pen")
    width.fill(nonsense)
    width.press("Enter")
    assert "Pen stays at 10." in pad.complaint()
    assert pad.settings["pen"] == 10
    assert python(pad).ink == ink


def test_maps_are_read_with_pointer_and_keys(pad: Stage) -> None:
    draw(pad, STROKES[7])
    until_answered(pad)
    _, values = python(pad).outputs[2]
    assert values.shape == (16, 12, 12)
    part = pad.root.locator(".pad-layers figure").nth(2)
    read = part.locator(".maps-read")
    tile = part.locator("canvas").nth(5)
    tile.scroll_into_view_if_needed()
    box = tile.bounding_box()
    assert box is not None
    row, column = np.unravel_index(values[5].argmax(), (12, 12))
    pad.page.mouse.move(
        box["x"] + (column + 0.5) / 12 * box["width"], box["y"] + (row + 0.5) / 12 * box["height"]
    )
    expected = f"{values[5, row, column]:.4g}"
    expect(read).to_have_text(f"map 5, row {row}, column {column}: {expected}")
    pad.page.mouse.move(0, 0)
    expect(read).to_have_text("")
    part.locator("canvas").first.focus()
    type_keys(pad, "ArrowRight ArrowRight ArrowDown End Home ArrowRight")
    expect(part.locator("canvas").nth(1)).to_be_focused()
    expect(read).to_contain_text("map 1: ")
    pad.page.keyboard.press("Enter")
    type_keys(pad, "ArrowDown ArrowDown ArrowRight ArrowUp")
    expect(read).to_contain_text("map 1, row 1, column 1: ")
    assert pad.spoken().startswith("map 1, row 1, column 1: ")
    value = float(read.inner_text().split(": ")[1].replace("−", "-"))
    assert value == pytest.approx(float(values[1, 1, 1]), rel=1e-3, abs=1e-9)
    pad.page.keyboard.press("Escape")
    pad.page.keyboard.press("ArrowRight")
    expect(part.locator("canvas").nth(2)).to_be_focused()


def test_a_kernel_that_is_silent_is_told_and_nothing_is_lost(
    make_page: Callable[..., Page], model: Sequential
) -> None:
    pad = Stage(make_page(), DrawingPad(model))  # the clock is that of the whole window
    pad.page.clock.install()
    pad.lose_kernel()
    draw(pad, STROKES[1])
    pad.page.clock.run_for(5000)
    assert "The kernel has not answered. What you drew is kept." in pad.complaint()
    label = board(pad).locator("canvas").get_attribute("aria-label")
    assert label is not None
    assert label.startswith("White strokes on black, in rows 2 to 25")
    pad.page.evaluate("window.kernelIsGone = false")
    draw(pad, [[(0.3, 0.85), (0.7, 0.85)]])
    pad.page.clock.run_for(100)
    until_answered(pad)
    assert pad.complaint() == ""


def test_what_python_draws_is_shown(pad: Stage) -> None:
    python(pad).give_digit(12)
    pad.pull()
    until_answered(pad)
    expect(pad.root.locator(".pad-note")).to_contain_text("Digit 12.")
    python(pad).pen = 20
    pad.pull()
    expect(pad.root.get_by_role("spinbutton", name="Pen")).to_have_value("20")


def test_the_pen_of_the_keys_stays_on_the_pad_and_is_lifted_when_one_leaves(pad: Stage) -> None:
    board(pad).focus()
    type_keys(pad, "Shift+ArrowLeft " * 9 + "Shift+Home " * 9)
    assert pad.spoken() == "row 0, column 0"
    type_keys(pad, "Shift+PageDown " * 9)
    assert pad.spoken() == "row 27, column 27"
    pad.page.keyboard.press("Space")
    assert pad.spoken() == "Pen down at row 27, column 27."
    pad.page.keyboard.press("Tab")
    expect(pad.root.locator(".pad-cursor")).not_to_have_class(re.compile(r"\bdown\b"))
    board(pad).focus()
    type_keys(pad, "Space Escape")
    expect(pad.root.locator(".pad-cursor")).not_to_have_class(re.compile(r"\bdown\b"))


def test_nothing_is_answered_as_nothing(pad: Stage) -> None:
    draw(pad, STROKES[1])
    until_answered(pad)
    button(pad, "Clear").click()
    pad.page.wait_for_function(
        "document.querySelector('[role=status]').textContent.includes('For an empty pad')"
    )
    assert pad.spoken().startswith("Cleared. For an empty pad, the network answers ")


def test_a_network_of_nan_says_so(stage: Callable[..., Stage]) -> None:
    network = course_cnn(np.random.default_rng(0))
    last = network[9].weight
    last.value = np.full(last.shape, np.nan, dtype=np.float32)
    s = stage(DrawingPad(network, np.eye(28)))
    expect(s.root.locator(".pad-odds")).to_contain_text("not a number")


def test_nothing_is_wider_than_a_narrow_page_at_twice_the_size(
    stage: Callable[..., Stage], model: Sequential
) -> None:
    s = stage(DrawingPad(model, load_digits().test.images[0]), dark=True)
    s.page.set_viewport_size({"width": 640, "height": 900})
    s.page.add_style_tag(content="body { zoom: 2; margin: 0 }")
    assert s.page.evaluate("document.documentElement.scrollWidth") <= 640


def test_how_soon_the_ink_follows(
    pad: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    draw(pad, STROKES[3])
    pad.page.evaluate("redraws.splice(0)")
    draw(pad, STROKES[8])
    pad.page.wait_for_function("redraws.length > 30")
    assert median_redraw(pad.redraws()) < 2000


def test_no_listener_is_left(pad: Stage) -> None:
    assert pad.dispose() == 0
