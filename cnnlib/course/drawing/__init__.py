"""The figures of the course: one house style, and every figure with a text alternative.

Drawing functions take an Axes and return it; the few that lay out a whole figure say so and return
it. `show` puts the figure into the notebook together with its alternative text. Figures that belong
to one chapter are in that chapter's package.
"""

from cnnlib.course.drawing.charts import bars, confusion_matrix, curves
from cnnlib.course.drawing.diagrams import graph, volumes
from cnnlib.course.drawing.display import grid_alt, show, show_error, to_png
from cnnlib.course.drawing.equations import equation, operator
from cnnlib.course.drawing.grids import grid, kernel
from cnnlib.course.drawing.images import gallery, image, number_image
from cnnlib.course.drawing.theme import (
    COLORS,
    CYCLE,
    HATCHES,
    LINE_STYLES,
    MARKERS,
    format_numbers,
    new,
    style,
    styled,
)

__all__ = [
    "COLORS",
    "CYCLE",
    "HATCHES",
    "LINE_STYLES",
    "MARKERS",
    "bars",
    "confusion_matrix",
    "curves",
    "equation",
    "format_numbers",
    "gallery",
    "graph",
    "grid",
    "grid_alt",
    "image",
    "kernel",
    "new",
    "number_image",
    "operator",
    "show",
    "show_error",
    "style",
    "styled",
    "to_png",
    "volumes",
]
