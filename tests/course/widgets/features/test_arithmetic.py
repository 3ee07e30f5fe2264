"""What the feature-map browser computes in JavaScript is what Python computes."""

import numpy as np

from cnnlib.course.widgets.kit.layers import Axis, axis_window

MODULE = "features/widget.js"


def test_windows_are_those_of_python(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    rng = np.random.default_rng(0)
    for _ in range(200):
        start, jump, field, place, size = (
            int(rng.integers(low, high))
            for low, high in ((-40, 4), (1, 9), (1, 60), (0, 20), (1, 99))
        )
        expected = list(axis_window(Axis(start, jump, field), place, size))
        assert javascript.call("axisWindow", [start, jump, field], place, size) == expected


def test_a_pixel_leads_to_the_place_whose_window_is_centred_nearest(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    rng = np.random.default_rng(1)
    for _ in range(100):
        start, jump, field, count, pixel = (
            int(rng.integers(low, high))
            for low, high in ((-9, 3), (1, 9), (1, 30), (1, 30), (0, 99))
        )
        view = [[start, jump, field]] * 2
        [row, column] = javascript.call("placeOver", view, [pixel, pixel], [count, count])
        assert row == column
        centres = start + jump * np.arange(count) + (field - 1) / 2
        assert abs(centres[row] - pixel) == np.abs(centres - pixel).min()
    assert javascript.call("placeOver", None, [5, 5], [1, 1]) == [0, 0]


def test_channels_are_ranked_by_their_peaks(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    peaks = [0.5, 3, -1, 3, 2]
    ranks = [javascript.call("ranked", peaks, channel) for channel in range(5)]
    assert [one["rank"] for one in ranks] == [3, 0, 4, 1, 2]
    assert [one["next"] for one in ranks] == [2, 3, 1, 4, 0]


def test_bars_stand_on_zero(module_in_node) -> None:
    drawn = module_in_node(MODULE).call("bars", [3, -1, 1], 2)
    assert drawn["others"] == "M0.1 7.5V0h0.8V7.5zM1.1 7.5V10h0.8V7.5z"
    assert drawn["chosen"] == "M2.1 7.5V5h0.8V7.5z"
    assert module_in_node(MODULE).call("bars", [0, 0], 0)["chosen"] == "M0.1 0V0h0.8V0z"


def test_windows_in_words(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    view = [[-1, 2, 3], [-1, 2, 3]]
    window = javascript.call("windowOf", view, [0, 4], [24, 24])
    assert window == {"row": 0, "column": 7, "height": 2, "width": 3}
    assert javascript.call("windowWords", window, view) == (
        "It sees rows 0 to 1, columns 7 to 9 of the picture; the rest of its window lies beyond "
        "the edge."
    )
    assert javascript.call("windowWords", window, None) == "It sees the whole picture."
