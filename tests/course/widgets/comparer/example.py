"""A widget that all rules for widgets are tried on."""

import numpy as np

from cnnlib.architectures import course_cnn, googlenet, lenet5, resnet18
from cnnlib.course.widgets import NetworkComparer


def example() -> NetworkComparer:
    rng = np.random.default_rng(0)
    summaries = {
        "ResNet-18": resnet18(rng).summary((3, 224, 224)),
        "LeNet-5": lenet5(rng).summary((1, 32, 32)),
        "GoogLeNet": googlenet(rng).summary((3, 224, 224)),
        "the course's": course_cnn(rng).summary((1, 28, 28)),
    }
    published = {
        "ResNet-18": {"year": "2015", "error, %": 10.5},
        "GoogLeNet": {"year": "2014", "error, %": 6.5, "source": "somebody's table of errors"},
        "LeNet-5": {"year": "1998"},
    }
    return NetworkComparer(summaries, published, network="LeNet-5", measure="multiply-adds")
