"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import ColourMixer


def example() -> ColourMixer:
    return ColourMixer((167, 185, 231), target=(110, 60, 20))
