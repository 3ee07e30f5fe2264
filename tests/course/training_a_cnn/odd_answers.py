"""Right answers to the exercises of notebook 09, of odd kinds. All of them pass.

Those to `my_cnn` are in `test_exercises.py`: each of them would train a network here.
"""

# Learners zip without `strict`.
# ruff: noqa: B905

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import numpy as np
from answers import Answers

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.layers import Linear
from cnnlib.model import Sequential
from cnnlib.optim import SGD
from cnnlib.training import fit

right = Answers()

right.values("steps", 96, 96.0, np.int64(96), np.uint8(96), Fraction(96), np.array(96))
right.values(
    "parameters", 117_866, 117866.0, np.int64(117_866), np.float64(117_866), Fraction(117_866)
)
right.values("learning_rate", 0.0001, np.array(1e-4), Fraction(1, 10_000), Decimal("0.0001"))


# Which digit is the hardest?


@right.to("class_accuracy")
def with_diag(matrix):
    return np.diag(matrix) / matrix.sum(1)


@right.to("class_accuracy")
def with_a_loop(matrix):
    shares = np.zeros(len(matrix))
    for k, row in enumerate(matrix):
        shares[k] = row[k] / row.sum()
    return shares


@right.to("class_accuracy")
def with_einsum(matrix):
    return np.einsum("ii->i", matrix) / np.einsum("ij->i", matrix)


@right.to("class_accuracy")
def with_an_array_of_a_list(matrix):
    return np.array([matrix[k][k] / sum(matrix[k]) for k in range(len(matrix))])


@right.to("class_accuracy")
def with_normalised_rows(matrix):
    return (matrix / matrix.sum(axis=1, keepdims=True)).diagonal()


@right.to("class_accuracy")
def with_the_errors(matrix):
    errors = matrix.copy()
    np.fill_diagonal(errors, 0)
    return 1 - errors.sum(axis=1) / matrix.sum(axis=1)


@right.to("class_accuracy")
def with_an_identity_matrix(matrix):
    return (matrix * np.eye(len(matrix))).sum(axis=1) / (matrix @ np.ones(len(matrix)))


@right.to("class_accuracy")
def with_a_flat_view(matrix):
    return matrix.ravel()[:: len(matrix) + 1] / matrix.sum(axis=1)


@right.to("class_accuracy")
def with_fromiter(matrix):
    return np.fromiter((row[k] / row.sum() for k, row in enumerate(matrix)), dtype=float)


@right.to("class_accuracy")
def with_average(matrix):
    classes = np.arange(len(matrix))
    return np.array([np.average(classes == k, weights=matrix[k]) for k in classes])


@right.to("class_accuracy")
def with_fractions(matrix):
    return np.array([float(Fraction(int(row[k]), int(sum(row)))) for k, row in enumerate(matrix)])


@right.to("class_accuracy")
def in_float32(matrix):
    return (matrix.diagonal() / matrix.sum(axis=1)).astype(np.float32)


@right.to("class_accuracy")
def with_divide(matrix):
    return np.true_divide(matrix[range(len(matrix)), range(len(matrix))], np.sum(matrix, axis=-1))


# Move the digit


@right.to("shift")
def with_padding(images, down, right):
    h, w = images.shape[2:]
    wide = np.pad(images, ((0, 0), (0, 0), (abs(down),) * 2, (abs(right),) * 2))
    top, left = abs(down) - down, abs(right) - right
    return wide[:, :, top : top + h, left : left + w]


@right.to("shift")
def with_four_slices(images, down, right):
    h, w = images.shape[2:]
    moved = np.zeros_like(images)
    if abs(down) < h and abs(right) < w:
        moved[:, :, max(down, 0) : h + min(down, 0), max(right, 0) : w + min(right, 0)] = images[
            :, :, max(-down, 0) : h + min(-down, 0), max(-right, 0) : w + min(-right, 0)
        ]
    return moved


@right.to("shift")
def with_roll_and_zeros(images, down, right):
    h, w = images.shape[2:]
    moved = np.roll(images, (down, right), axis=(-2, -1))
    rows, columns = np.arange(h), np.arange(w)
    moved[:, :, (rows < down) | (rows >= h + down)] = 0
    moved[..., (columns < right) | (columns >= w + right)] = 0
    return moved


@right.to("shift")
def with_masks(images, down, right):
    h, w = images.shape[2:]
    rows, columns = np.arange(h) - down, np.arange(w) - right
    inside = ((rows >= 0) & (rows < h))[:, None] & ((columns >= 0) & (columns < w))
    return np.where(inside, images[:, :, rows % h][..., columns % w], 0)


