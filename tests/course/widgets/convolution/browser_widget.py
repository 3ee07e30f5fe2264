"""The convolution stepper in a browser: driven by mouse and by keyboard, compared with cnnlib."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect
from stage import Stage

from cnnlib.course.widgets import ConvolutionStepper
from cnnlib.course.widgets.convolution import window_arithmetic
from cnnlib.functional import conv2d

X = [[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]]
KERNEL = [[11, 4], [5, 2]]
DUE = [[144, 66, 160], [247, 97, 95], [215, 121, 136]]
TURNED = [[130, 68, 226], [161, 83, 149], [143, 176, 130]]


@pytest.fixture
def stepper(stage: Callable[..., Stage]) -> Stage:
    """Return the calculation that notebook 02 does by hand."""
    return stage(ConvolutionStepper(X, KERNEL))


def fill(shown: Stage) -> list[list[float | None]]:
    shown.page.get_by_role("button", name="Fill all").click()
    return shown.grid("output").numbers()


def lines(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


def unfold(shown: Stage) -> None:
    shown.page.locator("summary", has_text="Sizes").click()


def due_now(shown: Stage) -> np.ndarray:
    """What conv2d makes of the widget's present settings, as Python would see them."""
    return ConvolutionStepper(**shown.settings).output


# The arithmetic


# What is shown


def test_it_opens_on_the_first_window_of_the_hand_calculation(stepper: Stage) -> None:
    assert lines(stepper) == ["5·11 + 1·4 + 15·5 + 5·2 = 55 + 4 + 75 + 10 = 144"]
    assert stepper.grid("input").marked("in-window") == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert stepper.grid("products").numbers() == [[55, 4], [75, 10]]
    assert stepper.grid("output").numbers() == [[144, None, None], [None] * 3, [None] * 3]
    assert stepper.spoken() == ""  # nothing is read aloud unasked


def test_filling_all_gives_the_whole_map(stepper: Stage) -> None:
    assert fill(stepper) == DUE
    stepper.page.get_by_role("button", name="Clear").click()
    assert stepper.grid("output").numbers()[0] == [144, None, None]


# Steps


def test_step_and_back(stepper: Stage) -> None:
    step = stepper.page.get_by_role("button", name="Step", exact=True)
    step.click()
    assert lines(stepper) == ["1·11 + 7·4 + 5·5 + 1·2 = 11 + 28 + 25 + 2 = 66"]
    assert stepper.grid("input").marked("in-window") == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert stepper.spoken() == (
        "Output row 0, column 1. 1 times 11 plus 7 times 4 plus 5 times 5 plus 1 times 2 equals 66."
    )
    step.press("Enter")
    assert stepper.grid("output").numbers()[0] == [144, 66, 160]
    stepper.page.get_by_role("button", name="Back").press("Space")
    assert lines(stepper)[0].endswith("= 66")
    assert stepper.grid("output").numbers()[0] == [144, 66, 160]  # what is filled stays


def test_play_fills_the_map_and_speaks_briefly(stepper: Stage) -> None:
    stepper.page.get_by_label("Speed").select_option("fast")
    stepper.page.get_by_role("button", name="Play").click()
    expect(stepper.page.get_by_role("button", name="Play")).to_be_visible()
    assert stepper.grid("output").numbers() == DUE
    assert stepper.spoken() == "Output row 2, column 2: 136."


def test_arrow_keys_on_the_output_move_the_window(stepper: Stage) -> None:
    stepper.grid("output").cell(0, 0).focus()
    for key, place in [("ArrowRight", (0, 1)), ("ArrowDown", (1, 1)), ("Control+End", (2, 2))]:
        stepper.page.keyboard.press(key)
        row, column = place
        assert stepper.grid("input").marked("in-window")[0] == place
        assert lines(stepper)[0].endswith(f"= {DUE[row][column]}")
        assert f"equals {DUE[row][column]}." in stepper.spoken()
    assert stepper.page.get_by_role("slider").input_value() == "8"


def test_pointing_at_an_output_cell_shows_its_arithmetic_and_fills_nothing(stepper: Stage) -> None:
    stepper.grid("output").cell(2, 2).hover()
    assert lines(stepper) == ["4·11 + 6·4 + 12·5 + 4·2 = 44 + 24 + 60 + 8 = 136"]
    assert stepper.grid("input").marked("in-window")[0] == (2, 2)
    assert stepper.grid("output").numbers()[2] == [None] * 3
    stepper.page.mouse.move(5, 5)
    assert lines(stepper)[0].endswith("= 144")


