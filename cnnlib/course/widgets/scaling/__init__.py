"""One machine to many: how long a training step takes when workers share it, and what is gained."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import (
    flag,
    integer_within,
    number_within,
    one_of,
    written,
)

__all__ = ["ScalingExplorer", "StepTimes", "step_times"]

# ResNet-50 on ImageNet, and the most that an H100 does in float32 without tensor cores (NVIDIA's
# data sheet, SXM version).
NUMBERS = 25_557_032
MULTIPLY_ADDS = 4_089_184_256
SPEED = 67e12
PHOTOS = 1_281_167

WAYS = {"ring": "a ring", "centre": "one in the middle"}
WIRES = {"Ethernet, 10 Gbit/s": 1.25, "InfiniBand, 400 Gbit/s": 50, "NVLink, 450 GB/s": 450}
MOST = 1024  # workers, and photographs for each
LIMITS = {
    "workers": (1, MOST),
    "images": (1, MOST),
    "bandwidth": (0.1, 1000),
    "delay": (0.1, 1000),
}


class StepTimes(NamedTuple):
    """The parts of a training step, in seconds.

    `step` is less than the sum of the others where workers talk while they compute.
    """

    forward: float
    backward: float
    talk: float
    step: float

    @property
    def used(self) -> float:
        """The share of the step in which a worker computes."""
        return (self.forward + self.backward) / self.step


def step_times(
    workers: int,
    images: int = 32,
    bandwidth: float = 50.0,
    delay: float = 5.0,
    way: str = "ring",
    overlap: bool = False,
) -> StepTimes:
    """Work out how long one step of ResNet-50 takes when workers share it.

    Parameters
    ----------
    workers : int
        How many machines there are.
    images : int
        Photographs for each of them at each step.
    bandwidth : float
        Of the wire, in GB a second; 1 GB is 10⁹ bytes.
    delay : float
        Its latency, in microseconds.
    way : {"ring", "centre"}
        Whether the gradients go around a ring in pieces, or one after the other to a worker in
        the middle and back.
    overlap : bool
        Whether workers talk during the backward pass, at best without holding it up.

    Returns
    -------
    StepTimes

    Examples
    --------
    >>> times = step_times(8)
    >>> [round(1000 * seconds, 1) for seconds in times]
    [3.9, 7.8, 3.6, 15.4]
    >>> round(8 * times.used, 1)
    6.1
    """
    forward = 2 * MULTIPLY_ADDS * images / SPEED
    backward = 2 * forward
    size = 4 * NUMBERS / (workers if way == "ring" else 1)
    talk = 2 * (workers - 1) * (size / (1e9 * bandwidth) + 1e-6 * delay)
    step = forward + (max(backward, talk) if overlap else backward + talk)
    return StepTimes(forward, backward, talk, step)


class ScalingExplorer(Widget):
    """Share a training step among workers, and see what the wire between them leaves of the gain.

    The network is ResNet-50 in float32, a worker is an H100 without tensor cores, at best. The bars
    are the parts of one step, the chart shows the speed-up against the number of workers.

    Parameters
    ----------
    workers : int
        1 to 1,024.
    images : int
        Photographs for each worker at each step, 1 to 1,024.
    bandwidth : float
        Of the wire, in GB a second, 0.1 to 1,000.
    delay : float
        Its latency, in microseconds, 0.1 to 1,000.
    way : {"ring", "centre"}
        How gradients are averaged: around a ring, or by one worker in the middle.
    overlap : bool
        Whether workers talk during the backward pass.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> explorer = ScalingExplorer(8)
    >>> explorer
    ScalingExplorer(8 workers with 32 images each, 50 GB/s, 5 µs, ring: speed-up 6.1)
    >>> explorer.bandwidth = 1.25
    >>> round(explorer.speed_up, 2)
    0.61
    """

    _esm = script("scaling/widget.js")
    _css = styles("scaling/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {
        "numbers": NUMBERS,
        "multiply_adds": MULTIPLY_ADDS,
        "speed": SPEED,
        "photos": PHOTOS,
        "limits": LIMITS,
        "ways": WAYS,
        "wires": WIRES,
    }

    def __init__(
        self,
        workers: int = 8,
        images: int = 32,
        bandwidth: float = 50,
        delay: float = 5,
        way: str = "ring",
        overlap: bool = False,
    ) -> None:
        super().__init__(
            workers=workers,
            images=images,
            bandwidth=bandwidth,
            delay=delay,
            way=way,
            overlap=overlap,
        )

    workers = setting("workers", "How many machines share the step.")
    images = setting("images", "Photographs for each worker.")
    bandwidth = setting("bandwidth", "Of the wire, in GB a second.")
    delay = setting("delay", "Latency of the wire, in microseconds.")
    way = setting("way", "How the gradients are averaged.")
    overlap = setting("overlap", "Whether workers talk during the backward pass.")

    @property
    def times(self) -> StepTimes:
        """The parts of a step, as `step_times` works them out."""
        return step_times(**self.settings)

    @property
    def speed_up(self) -> float:
        """How many times as many photographs a second as one worker alone."""
        return self.workers * self.times.used

    def _checked(
        self, workers: int, images: int, bandwidth: float, delay: float, way: str, overlap: bool
    ) -> dict[str, Any]:
        op = type(self).__name__
        return {
            "workers": integer_within(op, "workers", workers, 1, MOST),
            "images": integer_within(op, "images", images, 1, MOST),
            "bandwidth": number_within(op, "bandwidth", bandwidth, *LIMITS["bandwidth"]),
            "delay": number_within(op, "delay", delay, *LIMITS["delay"]),
            "way": one_of(op, "way", way, WAYS),
            "overlap": flag(op, "overlap", overlap),
        }

    def _picture(self) -> tuple[Figure, str]:
        times = self.times
        fig, (left, right) = drawing.new(ncols=2, height=3.0, width_ratios=[1.2, 1.0])
        starts = [0, times.forward, times.forward + (0 if self.overlap else times.backward)]
        left.barh(
            ["forward", "backward", "talking"],
            [1000 * seconds for seconds in times[:3]],
            left=[1000 * seconds for seconds in starts],
            color=[drawing.COLORS[name] for name in ("blue", "blue", "orange")],
        )
        left.invert_yaxis()
        left.set(xlabel="milliseconds", title=f"one step, {self._said(1000 * times.step)} ms")
        counts = [2**k for k in range(11)]
        gained = [p * step_times(**{**self.settings, "workers": p}).used for p in counts]
        drawing.curves(
            {"this wire": gained, "ideal": counts},
            right,
            x=counts,
            xlabel="workers",
            labels="legend",
            markers=False,
            xscale="log",
            yscale="log",
        )
        right.plot([self.workers], [self.speed_up], "o", color=drawing.COLORS["blue"], ms=9)
        right.set_title(f"speed-up {self._said(self.speed_up)}")
        alt = (
            f"One training step of {self.workers:,} workers with {self.images:,} images each, "
            f"{written(self.bandwidth)} GB a second and {written(self.delay)} microseconds of "
            f"latency: {self._said(1000 * (times.forward + times.backward))} ms of computing, "
            f"{self._said(1000 * times.talk)} ms of talking, a speed-up of "
            f"{self._said(self.speed_up)}."
        )
        return fig, alt

    @staticmethod
    def _said(value: float) -> str:
        return written(value, ".2f" if value < 1 else ".1f" if value < 100 else ",.0f")

    def __repr__(self) -> str:
        overlap = ", talking while computing" if self.overlap else ""
        return (
            f"ScalingExplorer({self.workers:,} workers with {self.images:,} images each, "
            f"{written(self.bandwidth)} GB/s, {written(self.delay)} µs, {self.way}{overlap}: "
            f"speed-up {self._said(self.speed_up)})"
        )
