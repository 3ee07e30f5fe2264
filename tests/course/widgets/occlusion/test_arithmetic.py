"""What the occlusion brush computes in JavaScript is what Python computes."""

import numpy as np
import pytest

from cnnlib.course.widgets.occlusion import corners

MODULE = "occlusion/widget.js"


def test_the_places_are_those_of_python(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    for length in (1, 2, 7, 24, 28, 224):
        for size in {1, 2, 5, 8, 20, length} & set(range(1, length + 1)):
            for step in (1, 3, 4, 7):
                assert javascript.call("corners", length, size, step) == corners(length, size, step)


def test_a_pixel_belongs_to_the_square_with_the_nearest_middle(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    for length, size, step in ((24, 8, 6), (28, 7, 3), (10, 10, 1)):
        starts = corners(length, size, step)
        middles = np.array(starts) + (size - 1) / 2
        for pixel in range(length):
            found = javascript.call("nearest", starts, size, pixel)
            assert abs(middles[found] - pixel) == np.abs(middles - pixel).min()


def test_the_next_place_is_the_first_that_was_not_tried(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    assert javascript.call("untried", [0.5, 0.5, 0.1, 0.5, None, 0.2], 3) == [1, 1]
    assert javascript.call("untried", [0.5, 0.5, 0.1, 0.5], 2) is None


def test_losses_and_their_colour(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    assert javascript.call("lost", [0.25, 0.75], 0.5) == [0.25, -0.25]
    assert javascript.call("fullColour", [0.25, -0.375]) == 0.375
    assert javascript.call("fullColour", [0.001]) == 0.01


@pytest.mark.parametrize(
    ("said", "end"), [("cat", "38.1%."), ("tabby", "38.1%. The network now says tabby.")]
)
def test_the_square_in_words(module_in_node, said: str, end: str) -> None:
    window = {"row": 64, "column": 0, "height": 56, "width": 56}
    what = {"now": 0.2914, "before": 0.381, "word": "cat", "said": said, "window": window}
    assert module_in_node(MODULE).call("squareWords", what) == (
        f"Square on rows 64 to 119, columns 0 to 55. cat: 29.1%, without the square {end}"
    )


def test_the_map_in_words(module_in_node) -> None:
    heat = [0.5, 0.25, 0.75]
    assert module_in_node(MODULE).call("heatWords", heat, "cat") == (
        "all 3 places tried: cat between 25.0% and 75.0%"
    )
