"""One text for the browser from the modules and style sheets of a widget.

The files stay plain modules, which editors and tests read one by one. In a notebook no server
offers them, so what a module imports is put in front of it. Each imported module stands in a
function of its own, so that two modules may use the same name for different things.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

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
    wrapped: dict[str, str] = {}

    def variable(file: str) -> str:
        return "$" + re.sub(r"\W", "_", file.removesuffix(".js"))

    def text_of(file: str) -> str:
        """Return a file's text with its imports turned into constants, and wrap what it needs."""
        text = (FOLDER / file).read_text(encoding="utf-8")

        def bind(found: re.Match[str]) -> str:
            needed = os.path.normpath(os.path.join(os.path.dirname(file), found["file"]))
            needed = needed.replace(os.sep, "/")
            if needed not in wrapped:
                wrapped[needed] = wrap(needed)
            names = re.sub(r"\s+", " ", found["names"]).strip().removesuffix(",")
            return f"const {{ {names.replace(' as ', ': ')} }} = {variable(needed)};\n"

        return _IMPORT.sub(bind, text)

    def wrap(file: str) -> str:
        text = text_of(file)
        names = [found["name"] for found in _EXPORT.finditer(text)]
        inner = _refuse(_EXPORT.sub("", text), file)
        return (
            f"const {variable(file)} = (() => {{\n{inner}return {{ {', '.join(names)} }};\n}})();\n"
        )

    main = text_of(name)
    _refuse(_EXPORT.sub("", main).replace("export default", ""), name)
    return "\n".join([*wrapped.values(), main])


def _refuse(text: str, file: str) -> str:
    """Return the text if no import or export is left in it."""
    if left := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
        raise ValueError(
            f"script: {file} says {left[0]!r}. Write imports as import {{ a, b }} from "
            '"./file.js"; and exports in front of a function, const or class.'
        )
    return text


def styles(*names: str) -> str:
    """Return the shared style sheet, followed by those named.

    Parameters
    ----------
    *names : str
        Files below the folder of the widgets, such as ``"convolution/widget.css"``.
    """
    return "\n".join(
        (FOLDER / name).read_text(encoding="utf-8") for name in ("kit/kit.css", *names)
    )
