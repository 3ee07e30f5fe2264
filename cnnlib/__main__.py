"""What the course does from the shell: ``python -m cnnlib train``, ``python -m cnnlib my-copy``."""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.course.tools.my_copy import SAME, copy_notebooks
from cnnlib.datasets import load_digits
from cnnlib.files import check_writable
from cnnlib.optim import SGD, CosineAnnealingLR
from cnnlib.training import evaluate, fit, random_shift


def train(epochs: int, seed: int, save: str | None) -> None:
    """Train as notebook 09 does, and print the accuracy on the held-out test images."""
    if save is not None:
        try:
            check_writable("train", save)  # before half a minute is spent
        except OSError as error:
            sys.exit(str(error))
    digits = load_digits()
    rng = np.random.default_rng(seed)
    model = course_cnn(rng)
    print(model.summary((1, 28, 28)), end="\n\n")

    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    started = time.perf_counter()
    history = fit(
        model,
        digits.train,
        digits.validation,
        epochs=epochs,
        batch_size=64,
        optimizer=optimizer,
        scheduler=CosineAnnealingLR(optimizer, epochs),
        augment=random_shift,
        rng=rng,
    )
    seconds = time.perf_counter() - started
    print(history)
    loss, accuracy = evaluate(model, digits.test)
    images = len(digits.test.labels)
    print(f"\ntest accuracy {accuracy:.2%} on {images:,} images it never saw (loss {loss:.4f})")
    print(f"trained for {seconds:.0f} s with seed {seed}")
    if save is not None:
        model.save(save)
        print(f"weights written to {save}")


def my_copy(to: str) -> None:
    """Bring the reader's own copy of the notebooks up to date, and say what was done."""
    try:
        done = copy_notebooks(Path(to))
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    same = sum(what == SAME for what in done.values())
    for name, what in done.items():
        if what != SAME:
            print(f"{to}/{name}: {what}")
    if same:
        print(f"{to}: {same} notebooks are up to date")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m cnnlib", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    options = commands.add_parser("train", help="train the course's network on the digits")
    options.add_argument("--epochs", type=int, default=12, help="passes over the 8,000 images")
    options.add_argument("--seed", type=int, default=0, help="the same seed, the same weights")
    options.add_argument("--save", metavar="FILE", help="write the weights here, e.g. cnn.npz")
    copying = commands.add_parser("my-copy", help="copy the notebooks; never overwrite your work")
    copying.add_argument("--to", metavar="FOLDER", default="my-notebooks", help="where they go")
    arguments = parser.parse_args()
    if arguments.command == "my-copy":
        my_copy(arguments.to)
    else:
        train(arguments.epochs, arguments.seed, arguments.save)


if __name__ == "__main__":
    main()
