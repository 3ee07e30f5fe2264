"""A page with one widget and nothing else: no notebook, no kernel, no server.

It plays the part of anywidget: it loads the widget's module, keeps its settings, and hands both
to `render`. Where a widget shares more with Python than its settings and facts, the test's own
process plays the kernel: what the browser saves is set on the widget, and what changes there goes
back. What a learner sees and does is then the same as in a notebook, only quicker to set up. That
notebooks do show the widget is tested in `tests/course/lab`.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page

from cnnlib.course.widgets.kit.base import Widget

HOST = """
async ([esm, css, given, id]) => {
  // Bytes travel as base64, and are DataViews here, as in a notebook.
  const decode = (value) => {
    if (Array.isArray(value)) return value.map(decode);
    if (value === null || typeof value !== "object") return value;
    if ("$bytes" in value) {
      const text = atob(value.$bytes);
      return new DataView(Uint8Array.from(text, (one) => one.charCodeAt(0)).buffer);
    }
    return Object.fromEntries(Object.entries(value).map(([k, one]) => [k, decode(one)]));
  };
  const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const text = (view) => Array.from(bytes(view), (one) => String.fromCharCode(one)).join("");
  const encode = (value) => (ArrayBuffer.isView(value) ? { $bytes: btoa(text(value)) } : value);
  const written = (value) =>
    JSON.stringify(value, (_, one) => (ArrayBuffer.isView(one) ? text(one) : one));
  const state = decode(given);
  const unsaved = new Set();
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const module = await import(url);
  const listeners = new Set();
  const model = {
    saved: 0,
    get: (name) => state[name],
    set(name, value) {
      const old = written(state[name]);
      state[name] = value;
      if (written(value) === old) return;
      unsaved.add(name);
      for (const [event, listener] of [...listeners].map((key) => key)) {
        if (event === `change:${name}`) listener();
      }
    },
    save_changes() {
      if (window.kernelIsGone) throw new Error("no kernel");
      this.saved += 1;
      const changes = Object.fromEntries([...unsaved].map((name) => [name, encode(state[name])]));
      unsaved.clear();
      this.ask({ state: changes });
    },
    async ask(message) {
      const answer = await window[`kernel_${id}`]?.(message);
      if (answer) this.take(answer);
    },
    take(changes) {
      for (const [name, value] of Object.entries(decode(changes))) this.set(name, value);
      unsaved.clear();
    },
    on: (event, listener) => listeners.add([event, listener]),
    off(event, listener) {
      for (const key of listeners) {
        if (key[0] === event && key[1] === listener) listeners.delete(key);
      }
    },
    send(content) {
      if (window.kernelIsGone) throw new Error("no kernel");
      this.ask({ content });
    },
  };
  const el = document.createElement("div");
  el.id = id;
  document.body.append(el);
  const initialize = module.default.initialize;
  if (initialize) await initialize({ model });
  const dispose = await module.default.render({ model, el });
  window.stage = { ...window.stage, [id]: { module, model, dispose, listeners } };
}
"""

CLOCK = Path(__file__).with_name("clock.js").read_text(encoding="utf-8")

# JupyterLab's dark theme, as far as the widgets read it.
DARK = """
:root {
  --jp-content-font-color1: rgba(255, 255, 255, 1);
  --jp-layout-color0: #111111;
  color-scheme: dark;
}
body { background: #111111; }
"""


OWN = {"settings", "facts", "large"}  # what every widget shares with the browser


class Stage:
    """A widget on a page of its own."""

    def __init__(self, page: Page, widget: Widget, name: str = "widget") -> None:
        self.page = page
        self.name = name
        self.widget = widget
        self._changed: set[str] = set()
        shared = _shared(widget)
        if set(shared) - OWN:
            widget.observe(lambda change: self._changed.add(change["name"]), shared)
            page.expose_function(f"kernel_{name}", self._as_kernel)
        state = {key: _encoded(getattr(widget, key)) for key in shared}
        page.evaluate(HOST, [str(widget._esm), str(widget._css), state, name])
        page.evaluate(CLOCK)

    @property
    def root(self) -> Locator:
        return self.page.locator(f"#{self.name}")

    @property
    def settings(self) -> dict[str, Any]:
        """What the widget is set to now; this is what Python would read."""
        return self.page.evaluate(f"stage[{self.name!r}].model.get('settings')")

    def set(self, **changes: Any) -> None:
        """Change settings as Python would."""
        self.page.evaluate(
            f"(changes) => {{ const model = stage[{self.name!r}].model;"
            "model.set('settings', {...model.get('settings'), ...changes}); }",
            changes,
        )

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function that the widget's module exports."""
        return self.page.evaluate(
            f"(given) => stage[{self.name!r}].module.{function}(...given)", list(arguments)
        )

    def _as_kernel(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what a kernel does with a message; return what has changed by it."""
        own = {key: _decoded(value) for key, value in message.get("state", {}).items()}
        self._changed.clear()
        if own:
            self.widget.set_state(own)
        if "content" in message:
            self.widget._handle_custom_msg(message["content"], [])
        changed = {key for key in self._changed if getattr(self.widget, key) != own.get(key)}
        return {key: _encoded(getattr(self.widget, key)) for key in changed}

    def pull(self) -> None:
        """Bring the browser what Python has changed by itself."""
        state = {key: _encoded(getattr(self.widget, key)) for key in _shared(self.widget)}
        self.page.evaluate(f"(state) => stage[{self.name!r}].model.take(state)", state)

    def spoken(self) -> str:
        """What a screen reader was last told."""
        return self.root.locator("[role=status]").first.inner_text().strip()

    def complaint(self) -> str:
        """What the widget refused, and why."""
        return self.root.locator("[role=alert]").inner_text().strip()

    def grid(self, name: str) -> Grid:
        return Grid(self.root.get_by_role("grid", name=name, exact=True))

    def field(self, name: str) -> Locator:
        """A field for a number."""
        return self.root.get_by_role("spinbutton", name=name, exact=True)

    def enter(self, name: str, value: str) -> None:
        """Type a number into a field."""
        enter(self.field(name), value)

    def press(self, name: str, times: int = 1) -> None:
        """Press a button."""
        for _ in range(times):
            self.root.get_by_role("button", name=name, exact=True).click()

    def board(self, name: str) -> Locator:
        """A picture that can be walked, found by how its name begins."""
        return self.root.locator(f".pix-board[aria-label^='{name}']")

    def pixels(self, name: str) -> np.ndarray:
        """What such a picture shows, as (rows, columns, 3) bytes."""
        flat, rows, columns = (
            self.board(name)
            .locator("canvas")
            .evaluate(
                "(c) => [[...c.getContext('2d').getImageData(0, 0, c.width, c.height).data],"
                " c.height, c.width]"
            )
        )
        return np.array(flat).reshape(rows, columns, 4)[:, :, :3]

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window; 0 or less if all is seen."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def lose_kernel(self) -> None:
        """From now on nobody answers the widget."""
        self.page.evaluate("window.kernelIsGone = true")

    def time_keys(self, keys: list[str]) -> list[float]:
        """Press keys where the focus is; return the milliseconds from each to its picture."""
        self.page.evaluate("redraws.splice(0)")
        for key in keys:
            self.page.keyboard.press(key)
        self.page.wait_for_function("(count) => redraws.length >= count", arg=len(keys))
        return self.redraws()

    def redraws(self) -> list[float]:
        """Milliseconds from each input to its picture, since the last call."""
        self.page.wait_for_function("redraws.length > 0")
        return self.page.evaluate("redraws.splice(0)")

    def dispose(self) -> int:
        """Take the widget away as a notebook does; return how many listeners it left behind."""
        return self.page.evaluate(
            f"(() => {{ const s = stage[{self.name!r}]; s.dispose(); return s.listeners.size; }})()"
        )


def enter(field: Locator, value: str) -> None:
    """Type a number into a field, and have it taken."""
    field.fill(value)
    field.press("Enter")


def _shared(widget: Widget) -> list[str]:
    """Return the names of what a widget shares with the browser, besides what all widgets do."""
    return sorted(set(widget.traits(sync=True)) - set(Bare().traits(sync=True)) | OWN)


class Bare(Widget):
    """What all widgets have."""

    _esm = "export default { render() {} }"

    def _checked(self) -> dict[str, Any]:
        return {}


def _encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return {key: _encoded(one) for key, one in value.items()}
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict) and "$bytes" in value:
        return memoryview(base64.b64decode(value["$bytes"]))
    return value


class Grid:
    """A grid of numbers in a widget."""

    def __init__(self, node: Locator) -> None:
        self.node = node

    def cell(self, row: int, column: int) -> Locator:
        return self.node.locator(f"[data-i='{row}'][data-j='{column}']")

    def texts(self) -> list[list[str]]:
        """The texts of all cells, as they are written."""
        return self.node.evaluate(
            "(node) => [...node.querySelectorAll('[role=row]')].map("
            "(row) => [...row.children].map((cell) => cell.textContent))"
        )

    def numbers(self) -> list[list[float | None]]:
        """The numbers of all cells; an empty cell is None."""
        return [
            [float(text.replace("−", "-")) if text else None for text in row]
            for row in self.texts()
        ]

    def marked(self, mark: str) -> list[tuple[int, int]]:
        """The places of the cells that carry a mark."""
        found = self.node.evaluate(
            "(node, mark) => [...node.querySelectorAll('.' + mark)].map("
            "(cell) => [Number(cell.dataset.i), Number(cell.dataset.j)])",
            mark,
        )
        return [tuple(place) for place in found]


def module_of(page: Page, text: str) -> str:
    """Load the text of a module into a page; return the name under which it can be called."""
    page.evaluate(
        "async (text) => { const url = URL.createObjectURL(new Blob([text], "
        "{type: 'text/javascript'})); window.loaded = await import(url); }",
        text,
    )
    return "loaded"
