"""A network as a PyTorch module, and back.

Each layer of cnnlib has a module of the same name, made with the same settings; the weights then
travel as one ``state_dict`` with the same names, loaded strictly. Nothing is shared: both sides
have their own arrays.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np

from cnnlib import layers as L
from cnnlib.checks import describe, generator
from cnnlib.further import ZeroPad2d
from cnnlib.interop.extras import NotCarriedError, library, own_layer
from cnnlib.layers import Layer
from cnnlib.model import Container, Parallel, Residual, Sequential
from cnnlib.types import Array

__all__ = ["from_torch", "to_torch"]


def to_torch(model: Layer) -> Any:
    """Return a PyTorch module that computes what a network of cnnlib computes.

    A `Sequential` becomes a ``torch.nn.Sequential``. `Residual` and `Parallel`, which PyTorch does
    not have, become small modules of those names. The keys of the module's ``state_dict`` are those
    of ``model.state_dict()``; batch normalisation adds its ``num_batches_tracked``.

    Parameters
    ----------
    model : Layer
        Usually a `Sequential`. Its weights are copied, and each layer stays in training or in use.

    Returns
    -------
    torch.nn.Module
        On the CPU, with the dtype of the weights.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    TypeError
        If a layer cannot be carried over; its place and the reason are named.

    Examples
    --------
    >>> from cnnlib.layers import Linear, ReLU
    >>> model = Sequential(Linear(2, 3, rng=np.random.default_rng(0)), ReLU())
    >>> to_torch(model)  # doctest: +SKIP
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """
    if not isinstance(model, Layer):
        raise TypeError(f"to_torch: expected a network of cnnlib, got {describe(model)}.")
    torch = library("to_torch", "torch")
    module = _module("", model)
    if isinstance(model, Container):
        state = model.state_dict()
    else:
        kept = (*model.parameters(), *model.buffers())
        state = {array.name: array.value for array in kept}
    tensors = {name: torch.from_numpy(np.array(value, order="C")) for name, value in state.items()}
    module.load_state_dict(tensors, strict=True)
    return module


def from_torch(
    module: Any,
    into: Container | None = None,
    *,
    names: Mapping[str, str] | None = None,
    rng: np.random.Generator | None = None,
) -> Sequential:
    """Return a network of cnnlib that computes what a PyTorch module computes.

    A ``torch.nn.Sequential`` is taken apart and built anew from cnnlib's layers. Any other module
    holds Python code of its own, which nobody can translate: build the same network with cnnlib,
    and hand it over as `into`, so that only the weights travel.

    Parameters
    ----------
    module : torch.nn.Module
    into : Container, optional
        A network that takes the weights over. It is changed only if everything fits.
    names : mapping of str to str, optional
        Where the two call a layer differently: PyTorch's name → cnnlib's, as in
        ``{"conv1": "0", "fc": "3"}``. Only together with `into`.
    rng : numpy.random.Generator, optional
        Needed where the module has dropout, which draws from it.

    Returns
    -------
    Sequential
        A new one, or `into` itself.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    TypeError
        If a module, or a setting of one, cannot be carried over.
    ValueError
        If the weights do not fit `into`.

    Examples
    --------
    >>> import torch  # doctest: +SKIP
    >>> from_torch(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU()))  # doctest: +SKIP
    Sequential(
      (0): Linear(2, 3)
      (1): ReLU()
    )
    """
    torch = library("from_torch", "torch")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"from_torch: expected a torch.nn.Module, got {describe(module)}.")
    if into is None:
        if names is not None:
            raise TypeError("from_torch: names says where weights go; name the network too, into=.")
        if not isinstance(module, torch.nn.Sequential):
            raise NotCarriedError(
                "from_torch",
                "",
                f"a {type(module).__name__}",
                "its forward is Python code of its own, and only a torch.nn.Sequential can be "
                "taken apart. Build the same network with cnnlib and pass it as into=model.",
            )
        model = cast(Sequential, _layer("", module, rng))
    elif isinstance(into, Container):
        model = cast(Sequential, into)
    else:
        raise TypeError(f"from_torch: into must be a network of cnnlib, got {describe(into)}.")
    model.load_state_dict(_arrays(module, names or {}))
    return model


def _arrays(module: Any, names: Mapping[str, str]) -> dict[str, Array]:
    """Return what a module learned, as arrays of its own under cnnlib's names."""
    arrays = {}
    for key, tensor in module.state_dict().items():
        layer, _, name = key.rpartition(".")
        if name == "num_batches_tracked":  # counts batches, and no layer of cnnlib needs it
            continue
        if str(tensor.dtype) not in ("torch.float32", "torch.float64"):
            raise TypeError(
                f"from_torch: {key} is {tensor.dtype}, expected torch.float32 or torch.float64. "
                "Convert the module first: module.float()."
            )
        arrays[f"{names.get(layer, layer)}.{name}"] = tensor.detach().cpu().numpy().copy()
    return arrays


