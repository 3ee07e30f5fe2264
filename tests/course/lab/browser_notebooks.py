"""The notebooks and their widgets in a real JupyterLab."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator

import nbformat
import pytest
from course.tools.solved_notebooks import solve
from lab import Lab, Opened, Server, ids_of_cells, widget, write
from nbformat.sign import NotebookNotary
from playwright.sync_api import Locator, expect
from stage import CLOCK, Grid, enter
from stored import differences

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.tools.notebook_rules import FOLDER, NAMES

X = [[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]]
KERNEL = [[11, 4], [5, 2]]
DUE = [[144, 66, 160], [247, 97, 95], [215, 121, 136]]


@pytest.mark.timeout(1800)  # some of them train networks
@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_a_reader_walks_through_without_a_complaint(lab: Lab, chapter: Chapter) -> None:
    """Run All, the first exercise, the quiz, and on to the next notebook.

    No error in an output or on the page, and no request to any other host (see `lab`). And the
    outputs are those stored, though OpenBLAS adds here in another order (see `Server`).
    """
    opened = lab.open(chapter.notebook)
    cells = opened.run_all()
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [(cell["id"], output) for cell in cells for output in cell["outputs"]]
    assert [(where, one["text"]) for where, one in outputs if one["type"] == "error"] == []
    views = [where for where, one in outputs if any("widget-view" in k for k in one["kinds"])]
    for where in views:
        cell = opened.cell(where)
        expect(cell.locator(".cnn-widget, .jupyter-widgets").first).to_be_visible()
        expect(cell).not_to_contain_text("Error displaying widget")
    opened.save()
    run = nbformat.read(lab.server.folder / opened.path, as_version=4)
    assert differences(run, nbformat.read(FOLDER / opened.path, as_version=4)) == []

    rooms = chapter.exercises()
    exercise = next(iter(rooms.chapter.exercises.values()))
    stub = next(c for c in run.cells if f"ex.{exercise.name}.check(" in c.source)
    said = opened.rewrite(stub.id, solve(stub.source, exercise))
    assert said.startswith(f"✓ {exercise.name}: right")

    quiz = opened.cell("quiz-questions")
    options = [option for question in rooms.quiz.questions for option in question.options]
    for number, option in enumerate(options):
        if option.right:
            quiz.locator("details").nth(number).locator("summary").click()
    for number in range(len(rooms.quiz.questions)):
        expect(quiz.get_by_text("✓ Right.").nth(number)).to_be_visible()

    following = CHAPTERS[(chapter.number + 1) % len(CHAPTERS)].notebook
    opened.cell("next").locator("a", has_text=re.compile(f"^{following[:2]} ")).first.click()
    lab.page.wait_for_function(
        "(path) => jupyterapp.shell.currentWidget?.context?.path === path", arg=f"{following}.ipynb"
    )
    lab.open(following).close()
    opened.close()


def test_another_output_would_be_noticed() -> None:
    """The test above can fail."""
    stored = nbformat.read(FOLDER / f"{NAMES[2]}.ipynb", as_version=4)
    assert differences(copy.deepcopy(stored), stored) == []
    run = copy.deepcopy(stored)
    code = [cell for cell in run.cells if cell.cell_type == "code" and cell.outputs]
    cell = next(cell for cell in code if cell.outputs[0].output_type == "stream")
    cell.outputs[0].text += "5"
    assert [found.partition(":")[0] for found in differences(run, stored)] == [cell.id]
    cell.outputs = []
    assert [found.partition(":")[0] for found in differences(run, stored)] == [cell.id]


def test_a_foreign_request_and_an_error_are_noticed(lab: Lab) -> None:
    """The test above can fail."""
    lab.page.evaluate("fetch('http://localhost:9/x').catch(() => console.error('failed'))")
    lab.page.wait_for_timeout(500)
    complaints = lab.take_complaints()
    assert "request to http://localhost:9/x" in complaints
    assert any(complaint.startswith("failed") for complaint in complaints)


# A notebook with the stepper alone


@pytest.fixture
def make_notebook(lab: Lab, server: Server) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens a notebook with a stepper in its second cell, and runs it."""
    made: list[Opened] = []

    def make(name: str, *further: str, image: object = X, kernel: object = KERNEL) -> Opened:
        show = f"stepper = widgets.ConvolutionStepper({image}, {kernel})\nstepper"
        opened = lab.open(write(server, name, "from cnnlib.course import widgets", show, *further))
        made.append(opened)
        opened.run_all()
        return opened

    yield make
    for opened in made:
        opened.close()


