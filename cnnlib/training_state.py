"""What the parts of a training remember, besides weights and averages: to be put back, or kept.

`cnnlib.training.Run` keeps what the parts of the library remember. An optimiser, a schedule, a
layer or an augmentation of the reader may remember more, in attributes of its own. Those that have
changed since the training began are its state; those that have not are settings, and there the
caller's count.
"""

import copy
import types
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from cnnlib.layers import Layer, Parameter
from cnnlib.optim import Optimizer, Scheduler

__all__ = ["Memory", "bit_generators"]

Attributes = dict[str, dict[str, Any]]  # by part, then by name

_KNOWN = (  # what `Run` keeps itself
    (Optimizer, {"parameters", "lr", "_steps", "_averages"}),
    (Scheduler, {"optimizer", "epochs", "start"}),
    (Layer, {"training"}),
)


def bit_generators(*things: object) -> list[Any]:
    """Return the bit generators that these draw from, each once, in order.

    They are looked for in attributes, in lists and dictionaries, in the layers of a container, and
    where a function has them from: its closure, its module, the object that it is a method of.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> len(bit_generators(rng, lambda x: x + rng.random()))
    1
    """
    found: dict[int, Any] = {}
    seen: set[int] = set()
    asked, waiting = {id(thing) for thing in things}, list(reversed(things))
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, np.random.Generator):
            found.setdefault(id(thing.bit_generator), thing.bit_generator)
        else:
            waiting.extend(reversed(list(_inside(thing, id(thing) in asked))))
    return list(found.values())


def _inside(thing: Any, asked: bool) -> Iterator[object]:
    """Yield what may hold a generator, or be one."""
    if isinstance(thing, list | tuple):
        yield from thing
    elif isinstance(thing, dict):
        yield from thing.values()
    elif isinstance(thing, partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, types.MethodType):
        yield from (thing.__func__, *getattr(thing.__self__, "__dict__", {}).values())
    elif isinstance(thing, types.FunctionType):
        for cell in thing.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # named, and not there yet
                continue
        for name in thing.__code__.co_names:
            if isinstance(thing.__globals__.get(name), np.random.Generator):
                yield thing.__globals__[name]
    elif isinstance(thing, Layer) or asked:
        yield from getattr(thing, "__dict__", {}).values()
        if isinstance(thing, Layer):
            yield from (child for _, child in thing.children())


class Memory:
    """The attributes of a training's parts, as they were when it began."""

    def __init__(self, model: Layer, **parts: object) -> None:
        layers = [model]
        for layer in layers:  # grows on the way
            layers += [child for _, child in layer.children()]
        owners = {name: getattr(part, "__self__", part) for name, part in parts.items()}
        self._parts = {name: part for name, part in owners.items() if hasattr(part, "__dict__")}
        for number, layer in enumerate(layers):
            if not type(layer).__module__.startswith("cnnlib."):
                self._parts[f"layer {number}"] = layer
        # What is the same object in two places must stay so, and weights are kept elsewhere.
        self._shared = [*layers, *parts.values(), *model.parameters(), *model.buffers()]
        self._first = self.copied()

    def copied(self) -> Attributes:
        """Return a copy of all attributes; of what cannot be copied, such as a file, none."""
        sources = [generator for part in self._parts.values() for generator in _generators(part)]
        copies: Attributes = {}
        for name, part in self._parts.items():
            copies[name] = {}
            for key, value in _attributes(part):
                memo = {id(thing): thing for thing in [*self._shared, *sources]}
                try:
                    copies[name][key] = copy.deepcopy(value, memo)
                except Exception:
                    continue
        return copies

    def put_back(self, copies: Attributes) -> None:
        """Let all attributes be as they were when they were copied."""
        for name, part in self._parts.items():
            for key, _ in _attributes(part):
                if key not in copies[name] and _plain(getattr(part, key)):
                    delattr(part, key)
            vars(part).update(copies[name])

    def changed(self) -> Attributes:
        """Return the attributes that are not as they were in the beginning, for a file."""
        return {
            name: {
                key: value
                for key, value in _attributes(part)
                if _plain(value)
                and not (key in self._first[name] and _equal(value, self._first[name][key]))
            }
            for name, part in self._parts.items()
        }

    def take(self, changed: Attributes) -> None:
        """Take over what `changed` returned, where there is such a part."""
        for name, attributes in changed.items():
            for key, value in attributes.items():
                part = self._parts.get(name)
                if part is not None:
                    was_tuple = isinstance(getattr(part, key, None), tuple)
                    setattr(part, key, tuple(value) if was_tuple else value)


def _attributes(part: object) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that may be state, and are not kept with the library's own."""
    known = {name for kind, names in _KNOWN if isinstance(part, kind) for name in names}
    for name, value in list(vars(part).items()):
        if name in known or isinstance(value, Layer | Parameter):
            continue
        if not (name.startswith("_") and isinstance(part, Layer)):  # such as the input last seen
            yield name, value


def _generators(part: object) -> list[np.random.Generator]:
    return [value for value in vars(part).values() if isinstance(value, np.random.Generator)]


def _plain(value: Any) -> bool:
    """Return whether a file can hold this."""
    if isinstance(value, list | tuple):
        return all(_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    return value is None or isinstance(value, bool | int | float | str | np.number | np.bool_)


def _equal(one: Any, other: Any) -> bool:
    """Return whether two plain values are the same; NaN is equal to itself."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        same_kind = isinstance(one, np.ndarray) and isinstance(other, np.ndarray)
        return same_kind and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other) or (one != one and other != other)