# --- the table ------------------------------------------------------------------------------------


class _Way(NamedTuple):
    """How one kind of layer travels."""

    module: str  # its name in torch.nn
    there: Callable[[Any, Any], Any]  # (torch.nn, layer) → module
    back: Callable[[Any, "_Settings"], Layer]  # (module, settings) → layer


class _Settings(NamedTuple):
    """What a layer is built with besides what the module says, and who to blame."""

    path: str
    rng: np.random.Generator | None

    def only(self, module: Any, reason: str, **expected: Any) -> None:
        """Refuse a module unless its settings have these values."""
        for name, value in expected.items():
            if getattr(module, name) != value:
                raise NotCarriedError("from_torch", self.path, repr(module), reason)

    def dtype(self, module: Any) -> str:
        name = str(module.weight.dtype).removeprefix("torch.")
        if name not in ("float32", "float64"):
            raise NotCarriedError(
                "from_torch",
                self.path,
                repr(module),
                f"its weights are {name}, and cnnlib computes with float32 or float64. Convert the "
                "module first: module.float().",
            )
        return name


UNUSED = np.random.default_rng(0)  # a layer draws its weights when they are needed: these never are


def _quiet(nn: Any, kind: str, *args: Any, **kwargs: Any) -> Any:
    """Build a module whose weights are about to be loaded, and draw no random numbers for them."""
    return nn.utils.skip_init(getattr(nn, kind), *args, **kwargs)


def _dtype_there(layer: Any) -> Any:
    return getattr(library("to_torch", "torch"), str(layer.weight.dtype))


def _conv_there(nn: Any, layer: L.Conv2d) -> Any:
    return _quiet(
        nn,
        "Conv2d",
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        groups=layer.groups,
        bias=layer.bias is not None,
        padding_mode=layer.padding_mode,
        dtype=_dtype_there(layer),
    )


