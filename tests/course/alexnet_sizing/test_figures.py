"""The figures of notebook 08: what they say is what the formula says."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from cnnlib.course import drawing
from cnnlib.course.alexnet_sizing import figures
from cnnlib.shapes import output_size


@pytest.mark.parametrize(
    ("size", "padding", "windows", "unseen"), [(227, 0, 55, 0), (224, 0, 54, 1), (224, 4, 55, 1)]
)
def test_last_windows_counts_as_the_formula_does(size, padding, windows, unseen):
    fig = figures.last_windows([("row", size, padding)], kernel_size=11, stride=4)
    (ax,) = fig.axes
    word = "pixel" if unseen == 1 else "pixels"
    assert ax.get_title() == f"row: {windows} windows, {unseen} {word} unseen"
    assert windows == output_size(size + padding, 11, 4)
    ends = [line.get_xdata()[1] for line in ax.lines]
    assert ends == [size + padding - unseen - 4 * back for back in range(3)]
    assert [text.get_text() for text in ax.texts] == [f"window {windows - b}" for b in range(3)]
    cells = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(cells) == 24
    assert sum(bool(cell.get_hatch()) for cell in cells) == padding - padding // 2
    filled = [cell for cell in cells if cell.get_facecolor()[:3] != (1, 1, 1)]
    assert [cell.get_x() for cell in filled] == [size + padding - 1] * unseen


def test_last_windows_needs_a_case():
    with pytest.raises(ValueError, match="cases is empty"):
        figures.last_windows([], kernel_size=11, stride=4)


def test_receptive_fields_are_centred_squares():
    _, ax = drawing.new(width=4, height=4)
    photo = np.zeros((227, 227, 3), np.uint8)
    figures.receptive_fields(photo, [("CONV1", 11), ("POOL3", 195)], ax)
    assert [text.get_text() for text in ax.texts] == ["CONV1: 11", "POOL3: 195"]
    assert [text.get_position()[0] for text in ax.texts] == [108 + 5.5, 16 + 97.5]
