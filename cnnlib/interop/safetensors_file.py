"""Weights in a safetensors file, the format in which trained networks are handed around.

Like cnnlib's own archives it holds numbers and nothing that runs; unlike them, other libraries
read it too. The names are those of ``model.state_dict()``.
"""

from pathlib import Path

import numpy as np

from cnnlib.files import check_writable, write_whole
from cnnlib.interop.extras import library
from cnnlib.model import Container

__all__ = ["load_safetensors", "save_safetensors"]


def save_safetensors(model: Container, path: str | Path) -> None:
    """Write the weights of a network to a safetensors file, whole or not at all.

    Parameters
    ----------
    model : Container
        Usually a `Sequential`.
    path : str or Path
        Conventionally ending in ``.safetensors``.

    Raises
    ------
    ImportError
        If the library safetensors is not installed.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> from cnnlib.model import Sequential
    >>> model = Sequential(Linear(2, 3, rng=np.random.default_rng(0)))
    >>> save_safetensors(model, "weights.safetensors")  # doctest: +SKIP
    >>> load_safetensors(model, "weights.safetensors")  # doctest: +SKIP
    """
    check_writable("save_safetensors", path)
    to_bytes = library("save_safetensors", "safetensors.numpy").save
    # The library writes the memory as it lies: of a transposed array, in the wrong order.
    state = {name: np.array(value, order="C") for name, value in model.state_dict().items()}
    write_whole(path, to_bytes(state))


def load_safetensors(model: Container, path: str | Path) -> None:
    """Read weights from a safetensors file. If anything is wrong, nothing is changed.

    A file that PyTorch wrote of the same network is welcome too; the batches that it counts for
    batch normalisation are passed over.

    Parameters
    ----------
    model : Container
    path : str or Path

    Raises
    ------
    ImportError
        If the library safetensors is not installed.
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or holds another network's weights.

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> from cnnlib.model import Sequential
    >>> model = Sequential(Linear(2, 3, rng=np.random.default_rng(0)))
    >>> save_safetensors(model, "weights.safetensors")  # doctest: +SKIP
    >>> load_safetensors(model, "weights.safetensors")  # doctest: +SKIP
    """
    read = library("load_safetensors", "safetensors.numpy").load
    damaged = library("load_safetensors", "safetensors").SafetensorError
    try:
        state = read(Path(path).read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(f"load_safetensors: there is no file {path}.") from None
    except (damaged, KeyError) as error:
        raise ValueError(
            f"load_safetensors: {path} is no readable safetensors file ({error}). It may be cut "
            "short; use another copy or make it anew."
        ) from None
    counted = "num_batches_tracked"
    model.load_state_dict({k: v for k, v in state.items() if k.rpartition(".")[2] != counted})
