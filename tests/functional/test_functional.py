"""Every operation against hand arithmetic, against the loops of `reference`, and by gradient check.

Hand values are the ones that the notebooks work out on paper.
"""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import CASES, OPERATIONS, distinct, draw, has_backward, run

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.gradcheck import check_gradient

INPUT = np.array([[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]], float)
KERNEL = np.array([[11, 4], [5, 2]], float)
POOL_INPUT = np.array([[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]], float)


def batch(image):
    """Put a batch and a channel axis before a small image."""
    return np.asarray(image, float)[None, None]


# --- by hand ------------------------------------------------------------------------------------


def test_convolution_by_hand():
    # first cell: 5·11 + 1·4 + 15·5 + 5·2 = 55 + 4 + 75 + 10 = 144
    y = F.conv2d(batch(INPUT), batch(KERNEL))
    assert y.tolist() == [[[[144, 66, 160], [247, 97, 95], [215, 121, 136]]]]


def test_true_convolution_is_the_same_with_the_kernel_flipped():
    y = F.conv2d(batch(INPUT), batch(KERNEL[::-1, ::-1]))
    assert y.tolist() == [[[[130, 68, 226], [161, 83, 149], [143, 176, 130]]]]


def test_zero_padding_by_hand():
    # top left: only the pixel 5 meets the kernel, at its last cell: 5·2 = 10
    y = F.conv2d(batch(INPUT), batch(KERNEL), padding=1)
    assert y[0, 0].tolist() == [
        [10, 27, 19, 61, 65],
        [50, 144, 66, 160, 208],
        [80, 247, 97, 95, 173],
        [70, 215, 121, 136, 86],
        [60, 177, 81, 148, 44],
    ]


def test_stride_two_by_hand():
    # last cell: 4·11 + 6·4 + 12·5 + 4·2 = 44 + 24 + 60 + 8 = 136
    y = F.conv2d(batch(INPUT), batch(KERNEL), stride=2)
    assert y[0, 0].tolist() == [[144, 160], [215, 136]]


def test_padded_corner_by_hand():
    # 5·1 + (-1)·(-1) + 3·(-2) = 5 + 1 - 6 = 0
    corner = batch([[0, 0, 0], [0, 0, 5], [0, -1, 3]])
    kernel = batch([[-1, 2, 0], [1, 0, 1], [0, -1, -2]])
    assert F.conv2d(corner, kernel).tolist() == [[[[0]]]]


def test_channels_are_added_and_each_filter_has_its_bias():
    x = np.stack([np.full((2, 2), 1.0), np.full((2, 2), 10.0)])[None]
    weight = np.stack([np.ones((2, 2, 2)), 2 * np.ones((2, 2, 2))])
    # filter 0: 4·1 + 4·10 = 44, plus 0.5; filter 1: twice that, minus 1
    y = F.conv2d(x, weight, np.array([0.5, -1.0]))
    assert y.ravel().tolist() == [44.5, 87.0]


def test_convolution_backward_by_hand():
    # Loss = sum of the four outputs, so dout is all ones. Each weight then collects the four pixels
    # it met, each pixel the weights it met: the centre met all of them, 1 + 2 + 3 + 4 = 10.
    x = batch(np.arange(9).reshape(3, 3))
    dx, dweight, dbias = F.conv2d_backward(np.ones((1, 1, 2, 2)), x, batch([[1, 2], [3, 4]]))
    assert dx[0, 0].tolist() == [[1, 3, 2], [4, 10, 6], [3, 7, 4]]
    assert dweight[0, 0].tolist() == [
        [0 + 1 + 3 + 4, 1 + 2 + 4 + 5],
        [3 + 4 + 6 + 7, 4 + 5 + 7 + 8],
    ]
    assert dbias.tolist() == [4]


