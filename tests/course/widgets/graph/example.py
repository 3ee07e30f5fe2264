"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import ComputationGraph


def example() -> ComputationGraph:
    return ComputationGraph()
