"""Every operation against PyTorch, by results stored in ``golden/golden.npz``.

Where torch is installed, some thousands of random cases are compared live as well.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from golden_cases import CASES, Case, draw, ours

from cnnlib import functional as F

GOLDEN = dict(np.load(Path(__file__).parent / "golden" / "golden.npz", allow_pickle=False))
TOLERANCE = {"float64": 1e-11, "float32": 2e-5}


def compare(case, inputs, dout, expected):
    output, grads = ours(case, inputs, dout)
    results = {"y": output, **grads}
    # batch_norm2d returns dweight and dbias even where the case has no bias of its own
    assert set(expected) <= set(results)
    for name, theirs in expected.items():
        mine = results[name]
        assert np.shape(mine) == theirs.shape, f"{case}: {name}"
        if case.op != "cross_entropy" or name != "y":  # whose output is a Python float
            assert mine.dtype == theirs.dtype, f"{case}: {name}"
        scale = max(1.0, float(np.abs(theirs).max()))
        worst = float(np.abs(mine - theirs).max()) / scale
        assert worst < TOLERANCE[case.dtype], f"{case}: {name} is off by {worst:.2g}"


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: str(CASES[number]))
def test_stored_pytorch_results(number):
    stored = {
        key.split("/")[1]: value for key, value in GOLDEN.items() if key.startswith(f"{number}/")
    }
    case = CASES[number]
    arguments = [*case.shapes, *(["targets"] if case.op == "cross_entropy" else [])]
    inputs = {name: stored.pop(name) for name in arguments}
    dout = stored.pop("dout")
    assert {"y", "dx"} <= set(stored)
    for name, shape in case.shapes.items():
        assert inputs[name].shape == shape, "golden.npz is older than golden_cases.py; make it anew"
    compare(case, inputs, dout, stored)


def test_the_stored_results_cover_every_operation():
    covered = {case.op for case in CASES}
    assert covered == {n.removesuffix("_backward") for n in F.__all__ if n.endswith("_backward")}
    assert {case.dtype for case in CASES} == {"float32", "float64"}
    assert str(GOLDEN["torch_version"]).startswith("2.")


def test_a_wrong_result_is_noticed():
    case = CASES[0]
    inputs, dout = draw(case)
    output, grads = ours(case, inputs, dout)
    compare(case, inputs, dout, {"y": output, **grads})
    with pytest.raises(AssertionError, match="dweight is off by"):
        compare(case, inputs, dout, {"y": output, **grads, "dweight": grads["dweight"] + 1e-6})
    with pytest.raises(AssertionError):
        compare(case, inputs, dout, {"y": output * 0})


if importlib.util.find_spec("torch"):

    def random_case(rng):
        """Draw a convolution or pooling case of any shape that fits."""
        op = str(rng.choice(["conv2d", "conv2d", "max_pool2d", "avg_pool2d", "min_pool2d"]))
        kernel, stride = (tuple(int(v) for v in rng.integers(1, 5, 2)) for _ in range(2))
        padding = tuple(int(rng.integers(0, (k if op == "conv2d" else k // 2) + 1)) for k in kernel)
        height, width = (
            max(1, k - 2 * p) + int(rng.integers(0, 7))
            for k, p in zip(kernel, padding, strict=True)
        )
        n, c_in, c_out, groups = (int(v) for v in rng.integers(1, 4, 4))
        dtype = str(rng.choice(["float64", "float32"]))
        options = {"stride": stride, "padding": padding}
        if op != "conv2d":
            shapes = {"x": (n, c_in, height, width)}
            return Case(op, shapes, {"kernel_size": kernel, **options}, dtype, rng.random() < 0.5)
        shapes = {
            "x": (n, c_in * groups, height, width),
            "weight": (c_out * groups, c_in, *kernel),
            "bias": (c_out * groups,),
        }
        return Case(op, shapes, {**options, "groups": groups}, dtype)

    @pytest.mark.parametrize("seed", range(8))
    def test_live_against_pytorch(seed):
        from golden_oracle import expected

        rng = np.random.default_rng(seed)
        for _ in range(250):
            case = random_case(rng)
            inputs, dout = draw(case, rng)
            compare(case, inputs, dout, expected(case, inputs, dout))
        for case in CASES:
            inputs, dout = draw(case, rng)
            compare(case, inputs, dout, expected(case, inputs, dout))
