"""Sharing a step in Python: against the library, against the ring, and what is refused."""

import numpy as np
import pytest
from drawn import lengths

from cnnlib.architectures import resnet50
from cnnlib.course.widgets import ScalingExplorer
from cnnlib.course.widgets.scaling import MULTIPLY_ADDS, NUMBERS, WIRES, step_times


def test_the_network_is_resnet_50():
    summary = resnet50(np.random.default_rng(0)).summary((3, 224, 224))
    assert (summary.parameters, summary.multiply_adds) == (NUMBERS, MULTIPLY_ADDS)


def test_a_step_by_hand():
    """A worker computes 10 ms at 1 GB/s; 102.228128 MB in two halves, there and back."""
    times = step_times(2, images=32, bandwidth=1, delay=1000)
    assert times.forward == pytest.approx(2 * 4_089_184_256 * 32 / 67e12)
    assert times.backward == pytest.approx(2 * times.forward)
    assert times.talk == pytest.approx(2 * (0.102228128 / 2 + 0.001))
    assert times.step == pytest.approx(sum(times[:3]))


@pytest.mark.parametrize("workers", [1, 2, 8, 1000])
def test_in_the_ring_each_worker_sends_less_than_twice_its_gradient(workers):
    bytes_sent = 1e9 * step_times(workers, bandwidth=1, delay=0).talk
    assert bytes_sent == pytest.approx(2 * (workers - 1) / workers * 4 * NUMBERS)


def test_the_middle_talks_as_many_times_as_long_as_there_are_workers():
    ring, centre = (step_times(8, delay=0, way=way).talk for way in ("ring", "centre"))
    assert centre == pytest.approx(8 * ring)


def test_what_overlaps_costs_nothing_until_it_is_longer_than_backward():
    quick = step_times(8, overlap=True)
    assert quick.step == quick.forward + quick.backward
    assert quick.used == 1
    slow = step_times(8, bandwidth=1.25, overlap=True)
    assert slow.step == slow.forward + slow.talk


def test_the_speed_ups_of_notebook_12():
    found = [
        [ScalingExplorer(p, bandwidth=wire).speed_up for p in (8, 1000)] for wire in WIRES.values()
    ]
    np.testing.assert_allclose(found, [[0.6, 63], [6.1, 454], [7.7, 529]], rtol=0.02)


def test_one_worker_gains_and_loses_nothing():
    for way in ("ring", "centre"):
        assert ScalingExplorer(1, way=way).speed_up == 1


def test_the_picture_says_and_draws_what_it_is_set_to():
    explorer = ScalingExplorer(8)
    figure, alt = explorer._picture()
    assert alt == (
        "One training step of 8 workers with 32 images each, 50 GB a second and 5 microseconds of "
        "latency: 11.7 ms of computing, 3.6 ms of talking, a speed-up of 6.1."
    )
    np.testing.assert_allclose(lengths(figure.axes[0]), 1000 * np.array(explorer.times[:3]))
    assert "talking while computing" in repr(ScalingExplorer(2, overlap=True))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"workers": 0}, ValueError, "workers must be at least 1, got 0"),
        ({"workers": 2000}, ValueError, "workers must be at most 1,024, got 2,000"),
        ({"images": 1.5}, TypeError, "images must be a whole number"),
        ({"bandwidth": 0}, ValueError, "bandwidth must be 0.1 to 1000, got 0"),
        ({"delay": "long"}, TypeError, "delay must be a number"),
        ({"way": "star"}, ValueError, "way must be one of ring, centre, got 'star'"),
        ({"overlap": 1}, TypeError, "overlap must be True or False"),
    ],
)
def test_nonsense_is_refused_in_words(change, error, words):
    with pytest.raises(error, match=f"^ScalingExplorer: .*{words}"):
        ScalingExplorer(**{"workers": 8, **change})
