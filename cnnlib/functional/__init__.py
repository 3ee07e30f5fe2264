"""Every operation of the course, forward and backward, as pure functions.

A backward function takes `dout`, the gradient of the loss with respect to the forward output,
then the arguments of the forward function, and returns the gradient of each array among them.
Nothing is remembered between calls and no argument is ever written to.

One module for each part of the course: `convolution`, `padding`, `pooling`, `activations`, `dense`,
`losses`, `normalization`.
"""

from cnnlib.functional import (
    activations,
    convolution,
    dense,
    losses,
    normalization,
    padding,
    pooling,
)
from cnnlib.functional.activations import *  # noqa: F403
from cnnlib.functional.convolution import *  # noqa: F403
from cnnlib.functional.dense import *  # noqa: F403
from cnnlib.functional.losses import *  # noqa: F403
from cnnlib.functional.normalization import *  # noqa: F403
from cnnlib.functional.padding import *  # noqa: F403
from cnnlib.functional.pooling import *  # noqa: F403

__all__: list[str] = []
__all__ += activations.__all__
__all__ += convolution.__all__
__all__ += dense.__all__
__all__ += losses.__all__
__all__ += normalization.__all__
__all__ += padding.__all__
__all__ += pooling.__all__
