"""The filter stepper: several filters slide over several channels, and every sum is shown."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import (
    as_maps,
    as_numbers,
    integer_within,
    refuse_wild,
    sizes,
    tidy,
    whole,
    written,
)
from cnnlib.functional import conv2d
from cnnlib.shapes import fitting_size
from cnnlib.types import Array

__all__ = ["FilterStepper"]

LIMITS = {"image": 28, "kernel": 7, "channels": 4, "filters": 4, "stride": 28, "padding": 6}


class FilterStepper(Widget):
    """Slide several filters over all channels of an image, and see one map for each filter.

    Every number of the image and of the filters can be edited in place, and stride and padding can
    be changed. What is edited in the browser can be read here; `output` is what `conv2d` makes of
    it.

    Parameters
    ----------
    image : array_like, shape (H, W) or (C, H, W)
        The input, at most 28×28 numbers in each of at most 4 channels.
    filters : array_like, shape (C_out, C, KH, KW)
        At most 4 filters, with a kernel of at most 7×7 for each channel.
    biases : array_like, shape (C_out,), optional
        Added to every cell of each filter's map; zeros unless given.
    stride : int
        How far the window moves at each step.
    padding : int
        How many borders of zeros are laid around each channel.

    Raises
    ------
    TypeError
        If an argument holds no numbers.
    ValueError
        If the shapes do not fit, or are too large to be shown as numbers.

    Examples
    --------
    >>> stepper = FilterStepper([[[5, 1, 7], [15, 5, 1]]], [[[[1, 0]]], [[[0, -1]]]], [0, 10])
    >>> stepper
    FilterStepper(1×2×3 image, 2 filters of 1×1×2, stride 1, padding 0 → 2×2×2 output)
    >>> stepper.output[:, 0]
    array([[5., 1.],
           [9., 3.]])
    """

    _esm = script("filters/widget.js")
    _css = styles("filters/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"limits": LIMITS}

    def __init__(
        self,
        image: npt.ArrayLike,
        filters: npt.ArrayLike,
        biases: npt.ArrayLike | None = None,
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        if biases is None:
            biases = [0] * len(np.atleast_1d(np.asarray(filters, dtype=object)))
        super().__init__(
            image=image, filters=filters, biases=biases, stride=stride, padding=padding
        )

    stride = setting("stride", "How far the window moves at each step.")
    padding = setting("padding", "How many borders of zeros are laid around each channel.")

    @property
    def image(self) -> Array:
        """The input, (C, H, W)."""
        return np.array(self.settings["image"])

    @property
    def filters(self) -> Array:
        """The weights, (C_out, C, KH, KW)."""
        return np.array(self.settings["filters"])

    @property
    def biases(self) -> Array:
        """One number for each filter, (C_out,)."""
        return np.array(self.settings["biases"])

    @property
    def output(self) -> Array:
        """The feature maps (C_out, OH, OW) that `conv2d` computes from the present settings."""
        image, weight, bias = (
            np.array(self.settings[name], dtype=np.float64)
            for name in ("image", "filters", "biases")
        )
        return conv2d(image[None], weight, bias, self.stride, self.padding)[0]

    def _checked(
        self,
        image: npt.ArrayLike,
        filters: npt.ArrayLike,
        biases: npt.ArrayLike,
        stride: int,
        padding: int,
    ) -> dict[str, Any]:
        op, channels = type(self).__name__, LIMITS["channels"]
        x = as_maps(op, "image", image, side=LIMITS["image"], channels=channels)
        weights = self._checked_filters(filters)
        if len(x) != weights.shape[1]:
            raise ValueError(
                f"{op}: image and filters differ in their channels: image has {len(x)}, each "
                f"filter has {weights.shape[1]}. Give each filter one kernel for each channel."
            )
        offsets = as_numbers(op, "biases", biases, "a row of numbers", "[0, 1]")
        if offsets.shape != weights.shape[:1]:
            raise ValueError(
                f"{op}: biases must have the shape ({len(weights)},), one number for each filter, "
                f"got shape {offsets.shape}."
            )
        refuse_wild(op, "biases", offsets)
        steps = {
            "stride": integer_within(op, "stride", stride, 1, LIMITS["stride"]),
            "padding": integer_within(op, "padding", padding, 0, LIMITS["padding"]),
        }
        for axis, size, kernel_size in zip(
            ("height", "width"), x.shape[1:], weights.shape[2:], strict=True
        ):
            fitting_size(op, axis, size, kernel_size, **steps)
        return {"image": tidy(x), "filters": tidy(weights), "biases": tidy(offsets), **steps}

    def _checked_filters(self, filters: npt.ArrayLike) -> Array:
        op = type(self).__name__
        weights = as_numbers(
            op, "filters", filters, "an array of numbers (C_out, C, KH, KW)", "[[[[1, 0]]]]"
        )
        if weights.ndim != 4 or weights.size == 0:
            raise ValueError(
                f"{op}: filters must have the shape (C_out, C, KH, KW), got shape {weights.shape}. "
                "A single filter (C, KH, KW) becomes a bank of one with filters[None]."
            )
        most = (LIMITS["filters"], LIMITS["channels"], LIMITS["kernel"], LIMITS["kernel"])
        if any(size > limit for size, limit in zip(weights.shape, most, strict=True)):
            raise ValueError(
                f"{op}: filters have the shape {weights.shape}; at most {most} can be read. "
                f"Show a part: filters[:{most[0]}, :{most[1]}, :{most[2]}, :{most[3]}]."
            )
        refuse_wild(op, "filters", weights)
        return weights

    def _picture(self) -> tuple[Figure, str]:
        image = np.pad(self.image, ((0, 0), *[(self.padding, self.padding)] * 2))
        image, filters, output = whole(image), whole(self.filters), whole(self.output)
        (count, channels, kh, kw), (oh, ow) = filters.shape, output.shape[1:]
        (height, width), rows = image.shape[1:], max(channels, count)
        ratios = [float(width), *[float(kw)] * count, 0.8, float(ow)]
        cell = min(0.42, 9.0 / (sum(ratios) + 1.5 * len(ratios)))
        tall = float(max(height, kh, oh)) + 1.6
        fig, axes = drawing.new(
            rows,
            count + 3,
            width=(sum(ratios) + 1.5 * len(ratios)) * cell,
            height=rows * tall * cell,
            width_ratios=ratios,
        )
        axes = np.array(axes).reshape(rows, count + 3)
        window, first = [(0, 0, kh, kw)], [(0, 0, 1, 1)]
        for c, line in enumerate(axes):
            if c < channels:
                drawing.grid(
                    image[c],
                    line[0],
                    title=f"input, channel {c}",
                    highlight=window,
                    padding=self.padding,
                )
                for f in range(count):
                    drawing.grid(
                        filters[f, c],
                        line[1 + f],
                        title=f"filter {f},\nkernel {c}",
                        highlight=window if f == 0 else None,
                    )
            if c < count:
                drawing.operator(line[-2], "→")
                title = f"map {c}, bias {written(self.biases[c])}"
                drawing.grid(output[c], line[-1], title=title, highlight=first if c == 0 else None)
        for ax in axes.flat:
            if not ax.texts:
                fig.delaxes(ax)
        told = "; ".join(f"map {f}, {drawing.grid_alt(one)}" for f, one in enumerate(output))
        alt = (
            f"{_many(count, 'filter')} over {_many(channels, 'channel')}, stride "
            f"{self.stride}, padding {self.padding}. The first window under filter 0 gives "
            f"{written(self.output[0, 0, 0])}. {told[0].upper()}{told[1:]}."
        )
        return fig, alt

    def __repr__(self) -> str:
        filters = f"{_many(len(self.filters), 'filter')} of {sizes(self.filters[0])}"
        return (
            f"FilterStepper({sizes(self.image)} image, {filters}, stride {self.stride}, padding "
            f"{self.padding} → {sizes(self.output)} output)"
        )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"
