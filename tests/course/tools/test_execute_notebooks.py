"""`make notebooks` writes the same bytes each time, and never stores a failure.

These tests run real kernels and the real nbval, because what is at stake is how the two meet.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbconvert
import nbformat
import pytest
from bs4 import BeautifulSoup
from inner import inner_environment
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.plugin import get_sanitize_patterns

from cnnlib.course.tools import execute_notebooks
from cnnlib.course.tools.execute_notebooks import dumps, execute, main, normalise

VIEW = "application/vnd.jupyter.widget-view+json"
NBVAL_OPTIONS = (
    *("-p", "nbval.plugin"),
    "--nbval",
    "--nbval-current-env",
    "--nbval-cell-timeout=60",
    f"--nbval-sanitize-with={Path(__file__).parents[2] / 'nbval_sanitize.cfg'}",
)


def save(path: Path, *sources: str) -> Path:
    """Write a notebook of code cells that has not been run, as an editor would leave it."""
    cells = [new_code_cell(source) for source in sources]
    for cell in cells:
        cell.metadata["execution"] = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
    notebook = new_notebook(cells=cells, metadata={"language_info": {"name": "python", "x": "y"}})
    nbformat.write(notebook, path)
    return path


def run_nbval(path: Path) -> tuple[list[str], str]:
    """Compare a notebook with its stored outputs: the verdict on each cell, and the report."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", path.name, "--verbose", "--color=no", *NBVAL_OPTIONS],
        cwd=path.parent,
        env=inner_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return re.findall(r"::Cell \d+ (PASSED|FAILED) ", done.stdout), done.stdout


PROGRESS = """
import time
for epoch in tqdm(range(20), desc="epoch"):
    time.sleep(0.01)
"""
STOPPED = """
bar = tqdm(total=1000, unit="image")
bar.update(300)
bar.set_postfix_str("epoch 3: loss 0.12, accuracy 95.0%")
bar.close()
"""
REMOVED = "for step in tqdm(range(3), leave=False): time.sleep(0.06)"


@pytest.fixture(scope="module")
def widgets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a notebook with widgets and progress bars, run and stored."""
    path = save(
        tmp_path_factory.mktemp("widgets") / "01_widgets.ipynb",
        "import ipywidgets\nfrom tqdm.auto import tqdm",
        PROGRESS,
        STOPPED,
        REMOVED,
        "ipywidgets.VBox([ipywidgets.IntSlider(value=3), ipywidgets.Label('a slider')])",
        'print("one", flush=True)\ntime.sleep(0.3)\nprint("two")',
    )
    assert main([str(path)]) == 0
    return path


def test_two_runs_leave_the_same_bytes(widgets: Path) -> None:
    assert dumps(execute(widgets)) == widgets.read_text(encoding="utf-8")


def test_normalising_a_stored_notebook_changes_nothing(widgets: Path) -> None:
    text = widgets.read_text(encoding="utf-8")
    assert dumps(normalise(nbformat.reads(text, as_version=4))) == text
    assert text.endswith("}\n")


def test_nbval_passes_what_was_stored(widgets: Path) -> None:
    verdicts, report = run_nbval(widgets)
    assert verdicts == ["PASSED"] * 6, report


def test_outer_settings_of_pytest_do_not_reach_nbval(widgets: Path, monkeypatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-q -p no:nbval.plugin --no-header -k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    verdicts, report = run_nbval(widgets)
    assert verdicts == ["PASSED"] * 6, report


def test_nothing_volatile_is_stored(widgets: Path) -> None:
    notebook = nbformat.read(widgets, as_version=4)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4, 5, 6]
    assert all(cell.metadata == {} for cell in notebook.cells)
    assert set(notebook.metadata) == {"kernelspec", "language_info", "widgets"}
    text = widgets.read_text(encoding="utf-8")
    assert "it/s" not in text
    assert "00:00" not in text
    assert not re.search(r"[0-9a-f]{32}", text)
    assert notebook.cells[5].outputs == [new_output("stream", name="stdout", text="one\ntwo\n")]


def test_progress_bars_are_shown_as_they_ended(widgets: Path) -> None:
    notebook = nbformat.read(widgets, as_version=4)
    shown = [cell.outputs[0].data["text/plain"] for cell in notebook.cells[1:4]]
    assert shown == [
        "epoch: 100%|██████████| 20/20",
        " 30%|███       | 300/1000, epoch 3: loss 0.12, accuracy 95.0%",
        "  0%|          | 0/3",
    ]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a notebook with one of the course's own widgets, run and stored."""
    path = save(
        tmp_path_factory.mktemp("drawn") / "01_drawn.ipynb",
        "from cnnlib.course import widgets",
        "widgets.ConvolutionStepper([[1, 2], [3, 4]], [[5]])",
    )
    assert main([str(path)]) == 0
    return path