def test_the_window_is_dragged(stepper: Stage) -> None:
    board = stepper.grid("input")
    board.cell(1, 1).hover()  # held at its lower right cell
    stepper.page.mouse.down()
    for place in [(1, 2), (2, 2), (3, 3)]:
        board.cell(*place).hover()
    assert board.marked("in-window")[0] == (2, 2)
    stepper.page.mouse.up()
    board.cell(0, 0).hover()  # no longer held
    assert board.marked("in-window")[0] == (2, 2)
    assert lines(stepper)[0].endswith("= 136")
    assert stepper.grid("output").numbers() == [
        [144, 66, None],
        [None, 97, None],
        [None, None, 136],
    ]
    assert stepper.root.locator(".cnn-editor").count() == 0


def test_the_window_is_dragged_from_stop_to_stop_of_a_stride(stage: Callable[..., Stage]) -> None:
    shown = stage(ConvolutionStepper(np.arange(36).reshape(6, 6), np.ones((2, 2)), stride=2))
    board = shown.grid("input")
    board.cell(0, 0).hover()
    shown.page.mouse.down()
    board.cell(0, 2).hover()
    assert board.marked("in-window")[0] == (0, 2)
    board.cell(5, 5).hover()
    shown.page.mouse.up()
    assert board.marked("in-window")[0] == (4, 4)


# Numbers of one's own


def test_a_number_of_the_input_is_edited_by_mouse(stepper: Stage) -> None:
    cell = stepper.grid("input").cell(3, 3)
    cell.dblclick()
    stepper.page.keyboard.type("0")
    stepper.page.keyboard.press("Enter")
    assert stepper.settings["image"][0][3] == [15, 3, 12, 0]
    assert fill(stepper) == [[144, 66, 160], [247, 97, 95], [215, 121, 128]]


def test_a_weight_is_edited_from_the_keyboard(stepper: Stage) -> None:
    stepper.grid("kernel").cell(0, 0).focus()
    stepper.page.keyboard.press("ArrowDown")
    stepper.page.keyboard.type("1/4")
    stepper.page.keyboard.press("Enter")
    assert stepper.settings["kernel"] == [[[11, 4], [0.25, 2]]]
    np.testing.assert_allclose(fill(stepper), due_now(stepper))
    assert lines(stepper)[0] == "5·11 + 1·4 + 15·0.25 + 5·2 = 55 + 4 + 3.75 + 10 = 72.75"


def test_negative_numbers_stand_in_brackets_and_are_spoken(stepper: Stage) -> None:
    stepper.set(kernel=[[[-1, 0], [0, 2]]], bias=-100)
    assert lines(stepper) == [
        "5·(−1) + 1·0 + 15·0 + 5·2 = (−5) + 0 + 0 + 10 = 5",
        "with the bias: 5 + (−100) = −95",
    ]
    stepper.page.get_by_role("button", name="Step", exact=True).click()
    assert "1 times minus 1 plus 7 times 0" in stepper.spoken()
    assert stepper.spoken().endswith("With the bias minus 100: minus 99.")


def test_bias_stride_and_padding(stepper: Stage) -> None:
    stepper.enter("Bias", "-100")
    assert fill(stepper)[0] == [44, -34, 60]
    stepper.enter("Bias", "0")
    stepper.enter("Stride", "2")
    assert fill(stepper) == [[144, 160], [215, 136]]
    stepper.enter("Padding", "1")
    assert np.array(fill(stepper)).shape == (3, 3)
    np.testing.assert_array_equal(fill(stepper), due_now(stepper))
    border = stepper.grid("input, with a border of zeros")
    assert border.node.count() == 0  # the name stays; the caption and the cells say it
    cell = stepper.grid("input").cell(0, 0)
    assert cell.get_attribute("aria-label").startswith("border: 0")
    assert len(stepper.grid("input").marked("border")) == 36 - 16


def test_what_the_stride_leaves_out_is_said(stage: Callable[..., Stage]) -> None:
    shown = stage(ConvolutionStepper(np.ones((5, 4)), KERNEL, stride=2))
    note = shown.root.locator(".conv-note")
    expect(note).to_have_text("With stride 2, the last row is never under the kernel.")
    shown.enter("Stride", "3")
    expect(note).to_have_text("With stride 3, the last 2 columns are never under the kernel.")
    shown.enter("Stride", "1")
    expect(note).to_be_hidden()


