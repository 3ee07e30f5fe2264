"""A lecture without a network: decks in a browser, a deck in JupyterLab, handouts on paper.

``make test-doors`` runs this. What writes and shows them is in an environment of its own.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.tools.environment import ROOT
from cnnlib.course.tools.my_copy import COURSE
from cnnlib.course.tools.pages.path import lecture_path

PYTHON = os.environ.get("CNNLIB_LECTURE", str(ROOT / ".venv/lecture/bin/python"))
TOOLS = "cnnlib.course.tools.pages"
SCREEN = {"width": 1280, "height": 720}
DECKS = ("02", "10")
READY = "() => window.Reveal?.isReady() && document.querySelector('.reveal.ready') !== null"


def run(module: str, *arguments: str) -> None:
    """Run a tool of the pages; say what it said if it fails."""
    if not Path(PYTHON).exists():
        pytest.fail(f"{PYTHON} is missing: `make test-doors` installs it", pytrace=False)
    done = subprocess.run(
        [PYTHON, "-m", f"{TOOLS}.{module}", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


class Decks(dict[str, Path]):
    """The decks by their numbers; each is written when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __missing__(self, number: str) -> Path:
        run("slides", number, "--to", str(self.folder))
        (self[number],) = self.folder.glob(f"{number}_*.html")
        return self[number]


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> Decks:
    return Decks(tmp_path_factory.mktemp("slides"))


@pytest.fixture(scope="module")
def handouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handouts")
    run("handouts", "--to", str(folder))
    return folder


@pytest.fixture
def open_file(browser: Browser) -> Iterator[Callable[[Path], Page]]:
    """Return a function that opens a file without a network; another request is an error."""
    context = browser.new_context(viewport=SCREEN)
    context.set_default_timeout(60_000)
    context.set_offline(True)
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))

    context.on("page", watch)

    def start(path: Path) -> Page:
        own = path.as_uri()
        context.on(
            "request",
            lambda request: (
                request.url.startswith((own, "data:", "blob:", "about:"))
                or wrong.append(request.url)
            ),
        )
        page = context.new_page()
        page.goto(own)
        return page

    yield start
    context.close()
    assert wrong == []


def shown_ids(page: Page) -> set[str]:
    return set(
        page.evaluate(
            "() => [...Reveal.getCurrentSlide().querySelectorAll('[data-id]')]"
            ".filter((one) => one.checkVisibility({ visibilityProperty: true }))"
            ".map((one) => one.dataset.id)"
        )
    )


def bottom_and_right(page: Page) -> tuple[float, float]:
    """Return how far down and to the right the content of the current screen reaches."""
    return tuple(
        page.evaluate(
            """() => {
              const parts = [...Reveal.getCurrentSlide().querySelectorAll(".body > *")];
              const edges = parts.map((one) => one.getBoundingClientRect());
              const inner = (one) => {
                const over = one.scrollWidth - one.clientWidth;
                return over > 1 && !one.matches("details.code") ? over : 0;
              };
              return [
                Math.max(...edges.map((edge) => edge.bottom)),
                Math.max(...edges.map((edge, i) => edge.right + inner(parts[i]))),
              ];
            }"""
        )
    )


def path_of(number: str) -> list[str]:
    (notebook,) = COURSE.glob(f"{number}_*.ipynb")
    slides = lecture_path(nbformat.read(notebook, as_version=4))
    return [cell.id for slide in slides for cell in slide.cells]


@pytest.mark.parametrize("number", DECKS)
def test_one_key_leads_through_the_whole_path_and_nothing_is_cut_off(
    decks: dict[str, Path], open_file: Callable[[Path], Page], number: str
) -> None:
    page = open_file(decks[number])
    page.wait_for_function(READY)
    seen: set[str] = set()
    cut = []
    for press in range(500):
        seen |= shown_ids(page)
        down, right = bottom_and_right(page)
        if down > SCREEN["height"] or right > SCREEN["width"]:
            cut.append((press, down, right))
        if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
            break
        page.keyboard.press("Space")
    assert cut == []
    assert seen == set(path_of(number))
    assert page.evaluate("Reveal.getProgress()") == 1


