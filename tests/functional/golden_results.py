"""What PyTorch says to the cases in `operations`: asked where torch is installed, else stored.

An operation has one file, ``golden/<operation>.npz``. The results of a case are found in it by the
case's description, whatever its place in the table. A case that the file lacks is pending.
"""

from pathlib import Path

import numpy as np
from operations import LEARNED, OPERATIONS, Case

FOLDER = Path(__file__).with_name("golden")
Arrays = dict[str, np.ndarray]  # inputs by name, dout, y, and the gradients dx, dweight, …


def ask_pytorch(case: Case, inputs: Arrays, dout: np.ndarray | None) -> Arrays:
    """Return PyTorch's output as ``y`` and its gradients as ``dx``, ``dweight``, ``dbias``."""
    import torch

    tensors = {name: torch.from_numpy(value.copy()) for name, value in inputs.items()}
    learned = [name for name in LEARNED if name in tensors]
    for name in learned:
        tensors[name].requires_grad_()
    y = OPERATIONS[case.op].torch(torch.nn.functional, **tensors, **case.options)
    y = torch.stack(y) if isinstance(y, list) else y
    results = {"y": y.detach().numpy()}
    if dout is not None:
        y.backward(torch.from_numpy(dout))
        results |= {f"d{name}": tensors[name].grad.numpy() for name in learned}
    return results


def path(op: str) -> Path:
    return FOLDER / f"{op}.npz"


def read(op: str) -> dict[str, Arrays]:
    """Return the stored arrays of an operation by the description of their case."""
    if not path(op).exists():
        return {}
    with np.load(path(op), allow_pickle=False) as file:
        found: dict[str, Arrays] = {str(case): {} for case in file["cases"]}
        described = list(found)
        for key in file.files:
            if key not in ("cases", "torch_version"):
                number, name = key.split("/")
                found[described[int(number)]][name] = file[key]
    return found


def write(op: str, results: dict[str, Arrays], version: str) -> None:
    arrays = {
        f"{number}/{name}": value
        for number, case in enumerate(results)
        for name, value in results[case].items()
    }
    np.savez_compressed(
        path(op), torch_version=np.array(version), cases=np.array(list(results)), **arrays
    )


def torch_version(op: str) -> str:
    with np.load(path(op), allow_pickle=False) as file:
        return str(file["torch_version"])


def stale(op: str) -> list[str]:
    """Return the stored cases of an operation that the table no longer has."""
    known = {str(case) for case in OPERATIONS[op].cases} if op in OPERATIONS else set()
    return [case for case in read(op) if case not in known]


def command(op: str) -> str:
    """Return the command that brings the file of an operation up to date."""
    return f"python tests/functional/make_golden.py {op}"
