"""Networks with a name, from the one that the course trains to EfficientNet-Lite0.

Each takes a generator for its first weights and returns a `Sequential`. Weights are made when they
are first used, so that ``vgg16(rng).summary((3, 224, 224))`` costs next to nothing.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from cnnlib.checks import integer
from cnnlib.further import ZeroPad2d, same_border
from cnnlib.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    ReLU6,
    Tanh,
)
from cnnlib.model import Parallel, Residual, Sequential
from cnnlib.shapes import output_size

__all__ = [
    "alexnet",
    "course_cnn",
    "efficientnet_lite0",
    "googlenet",
    "lenet5",
    "resnet18",
    "resnet50",
    "vgg16",
]


def course_cnn(
    rng: np.random.Generator,
    dtype: npt.DTypeLike = np.float32,
    width: int = 1,
    dropout: float = 0.0,
    batch_norm: bool = False,
    kernel_size: int = 5,
    padding: int = 0,
) -> Sequential:
    """Return the network that the course trains: convolution, ReLU, pool, twice; then two dense.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights.
    dtype : float32 or float64
    width : int
        How many times as many filters and hidden values as in the course, for harder pictures.
    dropout : float
        Probability with which a training step drops each value that the dense layers get. With 0
        there is no layer for it.
    batch_norm : bool
        Whether batch normalisation follows each convolution.
    kernel_size, padding : int
        Of both convolutions.

    Returns
    -------
    Sequential
        Takes (N, 1, 28, 28), returns 10 scores for each image.

    Examples
    --------
    >>> model = course_cnn(np.random.default_rng(0))
    >>> model(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape
    (2, 10)
    """
    first, second, hidden = (integer("course_cnn", "width", width, 1) * k for k in (16, 32, 128))
    drop = [Dropout(dropout, rng=rng)] if dropout else []

    def conv(c_in: int, c_out: int) -> list[Layer]:
        norm: list[Layer] = [BatchNorm2d(c_out, dtype=dtype)] if batch_norm else []
        return [Conv2d(c_in, c_out, kernel_size, padding=padding, rng=rng, dtype=dtype), *norm]

    side = 28  # with the course's kernels: 28 → 24 → 12 → 8 → 4
    for _ in range(2):
        side = output_size(output_size(side, kernel_size, padding=padding), 2, stride=2)

    return Sequential(
        *conv(1, first),
        ReLU(),
        MaxPool2d(2),
        *conv(first, second),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        *drop,
        Linear(second * side * side, hidden, rng=rng, dtype=dtype),
        ReLU(),
        Linear(hidden, 10, rng=rng, dtype=dtype),
    )


def lenet5(
    rng: np.random.Generator, num_classes: int = 10, dtype: npt.DTypeLike = np.float32
) -> Sequential:
    """Return LeNet-5 with its second convolution (C3) connected to all six maps.

    The paper connects each map of C3 to some of the six only, trains a scale and a shift in each
    pooling layer, and compares with drawn templates at the end: 60,000 parameters. Those three
    are left out here, as is usual today: 61,706 parameters.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights.
    num_classes : int
    dtype : float32 or float64

    Returns
    -------
    Sequential
        Takes (N, 1, 32, 32).

    Examples
    --------
    >>> lenet5(np.random.default_rng(0)).summary((1, 32, 32)).parameters
    61706

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
    1998, section II.B.
    """
    return Sequential(
        Conv2d(1, 6, 5, rng=rng, dtype=dtype),
        Tanh(),
        AvgPool2d(2),
        Conv2d(6, 16, 5, rng=rng, dtype=dtype),
        Tanh(),
        AvgPool2d(2),
        Conv2d(16, 120, 5, rng=rng, dtype=dtype),
        Tanh(),
        Flatten(),
        Linear(120, 84, rng=rng, dtype=dtype),
        Tanh(),
        Linear(84, num_classes, rng=rng, dtype=dtype),
    )


def alexnet(
    rng: np.random.Generator,
    num_classes: int = 1000,
    groups: int = 1,
    dtype: npt.DTypeLike = np.float32,
) -> Sequential:
    """Return AlexNet, in one tower or in the two groups that the paper spread over two GPUs.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights, and what dropout drops.
    num_classes : int
    groups : int
        1, or 2 for the grouped convolutions of the paper (CONV2, CONV4 and CONV5).
    dtype : float32 or float64

    Returns
    -------
    Sequential
        Takes (N, 3, 227, 227).

    Examples
    --------
    >>> [alexnet(np.random.default_rng(0), groups=g).summary((3, 227, 227)).parameters
    ...  for g in (1, 2)]
    [62378344, 60965224]

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks", 2012, section 3.5. Its 224×224 input does not fit its own first layer; 227 does.
    """

    def conv(
        c_in: int, c_out: int, size: int, groups: int = 1, stride: int = 1, padding: int = 0
    ) -> Conv2d:
        return Conv2d(c_in, c_out, size, stride, padding, groups, rng=rng, dtype=dtype)

    def norm() -> LocalResponseNorm:
        return LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)

    return Sequential(
        conv(3, 96, 11, stride=4),
        ReLU(),
        norm(),
        MaxPool2d(3, stride=2),
        conv(96, 256, 5, groups, padding=2),
        ReLU(),
        norm(),
        MaxPool2d(3, stride=2),
        conv(256, 384, 3, padding=1),
        ReLU(),
        conv(384, 384, 3, groups, padding=1),
        ReLU(),
        conv(384, 256, 3, groups, padding=1),
        ReLU(),
        MaxPool2d(3, stride=2),
        Flatten(),
        Linear(256 * 6 * 6, 4096, rng=rng, dtype=dtype),
        ReLU(),
        Dropout(0.5, rng=rng),
        Linear(4096, 4096, rng=rng, dtype=dtype),
        ReLU(),
        Dropout(0.5, rng=rng),
        Linear(4096, num_classes, rng=rng, dtype=dtype),
    )


def vgg16(
    rng: np.random.Generator, num_classes: int = 1000, dtype: npt.DTypeLike = np.float32
) -> Sequential:
    """Return VGG-16: nothing but 3×3 convolutions, stacked, and 2×2 pools.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights, and what dropout drops.
    num_classes : int
    dtype : float32 or float64

    Returns
    -------
    Sequential
        Takes (N, 3, 224, 224).

    Examples
    --------
    >>> vgg16(np.random.default_rng(0)).summary((3, 224, 224)).parameters
    138357544

    References
    ----------
    Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition",
    2015, table 1, column D.
    """
    layers: list[Layer] = []
    channels = 3
    for filters, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(repeats):
            layers += [Conv2d(channels, filters, 3, padding=1, rng=rng, dtype=dtype), ReLU()]
            channels = filters
        layers.append(MaxPool2d(2))
    layers.append(Flatten())
    features = 512 * 7 * 7
    for _ in range(2):
        layers += [Linear(features, 4096, rng=rng, dtype=dtype), ReLU(), Dropout(0.5, rng=rng)]
        features = 4096
    return Sequential(*layers, Linear(features, num_classes, rng=rng, dtype=dtype))


def googlenet(
    rng: np.random.Generator, num_classes: int = 1000, dtype: npt.DTypeLike = np.float32
) -> Sequential:
    """Return GoogLeNet (Inception v1) without its auxiliary heads.

    The paper rounds the sizes of its pools up; here a padding of 1 gives the same sizes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights, and what dropout drops.
    num_classes : int
    dtype : float32 or float64

    Returns
    -------
    Sequential
        Takes (N, 3, 224, 224).

    Examples
    --------
    >>> googlenet(np.random.default_rng(0)).summary((3, 224, 224)).parameters
    6998552

    References
    ----------
    Szegedy et al., "Going deeper with convolutions", 2015, table 1.
    """

    def conv(c_in: int, c_out: int, size: int, stride: int = 1) -> list[Layer]:
        layer = Conv2d(c_in, c_out, size, stride, size // 2, rng=rng, dtype=dtype)
        return [layer, ReLU()]

    def pool() -> MaxPool2d:
        return MaxPool2d(3, stride=2, padding=1)

    def norm() -> LocalResponseNorm:
        return LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)

    def inception(c_in: int, one: int, r3: int, three: int, r5: int, five: int, p: int) -> Parallel:
        return Parallel(
            Sequential(*conv(c_in, one, 1)),
            Sequential(*conv(c_in, r3, 1), *conv(r3, three, 3)),
            Sequential(*conv(c_in, r5, 1), *conv(r5, five, 5)),
            Sequential(MaxPool2d(3, stride=1, padding=1), *conv(c_in, p, 1)),
        )

    return Sequential(
        *conv(3, 64, 7, stride=2),
        pool(),
        norm(),
        *conv(64, 64, 1),
        *conv(64, 192, 3),
        norm(),
        pool(),
        inception(192, 64, 96, 128, 16, 32, 32),
        inception(256, 128, 128, 192, 32, 96, 64),
        pool(),
        inception(480, 192, 96, 208, 16, 48, 64),
        inception(512, 160, 112, 224, 24, 64, 64),
        inception(512, 128, 128, 256, 24, 64, 64),
        inception(512, 112, 144, 288, 32, 64, 64),
        inception(528, 256, 160, 320, 32, 128, 128),
        pool(),
        inception(832, 256, 160, 320, 32, 128, 128),
        inception(832, 384, 192, 384, 48, 128, 128),
        GlobalAvgPool2d(),
        Flatten(),
        Dropout(0.4, rng=rng),
        Linear(1024, num_classes, rng=rng, dtype=dtype),
    )


def _resnet(
    rng: np.random.Generator,
    block: Callable[[int, int, int], Sequential],
    expansion: int,
    repeats: tuple[int, ...],
    num_classes: int,
    dtype: npt.DTypeLike,
) -> Sequential:
    """Return the stem, four stages of residual blocks, and the head."""
    layers: list[Layer] = [
        Conv2d(3, 64, 7, stride=2, padding=3, bias=False, rng=rng, dtype=dtype),
        BatchNorm2d(64, dtype=dtype),
        ReLU(),
        MaxPool2d(3, stride=2, padding=1),
    ]
    channels = 64
    for stage, count in enumerate(repeats):
        width = 64 * 2**stage
        for position in range(count):
            stride = 2 if stage > 0 and position == 0 else 1
            main = block(channels, width, stride)
            shortcut = None
            if stride != 1 or channels != width * expansion:
                # The shortcut must arrive with the same shape to be added.
                shortcut = Sequential(
                    Conv2d(
                        channels, width * expansion, 1, stride, bias=False, rng=rng, dtype=dtype
                    ),
                    BatchNorm2d(width * expansion, dtype=dtype),
                )
            layers += [Residual(main, shortcut), ReLU()]
            channels = width * expansion
    return Sequential(
        *layers, GlobalAvgPool2d(), Flatten(), Linear(channels, num_classes, rng=rng, dtype=dtype)
    )


def resnet18(
    rng: np.random.Generator, num_classes: int = 1000, dtype: npt.DTypeLike = np.float32
) -> Sequential:
    """Return ResNet-18: blocks of two 3×3 convolutions with a shortcut around each.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights.
    num_classes : int
    dtype : float32 or float64

    Returns
    -------
    Sequential
        Takes (N, 3, 224, 224); smaller images work too.

    Examples
    --------
    >>> resnet18(np.random.default_rng(0)).summary((3, 224, 224)).parameters
    11689512

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016, table 1.
    """

    def block(c_in: int, width: int, stride: int) -> Sequential:
        return Sequential(
            Conv2d(c_in, width, 3, stride, 1, bias=False, rng=rng, dtype=dtype),
            BatchNorm2d(width, dtype=dtype),
            ReLU(),
            Conv2d(width, width, 3, 1, 1, bias=False, rng=rng, dtype=dtype),
            BatchNorm2d(width, dtype=dtype),
        )

    return _resnet(rng, block, 1, (2, 2, 2, 2), num_classes, dtype)


def resnet50(
    rng: np.random.Generator, num_classes: int = 1000, dtype: npt.DTypeLike = np.float32
) -> Sequential:
    """Return ResNet-50: bottleneck blocks, 1×1 to shrink, 3×3, 1×1 to widen again.

    As in PyTorch's model library the stride sits in the 3×3 convolution; the paper had it in the
    first 1×1. The parameters are the same.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights.
    num_classes : int
    dtype : float32 or float64

    Returns
    -------
    Sequential
        Takes (N, 3, 224, 224); smaller images work too.

    Examples
    --------
    >>> resnet50(np.random.default_rng(0)).summary((3, 224, 224)).parameters
    25557032

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016, table 1.
    """

    def block(c_in: int, width: int, stride: int) -> Sequential:
        return Sequential(
            Conv2d(c_in, width, 1, bias=False, rng=rng, dtype=dtype),
            BatchNorm2d(width, dtype=dtype),
            ReLU(),
            Conv2d(width, width, 3, stride, 1, bias=False, rng=rng, dtype=dtype),
            BatchNorm2d(width, dtype=dtype),
            ReLU(),
            Conv2d(width, 4 * width, 1, bias=False, rng=rng, dtype=dtype),
            BatchNorm2d(4 * width, dtype=dtype),
        )

    return _resnet(rng, block, 4, (3, 4, 6, 3), num_classes, dtype)


# Of each stage: blocks, kernel size, stride of the first block, expansion, channels out.
_LITE0_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def efficientnet_lite0(
    rng: np.random.Generator,
    num_classes: int = 1000,
    folded: bool = False,
    dtype: npt.DTypeLike = np.float32,
) -> Sequential:
    """Return EfficientNet-Lite0, made for phones: inverted blocks of depthwise convolutions.

    A block widens its channels with a 1×1 convolution, looks around in each channel by itself with
    a depthwise one, and narrows them again. Where it changes neither size nor channels, a shortcut
    leads around it.

    Its padding is TensorFlow's "same": where a window moves by 2, the odd pixel comes at the end.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights, and what dropout drops.
    num_classes : int
    folded : bool
        Give each convolution a bias and leave out batch normalisation and dropout. A trained
        network is folded so for use: there a normalisation is one factor and one summand a filter.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        Takes (N, 3, 224, 224); other sizes that 32 divides work too.

    Examples
    --------
    >>> summary = efficientnet_lite0(np.random.default_rng(0)).summary((3, 224, 224))
    >>> summary.parameters, summary.multiply_adds
    (4652008, 385187552)

    References
    ----------
    Tan and Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", 2019,
    table 1. Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020:
    ReLU6 in place of swish, no squeeze-and-excitation.
    """

    def conv(c_in: int, c_out: int, size: int = 1, stride: int = 1, groups: int = 1) -> list[Layer]:
        before, after = same_border(224, size, stride)  # the same for every even size
        padding, border = before, list[Layer]()
        if before != after:
            padding, border = 0, [ZeroPad2d((before, after, before, after))]
        layer = Conv2d(c_in, c_out, size, stride, padding, groups, folded, rng=rng, dtype=dtype)
        norm = [] if folded else [BatchNorm2d(c_out, eps=1e-3, momentum=0.01, dtype=dtype)]
        return [*border, layer, *norm]

    def block(c_in: int, c_out: int, size: int, stride: int, expansion: int) -> Layer:
        wide = c_in * expansion
        layers = [*conv(c_in, wide), ReLU6()] if expansion > 1 else []
        layers += [*conv(wide, wide, size, stride, groups=wide), ReLU6(), *conv(wide, c_out)]
        main = Sequential(*layers)
        return Residual(main) if stride == 1 and c_in == c_out else main

    layers: list[Layer] = [*conv(3, 32, 3, stride=2), ReLU6()]
    channels = 32
    for repeats, size, stride, expansion, c_out in _LITE0_STAGES:
        for position in range(repeats):
            step = 1 if position else stride
            layers.append(block(channels, c_out, size, step, expansion))
            channels = c_out
    layers += [*conv(channels, 1280), ReLU6(), GlobalAvgPool2d(), Flatten()]
    if not folded:
        layers.append(Dropout(0.2, rng=rng))
    return Sequential(*layers, Linear(1280, num_classes, rng=rng, dtype=dtype))
