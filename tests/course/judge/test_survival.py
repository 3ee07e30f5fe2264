"""Whatever an answer does or returns, a check ends with a verdict, in few words and in time."""

import asyncio
import functools
import inspect
import itertools
import os
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from cnnlib.course import judge
from cnnlib.course.judge import ExerciseSet, Refused, case
from cnnlib.course.judge import run as running
from cnnlib.course.judge.plain import Foreign, describe, plain
from cnnlib.course.judge.run import run

SHORT = 3_000  # characters that a verdict may have


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


@pytest.fixture
def chapter() -> ExerciseSet:
    return ExerciseSet("example", "00 Example")


@pytest.fixture
def scale(chapter: ExerciseSet) -> judge.Coding:
    @chapter.coding(
        "Scale",
        level=1,
        minutes=1,
        hints=["One.", "Two."],
        hand=[(case(np.array([[1.0, 2.0]])), np.array([[2.0, 4.0]]))],
        cases=lambda rng: case(rng.integers(-4, 5, rng.integers(1, 4, 2)) / 2, 2.5),
        seconds=2.0,
    )
    def scale(x, factor=2.0):
        """Return the array times a factor."""
        return x * factor

    @scale.mistake("The factor is not used.")
    def forgets(x, factor=2.0):
        return x.copy()

    @scale.mistake("A truth value is asked of the whole array.")
    def raises(x, factor=2.0):
        raise RuntimeError("can't start new thread")

    return scale


@pytest.fixture
def count(chapter: ExerciseSet) -> judge.Coding:
    @chapter.coding(
        "Count", level=1, minutes=1, hints=["One.", "Two."], cases=lambda rng: case([1, 2, 3])
    )
    def count(values):
        return len(values)

    return count


