"""Ask PyTorch for outputs and gradients of the operations, and store them: the golden results.

    python tests/functional/make_golden.py             # every operation
    python tests/functional/make_golden.py relu tanh   # these two

Run it where torch is installed, and cnnlib can be imported. Without torch it only removes what
the table no longer asks for; new cases stay pending. The inputs are stored too, so that the
comparison does not depend on NumPy's random streams.
"""

import importlib.util
import sys

import golden_results
from operations import OPERATIONS, draw


def make(op: str) -> str:
    """Bring the file of one operation up to date; return what was done."""
    path = golden_results.path(op)
    if op not in OPERATIONS:
        path.unlink()
        return "removed, for the table has no such operation"
    described = {str(case): case for case in OPERATIONS[op].cases}
    assert len(described) == len(OPERATIONS[op].cases), f"{op}: two cases are the same"
    if importlib.util.find_spec("torch"):
        import torch

        results = {}
        for text, case in described.items():
            inputs, dout = draw(case)
            results[text] = {**inputs, **golden_results.ask_pytorch(case, inputs, dout)}
            if dout is not None:
                results[text]["dout"] = dout
        golden_results.write(op, results, torch.__version__.split("+")[0])
    else:
        results = {t: arrays for t, arrays in golden_results.read(op).items() if t in described}
        if results:
            golden_results.write(op, results, golden_results.torch_version(op))
        else:
            path.unlink(missing_ok=True)
    pending = len(described) - len(results)
    waiting = f", {pending} pending: torch is not installed" if pending else ""
    size = f", {path.stat().st_size // 1024} kB" if path.exists() else ""
    return f"{len(results)} cases{size}{waiting}"


if __name__ == "__main__":
    stored = {path.stem for path in golden_results.FOLDER.glob("*.npz")}
    known = sorted(stored | set(OPERATIONS))
    for op in sys.argv[1:] or known:
        if op not in known:
            sys.exit(f"No operation is called {op!r}. There are: {', '.join(known)}")
        print(f"{op}: {make(op)}")
