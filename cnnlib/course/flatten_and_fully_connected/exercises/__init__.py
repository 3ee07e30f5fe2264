"""Exercises of notebook 06: from maps to a row, to scores, to probabilities, to a loss."""

# The order of the imports is the order of the exercises in the chapter.
# isort: off
from cnnlib.course.flatten_and_fully_connected.exercises.shared import chapter
from cnnlib.course.flatten_and_fully_connected.exercises.dense_layer import (
    flat_place,
    dense_parameters,
    dense,
)
from cnnlib.course.flatten_and_fully_connected.exercises.probabilities import softmax
from cnnlib.course.flatten_and_fully_connected.exercises.loss import batch_loss, cross_entropy
from cnnlib.course.flatten_and_fully_connected.exercises.reordering import channels_last
from cnnlib.course.flatten_and_fully_connected.exercises.questions import quiz
# isort: on

progress = chapter.progress

__all__ = [
    "batch_loss",
    "channels_last",
    "chapter",
    "cross_entropy",
    "dense",
    "dense_parameters",
    "flat_place",
    "progress",
    "quiz",
    "softmax",
]
