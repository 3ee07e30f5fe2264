"""One text for the browser from the modules and style sheets of a widget.

The files stay plain modules, which editors and tests read one by one. In a notebook no server
offers them, so what a module imports is put in front of it. Each imported module stands in a
function of its own, so that two modules may use the same name for different things.

Style sheets meet on the page: those of all widgets, and the notebook's. So each is put into a
block of its own, by CSS nesting, which browsers have known since 2023. The kit's holds below
``.cnn-widget``, and a widget's below ``.cnn-widget.cnn-NAME``, after its folder. An author writes
plain rules. Layers are no help here: the notebook's own rules are in none, and rules in no layer
win against all that are in one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from cnnlib.course.drawing.theme import COLORS, INK

FOLDER = Path(__file__).parents[1]  # the folder of all widgets

_IMPORT = re.compile(r'^import \{(?P<names>[^}]*)\} from "(?P<file>\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*?|const|class) (?P<name>[\w$]+))", re.MULTILINE
)


def script(name: str) -> str:
    """Return a JavaScript module as one text that imports nothing.

    Parameters
    ----------
    name : str
        A file below the folder of the widgets, such as ``"convolution/widget.js"``.

    Returns
    -------
    str
        The module, with its own exports; in front of it, once, each module that it needs.

    Raises
    ------
    FileNotFoundError
        If the file, or one that it imports, is not there.
    ValueError
        If an import or export is written in a way that this function does not know.

    Examples
    --------
    >>> "import" in script("convolution/widget.js").split("export default")[1]
    False
    """
    *needed, _ = _modules(name)
    texts = []
    for file in needed:
        text = _bound(file)
        names = [found["name"] for found in _EXPORT.finditer(text)]
        inner = _refuse(_EXPORT.sub("", text), file)
        body = f"{inner}return {{ {', '.join(names)} }};"
        texts.append(f"const {_variable(file)} = (() => {{\n{body}\n}})();\n")
    main = _bound(name)
    _refuse(_EXPORT.sub("", main).replace("export default", ""), name)
    return "\n".join([*texts, main])


def _modules(name: str) -> list[str]:
    """Return a module and all that it needs, each once, in an order in which they can run."""
    found: dict[str, None] = {}

    def visit(file: str) -> None:
        for one in _IMPORT.finditer((FOLDER / file).read_text(encoding="utf-8")):
            visit(_path(file, one["file"]))
        found.setdefault(file)

    visit(name)
    return list(found)


def _path(file: str, imported: str) -> str:
    """Return the path of what a file imports, from the folder of the widgets."""
    return os.path.normpath(os.path.join(os.path.dirname(file), imported)).replace(os.sep, "/")


def _variable(file: str) -> str:
    return "$" + re.sub(r"\W", "_", file.removesuffix(".js"))


def _bound(file: str) -> str:
    """Return the text of a file, with constants in place of its imports."""

    def bind(found: re.Match[str]) -> str:
        names = re.sub(r"\s+", " ", found["names"]).strip().removesuffix(",")
        module = _variable(_path(file, found["file"]))
        return f"const {{ {names.replace(' as ', ': ')} }} = {module};\n"

    return _IMPORT.sub(bind, (FOLDER / file).read_text(encoding="utf-8"))


def _refuse(text: str, file: str) -> str:
    """Return the text if no import or export is left in it."""
    if left := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
        raise ValueError(
            f"script: {file} says {left[0]!r}. Write imports as import {{ a, b }} from "
            '"./file.js"; and exports in front of a function, const or class.'
        )
    return text


def styles(name: str) -> str:
    """Return the style sheets of a widget as one text.

    They are the palette of the figures, the sheet of the kit, and, in the order of the imports,
    the sheet that stands beside each module under the same name.

    Parameters
    ----------
    name : str
        The module, as for `script`.

    Examples
    --------
    >>> text = styles("convolution/widget.js")
    >>> text.index(".cnn-widget {") < text.index(".cnn-widget.cnn-widget.cnn-convolution {")
    True
    """
    colours = {**COLORS, "house-ink": INK}
    palette = "".join(f"  --cnn-{name}: {value};\n" for name, value in colours.items())
    texts = [f".cnn-widget {{\n{palette}}}\n"]
    for module in dict.fromkeys(["kit/kit.js", *_modules(name)]):
        sheet = (FOLDER / module).with_suffix(".css")
        if sheet.exists():
            texts.append(f"{_root(module)} {{\n{sheet.read_text(encoding='utf-8')}}}\n")
    return "\n".join(texts)


def _root(module: str) -> str:
    """Return the selector below which a sheet holds.

    A widget's own rules shall win against the kit's wherever the two stand on the page, so the
    class of all widgets is named twice: each rule then counts for more than any of the kit.
    """
    folder = module.partition("/")[0]
    return ".cnn-widget" if folder == "kit" else f".cnn-widget.cnn-widget.cnn-{folder}"
