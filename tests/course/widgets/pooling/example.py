"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import PoolingExplorer


def example() -> PoolingExplorer:
    return PoolingExplorer([[2, 3, 2, 0], [5, -2, 2, 8]], shift=(0, 1))
