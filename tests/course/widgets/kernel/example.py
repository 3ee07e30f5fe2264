"""A widget that all rules for widgets are tried on."""

import numpy as np

from cnnlib.course.widgets import KernelPlayground


def example() -> KernelPlayground:
    return KernelPlayground(np.arange(20.0).reshape(4, 5) / 19)
