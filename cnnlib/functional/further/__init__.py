"""Operations that only the later chapters need: they stand outside the reading order.

One module for each kind: `activations`, `padding`.
"""

from cnnlib.functional.further import activations, padding
from cnnlib.functional.further.activations import *  # noqa: F403
from cnnlib.functional.further.padding import *  # noqa: F403

__all__: list[str] = []
__all__ += activations.__all__
__all__ += padding.__all__
