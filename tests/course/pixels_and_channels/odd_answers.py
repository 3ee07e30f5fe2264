"""Right answers to the exercises of notebook 01, of as many kinds as readers write them in."""

import itertools
from fractions import Fraction
from functools import partial

import numpy as np
from answers import Answers
from numpy.lib.stride_tricks import as_strided, sliding_window_view

right = Answers()


right.values(
    "numbers",
    7_200,
    7.2e3,
    np.int64(7200),
    np.uint16(7200),
    np.float32(7200),
    np.ones((40, 60, 3)).sum(),
)

right.values(
    "darker",
    [246, 60, 170],
    (246, 60, 170),
    np.array([246, 60, 170]),
    np.array([20, 90, 200], np.uint8) - 30,
    np.array([246, 60, 170], np.int16),
    np.array([246.0, 60, 170]),
    [np.uint8(246), np.uint8(60), np.uint8(170)],
    [246.0, 60.0, 170.0],
)


@right.to("crop")
def by_two_takes(image, top, left, height, width):
    rows = np.take(image, range(top, top + height), axis=0)
    return np.take(rows, range(left, left + width), axis=1)


@right.to("crop")
def by_ix(image, top, left, height, width):
    return image[np.ix_(np.arange(top, top + height), np.arange(left, left + width))]


@right.to("crop")
def by_broadcast_indices(image, top, left, height, width):
    i, j = np.indices((height, width))
    return image[i + top, j + left]


@right.to("crop")
def by_loops_into_floats(image, top, left, height, width):
    window = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            window[i, j] = image[top + i, left + j]
    return window


@right.to("crop")
def by_lists(image, top, left, height, width):
    rows = image.tolist()
    return np.array([row[left : left + width] for row in rows[top : top + height]])


@right.to("crop")
def by_masks(image, top, left, height, width):
    rows = np.array([top <= i < top + height for i in range(len(image))])
    columns = np.array([left <= j < left + width for j in range(image.shape[1])])
    return image[rows][:, columns]


@right.to("crop")
def by_a_mask_of_the_picture(image, top, left, height, width):
    mask = np.zeros(image.shape, bool)
    mask[top : top + height, left : left + width] = True
    return image[mask].reshape(height, width)


@right.to("crop")
def by_deleting(image, top, left, height, width):
    rows = [i for i in range(image.shape[0]) if not top <= i < top + height]
    columns = [j for j in range(image.shape[1]) if not left <= j < left + width]
    return np.delete(np.delete(image, rows, axis=0), columns, axis=1)


@right.to("crop")
def by_one_of_all_windows(image, top, left, height, width):
    return sliding_window_view(image, (height, width))[top, left]


@right.to("crop")
def by_strides(image, top, left, height, width):
    return as_strided(image[top:, left:], (height, width), image.strides, writeable=False)


@right.to("crop")
def by_rolling(image, top, left, height, width):
    return np.roll(image, (-top, -left), axis=(0, 1))[:height, :width]


@right.to("crop")
def by_splitting(image, top, left, height, width):
    middle = np.vsplit(image, [top, top + height])[1]
    return np.hsplit(middle, [left, left + width])[1]


@right.to("crop")
def by_a_generator(image, top, left, height, width):
    places = itertools.product(range(top, top + height), range(left, left + width))
    numbers = np.fromiter((image[place] for place in places), int, height * width)
    return numbers.reshape(height, width)


@right.to("crop")
def by_a_matrix_product(image, top, left, height, width):
    rows, columns = np.eye(image.shape[0], dtype=int), np.eye(image.shape[1], dtype=int)
    return rows[top : top + height] @ image @ columns[:, left : left + width]


@right.to("crop")
def from_the_other_end(image, top, left, height, width):
    rows, columns = image.shape
    bottom, right_edge = rows - top - height, columns - left - width
    return image[top : rows - bottom, left : columns - right_edge]


@right.to("crop")
def by_slice_objects(image, *box):
    top, left, height, width = box
    return image[slice(top, top + height), slice(left, left + width)].copy(order="F")


@right.to("crop")
def by_recursion(image, top, left, height, width):
    if top > 0:
        return by_recursion(image[1:], top - 1, left, height, width)
    if left > 0:
        return by_recursion(image[:, 1:], top, left - 1, height, width)
    return image[:height, :width]


class Cropper:
    def __call__(self, image, top, left, height, width):
        return image[top:][:height].T[left:][:width].T


right.add("crop", "an object that can be called", Cropper())
right.add("crop", "a method", Cropper().__call__)


@right.to("brighten")
def by_python_numbers(image, amount):
    out = np.zeros(image.shape, np.uint8)
    for place in np.ndindex(image.shape):
        out[place] = min(max(int(image[place]) + amount, 0), 255)
    return out


