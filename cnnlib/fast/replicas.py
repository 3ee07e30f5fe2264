"""Replicas: copies of a network that share its weights, to work on parts of a batch at once."""

from typing import Any, TypeVar

from cnnlib.layers import Layer, Parameter

AnyLayer = TypeVar("AnyLayer", bound=Layer)


def can_split(layer: Layer) -> bool:
    """Return whether the images of a batch may be dealt out among replicas of a layer."""
    if "forward" in vars(layer) or "backward" in vars(layer):  # replaced in this one object
        return False
    return not layer.mixes_images and all(can_split(child) for _, child in layer.children())


def replicate(layer: AnyLayer) -> AnyLayer:
    """Return a layer with the same weights, that has its own gradients and remembers its own input.

    Replicas may run at the same time, each on its share of a batch.
    """
    replica: AnyLayer = _copy(layer, {})
    return replica


_COPIED = (Layer, Parameter, list, tuple, dict)  # what may hold a gradient, or a layer's input


def _copy(value: Any, made: dict[int, Any]) -> Any:
    """Copy layers and parameters, however deep they lie; what is made already is taken again."""
    if isinstance(value, (Layer, Parameter)):
        if id(value) in made:
            return made[id(value)]
        if isinstance(value, Parameter):
            value.value  # noqa: B018 - drawn now, once for all replicas
        made[id(value)] = other = object.__new__(type(value))
        other.__dict__.update(value.__dict__)
        if isinstance(value, Layer):
            for name, part in value.__dict__.items():
                if isinstance(part, _COPIED):
                    other.__dict__[name] = _copy(part, made)
        return other
    if isinstance(value, dict):
        return {key: _copy(part, made) for key, part in value.items()}
    if isinstance(value, list):
        return [_copy(part, made) for part in value]
    if isinstance(value, tuple) and value and isinstance(value[0], _COPIED):  # no sizes (3, 3)
        return tuple([_copy(part, made) for part in value])
    return value
