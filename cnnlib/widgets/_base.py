"""What all widgets share in Python: the settings, the stored picture, the files for the browser."""

from __future__ import annotations

import re
from abc import abstractmethod
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from matplotlib.figure import Figure

from cnnlib.figures._display import check_alt, to_bundle

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=function |const |let |class |async )", re.MULTILINE)


def script(name: str) -> str:
    """Return a JavaScript module of this folder as one text that imports nothing.

    The files stay plain modules, which editors and tests can read one by one. In a notebook no
    server offers them, so each file that is imported by name from ``"./other.js"`` is put in
    front, once, in the order in which it is needed.

    Parameters
    ----------
    name : str
        A file name such as ``"convolution.js"``.

    Returns
    -------
    str
        The module, with the exports of ``name`` only.

    Examples
    --------
    >>> from cnnlib.widgets._base import script
    >>> "import" in script("convolution.js").split("export default")[1]
    False
    """
    parts: dict[str, str] = {}

    def add(file: str) -> None:
        text = (FOLDER / file).read_text(encoding="utf-8")
        for needed in _IMPORT.findall(text):
            if needed not in parts:
                add(needed)
        text = _IMPORT.sub("", text)
        parts[file] = text if file == name else _EXPORT.sub("", text)

    add(name)
    return "\n".join(parts.values())


def styles(*names: str) -> str:
    """Return the shared style sheet, followed by those named."""
    return "\n".join((FOLDER / n).read_text(encoding="utf-8") for n in ("kit.css", *names))


class _Settings(traitlets.TraitType[dict[str, Any], dict[str, Any]]):
    """The settings of a widget; nonsense is refused before anything has changed."""

    def validate(self, widget: Any, value: dict[str, Any]) -> dict[str, Any]:
        checked: dict[str, Any] = widget._checked(**value)
        return checked


class Widget(anywidget.AnyWidget):
    """A widget that is drawn in the browser and set from Python.

    All that a learner can set is in one dictionary, `settings`, which Python and the browser
    share. So a change is checked as a whole, and never half done. A subclass gives

    - ``_esm = script("name.js")`` and ``_css = styles()``,
    - `_checked`, which refuses settings that make no sense,
    - `_picture`, the figure that stands in for the widget where none can run,
    - a ``__repr__`` that is the same in every run; the one here names the class.

    Parameters
    ----------
    **settings : Any
        What `_checked` takes.
    """

    settings = _Settings().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(settings=settings)

    @abstractmethod
    def _checked(self, *arguments: Any, **settings: Any) -> dict[str, Any]:
        """Return the settings as numbers, texts and lists, or say in an error what is wrong."""

    @abstractmethod
    def _picture(self) -> tuple[Figure, str]:
        """Return a figure of the widget as it is set now, and its alternative text."""

    def set(self, **changes: Any) -> None:
        """Change some settings together; the others stay.

        Parameters
        ----------
        **changes : Any
            New values, by the names that the constructor has.
        """
        unknown = sorted(set(changes) - set(self.settings))
        if unknown:
            raise TypeError(
                f"{type(self).__name__}: there is no setting {unknown[0]!r}. "
                f"The settings are {', '.join(self.settings)}."
            )
        self.settings = {**self.settings, **changes}

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live view and, beside it, a picture for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        data, metadata = bundle
        figure, alt = self._picture()
        return {**data, **to_bundle(figure, check_alt(alt))}, metadata


def setting(name: str, doc: str) -> property:
    """Return a property of a widget that reads and changes one of its settings."""

    def read(widget: Widget) -> Any:
        return widget.settings[name]

    def change(widget: Widget, value: Any) -> None:
        widget.set(**{name: value})

    return property(read, change, doc=doc)
