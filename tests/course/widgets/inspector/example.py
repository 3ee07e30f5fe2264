"""A widget that all rules for widgets are tried on."""

import numpy as np

from cnnlib.course.widgets import PixelInspector


def example() -> PixelInspector:
    return PixelInspector(np.arange(240, dtype=np.uint8).reshape(8, 10, 3))