@right.to("brighten")
def by_a_table_of_256(image, amount):
    table = np.array([min(max(value + amount, 0), 255) for value in range(256)], np.uint8)
    return table[image]


@right.to("brighten")
def by_floats(image, amount):
    return np.clip(image.astype(float) + amount, 0, 255).astype(np.uint8)


@right.to("brighten")
def by_where(image, amount):
    values = image.astype(int) + amount
    values = np.where(values > 255, 255, values)
    return np.where(values < 0, 0, values).astype("uint8")


@right.to("brighten")
def by_masks_in_place(image, amount):
    values = image.astype(np.int32) + amount
    values[values > 255] = 255
    values[values < 0] = 0
    return values.astype(np.uint8)


@right.to("brighten")
def by_minimum_and_maximum(image, amount):
    return np.maximum(0, np.minimum(255, np.int64(image) + amount)).astype(np.uint8)


@right.to("brighten")
def by_an_early_return(image, amount):
    if amount == 0:
        return image
    return (image.astype(int) + amount).clip(0, 255).astype(np.uint8)


@right.to("brighten")
def by_the_room_that_is_left(image, amount):
    step = min(abs(amount), 255)
    if amount < 0:
        return image - np.minimum(image, np.uint8(step))
    return image + np.minimum(255 - image, np.uint8(step))


@right.to("brighten")
def by_nested_lists(image, amount):
    return np.array(
        [
            [[sorted((0, value + amount, 255))[1] for value in pixel] for pixel in row]
            for row in image.tolist()
        ],
        dtype=np.uint8,
    )


@right.to("brighten")
def by_vectorize(image, amount):
    return np.vectorize(lambda value: np.uint8(min(255, max(0, int(value) + amount))))(image)


@right.to("brighten")
def by_searching_the_cut(image, amount):
    out = (image.astype(np.int64) + amount) % 256
    if amount > 0:
        out[image > 255 - amount] = 255
    else:
        out[image < -amount] = 0
    return out.astype(np.uint8)


@right.to("brighten")
def by_add_with_a_dtype(image, amount):
    wide = np.add(image, amount, dtype=np.int16)
    np.clip(wide, 0, 255, out=wide)
    return wide.astype(np.uint8)


@right.to("brighten")
def channel_by_channel(image, amount):
    planes = [np.clip(plane + amount, 0, 255) for plane in np.moveaxis(image, -1, 0).astype(int)]
    return np.stack(planes, axis=-1).astype(np.uint8)


@right.to("grey")
def by_mean(image):
    return image.mean(axis=2)


@right.to("grey")
def by_mean_of_the_last_axis(image):
    return np.mean(image, -1)


@right.to("grey")
def by_average(image):
    return np.average(image, axis=2, weights=[1, 1, 1])


@right.to("grey")
def by_a_product_with_thirds(image):
    return image @ np.full(3, 1 / 3)


@right.to("grey")
def by_einsum(image):
    return np.einsum("ijc->ij", image.astype(np.float64)) / 3


@right.to("grey")
def by_tensordot(image):
    return np.tensordot(image, np.ones(3) / 3, axes=(2, 0))


@right.to("grey")
def by_whole_sums(image):
    return image.sum(axis=2) / 3


@right.to("grey")
def by_lists_of_means(image):
    return np.array([[sum(pixel) / len(pixel) for pixel in row] for row in image.tolist()])


@right.to("grey")
def by_fractions(image):
    return np.array([[float(Fraction(sum(pixel), 3)) for pixel in row] for row in image.tolist()])


@right.to("grey")
def by_thirds_first(image):
    r, g, b = np.moveaxis(image / 3, 2, 0)
    return r + g + b


@right.to("grey")
def by_rows_of_pixels(image):
    height, width, _ = image.shape
    return image.reshape(-1, 3).mean(axis=1).reshape(height, width)


@right.to("grey")
def along_the_axis(image):
    return np.apply_along_axis(np.mean, 2, image)


@right.to("grey")
def by_reduce(image):
    return np.add.reduce(image, axis=2, dtype=float) / 3.0


@right.to("grey")
def in_uint16(image):
    r, g, b = (image[..., c].astype(np.uint16) for c in range(3))
    return (r + g + b) / 3


@right.to("grey")
def by_four_loops(image):
    result = np.zeros(image.shape[:2])
    i = 0
    while i < image.shape[0]:
        for j in range(image.shape[1]):
            for c in range(3):
                result[i, j] += image[i, j, c] / 3
        i += 1
    return result


right.add("grey", "partial", partial(np.mean, axis=2))