def test_pooling_by_hand():
    assert F.max_pool2d(batch(POOL_INPUT), 2)[0, 0].tolist() == [[5, 8], [-1, 7]]
    assert F.avg_pool2d(batch(POOL_INPUT), 2)[0, 0].tolist() == [[2, 3], [-4, 4]]
    assert F.min_pool2d(batch(POOL_INPUT), 2)[0, 0].tolist() == [[-2, 0], [-6, 2]]
    assert F.max_pool2d(batch(INPUT), 2)[0, 0].tolist() == [[15, 13], [15, 12]]
    assert F.global_avg_pool2d(batch(POOL_INPUT)).tolist() == [[[[1.25]]]]  # 20 / 16


def test_max_pool_ties_go_to_the_first_in_reading_order():
    dx = F.max_pool2d_backward(batch([[1]]), batch([[0, 7], [7, 7]]), 2)
    assert dx[0, 0].tolist() == [[0, 1], [0, 0]]
    dx = F.min_pool2d_backward(batch([[1]]), batch([[9, 7], [7, 7]]), 2)
    assert dx[0, 0].tolist() == [[0, 1], [0, 0]]


def test_max_pool_padding_never_wins():
    assert F.max_pool2d(batch([[-5.0]]), 3, 1, 1).tolist() == [[[[-5.0]]]]
    assert F.min_pool2d(batch([[5.0]]), 3, 1, 1).tolist() == [[[[5.0]]]]


def test_average_pool_counts_its_padding():
    # the window holds one 9 and eight zeros
    assert F.avg_pool2d(batch([[9.0]]), 3, 1, 1).tolist() == [[[[1.0]]]]


def test_linear_by_hand():
    x, weight = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])
    # 1·3 + 2·4 + 10 = 21; 1·5 + 2·6 + 20 = 37
    assert F.linear(x, weight, np.array([10.0, 20.0])).tolist() == [[21, 37]]
    dx, dweight, dbias = F.linear_backward(np.array([[1.0, -1.0]]), x, weight)
    assert dx.tolist() == [[3 - 5, 4 - 6]]
    assert dweight.tolist() == [[1, 2], [-1, -2]]
    assert dbias.tolist() == [1, -1]


def test_flatten_keeps_the_order_channel_row_column():
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    assert F.flatten(x).tolist() == [list(range(12)), list(range(12, 24))]
    assert F.flatten_backward(F.flatten(x), x).tolist() == x.tolist()


def test_activations_by_hand():
    x = np.array([-2.0, 0.0, 3.0])
    assert F.relu(x).tolist() == [0, 0, 3]
    assert F.leaky_relu(x, 0.5).tolist() == [-1, 0, 3]
    assert F.relu6(np.array([-2.0, 5.5, 6.0, 9.0])).tolist() == [0, 5.5, 6, 6]
    assert F.sigmoid(np.log([1 / 3, 1.0, 3.0])).round(12).tolist() == [0.25, 0.5, 0.75]
    assert F.tanh(np.array([0.0, np.log(2)])).round(12).tolist() == [0, 0.6]  # (2 - ½) / (2 + ½)
    ones = np.ones(3)
    assert F.relu_backward(ones, x).tolist() == [0, 0, 1]  # the slope at 0 is taken as 0
    ends = np.array([-2.0, 0.0, 5.5, 6.0, 9.0, np.nan])  # no slope at either end, as in PyTorch
    assert F.relu6_backward(np.ones(6), ends).tolist() == [0, 0, 1, 0, 0, 1]
    assert F.relu6_backward(np.full(6, np.inf), ends).tolist() == [0, 0, np.inf, 0, 0, np.inf]
    assert F.leaky_relu_backward(ones, x, 0.5).tolist() == [0.5, 0.5, 1]


def test_softmax_and_cross_entropy_by_hand():
    logits = np.log([[1.0, 2.0, 5.0]])
    assert F.softmax(logits).round(12).tolist() == [[0.125, 0.25, 0.625]]
    assert F.cross_entropy(logits, np.array([1])) == pytest.approx(np.log(4))
    assert F.cross_entropy_backward(logits, np.array([1])).round(12).tolist() == [
        [0.125, 0.25 - 1, 0.625]
    ]


def test_untrained_ten_classes_lose_ln_10():
    assert F.cross_entropy(np.zeros((7, 10)), np.arange(7)) == pytest.approx(2.302585, abs=1e-6)


