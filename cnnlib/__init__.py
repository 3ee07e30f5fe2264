"""cnnlib: convolutional neural networks in NumPy, small enough to read in one sitting.

Read the modules in the order of the course: `shapes`, `functional`, `reference`, `gradcheck`,
`layers`, `model`, `optim`, `training`. What exists only for speed lives apart in `cnnlib.fast`,
drawing in `cnnlib.course.drawing`.
"""

from cnnlib import (
    architectures,
    backend,
    datasets,
    functional,
    further,
    gradcheck,
    layers,
    model,
    optim,
    pretrained,
    reference,
    shapes,
    training,
)

__all__ = [
    "architectures",
    "backend",
    "datasets",
    "functional",
    "further",
    "gradcheck",
    "layers",
    "model",
    "optim",
    "pretrained",
    "reference",
    "shapes",
    "training",
]
__version__ = "0.1.0"
