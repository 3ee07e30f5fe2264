"""Exercises of notebook 04: filters of many kernels, their parameters, and the matrix product."""

# The order of the imports is the order of the exercises in the chapter.
# isort: off
from cnnlib.course.multichannel_filters.exercises.shared import chapter
from cnnlib.course.multichannel_filters.exercises.counting import (
    maps_out,
    mixed_pixel,
    weight_shape,
    parameter_count,
)
from cnnlib.course.multichannel_filters.exercises.biases import combined_bias
from cnnlib.course.multichannel_filters.exercises.columns import im2col
from cnnlib.course.multichannel_filters.exercises.convolution import conv2d
from cnnlib.course.multichannel_filters.exercises.questions import quiz
# isort: on

progress = chapter.progress

__all__ = [
    "chapter",
    "combined_bias",
    "conv2d",
    "im2col",
    "maps_out",
    "mixed_pixel",
    "parameter_count",
    "progress",
    "quiz",
    "weight_shape",
]
