"""The figures of notebook 12 show the numbers that they are given."""

import itertools

import numpy as np
import pytest

from cnnlib.course.beyond_numpy import figures


def texts(fig, gid=None):
    return [text.get_text() for ax in fig.axes for text in ax.texts if text.get_gid() == gid]


def test_doors_say_which_answers_are_live() -> None:
    fig = figures.doors({"PyTorch": True, "a page": None, "ONNX": False})
    assert texts(fig, "state") == [
        "asked here, live",
        "recorded answers",
        "not here: recorded answers",
    ]
    assert [patch.get_gid() for patch in fig.axes[0].patches].count("door") == 3
    assert {"PyTorch", "a page", "ONNX"} <= set(texts(fig))


def test_profiles_draw_each_layer_forward_and_backward_in_milliseconds() -> None:
    here = {"0 Conv2d": (0.001, 0.003), "1 ReLU": (0.0005, 0.002)}
    there = {name: (2 * a, 2 * b) for name, (a, b) in here.items()}
    fig = figures.profiles({"here": here, "there": there})
    widths = [[bar.get_width() for bar in ax.patches] for ax in fig.axes]
    np.testing.assert_allclose(widths, [[1, 0.5, 3, 2], [2, 1, 6, 4]])
    assert [ax.get_title() for ax in fig.axes] == ["here", "there"]
    with pytest.raises(ValueError, match="there is no profile"):
        figures.profiles({})


def test_the_shared_batch_names_every_worker_and_the_average() -> None:
    fig = figures.shared_batch(["gradient 3", "gradient 9", "gradient 6"], "gradient 6")
    assert [patch.get_gid() for patch in fig.axes[0].patches].count("worker") == 3
    assert "worker 2\ngradient 9" in texts(fig)
    assert any("average\ngradient 6" in text for text in texts(fig))


def test_growth_is_drawn_in_milliseconds_on_two_logarithmic_axes() -> None:
    fig = figures.cost_of_growth([2, 8], {"cable": [0.08, 0.14], "glass": [0.002, 0.004]})
    ax = fig.axes[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines], [[80, 140], [2, 4]])


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_in_a_ring_each_worker_gets_one_piece_a_step_and_all_end_with_every_sum(workers) -> None:
    holdings = figures.ring_holdings(workers)
    assert len(holdings) == 1 + 2 * (workers - 1)
    assert holdings[0] == [[frozenset({me})] * workers for me in range(workers)]
    for before, after in itertools.pairwise(holdings):
        for me in range(workers):
            changed = [k for k in range(workers) if before[me][k] != after[me][k]]
            assert len(changed) == 1
    everybody = frozenset(range(workers))
    halfway = [[piece == everybody for piece in pieces] for pieces in holdings[workers - 1]]
    assert [sum(finished) for finished in halfway] == [1] * workers
    assert holdings[-1] == [[everybody] * workers] * workers


def test_the_drawn_ring_marks_what_arrives_and_names_whose_gradients_are_added() -> None:
    fig = figures.ring(3)
    for ax in fig.axes[2:]:
        assert [patch.get_gid() for patch in ax.patches].count("arrived") == 3
    last = [text.get_text() for text in fig.axes[-1].texts]
    assert last == ["all"] * 9
    assert "1+2" in [text.get_text() for text in fig.axes[2].texts]
    assert [text.get_text() for text in fig.axes[0].texts] == ["1", "2", "3"]
    with pytest.raises(ValueError, match="at least 2 workers, got 1"):
        figures.ring(1)
