"""The figures of notebook 08: what they say is what the formula says."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from cnnlib.architectures import alexnet
from cnnlib.course import drawing
from cnnlib.course.alexnet_sizing import figures
from cnnlib.shapes import output_size


@pytest.mark.parametrize(
    ("size", "before", "after", "windows", "unseen"),
    [(227, 0, 0, 55, 0), (224, 0, 0, 54, 1), (224, 2, 2, 55, 1), (224, 0, 3, 55, 0)],
)
def test_last_windows_counts_as_the_formula_does(size, before, after, windows, unseen):
    padding = before + after
    fig = figures.last_windows([("row", size, (before, after))], kernel_size=11, stride=4)
    (ax,) = fig.axes
    word = "pixel" if unseen == 1 else "pixels"
    assert ax.get_title() == f"row: {windows} windows, {unseen} {word} unseen"
    assert windows == output_size(size + padding, 11, 4)
    ends = [line.get_xdata()[1] for line in ax.lines]
    assert ends == [size + padding - unseen - 4 * back for back in range(3)]
    assert [text.get_text() for text in ax.texts] == [f"window {windows - b}" for b in range(3)]
    cells = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(cells) == 24
    assert sum(bool(cell.get_hatch()) for cell in cells) == after
    filled = [cell for cell in cells if cell.get_facecolor()[:3] != (1, 1, 1)]
    assert [cell.get_x() for cell in filled] == [size + padding - 1] * unseen


def test_last_windows_needs_a_case():
    with pytest.raises(ValueError, match="cases is empty"):
        figures.last_windows([], kernel_size=11, stride=4)


def test_receptive_fields_lie_where_they_are_told_to():
    _, ax = drawing.new(width=4, height=4)
    photo = np.zeros((227, 227, 3), np.uint8)
    figures.receptive_fields(photo, [("CONV1", 108, 11), ("POOL3", 32, 195)], ax)
    assert [text.get_text() for text in ax.texts] == ["CONV1: 11", "POOL3: 195"]
    assert [text.get_position()[0] for text in ax.texts] == [108 + 5.5, 32 + 97.5]


def test_shares_are_those_of_the_summary():
    summary = alexnet(np.random.default_rng(0)).summary((3, 227, 227))
    shares = figures.shares(summary)
    assert [name for name, _, _ in shares.rows] == [
        *(f"CONV{k}" for k in range(1, 6)),
        *(f"FC{k}" for k in range(6, 9)),
    ]
    assert sum(owned for _, owned, _ in shares.rows) == pytest.approx(1)
    assert sum(done for _, _, done in shares.rows) == pytest.approx(1)
    assert shares.rows[5][1] == 37_752_832 / 62_378_344
    assert shares.rows[1][2] == 447_897_600 / 1_135_256_096
    (ax,) = shares.figure.axes
    assert {"56.3%", "60.5%"} & {text.get_text() for text in ax.texts}


def test_last_size_follows_the_formula_row_by_row():
    assert figures.last_size(227, [(11, 4, 0), (3, 2, 0), (5, 1, 2)]) == 27
    with pytest.raises(ValueError, match="kernel"):
        figures.last_size(5, [(11, 4, 0)])