def test_the_border_is_not_edited_and_says_why(stepper: Stage) -> None:
    stepper.enter("Padding", "1")
    stepper.grid("input").cell(0, 0).dblclick()
    assert stepper.root.locator(".cnn-editor").count() == 0
    assert "change the padding" in stepper.complaint()
    stepper.grid("input").cell(1, 1).dblclick()  # the 5 in the corner of the image
    stepper.page.keyboard.type("6")
    stepper.page.keyboard.press("Enter")
    assert stepper.settings["image"][0][0] == [6, 1, 7, 13]
    assert stepper.complaint() == ""


def test_true_convolution_flips_the_kernel(stepper: Stage) -> None:
    turn = stepper.page.get_by_role("switch", name="Flip the kernel")
    turn.press("Enter")
    expect(turn).to_be_checked()
    assert stepper.grid("kernel").numbers() == [[2, 5], [4, 11]]
    assert lines(stepper) == ["5·2 + 1·5 + 15·4 + 5·11 = 10 + 5 + 60 + 55 = 130"]
    assert fill(stepper) == TURNED
    stepper.grid("kernel").cell(0, 0).dblclick()  # the 2, which stands last in the kernel itself
    stepper.page.keyboard.type("7")
    stepper.page.keyboard.press("Enter")
    assert stepper.settings["kernel"] == [[[11, 4], [5, 7]]]
    turn.click()
    assert stepper.grid("kernel").numbers() == [[11, 4], [5, 7]]


def test_sizes_are_changed_and_numbers_kept(stepper: Stage) -> None:
    unfold(stepper)
    stepper.enter("Kernel rows", "3")
    assert stepper.settings["kernel"] == [[[11, 4], [5, 2], [0, 0]]]
    stepper.enter("Input columns", "3")
    assert stepper.settings["image"][0][0] == [5, 1, 7]
    assert fill(stepper) == [[144, 66], [247, 97]]


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("Stride", "0", "Stride must be at least 1, not 0. Stride stays at 1."),
        ("Stride", "1.5", "Stride must be a whole number, but 1.5 is not one. Stride stays at 1."),
        ("Padding", "-1", "Padding must be at least 0, not −1. Padding stays at 0."),
        ("Bias", "much", "“much” is no number. Type one such as 3, −2.5 or 1/9. Bias stays at 0."),
        (
            "Kernel rows",
            "7",
            "The kernel does not fit: it has 7 rows, but the input has 4. Use a smaller kernel, "
            "or a padding of at least 2. Kernel rows stays at 2.",
        ),
        (
            "Input columns",
            "1",
            "The kernel does not fit: it has 2 columns, but the input has 1. Use a smaller "
            "kernel, or a padding of at least 1. Input columns stays at 4.",
        ),
    ],
)
def test_impossible_settings_are_explained(
    stepper: Stage, name: str, typed: str, words: str
) -> None:
    unfold(stepper)
    before = stepper.settings
    stepper.enter(name, typed)
    assert stepper.complaint() == words
    assert stepper.settings == before
    assert fill(stepper) == DUE


def test_padding_cannot_be_taken_from_a_kernel_that_needs_it(stage: Callable[..., Stage]) -> None:
    shown = stage(ConvolutionStepper(np.ones((2, 2)), np.ones((4, 4)), padding=1))
    shown.enter("Padding", "0")
    assert shown.complaint().startswith("The kernel does not fit: it has 4 rows, but the input")
    assert shown.settings["padding"] == 1


# Several channels


@pytest.fixture
def coloured(stage: Callable[..., Stage]) -> Stage:
    rng = np.random.default_rng(2)
    return stage(
        ConvolutionStepper(
            rng.integers(0, 9, (3, 4, 5)), rng.integers(-2, 3, (3, 2, 2)), padding=1, bias=3
        )
    )


def test_each_channel_has_its_products_and_their_sum(coloured: Stage) -> None:
    coloured.grid("output").cell(2, 3).click()
    settings = coloured.settings
    expected = window_arithmetic(settings["image"], settings["kernel"], 2, 3, padding=1, bias=3)
    for c in range(3):
        assert coloured.grid(f"products, channel {c}").numbers() == expected.products[c].tolist()
    texts = lines(coloured)
    assert [text.rpartition(" ")[2].replace("−", "-") for text in texts[:3]] == [
        f"{s:g}" for s in expected.sums
    ]
    assert texts[3].startswith("all channels: ")
    assert texts[4] == f"with the bias: {expected.total - 3:g} + 3 = {expected.total:g}".replace(
        "-", "−"
    )


