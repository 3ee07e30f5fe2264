"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import SizingExplorer


def example() -> SizingExplorer:
    return SizingExplorer((3, 30, 32), [("conv", 4, 5), ("pool", 2)])
