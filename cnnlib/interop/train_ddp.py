"""The course's network, trained by PyTorch in one process, or in several that share each batch.

    python -m cnnlib.interop.train_ddp
    python -m torch.distributed.run --standalone --nproc-per-node=2 -m cnnlib.interop.train_ddp

The second line is what ``torchrun`` is short for. Both train the same network on the same batches:
with two processes, each reads half of every batch, and DistributedDataParallel averages their
gradients. The script measures, at its first step, how far that average is from the gradient of the
whole batch, and at its end whether every process holds the same weights.
"""

import argparse
import copy
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.datasets import load_digits
from cnnlib.files import check_writable, write_whole
from cnnlib.interop.extras import library
from cnnlib.interop.pytorch import to_torch

__all__ = ["train"]


def train(
    steps: int = 125, batch_size: int = 64, lr: float = 0.05, seed: int = 0
) -> dict[str, Any]:
    """Train `course_cnn` on the digits as one of the processes that ``torchrun`` has started.

    Parameters
    ----------
    steps : int
        An epoch has 125 of them at the usual batch size.
    batch_size : int
        Of all processes together.
    lr : float
        Learning rate of SGD with momentum 0.9.
    seed : int
        Of the weights and of the order of the images, in every process.

    Returns
    -------
    dict
        ``world``: how many processes; ``losses``: of each step, over the whole batch;
        ``gradient_difference``: largest difference between the averaged gradient of the first step
        and that of the whole batch, ``gradient_size``: the largest value of the latter;
        ``same_weights``: whether all processes end with equal ones; ``accuracy``: on the
        validation digits.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    ValueError
        If the batch cannot be shared out equally: the average of two means is the mean of all only
        where both count the same number of images.

    Examples
    --------
    >>> train(steps=2)["world"]  # doctest: +SKIP
    1
    """
    torch = library("train_ddp", "torch")
    with _processes(torch) as (rank, world):
        if batch_size % world:
            raise ValueError(
                f"train_ddp: {world} processes cannot share {batch_size} images equally. Choose a "
                f"batch size that {world} divides."
            )
        rng = np.random.default_rng(seed)
        net = to_torch(course_cnn(rng))
        alone = copy.deepcopy(net)  # sees whole batches, to compare with
        shared = net
        if world > 1:
            shared = torch.nn.parallel.DistributedDataParallel(net)
        sgd = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
        loss_of = torch.nn.CrossEntropyLoss()
        digits = load_digits()
        images = torch.from_numpy(digits.train.images)
        labels = torch.from_numpy(digits.train.labels.astype(np.int64))
        losses: list[float] = []
        order = np.array([], dtype=np.int64)
        report: dict[str, Any] = {"world": world}
        for step in range(steps):
            if len(order) < batch_size:
                order = rng.permutation(len(images))
            batch, order = order[:batch_size], order[batch_size:]
            mine = torch.from_numpy(batch[rank::world])
            sgd.zero_grad()
            loss = loss_of(shared(images[mine]), labels[mine])
            loss.backward()
            if step == 0:
                every = torch.from_numpy(batch)
                loss_of(alone(images[every]), labels[every]).backward()
                report |= _compare(net, alone)
            sgd.step()
            losses.append(_mean(torch, loss.detach(), world))
        report["losses"] = losses
        report["same_weights"] = _same(torch, net, world)
        with torch.no_grad():
            scores = net(torch.from_numpy(digits.validation.images)).numpy()
        report["accuracy"] = float((scores.argmax(axis=1) == digits.validation.labels).mean())
        report["rank"] = rank
    return report


@contextmanager
def _processes(torch: Any) -> Any:
    """Join the other processes, if there are any; yield (rank, world)."""
    if "WORLD_SIZE" not in os.environ:
        yield 0, 1
        return
    torch.set_num_threads(1)  # the processes share one machine
    torch.distributed.init_process_group("gloo")
    try:
        yield torch.distributed.get_rank(), torch.distributed.get_world_size()
    finally:
        torch.distributed.destroy_process_group()


def _compare(shared: Any, alone: Any) -> dict[str, float]:
    pairs = list(zip(shared.parameters(), alone.parameters(), strict=True))
    differences = [float((a.grad - b.grad).abs().max()) for a, b in pairs]
    sizes = [float(b.grad.abs().max()) for _, b in pairs]
    return {"gradient_difference": max(differences), "gradient_size": max(sizes)}


def _mean(torch: Any, value: Any, world: int) -> float:
    """Return the mean of a number over all processes."""
    if world > 1:
        torch.distributed.all_reduce(value)
    return float(value) / world


def _same(torch: Any, net: Any, world: int) -> bool:
    """Return whether every process holds the same weights, bit for bit."""
    own = torch.cat([parameter.detach().flatten() for parameter in net.parameters()])
    if world == 1:
        return True
    every = [torch.empty_like(own) for _ in range(world)]
    torch.distributed.all_gather(every, own)
    return all(torch.equal(every[0], other) for other in every)


def main() -> None:
    """Train, and let the first process tell about it."""
    parser = argparse.ArgumentParser(prog="train_ddp", description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=125)
    parser.add_argument("--batch-size", type=int, default=64, help="of all processes together")
    parser.add_argument("--report", type=Path, help="write what was measured to this JSON file")
    options = parser.parse_args()
    if options.report:
        check_writable("train_ddp", options.report)
    report = train(options.steps, options.batch_size)
    if report.pop("rank") > 0:
        return
    if options.report:
        write_whole(options.report, json.dumps(report).encode())
    print(f"processes                {report['world']}")
    print(f"loss, first and last     {report['losses'][0]:.4f}  {report['losses'][-1]:.4f}")
    print(f"largest gradient         {report['gradient_size']:.2e}")
    print(f"off the whole batch's by {report['gradient_difference']:.2e}")
    print(f"same weights everywhere  {report['same_weights']}")
    print(f"validation accuracy      {report['accuracy']:.1%}")


if __name__ == "__main__":
    main()
