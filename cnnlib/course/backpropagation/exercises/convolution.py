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


def _conv_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(7)

    def of(x: tuple[int, ...], weight: tuple[int, ...], **given: int) -> Call:
        stride, padding = given.get("stride", 1), given.get("padding", 0)
        sides = [
            (a + 2 * padding - k) // stride + 1 for a, k in zip(x[2:], weight[2:], strict=True)
        ]
        shapes = (x[0], weight[0], *sides), x, weight
        return case(*(halves(rng, *shape) for shape in shapes), **given)

    dout, x, weight = of((1, 2, 4, 4), (2, 2, 3, 3)).args
    return {
        "the last rows and columns are read by no window": [
            of((1, 1, 4, 4), (1, 1, 2, 2), stride=3),
            of((1, 1, 3, 3), (1, 1, 2, 2), stride=2, padding=1),
        ],
        "the stride is larger than the kernel": [of((1, 2, 5, 6), (2, 2, 1, 2), stride=3)],
        "the kernel is larger than the image": [of((1, 1, 1, 2), (1, 1, 3, 3), padding=1)],
        "the padding is as large as the kernel": [of((1, 1, 2, 3), (1, 1, 2, 2), padding=2)],
        "the kernel is 1×1": [of((2, 3, 2, 2), (2, 3, 1, 1))],
        "the kernel covers the whole image": [of((2, 1, 3, 2), (2, 1, 3, 2))],
        "there are more than two images, channels and filters": [of((3, 4, 3, 4), (5, 4, 2, 2))],
        "there are as many images as channels and filters": [of((2, 2, 3, 3), (2, 2, 2, 2))],
        "every `dout` is 0": [case(0 * dout, x, weight)],
        "every weight is 0": [case(dout, x, 0 * weight)],
    }


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
    regions=_conv_regions(),
    oracle=reference.conv2d_backward,
    hints=[
        "Walk through the outputs, `for n, o, i, j in np.ndindex(dout.shape)`. Which window of the "
        "padded input made this output, and through which filter?",
        "Forward, the output was the sum of `window * weight[o]`. Times swaps: the window gets "
        "`d * weight[o]`, the filter gets `d * window`, and the bias gets `d`. Add each with `+=`.",
        "Keep an array of zeros in the padded size, and one in the size of `weight`. At the end "
        "cut the border off the first: rows from `padding` to `padding + h`, and columns "
        "likewise. With the two laws instead, rows and columns that no window reads need care: "
        "`dx` is 0 there, and `dweight` is cut to the size of `weight`.",
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
    "This is the `dx` of a kernel rotated by half a turn. Handing out shares needs no flip; the "
    "law for `dx` needs one."
)
def _flip(dout, x, weight, stride=1, padding=0):
    _, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    turned = np.ascontiguousarray(weight[:, :, ::-1, ::-1])
    return F.conv2d_backward(dout, x, turned, stride, padding)[0], dweight, dbias


@conv2d_backward.mistake(
    "`dweight` is rotated by half a turn. Only the law for `dx` has a flip; `dweight` is the input "
    "⋆ `dout`, with `dout` as it is."
)
@_conv_slip
def _flipped_weights(dx, dweight, dbias, dout):
    return dx, dweight[:, :, ::-1, ::-1], dbias


@conv2d_backward.mistake(
    "`dx` and `dweight` are those of a kernel rotated by half a turn. The forward pass does not "
    "flip the kernel: each output is the sum of its window times the weights as they are."
)
def _both_flipped(dout, x, weight, stride=1, padding=0):
    turned = np.ascontiguousarray(weight[:, :, ::-1, ::-1])
    dx, dweight, dbias = F.conv2d_backward(dout, x, turned, stride, padding)
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
    "Where several outputs read a pixel, `dx` holds only the last share. Paths meet there, and "
    "gradients add: is there an `=` where `+=` belongs?"
)
@_shares
def _dx_overwritten(dwindow, dfilter, window, one_filter, d):
    dwindow[...] = d * one_filter
    dfilter += d * window


