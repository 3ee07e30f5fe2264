"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import ConvolutionStepper


def example() -> ConvolutionStepper:
    image, kernel = [[5, 1, 7], [15, 5, 1]], [[11, 4], [5, 2]]
    return ConvolutionStepper([image, image], [kernel, kernel])
