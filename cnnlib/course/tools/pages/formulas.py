"""Formulas on a page that asks nobody: MathJax, which draws each one as paths in an SVG.

So no font is needed, neither on the page nor on the reader's machine, and a formula looks the same
everywhere. (The browsers' own MathML would need no script, but where no mathematical font is
installed, as on most phones, its braces do not stretch and its sums stay small.)

MathJax comes from a package that holds its files and needs nothing else.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["head", "mathjax", "options"]

PACKAGE = "django-static-mathjax"


def mathjax() -> str:
    """Return MathJax: one script, 2.1 MB, which loads no other file.

    Returns
    -------
    str

    Raises
    ------
    ModuleNotFoundError : its package is not installed

    Examples
    --------
    >>> try:
    ...     print("</script" in mathjax())
    ... except ModuleNotFoundError as error:  # a reader of the notebooks does not need it
    ...     print(False)
    False
    """
    try:
        script = files("mathjax") / "static" / "mathjax" / "es5" / "tex-svg.js"
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"Formulas need the package {PACKAGE}. `make site` installs it into an environment of "
            "its own."
        ) from error
    return script.read_text(encoding="utf-8")


def options(dollars: bool = False) -> dict[str, Any]:
    r"""Return the settings of MathJax, which stand on a page as ``window.MathJax`` before it.

    Parameters
    ----------
    dollars : bool
        Whether ``$…$`` and ``$$…$$`` are formulas, besides ``\(…\)`` and ``\[…\]``. They are in the
        HTML that nbconvert makes; Sphinx has translated them.

    Returns
    -------
    dict

    Examples
    --------
    >>> len(options()["tex"]["inlineMath"]), len(options(dollars=True)["tex"]["inlineMath"])
    (1, 2)
    """
    return {
        "tex": {
            "inlineMath": [["\\(", "\\)"]] + [["$", "$"]] * dollars,
            "displayMath": [["\\[", "\\]"]] + [["$$", "$$"]] * dollars,
            # All that it could load later is left out; what it knows already is enough.
            "packages": {"[-]": ["require", "autoload"]},
        },
        "options": {
            "enableMenu": False,  # the menu would load speech and other fonts
            "ignoreHtmlClass": "cnn-live|cnn-output",
            "skipHtmlTags": ["script", "style", "textarea", "pre", "code", "svg"],
        },
        # One formula holds its own letters, so that it survives being moved or printed alone.
        # Its small letters are as high as the text's; its capitals would then be higher.
        "svg": {"fontCache": "local", "scale": 0.9},
    }


def head(dollars: bool = False) -> str:
    r"""Return script elements for a page that is one file: put them at the end of its head.

    ``MathJax.startup.promise`` is fulfilled when all formulas of the page are drawn.

    Parameters
    ----------
    dollars : bool
        As for `options`.

    Returns
    -------
    str

    Raises
    ------
    ModuleNotFoundError : MathJax is not installed

    Examples
    --------
    >>> try:
    ...     print(head().count("<script"))
    ... except ModuleNotFoundError:
    ...     print(2)
    2
    """
    # It looks for comments with a regular expression; on a page that would begin one.
    script = mathjax().replace("<!--", "\\x3c!--")
    chosen = json.dumps(options(dollars))
    return f"<script>window.MathJax = {chosen};</script>\n<script>{script}</script>\n"
