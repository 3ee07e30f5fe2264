"""The figures of notebook 10 show the numbers that they are given."""

import numpy as np
import pytest

from cnnlib.course.inside_the_network import figures


def test_maps_lie_over_the_picture_on_one_scale() -> None:
    picture = np.zeros((8, 12, 3), np.uint8)
    fig = figures.overlays(picture, [np.eye(2), -3 * np.eye(4)], ["a", "b", "c"], label="share")
    first, second = (ax.images[-1] for ax in fig.axes[1:3])
    assert first.get_extent() == [-0.5, 11.5, 7.5, -0.5]
    assert first.get_clim() == second.get_clim() == (-3, 3)
    np.testing.assert_array_equal(second.get_array(), -3 * np.eye(4))
    assert fig.axes[-1].get_ylabel() == "share"


def test_every_map_needs_a_title() -> None:
    with pytest.raises(ValueError, match="2 titles came for a picture and 2 maps"):
        figures.overlays(np.zeros((4, 4, 3), np.uint8), [np.eye(2), np.eye(2)], ["a", "b"])


def test_filters_are_grey_at_zero_and_use_their_whole_range() -> None:
    weights = np.random.default_rng(0).normal(size=(4, 3, 3, 3))
    weights[3] = 0
    shown = figures.colour_filters(weights)
    assert [one.shape for one in shown] == [(3, 3, 3)] * 4
    assert all(np.abs(one - 0.5).max() == 0.5 for one in shown[:3])
    np.testing.assert_allclose(np.sign(shown[0] - 0.5), np.sign(weights[0].transpose(1, 2, 0)))
    assert (shown[3] == 0.5).all()
    with pytest.raises(ValueError, match="must be"):
        figures.colour_filters(weights[:, :1])


def test_a_difference_is_magnified_around_grey() -> None:
    before, after = np.array([10, 10, 200], np.uint8), np.array([12, 7, 200], np.uint8)
    assert figures.magnified(before, after, 10).tolist() == [147, 97, 127]
    assert figures.magnified(before, after, 1000).tolist() == [255, 0, 127]
