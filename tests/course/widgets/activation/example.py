"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import ActivationExplorer


def example() -> ActivationExplorer:
    return ActivationExplorer()
