"""The convolution, backwards."""

import numpy as np

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.course.backpropagation.exercises.shared import chapter, maps
from cnnlib.course.judge.numbers import halves, random_dtype
from cnnlib.course.judge.run import Call, case


def _conv_case(rng: np.random.Generator) -> Call:
    dtype, n, c_in, c_out = random_dtype(rng), *rng.integers(1, 3, 3)
    kh, kw = rng.integers(1, 4, 2)
    stride, padding = int(rng.integers(1, 4)), int(rng.integers(0, 3))
    h, w = (int(max(1, k - 2 * padding) + rng.integers(0, 4)) for k in (kh, kw))
    x = halves(rng, n, c_in, h, w, dtype=dtype)
    weight = halves(rng, c_out, c_in, kh, kw, dtype=dtype)
    size = ((a + 2 * padding - k) // stride + 1 for a, k in ((h, kh), (w, kw)))
    given = {} if stride == 1 and rng.random() < 0.5 else {"stride": stride}
    given |= {} if padding == 0 else {"padding": padding}
    return case(halves(rng, n, c_out, *size, dtype=dtype), x, weight, **given)


_image = maps([3, 1, 2], [0, 4, 1], [2, 5, 3])
_kernel = maps([1, -2], [3, 2])


@chapter.coding(
    "The convolution, backwards",
    level=3,
    minutes=20,
    parts=("dx", "dweight", "dbias"),
    hand=[
        (
            case(maps([1, 2], [-1, 3]), _image, _kernel),
            (
                maps([1, 0, -4], [2, 13, -2], [-3, 7, 6]),
                maps([17, 4], [21, 10]),
                np.array([5.0]),
            ),
        ),
        (
            case(maps([1, 2], [-1, 3]), _image, _kernel, stride=2, padding=1),
            (
                maps([2, 6, 4], [2, 3, -6], [-2, 9, 6]),
                maps([12, 3], [17, 14]),
                np.array([5.0]),
            ),
        ),
    ],
    cases=_conv_case,
    oracle=reference.conv2d_backward,
    hints=[
        "Walk through the outputs, `for n, o, i, j in np.ndindex(dout.shape)`. Which window of the "
        "padded input made this output, and through which filter?",
        "Forward, the output was the sum of `window * weight[o]`. Times swaps: the window gets "
        "`d * weight[o]`, the filter gets `d * window`, and the bias gets `d`. Add each with `+=`.",
        "Keep two arrays of zeros in the padded size and in the size of `weight`. At the end cut "
        "the border off the first: rows from `padding` to `padding + h`, and columns likewise.",
    ],
)
def conv2d_backward(dout, x, weight, stride=1, padding=0):
    """Hand each output's gradient to the pixels and weights that made it."""
    p, (h, w), (kh, kw) = padding, x.shape[2:], weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dpadded, dweight = np.zeros_like(padded), np.zeros_like(weight)
    dbias = np.zeros(len(weight), weight.dtype)
    for n, o, i, j in np.ndindex(dout.shape):
        d = dout[n, o, i, j]
        rows = slice(i * stride, i * stride + kh)
        columns = slice(j * stride, j * stride + kw)
        dpadded[n, :, rows, columns] += d * weight[o]
        dweight[o] += d * padded[n, :, rows, columns]
        dbias[o] += d
    return dpadded[:, :, p : p + h, p : p + w], dweight, dbias


def _conv_slip(change):
    """Return a convolution's backward whose right results go through `change`."""

    def slip(dout, x, weight, stride=1, padding=0):
        dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
        return change(dx, dweight, dbias, dout)

    return slip


def _padded(x, padding):
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


@conv2d_backward.mistake(
    "This `dx` belongs to the kernel turned by half a turn. Handing out shares needs no flip; in "
    "`pad(dout) ⋆ flip(W)` it is needed once."
)
def _flip(dout, x, weight, stride=1, padding=0):
    _, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    turned = np.ascontiguousarray(weight[:, :, ::-1, ::-1])
    return F.conv2d_backward(dout, x, turned, stride, padding)[0], dweight, dbias


@conv2d_backward.mistake(
    "`dweight` is turned by half a turn. Only the law for `dx` has a flip; `dweight` is the input "
    "⋆ `dout`, as it stands."
)
@_conv_slip
def _flipped_weights(dx, dweight, dbias, dout):
    return dx, dweight[:, :, ::-1, ::-1], dbias


def _shares(give):
    """Return a convolution's backward that goes from output to output and hands out by `give`."""

    def slip(dout, x, weight, stride=1, padding=0):
        (h, w), (kh, kw), p = x.shape[2:], weight.shape[2:], padding
        padded, dweight = _padded(x, p), np.zeros_like(weight)
        dpadded = np.zeros_like(padded)
        for n, o, i, j in np.ndindex(dout.shape):
            rows, columns = (slice(a, a + k) for a, k in ((i * stride, kh), (j * stride, kw)))
            place = n, slice(None), rows, columns
            give(dpadded[place], dweight[o], padded[place], weight[o], dout[n, o, i, j])
        return dpadded[:, :, p : p + h, p : p + w], dweight, dout.sum(axis=(0, 2, 3))

    return slip


@conv2d_backward.mistake(
    "Where windows overlap, `dx` keeps only the last share. Paths meet there, and gradients add: "
    "`+=`, not `=`."
)
@_shares
def _dx_overwritten(dwindow, dfilter, window, one_filter, d):
    dwindow[...] = d * one_filter
    dfilter += d * window


@conv2d_backward.mistake(
    "`dx` and `dweight` keep only the last share of each entry. Paths meet there, and gradients "
    "add: `+=`, not `=`."
)
@_shares
def _both_overwritten(dwindow, dfilter, window, one_filter, d):
    dwindow[...] = d * one_filter
    dfilter[...] = d * window


@conv2d_backward.mistake(
    "`dx` gets the weights without the gradient. Each share is `d * weight`, with `d` the entry of "
    "`dout`."
)
@_shares
def _dx_without_d(dwindow, dfilter, window, one_filter, d):
    dwindow += one_filter
    dfilter += d * window


@conv2d_backward.mistake(
    "`dweight` gets the pixels without the gradient. Each share is `d * pixel`, with `d` the entry "
    "of `dout`."
)
@_shares
def _dweight_without_d(dwindow, dfilter, window, one_filter, d):
    dwindow += d * one_filter
    dfilter += window


@conv2d_backward.mistake(
    "Each factor gets itself. Times swaps: the pixel gets `d` times the weight, and the weight "
    "gets `d` times the pixel."
)
@_shares
def _not_swapped(dwindow, dfilter, window, one_filter, d):
    dwindow += d * window
    dfilter += d * one_filter


@conv2d_backward.mistake(
    "It returns after the first output. Move `return` to the left, so that it comes after the "
    "loops."
)
def _returns_at_once(dout, x, weight, stride=1, padding=0):
    first = np.zeros_like(dout)
    first[0, 0, 0, 0] = dout[0, 0, 0, 0]
    return F.conv2d_backward(first, x, weight, stride, padding)


@conv2d_backward.mistake(
    "`dbias` is too large: its line is inside the loop over the weights. The bias is added "
    "once for each output."
)
def _bias_in_the_loop(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    return dx, dweight, dbias * weight[0].size


@conv2d_backward.mistake("The results are right, in another order. Return `dx, dweight, dbias`.")
@_conv_slip
def _other_order(dx, dweight, dbias, dout):
    return dweight, dx, dbias


@conv2d_backward.mistake(
    "`dweight` keeps only the share of the last output. A weight is used at every place of every "
    "image, and its paths add: `+=`, not `=`."
)
def _dweight_overwritten(dout, x, weight, stride=1, padding=0):
    dx, _, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    last = np.zeros_like(dout)
    last[-1, :, -1, -1] = dout[-1, :, -1, -1]
    return dx, F.conv2d_backward(last, x, weight, stride, padding)[1], dbias


def _conv_with_strides(dout, x, weight, sh, sw, padding):
    """Return the gradients as they come out when windows start every `sh` rows, `sw` columns."""
    (h, w), (kh, kw), p, (oh, ow) = x.shape[2:], weight.shape[2:], padding, dout.shape[2:]
    padded = _padded(x, p)
    seen = padded[:, :, : (oh - 1) * sh + kh, : (ow - 1) * sw + kw]
    dseen, dweight, dbias = F.conv2d_backward(dout, seen, weight, (sh, sw))
    dpadded = np.zeros_like(padded)
    dpadded[:, :, : seen.shape[2], : seen.shape[3]] = dseen
    return dpadded[:, :, p : p + h, p : p + w], dweight, dbias


@conv2d_backward.mistake(
    "The stride is not used. A window starts in row `i * stride` and column `j * stride`; in the "
    "two laws, `dout` gets `stride - 1` zeros between its entries."
)
def _no_stride(dout, x, weight, stride=1, padding=0):
    return _conv_with_strides(dout, x, weight, 1, 1, padding)


@conv2d_backward.mistake("The stride is used for rows but not for columns: `j * stride`.")
def _row_stride(dout, x, weight, stride=1, padding=0):
    return _conv_with_strides(dout, x, weight, stride, 1, padding)


@conv2d_backward.mistake("The stride is used for columns but not for rows: `i * stride`.")
def _column_stride(dout, x, weight, stride=1, padding=0):
    return _conv_with_strides(dout, x, weight, 1, stride, padding)


def _cropped(crop):
    """Return a convolution's backward that cuts the border off in its own way."""

    def slip(dout, x, weight, stride=1, padding=0):
        dpadded, dweight, dbias = F.conv2d_backward(dout, _padded(x, padding), weight, stride)
        return crop(dpadded, padding, *x.shape[2:]), dweight, dbias

    return slip


conv2d_backward.mistake(
    "`dx` still has the border of the padded input. Cut it off: what flows "
    "there belongs to no pixel."
)(_cropped(lambda dx, p, h, w: dx))
conv2d_backward.mistake(
    "Without padding `dx` is empty: `a[p:-p]` holds nothing where `p` is 0. Cut from `padding` to "
    "`padding + h`."
)(_cropped(lambda dx, p, h, w: dx[:, :, p:-p, p:-p]))
conv2d_backward.mistake(
    "The border of `dx` is cut at the top and left only. Padding is on all four sides: rows "
    "from `padding` to `padding + h`."
)(_cropped(lambda dx, p, h, w: dx[:, :, p:, p:]))
conv2d_backward.mistake(
    "`dx` has the right size, but it is cut from the wrong corner. The image begins `padding` rows "
    "and columns inside the padded one."
)(_cropped(lambda dx, p, h, w: dx[:, :, :h, :w]))


@conv2d_backward.mistake(
    "Without padding it is right. With padding, row `i * stride + k - padding` may be -1, and "
    "`x[-1]` is the *last* row: leave out places outside the image, or pad `x` first."
)
def _wraps_round(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), dout.sum(axis=(0, 2, 3))
    for n, o, i, j in np.ndindex(dout.shape):
        for k, m in np.ndindex(weight.shape[2:]):
            row, column = i * stride + k - padding, j * stride + m - padding
            dx[n, :, row, column] += dout[n, o, i, j] * weight[o, :, k, m]
            dweight[o, :, k, m] += dout[n, o, i, j] * x[n, :, row, column]
    return dx, dweight, dbias


@conv2d_backward.mistake(
    "`dbias` is not added up over the batch. One bias serves every image, so add over axes 0, 2 "
    "and 3."
)
@_conv_slip
def _bias_per_image(dx, dweight, dbias, dout):
    return dx, dweight, dout.sum(axis=(2, 3))


@conv2d_backward.mistake(
    "`dbias` is one number. Each filter has a bias of its own: keep axis 1, and add over the "
    "others."
)
@_conv_slip
def _bias_one_number(dx, dweight, dbias, dout):
    return dx, dweight, dout.sum()


@conv2d_backward.mistake(
    "`dbias` is a mean. A bias is added to every output cell, so it collects the *sum* of `dout`."
)
@_conv_slip
def _bias_mean(dx, dweight, dbias, dout):
    return dx, dweight, dout.mean(axis=(0, 2, 3))


@conv2d_backward.mistake(
    "`dweight` is divided by the batch size. The loss has done that already, inside `dout`: here "
    "it is a sum."
)
@_conv_slip
def _weight_mean(dx, dweight, dbias, dout):
    return dx, dweight / len(dout), dbias


@conv2d_backward.mistake(
    "`dweight` and `dbias` are divided by the batch size. The loss has done that already, inside "
    "`dout`: here they are sums."
)
@_conv_slip
def _both_means(dx, dweight, dbias, dout):
    return dx, dweight / len(dout), dbias / len(dout)


@conv2d_backward.mistake(
    "`dx` takes from the last filter only. A pixel is read by every filter, so its gradients add "
    "over the filters."
)
def _last_filter(dout, x, weight, stride=1, padding=0):
    _, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    last = np.zeros_like(dout)
    last[:, -1] = dout[:, -1]
    return F.conv2d_backward(last, x, weight, stride, padding)[0], dweight, dbias
