"""Figures of notebook 01: photographs opened until their numbers show, and closed again."""

from cnnlib.course.pixels_and_channels.figures.colours import (
    additive_mixing,
    light_discs,
    recipe,
    rgb_grid,
    swatches,
)
from cnnlib.course.pixels_and_channels.figures.numbers import block, memory, wraparound
from cnnlib.course.pixels_and_channels.figures.photographs import (
    lead,
    neighbour_density,
    neighbours_in_order,
    pipeline,
    zoom,
)

__all__ = [
    "additive_mixing",
    "block",
    "lead",
    "light_discs",
    "memory",
    "neighbour_density",
    "neighbours_in_order",
    "pipeline",
    "recipe",
    "rgb_grid",
    "swatches",
    "wraparound",
    "zoom",
]