@pytest.mark.parametrize("number", DECKS)
def test_the_minutes_are_those_of_the_path(
    decks: dict[str, Path], open_file: Callable[[Path], Page], number: str
) -> None:
    (notebook,) = COURSE.glob(f"{number}_*.ipynb")
    slides = lecture_path(nbformat.read(notebook, as_version=4))
    page = open_file(decks[number])
    page.wait_for_function(READY)
    timings = page.evaluate("Reveal.getSlidesAttributes().map((one) => Number(one['data-timing']))")
    assert sum(timings) == 60 * sum(slide.minutes for slide in slides)
    assert 0 < sum(timings) <= 50 * 60


def go_to(page: Page, widget: str) -> Locator:
    page.evaluate(
        """(widget) => {
          const { h, v } = Reveal.getIndices(document.querySelector(widget).closest(".screen"));
          Reveal.slide(h, v);
        }""",
        widget,
    )
    return page.locator(widget)


def test_a_widget_is_large_and_answers_and_keeps_its_keys(
    decks: dict[str, Path], open_file: Callable[[Path], Page]
) -> None:
    page = open_file(decks["02"])
    page.wait_for_function(READY)
    stepper = go_to(page, ".cnn-convolution")
    expect(stepper).to_have_class(re.compile(r"\bcnn-large\b"))
    here = page.evaluate("Reveal.getSlidePastCount()")
    bias = stepper.get_by_role("spinbutton", name="Bias", exact=True)
    bias.fill("10")
    bias.press("Enter")
    expect(stepper).to_contain_text("= 154")
    stepper.get_by_role("button", name="Step", exact=True).focus()
    page.keyboard.press("Space")
    expect(stepper).to_contain_text("row 0, column 1")
    assert page.evaluate("Reveal.getSlidePastCount()") == here
    page.keyboard.press("PageDown")
    assert page.evaluate("Reveal.getSlidePastCount()") == here + 1


def test_the_formulas_are_drawn(decks: dict[str, Path], open_file: Callable[[Path], Page]) -> None:
    page = open_file(decks["02"])
    page.wait_for_function(READY)
    assert page.locator("mjx-container svg").count() > 3
    assert page.locator("mjx-merror, merror").count() == 0
    text = page.evaluate(
        "() => [...document.querySelectorAll('.body > p')].map((one) => one.textContent).join()"
    )
    assert "$" not in text


def test_the_speakers_window_shows_the_notes_the_time_and_what_comes_next(
    decks: dict[str, Path], open_file: Callable[[Path], Page]
) -> None:
    (notebook,) = COURSE.glob("02_*.ipynb")
    first, second = lecture_path(nbformat.read(notebook, as_version=4))[:2]
    page = open_file(decks["02"])
    page.wait_for_function(READY)
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    notes = speaker.locator(".speaker-controls-notes .value")
    expect(notes).to_contain_text(first.notes[0])
    expect(notes).to_contain_text(f"Minutes 0 to {first.minutes}")
    expect(speaker.locator(".pacing-title")).to_be_visible()
    expect(speaker.locator("iframe")).to_have_count(2)
    upcoming = speaker.frame_locator("#upcoming-slide iframe")
    expect(upcoming.locator("section.screen.present")).to_contain_text("A question")
    page.bring_to_front()
    page.keyboard.press("Space")
    expect(notes).to_contain_text(second.notes[0])


def test_every_handout_is_one_page_of_a4(handouts: Path, open_file: Callable[[Path], Page]) -> None:
    page = open_file(handouts / "all.html")
    page.wait_for_selector("body[data-ready]", state="attached")
    sheets = page.evaluate(
        """() => [...document.querySelectorAll(".sheet")].map((one) => ({
          title: one.querySelector("h1").textContent,
          over: one.scrollHeight - one.clientHeight,
          size: parseFloat(getComputedStyle(one).fontSize) * 0.75,
          figures: one.querySelectorAll(".figure img").length,
          questions: one.querySelectorAll(".question").length,
        }))"""
    )
    assert [sheet.pop("title") for sheet in sheets] == [chapter.heading for chapter in CHAPTERS]
    assert min(sheet.pop("size") for sheet in sheets) >= 8.5
    assert sheets == [{"over": 0, "figures": 1, "questions": 3}] * len(CHAPTERS)
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == len(CHAPTERS)
    boxes = set(re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf))
    assert {tuple(round(float(side)) for side in box.split()) for box in boxes} == {
        (0, 0, 595, 842)
    }


