"""The types that annotations in cnnlib are made of."""

from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]
Pair = tuple[int, int]  # (height, width)
Size = int | Pair  # one number for both
Shape = tuple[int, ...]
Sides = tuple[int, int, int, int]  # (left, right, top, bottom)
