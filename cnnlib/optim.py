"""Optimisers: how the weights move once the gradients are known."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from cnnlib.checks import describe, integer, number
from cnnlib.layers import Parameter
from cnnlib.types import Array

__all__ = ["SGD", "Adam", "AdamW", "CosineAnnealingLR", "Optimizer", "Scheduler", "StepLR"]


class Optimizer:
    """What every optimiser shares: the parameters, and a learning rate that may be changed.

    Attributes
    ----------
    lr : float
        Learning rate. Set it between steps to follow a schedule.
    """

    _keeps: tuple[str, ...] | None = None  # the names of its averages; None for any
    _needs: tuple[str, ...] = ()  # those that it cannot go on without once it has taken steps

    def __init__(self, parameters: Iterable[Parameter], lr: float) -> None:
        self.parameters = list(parameters)
        name = type(self).__name__
        if not self.parameters:
            raise ValueError(f"{name}: there is nothing to learn. Pass model.parameters().")
        for parameter in self.parameters:
            if not isinstance(parameter, Parameter):
                raise TypeError(
                    f"{name}: expected Parameter objects, got a {type(parameter).__name__}. "
                    "Pass model.parameters()."
                )
        self.lr = _at_least(name, "lr", lr, 0)
        self._steps = 0
        self._averages: dict[str, Array] = {}  # such as "velocity.0", of the first parameter

    def _average(self, name: str, position: int, parameter: Parameter) -> Array:
        """Return a running average that belongs to a parameter, zeros at first."""
        key = f"{name}.{position}"
        if key not in self._averages:
            self._averages[key] = np.zeros_like(parameter.value)
        return self._averages[key]

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of what the optimiser remembers: lr, steps taken, running averages."""
        numbers = {"lr": np.array(self.lr), "steps": np.array(self._steps)}
        return numbers | {name: average.copy() for name, average in self._averages.items()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over what `state_dict` returned. If anything does not fit, nothing is changed.

        Raises
        ------
        ValueError
            If the averages belong to other parameters, or to another kind of optimiser.
        """
        averages = {}
        for key, value in state.items():
            if key in ("lr", "steps"):
                continue
            name, _, position = key.rpartition(".")
            if self._keeps is not None and name not in self._keeps:
                raise ValueError(
                    f"{type(self).__name__}.load_state_dict: {key} is from another kind of "
                    f"optimiser; this one keeps {' and '.join(self._keeps)}. Build the same "
                    "optimiser as when it was saved."
                )
            known = position.isdecimal() and int(position) < len(self.parameters)
            if not known or self.parameters[int(position)].shape != np.shape(value):
                raise ValueError(
                    f"{type(self).__name__}.load_state_dict: {key} of shape {np.shape(value)} "
                    "belongs to no parameter here. Build the same network and optimiser as when "
                    "it was saved."
                )
            averages[key] = np.array(value, dtype=self.parameters[int(position)].dtype)
        if "lr" not in state or "steps" not in state:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: expected lr and steps among the names, "
                f"got {sorted(state)[:5]}."
            )
        needed = [f"{name}.{i}" for name in self._needs for i in range(len(self.parameters))]
        missing = [name for name in needed if name not in averages]
        if int(state["steps"]) and missing:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: {missing[0]} is missing. Build the same "
                "network and optimiser as when it was saved."
            )
        self.lr, self._steps, self._averages = float(state["lr"]), int(state["steps"]), averages

    def step(self) -> None:
        """Move every parameter once, by the gradient that backward left in it."""
        grads = []
        for parameter in self.parameters:
            if parameter.grad is None:
                raise ValueError(
                    f"{type(self).__name__}.step: {parameter!r} has no gradient yet. "
                    "Run model.backward(dout) first."
                )
            grads.append(parameter.grad)
        self._steps += 1
        for position, (parameter, grad) in enumerate(zip(self.parameters, grads, strict=True)):
            self._update(position, parameter, grad)

    def _update(self, position: int, parameter: Parameter, grad: Array) -> None:
        raise TypeError(f"{type(self).__name__}._update is not defined; write it in the subclass.")


def _at_least(op: str, name: str, value: float, minimum: float) -> float:
    value = number(op, name, value)
    if value < minimum:
        raise ValueError(f"{op}: {name} must be at least {minimum}, got {value}.")
    return value


class SGD(Optimizer):
    """Stochastic gradient descent: step against the gradient, with momentum if wanted.

    Parameters
    ----------
    parameters : iterable of Parameter
    lr : float
        Learning rate.
    momentum : float
        Share of the last velocity that is kept, 0 for none.
    weight_decay : float
        Pull towards zero: ``weight_decay * value`` is added to the gradient.
    nesterov : bool
        Look ahead along the velocity.

    Examples
    --------
    >>> weight = Parameter("weight", (1,), lambda: np.array([1.0]), np.float64)
    >>> weight.grad = np.array([2.0])
    >>> SGD([weight], lr=0.1).step()
    >>> weight.value
    array([0.8])

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in
    deep learning", 2013; the update is written as PyTorch writes it.
    """

    _keeps = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = _at_least("SGD", "momentum", momentum, 0)
        self.weight_decay = _at_least("SGD", "weight_decay", weight_decay, 0)
        if nesterov and momentum == 0:
            raise ValueError("SGD: nesterov looks along the velocity; give it momentum above 0.")
        self.nesterov = nesterov

    def _update(self, position: int, parameter: Parameter, grad: Array) -> None:
        if self.weight_decay:
            grad = grad + self.weight_decay * parameter.value
        if self.momentum:
            velocity = self._average("velocity", position, parameter)
            velocity *= self.momentum
            velocity += grad
            grad = grad + self.momentum * velocity if self.nesterov else velocity
        parameter.value -= self.lr * grad


class Adam(Optimizer):
    """Adam: momentum, with each weight's step divided by the usual size of its gradient.

    Parameters
    ----------
    parameters : iterable of Parameter
    lr : float
    betas : (float, float)
        How slowly the averages of the gradient and of its square forget.
    eps : float
        Keeps the division finite.
    weight_decay : float
        Added to the gradient, as in `SGD`.

    Examples
    --------
    >>> weight = Parameter("weight", (1,), lambda: np.array([1.0]), np.float64)
    >>> weight.grad = np.array([2.0])
    >>> Adam([weight], lr=0.1).step()
    >>> weight.value.round(6)
    array([0.9])

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.
    """

    _keeps = _needs = ("mean", "square")

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        op = type(self).__name__
        self.betas = (number(op, "betas[0]", betas[0]), number(op, "betas[1]", betas[1]))
        for beta in self.betas:
            if not 0 <= beta < 1:
                raise ValueError(f"{op}: betas must be at least 0 and below 1, got {betas}.")
        self.eps = _at_least(op, "eps", eps, 0)
        self.weight_decay = _at_least(op, "weight_decay", weight_decay, 0)

    def _update(self, position: int, parameter: Parameter, grad: Array) -> None:
        if self.weight_decay:
            grad = grad + self.weight_decay * parameter.value
        mean = self._average("mean", position, parameter)
        square = self._average("square", position, parameter)
        beta1, beta2 = self.betas
        mean += (1 - beta1) * (grad - mean)
        square += (1 - beta2) * (grad * grad - square)
        # Both averages began at zero; dividing undoes that bias.
        step = self.lr / (1 - beta1**self._steps)
        scale = np.sqrt(square / (1 - beta2**self._steps)) + self.eps
        parameter.value -= step * mean / scale


class AdamW(Adam):
    """Adam with the pull towards zero kept out of its averages.

    `Adam` adds ``weight_decay * value`` to the gradient, where the division by its usual size
    distorts it. Here each value first shrinks by ``lr * weight_decay`` of itself.

    Parameters
    ----------
    parameters, lr, betas, eps
        As for `Adam`.
    weight_decay : float

    Examples
    --------
    >>> weight = Parameter("weight", (1,), lambda: np.array([1.0]), np.float64)
    >>> weight.grad = np.array([2.0])
    >>> AdamW([weight], lr=0.1, weight_decay=0.5).step()
    >>> weight.value.round(6)
    array([0.85])

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas, eps)
        self.shrink = _at_least("AdamW", "weight_decay", weight_decay, 0)

    def _update(self, position: int, parameter: Parameter, grad: Array) -> None:
        parameter.value *= 1 - self.lr * self.shrink
        super()._update(position, parameter, grad)