def test_a_drawn_widget_is_stored_as_a_picture_without_its_program(drawn: Path) -> None:
    text = drawn.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    _, data = (output.data for output in notebook.cells[1].outputs)
    assert data["text/plain"].endswith("the first cell of the output, rows: 5 10; 15 20.")
    assert notebook.cells[1].outputs[0].data[VIEW]["model_id"].startswith("widget-")
    assert "widgets" not in notebook.metadata
    assert "export default" not in text


def test_a_drawn_widget_is_the_same_in_every_run(drawn: Path) -> None:
    assert dumps(execute(drawn)) == drawn.read_text(encoding="utf-8")
    verdicts, report = run_nbval(drawn)
    assert verdicts == ["PASSED"] * 2, report


def test_an_html_page_shows_the_picture_of_a_drawn_widget(drawn: Path) -> None:
    page, _ = nbconvert.HTMLExporter().from_filename(str(drawn))
    alts = [picture["alt"] for picture in BeautifulSoup(page, "html.parser").find_all("img")]
    assert len(alts) == 1
    assert alts[0].startswith("Input, rows: 1 2; 3 4. Kernel, rows: 5.")


def test_each_view_finds_its_widget_and_the_widget_its_parts(widgets: Path) -> None:
    metadata = nbformat.read(widgets, as_version=4).metadata.widgets
    state = metadata["application/vnd.jupyter.widget-state+json"]["state"]
    notebook = nbformat.read(widgets, as_version=4)
    views = [
        output.data["application/vnd.jupyter.widget-view+json"]["model_id"]
        for cell in notebook.cells[1:5]
        for output in cell.outputs
    ]
    assert [state[view]["model_name"] for view in views] == ["HBoxModel"] * 3 + ["VBoxModel"]
    references = re.findall(r"IPY_MODEL_([\w-]+)", json.dumps(state))
    assert references
    assert set(references) <= set(state)


@pytest.mark.parametrize(
    ("source", "report"),
    [
        ('raise ValueError("too small")', "ValueError: too small"),
        ('import sys\nprint("careful", file=sys.stderr)', "standard error: 'careful'"),
        ('import warnings\nwarnings.warn("old")', "standard error"),
        ('print("/home/ada/course")', "a place on one machine"),
        ("object()", "differs in every run"),
        ("import os\nos._exit(1)", "DeadKernelError"),
        ("import time\ntime.sleep(60)", "CellTimeoutError"),
    ],
)
def test_a_failing_notebook_is_named_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, report: str
) -> None:
    path = save(tmp_path / "02_failing.ipynb", "x = 1", source)
    cell_id = nbformat.read(path, as_version=4).cells[1].id
    before = path.read_bytes()
    assert main([str(path), "--timeout=5"]) == 1
    said = capsys.readouterr().err
    assert "02_failing, cell `" in said
    assert cell_id in said or "start-2" in said
    assert report in said
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_one_failure_does_not_keep_the_others_from_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = save(tmp_path / "01_failing.ipynb", "1 / 0")
    passing = save(tmp_path / "02_passing.ipynb", "1 + 1")
    assert main([str(failing), str(passing)]) == 1
    assert nbformat.read(passing, as_version=4).cells[0].outputs[0].data["text/plain"] == "2"
    assert capsys.readouterr().err.rstrip().endswith(f"Failed: {failing}")


def test_what_was_solved_before_is_not_stored(tmp_path: Path, monkeypatch) -> None:
    record = tmp_path / "progress.json"
    record.write_text('{"version": 1, "done": ["convolution.size"]}')
    monkeypatch.setenv("CNNLIB_PROGRESS", str(record))
    path = save(
        tmp_path / "01_record.ipynb",
        "import cnnlib.course.judge.record as record",
        "print(sorted(record.read()[0]))",
    )
    assert main([str(path)]) == 0
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == "[]\n"