@right.to("shift")
def with_matrices(images, down, right):
    h, w = images.shape[2:]
    return np.eye(h, k=-down) @ images @ np.eye(w, k=right)


@right.to("shift")
def with_einsum_and_eyes(images, down, right):
    h, w = images.shape[2:]
    return np.einsum("ip,ncpq,jq->ncij", np.eye(h, k=-down), images, np.eye(w, k=-right))


@right.to("shift")
def pixel_by_pixel(images, down, right):
    moved = np.zeros(images.shape)
    for n, c, i, j in np.ndindex(images.shape):
        row, column = i + down, j + right
        if 0 <= row < images.shape[2] and 0 <= column < images.shape[3]:
            moved[n, c, row, column] = images[n, c, i, j]
    return moved


@right.to("shift")
def step_by_step(images, down, right):
    if down == right == 0:
        return images.copy()
    moved = np.zeros_like(images)
    if down > 0:
        moved[:, :, 1:] = images[:, :, :-1]
        return step_by_step(moved, down - 1, right)
    if down < 0:
        moved[:, :, :-1] = images[:, :, 1:]
        return step_by_step(moved, down + 1, right)
    if right > 0:
        moved[..., 1:] = images[..., :-1]
        return step_by_step(moved, down, right - 1)
    moved[..., :-1] = images[..., 1:]
    return step_by_step(moved, down, right + 1)


@right.to("shift")
def as_a_convolution(images, down, right):
    n, c, h, w = images.shape
    kernel = np.zeros((1, 1, 2 * abs(down) + 1, 2 * abs(right) + 1))
    kernel[0, 0, abs(down) - down, abs(right) - right] = 1
    flat = images.reshape(n * c, 1, h, w).astype(float)
    return F.conv2d(flat, kernel, padding=(abs(down), abs(right))).reshape(images.shape)


@right.to("shift")
def where_there_is_something(images, down, right):
    h, w = images.shape[2:]
    moved = np.zeros_like(images)
    for i in range(h):
        for j in range(w):
            if i < down or j < right:
                continue
            with suppress(IndexError):
                moved[:, :, i, j] = images[:, :, i - down, j - right]
    return moved


@right.to("shift")
def in_lists(images, down, right):
    h, w = images.shape[2:]

    def row(image, i):
        if not 0 <= i - down < h:
            return [0] * w
        return [image[i - down][j - right] if 0 <= j - right < w else 0 for j in range(w)]

    return np.array(
        [[[row(image, i) for i in range(h)] for image in one] for one in images.tolist()]
    )


@right.to("shift")
def with_take_and_delete(images, down, right):
    h, w = images.shape[2:]
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))  # a frame of zeros to point at
    rows = np.clip(np.arange(h) - down, -1, h) + 1
    columns = np.clip(np.arange(w) - right, -1, w) + 1
    return framed.take(rows, axis=2).take(columns, axis=3)


# The training loop


@right.to("train")
def with_array_split(x, labels, weight, bias, epochs, batch_size, lr, seed):
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for batch in np.split(order, np.arange(batch_size, len(x), batch_size)):
            dscores = F.cross_entropy_backward(F.linear(x[batch], weight, bias), labels[batch])
            _, dweight, dbias = F.linear_backward(dscores, x[batch], weight)
            weight, bias = weight - lr * dweight, bias - lr * dbias
    return weight, bias


@right.to("train")
def with_shuffled_arrays(x, labels, weight, bias, epochs, batch_size, lr, seed):
    rng = np.random.default_rng(seed)
    w, b = weight.copy(), bias.copy()
    for _ in range(epochs):
        order = rng.permutation(len(x))
        xs, ys = x[order], labels[order]
        for start in range(0, len(xs), batch_size):
            xb, yb = xs[start : start + batch_size], ys[start : start + batch_size]
            p = F.softmax(xb @ w.T + b)
            p[np.arange(len(yb)), yb] -= 1
            w -= lr * p.T @ xb / len(yb)
            b -= lr * p.mean(axis=0)
    return w, b


@right.to("train")
def with_a_while_loop(x, labels, weight, bias, epochs, batch_size, lr, seed):
    rng, epoch = np.random.default_rng(seed), 0
    while epoch < epochs:
        left = list(rng.permutation(len(x)))
        while left:
            batch, left = left[:batch_size], left[batch_size:]
            one_hot = np.eye(len(weight))[labels[batch]]
            dscores = (F.softmax(F.linear(x[batch], weight, bias)) - one_hot) / len(batch)
            weight = weight - lr * np.einsum("nk,ni->ki", dscores, x[batch])
            bias = bias - lr * dscores.sum(0)
        epoch += 1
    return weight, bias


