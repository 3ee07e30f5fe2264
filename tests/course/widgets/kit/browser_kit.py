"""What all widgets share in the browser: numbers, words, keys, controls, themes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from matplotlib.figure import Figure
from playwright.sync_api import Page, expect
from stage import Stage, module_of

from cnnlib.course.widgets.kit.base import Widget
from cnnlib.course.widgets.kit.bundle import script, styles

SAMPLE = """
export function render({ model, el }) {
  const frame = panel(model, el, { name: "sample", title: "Sample", keys: [["Enter", "does it"]] });
  const set = settings(model, redraw);
  const field = numberField("Size", {
    min: 0, max: 9, whole: true, complain: frame.complain,
    change: (value) => { if (value === 7) return "Seven is taken."; set.change({ size: value });
                         return ""; },
  });
  const numbers = grid({
    name: "numbers", complain: frame.complain,
    edit: (i, j, value) => {
      if (value < 0) return "Below zero.";
      const rows = set.now.rows.map((row) => [...row]);
      rows[i][j] = value;
      set.change({ rows });
      return "";
    },
  });
  const walked = [];
  const steps = player({
    panel: frame, name: (k) => `step ${k}`, go: (k, how) => { walked.push([k, how.playing]); },
    pace: "50",
  });
  steps.set(0, 4);
  const flag = toggle("Turn", (on) => { set.change({ on }); frame.say(on ? "on" : "off"); });
  Object.assign(window, { walked, steps });
  frame.body.append(field.node, flag.node, steps.node, numbers.node);
  function redraw() {
    field.set(set.now.size);
    flag.set(set.now.on);
    numbers.draw(set.now.rows.length, set.now.rows[0].length, (i, j) => ({
      text: number(set.now.rows[i][j]), value: set.now.rows[i][j],
      fixed: i === 2 ? "This row is fixed." : "",
      label: `row ${i}, column ${j}: ${spoken(set.now.rows[i][j])}`,
    }));
  }
  redraw();
  return () => { steps.dispose(); set.dispose(); frame.dispose(); };
}
export default { render };
"""


class Sample(Widget):
    """A widget with one control of each kind."""

    _esm = script("kit/kit.js").replace("export ", "") + SAMPLE
    _css = styles("kit/kit.js")

    def __init__(self) -> None:
        super().__init__(size=3, on=False, rows=[[1, 2, 3], [4, 5, 6], [7, 8, -9]])

    def _checked(self, **settings: Any) -> dict[str, Any]:
        return settings

    def _picture(self) -> tuple[Figure, str]:
        return Figure(), "A sample with nothing in it."


@pytest.fixture
def sample(stage: Callable[..., Stage]) -> Stage:
    return stage(Sample())


# Elements


def test_lines_that_stay_are_not_touched(page):
    module_of(page, script("kit/kit.js"))
    found = page.evaluate(
        """() => {
          const node = document.createElement("div");
          loaded.setLines(node, ["one", "two", "three"]);
          const [first] = node.children;
          loaded.setLines(node, ["one", "2"]);
          return [node.innerHTML, node.firstChild === first];
        }"""
    )
    assert found == ["<p>one</p><p>2</p>", True]


# The frame


def test_the_frame_is_a_named_group(sample):
    assert sample.page.get_by_role("group", name="Sample").count() == 1


def test_keys_of_the_notebook_stay_out(sample):
    """JupyterLab leaves out elements with this mark, and no key goes further up."""
    sample.page.evaluate(
        "() => { window.heard = []; document.body.addEventListener('keydown', "
        "(event) => heard.push(event.key)); }"
    )
    sample.grid("numbers").cell(0, 0).focus()
    root = sample.root.get_by_role("group", name="Sample")
    for key in ("d", "ArrowDown", "Enter", "Escape", " "):
        sample.page.keyboard.press(key)
        expect(root).to_have_attribute("data-lm-suppress-shortcuts", "true")
    assert sample.page.evaluate("heard") == []


def test_shortcuts_with_ctrl_reach_the_notebook(sample):
    sample.page.evaluate(
        "() => { window.marks = []; document.addEventListener('keydown', (event) => {"
        "marks.push(event.target.closest('[data-lm-suppress-shortcuts]') !== null);"
        "event.preventDefault(); }, true); }"
    )
    sample.grid("numbers").cell(0, 0).focus()
    sample.page.keyboard.press("Control+s")
    sample.page.keyboard.press("s")
    assert sample.page.evaluate("marks") == [False, False, True]  # Control, Control-s, s


def test_a_text_said_twice_is_heard_twice(sample):
    turn = sample.page.get_by_role("switch", name="Turn")
    line = sample.root.locator("[role=status]").first
    before = set()
    for _ in range(2):
        turn.press("Enter")
        before.add(line.text_content())
        sample.set(on=False)
    assert before == {"on", "on\u00a0"}


def test_nothing_is_left_when_the_widget_goes(sample):
    assert sample.dispose() == 0
    sample.page.keyboard.press("a")


def test_without_a_kernel_the_widget_goes_on(sample):
    sample.lose_kernel()
    sample.page.get_by_role("switch", name="Turn").click()
    assert sample.settings["on"] is True
    expect(sample.page.get_by_role("switch", name="Turn")).to_be_checked()


def test_python_is_told_of_every_change(sample):
    sample.page.get_by_role("switch", name="Turn").click()
    assert sample.page.evaluate("stage.widget.model.saved") == 1


def test_a_change_from_python_is_drawn(sample):
    sample.set(size=5, rows=[[1, 0]])
    assert sample.page.get_by_role("spinbutton", name="Size").input_value() == "5"
    assert sample.grid("numbers").texts() == [["1", "0"]]


# Number fields


def test_a_number_is_taken_by_enter_and_by_leaving(sample):
    size = sample.page.get_by_role("spinbutton", name="Size")
    size.fill("5")
    size.press("Enter")
    assert sample.settings["size"] == 5
    size.fill("6")
    size.press("Tab")
    assert sample.settings["size"] == 6


def test_arrow_keys_change_a_number(sample):
    size = sample.page.get_by_role("spinbutton", name="Size")
    size.press("ArrowUp")
    assert sample.settings["size"] == 4
    size.press("ArrowDown")
    size.press("ArrowDown")
    assert sample.settings["size"] == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("x", "“x” is no number. Type one such as 3, −2.5 or 1/9. Size stays at 3."),
        ("12", "Size must be at most 9, not 12. Size stays at 3."),
        ("2.5", "Size must be a whole number, but 2.5 is not one. Size stays at 3."),
        ("7", "Seven is taken. Size stays at 3."),
    ],
)
def test_a_refused_number_is_explained_and_the_old_one_kept(sample, typed, words):
    size = sample.page.get_by_role("spinbutton", name="Size")
    size.fill(typed)
    size.press("Enter")
    assert sample.complaint() == words
    assert size.input_value() == "3"
    assert size.get_attribute("aria-invalid") == "true"
    assert sample.settings["size"] == 3
    size.fill("4")
    size.press("Enter")
    assert sample.complaint() == ""
    assert size.get_attribute("aria-invalid") is None


def test_escape_brings_the_old_number_back(sample):
    size = sample.page.get_by_role("spinbutton", name="Size")
    size.fill("8")
    size.press("Escape")
    assert size.input_value() == "3"
    size.press("Tab")
    assert sample.settings["size"] == 3


# Grids


def focused(sample: Stage) -> str:
    return sample.page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_a_grid_has_one_stop_for_tab_and_arrow_keys_inside(sample):
    grid = sample.grid("numbers")
    assert grid.node.locator("[tabindex='0']").count() == 1
    grid.cell(0, 0).focus()
    for key, place in [
        ("ArrowRight", "row 0, column 1: 2"),
        ("ArrowDown", "row 1, column 1: 5"),
        ("End", "row 1, column 2: 6"),
        ("ArrowRight", "row 1, column 2: 6"),
        ("Control+End", "row 2, column 2: minus 9"),
        ("ArrowUp", "row 1, column 2: 6"),
        ("Home", "row 1, column 0: 4"),
        ("Control+Home", "row 0, column 0: 1"),
        ("ArrowUp", "row 0, column 0: 1"),
    ]:
        sample.page.keyboard.press(key)
        assert focused(sample) == place, key
        assert grid.node.locator("[tabindex='0']").count() == 1


def test_a_number_is_edited_from_the_keyboard(sample):
    grid = sample.grid("numbers")
    grid.cell(1, 1).focus()
    sample.page.keyboard.press("Enter")
    sample.page.keyboard.type("2.5")  # replaces what stood there
    sample.page.keyboard.press("Enter")
    assert sample.settings["rows"][1][1] == 2.5
    assert focused(sample) == "row 1, column 1: 2.5"
    sample.page.keyboard.type("-")  # the first key of a number begins, too
    sample.page.keyboard.type("1")
    sample.page.keyboard.press("Enter")
    assert sample.complaint() == "Below zero. The number stays 2.5."
    assert grid.texts()[1] == ["4", "2.5", "6"]


def test_escape_drops_what_was_typed(sample):
    grid = sample.grid("numbers")
    grid.cell(0, 0).focus()
    sample.page.keyboard.type("88")
    sample.page.keyboard.press("Escape")
    assert grid.texts()[0][0] == "1"
    assert focused(sample) == "row 0, column 0: 1"
    assert sample.settings["rows"][0][0] == 1


def test_tab_keeps_what_was_typed(sample):
    sample.grid("numbers").cell(0, 0).focus()
    sample.page.keyboard.type("8")
    sample.page.keyboard.press("Tab")
    assert sample.settings["rows"][0][0] == 8


def test_nonsense_in_a_grid_is_explained(sample):
    sample.grid("numbers").cell(0, 0).focus()
    sample.page.keyboard.type("8x")
    sample.page.keyboard.press("Enter")
    assert sample.complaint().startswith("“8x” is no number.")
    assert sample.complaint().endswith("The number stays 1.")
    assert sample.grid("numbers").texts()[0][0] == "1"


def test_a_fixed_number_says_why_it_cannot_be_edited(sample):
    sample.grid("numbers").cell(2, 0).focus()
    sample.page.keyboard.press("Enter")
    assert sample.complaint() == "This row is fixed."
    assert sample.root.locator(".cnn-editor").count() == 0


def test_two_clicks_edit_a_number(sample):
    cell = sample.grid("numbers").cell(0, 2)
    cell.click()
    assert sample.root.locator(".cnn-editor").count() == 0
    cell.click()
    sample.page.keyboard.type("9")
    sample.page.keyboard.press("Enter")
    assert sample.settings["rows"][0] == [1, 2, 9]


# Dragging


@pytest.fixture
def touch(make_page: Callable[..., Page]) -> Callable[..., list[str]]:
    """Return a function that touches a square as fingers do, and tells what the drag was told."""
    page = make_page(has_touch=True)
    module_of(page, script("kit/kit.js"))
    page.evaluate(
        """() => {
          window.told = [];
          const square = loaded.h("div", { style:
            "position: absolute; inset: 0 auto auto 0; width: 100px; height: 100px; " +
            "touch-action: none" });
          document.body.append(square);
          const inner = loaded.h("div", { style: "height: 100px" }); // what is pressed
          square.append(inner);
          window.drag = loaded.letDrag(square, {
            start: (event) => { if (event.clientX > 90) return false;
                                told.push(`start ${event.clientX}`); },
            move: (event) => told.push(`move ${event.clientX}`),
            end: ({ palm }) => told.push(palm ? "palm" : "end"),
          });
          window.pointer = (kind, id, type, x, buttons = 1) => inner.dispatchEvent(
            new PointerEvent(`pointer${kind}`, { pointerId: id, pointerType: type, clientX: x,
              buttons, button: kind === "move" ? -1 : 0, bubbles: true }));
        }"""
    )
    session = page.context.new_cdp_session(page)

    def touch_with(kind: str, **fingers: int) -> list[str]:
        points = [
            {"x": x, "y": 50, "id": k} for k, x in enumerate(fingers.values()) if x is not None
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.evaluate("() => new Promise(requestAnimationFrame)")
        return page.evaluate("told.splice(0)")

    touch_with.page = page
    return touch_with


def test_one_finger_drags_also_beyond_the_edge(touch):
    assert touch("touchStart", first=20) == ["start 20"]
    assert touch("touchMove", first=60) == ["move 60"]
    assert touch("touchMove", first=300) == ["move 300"]
    assert touch("touchEnd") == ["end"]
    assert touch("touchStart", first=30) == ["start 30"]


def test_a_second_finger_is_left_out(touch):
    touch("touchStart", first=20)
    assert touch("touchStart", first=20, second=70) == []
    assert touch("touchMove", first=20, second=80) == []
    assert touch("touchMove", first=40, second=80) == ["move 40"]
    assert touch("touchEnd") == ["end"]


def test_a_drag_that_the_system_takes_away_ends(touch):
    touch("touchStart", first=20)
    assert touch("touchCancel") == ["end"]
    assert touch("touchStart", first=30) == ["start 30"]


def test_a_drag_ends_with_the_capture_and_with_what_was_dragged(touch):
    page = touch.page
    touch("touchStart", first=20)
    assert touch("touchMove", first=30) == ["move 30"]
    page.evaluate("drag.stop()")
    assert touch("touchMove", first=40) == ["end"]
    assert touch("touchEnd") == []
    touch("touchStart", first=20)
    touch("touchMove", first=30)
    page.evaluate("document.querySelector('div').remove()")
    assert touch("touchMove", first=40) == ["end"]


def pointers(touch, *events):
    """Send pointers of any kind; return what the drag was told."""
    for event in events:
        touch.page.evaluate("(event) => pointer(...event)", list(event))
    return touch.page.evaluate("told.splice(0)")


def test_a_pen_takes_over_from_the_palm(touch):
    assert pointers(
        touch,
        ("down", 1, "touch", 70),
        ("move", 1, "touch", 60),
        ("down", 2, "pen", 20),
        ("move", 1, "touch", 50),
        ("move", 2, "pen", 25),
        ("up", 1, "touch", 50),
        ("down", 3, "touch", 80),
        ("move", 2, "pen", 30),
        ("up", 2, "pen", 30),
    ) == ["start 70", "move 60", "palm", "start 20", "move 25", "move 30", "end"]


def test_beside_a_pen_no_touch_begins_a_drag(touch):
    """The palm often comes down first, while the pen is above the page."""
    assert pointers(touch, ("move", 2, "pen", 40, 0), ("down", 1, "touch", 70)) == []
    touch.page.wait_for_timeout(1100)
    assert pointers(touch, ("down", 1, "touch", 70)) == ["start 70"]


def test_a_mouse_that_was_let_go_unseen_drags_no_more(touch):
    assert pointers(
        touch,
        ("down", 1, "mouse", 20),
        ("move", 1, "mouse", 30),
        ("move", 1, "mouse", 40, 0),
        ("move", 1, "mouse", 50, 0),
    ) == ["start 20", "move 30", "end"]


def test_where_no_drag_begins_nothing_follows(touch):
    assert touch("touchStart", first=95) == []
    assert touch("touchMove", first=40) == []
    assert touch("touchEnd") == []


# Steps


def test_nothing_plays_before_it_is_asked_to(sample):
    sample.page.wait_for_timeout(300)  # six times the pace
    assert sample.page.evaluate("walked") == []


def test_play_runs_to_the_end_and_stops(sample):
    sample.page.get_by_role("button", name="Play").click()
    sample.page.wait_for_function("walked.length === 3")
    expect(sample.page.get_by_role("button", name="Play")).to_be_visible()
    assert sample.page.evaluate("walked") == [[1, True], [2, True], [3, True]]
    sample.page.get_by_role("button", name="Play").click()  # again from the start
    sample.page.wait_for_function("walked.length === 7")


def test_escape_pauses(sample):
    sample.page.evaluate("steps.set(0, 2000)")  # so many that the end does not come first
    play = sample.page.locator(".cnn-play")
    play.press("Enter")
    expect(play).to_have_text("Pause")
    play.press("Escape")
    expect(play).to_have_text("Play")
    count = sample.page.evaluate("walked.length")
    sample.page.wait_for_timeout(300)
    assert sample.page.evaluate("walked.length") == count


def test_a_step_of_ones_own_pauses(sample):
    sample.page.evaluate("steps.set(0, 2000)")
    sample.page.locator(".cnn-play").click()
    sample.page.get_by_role("button", name="Step", exact=True).click()
    expect(sample.page.locator(".cnn-play")).to_have_text("Play")
    walked = sample.page.evaluate("walked")
    sample.page.wait_for_timeout(300)
    assert sample.page.evaluate("walked") == walked
    assert walked[-1][1] is False


def test_the_slider_says_where_it_is(sample):
    slider = sample.page.get_by_role("slider", name="Step")
    slider.press("ArrowRight")
    slider.press("End")
    assert sample.page.evaluate("walked") == [[1, False], [3, False]]
    assert slider.get_attribute("aria-valuetext") == "step 3"


def test_play_stops_when_the_widget_goes(sample):
    sample.page.evaluate("steps.set(0, 2000)")
    sample.page.locator(".cnn-play").click()
    sample.page.evaluate("() => { stage.widget.dispose(); }")
    count = sample.page.evaluate("walked.length")
    sample.page.wait_for_timeout(300)
    assert sample.page.evaluate("walked.length") == count


# The look


def contrast(first: list[float], second: list[float]) -> float:
    """Contrast of two colours (WCAG 2.2)."""

    def luminance(colour: list[float]) -> float:
        parts = [c / 255 for c in colour[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


COLOUR = """(node, property) => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = getComputedStyle(node)[property];
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_text_and_focus_can_be_read_in_both_themes(stage, dark):
    sample = stage(Sample(), dark=dark)
    root = sample.root.locator(".cnn-widget")
    paper, ink = (root.evaluate(COLOUR, name) for name in ("backgroundColor", "color"))
    assert contrast(paper, ink) >= 7
    assert (sum(paper[:3]) < 200) is dark
    cell = sample.grid("numbers").cell(0, 0)
    cell.focus()
    assert contrast(cell.evaluate(COLOUR, "backgroundColor"), ink) >= 7
    assert cell.evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid"
    assert contrast(cell.evaluate(COLOUR, "outlineColor"), paper) >= 3
    button = sample.page.get_by_role("button", name="Play")
    assert contrast(button.evaluate(COLOUR, "borderTopColor"), paper) >= 3
    for name in ("first", "second", "third"):
        root.evaluate("(node, name) => { node.style.caretColor = `var(--cnn-${name})`; }", name)
        assert contrast(root.evaluate(COLOUR, "caretColor"), paper) >= 3.5


def test_at_twice_the_size_nothing_is_cut_off(zoomed):
    sample = zoomed(Sample())
    box = sample.root.locator(".cnn-widget").bounding_box()
    parts = sample.root.locator("button, input, .cnn-grid").all()
    assert len(parts) > 3
    for part in parts:
        inner = part.bounding_box()
        assert inner["x"] + inner["width"] <= box["x"] + box["width"]


def test_less_motion_is_respected(make_page):
    page = make_page(reduced_motion="reduce")
    page.add_style_tag(content=styles("kit/kit.js"))
    page.set_content("<div class='cnn-widget'><div class='cnn-frame'></div></div>")
    page.add_style_tag(content=styles("kit/kit.js"))
    still = page.locator(".cnn-frame").evaluate("(n) => getComputedStyle(n).transitionDuration")
    assert still == "0s"
