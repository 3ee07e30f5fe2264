"""The colour mixer in JavaScript: its numbers and words are Python's."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import ColourMixer
from cnnlib.course.widgets.mixer import channel_parts, colour_words, grey_level, hex_code

FACTS = ColourMixer.FACTS


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("mixer/widget.js")


def test_the_browser_computes_what_python_computes(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (800, 3))
    colours[:300] = np.clip(colours[:300, :1] + rng.integers(-12, 13, (300, 3)), 0, 255)  # greyish
    colours[300:400] //= 6  # dark
    colours[400:500] = 255 - colours[400:500] // 6
    colours[500:550] = colours[500:550, :1]
    everywhere = [[r, g, b] for r in (0, 1, 254, 255) for g in (0, 128, 255) for b in (0, 2, 255)]
    for colour in colours.tolist() + everywhere:
        assert javascript.call("channelParts", colour) == channel_parts(colour).tolist()
        assert javascript.call("greyLevel", colour) == pytest.approx(grey_level(colour), rel=1e-15)
        assert javascript.call("hexCode", colour) == hex_code(colour)
        assert javascript.call("colourWords", colour, FACTS) == colour_words(colour), colour


def test_the_way_to_the_target_is_told_rightly(javascript: Module) -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        colour, target = rng.integers(0, 256, (2, 3))
        missing = target - colour
        words = javascript.call("advice", colour.tolist(), target.tolist(), FACTS)
        assert words.endswith(f"Furthest off: {np.abs(missing).max()}.")
        if np.abs(missing).max() <= 8:
            continue
        more = re.search(r"more ([a-z, ]+?)(?:, less|, and \w+(?: and \w+)? as |\.)", words)
        less = re.search(r"less ([a-z, ]+?)(?:, and \w+(?: and \w+)? as |\.)", words)
        for name, gap in zip(("red", "green", "blue"), missing, strict=True):
            assert bool(more and name in more[1]) == (gap > 8), words
            assert bool(less and name in less[1]) == (gap < -8), words
