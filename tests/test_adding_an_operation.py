"""An operation is added in a scratch copy, as CONTRIBUTING says: nothing turns red or is hidden.

PyTorch plays no part in it: where it is installed, it is kept out of sight.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from inner import inner_environment

ROOT = Path(__file__).parents[1]
FUNCTIONS = '''
from cnnlib.checks import float_array, gradient


def hardtanh(x: Array) -> Array:
    """Return `x` between -1 and 1."""
    return np.clip(float_array("hardtanh", "x", x), -1, 1)


def hardtanh_backward(dout: Array, x: Array) -> Array:
    """Let the gradient pass where `x` was between -1 and 1."""
    x = float_array("hardtanh_backward", "x", x)
    return gradient("hardtanh_backward", dout, x.shape, x) * ((x > -1) & (x < 1))
'''
NAMES = """
from cnnlib.functional.activations import hardtanh, hardtanh_backward

__all__ += ["hardtanh", "hardtanh_backward"]
"""
ROW = """OPERATIONS = {
    "hardtanh": Operation(
        cases("hardtanh", (IMAGES,)), lambda T, x: T.hardtanh(x), elementwise=True
    ),
"""
HIDE_TORCH = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torch" else find(name, *rest)
"""


@pytest.fixture
def scratch(tmp_path):
    """Return a copy of the library and of the tests of its operations."""
    ignored = shutil.ignore_patterns("course", "__pycache__")
    for folder in ("cnnlib", "tests/functional"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for file in ("pyproject.toml", "tests/conftest.py", "tests/test_malformed.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "sitecustomize.py").write_text(HIDE_TORCH)
    return tmp_path


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def python(folder, *arguments):
    environment = inner_environment(PYTHONPATH=str(folder))
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def run_tests(folder, op, *files):
    chosen = f"{op} or test_pending or left_without or has_a_row"
    paths = [f"tests/{file}" for file in files]
    return python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths, "-k", chosen)


def test_an_operation_is_three_edits_and_then_pending(scratch):
    append(scratch / "cnnlib/functional/activations.py", FUNCTIONS)
    append(scratch / "cnnlib/functional/__init__.py", NAMES)
    change(scratch / "tests/functional/operations.py", "OPERATIONS = {\n", ROW)
    code, said = run_tests(scratch, "hardtanh", "functional", "test_malformed.py")
    assert code == 0, said
    assert "PendingResults: not compared with PyTorch yet:" in said
    for dtype in ("float64", "float32"):
        assert f"hardtanh(x (3, 4, 5, 2)) {dtype}" in said
    assert "make_golden.py hardtanh" in said

    # A wrong gradient is found all the same, without PyTorch.
    change(scratch / "cnnlib/functional/activations.py", "((x > -1) & (x < 1))", "(x < 1)")
    code, said = run_tests(scratch, "hardtanh", "functional/test_functional.py")
    assert code == 1
    for backend in ("plain", "fast"):
        assert f"test_gradients[{backend}-hardtanh(x (3, 4, 5, 2)) float64]" in said


def test_a_case_that_changed_is_stale_until_the_command_is_run(scratch):
    table = scratch / "tests/functional/operations.py"
    change(table, 'cases("tanh", (IMAGES,))', 'cases("tanh", (ROWS,))')
    code, said = run_tests(scratch, "tanh", "functional/test_golden.py")
    assert code == 1
    assert "golden/tanh.npz holds results of cases that operations.py no longer has" in said
    assert "Run: python tests/functional/make_golden.py tanh" in said

    code, said = python(scratch, "tests/functional/make_golden.py", "tanh")
    assert (code, said.strip()) == (0, "tanh: 0 cases, 2 pending: torch is not installed")
    code, said = run_tests(scratch, "tanh", "functional/test_golden.py")
    assert code == 0, said
    assert "tanh(x (4, 6)) float64" in said  # pending