def test_huge_scores_do_not_overflow():
    logits = np.array([[1000.0, 0.0, -1000.0]])
    assert F.softmax(logits).tolist() == [[1, 0, 0]]
    assert F.log_softmax(logits).tolist() == [[0, -1000, -2000]]
    assert F.cross_entropy(logits, np.array([2])) == 2000
    assert F.sigmoid(np.array([-1000.0, 1000.0])).tolist() == [0, 1]


def test_each_row_is_shifted_by_its_own_maximum():
    # One shift for both rows would leave exp(-2000) = 0 of the second, and 0 / 0.
    logits = np.array([[1000.0, 1000.0], [-1000.0, -1000.0]])
    assert F.softmax(logits).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert F.log_softmax(logits) == pytest.approx(np.full((2, 2), np.log(0.5)))


def test_flatten_leaves_rows_as_they_are():
    rows = np.arange(6.0).reshape(2, 3)
    assert F.flatten(rows).tolist() == rows.tolist()


def test_statistics_of_many_float32_values_keep_their_digits():
    # Channels last in memory, NumPy adds one number after the other, and rounding piles up.
    x = np.random.default_rng(0).standard_normal((64, 64, 64, 4), dtype=np.float32) + 1000
    x = x.transpose(0, 3, 1, 2)
    mean, var = F.batch_statistics(x)
    exact = x.astype(np.float64)
    assert mean.dtype == var.dtype == np.float32
    np.testing.assert_allclose(mean, exact.mean(axis=(0, 2, 3)), rtol=1e-7)
    np.testing.assert_allclose(var, exact.var(axis=(0, 2, 3)), rtol=1e-6)


def test_limits_that_are_allowed():
    x = np.ones((1, 2, 1, 1))
    assert (F.local_response_norm(x, 1, alpha=0.0, k=1.0) == x).all()
    assert np.isfinite(F.batch_norm2d(x, *np.ones((2, 2)), mean=np.ones(2), var=np.zeros(2))).all()
    assert (F.dropout_mask((5,), 0.0, np.random.default_rng(0)) == 1).all()
    assert F.dropout_mask((5,), 0.5, np.random.default_rng(0)).dtype == np.float32


def test_local_response_norm_by_hand():
    x = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    # size 3, alpha 3: channel 0 sees 1 + 4, channel 1 sees 1 + 4 + 9, channel 2 sees 4 + 9
    y = F.local_response_norm(x, size=3, alpha=3.0, beta=1.0, k=1.0)
    np.testing.assert_allclose(y.ravel(), [1 / 6, 2 / 15, 3 / 14])


def test_batch_norm_by_hand():
    # channel 0 holds 1 and 3: mean 2, variance 1, so -1 and 1; channel 1 does not vary
    x = np.array([[1.0, 7.0], [3.0, 7.0]]).reshape(2, 2, 1, 1)
    mean, var = F.batch_statistics(x)
    assert (mean.tolist(), var.tolist()) == ([2, 7], [1, 0])
    weight, bias = np.array([10.0, 10.0]), np.array([0.5, 0.25])
    y = F.batch_norm2d(x, weight, bias, eps=1e-12)
    np.testing.assert_allclose(y[:, :, 0, 0], [[-9.5, 0.25], [10.5, 0.25]], rtol=1e-9)
    # in use, with fixed statistics: (1 - 1) / 2, (3 - 1) / 2
    y = F.batch_norm2d(x, weight, bias, mean=np.array([1.0, 7.0]), var=np.array([4.0, 1.0]))
    np.testing.assert_allclose(y[:, 0, 0, 0], [0.5, 10.5], rtol=1e-5)


