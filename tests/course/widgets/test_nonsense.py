"""Nonsense for every setting of every widget is refused in words, and nothing changes."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from examples import WIDGETS, example

NONSENSE: dict[str, Any] = {
    "text": "large",
    "nan": float("nan"),
    "infinity": float("-inf"),
    "huge": 10**400,
    "negative": -(10**10),
    "bytes": b"\x00",
    "a set": {1, 2},
    "an empty dict": {},
    "a dict": {"a": [1]},
    "empty": [],
    "ragged": [[1, 2], [3]],
    "deep": [[[[[1]]]]],
    "an object": object(),
    "nan in rows": [[1.0, float("nan")], [2, 3]],
    "infinity in rows": [[1.0, float("inf")], [2, 3]],
    "huge in rows": [[1e300, 2], [2, 3]],
    "objects in rows": np.array([[None, 1], [2, 3]]),
    "complex": 1 + 2j,
    "complex rows": np.array([[1j, 1], [2, 3]]),
    "a large array": np.zeros((3000, 3000)),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "a masked array": np.ma.masked_array([[1.0, 2.0]], mask=True).filled(np.nan),
    "a function": len,
    "a class": int,
    "a half": 0.5 + 1e10,
}


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.filterwarnings("error")
def test_nonsense_is_refused_in_words_and_changes_nothing(name: str) -> None:
    widget = example(name)
    op = type(widget).__name__
    before = copy.deepcopy(widget.settings)
    wrong = []
    for setting in before:
        for kind, value in NONSENSE.items():
            for way in (
                lambda: widget.set(**{setting: value}),  # noqa: B023
                lambda: widget.set_state({"settings": {**before, setting: value}}),  # noqa: B023
            ):
                try:
                    way()
                except (TypeError, ValueError) as error:
                    said = str(error)
                    if not said.startswith(f"{op}:") or len(said.split()) < 5 or len(said) > 600:
                        wrong.append(f"{setting} = {kind}: {type(error).__name__}: {said[:200]}")
                except Exception as error:
                    wrong.append(f"{setting} = {kind}: {type(error).__name__}: {error}"[:300])
                else:
                    wrong.append(
                        f"{setting} = {kind}: taken, as {str(widget.settings[setting])[:80]}"
                    )
                    widget.settings = before
                assert json.dumps(widget.settings) == json.dumps(before)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", WIDGETS)
def test_settings_as_a_whole_are_refused_in_words(name: str) -> None:
    widget = example(name)
    before = copy.deepcopy(widget.settings)
    for value in (None, [], "x", 7, {}, {"nothing": 1}, {**before, "more": 1}, {1: 2}):
        with pytest.raises((TypeError, ValueError), match=f"^{type(widget).__name__}: "):
            widget.settings = value
        with pytest.raises((TypeError, ValueError), match=f"^{type(widget).__name__}: "):
            widget.set_state({"settings": value})
        assert widget.settings == before


@pytest.mark.parametrize("value", [None, "yes", 1, 0.0, [], np.True_])
def test_large_is_true_or_false(value: Any) -> None:
    widget = example("softmax")
    with pytest.raises(TypeError, match="SoftmaxExplorer: large must be True or False, got"):
        widget.large = value
    assert widget.large is False
    widget.large = True
    assert widget.large is True
