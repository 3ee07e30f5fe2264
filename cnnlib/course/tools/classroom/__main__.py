"""A class on one machine: ``sudo python -m cnnlib.course.tools.classroom``; see README.md."""

import argparse
import csv
import os
import subprocess
import sys
from pathlib import Path

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.tools.classroom import people

CONFIG = Path(__file__).parent / "hub" / "jupyterhub_config.py"


def _chapter(number: str) -> str:
    for chapter in CHAPTERS:
        if chapter.notebook.startswith(f"{number}_"):
            return f"{chapter.notebook}.ipynb"
    raise argparse.ArgumentTypeError(f"there is no notebook {number}; write 02, for example")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cnnlib.course.tools.classroom", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("config", help="print where JupyterHub's configuration lies")
    for command, what in (
        ("add", "make an account for each name in a file; print their passwords as CSV"),
        ("remove", "remove these accounts and their homes"),
    ):
        adding = commands.add_parser(command, help=what)
        adding.add_argument("names", type=Path, help="a text file, one name on each line")
    collecting = commands.add_parser("collect", help="copy a notebook of every member")
    collecting.add_argument("notebook", type=_chapter, metavar="NUMBER", help="such as 02")
    collecting.add_argument("folder", type=Path, help="where to; a folder for each member is made")
    arguments = parser.parse_args()
    if arguments.command == "config":
        print(CONFIG)
        return
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        sys.exit("classroom: accounts are made, read and removed by root. Put sudo before it.")
    try:
        if arguments.command == "collect":
            copied = people.collect(arguments.folder, arguments.notebook, _tell)
            print(f"{len(copied)} notebooks are in {arguments.folder}")
            return
        names = people.names_in(arguments.names.read_text(encoding="utf-8"))
        if arguments.command == "remove":
            people.remove(names, _tell)
        else:
            csv.writer(sys.stdout).writerows(people.add(names, _tell).items())
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))


def _tell(what: str) -> None:
    print(what, file=sys.stderr)


if __name__ == "__main__":
    main()
