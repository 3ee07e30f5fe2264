"""The nearest neighbour, against the sum of squared differences written out."""

import numpy as np

from cnnlib.course.pooling.nearest import nearest


def test_it_finds_the_smallest_sum_of_squared_differences() -> None:
    rng = np.random.default_rng(0)
    unknown, known = rng.normal(size=(20, 2, 3, 4)), rng.normal(size=(30, 2, 3, 4))
    expected = [((known - one) ** 2).sum(axis=(1, 2, 3)).argmin() for one in unknown]
    assert nearest(unknown, known).tolist() == expected


def test_of_equals_the_first_counts() -> None:
    known = np.ones((3, 1, 2, 2))
    assert nearest(np.zeros((1, 1, 2, 2)), known).tolist() == [0]
