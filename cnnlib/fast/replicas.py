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
    made: dict[int, Any] = {}  # what stands in several places is one thing in the replica too

    def copy(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(copy(part) for part in value)
        if isinstance(value, dict):
            return {key: copy(part) for key, part in value.items()}
        if not isinstance(value, Layer | Parameter):
            return value
        if id(value) not in made:
            made[id(value)] = other = object.__new__(type(value))
            if isinstance(value, Parameter):
                value.value  # noqa: B018 - drawn now, once for all replicas
                other.__dict__.update(value.__dict__)
            else:
                other.__dict__.update({name: copy(part) for name, part in vars(value).items()})
        return made[id(value)]

    replica: AnyLayer = copy(layer)
    return replica
