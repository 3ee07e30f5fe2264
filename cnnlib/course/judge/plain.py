"""Take apart what a reader's code returned, into plain values that cannot misbehave.

Anything may come back: an array that is still written to, a list that contains itself, an object
whose ``__eq__`` raises. After `plain` there are only None, numbers, texts, ndarrays, tuples, lists
and dicts of exactly these types, and a `Foreign` for everything else. Nothing here trusts a
method, or the ``__class__``, of what it looks at. What a conversion runs of the reader's own code
may raise, or never end: so `plain` is called where both are dealt with.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

# By name, since this runs in the reader's session, where `np.array` may mean something else.
from numpy import array, asarray, generic, ndarray
from numpy.ma import MaskedArray, getmaskarray

LARGEST = 100_000  # entries of nested lists; a larger answer is none, and not worth the time
DEEPEST = 20
KEPT = {bool, int, float, complex, str, bytes, Fraction, Decimal, type(None), type(...)}
NAMES = {
    "dict_values": "the values of a dict",
    "dict_keys": "the keys of a dict",
    "dict_items": "the items of a dict",
    "mappingproxy": "a read-only dict",
}


@dataclass(frozen=True)
class Foreign:
    """Something of a kind that no exercise asks for, and what it can be turned into.

    kind : what it is, in words: "a generator"
    array : its numbers, where NumPy can read them
    items : what it hands out, one after the other, where it does
    pairs : the same as a dict, where it is one in disguise
    masked : how many of its numbers lie under a mask
    """

    kind: str
    array: ndarray | None = None
    items: tuple[Any, ...] | None = None
    pairs: dict[Any, Any] | None = None
    masked: int = 0


def is_a(value: Any, kind: type | tuple[type, ...]) -> bool:
    """Return whether the type of a value is a subclass, whatever the value says itself."""
    return issubclass(type(value), kind)


def plain(value: Any) -> Any:
    """Return a copy of a value made of plain types alone."""
    return _Plain()(value)


class _Plain:
    """One pass through a value: it counts the entries, and knows what it is inside of."""

    def __init__(self) -> None:
        self._left = LARGEST
        self._inside: list[int] = []

    def __call__(self, value: Any) -> Any:
        kind = type(value)
        if kind in KEPT or kind is Foreign:
            return value
        if issubclass(kind, ndarray):
            return _plain_array(value)
        if issubclass(kind, generic):
            return value if kind.__module__ == "numpy" else ndarray.__getitem__(array(value), ())
        for base, exactly in EXACTLY.items():
            if issubclass(kind, base):
                return exactly(value)
        for base in (list, tuple, dict):
            if issubclass(kind, base):
                return self._container(value, base)
        return self._foreign(value)

    def _container(self, value: Any, base: type) -> Any:
        size = base.__len__(value)  # type: ignore[attr-defined]
        self._left -= size
        if id(value) in self._inside:
            return Foreign(f"a {base.__name__} that contains itself")
        if self._left < 0 or len(self._inside) > DEEPEST:
            return Foreign(f"a {base.__name__} of {size}")
        self._inside.append(id(value))
        try:
            if base is dict:
                return {self._key(key): self(one) for key, one in list(dict.items(value))}
            return base(self(one) for one in base.__iter__(value))  # type: ignore[attr-defined]
        finally:
            self._inside.pop()

    def _key(self, key: Any) -> Any:
        key = self(key)
        try:
            hash(key)
        except TypeError:  # as plain lists, and what holds arrays
            return "?"
        return key

    def _foreign(self, value: Any) -> Foreign:
        kind = describe(value)
        if callable(value):
            return Foreign(kind)
        numbers = pairs = items = None
        if _has_buffer(value):
            numbers = _attempt(lambda: _plain_array(asarray(value)))
        if hasattr(type(value), "keys"):
            pairs = _attempt(lambda: self(dict(value)))
        if hasattr(type(value), "__iter__"):
            items = _attempt(lambda: self(tuple(itertools.islice(iter(value), 1000))))
        return Foreign(
            kind,
            numbers if is_a(numbers, ndarray) else None,
            items if is_a(items, tuple) else None,
            pairs if is_a(pairs, dict) else None,
        )


EXACTLY: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    Fraction: lambda value: Fraction(value.numerator, value.denominator),
}


def _plain_array(value: Any) -> ndarray | Foreign:
    """Return the numbers of an array of any kind in an array of NumPy's own, in native order."""
    if is_a(value, MaskedArray):
        masked = int(getmaskarray(value).sum())
        if masked:
            return Foreign(f"a masked array of shape {value.shape}", masked=masked)
    copied: ndarray = array(value, subok=False)
    if copied.dtype.names is None and not copied.dtype.isnative:
        copied = copied.astype(copied.dtype.newbyteorder("="))
    return copied


def _has_buffer(value: Any) -> bool:
    if is_a(value, memoryview) or hasattr(type(value), "__array__"):
        return True
    return type(value).__module__ == "array"


def _attempt(convert: Callable[[], Any]) -> Any:
    """Return what a conversion gives, or None: it may run code of the reader's own."""
    try:
        return convert()
    except Exception:
        return None


def describe(value: Any) -> str:
    """Return in words what kind of thing this is: "a generator", "the class Linear"."""
    kind = type_name(value)
    if issubclass(type(value), type):
        return f"the class {_name(value, '?')}"
    if kind in NAMES:
        return NAMES[kind]
    if kind.endswith("_iterator"):
        return "an iterator"
    if callable(value) and (name := _name(value, "")):
        return f"the function {name}"
    return f"{'an' if kind[:1] in 'aeiouAEIOU' else 'a'} {kind}"


def type_name(value: Any) -> str:
    """Return the name of a value's type, whatever the type says itself."""
    name: str = type.__dict__["__name__"].__get__(type(value))
    return name[:60]


def _name(value: Any, otherwise: str) -> str:
    name = _attempt(lambda: value.__name__)
    if type(name) is not str or name == "<lambda>":
        return "(a lambda)" if name == "<lambda>" else otherwise
    return name[:60]


def text_of(value: Any, otherwise: str = "") -> str:
    """Return ``str(value)``, or other words where its own ``__str__`` misbehaves."""
    text = _attempt(lambda: str(value))
    return str.__str__(text) if is_a(text, str) else otherwise


def cut(text: str, most: int) -> str:
    """Return a text without what goes beyond so many characters."""
    return text if len(text) <= most else f"{text[:most].rstrip()} …"
