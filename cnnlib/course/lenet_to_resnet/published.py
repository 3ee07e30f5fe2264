"""What others have measured on ImageNet, and where they say so.

Three tables. `WINNERS` has the lowest classification error of each year's contest. `MEASURED` has
networks with the accuracy of weights that anybody can download, as one library states it for one
crop, except for the last row. Inception v3 sees 299×299 pixels, the others 224×224. The weights of
GoogLeNet, Inception v3, DenseNet-121 and EfficientNet-B0 were trained elsewhere and converted.
`GOOGLENET_TABLE` has the counts that GoogLeNet's paper prints for its layers.
"""

from typing import NamedTuple

__all__ = [
    "GOOGLENET_TABLE",
    "HUMANS",
    "MEASURED",
    "SECOND_RECIPE",
    "WINNERS",
    "Annotator",
    "Measured",
    "PrintedRow",
    "Winner",
]


class Winner(NamedTuple):
    """The entry with the fewest mistakes in one year's contest.

    Attributes
    ----------
    year : int
    team : str
    error : float
        Percent of the test photographs whose class is not among five guesses, without data from
        outside the contest.
    outside : float or None
        The same with data from outside, where such an entry was better.
    how : str
    source : str
    """

    year: int
    team: str
    error: float
    outside: float | None
    how: str
    source: str


_PAGE = "image-net.org/challenges/LSVRC/{}/results"

WINNERS: tuple[Winner, ...] = (
    Winner(2010, "NEC-UIUC", 28.2, None, "SIFT and LBP, coded, and SVMs", _PAGE.format(2010)),
    Winner(2011, "XRCE", 25.8, None, "Fisher vectors and linear classifiers", _PAGE.format(2011)),
    Winner(
        2012,
        "SuperVision",
        16.4,
        15.3,
        "AlexNet, five networks (seven with outside data)",
        "Krizhevsky, Sutskever and Hinton 2012, table 2",
    ),
    Winner(2013, "Clarifai", 11.7, 11.2, "several networks", _PAGE.format(2013)),
    Winner(
        2014,
        "GoogLeNet",
        6.7,
        None,
        "seven networks, 144 crops of each photograph",
        "Szegedy et al. 2015, table 2",
    ),
    Winner(2015, "MSRA", 3.6, None, "ResNet, six networks", "He et al. 2016, table 5"),
)


class Annotator(NamedTuple):
    """A person who sorted the contest's photographs: Russakovsky et al. 2015, section 6.4.

    Attributes
    ----------
    name : str
    practised, sorted : int
        Photographs to practise on, and photographs that count.
    error, googlenet : float
        Percent of mistakes with five guesses, and GoogLeNet's on the same photographs.
    """

    name: str
    practised: int
    sorted: int
    error: float
    googlenet: float


HUMANS: tuple[Annotator, ...] = (
    Annotator("A1", 500, 1500, 5.1, 6.8),
    Annotator("A2", 100, 258, 12.0, 5.8),
)


class Measured(NamedTuple):
    """A network with published weights.

    Attributes
    ----------
    name : str
    year : int
        Of the paper.
    parameters : int
    billions : float
        Multiply-adds for one photograph, in billions.
    accuracy : float
        Percent of ImageNet's validation photographs that are named right at the first guess, from
        one crop.
    source : str
    """

    name: str
    year: int
    parameters: int
    billions: float
    accuracy: float
    source: str


_TORCHVISION = "torchvision 0.29, models/{}.py, IMAGENET1K_V1"
_ALEX, _VGG, _RES = (_TORCHVISION.format(name) for name in ("alexnet", "vgg", "resnet"))

MEASURED: tuple[Measured, ...] = (
    Measured("AlexNet", 2012, 61_100_840, 0.714, 56.522, _ALEX),
    Measured("VGG-11", 2014, 132_863_336, 7.609, 69.020, _VGG),
    Measured("VGG-16", 2014, 138_357_544, 15.47, 71.592, _VGG),
    Measured("VGG-19", 2014, 143_667_240, 19.632, 72.376, _VGG),
    Measured("GoogLeNet", 2014, 6_624_904, 1.498, 69.778, _TORCHVISION.format("googlenet")),
    Measured("Inception v3", 2015, 27_161_264, 5.713, 77.294, _TORCHVISION.format("inception")),
    Measured("ResNet-18", 2015, 11_689_512, 1.814, 69.758, _RES),
    Measured("ResNet-34", 2015, 21_797_672, 3.664, 73.314, _RES),
    Measured("ResNet-50", 2015, 25_557_032, 4.089, 76.130, _RES),
    Measured("ResNet-101", 2015, 44_549_160, 7.801, 77.374, _RES),
    Measured("ResNet-152", 2015, 60_192_808, 11.514, 78.312, _RES),
    Measured("SqueezeNet 1.1", 2016, 1_235_496, 0.349, 58.178, _TORCHVISION.format("squeezenet")),
    Measured("DenseNet-121", 2016, 7_978_856, 2.834, 74.434, _TORCHVISION.format("densenet")),
    Measured("MobileNetV2", 2018, 3_504_872, 0.301, 71.878, _TORCHVISION.format("mobilenetv2")),
    Measured(
        "EfficientNet-B0", 2019, 5_288_548, 0.386, 77.692, _TORCHVISION.format("efficientnet")
    ),
    Measured(
        "EfficientNet-Lite0",
        2020,
        4_652_008,
        0.385,
        75.1,
        "tensorflow/tpu, models/official/efficientnet/lite/README.md (accuracy in float32); "
        "parameters and multiply-adds counted by cnnlib",
    ),
)

# The same ResNet-50, trained anew with a later recipe: the network has not changed.
SECOND_RECIPE = Measured(
    "ResNet-50, later recipe",
    2021,
    25_557_032,
    4.089,
    80.858,
    "torchvision 0.29, models/resnet.py, IMAGENET1K_V2",
)


class PrintedRow(NamedTuple):
    """A row of the table in GoogLeNet's paper, as it is printed: Szegedy et al. 2015, table 1.

    Attributes
    ----------
    layer : str
    size : int
        Height and width of its maps.
    kilo : float
        Parameters, in thousands or in units of 1,024: the paper does not say.
    mega : float
        Operations, in millions.
    """

    layer: str
    size: int
    kilo: float
    mega: float


GOOGLENET_TABLE: tuple[PrintedRow, ...] = (
    PrintedRow("convolution 7×7", 112, 2.7, 34),
    PrintedRow("convolution 3×3", 56, 112, 360),
    PrintedRow("inception 3a", 28, 159, 128),
    PrintedRow("inception 3b", 28, 380, 304),
    PrintedRow("inception 4a", 14, 364, 73),
    PrintedRow("inception 4b", 14, 437, 88),
    PrintedRow("inception 4c", 14, 463, 100),
    PrintedRow("inception 4d", 14, 580, 119),
    PrintedRow("inception 4e", 14, 840, 170),
    PrintedRow("inception 5a", 7, 1072, 54),
    PrintedRow("inception 5b", 7, 1388, 71),
    PrintedRow("linear", 1, 1000, 1),
)
