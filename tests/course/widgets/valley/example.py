"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import MomentumValley


def example() -> MomentumValley:
    return MomentumValley(0.02, 0.8)
