"""The web edition in a browser: wide and narrow, light and dark, and no other host asked."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

PAGES = {"00_start_here": 1, "02_convolution": 4, "07_backpropagation": 3}  # live widgets
ASKS_PYTHON = "10_inside_the_network"  # a page whose widgets compute in Python
WIDTHS = (1200, 400)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build some pages of the site, and return where they are served."""
    python = os.environ.get("CNNLIB_SITE")
    if not python:
        pytest.fail("CNNLIB_SITE names no Python that has Sphinx. Run `make test-doors`.")
    folder = tmp_path_factory.mktemp("site") / "site"
    numbers = [name[:2] for name in (*PAGES, ASKS_PYTHON)]
    subprocess.run(
        [python, "-m", "cnnlib.course.tools.pages.site", "--out", str(folder), "--only", *numbers],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def opened(browser: Browser, site: str, width: int = 1200, scheme: str = "light") -> Page:
    """Return a page that turns to no host but the site's, and keeps what goes wrong in `wrong`."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    wrong: list[str] = []
    page.wrong = wrong

    def only_here(route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(site).netloc:
            route.continue_()
        else:
            wrong.append(f"asked for {route.request.url}")
            route.abort()

    page.route(lambda url: url.startswith("http"), only_here)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    return page


@pytest.fixture
def open_at(browser: Browser, site: str) -> Iterator[object]:
    pages: list[Page] = []

    def open_page(name: str, **options: object) -> Page:
        page = opened(browser, site, **options)
        pages.append(page)
        page.goto(f"{site}/{name}.html")
        return page

    yield open_page
    for page in pages:
        page.context.close()
        assert page.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_draws_its_formulas_and_shows_its_widgets(open_at, name, width, scheme) -> None:
    page = open_at(name, width=width, scheme=scheme)
    expect(page.locator(".cnn-live .cnn-widget")).to_have_count(PAGES[name])
    written = page.locator("article .math").count()
    assert (written > 30) == (name != "00_start_here")
    expect(page.locator("article .math mjx-container")).to_have_count(written)
    expect(page.locator("[data-mml-node=merror]")).to_have_count(0)
    # What is folded has to fit as well.
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    shade = [int(part) for part in paper.removeprefix("rgb(").removesuffix(")").split(",")]
    assert (max(shade) < 60) == (scheme == "dark")
    dusk = page.locator(".cnn-output .cnn-dusk").first
    assert dusk.evaluate("it => getComputedStyle(it).display !== 'none'") == (scheme == "dark")
    words = page.locator("article p").first
    ink = words.evaluate("it => getComputedStyle(it).color")
    assert ink != paper


def test_nothing_of_an_article_is_cut_off_on_a_phone(open_at) -> None:
    page = open_at("07_backpropagation", width=400)
    expect(page.locator("article mjx-container")).not_to_have_count(0)
    page.evaluate("MathJax.startup.promise")
    cut = page.evaluate(
        """[...document.querySelectorAll("article *")].filter(
          (one) => one.getBoundingClientRect().right > innerWidth + 1
        ).filter((one) => {
          for (let box = one.parentElement; box; box = box.parentElement) {
            if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return false;
          }
          return !one.closest("mjx-assistive-mml");
        }).map((one) => one.outerHTML.slice(0, 200))"""
    )
    assert cut == []


def test_a_widget_answers(open_at) -> None:
    page = open_at("02_convolution")
    stepper = page.locator(".cnn-live").first
    expect(stepper).to_contain_text("= 144")
    bias = stepper.get_by_role("spinbutton", name="Bias", exact=True)
    bias.fill("10")
    bias.press("Enter")
    expect(stepper).to_contain_text("= 154")


def test_the_pad_reads_what_is_drawn_with_the_keys(open_at) -> None:
    page = open_at("00_start_here")
    page.context.set_offline(True)
    pad = page.locator(".cnn-drawing")
    expect(pad.locator(".best")).to_contain_text("5:")
    pad.get_by_role("button", name="Clear").click()
    pad.get_by_role("application").focus()
    for key in ["Shift+ArrowUp"] * 2 + ["Space"] + ["Shift+ArrowDown"] * 4 + ["Space"]:  # a 1
        page.keyboard.press(key)
    expect(pad.get_by_role("status")).to_contain_text("Pen lifted. Read as 1, with ")
    expect(pad.locator(".best")).to_contain_text("1:")


def test_a_widget_that_computes_in_python_shows_its_picture_and_says_so(open_at) -> None:
    page = open_at(ASKS_PYTHON)
    expect(page.locator(".cnn-needs-kernel")).to_have_count(3)
    picture = page.locator(".cnn-with-widget img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("it => it.naturalWidth") > 100


def test_a_quiz_answers(open_at) -> None:
    page = open_at("02_convolution", width=400)
    question = page.get_by_role("group", name="Question 1")
    options = question.locator("summary")
    expect(question.get_by_text("Right.")).not_to_be_visible()
    for option in options.all():
        option.click()
    expect(question.get_by_text("Right.")).to_be_visible()
    expect(question.get_by_text("Not this one.").first).to_be_visible()


def test_what_is_to_be_predicted_is_folded_and_opens_by_the_keyboard(open_at) -> None:
    page = open_at("02_convolution")
    fold = page.locator("details.cnn-outcome").first
    printed = fold.locator(".cnn-printed")
    expect(printed).not_to_be_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(printed).to_have_text("[4, 6, 8, 10, 12, 10, 10, 6]")


@pytest.mark.parametrize(
    ("word", "found"), [("momentum", "07 Backpropagation"), ("합성곱", "02 Convolution")]
)
def test_the_search_finds_a_word(open_at, word: str, found: str) -> None:
    page = open_at("index")
    page.locator("input.sidebar-search").first.fill(word)
    page.keyboard.press("Enter")
    results = page.locator("#search-results")
    expect(results.get_by_role("link", name=found).first).to_be_visible()


def test_one_goes_from_page_to_page_and_the_dark_is_kept(open_at) -> None:
    page = open_at("index")
    page.locator("article").get_by_role("link", name="00 Start here").first.click()
    expect(page).to_have_title("00 Start here - CNNs from the pixel up")
    chosen = page.locator(".theme-toggle:visible").first
    while page.locator("body").get_attribute("data-theme") != "dark":
        chosen.click()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_title("02 Convolution - CNNs from the pixel up")
    expect(page.locator("body")).to_have_attribute("data-theme", "dark")


def test_links_lead_to_something(open_at, site: str) -> None:
    """Links to chapters that this part leaves out lead nowhere; Sphinx sees to the whole."""
    page = open_at("02_convolution")
    for address in page.locator("article a[href^='#'], img").evaluate_all(
        "all => all.map((one) => one.getAttribute('href') ?? one.getAttribute('src'))"
    ):
        if ".md" in address:
            assert address[1:3] not in [name[:2] for name in (*PAGES, ASKS_PYTHON)]
        elif address.startswith("#"):
            assert page.evaluate("id => document.getElementById(id) !== null", address[1:])
        else:
            assert page.request.get(f"{site}/{address}").ok, address


def test_the_folder_holds_no_address_that_a_page_would_load() -> None:
    style = Path(__file__).parents[4] / "cnnlib/course/tools/pages/site_look/site.css"
    assert "http" not in style.read_text(encoding="utf-8")
