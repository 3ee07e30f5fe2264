"""A widget that all rules for widgets are tried on."""

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.course.widgets import DrawingPad


def example() -> DrawingPad:
    return DrawingPad(course_cnn(np.random.default_rng(0)), np.eye(28))