def test_channels_are_summed_as_conv2d_does(coloured: Stage) -> None:
    settings = coloured.settings
    expected = conv2d(
        np.array([settings["image"]], dtype=float),
        np.array([settings["kernel"]], dtype=float),
        np.array([3.0]),
        padding=1,
    )[0, 0]
    np.testing.assert_array_equal(fill(coloured), expected)


def test_a_channel_is_added_and_taken_away(stepper: Stage) -> None:
    unfold(stepper)
    stepper.enter("Channels", "2")
    assert stepper.grid("input, channel 1").numbers() == [[0] * 4] * 4
    stepper.grid("input, channel 1").cell(0, 0).dblclick()
    stepper.page.keyboard.type("9")
    stepper.page.keyboard.press("Enter")
    stepper.grid("kernel, channel 1").cell(0, 0).dblclick()
    stepper.page.keyboard.type("2")
    stepper.page.keyboard.press("Enter")
    assert fill(stepper)[0][0] == 144 + 18
    stepper.enter("Channels", "1")
    assert fill(stepper) == DUE


def test_long_arithmetic_is_spoken_briefly_and_can_be_read(stage: Callable[..., Stage]) -> None:
    shown = stage(ConvolutionStepper(np.ones((6, 6)), np.ones((4, 4))))
    shown.page.get_by_role("button", name="Step", exact=True).click()
    assert shown.spoken() == "Output row 0, column 1: 16."
    full = shown.root.locator(".cnn-worked .cnn-spoken").text_content()
    assert full.count("times") == 16


# The look


def test_a_large_input_scrolls_within_the_widget(stage: Callable[..., Stage]) -> None:
    shown = stage(ConvolutionStepper(np.full((28, 28), 255), np.ones((5, 5)), padding=2))
    assert shown.overflow() <= 0
    np.testing.assert_array_equal(fill(shown), due_now(shown))


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(ConvolutionStepper(X, KERNEL, padding=1))
    shown.grid("output").cell(4, 4).click()
    assert shown.grid("output").numbers()[4][4] == 4 * 11


def test_the_window_is_marked_by_more_than_colour(stepper: Stage) -> None:
    cells = stepper.grid("input")
    weight = "(node) => getComputedStyle(node).fontWeight"
    assert int(cells.cell(0, 0).evaluate(weight)) > int(cells.cell(3, 3).evaluate(weight))
    frame = cells.node.locator(".cnn-frame")
    window = [cells.cell(0, 0).bounding_box(), cells.cell(1, 1).bounding_box()]
    box = frame.bounding_box()
    assert box["x"] == pytest.approx(window[0]["x"], abs=2)
    assert box["x"] + box["width"] == pytest.approx(window[1]["x"] + window[1]["width"], abs=2)
    assert cells.cell(0, 0).get_attribute("aria-label") == (
        "input row 0, column 0: 5, in the window"
    )


# Time, kernel, end


def test_how_soon_the_answer_comes(
    stepper: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    stepper.grid("output").cell(0, 0).focus()
    times = stepper.time_keys(["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"] * 10)
    assert median_redraw(times) < 2000  # the median, for the machine is shared


def test_how_soon_an_edit_is_answered(
    stage: Callable[..., Stage], median_redraw: Callable[[list[float]], float]
) -> None:
    """With a digit-sized input: 784 cells, 576 outputs of 25 products each."""
    shown = stage(ConvolutionStepper(np.full((28, 28), 9), np.ones((5, 5))))
    fill(shown)
    shown.field("Bias").focus()
    times = shown.time_keys(["ArrowUp"] * 20)
    assert shown.settings["bias"] == 20
    assert median_redraw(times) < 2000


def test_without_a_kernel_all_goes_on(stepper: Stage) -> None:
    stepper.lose_kernel()
    stepper.grid("input").cell(0, 0).dblclick()
    stepper.page.keyboard.type("6")
    stepper.page.keyboard.press("Enter")
    stepper.enter("Bias", "1")
    assert fill(stepper)[0][0] == 144 + 11 + 1


def test_two_on_one_page_do_not_mix(stepper: Stage, stage: Callable[..., Stage]) -> None:
    second = stage(ConvolutionStepper(KERNEL, [[1]]), name="second")
    second.root.get_by_role("button", name="Fill all").click()
    assert second.grid("output").numbers() == KERNEL
    assert stepper.grid("output").numbers()[0] == [144, None, None]


def test_nothing_is_left_behind(stepper: Stage) -> None:
    stepper.page.get_by_role("button", name="Play").click()
    assert stepper.dispose() == 0