def test_padding_modes_by_hand():
    row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
    assert F.pad2d(row, (0, 2)).ravel().tolist() == [0, 0, 1, 2, 3, 0, 0]
    assert F.pad2d(row, (0, 1), value=9.0).ravel().tolist() == [9, 1, 2, 3, 9]
    assert F.pad2d(row, (0, 2), "reflect").ravel().tolist() == [3, 2, 1, 2, 3, 2, 1]
    assert F.pad2d(row, (0, 2), "replicate").ravel().tolist() == [1, 1, 1, 2, 3, 3, 3]
    dout = np.array([1.0, 10, 100, 1000, 10000, 1e5, 1e6]).reshape(1, 1, 1, 7)
    assert F.pad2d_backward(dout, row, (0, 2)).ravel().tolist() == [100, 1000, 10000]
    grads = F.pad2d_backward(dout, row, (0, 2), "reflect").ravel()
    assert grads.tolist() == [1e6 + 100, 10 + 1000 + 1e5, 1 + 10000]
    grads = F.pad2d_backward(dout, row, (0, 2), "replicate").ravel()
    assert grads.tolist() == [111, 1000, 1e4 + 1e5 + 1e6]


def test_one_sided_padding_by_hand():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])[None, None]
    # left, right, top, bottom
    assert F.zero_pad2d(x, (0, 1, 0, 1))[0, 0].tolist() == [[1, 2, 0], [3, 4, 0], [0, 0, 0]]
    assert F.zero_pad2d(x, (2, 0, 1, 0))[0, 0].tolist() == [
        [0, 0, 0, 0],
        [0, 0, 1, 2],
        [0, 0, 3, 4],
    ]
    dout = np.arange(12.0).reshape(1, 1, 3, 4)
    assert F.zero_pad2d_backward(dout, x, (2, 0, 1, 0))[0, 0].tolist() == [[6, 7], [10, 11]]


@pytest.mark.parametrize(
    ("padding", "error"),
    [
        ((0, 1), "zero_pad2d: padding must be one whole number or (left, right, top, bottom)"),
        ((0, 1, 0, -1), "zero_pad2d: padding must be at least 0, got -1."),
        ((0, 1, 0, 1.0), "zero_pad2d: padding must be a whole number, got 1.0."),
        (None, "zero_pad2d: padding must be a whole number, got None."),
    ],
)
def test_padding_that_no_side_can_have(padding, error):
    with pytest.raises((ValueError, TypeError), match=f"^{re.escape(error)}"):
        F.zero_pad2d(np.ones((1, 1, 2, 2)), padding)


@pytest.mark.parametrize("stride", [1, 2, (3, 1)])
def test_depthwise_convolution_is_one_convolution_a_channel(stride):
    rng = np.random.default_rng(3)
    x, weight, bias = (rng.standard_normal(s) for s in ((2, 40, 37, 33), (40, 1, 5, 3), (40,)))
    y = F.conv2d(x, weight, bias, stride, (2, 1), groups=40)
    dout = rng.standard_normal(y.shape)
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, (2, 1), groups=40)
    for c in (0, 7, 39):
        own = slice(c, c + 1)
        alone = F.conv2d(x[:, own], weight[own], bias[own], stride, (2, 1))
        np.testing.assert_allclose(y[:, own], alone, rtol=1e-12, atol=1e-12)
        grads = F.conv2d_backward(dout[:, own], x[:, own], weight[own], stride, (2, 1))
        for mine, theirs in zip((dx[:, own], dweight[own], dbias[own]), grads, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)


def test_dropout_keeps_the_expected_sum():
    mask = F.dropout_mask((200, 200), 0.25, np.random.default_rng(0), np.float64)
    values = set(mask.ravel().tolist())
    assert values == {0.0, 4 / 3}
    assert abs(mask.mean() - 1) < 0.02  # 40,000 draws: one standard deviation is 0.003
    x = np.ones((200, 200))
    assert (F.dropout(x, mask) == mask).all()
    assert (F.dropout_backward(2 * x, x, mask) == 2 * mask).all()


# --- against the loops --------------------------------------------------------------------------

SIZES = st.integers(1, 3)


