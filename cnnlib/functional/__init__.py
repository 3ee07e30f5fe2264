"""Every operation of the course, forward and backward, as pure functions.

A backward function takes `dout`, the gradient of the loss with respect to the forward output,
then the arguments of the forward function, and returns the gradient of each array among them.
Nothing is remembered between calls and no argument is ever written to.

One module for each part of the course: `convolution`, `padding`, `pooling`, `activations`, `dense`,
`losses`, `normalization`. In the folder `further` lies what only the later chapters need.
"""

from cnnlib.functional import (
    activations,
    convolution,
    dense,
    further,
    losses,
    normalization,
    padding,
    pooling,
)
from cnnlib.functional.activations import *  # noqa: F403
from cnnlib.functional.convolution import *  # noqa: F403
from cnnlib.functional.dense import *  # noqa: F403
from cnnlib.functional.further import *  # noqa: F403
from cnnlib.functional.losses import *  # noqa: F403
from cnnlib.functional.normalization import *  # noqa: F403
from cnnlib.functional.padding import *  # noqa: F403
from cnnlib.functional.pooling import *  # noqa: F403

_PARTS = (activations, convolution, dense, losses, normalization, padding, pooling, further)
__all__ = [name for part in _PARTS for name in part.__all__]