@conv2d_backward.mistake(
    "`dx` and `dweight` hold only the last share of each entry. Paths meet there, and gradients "
    "add: is there an `=` where `+=` belongs?"
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
    "Only the first output hands out its shares. Is a `return` or a `break` inside the loops?"
)
def _returns_at_once(dout, x, weight, stride=1, padding=0):
    first = np.zeros_like(dout)
    first[0, 0, 0, 0] = dout[0, 0, 0, 0]
    return F.conv2d_backward(first, x, weight, stride, padding)


@conv2d_backward.mistake(
    "`dbias` is multiplied by the number of weights in a filter. The bias is added once for each "
    "output: is its line inside the loop over the weights?"
)
def _bias_in_the_loop(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    return dx, dweight, dbias * weight[0].size


@conv2d_backward.mistake(
    "In `dweight` filters and channels are exchanged. It has the shape of `weight`, (O, C, KH, KW)."
)
@_conv_slip
def _channels_first(dx, dweight, dbias, dout):
    return dx, dweight.swapaxes(0, 1), dbias


@conv2d_backward.mistake(
    "In `dweight` rows and columns are exchanged. It has the shape of `weight`, (O, C, KH, KW)."
)
@_conv_slip
def _columns_first(dx, dweight, dbias, dout):
    return dx, dweight.swapaxes(2, 3), dbias


@conv2d_backward.mistake(
    "`dx` is cut off after the last pixel that a window reads. The pixels after it get the "
    "gradient 0, so that `dx` has the shape of `x`."
)
def _without_the_rest(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    h, w = ((n - 1) * stride + k for n, k in zip(dout.shape[2:], weight.shape[2:], strict=True))
    return dx[:, :, : h - padding, : w - padding], dweight, dbias


@conv2d_backward.mistake(
    "`dweight` is too large where the last rows or columns are read by no window. Cut it to the "
    "size of `weight`."
)
def _with_the_rest(dout, x, weight, stride=1, padding=0):
    dx, _, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    wide = np.zeros((*dout.shape[:2], *((n - 1) * stride + 1 for n in dout.shape[2:])))
    wide[:, :, ::stride, ::stride] = dout
    sums = F.conv2d(*(a.swapaxes(0, 1).astype(wide.dtype) for a in (_padded(x, padding), wide)))
    return dx, sums.swapaxes(0, 1).astype(x.dtype), dbias


@conv2d_backward.mistake("The results are right, in another order. Return `dx, dweight, dbias`.")
@_conv_slip
def _other_order(dx, dweight, dbias, dout):
    return dweight, dx, dbias


@conv2d_backward.mistake(
    "`dweight` holds only the share of the last output. A weight is used at every place of every "
    "image, and its paths add: is there an `=` where `+=` belongs?"
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
    "`dx` has the right size, but it is cut out at the wrong corner. The image begins `padding` "
    "rows and columns inside the padded one."
)(_cropped(lambda dx, p, h, w: dx[:, :, :h, :w]))


@conv2d_backward.mistake(
    "Without padding it is right. With padding, what belongs to the border lands on the other side "
    "of the image: row `i * stride + k - padding` may be -1, and `x[-1]` is the last row. Leave "
    "out places outside the image, or pad `x` first."
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
    "`dbias` is a mean. A bias is added to every output cell, so it collects the sum of `dout`."
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
    "`dweight` is divided by the batch size, and `dbias` is a mean over all outputs. The loss has "
    "divided already, inside `dout`: here both are sums."
)
@_conv_slip
def _mean_of_each(dx, dweight, dbias, dout):
    return dx, dweight / len(dout), dout.mean(axis=(0, 2, 3))


@conv2d_backward.mistake(
    "`dx` holds the shares of the last filter only. A pixel is read by every filter, so its "
    "gradients add up over the filters: is there an `=` where `+=` belongs?"
)
def _last_filter(dout, x, weight, stride=1, padding=0):
    _, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    last = np.zeros_like(dout)
    last[:, -1] = dout[:, -1]
    return F.conv2d_backward(last, x, weight, stride, padding)[0], dweight, dbias