def _conv_back(module: Any, given: _Settings) -> Layer:
    given.only(module, "cnnlib.layers.Conv2d has no dilation.", dilation=(1, 1))
    if module.padding_mode == "circular":
        given.only(module, "cnnlib pads with zeros, reflect or replicate.", padding_mode="zeros")
    padding = module.padding
    if padding == "valid":
        padding = (0, 0)
    elif padding == "same":
        odd = all(k % 2 for k in module.kernel_size)
        if not odd:
            reason = "padding='same' adds unequal borders to an even kernel. Pad by hand before it."
            given.only(module, reason, padding=None)
        padding = tuple((k - 1) // 2 for k in module.kernel_size)
    return L.Conv2d(
        module.in_channels,
        module.out_channels,
        module.kernel_size,
        module.stride,
        padding,
        module.groups,
        module.bias is not None,
        module.padding_mode,
        rng=UNUSED,
        dtype=given.dtype(module),
    )


def _linear_there(nn: Any, layer: L.Linear) -> Any:
    sizes = layer.in_features, layer.out_features
    return _quiet(nn, "Linear", *sizes, bias=layer.bias is not None, dtype=_dtype_there(layer))


def _linear_back(module: Any, given: _Settings) -> Layer:
    sizes = module.in_features, module.out_features
    return L.Linear(*sizes, module.bias is not None, rng=UNUSED, dtype=given.dtype(module))


def _norm_there(nn: Any, layer: L.BatchNorm2d) -> Any:
    return nn.BatchNorm2d(layer.num_features, layer.eps, layer.momentum, dtype=_dtype_there(layer))


def _norm_back(module: Any, given: _Settings) -> Layer:
    reason = "BatchNorm2d of cnnlib always learns a scale and a shift, and keeps running averages."
    given.only(module, reason, affine=True, track_running_stats=True)
    if module.momentum is None:
        given.only(module, "momentum=None averages all batches equally.", momentum=0.1)
    dtype = given.dtype(module)
    return L.BatchNorm2d(module.num_features, module.eps, module.momentum, dtype=dtype)


def _pool_there(kind: str) -> Callable[[Any, Any], Any]:
    return lambda nn, layer: getattr(nn, kind)(layer.kernel_size, layer.stride, layer.padding)


def _max_pool_back(module: Any, given: _Settings) -> Layer:
    given.only(module, "cnnlib's pools have no dilation.", dilation=1)
    _floors(module, given)
    given.only(module, "a layer of cnnlib returns one array.", return_indices=False)
    return L.MaxPool2d(module.kernel_size, module.stride, module.padding)


def _avg_pool_back(module: Any, given: _Settings) -> Layer:
    _floors(module, given)
    given.only(module, "cnnlib divides by the size of the window.", divisor_override=None)
    if module.padding not in (0, (0, 0)):
        reason = "cnnlib counts the zeros of the border in the mean."
        given.only(module, reason, count_include_pad=True)
    return L.AvgPool2d(module.kernel_size, module.stride, module.padding)


def _floors(module: Any, given: _Settings) -> None:
    reason = "with ceil_mode=True windows may leave the picture; cnnlib rounds the size down."
    given.only(module, reason, ceil_mode=False)


def _global_back(module: Any, given: _Settings) -> Layer:
    if module.output_size != (1, 1):
        given.only(module, "cnnlib averages each map to one number only.", output_size=1)
    return L.GlobalAvgPool2d()


def _flatten_back(module: Any, given: _Settings) -> Layer:
    reason = "cnnlib flattens everything behind the batch axis."
    given.only(module, reason, start_dim=1, end_dim=-1)
    return L.Flatten()


def _dropout_back(module: Any, given: _Settings) -> Layer:
    if given.rng is None:
        raise TypeError(
            f"from_torch: {module!r} draws random numbers, and in cnnlib a generator draws them. "
            "Pass rng=np.random.default_rng(0)."
        )
    return L.Dropout(module.p, rng=generator("from_torch", given.rng))


def _norm_across_there(nn: Any, layer: L.LocalResponseNorm) -> Any:
    return nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k)


WAYS: dict[type[Layer], _Way] = {
    L.Conv2d: _Way("Conv2d", _conv_there, _conv_back),
    L.Linear: _Way("Linear", _linear_there, _linear_back),
    L.BatchNorm2d: _Way("BatchNorm2d", _norm_there, _norm_back),
    L.ReLU: _Way("ReLU", lambda nn, layer: nn.ReLU(), lambda module, given: L.ReLU()),
    L.ReLU6: _Way("ReLU6", lambda nn, layer: nn.ReLU6(), lambda module, given: L.ReLU6()),
    L.LeakyReLU: _Way(
        "LeakyReLU",
        lambda nn, layer: nn.LeakyReLU(layer.negative_slope),
        lambda module, given: L.LeakyReLU(module.negative_slope),
    ),
    L.Sigmoid: _Way("Sigmoid", lambda nn, layer: nn.Sigmoid(), lambda module, given: L.Sigmoid()),
    L.Tanh: _Way("Tanh", lambda nn, layer: nn.Tanh(), lambda module, given: L.Tanh()),
    L.MaxPool2d: _Way("MaxPool2d", _pool_there("MaxPool2d"), _max_pool_back),
    L.AvgPool2d: _Way("AvgPool2d", _pool_there("AvgPool2d"), _avg_pool_back),
    L.GlobalAvgPool2d: _Way(
        "AdaptiveAvgPool2d", lambda nn, layer: nn.AdaptiveAvgPool2d((1, 1)), _global_back
    ),
    L.LocalResponseNorm: _Way(
        "LocalResponseNorm",
        _norm_across_there,
        lambda module, given: L.LocalResponseNorm(module.size, module.alpha, module.beta, module.k),
    ),
    L.Flatten: _Way("Flatten", lambda nn, layer: nn.Flatten(), _flatten_back),
    ZeroPad2d: _Way(
        "ZeroPad2d",
        lambda nn, layer: nn.ZeroPad2d(layer.padding),
        lambda module, given: ZeroPad2d(tuple(module.padding)),
    ),
    L.Dropout: _Way("Dropout", lambda nn, layer: nn.Dropout(layer.p), _dropout_back),
}


