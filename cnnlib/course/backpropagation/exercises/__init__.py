"""Exercises of notebook 07: the gradient of each layer, a judge of them, and a sick network."""

from cnnlib.course.backpropagation.exercises.questions import quiz
from cnnlib.course.backpropagation.exercises.shared import chapter

__all__ = ["chapter", "progress", "quiz"]

# Every exercise under its name, file by file in the order of the chapter.
globals().update(
    chapter.gather(__name__, "layers", "pooling", "gradient_check", "convolution", "clinic")
)
progress = chapter.progress