def fail(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("this object misbehaves")


def sleeps_for_ever(*args: Any) -> Any:
    while True:
        pass


HOOKS = [
    "__repr__", "__str__", "__eq__", "__ne__", "__bool__", "__len__", "__iter__", "__getitem__",
    "__getattr__", "__getattribute__", "__hash__", "__format__", "__array__", "__float__",
    "__int__", "__index__", "__abs__", "__add__", "__lt__", "__call__", "__del__", "__copy__",
    "__deepcopy__", "__reduce_ex__", "__array_ufunc__", "__array_finalize__", "__contains__",
    "__next__", "__complex__", "__neg__", "__sub__", "__rsub__", "keys", "shape", "dtype",
]  # fmt: skip
BASES = [object, list, tuple, dict, int, float, str, np.ndarray, BaseException]


def make_hostile(base: type, hook: str, act: Any) -> Any:
    hostile = type("Hostile", (base,), {hook: act})
    return hostile((2, 2)) if base is np.ndarray else hostile()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("base", BASES)
def test_objects_that_misbehave_get_a_verdict(scale, count, base):
    for hook in HOOKS:
        for exercise in (scale, count):
            exercise._kept = exercise.trials[:3]
            for wrap in (lambda one: one, lambda one: [one, one], lambda one: {"a": (one,)}):

                def answer(*args, hook=hook, wrap=wrap):
                    return wrap(make_hostile(base, hook, fail))

                verdict = exercise.check(answer)
                assert verdict.status == "wrong", (base, hook)
                assert len(repr(verdict)) < SHORT
                assert "check itself failed" not in repr(verdict)


def test_an_object_that_lies_about_its_class_is_what_it_is():
    class Liar:
        __class__ = np.ndarray  # type: ignore[assignment]

    class Fails:
        @property
        def __class__(self) -> type:
            raise RuntimeError("no class")

    for one in (Liar(), Fails()):
        assert isinstance(plain(one), Foreign)


@pytest.mark.parametrize("hook", ["__iter__", "__array__", "__len__"])
def test_a_conversion_that_never_ends_is_stopped(count, hook):
    count._seconds = 0.3

    def answer(values):
        return make_hostile(object, hook, sleeps_for_ever)

    start = time.monotonic()
    assert count.check(answer).status == "wrong"
    assert time.monotonic() - start < 20


def test_what_contains_itself_is_told(scale):
    def a_list(x, factor=2.0):
        endless: list[Any] = []
        endless.append(endless)
        return endless

    def a_dict(x, factor=2.0):
        endless: dict[str, Any] = {}
        endless["me"] = endless
        return endless

    def deep(x, factor=2.0):
        nested: list[Any] = []
        for _ in range(20_000):
            nested = [nested]
        return nested

    def in_an_array(x, factor=2.0):
        held = np.empty(1, object)
        held[0] = held
        return held

    for answer in (a_list, a_dict, deep, in_an_array):
        verdict = scale.check(answer)
        assert verdict.status == "wrong"
        assert "check itself failed" not in repr(verdict)


class Silent(Exception):
    """An exception whose own words cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class Endless(Exception):
    """An exception that never finds its words."""

    def __str__(self) -> str:
        while True:
            pass


class Text(Exception):
    """An exception whose words are no text."""

    def __str__(self) -> str:
        return 3  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GeneratorExit(), "GeneratorExit"),
        (asyncio.CancelledError(), "CancelledError"),
        (type("Own", (BaseException,), {})("mine"), "It raised Own"),
        (SystemExit(0), "Leave out `exit`"),
        (StopIteration(), "StopIteration"),
        (Silent(), "It raised Silent"),
        (Text(), "It raised Text"),
        (Endless(), "stopped after 2 seconds"),
        (ValueError("x" * 10**6), "…"),
        (ValueError("\n\n\x00\x1b[31m" * 100), "It raised ValueError"),
        (ExceptionGroup("several", [ValueError("one"), KeyError("two")]), "ExceptionGroup"),
        (MemoryError(), "MemoryError"),
    ],
    ids=range(12),
)
def test_any_exception_is_reported_in_few_words(scale, error, words):
    def answer(x, factor=2.0):
        raise error

    text = repr(scale.check(answer)).replace("\n", " ")
    assert words in text
    assert text.startswith("✗")
    assert len(text) < SHORT


def test_an_exception_that_hides_itself_is_reported(scale):
    class Meta(type):
        @property
        def __name__(cls) -> str:
            raise RuntimeError("no name")

    class Hidden(Exception, metaclass=Meta):
        pass

    def answer(x, factor=2.0):
        raise Hidden

    assert scale.check(answer).status == "wrong"


@pytest.mark.parametrize(
    "hooks",
    [
        ["__getattr__"],
        ["__repr__", "__str__"],
        ["__eq__"],
        ["__bool__"],
        ["__len__"],
        ["__signature__", "__wrapped__", "__name__", "__code__", "__func__"],
    ],
)
def test_a_callable_that_misbehaves_may_be_right(scale, hooks):
    broken = {hook: fail if hook in HOOKS else property(fail) for hook in hooks}
    call = {"__call__": lambda self, x, factor=2.0: x * factor}
    assert scale.check(type("Hostile", (), {**call, **broken})()).passed


@pytest.mark.parametrize("hook", ["__repr__", "__getattr__", "__eq__", "__len__", "__iter__"])
def test_what_is_no_answer_may_misbehave(scale, chapter, hook):
    facts = {"level": 1, "minutes": 1, "hints": ["x", "y"], "mistakes": [(3, "No.")], "why": "So."}
    expectations = (4, 2.5, (4, 8), np.ones(2), "a")
    predictions = [
        chapter.prediction(f"p{i}", "P", expected=one, **facts)
        for i, one in enumerate(expectations)
    ]
    for exercise in (scale, *predictions):
        verdict = exercise.check(make_hostile(object, hook, fail))
        assert verdict.status == "wrong"
        assert "check itself failed" not in repr(verdict)
        assert "Expected" in verdict.diagnosis


@pytest.mark.parametrize(
    "value", [10**5000, -(10**400), float("nan"), float("inf"), -float("inf")], ids=range(5)
)
def test_numbers_beyond_all_bounds_are_shown(chapter, count, value):
    facts = {"level": 1, "minutes": 1, "hints": ["x", "y"], "mistakes": [], "why": "So."}
    whole = chapter.prediction("whole", "W", expected=4, **facts)
    real = chapter.prediction("real", "R", expected=0.5, **facts)
    pair = chapter.prediction("pair", "P", expected=(4, 8), **facts)
    for verdict in (whole.check(value), real.check(value), pair.check((4, value))):
        assert verdict.status == "wrong"
        assert len(repr(verdict)) < SHORT
        assert "check itself failed" not in repr(verdict)
        if value != value:
            assert "too small" not in repr(verdict)
    assert count.check(lambda values: value).status == "wrong"


# What is printed, displayed, warned


def test_much_printing_takes_little_time(scale, capsys):
    def chatty(x, factor=2.0):
        for _ in range(20_000):
            print("step")
        return x * factor

    start = time.process_time()
    assert scale.check(chatty).passed
    assert time.process_time() - start < 15  # 201 calls; a minute before
    assert capsys.readouterr().out == ""


def test_the_other_stream_is_kept_from_the_notebook(scale, capsys):
    def complains(x, factor=2.0):
        print("to the other stream", file=sys.stderr)
        return x

    text = repr(scale.check(complains))
    assert "It printed:" in text
    assert "to the other stream" in text
    assert capsys.readouterr().err == ""


def test_standard_streams_come_back(scale):
    before = sys.stdout, sys.stderr

    def spoils(x, factor=2.0):
        sys.stdout = None  # type: ignore[assignment]
        sys.stderr = None  # type: ignore[assignment]
        return x * factor

    assert scale.check(spoils).passed
    assert (sys.stdout, sys.stderr) == before


IN_A_SHELL = """
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import HTML, clear_output, display, update_display
shell = InteractiveShell.instance()
published = []
shell.display_pub.publish = lambda *args, **kwargs: published.append(args)
from cnnlib.course.pixels_and_channels import exercises as ex

def shows(image):
    display(HTML("x" * 10_000))
    clear_output()
    handle = display(image, display_id="mine")
    handle.update(1)
    return image.astype(float).mean(axis=2)

print(ex.grey.judge(shows))
display("after")
print(len(published))
"""


def test_what_an_answer_displays_is_kept_from_the_notebook():
    ran = subprocess.run(
        [sys.executable, "-c", IN_A_SHELL], capture_output=True, text=True, timeout=120, check=True
    )
    assert ran.stdout.startswith("✓ grey")
    assert ran.stdout.split()[-1] == "1"  # that which was displayed after the check


def test_printing_something_else_is_not_printing_the_result(scale):
    def prints_shape(x, factor=2.0):
        print(x.shape)

    def prints_result(x, factor=2.0):
        print("result", x * factor)

    assert scale.check(prints_shape).diagnosis.startswith("It returns None.")
    assert scale.check(prints_result).diagnosis.startswith("It prints its result")


def test_only_numpys_warnings_are_called_so(scale):
    import warnings

    def says_hi(x, factor=2.0):
        warnings.warn("the student says hi", stacklevel=1)
        return x

    def overflows(x, factor=2.0):
        return x + np.exp(np.full(x.shape, 1000.0))

    assert "says hi" not in repr(scale.check(says_hi))
    assert "NumPy warned: overflow encountered in exp." in repr(scale.check(overflows)).replace(
        "\n", " "
    )


# Faults of the computer, the session, the check


@pytest.fixture
def no_threads(monkeypatch):
    def no_thread(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(running, "_watch", running._Watch())  # where nobody watches yet
    monkeypatch.setattr("threading.Thread.start", no_thread)
    monkeypatch.setattr(running, "SLOWER", 1)  # the tests need not wait


def counts_for_ever(x, factor=2.0):
    number = 0
    while True:
        number += 1


def collects_for_ever(x, factor=2.0):
    return sum(1 for _ in itertools.repeat(factor))


def lets_a_library_loop(x, factor=2.0):
    return functools.reduce(lambda a, b: b, itertools.repeat(x))


@pytest.mark.parametrize("answer", [counts_for_ever, collects_for_ever, lets_a_library_loop])
def test_without_threads_a_loop_that_never_ends_is_stopped(scale, no_threads, answer):
    tracing = sys.gettrace()
    verdict = scale.check(answer)
    assert sys.gettrace() is tracing
    assert verdict.status == "wrong"
    said = " ".join(repr(verdict).split())
    assert "The call was stopped after 2 seconds. Does a loop never end?" in said
    source = inspect.getsource(answer).splitlines()
    assert source[-1].strip() in said or source[-2].strip() in said


def test_without_threads_a_right_answer_is_right_and_may_take_longer(
    scale, no_threads, monkeypatch
):
    monkeypatch.setattr(running, "SLOWER", 1.5)

    def slow(x, factor=2.0):
        end = time.monotonic() + 2.4  # the limit is 2 seconds where there are threads
        while time.monotonic() < end and not seen:
            pass
        seen.append(1)
        return x * factor

    seen: list[int] = []
    assert scale.check(slow).passed
    assert "stopped after 3 seconds" in " ".join(repr(scale.check(counts_for_ever)).split())


def test_without_threads_a_project_is_stopped_too(chapter, no_threads):
    project = chapter.project(
        "endless", "Endless", level=1, minutes=1, judge=lambda answer: answer(), solution="x",
        praise="Right.", hints=["One.", "Two."], seconds=1.0,
    )  # fmt: skip
    assert "It was stopped after 1 seconds" in repr(project.check(lambda: counts_for_ever(1)))


def test_a_fault_of_the_computer_is_no_mistake(scale, monkeypatch):
    original = scale.model_answer

    def out_of_threads(x, factor=2.0):
        raise RuntimeError("can't start new thread")

    scale.model_answer = out_of_threads
    verdict = scale.check(lambda x, factor=2.0: out_of_threads(x))
    scale.model_answer = original
    assert verdict.status == "todo"
    assert repr(verdict).startswith("○ scale: could not be judged")
    assert "own solution fails here as well, with RuntimeError" in repr(verdict).replace("\n", " ")


def test_a_fault_of_the_check_is_no_mistake(chapter):
    def broken(x):
        raise KeyError("oracle")

    @chapter.coding(
        "Broken", level=1, minutes=1, hints=["x", "y"], cases=lambda rng: case(1), oracle=broken
    )
    def broken_exercise(x):
        return x

    verdict = broken_exercise.check(lambda x: x)
    assert verdict.status == "todo"
    assert "The check itself failed, with KeyError" in verdict.diagnosis


def test_a_judge_that_fails_on_a_value_blames_itself(chapter):
    def fails(answer):
        raise OSError("no data")

    facts = {"level": 1, "minutes": 1, "hints": ["x", "y"], "solution": "3", "praise": "So."}
    verdict = chapter.project("value", "A value", judge=fails, **facts).check(3)
    assert verdict.status == "todo"
    assert "The check itself failed, with OSError: no data." in verdict.diagnosis


def test_what_the_course_refuses_is_told_in_its_words(chapter):
    def use(answer, x):
        result = answer(x)
        if x > 2:
            raise Refused("Two layers disturb each other.")
        return result

    @chapter.coding(
        "Use", level=1, minutes=1, hints=["x", "y"], cases=lambda rng: case(int(rng.integers(3))),
        oracle=lambda x: x, call=use, regions={"`x` is large": [case(3)]},
    )  # fmt: skip
    def solve(x):
        return x

    verdict = solve.check(lambda x: x)
    assert verdict.status == "wrong"
    assert verdict.diagnosis == "Two layers disturb each other."


@pytest.mark.parametrize("value", [(3, 3), None, 0])
def test_an_overwritten_name_is_told(scale, monkeypatch, value):
    def uses_zeros(x, factor=2.0):
        return np.zeros(x.shape) + x * factor

    monkeypatch.setattr(np, "zeros", value)
    verdict = scale.check(uses_zeros)
    assert np.zeros is value  # the session is the reader's own
    monkeypatch.undo()
    text = repr(verdict).replace("\n", " ")
    assert text.startswith("○ scale: could not be judged")
    assert "`np.zeros` means something else in this session" in text
    assert "restart the kernel" in text


def test_an_overwritten_name_is_told_where_it_leads_to_wrong_numbers(scale, monkeypatch):
    def uses_multiply(x, factor=2.0):
        return np.multiply(x, factor)

    monkeypatch.setattr(np, "multiply", np.add)
    verdict = scale.check(uses_multiply)
    other = scale.check(lambda x, factor=2.0: x + factor)
    monkeypatch.undo()
    assert verdict.status == "todo"
    assert "`np.multiply` means something else" in repr(verdict).replace("\n", " ")
    assert other.status == "wrong"  # it does not use that name


def test_an_overwritten_name_is_found_in_what_an_answer_calls(scale, monkeypatch):
    def helper(x):
        return np.zeros(x.shape)

    def calls(x, factor=2.0):
        return helper(x) + x * factor

    monkeypatch.setattr(np, "zeros", 0)
    verdict = scale.check(calls)
    monkeypatch.undo()
    assert "`np.zeros` means something else" in repr(verdict).replace("\n", " ")


def test_hints_and_quizzes_take_anything(scale):
    quiz = judge.Quiz("quiz", ("?", judge.right("a", "So."), judge.wrong("b", "No.")))
    for hook in ("__repr__", "__str__", "__eq__", "__hash__"):
        one = make_hostile(object, hook, fail)
        assert "There is no question" in quiz.answer(one, "a").diagnosis
        assert "There is no option" in quiz.answer(1, one).diagnosis
        with pytest.raises(ValueError, match="numbered from 1"):
            scale.hint(one)


def test_names_that_are_as_they_were_are_not_blamed(scale):
    def wrong(x, factor=2.0):
        return np.zeros(x.shape).nothing

    assert scale.check(wrong).status == "wrong"


def test_a_session_keeps_its_settings(scale):
    with np.errstate(all="raise"), np.printoptions(precision=1):
        assert scale.check(scale.model_answer).passed
        assert np.geterr()["over"] == "raise"
        assert np.get_printoptions()["precision"] == 1


def test_a_right_answer_may_underflow_where_the_session_raises(scale):
    def underflows(x, factor=2.0):
        np.exp(np.full(3, -1000.0)) * 1e-300
        np.float64(1e-300) * np.float64(1e-300)
        return x * factor

    with np.errstate(all="raise"):
        assert scale.check(underflows).passed


# Plain values


def test_plain_values_are_copies_of_exact_types():
    class Row(list):
        def __iter__(self) -> Any:
            raise RuntimeError

    class Word(str):
        pass

    kept = [np.ones(2), Row([1, 2.5]), {"a": Word("b")}, (True, None, ...)]
    made = plain(kept)
    kept[0][:] = 7
    assert made[0].tolist() == [1, 1]
    assert type(made[1]) is list
    assert made[1] == [1, 2.5]
    assert type(made[2]["a"]) is str
    assert made[3] == (True, None, ...)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((one for one in "ab"), "a generator"),
        ({}.values(), "the values of a dict"),
        (len, "the function len"),
        (lambda: 1, "the function (a lambda)"),
        (list, "the class list"),
        ({1}, "a set"),
        (object(), "an object"),
        (type("Residual", (), {"__call__": fail})(), "a Residual"),
    ],
)
def test_things_are_named(value, words):
    assert describe(value) == words


def test_a_call_reports_what_became_of_its_arguments():
    assert run(lambda x: x.sort(), case(np.array([2, 1])), 5).changed == "x"
    assert run(lambda *x: x[0].sort(), case(np.array([2, 1])), 5).changed == "argument 1"
    assert run(lambda x: x.append(make_hostile(object, "__eq__", fail)), case([1]), 5).changed


def endless():
    while True:
        pass


def test_one_thread_looks_after_all_calls(monkeypatch):
    started = []
    start = threading.Thread.start
    monkeypatch.setattr(running, "_watch", running._Watch())
    monkeypatch.setattr("threading.Thread.start", lambda self: (started.append(self), start(self)))
    for _ in range(50):
        assert run(lambda: 1, case(), 5).value == 1
    assert len(started) == 1


def test_the_thread_goes_when_nobody_calls_and_another_comes(monkeypatch):
    monkeypatch.setattr(running, "IDLE", 0.02)
    monkeypatch.setattr(running, "_watch", running._Watch())
    for _ in range(2):
        assert run(endless, case(), 0.05).timed_out
        end = time.monotonic() + 30
        while running._watch._awake and time.monotonic() < end:
            time.sleep(0.01)
        assert not running._watch._awake
        assert not running._watch.limits


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_that_was_forked_has_a_limit_of_its_own():
    assert run(lambda: 1, case(), 5).value == 1  # here somebody looks at the clock now
    child = os.fork()
    if not child:
        os._exit(0 if run(endless, case(), 0.1).timed_out else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("answer", ["lambda: 1", "endless"])
def test_a_profiler_or_debugger_can_be_used_after_a_check(answer):
    # In a process of its own: Python 3.11 would never come back.
    program = f"""
import sys
from cnnlib.course.judge import case
from cnnlib.course.judge.run import run

def endless():
    while True:
        pass

run({answer}, case(), 0.2)
for trace in (sys.setprofile, sys.settrace):
    trace(lambda *seen: None)
    sorted([2, 1], key=lambda number: number)
    trace(None)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