@right.to("to_network")
def by_moveaxis(photo):
    return np.moveaxis(photo, 2, 0)[np.newaxis].astype("float32") / 255


@right.to("to_network")
def by_einsum_names(photo):
    return np.einsum("hwc->chw", photo)[None].astype(np.float32) / np.float32(255)


@right.to("to_network")
def by_stacking_planes(photo):
    return np.stack([photo[:, :, c] for c in range(3)])[None].astype(np.float32) / 255


@right.to("to_network")
def by_two_swaps(photo):
    return (photo.swapaxes(1, 2).swapaxes(0, 1)[None] / 255).astype(np.float32)


@right.to("to_network")
def by_rollaxis(photo):
    return np.expand_dims(np.rollaxis(photo, 2), 0).astype(np.float32) / 255.0


@right.to("to_network")
def by_a_table_of_floats(photo):
    table = np.linspace(0, 1, 256, dtype=np.float32)
    return table[photo].transpose(2, 0, 1).reshape(1, 3, *photo.shape[:2])


@right.to("to_network")
def by_a_factor(photo):
    return np.float32(photo.transpose(2, 0, 1)[None]) * np.float32(1 / 255)


@right.to("to_network")
def by_loops(photo):
    height, width, channels = photo.shape
    batch = np.zeros((1, channels, height, width), dtype=np.float32)
    for i, j, c in np.ndindex(photo.shape):
        batch[0, c, i, j] = photo[i, j, c] / 255
    return batch


@right.to("to_network")
def by_columns_of_pixels(photo):
    height, width, _ = photo.shape
    return (photo.reshape(-1, 3).T.reshape(1, 3, height, width) / 255).astype(np.float32)


@right.to("to_network")
def by_nested_lists_of_floats(photo):
    planes = [[[pixel[c] / 255 for pixel in row] for row in photo.tolist()] for c in range(3)]
    return np.array([planes], np.float32)


@right.to("to_network")
def by_divide_with_a_dtype(photo):
    return np.divide(photo.transpose(2, 0, 1)[None], 255, dtype=np.float32)


@right.to("to_network")
def by_strided_reading(photo):
    height, width, _ = photo.shape
    flat = photo.ravel()
    return np.array([[flat[c::3].reshape(height, width) for c in range(3)]], np.float32) / 255


@right.to("to_network")
def by_turning_twice(photo):
    return np.ascontiguousarray(photo.T.swapaxes(1, 2), dtype=np.float32)[None] / 255


@right.to("unscramble")
def by_the_inverse_order(rows, order):
    return rows[:, np.argsort(order)]


@right.to("unscramble")
def by_writing_behind_the_comma(rows, order):
    plain = np.empty_like(rows)
    plain[:, order] = rows
    return plain


@right.to("unscramble")
def into_new_floats(rows, order):
    plain = np.zeros(rows.shape)
    for row, new in zip(rows, plain, strict=True):
        new[order] = row
    return plain


@right.to("unscramble")
def by_a_permutation_matrix(rows, order):
    return rows @ np.eye(len(order), dtype=rows.dtype)[order]


@right.to("unscramble")
def by_index_of(rows, order):
    order = list(order)
    return np.stack([rows[:, order.index(place)] for place in range(len(order))], axis=1)


@right.to("unscramble")
def by_put_along_axis(rows, order):
    plain = np.zeros_like(rows)
    np.put_along_axis(plain, np.broadcast_to(order, rows.shape), rows, axis=1)
    return plain


@right.to("unscramble")
def by_sorting_pairs(rows, order):
    return np.array([[x for _, x in sorted(zip(order, row, strict=True))] for row in rows])


@right.to("unscramble")
def by_a_dict(rows, order):
    came_from = {place: k for k, place in enumerate(order.tolist())}
    return np.take(rows, [came_from[place] for place in range(len(came_from))], axis=1)


@right.to("unscramble")
def by_transposing(rows, order):
    plain = np.zeros(rows.T.shape, rows.dtype)
    plain[order] = rows.T
    return plain.T


@right.to("unscramble")
def by_lexsort(rows, order):
    return rows[:, np.lexsort((order,))].copy()


@right.to("unscramble")
def by_applying_the_order_until_it_is_back(rows, order):
    start = np.arange(len(order))
    places, once = start[order], rows
    while not (places == start).all():
        places, once = places[order], once[:, order]
    return np.array(once)


@right.to("unscramble")
def by_comparing_places(rows, order):
    places = np.arange(len(order))
    return (rows[:, :, None] * (order[:, None] == places)).sum(axis=1)


@right.to("unscramble")
def by_a_matrix_solved(rows, order):
    scrambler = np.eye(len(order))[:, order]
    return np.linalg.solve(scrambler.T, rows.T.astype(float)).T
