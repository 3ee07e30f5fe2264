"""Every operation against PyTorch, by the results stored in ``golden/``.

A case without a stored result is pending: it is compared where torch is installed, and is named in
the warnings at the end of the run where it is not. With torch, some thousands of random cases are
compared live as well.
"""

import importlib.util
import warnings

import golden_results
import numpy as np
import pytest
from operations import CASES, OPERATIONS, Case, draw, has_backward, run

from cnnlib import functional as F
from cnnlib import reference

HAS_TORCH = importlib.util.find_spec("torch") is not None
STORED = {op: golden_results.read(op) for op in OPERATIONS}
KEPT = [case for case in CASES if str(case) in STORED[case.op]]
PENDING = [case for case in CASES if str(case) not in STORED[case.op]]
TOLERANCE = {"float64": 1e-11, "float32": 2e-5}


class PendingResults(UserWarning):
    """Cases that nobody has compared with PyTorch yet."""


def compare(case, inputs, dout, expected, module=F):
    output, grads = run(case, inputs, dout, module)
    results = {"y": output, **grads}
    assert set(expected) == set(results), f"{case}: {set(expected) ^ set(results)}"
    assert bool(grads) == has_backward(case.op)
    for name, theirs in expected.items():
        mine = results[name]
        assert np.shape(mine) == theirs.shape, f"{case}: {name}"
        if not isinstance(mine, float):  # a loss is a Python float
            assert mine.dtype == theirs.dtype, f"{case}: {name}"
        scale = max(1.0, float(np.abs(theirs).max()))
        worst = float(np.abs(mine - theirs).max()) / scale
        assert worst < TOLERANCE[case.dtype], f"{case}: {name} is off by {worst:.2g}"


def stored(case):
    """Return the stored inputs of a case, the gradient sent back, and PyTorch's results."""
    arrays = dict(STORED[case.op][str(case)])
    inputs = {name: arrays.pop(name) for name in case.shapes}
    assert {name: value.shape for name, value in inputs.items()} == case.shapes
    return inputs, arrays.pop("dout", None), arrays


@pytest.mark.parametrize("case", KEPT, ids=str)
def test_stored_pytorch_results(case):
    compare(case, *stored(case))


@pytest.mark.parametrize("case", [case for case in KEPT if case.op in reference.__all__], ids=str)
def test_the_loops_equal_the_stored_results_too(case):
    compare(case, *stored(case), module=reference)


def test_pending_cases_are_compared_with_pytorch_or_named():
    if HAS_TORCH:
        for case in PENDING:
            inputs, dout = draw(case)
            compare(case, inputs, dout, golden_results.ask_pytorch(case, inputs, dout))
        return
    for op in sorted({case.op for case in PENDING}):
        descriptions = "\n  ".join(str(case) for case in PENDING if case.op == op)
        warnings.warn(
            f"not compared with PyTorch yet:\n  {descriptions}\n"
            f"Where torch is installed, run: {golden_results.command(op)}",
            PendingResults,
            stacklevel=2,
        )


def test_no_stored_result_is_left_without_its_case():
    files = {path.stem for path in golden_results.FOLDER.glob("*.npz")}
    left = {op: golden_results.stale(op) for op in sorted(files)}
    problems = [
        f"golden/{op}.npz holds results of cases that operations.py no longer has: "
        f"{'; '.join(cases)}. Run: {golden_results.command(op)}"
        for op, cases in left.items()
        if cases
    ]
    assert not problems, "\n".join(problems)


def test_every_operation_has_a_row():
    names = {name.removesuffix("_backward") for name in F.__all__}
    assert names - set(OPERATIONS) == {"dropout_mask"}, "add a row to OPERATIONS in operations.py"
    assert set(OPERATIONS) <= names
    for op, operation in OPERATIONS.items():
        assert {case.op for case in operation.cases} == {op}
        assert {case.dtype for case in operation.cases} == {"float32", "float64"}, op
        assert (operation.cases[0].dtype, operation.cases[0].ties) == ("float64", False), op
    assert len({str(case) for case in CASES}) == len(CASES)


def test_a_wrong_result_is_noticed():
    case = OPERATIONS["conv2d"].cases[0]
    inputs, dout = draw(case)
    output, grads = run(case, inputs, dout)
    compare(case, inputs, dout, {"y": output, **grads})
    with pytest.raises(AssertionError, match="dweight is off by"):
        compare(case, inputs, dout, {"y": output, **grads, "dweight": grads["dweight"] + 1e-6})
    with pytest.raises(AssertionError, match="y is off by"):
        compare(case, inputs, dout, {"y": output * 0, **grads})
    with pytest.raises(AssertionError, match="dbias"):
        compare(case, inputs, dout, {"y": output, "dx": grads["dx"], "dweight": grads["dweight"]})


def test_a_case_is_found_wherever_it_stands_in_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(golden_results, "FOLDER", tmp_path)
    cases = [Case("relu", {"x": (size,)}) for size in (1, 2, 3)]
    results = {str(case): {"x": np.zeros(case.shapes["x"])} for case in cases}
    golden_results.write("relu", results, "2.0")
    read = golden_results.read("relu")
    for case in reversed(cases):
        assert read[str(case)]["x"].shape == case.shapes["x"]
    assert golden_results.torch_version("relu") == "2.0"
    assert golden_results.read("tanh") == {}
    assert golden_results.stale("relu") == [str(case) for case in cases]  # the table has none


if HAS_TORCH:

    @pytest.mark.parametrize("op", OPERATIONS)
    @pytest.mark.parametrize("seed", range(8))
    def test_live_against_pytorch(seed, op):
        rng = np.random.default_rng(seed)
        operation = OPERATIONS[op]
        cases = list(operation.cases)
        if operation.random is not None:
            cases += [operation.random(rng) for _ in range(60)]
        for case in cases:
            inputs, dout = draw(case, rng)
            compare(case, inputs, dout, golden_results.ask_pytorch(case, inputs, dout))
