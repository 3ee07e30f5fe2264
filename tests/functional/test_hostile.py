"""NaN and infinity go the same way in both backends, in the loops, and in PyTorch."""

import importlib.util

import golden_results
import numpy as np
import pytest
from operations import OPERATIONS, Case, draw, has_backward, run

from cnnlib import backend, reference
from cnnlib import functional as F

HAS_TORCH = importlib.util.find_spec("torch") is not None
HOSTILE = (np.nan, np.inf, -np.inf)
POOLINGS = ("max_pool2d", "min_pool2d", "avg_pool2d")
LAYOUTS = {
    "as it is": lambda x: x,
    "channels last": lambda x: np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
    "backwards": lambda x: x[..., ::-1].copy()[..., ::-1],
    "every other": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
}


@pytest.fixture(autouse=True)
def no_warnings():
    with np.errstate(all="ignore"):
        yield


def hostile(case: Case, seed: int, where: str, share: float = 0.2, values=HOSTILE):
    """Return inputs and gradient of a case with values planted in one of them."""
    rng = np.random.default_rng(seed)
    inputs, dout = draw(case, rng)
    arrays = {"dout": dout, **inputs}
    places = rng.random(np.shape(arrays[where])) < share
    planted = np.array(arrays[where])
    planted[places] = rng.choice(values, int(places.sum()))
    arrays[where] = planted
    return {name: arrays[name] for name in inputs}, arrays["dout"]


def same(case: Case, results, expected) -> None:
    for mine, theirs in zip(results, expected, strict=True):
        names = mine.keys() if isinstance(mine, dict) else (None,)
        for name in names:
            np.testing.assert_allclose(
                mine if name is None else mine[name],
                theirs if name is None else theirs[name],
                rtol=1e-4 if case.dtype == "float32" else 1e-9,
                atol=1e-5 if case.dtype == "float32" else 1e-9,
                err_msg=f"{case}: {name}",
            )


def varied(op: str) -> list[Case]:
    """Return cases of every stride and padding, and random ones where the table draws them."""
    rng = np.random.default_rng(len(op))
    operation = OPERATIONS[op]
    drawn = [operation.random(rng) for _ in range(12)] if operation.random else []
    return operation.cases[::5] + drawn


def plantable(op: str) -> list[str]:
    floats = {name for case in OPERATIONS[op].cases for name in case.shapes}
    floats -= {"targets", "mask", "var"}
    return sorted(floats | ({"dout"} if has_backward(op) and op != "cross_entropy" else set()))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("op", "where"), [(op, w) for op in OPERATIONS for w in plantable(op)])
def test_both_backends_and_the_loops_agree(op, where, layout):
    for seed, case in enumerate(varied(op)):
        if where != "dout" and where not in case.shapes:
            continue
        inputs, dout = hostile(case, seed, where)
        given = {
            name: LAYOUTS[layout](value) if value.ndim == 4 else value
            for name, value in inputs.items()
        }
        sent = dout
        if isinstance(dout, np.ndarray) and dout.ndim == 4:
            sent = LAYOUTS[layout](dout)
        results = run(case, given, sent)
        with backend.using("plain"):
            same(case, results, run(case, inputs, dout))
        if op in reference.__all__:
            same(case, results, run(case, inputs, dout, reference))


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("op", POOLINGS)
def test_a_whole_picture_of_one_value(op, value):
    for case in varied(op):
        inputs, dout = hostile(case, 0, "x", share=1.1, values=(value,))
        with backend.using("plain"):
            expected = run(case, inputs, dout)
        same(case, run(case, inputs, dout), expected)
        if op in reference.__all__:
            same(case, expected, run(case, inputs, dout, reference))
        if op != "avg_pool2d":  # each gradient goes somewhere, and none to the border
            assert np.isclose(expected[1]["dx"].sum(), dout.sum(), rtol=1e-4, atol=1e-4)


# --- the rules, by hand -------------------------------------------------------------------------


def pooled(row, dout=1.0):
    """Return the largest of one window, and where its gradient goes."""
    x = np.array(row, float).reshape(1, 1, 2, 2)
    y = F.max_pool2d(x, 2)
    return y.item(), F.max_pool2d_backward(np.full((1, 1, 1, 1), dout), x, 2).ravel().tolist()


def test_nan_is_the_largest_and_the_first_of_several_wins():
    y, dx = pooled([1, np.nan, np.inf, np.nan])
    assert np.isnan(y)
    assert dx == [0, 1, 0, 0]


def test_infinities_win_and_lose_like_numbers():
    assert pooled([3, np.inf, np.inf, 4]) == (np.inf, [0, 1, 0, 0])
    assert pooled([-np.inf, -5, -np.inf, -9]) == (-5, [0, 1, 0, 0])
    assert pooled([-np.inf] * 4) == (-np.inf, [1, 0, 0, 0])


def test_losers_get_nothing_whatever_comes_back():
    assert pooled([1, 2, 3, 4], np.inf)[1] == [0, 0, 0, np.inf]
    assert pooled([1, 2, 3, 4], np.nan)[1][:3] == [0, 0, 0]


def test_the_border_never_wins():
    dx = F.max_pool2d_backward(np.ones((1, 1, 2, 2)), np.full((1, 1, 2, 2), -np.inf), 2, 2, 1)
    assert dx[0, 0].tolist() == [[1, 1], [1, 1]]


def test_what_relu_stops_is_stopped_and_nan_is_not_hidden():
    x = np.array([-1.0, 0.0, 2.0, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(F.relu(x), [0, 0, 2, np.nan, np.inf, 0])
    assert F.relu_backward(np.full(6, np.inf), x).tolist() == [0, 0, np.inf, np.inf, np.inf, 0]
    assert F.relu_backward(np.full(6, np.nan), x)[:2].tolist() == [0, 0]


def test_a_border_of_zeros_takes_part_in_a_convolution():
    y = F.conv2d(np.ones((1, 1, 1, 1)), np.array([[[[np.inf, 1.0, 1.0]]]]), padding=(0, 1))
    assert np.isnan(y).all()


def test_scores_that_are_not_finite():
    assert F.softmax(np.array([[-np.inf, 0.0, 0.0]])).tolist() == [[0, 0.5, 0.5]]
    assert np.isnan(F.softmax(np.array([[np.inf, 0.0], [np.nan, 0.0]]))).all()
    assert F.cross_entropy(np.array([[-np.inf, 0.0]]), np.array([0])) == np.inf
    assert np.isnan(F.cross_entropy(np.array([[np.inf, 0.0]]), np.array([0])))


if HAS_TORCH:
    # Where PyTorch's own kernels differ from each other: float32 convolution leaves zeros out, and
    # batch norm multiplies out. Of several NaN it takes the last (see `max_pool2d`).
    @pytest.mark.parametrize("op", [op for op in OPERATIONS if op != "batch_norm2d"])
    def test_live_against_pytorch(op):
        for where in plantable(op):
            values = (np.inf, -np.inf) if op in POOLINGS and where == "x" else HOSTILE
            for seed, case in enumerate(varied(op)):
                if (where != "dout" and where not in case.shapes) or (
                    op == "conv2d" and case.dtype == "float32"
                ):
                    continue
                inputs, dout = hostile(case, seed, where, values=values)
                y, grads = run(case, inputs, dout)
                theirs = golden_results.ask_pytorch(case, inputs, dout)
                same(case, ({"y": y, **grads},), (theirs,))
