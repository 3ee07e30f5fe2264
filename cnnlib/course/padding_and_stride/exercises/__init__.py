"""Exercises of notebook 03: how large the output is, and what padding and stride do to it."""

# The order of the imports is the order of the exercises in the chapter.
# isort: off
from cnnlib.course.padding_and_stride.exercises.shared import chapter
from cnnlib.course.padding_and_stride.exercises.sizes import shape, output_size, same_padding
from cnnlib.course.padding_and_stride.exercises.border import pad
from cnnlib.course.padding_and_stride.exercises.reading import unread, layers_needed
from cnnlib.course.padding_and_stride.exercises.convolution import conv2d
from cnnlib.course.padding_and_stride.exercises.questions import quiz
# isort: on

progress = chapter.progress

__all__ = [
    "chapter",
    "conv2d",
    "layers_needed",
    "output_size",
    "pad",
    "progress",
    "quiz",
    "same_padding",
    "shape",
    "unread",
]