def test_random_ids_are_named_after_their_heading_and_given_names_stay() -> None:
    cells = [
        new_markdown_cell("# 02 Convolution", id="c8b0c6be-9f55-4a0e-8d0f-54c1f1e0a111"),
        new_code_cell("1", id="imports"),
        new_markdown_cell("## By hand: 2×2 kernels\n\nText.", id="1f0c2b7e"),
        new_code_cell("2", id="2f0c2b7e"),
        new_code_cell("3", id="3f0c2b7e"),
        new_markdown_cell("## Traps", id="by-hand-2-2-kernels-2"),
    ]
    notebook = normalise(new_notebook(cells=cells))
    assert [cell.id for cell in notebook.cells] == [
        "convolution",
        "imports",
        "by-hand-2-2-kernels",
        "by-hand-2-2-kernels-3",
        "by-hand-2-2-kernels-4",
        "by-hand-2-2-kernels-2",
    ]


# What nbval compares, given tests/nbval_sanitize.cfg


def figure(
    alt: str, data: str, width: int = 300, hole: str = "4.5% 29.3%", sheet: str = "inset:0"
) -> str:
    """Return the source of a cell that displays a figure as cnnlib.course.drawing.show does."""
    markup = f"<style>.cnn-dusk{{display:none}}@media screen{{.cnn-dusk{{{sheet}}}}}</style>"
    markup += f'<img alt="{alt}" width="{width}" src="data:image/png;base64,{data}">'
    markup += f'<div class="cnn-dusk" style="clip-path: polygon({hole})"></div>'
    return f"display({ {'text/html': markup, 'text/plain': alt}!r}, raw=True)"


def progress(total: int, name: str = "epoch") -> str:
    return f"for i in tqdm(range({total}), desc={name!r}): pass"


def test_nbval_takes_every_rule_of_that_file() -> None:
    # A rule whose replacement is written without the space after the colon is passed over.
    text = (Path(__file__).parents[2] / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    rules = [line for line in text.splitlines() if line.startswith("regex:")]
    assert len(get_sanitize_patterns(text)) == len(rules) == 4


def test_nbval_compares_words_and_numbers_but_not_the_bytes_of_pictures(tmp_path: Path) -> None:
    pairs = [
        ("from tqdm.auto import tqdm", "from tqdm.auto import tqdm", "PASSED"),
        (figure("A cat.", "AAAA"), figure("A cat.", "BBBB"), "PASSED"),
        (figure("A cat.", "AAAA", 300), figure("A cat.", "AAAA", 301), "PASSED"),
        (figure("A cat.", "AAAA"), figure("A cat.", "AAAA", hole="4.6% 29.4%"), "PASSED"),
        (figure("A cat.", "AAAA"), figure("A cat.", "AAAA", sheet="inset:1px"), "PASSED"),
        (figure("A cat.", "AAAA"), figure("A dog.", "AAAA"), "FAILED"),
        ('print("98.1%")', 'print("98.2%")', "FAILED"),
        (progress(5), progress(5), "PASSED"),
        (progress(5), progress(6), "FAILED"),
        (progress(5), progress(5, "batch"), "FAILED"),
    ]
    path = save(tmp_path / "03_compared.ipynb", *(stored for stored, _, _ in pairs))
    assert main([str(path)]) == 0
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    for cell, (_, new, _) in zip(notebook.cells, pairs, strict=True):
        cell.source = new
    nbformat.write(notebook, path)
    verdicts, report = run_nbval(path)
    assert verdicts == [verdict for _, _, verdict in pairs], report


def test_a_place_that_cannot_be_written_is_named_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(execute_notebooks, "execute", lambda *_: pytest.fail("it runs"))
    path = tmp_path / "01_a.ipynb"
    path.mkdir()  # a folder of that name
    assert main([str(path)]) == 1
    error = capsys.readouterr().err
    assert f"make notebooks: {path} cannot be written (Is a directory)" in error
    assert f"{path} was left as it was." in error
