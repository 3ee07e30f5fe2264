"""The benchmark runs, and counts what it should. How fast anything is, no test asks."""

import time

import numpy as np
import pytest
from benchmarks import compare, peers

from cnnlib import architectures
from cnnlib import functional as F
from cnnlib.fast import threads


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(compare, "PAUSE", 0)


def tiny_rows():
    return [
        compare.Row(
            "a step",
            lambda: compare.training_step("course_cnn", (1, 28, 28), 2),
            compare.macs("course_cnn", (1, 28, 28), 2, step=True),
            3,
            1.0,
        ),
        compare.Row(
            "an inference",
            lambda: compare.inference("lenet5", (1, 32, 32), 2),
            compare.macs("lenet5", (1, 32, 32), 2),
            3,
        ),
        compare.Row(
            "a convolution",
            lambda: compare.convolution(2, 3, 8, 4, last=True),
            compare.conv_macs(2, 3, 8, 4),
            3,
        ),
    ]


def test_the_whole_benchmark_runs_and_prints_its_tables(monkeypatch, capsys):
    monkeypatch.setattr(compare, "table_rows", tiny_rows)
    monkeypatch.setattr(compare, "step_memory", lambda which: 1e6)
    compare.main(["--quick"])
    out = capsys.readouterr().out
    for name in ("a step", "an inference", "a convolution", "import cnnlib", "peak memory"):
        assert f"| {name}" in out
    assert "GFLOP/s" in out
    assert "≤ 1.0" in out
    widths = {len(line) for line in out.split("Time (medians)")[1].splitlines()[2:7] if line}
    assert len(widths) == 1, "the columns are not aligned"


def test_only_some_rows_are_run_where_asked(monkeypatch, capsys):
    monkeypatch.setattr(compare, "table_rows", tiny_rows)
    for rows in ("scaling_rows", "peer_rows", "long_rows"):
        monkeypatch.setattr(compare, rows, list)
    compare.main(["--only", "convolution"])
    out = capsys.readouterr().out
    assert "| a convolution" in out
    assert "a step" not in out
    assert "import cnnlib" not in out


def test_on_a_busy_machine_processor_time_on_one_thread_is_compared(monkeypatch, capsys):
    monkeypatch.setattr(compare, "CLOCK", time.perf_counter)  # put back afterwards
    monkeypatch.setattr(compare, "table_rows", tiny_rows)
    try:
        compare.main(["--quick", "--one-thread", "--only", "convolution"])
        assert compare.CLOCK is time.process_time
        assert threads.threads() == 1
    finally:
        threads.set_threads(None)
    assert "Processor time" in capsys.readouterr().out


def test_without_pytorch_its_column_says_so(monkeypatch):
    monkeypatch.setattr(compare, "TORCH", False)
    lines = compare.compare(tiny_rows(), 1.0, 1e9, 1e6)
    assert [line[2] for line in lines[1:]] == ["not installed"] * 3
    assert [line[3] for line in lines[1:]] == ["–"] * 3


def test_medians_and_ratios(monkeypatch):
    times = iter([1.0, 2.0, 3.0, 2.0, 2.0, 8.0])
    monkeypatch.setattr(compare, "seconds", lambda run: next(times))
    result = compare.measure(compare.Row("", lambda: (int, int), 1.0, 3), 1.0)
    assert (result.cnnlib, result.torch) == (2.0, 2.0)
    assert result.ratio == 0.5  # of 1/2, 3/2 and 2/8
    assert result.best_ratio == 0.5  # 1/2


def test_multiply_adds_are_those_of_the_summary():
    model = architectures.course_cnn(np.random.default_rng(0))
    forward = model.summary((1, 28, 28)).multiply_adds
    first = 24 * 24 * 25 * 16
    assert compare.macs("course_cnn", (1, 28, 28), 64) == 64 * forward
    assert compare.macs("course_cnn", (1, 28, 28), 64, step=True) == 64 * (3 * forward - first)
    assert compare.conv_macs(2, 3, 8, 4) == 3 * 2 * 8 * 8 * 4 * 3 * 9


def test_the_bound_multiplies_the_matrices():
    run, _ = compare.matrix_product()
    a = compare.random(1024, 1024)
    np.testing.assert_allclose(run(), a @ a, rtol=1e-4, atol=1e-3)


def test_every_row_of_the_comparison_can_be_named():
    for rows in (compare.table_rows(), compare.scaling_rows()):
        assert len({row.name for row in rows}) == len(rows)


def test_memory_of_a_step_is_more_than_its_feature_maps():
    used = compare.step_memory("cnnlib", 16)
    if used is not None:  # Linux tells
        assert used > 4 * 16 * 16 * 24 * 24


@pytest.mark.parametrize("name", ["from_scratch", "cs231n"])
def test_what_other_courses_compute_is_the_same_convolution(name):
    rng = np.random.default_rng(0)
    x, weight, dout = (rng.standard_normal(s) for s in ((2, 3, 6, 7), (4, 3, 3, 3), (2, 4, 6, 7)))
    bias = rng.standard_normal(4)
    forward, backward = getattr(peers, name)
    y, columns = forward(x, weight, bias, 1)
    np.testing.assert_allclose(y, F.conv2d(x, weight, bias, 1, 1))
    expected = F.conv2d_backward(dout, x, weight, 1, 1)
    for one, other in zip(backward(dout, x, weight, columns, 1), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_the_further_rows_run_both_ways(monkeypatch):
    def missing():
        raise FileNotFoundError

    monkeypatch.setattr(compare.datasets, "load_fashion_mnist", missing)
    rows = [
        compare.convolution(2, 8, 6, 8, kernel=5, groups=8),
        compare.batch_norm(),
        compare.pooling("max", 3, 2, 1),
        compare.peer("cs231n", 1, 2, 5, 3),
        compare.epoch(images=128),
    ]
    for run, _ in rows:
        run()


def test_a_long_row_is_run_once_a_round():
    calls = []
    row = compare.Row("long", lambda: (lambda: calls.append(1), None), 0, 3, long=True)
    compare.measure(row, 1.0)
    assert len(calls) == 3
