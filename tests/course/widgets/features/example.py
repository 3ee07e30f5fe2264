"""A widget that all rules for widgets are tried on."""

from subjects import digits, photographs

from cnnlib.course.widgets import FeatureMapBrowser


def example() -> FeatureMapBrowser:
    return FeatureMapBrowser({"photographs": photographs(), "digits": digits()}, layer=3, channel=1)
