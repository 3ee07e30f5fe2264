"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import GeometryExplorer


def example() -> GeometryExplorer:
    return GeometryExplorer((8, 6), [(3, 2), (2, 1, 1)])