@st.composite
def convolutions(draw):
    """Draw a convolution of odd shapes: x, weight, bias, and the keyword arguments."""
    kernel = draw(st.tuples(SIZES, SIZES))
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    stride = draw(st.tuples(SIZES, SIZES))
    groups = draw(st.integers(1, 2))
    height, width = (
        draw(st.integers(max(1, k - 2 * p), k + 4)) for k, p in zip(kernel, padding, strict=True)
    )
    c_in, c_out = draw(SIZES), draw(SIZES)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.standard_normal((draw(SIZES), c_in * groups, height, width))
    weight = rng.standard_normal((c_out * groups, c_in, *kernel))
    bias = rng.standard_normal(c_out * groups)
    return x, weight, bias, {"stride": stride, "padding": padding, "groups": groups}


@given(convolutions())
@settings(max_examples=100)
def test_convolution_equals_the_loops(case):
    x, weight, bias, options = case
    expected = reference.conv2d(x, weight, bias, **options)
    y = F.conv2d(x, weight, bias, **options)
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    dout = np.random.default_rng(0).standard_normal(expected.shape)
    for ours, theirs in zip(
        F.conv2d_backward(dout, x, weight, **options),
        reference.conv2d_backward(dout, x, weight, **options),
        strict=True,
    ):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@given(convolutions())
@settings(max_examples=100)
def test_backward_is_the_adjoint_of_forward(case):
    # ⟨conv(u), g⟩ = ⟨u, dx(g)⟩ = ⟨w, dweight(g)⟩: true of every linear map and its transpose.
    x, weight, _, options = case
    y = F.conv2d(x, weight, **options)
    g = np.random.default_rng(1).standard_normal(y.shape)
    dx, dweight, _ = F.conv2d_backward(g, x, weight, **options)
    assert np.vdot(y, g) == pytest.approx(np.vdot(x, dx), rel=1e-9, abs=1e-9)
    assert np.vdot(y, g) == pytest.approx(np.vdot(weight, dweight), rel=1e-9, abs=1e-9)


@given(convolutions(), st.floats(-3, 3), st.floats(-3, 3))
@settings(max_examples=50)
def test_convolution_is_linear_in_the_image_and_in_the_weight(case, a, b):
    x, weight, _, options = case
    other_x, other_weight = x[::-1] + 0.5, weight[..., ::-1] - 0.25
    y = a * F.conv2d(x, weight, **options) + b * F.conv2d(other_x, weight, **options)
    np.testing.assert_allclose(F.conv2d(a * x + b * other_x, weight, **options), y, atol=1e-10)
    y = a * F.conv2d(x, weight, **options) + b * F.conv2d(x, other_weight, **options)
    np.testing.assert_allclose(F.conv2d(x, a * weight + b * other_weight, **options), y, atol=1e-10)


@given(kernel=st.tuples(SIZES, SIZES), stride=st.tuples(SIZES, SIZES), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_the_mean_of_a_window_lies_between_its_extremes(kernel, stride, seed):
    x = np.random.default_rng(seed).standard_normal((2, 3, 7, 6))
    low, mean, high = (
        pool(x, kernel, stride) for pool in (F.min_pool2d, F.avg_pool2d, F.max_pool2d)
    )
    assert (low <= mean + 1e-12).all()
    assert (mean <= high + 1e-12).all()
    assert set(high.ravel()) <= set(x.ravel())
    # What flows back is as much as came: each output hands on its gradient whole.
    dout = np.random.default_rng(seed).standard_normal(high.shape)
    for backward in (F.min_pool2d_backward, F.avg_pool2d_backward, F.max_pool2d_backward):
        assert backward(dout, x, kernel, stride).sum() == pytest.approx(dout.sum(), abs=1e-9)


@given(
    kernel=st.tuples(SIZES, SIZES),
    stride=st.none() | st.tuples(SIZES, SIZES),
    pad=st.booleans(),
    seed=st.integers(0, 2**32),
    ties=st.booleans(),
    data=st.data(),
)
@settings(max_examples=100)
@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_pooling_equals_the_loops(name, kernel, stride, pad, seed, ties, data):
    padding = (kernel[0] // 2, kernel[1] // 2) if pad else 0
    height, width = (data.draw(st.integers(k, k + 4)) for k in kernel)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, 3, height, width))
    if ties:
        x = x.round()
    expected = getattr(reference, name)(x, kernel, stride, padding)
    np.testing.assert_allclose(getattr(F, name)(x, kernel, stride, padding), expected, rtol=1e-12)
    dout = rng.standard_normal(expected.shape)
    np.testing.assert_allclose(
        getattr(F, f"{name}_backward")(dout, x, kernel, stride, padding),
        getattr(reference, f"{name}_backward")(dout, x, kernel, stride, padding),
        rtol=1e-12,
        atol=1e-12,
    )


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32))
@settings(max_examples=50)
def test_linear_equals_the_loops(n, features, outputs, seed):
    rng = np.random.default_rng(seed)
    x, weight = rng.standard_normal((n, features)), rng.standard_normal((outputs, features))
    bias, dout = rng.standard_normal(outputs), rng.standard_normal((n, outputs))
    np.testing.assert_allclose(
        F.linear(x, weight, bias), reference.linear(x, weight, bias), rtol=1e-11, atol=1e-12
    )
    for ours, theirs in zip(
        F.linear_backward(dout, x, weight), reference.linear_backward(dout, x, weight), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


# --- gradient checks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.dtype == "float64" and not case.ties and has_backward(case.op)],
    ids=str,
)
def test_gradients(case):
    rng = np.random.default_rng(7)
    inputs, dout = draw(case, rng, distinct)
    _, grads = run(case, inputs, dout)
    assert grads
    for name, grad in grads.items():
        changed = name.removeprefix("d")

        def loss(value, changed=changed):
            output, _ = run(case, {**inputs, changed: value})
            return float((output * dout).sum())

        check_gradient(loss, inputs[changed], grad)


