"""Box ∗ box in Python."""

import pytest

from cnnlib.course.widgets import BoxSlider


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t": -1}, "t must be 0 to 4, got -1"),
        ({"t": 5}, "t must be 0 to 4, got 5"),
        ({"first": 0}, "first must be 0.2 to 2, got 0"),
        ({"second": 3}, "second must be 0.2 to 2, got 3"),
    ],
)
def test_nonsense_is_refused_in_words(change, message):
    with pytest.raises(ValueError, match=f"^BoxSlider: {message}"):
        BoxSlider(**change)


def test_the_picture_tells_the_area():
    figure, alt = BoxSlider(0.5)._picture()
    assert len(figure.axes) == 2
    assert "At t = 0.5 they overlap in the area 0.5." in alt
    assert "level" in BoxSlider(0.5, 1, 2)._picture()[1]
    assert "level" not in alt