@pytest.fixture(scope="module")
def shared(window: Lab, server: Server) -> Iterator[Opened]:
    show = f"stepper = widgets.ConvolutionStepper({X}, {KERNEL})\nstepper"
    opened = window.open(write(server, "stepper", "from cnnlib.course import widgets", show))
    yield opened
    opened.close()


@pytest.fixture
def opened(shared: Opened, lab: Lab) -> Opened:
    """Return a notebook with a new stepper in its second cell."""
    shared.run_all()
    return shared


def grid(root: Locator, name: str) -> Grid:
    return Grid(root.get_by_role("grid", name=name, exact=True))


def reopen(lab: Lab, closed: Opened) -> Opened:
    """Open a notebook again, and see its widget come back.

    JupyterLab looks for a stored widget for two seconds, then writes "model not found" for good.
    On a busy machine two seconds may be too short, and a reader would open the notebook once more.
    """
    for _ in range(4):
        again = lab.open(closed.path.removesuffix(".ipynb"))
        cell = again.cell("cell-1")
        error = cell.get_by_text("Error displaying widget: model not found")
        expect(error.or_(cell.locator(".cnn-widget"))).to_be_visible()
        if not error.is_visible():
            return again
        again.close(shut_down=False)
        complaints = lab.take_complaints()
        assert all("widget model not found" in complaint for complaint in complaints)
    pytest.fail("The widget did not come back.")


def test_the_stepper_is_driven_by_mouse_and_keyboard(opened: Opened) -> None:
    root = widget(opened)
    output = grid(root, "output")
    output.cell(0, 0).click()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft"):
        opened.page.keyboard.press(key)
    assert output.numbers() == [[144, 66, 160], [247, 97, 95], [None] * 3]
    expect(root.locator(".cnn-lines")).to_contain_text("= 247")
    root.get_by_role("button", name="Fill all").click()
    assert output.numbers() == DUE


def test_what_is_edited_is_known_to_python_and_computed_with_cnnlib(opened: Opened) -> None:
    root = widget(opened)
    cell = grid(root, "kernel").cell(1, 1)
    cell.click()
    opened.page.keyboard.type("-2.5")
    opened.page.keyboard.press("Enter")
    enter(root.get_by_role("spinbutton", name="Stride"), "2")
    root.get_by_role("button", name="Fill all").click()
    opened.python_comes_to(
        "print(stepper.kernel.tolist(), stepper.stride)", "[[11.0, 4.0], [5.0, -2.5]] 2"
    )
    expected = json.loads(opened.python("print(stepper.output.tolist())"))
    assert grid(root, "output").numbers() == expected


def test_what_python_sets_is_drawn(opened: Opened) -> None:
    root = widget(opened)
    opened.python("stepper.set(image=[[1, 2], [3, 4]], kernel=[[1]], bias=10)")
    expect(grid(root, "input").node.get_by_role("gridcell")).to_have_count(4)
    root.get_by_role("button", name="Fill all").click()
    assert grid(root, "output").numbers() == [[11, 12], [13, 14]]


def test_keys_in_the_widget_do_nothing_to_the_notebook(opened: Opened) -> None:
    """In JupyterLab "d d" deletes a cell, "a" inserts one, "x" cuts one, "m" makes it Markdown."""
    root = widget(opened)
    before = ids_of_cells(opened)
    grid(root, "output").cell(0, 0).click()
    for key in ("d", "d", "a", "b", "x", "m", "Enter", "Escape", "Space", "Shift+Enter"):
        opened.page.keyboard.press(key)
    assert ids_of_cells(opened) == before
    expect(root).to_be_visible()
    expect(grid(root, "output").cell(0, 0)).to_be_focused()


def test_ctrl_s_in_the_widget_saves_the_notebook(opened: Opened, server: Server) -> None:
    root = widget(opened)
    path = server.folder / opened.path
    before = path.stat().st_mtime_ns
    grid(root, "output").cell(0, 0).click()
    opened.page.keyboard.press("Control+s")
    opened.page.wait_for_function("(path) => !panels[path].context.model.dirty", arg=opened.path)
    assert path.stat().st_mtime_ns > before


