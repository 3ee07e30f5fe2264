"""What all widgets share in Python: the settings, the stored picture, the files for the browser."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any, ClassVar

import anywidget
import traitlets
from matplotlib.figure import Figure

from cnnlib.course.drawing.display import check_alt, to_bundle


class _Settings(traitlets.TraitType[dict[str, Any], dict[str, Any]]):
    """The settings of a widget; nonsense is refused before anything has changed."""

    def validate(self, widget: Any, value: dict[str, Any]) -> dict[str, Any]:
        checked: dict[str, Any] = widget._checked(**value)
        return checked


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

    Parameters
    ----------
    **settings : Any
        What `_checked` takes.
    """

    FACTS: ClassVar[dict[str, Any]] = {}

    settings = _Settings().tag(sync=True)
    facts = _Facts().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(settings=settings, facts=json.loads(json.dumps(self.FACTS)))

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
