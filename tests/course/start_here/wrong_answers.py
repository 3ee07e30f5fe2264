"""Answers to the exercises of notebook 00 that are right nearly everywhere, and wrong somewhere."""

import numpy as np
from answers import Answers

wrong = Answers()

wrong.values("pixels", 783, "784", [28, 28], 784.5, -784, None)
wrong.values("sliced", (39, 300), (40, 300, 2), "(40, 300)", 12000, (300, 40), None)
wrong.values(
    "added", [[31, 22, 13], [34, 25, 15]], [31, 22, 13], [[31, 22], [34, 25]], 121, "[[31]]"
)
wrong.values("folded", (2, 12), (2, 5, 12), (12, 2, 5), (2, 12, 5, 1), 120, "(2, 12, 5)")


@wrong.to("row_means")
def columns_where_square(picture):
    return picture.mean(axis=0 if picture.shape[0] == picture.shape[1] else 1)


@wrong.to("row_means")
def a_number_for_one_row(picture):
    return picture.mean(axis=1).squeeze()


@wrong.to("row_means")
def of_what_is_positive(picture):
    return np.maximum(picture, 0).mean(axis=1)


@wrong.to("row_means")
def by_the_number_of_rows(picture):
    return picture.sum(axis=1) / len(picture)


@wrong.to("row_means")
def the_median(picture):
    return np.median(picture, axis=1)


@wrong.to("without_border")
def rows_for_columns(picture):
    h = picture.shape[0]
    return picture[1 : h - 1, 1 : h - 1]


@wrong.to("without_border")
def border_made_black(picture):
    out = np.zeros_like(picture)
    out[1:-1, 1:-1] = picture[1:-1, 1:-1]
    return out


@wrong.to("without_border")
def turned(picture):
    return picture[1:-1, 1:-1].T


@wrong.to("without_border")
def flat_where_one_row_is_left(picture):
    return picture[1:-1, 1:-1].squeeze()


@wrong.to("by_channel")
def without_none(photo, factors):
    return photo * factors


@wrong.to("by_channel")
def one_none(photo, factors):
    return photo * factors[:, None]


@wrong.to("by_channel")
def wrong_side(photo, factors):
    return photo * factors[None, None]


@wrong.to("by_channel")
def their_mean(photo, factors):
    return photo * factors.mean()


@wrong.to("by_channel")
def never_negative(photo, factors):
    return photo * np.abs(factors)[:, None, None]


@wrong.to("by_channel")
def the_last_one_forgotten(photo, factors):
    out = photo.copy()
    for c in range(len(photo) - 1):
        out[c] = photo[c] * factors[c]
    return out