def test_tab_goes_in_and_out(opened: Opened) -> None:
    """No part of the widget holds the focus fast."""
    root = widget(opened)
    root.get_by_role("spinbutton", name="Stride").focus()
    seen = []
    for _ in range(40):
        opened.page.keyboard.press("Tab")
        inside = root.evaluate("(node) => node.contains(document.activeElement)")
        if not inside:
            break
        seen.append(opened.page.evaluate("document.activeElement.textContent.trim()"))
    assert not inside
    assert "Play" in seen


def test_after_a_restart_of_the_kernel_the_widget_goes_on(
    make_notebook: Callable[..., Opened],
) -> None:
    opened = make_notebook("restart")
    root = widget(opened)
    opened.restart()
    grid(root, "output").cell(0, 0).click()
    opened.page.keyboard.press("ArrowRight")
    cell = grid(root, "input").cell(0, 1)
    cell.click()
    opened.page.keyboard.type("2")
    opened.page.keyboard.press("Enter")
    root.get_by_role("button", name="Fill all").click()
    assert grid(root, "output").numbers()[0] == [144 + 4, 66 + 11, 160]
    opened.run_all()  # and the new kernel makes a new one
    assert grid(widget(opened), "output").numbers()[0] == [144, None, None]


def test_closed_and_opened_again_while_the_kernel_runs(
    make_notebook: Callable[..., Opened], lab: Lab
) -> None:
    opened = make_notebook("reopened")
    cell = grid(widget(opened), "kernel").cell(0, 0)
    cell.click()
    opened.page.keyboard.type("1")
    opened.page.keyboard.press("Enter")
    opened.save()
    opened.close(shut_down=False)
    again = reopen(lab, opened)
    root = widget(again)
    assert grid(root, "kernel").numbers() == [[1, 4], [5, 2]]
    again.python_comes_to("print(stepper.kernel.tolist())", [[1, 4], [5, 2]], json.loads)
    grid(root, "output").cell(2, 2).click()
    assert grid(root, "output").numbers()[2][2] == 4 * 1 + 6 * 4 + 12 * 5 + 4 * 2
    again.close()


def test_closed_and_opened_again_without_a_kernel(
    make_notebook: Callable[..., Opened], lab: Lab
) -> None:
    """`make lab` has JupyterLab save the widgets, so they live without what made them."""
    opened = make_notebook("reopened-alone")
    cell = grid(widget(opened), "kernel").cell(0, 0)
    cell.click()
    opened.page.keyboard.type("1")
    opened.page.keyboard.press("Enter")
    opened.save()
    opened.close()
    again = reopen(lab, opened)
    root = widget(again)
    root.get_by_role("button", name="Fill all").click()
    assert grid(root, "kernel").numbers() == [[1, 4], [5, 2]]
    assert grid(root, "output").numbers()[0][0] == 5 * 1 + 1 * 4 + 15 * 5 + 5 * 2
    again.close()


def test_two_notebooks_at_once_do_not_mix(
    opened: Opened, make_notebook: Callable[..., Opened]
) -> None:
    other = make_notebook("another", image=KERNEL, kernel=[[1]])
    second = widget(other)
    enter(second.get_by_role("spinbutton", name="Bias"), "100")
    second.get_by_role("button", name="Fill all").click()
    assert grid(second, "output").numbers() == [[111, 104], [105, 102]]
    opened.page.evaluate("(path) => jupyterapp.shell.activateById(panels[path].id)", opened.path)
    first = widget(opened)
    first.get_by_role("button", name="Fill all").click()
    assert grid(first, "output").numbers() == DUE
    other.python_comes_to("print(stepper.bias)", "100")
    assert opened.python("print(stepper.bias)") == "0"


def test_two_views_of_one_widget_show_the_same_numbers(
    make_notebook: Callable[..., Opened],
) -> None:
    opened = make_notebook("two-views", "stepper")
    first, second = widget(opened, "cell-1"), widget(opened, "cell-2")
    enter(first.get_by_role("spinbutton", name="Bias"), "-100")
    expect(second.get_by_role("spinbutton", name="Bias")).to_have_value("−100")
    assert grid(second, "output").numbers()[0][0] == 44


