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
from functools import cache
from pathlib import Path

import pytest

from cnnlib.course.chapters import CHAPTERS

PACKAGE = Path(__file__).parents[1] / "cnnlib"

# From the bottom up. A module may import from those before it, and from its own folder.
ORDER = (
    "types",
    "checks",
    "shapes",
    "backend",
    "functional",
    "fast.blas",
    "fast.workspace",
    "fast.threads",
    "fast.activations",
    "fast.normalization",
    "fast.padding",
    "fast.pooling",
    "fast.dense",
    "fast.depthwise",
    "fast.winograd",
    "fast.convolution",
    "reference",
    "gradcheck",
    "pictures",
    "idx",
    "large_sets",
    "datasets",
    "files",
    "archive",
    "layers",
    "further",
    "optim",
    "summary",
    "model",
    "fast.replicas",
    "fast.fused",
    "fast.training",
    "architectures",
    "interop.extras",
    "interop.pytorch",
    "interop.onnx_file",
    "interop.safetensors_file",
    "interop",
    "pretrained",
    "history",
    "console",
    "training_checks",
    "training_state",
    "training",
    "augmentation",
    "course.chapters",
    "course.drawing",
    "course.judge",
    *(f"course.{chapter.slug}" for chapter in CHAPTERS),
    "course.widgets",
    "course.tools",
    "__main__",
)
# What a module may import when it is itself imported, besides NumPy and the standard library.
# Every other library is imported inside the function that needs it.
DRAWING = {"IPython", "PIL", "matplotlib"}  # PIL comes with Matplotlib
EXTRAS = {
    "course.drawing": DRAWING,
    **{f"course.{chapter.slug}": DRAWING for chapter in CHAPTERS},
    "course.widgets": {"IPython", "anywidget", "ipywidgets", "matplotlib", "traitlets"},
    "course.tools": {"ipykernel", "jupyter_client", "nbclient", "nbformat"},
}
HEAVY = {
    "IPython",
    "anywidget",
    "ipywidgets",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "safetensors",
    "scipy",
    "torch",
    "tqdm",
}


def place(name: str) -> str:
    """Return the entry of ORDER that a module belongs to, or its own name if there is none."""
    own = name.removeprefix("cnnlib.").removesuffix(".__init__")
    fitting = [entry for entry in ORDER if f"{own}.".startswith(f"{entry}.")]
    return max(fitting, key=len, default=own)


@cache
def modules() -> dict[Path, str]:
    """Return each source file of the package with the name under which it stands in ORDER.

    The front of a folder that holds nothing but its docstring is left out.
    """
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        only_words = len(ast.parse(path.read_text(encoding="utf-8")).body) == 1
        if path != PACKAGE / "__init__.py" and not (path.name == "__init__.py" and only_words):
            found[path] = place(".".join(path.relative_to(PACKAGE).with_suffix("").parts))
    return found


def imports(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[ast.AST, str]]:
    """Yield each import in a piece of source with the full name of what it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join((*above, *filter(None, [node.module])))
            if source in ("cnnlib", "cnnlib.course", "cnnlib.fast"):  # from cnnlib import layers
                for alias in node.names:
                    yield node, f"{source}.{alias.name}"
            else:
                yield node, source


def upward_imports(source: str, module: str, package: tuple[str, ...] = ("cnnlib",)) -> list[str]:
    """Return what a module imports from cnnlib that does not lie below it."""
    allowed = set(ORDER[: ORDER.index(module) + 1])
    names = [name for _, name in imports(ast.parse(source), package)]
    return [name for name in names if re.match(r"cnnlib\b", name) and place(name) not in allowed]


def private_imports(source: str, package: tuple[str, ...]) -> list[str]:
    """Return the private names that a module imports from another folder than its own."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cnnlib"):
            for alias in node.names:
                *folders, name = f"{node.module}.{alias.name}".split(".")
                private = re.match(r"_(?!_)", name) or any(re.match(r"_(?!_)", f) for f in folders)
                if private and tuple(folders[: len(package)]) != package:
                    found.append(".".join([*folders, name]))
    return found


def private_attributes(source: str, package: tuple[str, ...]) -> list[str]:
    """Return the private names that a module reads from modules of another folder than its own."""
    tree = ast.parse(source)
    known = {}  # the names under which it knows modules and classes of cnnlib
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cnnlib"):
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return [
        f"{known[node.value.id]}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and re.match(r"_(?!_)", node.attr)
        and tuple(known.get(node.value.id, ".".join(package)).split(".")[: len(package)]) != package
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
def test_no_private_name_crosses_a_folder(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert private_imports(source, package_of(path)) == []
    assert private_attributes(source, package_of(path)) == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_is_imported_with_numpy_alone(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert foreign_imports(source, modules()[path], package_of(path)) == []


def core() -> list[str]:
    """Return the modules of the library, without the course."""
    return sorted(name for name in set(modules().values()) if not re.match("course|__main__", name))


def loaded_modules(statement: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after a statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    return set(json.loads(done.stdout))


def loaded_after(statement: str) -> set[str]:
    """Return the libraries that a fresh Python has loaded after a statement."""
    return {name.partition(".")[0] for name in loaded_modules(statement)}


def test_importing_cnnlib_loads_no_library_but_numpy() -> None:
    loaded = loaded_after("import cnnlib")
    assert "numpy" in loaded
    assert loaded & HEAVY == set()


def test_importing_the_core_loads_no_library_but_numpy() -> None:
    loaded = loaded_after("import " + ", ".join(f"cnnlib.{name}" for name in core()))
    assert "numpy" in loaded
    assert loaded & HEAVY == set()


def test_the_library_imports_nothing_of_the_course() -> None:
    loaded = loaded_modules("import " + ", ".join(f"cnnlib.{name}" for name in core()))
    assert [name for name in loaded if name.startswith("cnnlib.course")] == []


# The checks themselves


@pytest.mark.parametrize(
    "source",
    [
        "import cnnlib.course.drawing",
        "import cnnlib.course.drawing as drawing",
        "from cnnlib import course",
        "from cnnlib.course import drawing",
        "from cnnlib.course.drawing import show",
        "from cnnlib.layers.dense import Linear",
        "from . import training",
        "from .training import fit",
        "def draw():\n    from .training import fit",
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
    source = "import numpy\nfrom . import functional\nfrom .checks import array"
    assert upward_imports(source, "layers") == []
    package = ("cnnlib", "functional")
    inner = "from .convolution import conv2d\nfrom ..shapes import output_size"
    assert upward_imports(inner, "functional", package) == []


def test_a_private_name_of_another_folder_is_caught() -> None:
    source = "from cnnlib.course.drawing.grids import _text_inches"
    assert private_imports(source, ("cnnlib", "course", "widgets"))
    assert private_imports(source, ("cnnlib", "course", "drawing")) == []
    assert private_imports("from cnnlib._hidden import a", ("cnnlib", "functional"))
    assert private_imports("from cnnlib._hidden import a", ("cnnlib",)) == []


def test_a_private_attribute_of_another_folder_is_caught() -> None:
    source = "from cnnlib.course import drawing\ndrawing._hidden()\nself._own()"
    assert private_attributes(source, ("cnnlib", "course", "pooling")) == [
        "cnnlib.course.drawing._hidden"
    ]
    assert private_attributes(source, ("cnnlib", "course", "drawing")) == []


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
    assert foreign_imports("import matplotlib", "course.drawing") == []
