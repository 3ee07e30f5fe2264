"""A widget that all rules for widgets are tried on."""

from cnnlib.course.widgets import FilterStepper


def example() -> FilterStepper:
    image = [[[5, 1, 7], [15, 5, 1]], [[0, 2, 1], [1, 0, 3]]]
    filters = [[[[1, 0]], [[0, -1]]], [[[2, 1]], [[1, 1]]]]
    return FilterStepper(image, filters, [0, 10])
