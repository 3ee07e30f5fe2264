"""The libraries that interop needs: imported when asked for, or missed with the way to get them."""

from importlib import import_module
from typing import Any

from cnnlib.layers import Layer

__all__ = ["NotCarriedError", "library"]

# Which extra of pyproject.toml brings a library, and what people call it.
EXTRAS = {
    "torch": ("torch", "PyTorch"),
    "safetensors": ("torch", "safetensors"),
    "onnx": ("onnx", "ONNX"),
}


class NotCarriedError(TypeError):
    """A layer, or a setting of one, that the other side does not have or means otherwise."""

    def __init__(self, op: str, path: str, what: object, reason: str) -> None:
        place = f"layer {path}, {what}," if path else f"{what}"
        super().__init__(f"{op}: {place} cannot be carried over: {reason}")


def library(op: str, name: str) -> Any:
    """Return a module of an optional library.

    Parameters
    ----------
    op : str
        Who asks, for the message.
    name : str
        Of the module, such as ``"torch"`` or ``"safetensors.numpy"``.

    Raises
    ------
    ImportError
        If the library is not installed; the message holds the line that installs it.

    Examples
    --------
    >>> library("to_torch", "json").dumps([1])  # any module will do
    '[1]'
    """
    root = name.partition(".")[0]
    extra, called = EXTRAS.get(root, (root, root))
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != root:
            raise  # it is installed, and something that it needs itself is not
        raise ImportError(
            f"{op}: {called} is not installed, and the course runs without it. To get it, run "
            f'python -m pip install -e ".[{extra}]" in the folder of the course.'
        ) from None


def own_layer(op: str, path: str, layer: Layer) -> NotCarriedError:
    """Return the refusal of a layer that interop has never heard of."""
    return NotCarriedError(
        op,
        path,
        repr(layer),
        f"{type(layer).__name__} is no layer of cnnlib, so nobody knows what computes the same "
        "there. Carry the layers before and after it, and write its forward yourself between them.",
    )