def _module(path: str, layer: Layer) -> Any:
    """Return the module for one layer, its weights still to be loaded."""
    nn = library("to_torch", "torch").nn
    ours = _own_modules()
    inner = f"{path}." if path else ""
    parts = {name: _module(f"{inner}{name}", child) for name, child in layer.children()}
    if type(layer) is Sequential:
        module = nn.Sequential(*parts.values())
    elif type(layer) in (Residual, Parallel):
        module = ours[type(layer).__name__](**parts)
    elif type(layer) is L.MinPool2d:
        module = ours["MinPool2d"](layer.kernel_size, layer.stride, layer.padding)
    elif type(layer) in WAYS:
        module = WAYS[type(layer)].there(nn, layer)
    else:
        raise own_layer("to_torch", path, layer)
    module.training = layer.training
    return module


def _layer(path: str, module: Any, rng: np.random.Generator | None) -> Layer:
    """Return the layer for one module, its weights still to be loaded."""
    nn = library("from_torch", "torch").nn
    ours = _own_modules()
    inner = f"{path}." if path else ""
    layer: Layer
    if isinstance(module, nn.Sequential | ours["Residual"] | ours["Parallel"]):
        parts = {name: _layer(f"{inner}{name}", m, rng) for name, m in module.named_children()}
        if isinstance(module, ours["Residual"]):
            layer = Residual(**parts)
        else:
            layer = (Parallel if isinstance(module, ours["Parallel"]) else Sequential)(
                *parts.values()
            )
    elif type(module) is nn.Identity:
        layer = Sequential()  # of no layers: what comes in goes out
    elif type(module) is ours["MinPool2d"]:
        layer = L.MinPool2d(module.kernel_size, module.stride, module.padding)
    else:
        kinds = {getattr(nn, way.module): way for way in WAYS.values()}
        if type(module) not in kinds:
            raise NotCarriedError(
                "from_torch",
                path,
                repr(module),
                "cnnlib.layers has nothing that computes the same.",
            )
        layer = kinds[type(module)].back(module, _Settings(path, rng))
    layer.training = module.training
    return layer


@cache
def _own_modules() -> dict[str, Any]:
    """Return the modules that PyTorch lacks, by the names of cnnlib's layers."""
    torch = library("to_torch", "torch")
    base: Any = torch.nn.Module

    class Residual(base):
        """``main(x) + shortcut(x)``, where a missing shortcut hands x on."""

        def __init__(self, main: Any, shortcut: Any = None) -> None:
            super().__init__()
            self.main = main
            self.shortcut = shortcut

        def forward(self, x: Any) -> Any:
            return self.main(x) + (x if self.shortcut is None else self.shortcut(x))

    class Parallel(base):
        """Branches side by side, their channels stacked."""

        def __init__(self, **branches: Any) -> None:
            super().__init__()
            for name, branch in branches.items():
                self.add_module(name, branch)

        def forward(self, x: Any) -> Any:
            return torch.cat([branch(x) for branch in self.children()], dim=1)

    class MinPool2d(base):
        """The smallest value of each window: the largest of the negatives, negated."""

        def __init__(self, kernel_size: Any, stride: Any, padding: Any) -> None:
            super().__init__()
            self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

        def forward(self, x: Any) -> Any:
            pool = torch.nn.functional.max_pool2d
            return -pool(-x, self.kernel_size, self.stride, self.padding)

        def extra_repr(self) -> str:
            return f"{self.kernel_size}, stride={self.stride}, padding={self.padding}"

    return {module.__name__: module for module in (Residual, Parallel, MinPool2d)}
