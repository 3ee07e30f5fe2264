"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import BackwardStepper


def example() -> BackwardStepper:
    return BackwardStepper([[1, 2], [-1, 3]], [[1, -2], [3, 2]], stride=2)
