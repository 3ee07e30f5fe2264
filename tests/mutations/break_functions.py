"""Break the library one function at a time, and say which test goes red first.

    python tests/mutations/break_functions.py                     # everything
    python tests/mutations/break_functions.py cnnlib.optim relu   # targets with one of these words

Each public function, method and property of the modules in `AREAS` is replaced in turn by one that
does the same and then answers

- ``zeros``: zeros of the right shapes and types, an empty text or list, False;
- ``nan``: NaN in the place of every float;
- ``input``: its first argument;

or, if it answers nothing, by one that does ``nothing``. Errors are raised as before, so a test of
messages alone kills nothing. Then the tests of the area run until one fails. What no test notices
is a survivor: write a test, or explain in `EXPLAINED` why no test can notice. A break whose answers
never differed from the right ones is "the same", and proves nothing.

Run it by hand now and then, on a system that can fork. It changes no file.
"""

import argparse
import dataclasses
import functools
import importlib
import inspect
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import zip_longest
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.configuration
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 900  # a run that takes longer hangs, which nobody would miss

WIDGETS = (
    "activation",
    "convolution",
    "descent",
    "drawing",
    "geometry",
    "graph",
    "inspector",
    "kernel",
    "mixer",
    "pooling",
    "sizing",
    "softmax",
    "training",
)
# Module, or module:name, and the tests that concern it.
AREAS = {
    "cnnlib.shapes": "tests/test_shapes.py",
    "cnnlib.functional": "tests/functional/test_functional.py tests/functional/test_golden.py",
    "cnnlib.reference": "tests/test_reference.py tests/functional",
    "cnnlib.gradcheck": "tests/test_gradcheck.py tests/functional/test_functional.py",
    "cnnlib.layers": "tests/test_layers.py tests/test_model.py tests/fast",
    "cnnlib.model": "tests/test_model.py tests/test_architectures.py tests/test_training.py",
    "cnnlib.optim": "tests/test_optim.py tests/test_training.py",
    "cnnlib.training": "tests/test_training.py",
    "cnnlib.architectures": "tests/test_architectures.py",
    "cnnlib.datasets": "tests/test_datasets.py",
    "cnnlib.archive": "tests/test_archive.py",
    "cnnlib.checks": "tests/test_errors.py tests/functional/test_functional.py",
    "cnnlib.fast.threads": "tests/fast",
    "cnnlib.fast.fused": "tests/fast",
    **{f"cnnlib.course.widgets.{w}": f"tests/course/widgets/{w}/test_widget.py" for w in WIDGETS},
    "cnnlib.course.convolution.figures:riddle": "tests/course/convolution",
    "cnnlib.course.convolution.figures:arithmetic": "tests/course/convolution",
    "cnnlib.course.pixels_and_channels.figures:light_discs": "tests/course/pixels_and_channels",
    "cnnlib.course.training_a_cnn.figures:running_mean": "tests/course/training_a_cnn",
}

# target and break: why no test can notice
EXPLAINED: dict[tuple[str, str], str] = {}


# --- what can be broken ---------------------------------------------------------------------------


def targets() -> Iterator[tuple[str, str]]:
    """Yield every target, as ``module:name`` or ``module:Class.name``, and its tests."""
    for area, tests in AREAS.items():
        name, _, only = area.partition(":")
        module = importlib.import_module(name)
        for public in [only] if only else public_names(module):
            thing = getattr(module, public)
            if inspect.isfunction(thing):
                yield f"{name}:{public}", tests
            elif inspect.isclass(thing) and not issubclass(thing, Exception):
                for member, value in vars(thing).items():
                    is_code = inspect.isfunction(value) or isinstance(value, property)
                    if is_code and not member.startswith("_"):
                        yield f"{name}:{public}.{member}", tests


def public_names(module: Any) -> list[str]:
    own = [name for name, thing in vars(module).items() if is_own(module, name, thing)]
    return list(getattr(module, "__all__", own))