# --- what holds for all -------------------------------------------------------------------------


@pytest.mark.parametrize("op", OPERATIONS)
def test_dtype_is_kept_and_arguments_are_not_written_to(op):
    for case in OPERATIONS[op].cases:
        inputs, dout = draw(case)
        for array in (*inputs.values(), *([] if dout is None else [dout])):
            array.setflags(write=False)
        y, grads = run(case, inputs, dout)
        assert isinstance(y, float) or y.dtype == case.dtype
        assert bool(grads) == has_backward(op)
        for grad in grads.values():
            assert grad.dtype == case.dtype
            assert np.isfinite(grad).all()


@pytest.mark.parametrize("op", OPERATIONS)
def test_memory_layout_does_not_matter(op):
    # The same values, stored channels-last and back to front.
    moved = 0
    for case in OPERATIONS[op].cases:
        inputs, dout = draw(case)
        odd = {name: np.asfortranarray(array)[::-1][::-1] for name, array in inputs.items()}
        first = next(iter(inputs))
        moved += odd[first].strides != inputs[first].strides
        y, grads = run(case, inputs, dout)
        same, others = run(case, odd, dout)
        close = (1e-12, 1e-13) if case.dtype == "float64" else (1e-5, 1e-5)
        np.testing.assert_allclose(same, y, *close)
        assert grads.keys() == others.keys()
        for name, grad in grads.items():
            np.testing.assert_allclose(others[name], grad, *close)
    assert moved >= 2  # a single row is the same either way


@pytest.mark.parametrize(
    ("channels", "size", "dtype"),
    [(16, (16, 16), "float32"), (24, (8, 32), "float32"), (16, (8, 16), "float64")],
)
def test_channels_that_lie_a_power_of_two_apart(channels, size, dtype):
    # Their order in memory is changed by way of another place; the values must all arrive.
    rng = np.random.default_rng(5)
    x = rng.standard_normal((3, channels, *size)).astype(dtype)
    weight = rng.standard_normal((4, channels, 3, 3)).astype(dtype)
    dout = rng.standard_normal((3, 4, *size)).astype(dtype)
    assert x.strides[1] % 1024 == 0
    last = x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(
        F.conv2d(x, weight, None, 1, 1), F.conv2d(last, weight, None, 1, 1)
    )
    own = F.conv2d_backward(dout, x, weight, 1, 1)
    for gradient, other in zip(own, F.conv2d_backward(dout, last, weight, 1, 1), strict=True):
        np.testing.assert_array_equal(gradient, other)
    # And they are right.
    np.testing.assert_allclose(
        F.conv2d(x, weight, None, 1, 1), reference.conv2d(x, weight, None, 1, 1), rtol=0, atol=1e-4
    )
    expected = reference.conv2d_backward(dout, x, weight, 1, 1)
    for gradient, other in zip(own, expected, strict=True):
        np.testing.assert_allclose(gradient, other, rtol=1e-4, atol=1e-3)


