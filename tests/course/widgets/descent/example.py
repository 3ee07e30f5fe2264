"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import DescentStepper


def example() -> DescentStepper:
    return DescentStepper([[5, 1, 7], [15, 5, 1]], [[144, 66]])