def is_own(module: Any, name: str, thing: Any) -> bool:
    return not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__


def replace(target: str, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put the changed function everywhere that the library or a test has the right one."""
    name, _, path = target.partition(":")
    module = importlib.import_module(name)
    if "." in path:
        owner, member = getattr(module, path.partition(".")[0]), path.partition(".")[2]
        right = vars(owner)[member]
        if isinstance(right, property):
            setattr(owner, member, property(change(right.fget), right.fset, right.fdel))
        else:
            setattr(owner, member, change(right))
        return
    right = getattr(module, path)
    wrong = change(right)
    for known in list(sys.modules.values()):
        for attribute, value in list(getattr(known, "__dict__", {}).items()):
            if value is right:
                setattr(known, attribute, wrong)


# --- the breaks -----------------------------------------------------------------------------------


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change the arrays and numbers in an answer, however it is packed."""
    if isinstance(value, dict):
        return {key: each(one, change) for key, one in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(each(one, change) for one in value))
    if isinstance(value, list) and change is zero and value and not numeric(value):
        return []
    if isinstance(value, tuple | list):
        return type(value)(each(one, change) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        return dataclasses.replace(
            value, **{name: each(getattr(value, name), change) for name in fields}
        )
    return change(value)


def numeric(value: Any) -> bool:
    """Return whether zeros may take the place of an answer, or of anything in it."""
    if isinstance(value, tuple | list):
        return any(numeric(one) for one in value)
    return isinstance(value, np.ndarray | bool | int | float | np.generic)


def zero(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.zeros_like(value)
    return type(value)() if isinstance(value, bool | int | float | str | np.generic) else value


def not_a_number(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.full_like(value, np.nan)
    return type(value)("nan") if isinstance(value, float | np.floating) else value


def differs(one: Any, other: Any) -> bool:
    if one is other:
        return False
    try:
        np.testing.assert_equal(one, other)
    except (AssertionError, TypeError, ValueError):
        return True
    return type(one) is not type(other)


Note = Callable[[str], None]


def broken(right: Callable[..., Any], how: str, note: Note) -> Callable[..., Any]:
    """Return a function that does what `right` does but answers wrongly; note what happens."""
    first = next(iter(inspect.signature(right).parameters), None)
    skip = 1 if first == "self" else 0

    @functools.wraps(right)
    def wrong(*args: Any, **kwargs: Any) -> Any:
        note("called")
        if how == "nothing":
            note("differs")
            return None
        answer = right(*args, **kwargs)
        if how == "input":
            given = [*args[skip:], *kwargs.values()]
            result = given[0] if given and answer is not None else answer
        else:
            result = each(answer, zero if how == "zeros" else not_a_number)
        if differs(answer, result):
            note("differs")
        return result

    return wrong


def breaks(target: str) -> tuple[str, ...]:
    name, _, path = target.partition(":")
    function = functools.reduce(
        inspect.getattr_static, path.split("."), importlib.import_module(name)
    )
    function = function.fget if isinstance(function, property) else function
    answer = inspect.signature(function).return_annotation
    text = getattr(answer, "__name__", str(answer)) if inspect.isclass(answer) else str(answer)
    if text == "None":
        return ("nothing",)
    found = ["zeros"]
    # Whole numbers, texts, shapes and layers have no NaN.
    if re.search("float|[A-Z]", re.sub("Parameter|Shape|Size|Layer|Sequential|Path", "", text)):
        found.append("nan")
    if set(inspect.signature(function).parameters) - {"self"}:
        found.append("input")
    return tuple(found)


# --- a run ----------------------------------------------------------------------------------------


class Watch:
    """A pytest plugin that loads the tests once, and runs them anew for each break in a fork."""

    def __init__(self, chosen: list[tuple[str, str]], report: Callable[..., None]) -> None:
        self.chosen = chosen
        self.report = report
        self.red = ""

    def pytest_collection(self) -> None:
        # Smaller examples of a failure are of no use here, and take long to find.
        hypothesis.settings.register_profile(
            "broken", deadline=None, phases=[hypothesis.Phase.generate], database=None
        )
        hypothesis.settings.load_profile("broken")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.red = self.red or report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.red = self.red or report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        guilty = set()
        for target, how in self.chosen:
            red = self.run_once(session.items, target, how)
            if red in items:
                guilty.add(red)
        # What turned red must be green when nothing is broken.
        self.run_once([items[red] for red in sorted(guilty)], "", "right")
        return True

    def run_once(self, items: list[pytest.Item], target: str, how: str) -> str:
        """Fork, break, run and report; return the test that turned red."""
        start = time.monotonic()
        ours, theirs = multiprocessing.Pipe(duplex=False)
        pid = os.fork()
        if pid == 0:
            try:
                theirs.send(self.attempt(items, target, how))
            finally:
                os._exit(0)
        theirs.close()
        red, noted = f"no end within {SECONDS} s", {"called", "differs"}
        if ours.poll(SECONDS):
            red, noted = ours.recv()
        else:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.report(target, how, red, noted, time.monotonic() - start)
        return red

    def attempt(self, items: list[pytest.Item], target: str, how: str) -> tuple[str, set[str]]:
        """Break one function in this process and run the tests until one is red."""
        noted: set[str] = set()
        if how != "right":
            replace(target, lambda right: broken(right, how, noted.add))
        # The tests that name what is broken come first.
        words = target.partition(":")[2].removesuffix("_backward").split(".")
        items = sorted(items, key=lambda item: sum(word not in item.nodeid for word in words))
        for item, following in zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.red:
                break
        return self.red, noted


def run_area(tests: str, chosen: list[tuple[str, str]], channel: Connection) -> None:
    """Run the tests of an area once for each break, in a process of its own."""
    with open(os.devnull, "w") as silence:
        os.dup2(silence.fileno(), 1)
        os.dup2(silence.fileno(), 2)

    def report(*outcome: Any) -> None:
        channel.send(outcome)

    with tempfile.TemporaryDirectory() as folder:
        hypothesis.configuration.set_hypothesis_home_dir(folder)
        options = ["--capture=no", "-p", "no:cacheprovider", "--basetemp", f"{folder}/tests"]
        watch = Watch(chosen, report)
        pytest.main([*options, *tests.split()], plugins=[watch])
    if watch.red:
        report("", "right", f"{watch.red}, when it is loaded,", set(), 0.0)


def outcomes(tests: str, chosen: list[tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=run_area, args=(tests, chosen, theirs)
    )
    process.start()
    theirs.close()
    try:
        while True:
            yield ours.recv()
    except EOFError:
        process.join()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only targets that hold one of these")
    words = parser.parse_args().words
    os.chdir(ROOT)
    areas: dict[str, list[tuple[str, str]]] = {}
    for target, tests in targets():
        if not words or any(word in target for word in words):
            areas.setdefault(tests, []).extend((target, how) for how in breaks(target))
    count: Counter[str] = Counter()
    open_ends = []
    for tests, chosen in areas.items():
        for target, how, red, noted, seconds in outcomes(tests, chosen):
            if how == "right":
                if red:
                    print(f"{red} is red without any break: mend it first.")
                    return 2
                continue
            what = "killed"
            if not red:
                what = "survived" if "differs" in noted else "the same" if noted else "not called"
            if what == "survived" and (target, how) in EXPLAINED:
                what, red = "explained", EXPLAINED[target, how]
            if what in ("survived", "not called"):
                open_ends.append(f"{what}: {target} {how}")
            count[what] += 1
            print(f"{target:50} {how:8} {what:10} {seconds:4.1f} s  {red}", flush=True)
    print("\n" + ", ".join(f"{number} {what}" for what, number in sorted(count.items())))
    print("\n".join(open_ends))
    return 1 if open_ends else 0


if __name__ == "__main__":
    sys.exit(main())
