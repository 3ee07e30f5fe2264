"""The two widgets that need a kernel, in a real JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab import Lab, Opened, Server, widget, write
from playwright.sync_api import Locator, expect

START = """import time
import numpy as np
from cnnlib.course import widgets
from cnnlib.architectures import course_cnn
from cnnlib.datasets import load_digits
from cnnlib.optim import SGD, CosineAnnealingLR
from cnnlib.training import fit
digits = load_digits()
few = digits.train.images[:4000], digits.train.labels[:4000]
some = digits.validation.images[:100], digits.validation.labels[:100]

pace = 0  # seconds more that each batch takes: a test sees a training on its way, on any machine

def slowly(images, rng):
    time.sleep(pace)
    return images

def ingredients(seed):
    rng = np.random.default_rng(seed)
    model = course_cnn(rng)
    sgd = SGD(model.parameters(), lr=0.05, momentum=0.9)
    rest = {"optimizer": sgd, "scheduler": CosineAnnealingLR(sgd, 2), "rng": rng}
    return model, rest | {"batch_size": 32}
"""
DASHBOARD = """model, rest = ingredients(0)
dashboard = widgets.TrainingDashboard(model, few, some, epochs=2, augment=slowly, **rest)
dashboard"""
STRAIGHT = """straight, rest = ingredients(0)
fit(straight, few, some, epochs=2, progress=False, **rest)
pairs = zip(straight.parameters(), model.parameters(), strict=True)
print(all(np.array_equal(a.value, b.value) for a, b in pairs))"""

# A cell that runs until there is such a file, and no longer than a minute.
UNTIL = """import pathlib, time
end = time.monotonic() + 60
while not pathlib.Path({path!r}).exists() and time.monotonic() < end:
    time.sleep(0.02)"""
# Keeps every text that a node has had: one that stands there for a moment is easily missed.
REMEMBER = """(node) => {
  window.told = [];
  new MutationObserver(() => window.told.push(node.textContent)).observe(
    node, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def shared(window: Lab, server: Server) -> Iterator[Opened]:
    """Return a notebook with a dashboard, and a drawing pad for the network that it trains."""
    name = write(server, "kernel", START, DASHBOARD, "pad = widgets.DrawingPad(model)\npad")
    notebook = window.open(name)
    yield notebook
    notebook.close()


@pytest.fixture
def opened(shared: Opened, lab: Lab) -> Opened:
    """Return the notebook with a new network, a new dashboard and a new pad."""
    shared.run_all()
    return shared


def button(root: Locator, name: str) -> Locator:
    return root.get_by_role("button", name=name, exact=True)


def test_each_gradient_norm_stands_beside_its_layer(opened: Opened) -> None:
    """JupyterLab has a layout of its own for such lists."""
    norms = widget(opened).locator(".train-norms")
    for line in range(2):
        boxes = [norms.locator("> *").nth(3 * line + part).bounding_box() for part in range(3)]
        (name, bar, number) = [box for box in boxes if box is not None]
        assert name["x"] + name["width"] <= bar["x"] < number["x"]
        assert abs(name["y"] - number["y"]) < name["height"] / 2


def test_it_is_trained_stopped_and_trained_on_and_then_reads_what_is_drawn(
    opened: Opened, median_redraw: Callable[[list[float]], float]
) -> None:
    root = widget(opened)
    status = root.locator(".train-status")
    expect(status).to_contain_text("Not started")
    opened.python("pace = 0.1")
    button(root, "Train").click()
    expect(status).to_contain_text("Training: epoch 1 of 2, batch ")
    expect(status).to_contain_text("Loss")
    # The kernel is free meanwhile.
    opened.python("print(len(dashboard.history.batch_losses) > 0)")
    button(root, "Stop").click()
    expect(status).to_contain_text("Nothing is lost.")
    state = "print(dashboard.phase, len(dashboard.history.batch_losses), model.training)"
    stopped = opened.python(state)
    assert stopped.startswith("stopped ")
    assert stopped.endswith(" False")
    opened.python("pace = 0; time.sleep(0.5)")
    assert opened.python(state) == stopped
    root.get_by_role("button", name="Go on").focus()
    opened.page.keyboard.press("Enter")
    expect(status).to_contain_text("Done: 2 of 2 epochs.")
    assert opened.python(STRAIGHT) == "True"

    pad = widget(opened, "cell-2")
    board = pad.get_by_role("application")
    board.scroll_into_view_if_needed()
    assert median_redraw(opened.page.evaluate(TIMES)) < 2000  # a machine that many share
    box = board.bounding_box()
    assert box is not None
    mouse = opened.page.mouse
    for k, (x, y) in enumerate([(0.28, 0.2), (0.7, 0.2), (0.45, 0.85)]):
        mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if k == 0:
            mouse.down()
    mouse.up()
    expect(pad.locator("[role=status]")).to_contain_text("Stroke drawn. Read as 7")
    assert opened.python("print(pad.probabilities.argmax())") == "7"
    shown = pad.locator(".pad-odds li").all_inner_texts()
    expected = json.loads(opened.python("print(pad.probabilities.tolist())"))
    assert max(range(10), key=expected.__getitem__) == 7
    assert "▶" in shown[7]
    button(pad, "Give me a digit").click()
    expect(pad.locator(".pad-note")).to_contain_text("Its label is ")


# Sends ink and waits for the kernel's answer to be drawn, 15 times; the milliseconds.
TIMES = """
async () => {
  const board = document.querySelector(".pad-board");
  const root = board.closest(".cnn-widget");
  const frame = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const answer = () => root.querySelector(".pad-odds").textContent
    + [...root.querySelectorAll(".pad-layers figcaption")].map((one) => one.textContent);
  const box = board.getBoundingClientRect();
  const at = (type, x, y) => board.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, button: 0, bubbles: true,
    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
  }));
  board.setPointerCapture = () => {};
  const times = [];
  at("pointerdown", 0.1, 0.1);
  await new Promise((done) => setTimeout(done, 500));
  for (let k = 0; k < 15; k += 1) {
    const before = answer();
    const start = performance.now();
    at("pointermove", 0.1 + 0.05 * k, k % 2 ? 0.2 : 0.8);
    while (answer() === before && performance.now() - start < 5000) await frame();
    times.push(performance.now() - start);
  }
  at("pointerup", 0.9, 0.9);
  const clear = [...root.querySelectorAll("button")].find((one) => one.textContent === "Clear");
  clear.click();
  await new Promise((done) => setTimeout(done, 500));
  return times;
}
"""


def test_pressed_while_a_cell_runs_the_button_stops_the_training_and_says_so(
    opened: Opened, tmp_path: Path
) -> None:
    """Some kernels hear of the button at once, others when the cell is done."""
    opened.python("dashboard.epochs = 100")
    root = widget(opened)
    status = root.locator(".train-status")
    button(root, "Train").click()
    expect(status).to_contain_text("Training: ")
    status.evaluate(REMEMBER)
    done = tmp_path / "done"
    opened.page.evaluate(
        """([path, code]) => {
          window.busy = panels[path].sessionContext.session.kernel.requestExecute({ code }).done;
        }""",
        [opened.path, UNTIL.format(path=str(done))],
    )
    button(root, "Stop").click()
    done.touch()
    expect(status).to_contain_text("Nothing is lost.", timeout=30_000)
    told = opened.page.evaluate("window.told")
    assert any(text.endswith("Stopping after this batch …") for text in told), told[-3:]
    assert opened.python("print(dashboard.phase)") == "stopped"


def test_after_a_restart_it_is_said_that_the_cell_must_be_run_again(opened: Opened) -> None:
    opened.restart()
    root = widget(opened)
    button(root, "Train").click()
    pad = widget(opened, "cell-2")
    pad.get_by_role("application").focus()
    opened.page.keyboard.press("Space")
    opened.page.keyboard.press("Shift+ArrowDown")
    # Both wait for an answer at the same time.
    for box, words in ((root, "The kernel has not answered."), (pad, "What you drew is kept.")):
        expect(box.locator("[role=alert]")).to_contain_text(words, timeout=20_000)
    opened.run_all()
    root = widget(opened)
    button(root, "Train").click()
    expect(root.locator(".train-status")).to_contain_text("Training: ")
