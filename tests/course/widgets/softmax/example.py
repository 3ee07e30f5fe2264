"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import SoftmaxExplorer


def example() -> SoftmaxExplorer:
    return SoftmaxExplorer([0, 0.5, 2])
