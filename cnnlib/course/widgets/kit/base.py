"""What all widgets share in Python: the settings, the stored picture, the files for the browser."""

from __future__ import annotations

import inspect
import json
import weakref
from abc import abstractmethod
from typing import Any, ClassVar

import anywidget
import traitlets
from IPython.display import display
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course.drawing.display import check_alt, to_bundle
from cnnlib.course.widgets.kit.numbers import flag

# What goes with the picture of a widget. On the screen the picture is hidden where the widget
# lives (the names are those of JupyterLab, VS Code and Colab), and so is the row of a widget that
# does not come: JupyterLab writes "Error displaying widget" there, an exported page nothing. On
# paper the picture is shown in any case: a canvas is not copied to the printer.
_STAND_IN = """<style>
@media screen {
  :is(.jp-OutputArea, .cell_container, #output-body):has(.cnn-widget) > :has(.cnn-stand-in),
  .jp-OutputArea:has(.cnn-stand-in) > * > .jupyter-widgets:not(:has(:not(script))) {
    display: none;
  }
}
@media print {
  .jp-OutputArea:has(.cnn-stand-in) :is(.cnn-widget, .jupyter-widgets) {
    display: none;
  }
}
</style>
"""


class _Settings(traitlets.TraitType[dict[str, Any], dict[str, Any]]):
    """The settings of a widget; nonsense is refused before anything has changed."""

    def validate(self, widget: Any, value: dict[str, Any]) -> dict[str, Any]:
        op = type(widget).__name__
        if not isinstance(value, dict):
            raise TypeError(
                f"{op}: settings must be a dict, got {checks.describe(value)}. Change one of them "
                f"as in widget.set({next(iter(_names(widget)), 'name')}=...)."
            )
        names = _names(widget)
        if names and set(value) != set(names):
            raise TypeError(
                f"{op}: the settings are {', '.join(names)}, got "
                f"{', '.join(map(str, value)) or 'none'}."
            )
        checked: dict[str, Any] = widget._checked(**value)
        return checked


def _names(widget: Any) -> list[str]:
    """Return the names of a widget's settings; none if it takes whatever comes."""
    parameters = inspect.signature(widget._checked).parameters
    return [name for name, one in parameters.items() if one.kind is not one.VAR_KEYWORD]


class _Facts(traitlets.TraitType[dict[str, Any], dict[str, Any]]):
    """What the browser is told and cannot change."""

    def validate(self, widget: Any, value: dict[str, Any]) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(json.dumps(widget.FACTS))
        if value != facts:
            raise ValueError(
                f"{type(widget).__name__}: facts cannot be changed; they are the same for all "
                "widgets of this class."
            )
        return facts


class _Large(traitlets.TraitType[bool, bool]):
    """Whether a widget is drawn for the back row."""

    def validate(self, widget: Any, value: bool) -> bool:
        return flag(type(widget).__name__, "large", value)


_LIVING: weakref.WeakSet[Widget] = weakref.WeakSet()


def pack_all() -> None:
    """Let all widgets take along what they need on a page that has no kernel to ask."""
    for widget in list(_LIVING):
        widget.pack()


class Widget(anywidget.AnyWidget):
    """A widget that is drawn in the browser and set from Python.

    All that a learner can set is in one dictionary, `settings`, which Python and the browser
    share. So a change is checked as a whole, and never half done. A subclass gives

    - ``_esm = script("name/widget.js")`` and ``_css = styles("name/widget.js")``,
    - `FACTS`, what the browser has to know as well: limits, tables, colours. They stand in Python
      alone, and are sent with the widget,
    - `_checked`, which refuses settings that make no sense,
    - `_picture`, the figure that stands in for the widget where none can run,
    - a ``__repr__`` that is the same in every run; the one here names the class.

    Every widget has a switch, Large, for the back row of a room; ``widget.large = True`` turns it.

    Parameters
    ----------
    **settings : Any
        What `_checked` takes.
    """

    FACTS: ClassVar[dict[str, Any]] = {}
    # Whether Python computes what the learner sees: a page without a kernel then shows a picture.
    needs_kernel: ClassVar[bool] = False

    settings = _Settings().tag(sync=True)
    facts = _Facts().tag(sync=True)
    large = _Large(False).tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(settings=settings, facts=json.loads(json.dumps(self.FACTS)))
        _LIVING.add(self)

    def pack(self) -> None:
        """Take along what a page without a kernel needs. Most widgets have it in the browser."""

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
        return {**data, **self._stand_in()}, metadata

    def _ipython_display_(self) -> None:
        """Show the live view, and below it the picture, each as an output of its own.

        An export that knows widgets takes the view out of an output, and leaves the rest; without
        a network it then shows an empty row. The picture in an output of its own is shown by all.
        """
        bundle = super()._repr_mimebundle_()
        if bundle is not None:
            data, metadata = bundle
            display({**data, "text/plain": repr(self)}, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
        display(self._stand_in(), raw=True)  # type: ignore[no-untyped-call]

    def _stand_in(self) -> dict[str, str]:
        """Return the picture of the widget as it is set now, as an output."""
        figure, alt = self._picture()
        return to_bundle(figure, check_alt(alt), mark="cnn-stand-in", style_sheet=_STAND_IN)


def setting(name: str, doc: str) -> property:
    """Return a property of a widget that reads and changes one of its settings."""

    def read(widget: Widget) -> Any:
        return widget.settings[name]

    def change(widget: Widget, value: Any) -> None:
        widget.set(**{name: value})

    return property(read, change, doc=doc)
