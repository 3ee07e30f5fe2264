"""Exercises of notebook 04: filters of many kernels, their parameters, and the matrix product."""

from cnnlib.course.multichannel_filters.exercises.questions import quiz
from cnnlib.course.multichannel_filters.exercises.shared import chapter

__all__ = ["chapter", "progress", "quiz"]

# Every exercise under its name, file by file in the order of the chapter.
globals().update(chapter.gather(__name__, "counting", "biases", "columns", "convolution"))
progress = chapter.progress