def test_a_notebook_that_was_not_run_shows_the_picture(lab: Lab) -> None:
    """JupyterLab does not trust what others have run, and shows the picture in its place."""
    opened = lab.open("02_convolution")
    cell = opened.cell("by-hand-stepper-widget")
    picture = cell.locator("img")
    expect(picture).to_be_visible()
    assert picture.get_attribute("alt").startswith("Input, rows: 5 1 7 13;")
    opened.close()


def test_a_widget_that_lives_hides_its_picture_and_paper_shows_it(opened: Opened) -> None:
    root = widget(opened)
    picture = opened.cell("cell-1").locator("img.cnn-stand-in")
    expect(picture).to_have_count(1)
    expect(picture).to_be_hidden()
    opened.page.emulate_media(media="print")
    try:
        expect(picture).to_be_visible()
        expect(root).to_be_hidden()
    finally:
        opened.page.emulate_media(media="screen")
    expect(root).to_be_visible()


def test_reopened_without_any_state_there_is_the_picture(
    make_notebook: Callable[..., Opened], lab: Lab, server: Server
) -> None:
    """As after a restart of the server, where JupyterLab was not told to save widgets."""
    opened = make_notebook("stateless")
    opened.save()
    opened.close()
    path = server.folder / opened.path
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"].pop("widgets", None)
    path.write_text(json.dumps(content), encoding="utf-8")
    NotebookNotary(data_dir=str(server.folder.parent / "data")).sign(nbformat.from_dict(content))
    again = lab.open("stateless")
    picture = again.cell("cell-1").locator("img.cnn-stand-in")
    expect(picture).to_be_visible()
    assert picture.get_attribute("alt").startswith("Input, rows: 5 1 7 13;")
    again.page.wait_for_timeout(3000)  # JupyterLab looks for the widget for two seconds
    expect(picture).to_be_visible()
    error = again.cell("cell-1").get_by_text("Error displaying widget")
    expect(error).to_have_count(1)  # it is there, for the notebook is trusted,
    expect(error).to_be_hidden()  # and nobody sees it
    again.close()
    lab.take_complaints()


def test_the_theme_of_jupyterlab_is_taken_on(opened: Opened, lab: Lab) -> None:
    root = widget(opened)
    probe = (
        "(node) => { const s = getComputedStyle(node);"
        "const page = getComputedStyle(document.body).getPropertyValue('--jp-layout-color0');"
        "const one = document.createElement('i'); one.style.color = page;"
        "document.body.append(one); const expected = getComputedStyle(one).color; one.remove();"
        "return [s.backgroundColor, expected]; }"
    )
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        lab.theme(theme)
        paper, expected = root.evaluate(probe)
        assert paper == expected, theme


def test_the_help_is_not_torn_apart_by_the_styles_of_jupyterlab(opened: Opened) -> None:
    root = widget(opened)
    root.locator("summary", has_text="Keys").click()
    names = [node.bounding_box() for node in root.locator("dt").all()]
    texts = [node.bounding_box() for node in root.locator("dd").all()]
    assert len(names) == len(texts) == 5
    for name, text in zip(names, texts, strict=True):
        assert name["height"] < 30  # one line
        assert 0 <= text["x"] - (name["x"] + name["width"]) < 200


def test_nothing_moves_by_itself(opened: Opened) -> None:
    root = widget(opened)
    before = root.inner_text()
    opened.page.wait_for_timeout(2500)  # longer than the slowest step
    assert root.inner_text() == before


def test_how_soon_the_answer_comes(
    opened: Opened, median_redraw: Callable[[list[float]], float]
) -> None:
    """From the key to the frame that shows the answer. The median, for the machine is shared."""
    root = widget(opened)
    opened.page.evaluate(CLOCK)
    grid(root, "output").cell(0, 0).focus()
    for key in ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"] * 10:
        count = opened.page.evaluate("redraws.length")
        opened.page.keyboard.press(key)
        opened.page.wait_for_function("(count) => redraws.length > count", arg=count)
    times = opened.page.evaluate("redraws")
    assert len(times) == 40
    assert median_redraw(times) < 100
