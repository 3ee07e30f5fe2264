"""What the course does from the shell: ``python -m cnnlib lab``, ``train``, ``check`` and more."""

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path

import numpy as np

from cnnlib.course.tools import lab
from cnnlib.course.tools.checking import collect, report
from cnnlib.course.tools.environment import settle
from cnnlib.course.tools.my_copy import SAME, copy_notebooks, folder_for
from cnnlib.course.training_a_cnn.recipes import RECIPES, mirrored_accuracy
from cnnlib.course.training_a_cnn.recipes import train as train_by
from cnnlib.files import check_writable
from cnnlib.training import evaluate


def train(data: str, epochs: int | None, seed: int, save: str | None) -> None:
    """Train as notebook 09 does, and print the accuracy on the held-out test images."""
    if save is not None:
        try:
            check_writable("train", save)  # before half a minute is spent
        except OSError as error:
            sys.exit(str(error))
    recipe = RECIPES[data]
    try:
        parts = recipe.load()
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(recipe.network(np.random.default_rng(seed)).summary((1, 28, 28)))
    print()
    started = time.perf_counter()
    model, history = train_by(recipe, parts, seed, epochs)
    seconds = time.perf_counter() - started
    print(history)
    loss, accuracy = evaluate(model, parts.test)
    images = len(parts.test.labels)
    print(f"\ntest accuracy {accuracy:.2%} on {images:,} images it never saw (loss {loss:.4f})")
    if recipe.mirrored:
        accuracy = mirrored_accuracy(model, parts.test)
        print(f"asked about each image and its mirror image, scores added: {accuracy:.2%}")
    print(f"trained for {seconds:.0f} s with seed {seed}")
    if save is not None:
        model.save(save)
        print(f"weights written to {save}")


def my_copy(to: str) -> list[Path]:
    """Bring the reader's own copy up to date, say what was done, and return its notebooks."""
    with contextlib.suppress(OSError):  # the environment is someone else's, and they have done it
        settle(Path(sys.prefix))
    try:
        folder = folder_for(to)
        done = copy_notebooks(folder)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    for name, what in done.items():
        if what != SAME:
            print(f"{shown / name}: {what}")
    if same := sum(what == SAME for what in done.values()):
        print(f"{shown}: {same} notebooks are up to date")
    return [folder / name for name in done]


def open_lab(to: str, notebook: str | None, options: list[str]) -> int:
    """Bring the reader's own copy up to date and open JupyterLab on one of its notebooks."""
    try:
        return lab.run(lab.choose(notebook, my_copy(to)), options)
    except ValueError as error:
        sys.exit(str(error))


def check(folder: str, to: str, seconds: int, memory: int, jobs: int | None) -> None:
    """Judge the notebooks of a class, and write a table and a page about them."""
    place = Path(to)
    if place.resolve().is_relative_to(Path(folder).resolve()):
        sys.exit(
            f"check: the report would lie in {folder}, among what was handed in. "
            "Name another folder: --to ../class-report"
        )
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print("check: you are root, and so would be what students wrote. Use another account.",
              file=sys.stderr)  # fmt: skip
    try:
        place.mkdir(parents=True, exist_ok=True)
        check_writable("check", place / "class.html")  # before minutes are spent
        works = collect.check_class(Path(folder), seconds=seconds, megabytes=memory, jobs=jobs)
        written = report.write_report(works, place)
    except OSError as error:
        sys.exit(str(error))
    print(*(f"written: {path}" for path in written), sep="\n")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m cnnlib", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    opening = commands.add_parser(
        "lab",
        help="open JupyterLab on your own copy of the notebooks",
        epilog="All other options go to JupyterLab, such as --no-browser or --port=9999.",
        allow_abbrev=False,
    )
    opening.add_argument("--notebook", metavar="NAME", help="the notebook to open: 02, or a file")
    copying = commands.add_parser("my-copy", help="copy the notebooks; never overwrite your work")
    for command in (opening, copying):
        command.add_argument(
            "--to", metavar="FOLDER", default="", help="your copy, by default my-notebooks"
        )
    commands.add_parser(
        "lecture", help="open the lecture of a notebook as a deck in JupyterLab", add_help=False
    )
    options = commands.add_parser("train", help="train the course's network on the digits")
    options.add_argument(
        "--data",
        choices=list(RECIPES),
        default="digits",
        help="what to learn: the course's digits, Fashion-MNIST, or the whole of MNIST",
    )
    options.add_argument(
        "--epochs", type=int, help="passes over the training images; 12 unless given"
    )
    options.add_argument("--seed", type=int, default=0, help="the same seed, the same weights")
    options.add_argument("--save", metavar="FILE", help="write the weights here, e.g. cnn.npz")
    checking = commands.add_parser("check", help="judge the notebooks of a class")
    checking.add_argument("folder", help="where they lie, one folder for each student")
    checking.add_argument("--to", metavar="FOLDER", default="class-report", help="for the report")
    checking.add_argument(
        "--seconds", type=int, default=collect.SECONDS, help="how long an exercise may take"
    )
    checking.add_argument(
        "--memory", type=int, default=collect.MEGABYTES, help="in MB, for one notebook"
    )
    checking.add_argument("--jobs", type=int, help="how many notebooks at a time")
    arguments, rest = parser.parse_known_args()
    if arguments.command == "lab":
        sys.exit(open_lab(arguments.to, arguments.notebook, rest))
    if arguments.command == "lecture":
        from cnnlib.course.tools.pages import lecture  # reads notebooks, which the others need not

        sys.exit(lecture.main(rest))
    if rest:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    if arguments.command == "my-copy":
        my_copy(arguments.to)
    elif arguments.command == "check":
        check(arguments.folder, arguments.to, arguments.seconds, arguments.memory, arguments.jobs)
    else:
        train(arguments.data, arguments.epochs, arguments.seed, arguments.save)


if __name__ == "__main__":
    main()
