"""Modules of cnnlib import only what lies below them, and the core needs NumPy alone.

So the core can be read from the bottom up, in the order of the notebooks, and `import cnnlib`
is quick wherever it runs.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cnnlib"

# From the bottom up. A module may import from those before it.
ORDER = (
    "_checks",
    "_my_copy",
    "_engine",
    "shapes",
    "functional",
    "reference",
    "gradcheck",
    "datasets",
    "archive",
    "layers",
    "optim",
    "model",
    "_fused",
    "architectures",
    "training",
    "interop",
    "figures",
    "exercises",
    "widgets",
    "__main__",
)
# What a module may import when it is itself imported, besides NumPy and the standard library.
# Every other library is imported inside the function that needs it.
EXTRAS = {
    "figures": {"IPython", "PIL", "matplotlib"},  # PIL comes with Matplotlib
    "exercises": set(),
    "widgets": {"IPython", "anywidget", "ipywidgets", "matplotlib", "traitlets"},
}
HEAVY = {"IPython", "anywidget", "ipywidgets", "matplotlib", "onnx", "scipy", "torch", "tqdm"}


def modules() -> dict[Path, str]:
    """Return each source file of the package with the name under which it stands in ORDER."""
    return {
        path: path.relative_to(PACKAGE).with_suffix("").parts[0]
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "__init__.py"
    }


def imports(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[ast.AST, str]]:
    """Yield each import in a piece of source with the full name of what it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join((*above, *filter(None, [node.module])))
            if source == "cnnlib":  # from cnnlib import layers
                for alias in node.names:
                    yield node, f"{source}.{alias.name}"
            else:
                yield node, source


def upward_imports(source: str, module: str, package: tuple[str, ...] = ("cnnlib",)) -> list[str]:
    """Return what a module imports from cnnlib that does not lie below it."""
    allowed = set(ORDER[: ORDER.index(module) + 1])
    names = [name for _, name in imports(ast.parse(source), package)]
    return [
        name
        for name in names
        if re.match(r"cnnlib\b", name) and name.removeprefix("cnnlib.").split(".")[0] not in allowed
    ]


def foreign_imports(source: str, module: str, package: tuple[str, ...] = ("cnnlib",)) -> list[str]:
    """Return the libraries that a module imports as soon as it is itself imported."""
    tree = ast.parse(source)
    allowed = {"cnnlib", "numpy", *EXTRAS.get(module, ()), *sys.stdlib_module_names}
    later = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_for_types_only(node)
        for inner in ast.walk(node)
    }
    return [
        name
        for node, name in imports(tree, package)
        if node not in later and name.partition(".")[0] not in allowed
    ]


def _is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def package_of(path: Path) -> tuple[str, ...]:
    return ("cnnlib", *path.relative_to(PACKAGE).parts[:-1])


def test_every_module_has_its_place() -> None:
    unknown = set(modules().values()) - set(ORDER)
    assert not unknown, f"Give {sorted(unknown)} a place in ORDER, from the bottom up."


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_what_lies_below(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert upward_imports(source, modules()[path], package_of(path)) == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_is_imported_with_numpy_alone(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert foreign_imports(source, modules()[path], package_of(path)) == []


def loaded_after(statement: str) -> set[str]:
    """Return the libraries that a fresh Python has loaded after a statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_importing_cnnlib_loads_no_library_but_numpy() -> None:
    loaded = loaded_after("import cnnlib")
    assert "numpy" in loaded
    assert loaded & HEAVY == set()


def test_importing_the_core_loads_no_library_but_numpy() -> None:
    core = sorted(set(modules().values()) - set(EXTRAS))
    loaded = loaded_after("import " + ", ".join(f"cnnlib.{name}" for name in core))
    assert "numpy" in loaded
    assert loaded & HEAVY == set()


# The checks themselves


@pytest.mark.parametrize(
    "source",
    [
        "import cnnlib.figures",
        "import cnnlib.figures as figures",
        "from cnnlib import figures",
        "from cnnlib.figures import show",
        "from cnnlib.layers.dense import Linear",
        "from . import figures",
        "from .figures import show",
        "def draw():\n    from .figures import show",
        "import cnnlib",
        "from cnnlib import conv2d",
    ],
)
def test_an_upward_import_is_caught(source: str) -> None:
    assert upward_imports(source, "shapes")


def test_an_upward_import_within_a_package_is_caught() -> None:
    package = ("cnnlib", "functional")
    assert upward_imports("from ..layers import Linear", "functional", package)
    assert upward_imports("from .. import layers", "functional", package)


def test_a_downward_import_is_allowed() -> None:
    source = "import numpy\nfrom . import functional\nfrom ._checks import array"
    assert upward_imports(source, "layers") == []
    package = ("cnnlib", "functional")
    inner = "from .convolution import conv2d\nfrom ..shapes import output_size"
    assert upward_imports(inner, "functional", package) == []


@pytest.mark.parametrize(
    "source",
    ["import scipy.signal", "from tqdm.auto import tqdm", "try:\n    import torch\nfinally: ..."],
)
def test_a_foreign_import_is_caught(source: str) -> None:
    assert foreign_imports(source, "training")


def test_a_library_may_be_imported_where_it_is_used() -> None:
    source = (
        "import math\nimport numpy as np\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from matplotlib.axes import Axes\n"
        "def fit():\n    from tqdm.auto import tqdm"
    )
    assert foreign_imports(source, "training") == []
    assert foreign_imports("import matplotlib", "figures") == []
