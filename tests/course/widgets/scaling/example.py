"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import ScalingExplorer


def example() -> ScalingExplorer:
    return ScalingExplorer(64, images=48, bandwidth=12.5, delay=20, overlap=True)
