"""Questions that training asks before it begins, and the answers it gives to bad arguments."""

from typing import Any

import numpy as np

from cnnlib.checks import array, describe, labels
from cnnlib.layers import Layer
from cnnlib.model import Container, Sequential
from cnnlib.optim import Optimizer, Scheduler
from cnnlib.types import Array

Data = tuple[Array, Array]  # images and their labels


def check_data(op: str, name: str, data: Any) -> Data:
    """Return (images, labels) if they are one labelled array of samples."""
    if not isinstance(data, tuple) or len(data) != 2:
        raise TypeError(
            f"{op}: {name} must be a pair (images, labels), got {describe(data)}. "
            "For example digits.train from load_digits()."
        )
    images, targets = data
    if not isinstance(images, np.ndarray) or images.ndim not in (2, 4):
        raise ValueError(
            f"{op}: {name} images must be an array (N, C, H, W) or (N, F), got {describe(images)}."
        )
    letters = "N C H W" if images.ndim == 4 else "N F"
    array(op, f"{name} images", images, letters)
    labels(op, targets, len(images), None)
    return images, targets


def check_fit(model: Sequential, name: str, data: Any) -> Data:
    """Return (images, labels) if they suit the network too, as far as that is seen from outside."""
    images, targets = check_data("fit", name, data)
    if any(type(layer).__module__ != Layer.__module__ for layer in model.leaves()):
        return images, targets  # nobody knows what a reader's own layer does
    for kind in {parameter.dtype for parameter in model.parameters()} - {images.dtype}:
        raise TypeError(
            f"fit: {name} images are {images.dtype} but the weights are {kind}; both must be the "
            f"same. Convert the images: images.astype(np.{kind})."
        )
    if name == "validation":  # now, and not after the first epoch
        shape = model.output_shape(images.shape[1:])
        labels(f"fit: {name}", targets, len(images), shape[0] if len(shape) == 1 else None)
    return images, targets


def check_model(op: str, model: object) -> None:
    """Refuse what is no network."""
    if not isinstance(model, Container):
        raise TypeError(
            f"{op}: model must be a Sequential, got {describe(model)}. "
            "Wrap a single layer: Sequential(layer)."
        )


def check_optimizer(model: Sequential, optimizer: object, scheduler: object) -> None:
    """Refuse an optimiser or a schedule that would not move this model."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: optimizer must be an optimiser such as SGD, got {describe(optimizer)}. "
            "Build it with SGD(model.parameters(), lr=0.1)."
        )
    own = {id(parameter) for parameter in model.parameters()}
    if not own & {id(parameter) for parameter in optimizer.parameters}:
        raise ValueError(
            "fit: the optimizer holds none of this model's parameters, so nothing would be "
            "learned. Build it with model.parameters() of this model."
        )
    if scheduler is not None and not isinstance(scheduler, Scheduler):
        raise TypeError(
            f"fit: scheduler must be a Scheduler such as StepLR, got {describe(scheduler)}. "
            "Build it with StepLR(optimizer, step_size=5); derive your own from Scheduler."
        )
    if scheduler is not None and scheduler.optimizer is not optimizer:
        raise ValueError(
            "fit: the scheduler changes the learning rate of another optimizer than this one. "
            "Build it anew with this optimizer."
        )