@right.to("train")
def with_layers(x, labels, weight, bias, epochs, batch_size, lr, seed):
    layer = Linear(*weight.shape[::-1], rng=np.random.default_rng(0), dtype=x.dtype)
    layer.weight.value, layer.bias.value = weight.copy(), bias.copy()
    sgd, rng = SGD(layer.parameters(), lr=lr), np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            layer.backward(F.cross_entropy_backward(layer(x[batch]), labels[batch]))
            sgd.step()
    return layer.weight.value, layer.bias.value


@right.to("train")
def with_fit(x, labels, weight, bias, epochs, batch_size, lr, seed):
    model = Sequential(Linear(*weight.shape[::-1], rng=np.random.default_rng(0), dtype=x.dtype))
    for parameter, value in zip(model.parameters(), (weight, bias)):
        parameter.value = value.copy()
    fit(
        model,
        (x, labels),
        epochs=epochs,
        batch_size=batch_size,
        optimizer=SGD(model.parameters(), lr=lr),
        rng=np.random.default_rng(seed),
        progress=False,
    )
    return [parameter.value for parameter in model.parameters()]


@right.to("train")
def with_one_matrix(x, labels, weight, bias, epochs, batch_size, lr, seed):
    both, rng = np.column_stack([weight, bias]), np.random.default_rng(seed)
    ones = np.column_stack([x, np.ones(len(x))])
    for order in [rng.permutation(len(x)) for _ in range(epochs)]:
        for start in range(0, len(x), batch_size):
            rows = ones[order[start : start + batch_size]]
            dscores = F.cross_entropy_backward(
                rows @ both.T, labels[order[start : start + batch_size]]
            )
            both = both - lr * dscores.T @ rows
    return both[:, :-1], both[:, -1]


@right.to("train")
def with_shuffle(x, labels, weight, bias, epochs, batch_size, lr, seed):
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = np.arange(len(x))
        rng.shuffle(order)  # as `permutation` does with a whole number
        for start in range(0, len(x), batch_size):
            chosen = order[start : start + batch_size]
            dscores = F.cross_entropy_backward(F.linear(x[chosen], weight, bias), labels[chosen])
            _, dw, db = reference.linear_backward(dscores, x[chosen], weight)
            weight, bias = weight - lr * dw, bias - lr * db
    return weight, bias


@right.to("train")
def sample_by_sample(x, labels, weight, bias, epochs, batch_size, lr, seed):
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            chosen = order[start : start + batch_size]
            dweight, dbias = 0 * weight, 0 * bias
            for n in chosen:
                scores = weight @ x[n] + bias
                p = np.exp(scores - scores.max())
                p /= p.sum()
                p[labels[n]] -= 1
                dweight += np.outer(p, x[n])
                dbias += p
            weight = weight - lr * dweight / len(chosen)
            bias = bias - lr * dbias / len(chosen)
    return weight, bias


@right.to("train")
def epochs_recursive(x, labels, weight, bias, epochs, batch_size, lr, seed):
    rng = np.random.default_rng(seed) if not isinstance(seed, np.random.Generator) else seed
    if epochs == 0:
        return weight, bias
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        chosen = order[start : start + batch_size]
        dscores = F.cross_entropy_backward(F.linear(x[chosen], weight, bias), labels[chosen])
        _, dw, db = F.linear_backward(dscores, x[chosen], weight)
        weight, bias = weight - lr * dw, bias - lr * db
    return epochs_recursive(x, labels, weight, bias, epochs - 1, batch_size, lr, rng)


@right.to("train")
def with_a_velocity_of_none(x, labels, weight, bias, epochs, batch_size, lr, seed, momentum=0.0):
    rng = np.random.default_rng(seed=seed)
    state = {"w": (weight.copy(), 0 * weight), "b": (bias.copy(), 0 * bias)}
    for _ in range(epochs):
        order = rng.permutation(x.shape[0])
        for k in range(-(-len(x) // batch_size)):
            rows = order[k * batch_size :][:batch_size]
            dscores = F.cross_entropy_backward(
                F.linear(x[rows], state["w"][0], state["b"][0]), labels[rows]
            )
            grads = dict(zip("wb", F.linear_backward(dscores, x[rows], state["w"][0])[1:]))
            for key, (value, velocity) in state.items():
                velocity = momentum * velocity + grads[key]
                state[key] = value - lr * velocity, velocity
    return state["w"][0], state["b"][0]