@pytest.fixture
def lecture(tmp_path: Path) -> Iterator[str]:
    """Yield the address of JupyterLab, started for a lecture."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [
        *(PYTHON, "-m", f"{TOOLS}.lecture", "02", "--to", str(tmp_path / "mine"), "--no-browser"),
        *(f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token="),
        "--LabApp.expose_app_in_browser=True",
    ]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | own, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 300  # a busy machine
        while True:
            try:
                with urllib.request.urlopen(f"{address}/api/status", timeout=5):
                    break
            except OSError:
                late = time.monotonic() > deadline or server.poll() is not None
                assert not late, (tmp_path / "log").read_text(encoding="utf-8")[-3000:]
                time.sleep(0.3)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def lead_to(page: Page, widget: Locator) -> None:
    """Press the space bar, each time when the deck has moved, until a widget is on the slide."""
    active = "jupyterapp.shell.currentWidget.content.activeCell.model.id"
    for _ in range(15):
        if widget.count():
            return
        before = page.evaluate(active)
        page.keyboard.press("Space")
        page.wait_for_function(f"(before) => {active} !== before", arg=before)
        page.wait_for_timeout(500)
    expect(widget).to_have_count(1)


@pytest.mark.timeout(1800)  # all cells of a notebook run, on a machine that may be busy
def test_a_lecture_in_jupyterlab_starts_as_a_deck_and_its_widgets_answer(
    browser: Browser, lecture: str
) -> None:
    context = browser.new_context(viewport=SCREEN)
    context.set_default_timeout(120_000)
    foreign: list[str] = []
    context.on(
        "request",
        lambda request: (
            request.url.startswith((lecture, "data:", "blob:")) or foreign.append(request.url)
        ),
    )
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())  # whether to leave the page, on reloading
    page.goto(lecture)  # which leads to the deck
    expect(page.locator("body[data-jp-deck-mode=presenting]")).to_be_attached(timeout=120_000)
    shown = page.locator(".jp-Cell.jp-deck-mod-onscreen")
    expect(shown.first).to_contain_text("02 Convolution", timeout=120_000)
    page.evaluate(
        """async () => {
          const panel = jupyterapp.shell.currentWidget;
          await panel.context.ready;
          await panel.sessionContext.ready;
          await panel.sessionContext.session.kernel.info;
          await jupyterapp.commands.execute("notebook:run-all-cells");
          await jupyterapp.commands.execute("docmanager:save");
        }"""
    )
    page.reload()
    expect(shown.first).to_contain_text("02 Convolution", timeout=120_000)
    expect(page.locator(".jp-Cell:focus")).to_have_count(1)  # no click is needed
    stepper = shown.locator(".cnn-convolution")
    lead_to(page, stepper)
    expect(stepper).to_contain_text("= 144")
    bias = stepper.get_by_role("spinbutton", name="Bias", exact=True)
    bias.fill("10")
    bias.press("Enter")
    expect(stepper).to_contain_text("= 154")
    stepper.get_by_role("button", name="Step", exact=True).focus()
    page.keyboard.press("Space")  # the widget's own
    expect(stepper).to_contain_text("row 0, column 1")
    shown.get_by_role("heading").first.click()
    for key, count in (("PageDown", 0), ("PageUp", 1)):
        for _ in range(3):  # fragments
            if stepper.count() == count:
                break
            page.keyboard.press(key)
            page.wait_for_timeout(1000)
        expect(stepper).to_have_count(count)
    assert foreign == []
    context.close()
