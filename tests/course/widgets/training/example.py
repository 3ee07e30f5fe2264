"""A widget that all rules for widgets are tried on."""

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.course.widgets import TrainingDashboard
from cnnlib.optim import SGD


def example() -> TrainingDashboard:
    rng = np.random.default_rng(0)
    model = course_cnn(rng)
    images, labels = np.zeros((4, 1, 28, 28), dtype=np.float32), np.arange(4)
    optimizer = SGD(model.parameters(), lr=0.1)
    return TrainingDashboard(
        model, (images, labels), epochs=3, batch_size=2, optimizer=optimizer, rng=rng
    )
