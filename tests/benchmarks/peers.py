"""How other courses in NumPy compute a convolution, written anew after what they publish.

Each is a pair: ``forward(x, weight, bias, padding)`` returns the output and the matrix of windows,
``backward(dout, x, weight, columns, padding)`` the gradients of x, weight and bias. Stride 1.

- `from_scratch`: as in Saitoh's "Deep learning from scratch", chapter 7. The matrix of windows has
  a row for each of them, and is filled place by place of the window; the way back adds up place by
  place.
- `cs231n`: as the "fast layers" of Stanford's CS231n without their compiled part. The matrix has a
  column for each window; arrays of indices pick the pixels, and `numpy.add.at` adds them up again.
"""

import numpy as np

Pixels = np.ndarray


def _padded(x: Pixels, padding: int) -> Pixels:
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def _cropped(x: Pixels, padding: int) -> Pixels:
    return x[:, :, padding : x.shape[2] - padding, padding : x.shape[3] - padding]


def _row_forward(x: Pixels, weight: Pixels, bias: Pixels, padding: int) -> tuple[Pixels, Pixels]:
    (n, c, h, w), (c_out, _, kh, kw) = x.shape, weight.shape
    oh, ow = h + 2 * padding - kh + 1, w + 2 * padding - kw + 1
    padded, columns = _padded(x, padding), np.zeros((n, c, kh, kw, oh, ow), x.dtype)
    for i in range(kh):
        for j in range(kw):
            columns[:, :, i, j] = padded[:, :, i : i + oh, j : j + ow]
    columns = columns.transpose(0, 4, 5, 1, 2, 3).reshape(n * oh * ow, -1)
    y = columns @ weight.reshape(c_out, -1).T + bias
    return y.reshape(n, oh, ow, c_out).transpose(0, 3, 1, 2), columns


def _row_backward(
    dout: Pixels, x: Pixels, weight: Pixels, columns: Pixels, padding: int
) -> tuple[Pixels, Pixels, Pixels]:
    (n, c, _, _), (c_out, _, kh, kw), (oh, ow) = x.shape, weight.shape, dout.shape[2:]
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, c_out)
    dweight = (columns.T @ rows).T.reshape(weight.shape)
    sent = (rows @ weight.reshape(c_out, -1)).reshape(n, oh, ow, c, kh, kw)
    sent = sent.transpose(0, 3, 4, 5, 1, 2)
    dx = np.zeros_like(_padded(x, padding))
    for i in range(kh):
        for j in range(kw):
            dx[:, :, i : i + oh, j : j + ow] += sent[:, :, i, j]
    return _cropped(dx, padding), dweight, rows.sum(axis=0)


def _indices(x: Pixels, weight: Pixels, padding: int) -> tuple[Pixels, Pixels, Pixels]:
    """Return channel, row and column of each pixel of each window: places down, windows across."""
    (_, c, h, w), (kh, kw) = x.shape, weight.shape[2:]
    oh, ow = h + 2 * padding - kh + 1, w + 2 * padding - kw + 1
    channel, i, j = (part.reshape(-1, 1) for part in np.indices((c, kh, kw)))
    top, left = (part.reshape(1, -1) for part in np.indices((oh, ow)))
    return channel, i + top, j + left


def _index_forward(x: Pixels, weight: Pixels, bias: Pixels, padding: int) -> tuple[Pixels, Pixels]:
    (n, c, h, w), (c_out, _, kh, kw) = x.shape, weight.shape
    channel, i, j = _indices(x, weight, padding)
    columns = _padded(x, padding)[:, channel, i, j].transpose(1, 2, 0).reshape(c * kh * kw, -1)
    y = weight.reshape(c_out, -1) @ columns + bias[:, None]
    size = h + 2 * padding - kh + 1, w + 2 * padding - kw + 1
    return y.reshape(c_out, *size, n).transpose(3, 0, 1, 2), columns


def _index_backward(
    dout: Pixels, x: Pixels, weight: Pixels, columns: Pixels, padding: int
) -> tuple[Pixels, Pixels, Pixels]:
    n, c_out = len(x), len(weight)
    rows = dout.transpose(1, 2, 3, 0).reshape(c_out, -1)
    dweight = (rows @ columns.T).reshape(weight.shape)
    sent = (weight.reshape(c_out, -1).T @ rows).reshape(columns.shape[0], -1, n)
    dx = np.zeros_like(_padded(x, padding))
    np.add.at(dx, (slice(None), *_indices(x, weight, padding)), sent.transpose(2, 0, 1))
    return _cropped(dx, padding), dweight, rows.sum(axis=1)


from_scratch = _row_forward, _row_backward
cs231n = _index_forward, _index_backward
