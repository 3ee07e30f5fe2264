"""A widget that all rules for widgets are tried on."""

from subjects import digits, photographs

from cnnlib.course.widgets import OcclusionBrush


def example() -> OcclusionBrush:
    networks = {"photographs": photographs(), "digits": digits()}
    brush = OcclusionBrush(networks, size=8, step=6, of="cup")
    brush.set(place=(2, 1))
    return brush
