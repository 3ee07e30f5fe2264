"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import BoxSlider


def example() -> BoxSlider:
    return BoxSlider(0.6, 1, 1.5)
