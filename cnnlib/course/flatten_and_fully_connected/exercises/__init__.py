"""Exercises of notebook 06: from maps to a row, to scores, to probabilities, to a loss."""

from cnnlib.course.flatten_and_fully_connected.exercises.questions import quiz
from cnnlib.course.flatten_and_fully_connected.exercises.shared import chapter

__all__ = ["chapter", "progress", "quiz"]

# Every exercise under its name, file by file in the order of the chapter.
globals().update(chapter.gather(__name__, "dense_layer", "probabilities", "loss", "reordering"))
progress = chapter.progress