class Scheduler:
    """What every learning rate schedule shares: it counts epochs and sets the rate of the next.

    A schedule of your own needs one method, ``rate(epoch)``: the learning rate once that many
    epochs are done. It may use ``self.start`` and attributes of its own.

    Parameters
    ----------
    optimizer : Optimizer
        Its ``lr`` is changed by ``step()``.

    Attributes
    ----------
    start : float
        The learning rate that the optimiser had when the schedule was built.
    epochs : int
        Counted so far.

    Raises
    ------
    TypeError
        If `optimizer` is none, or the class does not define ``rate``.

    Examples
    --------
    >>> class InverseTime(Scheduler):
    ...     def rate(self, epoch):
    ...         return self.start / (1 + epoch)
    >>> sgd = SGD([Parameter("weight", (1,), lambda: np.zeros(1))], lr=0.1)
    >>> schedule = InverseTime(sgd)
    >>> schedule.step()
    >>> sgd.lr
    0.05
    """

    def __init__(self, optimizer: Optimizer) -> None:
        op = type(self).__name__
        if type(self).rate is Scheduler.rate:
            raise TypeError(
                f"{op}: rate is not defined. Derive a class from Scheduler and write "
                "rate(self, epoch) in it, which returns a learning rate."
            )
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{op}: optimizer must be an optimiser such as SGD, got {describe(optimizer)}. "
                "Build it with SGD(model.parameters(), lr=0.1)."
            )
        self.optimizer = optimizer
        self.start = optimizer.lr
        self.epochs = 0

    def rate(self, epoch: int) -> float:
        """Return the learning rate once so many epochs are done."""
        raise TypeError(f"{type(self).__name__}.rate is not defined; write it in the subclass.")

    def step(self) -> None:
        """Count one epoch and set the learning rate of the next."""
        op = f"{type(self).__name__}.rate({self.epochs + 1})"
        self.optimizer.lr = _at_least(op, "the learning rate", self.rate(self.epochs + 1), 0)
        self.epochs += 1

    def state_dict(self) -> dict[str, Any]:
        """Return what the schedule remembers, as plain numbers: epochs and start."""
        return {"epochs": self.epochs, "start": self.start}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned. The optimiser's learning rate is left alone.

        Raises
        ------
        ValueError, TypeError
            If something is missing or is no such number. Nothing is changed then.
        """
        op = f"{type(self).__name__}.load_state_dict"
        if "epochs" not in state or "start" not in state:
            raise ValueError(f"{op}: expected epochs and start, got {sorted(state)[:5]}.")
        epochs = integer(op, "epochs", state["epochs"], 0)
        self.epochs, self.start = epochs, _at_least(op, "start", state["start"], 0)


class StepLR(Scheduler):
    """Learning rate schedule: multiply by `gamma` after every `step_size` epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Its ``lr`` is changed by ``step()``.
    step_size : int
        In epochs.
    gamma : float

    Examples
    --------
    >>> sgd = SGD([Parameter("weight", (1,), lambda: np.zeros(1))], lr=0.1)
    >>> schedule = StepLR(sgd, step_size=2, gamma=0.5)
    >>> for _ in range(3):
    ...     schedule.step()
    >>> sgd.lr
    0.05
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer)
        self.step_size = integer("StepLR", "step_size", step_size, 1)
        self.gamma = _at_least("StepLR", "gamma", gamma, 0)

    def rate(self, epoch: int) -> float:
        """Return the learning rate once so many epochs are done."""
        rate: float = self.start * self.gamma ** (epoch // self.step_size)
        return rate


class CosineAnnealingLR(Scheduler):
    """Learning rate schedule: glide from the start to `eta_min` along half a cosine.

    Parameters
    ----------
    optimizer : Optimizer
        Its ``lr`` is changed by ``step()``.
    T_max : int
        Epochs until the lowest rate, at which it then stays.
    eta_min : float

    Examples
    --------
    >>> sgd = SGD([Parameter("weight", (1,), lambda: np.zeros(1))], lr=0.1)
    >>> schedule = CosineAnnealingLR(sgd, T_max=2)
    >>> schedule.step()
    >>> round(sgd.lr, 6)
    0.05

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017,
    equation 5.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        super().__init__(optimizer)
        self.T_max = integer("CosineAnnealingLR", "T_max", T_max, 1)
        self.eta_min = _at_least("CosineAnnealingLR", "eta_min", eta_min, 0)

    def rate(self, epoch: int) -> float:
        """Return the learning rate once so many epochs are done."""
        share = min(epoch / self.T_max, 1.0)
        swing = (1 + float(np.cos(np.pi * share))) / 2
        return self.eta_min + (self.start - self.eta_min) * swing
