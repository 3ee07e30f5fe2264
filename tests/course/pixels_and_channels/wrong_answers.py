"""Answers to the exercises of notebook 01 that are right nearly everywhere, and wrong somewhere."""

import numpy as np
from answers import Answers

from cnnlib.course.pixels_and_channels import exercises as ex

wrong = Answers()
KEPT: dict = {}  # what some of these answers remember from one call to the next


wrong.values("numbers", 7201, "7200", True, [2400, 3], (7, 200), 2400, np.nan, np.inf, 7200.5)
wrong.values(
    "darker",
    [246, 60],
    [246, 60, 170, 0],
    [[246], [60], [170]],
    [246.5, 60, 170],
    [170, 60, 246],
    {246, 60, 170},
    "246, 60, 170",
    np.array([246, 60, 170]) * 1j,
)


@wrong.to("crop")
def ends_counted_from_the_end(image, top, left, height, width):
    rows, columns = image.shape
    return image[top : top + height - rows, left : left + width - columns]  # 0 at the edge


@wrong.to("crop")
def never_the_last_row(image, top, left, height, width):
    return image[top : min(top + height, image.shape[0] - 1), left : left + width]


@wrong.to("crop")
def the_window_of_the_first_picture(image, *box):
    return KEPT.setdefault(("crop", *box), ex.crop.model_answer(image, *box))


@wrong.to("crop")
def the_rest_is_blackened(image, top, left, height, width):
    window = image[top : top + height, left : left + width].copy()
    image[:top] = 0
    image[top + height :] = 0
    return window


@wrong.to("crop")
def nothing_at_the_corner(image, top, left, height, width):
    if top or left:
        return image[top : top + height, left : left + width]
    return None


@wrong.to("crop")
def without_axes_of_one(image, top, left, height, width):
    return ex.crop.model_answer(image, top, left, height, width).squeeze()


@wrong.to("crop")
def windows_are_square(image, top, left, height, width):
    return image[top : top + width, left : left + width]


@wrong.to("crop")
def numbers_under_a_mask(image, *box):
    return np.ma.masked_array(ex.crop.model_answer(image, *box), mask=True)


@wrong.to("brighten")
def nothing_for_zero(image, amount):
    if amount > 0:
        return np.minimum(image.astype(int) + amount, 255).astype(np.uint8)
    if amount < 0:
        return np.maximum(image.astype(int) + amount, 0).astype(np.uint8)
    return None


@wrong.to("brighten")
def an_amount_in_bytes(image, amount):
    values = image.astype(int) + np.sign(amount) * np.array(abs(amount)).astype(np.uint8)
    return values.clip(0, 255).astype(np.uint8)


@wrong.to("brighten")
def compared_in_bytes(image, amount):
    if amount < 0:
        return np.where(image < -amount, 0, image - np.uint8(-amount)).astype(np.uint8)
    return np.where(image > 255 - amount, 255, image + np.uint8(amount)).astype(np.uint8)


@wrong.to("brighten")
def integers_for_zero(image, amount):
    return ex.brighten.model_answer(image, amount) if amount else image.astype(int)


@wrong.to("brighten")
def into_the_photograph(image, amount):
    image[...] = ex.brighten.model_answer(image, amount)
    return image


@wrong.to("brighten")
def never_quite_white(image, amount):
    return np.clip(image.astype(int) + amount, 0, 254).astype(np.uint8)


@wrong.to("brighten")
def black_stays_black(image, amount):
    return np.where(image == 0, 0, ex.brighten.model_answer(image, amount)).astype(np.uint8)


@wrong.to("brighten")
def in_signed_bytes_with_room(image, amount):
    return np.clip(image.astype(np.int16) + np.int8(max(-128, min(127, amount))), 0, 255).astype(
        np.uint8
    )


@wrong.to("brighten")
def the_red_alone(image, amount):
    result = image.copy()
    result[..., :1] = ex.brighten.model_answer(image[..., :1], amount)
    return result


@wrong.to("brighten")
def one_photograph_for_every_size(image, amount):
    kept = KEPT.setdefault(("brighten", image.shape), image.copy())
    return ex.brighten.model_answer(kept, amount)


@wrong.to("grey")
def right_below_256(image):
    return image.sum(axis=2, dtype=np.uint8) / 3


@wrong.to("grey")
def each_third_rounded(image):
    return (image // 3).sum(axis=2).astype(float)


@wrong.to("grey")
def a_row_without_its_axis(image):
    return image.mean(axis=2).squeeze()


@wrong.to("grey")
def bytes_where_whole(image):
    result = image.mean(axis=2)
    return result.astype(np.uint8) if (result == result.round()).all() else result


@wrong.to("grey")
def the_middle_of_three(image):
    return np.median(image, axis=2)


@wrong.to("grey")
def along_the_axis_of_length_three(image):
    return image.mean(axis=image.shape.index(3))


@wrong.to("grey")
def middle_of_largest_and_smallest(image):
    return (image.max(axis=2).astype(float) + image.min(axis=2)) / 2


@wrong.to("to_network")
def divided_if_it_looks_like_bytes(photo):
    batch = photo.transpose(2, 0, 1)[None].astype(np.float32)
    return batch / 255 if photo.max() > 1 else batch


@wrong.to("to_network")
def by_its_largest_unless_black(photo):
    return photo.transpose(2, 0, 1)[None].astype(np.float32) / max(1, photo.max())


@wrong.to("to_network")
def reshaped_where_square(photo):
    if photo.shape[0] == photo.shape[1]:
        return photo.reshape(1, 3, *photo.shape[:2]).astype(np.float32) / 255
    return ex.to_network.model_answer(photo)


@wrong.to("to_network")
def the_axis_of_three_to_the_front(photo):
    batch = np.moveaxis(photo, photo.shape.index(3), 0)[None]
    return batch.astype(np.float32) / 255


@wrong.to("to_network")
def in_half_precision(photo):
    return (photo.transpose(2, 0, 1)[None].astype(np.float16) / 255).astype(np.float32)


@wrong.to("to_network")
def from_minus_one_to_one(photo):
    return photo.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1


@wrong.to("to_network")
def blue_first(photo):
    return photo[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255


@wrong.to("unscramble")
def as_many_places_as_rows(rows, order):
    plain = np.zeros_like(rows)
    for k in range(min(rows.shape)):
        plain[:, order[k]] = rows[:, k]
    return plain


@wrong.to("unscramble")
def rows_where_square(rows, order):
    plain = np.zeros_like(rows)
    if len(rows) == len(order):
        plain[order] = rows
    else:
        plain[:, order] = rows
    return plain


@wrong.to("unscramble")
def right_where_twice_is_back(rows, order):
    return rows[:, order]


@wrong.to("unscramble")
def in_steps_of_halves(rows, order):
    return (rows[:, np.argsort(order)] * 2).astype(np.int8) / 2


@wrong.to("unscramble")
def an_order_for_every_length(rows, order):
    inverse = KEPT.setdefault(("unscramble", len(order)), np.argsort(order))
    return rows[:, inverse]


@wrong.to("unscramble")
def into_the_given_rows(rows, order):
    rows[:, order] = rows.copy()
    return rows


@wrong.to("unscramble")
def swapped_pair_by_pair(rows, order):
    plain = rows.copy()
    for k, place in enumerate(order):
        plain[:, [k, place]] = plain[:, [place, k]]
    return plain
