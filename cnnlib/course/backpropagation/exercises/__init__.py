"""Exercises of notebook 07: the gradient of each layer, a judge of them, and a sick network."""

# The order of the imports is the order of the exercises in the chapter.
# isort: off
from cnnlib.course.backpropagation.exercises.shared import chapter
from cnnlib.course.backpropagation.exercises.layers import two_paths, relu_backward, linear_layer
from cnnlib.course.backpropagation.exercises.pooling import max_pool2d_backward
from cnnlib.course.backpropagation.exercises.gradient_check import gradient_error
from cnnlib.course.backpropagation.exercises.convolution import conv2d_backward
from cnnlib.course.backpropagation.exercises.clinic import repaired_step
from cnnlib.course.backpropagation.exercises.questions import quiz
# isort: on

progress = chapter.progress

__all__ = [
    "chapter",
    "conv2d_backward",
    "gradient_error",
    "linear_layer",
    "max_pool2d_backward",
    "progress",
    "quiz",
    "relu_backward",
    "repaired_step",
    "two_paths",
]