def test_shift_then_convolve_is_convolve_then_shift():
    rng = np.random.default_rng(3)
    x, weight = rng.standard_normal((1, 2, 9, 9)), rng.standard_normal((3, 2, 3, 3))
    shifted = np.roll(x, (2, 1), axis=(2, 3))
    y, y_shifted = F.conv2d(x, weight), F.conv2d(shifted, weight)
    # Rows and columns that the roll brought round the edge are left out.
    np.testing.assert_allclose(y_shifted[:, :, 2:, 1:], y[:, :, :-2, :-1], rtol=1e-12)


def test_im2col_rows_are_the_windows():
    x = np.random.default_rng(4).standard_normal((2, 3, 5, 4))
    columns = F.im2col(x, (3, 2), (2, 1))
    assert columns.shape == (2 * 2 * 3, 3 * 2 * 3)
    # row of sample 1, output pixel (1, 2): rows 2–4, columns 2–3, channels last
    window = x[1, :, 2:5, 2:4].transpose(1, 2, 0)
    assert (columns[1 * 6 + 1 * 3 + 2] == window.ravel()).all()


# --- which pixel wins ---------------------------------------------------------------------------

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("image", "largest", "place"),
    [
        ([[1, 7], [7, 7]], 7, (0, 1)),  # the first in row-major order
        ([[1, NAN], [9, 2]], NAN, (0, 1)),  # NaN beats any number
        ([[INF, 1], [NAN, NAN]], NAN, (1, 0)),  # infinity too, and the first NaN counts
        ([[-INF, -INF], [-INF, -INF]], -INF, (0, 0)),
        ([[-INF, 0], [-INF, -1]], 0, (0, 1)),
    ],
)
@pytest.mark.parametrize("functions", [F, reference], ids=["functional", "loops"])
def test_which_pixel_of_a_window_wins(functions, image, largest, place):
    x = batch(image)
    np.testing.assert_array_equal(functions.max_pool2d(x, 2).item(), largest)
    expected = np.zeros((2, 2))
    expected[place] = 5
    dx = functions.max_pool2d_backward(np.full((1, 1, 1, 1), 5.0), x, 2)
    np.testing.assert_array_equal(dx[0, 0], expected)


@pytest.mark.parametrize("functions", [F, reference], ids=["functional", "loops"])
def test_the_border_wins_nothing_even_over_minus_infinity(functions):
    x = batch([[-INF, -INF], [-INF, NAN]])
    assert functions.max_pool2d(x, 2, 2, 1)[0, 0, 0].tolist() == [-INF, -INF]
    dout = np.array([[[[1.0, 20.0], [300.0, 4000.0]]]])
    dx = functions.max_pool2d_backward(dout, x, 2, 2, 1)
    assert dx[0, 0].tolist() == [[1, 20], [300, 4000]]
    # One window of 3×3 over all: NaN beats what lies around it.
    dx = functions.max_pool2d_backward(dout[:, :, :1, :1], x, 3, 3, 1)
    assert dx[0, 0].tolist() == [[0, 0], [0, 1]]


def test_a_nan_wins_overlapping_windows_too():
    x = batch([[1, NAN, 3], [4, 5, 6]])
    assert np.isnan(F.max_pool2d(x, 2, 1)).tolist() == [[[[True, True]]]]
    dx = F.max_pool2d_backward(batch([[1, 10]]), x, 2, 1)
    assert dx[0, 0].tolist() == [[0, 11, 0], [0, 0, 0]]
    dx = F.min_pool2d_backward(batch([[1, 10]]), x, 2, 1)
    assert dx[0, 0].tolist() == [[0, 11, 0], [0, 0, 0]]
