"""A real browser for the tests in this folder. `make test-browser` runs them."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Callable, Iterator

import pytest
from lab import Lab, Server
from node import NODE, Module
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from stage import DARK, Stage

from cnnlib.course.widgets.kit.base import Widget

# Without Node, one test in `test_widgets.py` says so, and not each of these.
collect_ignore_glob = [] if NODE else ["widgets/*/test_arithmetic.py", "widgets/kit/test_kit.py"]

# Chromium would otherwise ask its maker for news, updates and lists on the network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 60_000  # milliseconds; a shared machine may be slow for a moment
expect.set_options(timeout=TIMEOUT)


REDRAWS = "milliseconds from each input to its picture"


@pytest.fixture
def median_redraw(request: pytest.FixtureRequest) -> Callable[[list[float]], float]:
    """Return a function that takes the times from input to picture and returns their median.

    The medians are listed at the end of the run.
    """

    def note(times: list[float]) -> float:
        request.node.user_properties.append((REDRAWS, times))
        return statistics.median(times)

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = []
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        if report.when == "call" and (times := dict(report.user_properties).get(REDRAWS)):
            low, *_, high = statistics.quantiles(times, n=20)
            middle = f"{statistics.median(times):6.1f} median, {low:.1f} to {high:.1f} nine in ten"
            lines.append(f"{middle}: {report.nodeid}")
    if lines:
        terminalreporter.section("from input to picture, milliseconds")
    for line in sorted(lines, key=lambda line: line.partition(": ")[2]):
        terminalreporter.write_line(line)


def chromium_path() -> str:
    """Return where Chromium is, or say how to get it."""
    named = os.environ.get("CHROMIUM")
    for name in filter(None, (named, "chromium", "chromium-browser", "google-chrome")):
        if path := shutil.which(name):
            return path
    pytest.fail(
        "No Chromium found. Install it (Debian: apt-get install chromium), or say where it is "
        "with CHROMIUM=/path/to/chromium.",
        pytrace=False,
    )


@pytest.fixture(scope="session")
def module_in_node() -> Iterator[Callable[[str], Module]]:
    """Return a function that loads a module of the widgets without a browser."""
    loaded: dict[str, Module] = {}

    def load(name: str) -> Module:
        if name not in loaded:
            loaded[name] = Module(name)
        return loaded[name]

    yield load
    for module in loaded.values():
        module.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path(), args=FLAGS, timeout=TIMEOUT
        )
        yield chromium
        chromium.close()


def new_context(browser: Browser, **options: object) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1100, "height": 900}, **options)
    context.set_default_timeout(TIMEOUT)
    return context


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return the window of all tests that need no other: a new one takes far longer than a page."""
    shared = new_context(browser)
    yield shared
    shared.close()


@pytest.fixture
def open_page() -> Iterator[Callable[[BrowserContext], Page]]:
    """Return a function that opens an empty page; any error on a page fails the test."""
    pages: list[Page] = []
    errors: list[str] = []

    def open_in(context: BrowserContext) -> Page:
        page = context.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.set_content("<!doctype html><html lang='en'><title>stage</title><body></body></html>")
        return page

    yield open_in
    for page in pages:
        page.close()
    assert errors == []


@pytest.fixture
def make_page(
    browser: Browser, open_page: Callable[[BrowserContext], Page]
) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page in a window of its own, which may have other options."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> Page:
        contexts.append(new_context(browser, **options))
        return open_page(contexts[-1])

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(context: BrowserContext, open_page: Callable[[BrowserContext], Page]) -> Page:
    return open_page(context)


@pytest.fixture
def stage(page: Page) -> Callable[..., Stage]:
    """Return a function that puts a widget on a page; `dark=True` for the dark theme."""

    def show(widget: Widget, *, name: str = "widget", dark: bool = False) -> Stage:
        if dark:
            page.add_style_tag(content=DARK)
        return Stage(page, widget, name)

    return show


@pytest.fixture
def zoomed(make_page: Callable[..., Page]) -> Callable[..., Stage]:
    """Return a function that shows a widget at 200%, with what room JupyterLab then leaves.

    Nothing may reach over the edge of the page.
    """

    def show(widget: Widget, *, width: int = 350, height: int = 450) -> Stage:
        page = make_page(device_scale_factor=2)
        page.set_viewport_size({"width": width, "height": height})
        shown = Stage(page, widget)
        assert shown.overflow() <= 0
        return shown

    return show


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("lab"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def window(browser: Browser, server: Server) -> Iterator[Lab]:
    opened = Lab(browser, server)
    yield opened
    opened.close()


@pytest.fixture
def lab(window: Lab) -> Iterator[Lab]:
    """Return JupyterLab in a window that all tests share.

    An error on the page, or a request to any other host, fails the test during which it came.
    """
    window.take_complaints()
    yield window
    assert window.take_complaints() == []
