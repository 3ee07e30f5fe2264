"""What the exercises of chapter 03 share: their set."""

from cnnlib.course.judge.exercise import ExerciseSet

chapter = ExerciseSet.of(__name__)
