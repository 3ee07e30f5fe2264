"""Every exercise is proven in both directions: the solution passes, and what is wrong fails.

The tests go over whatever the chapters declare, so a new exercise is covered as it is written.
"""

import functools
import json
import re
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from bs4 import BeautifulSoup

from cnnlib.course import judge as exercises
from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.judge import (
    Coding,
    Exercise,
    ExerciseSet,
    Prediction,
    Project,
    Quiz,
    case,
    right,
    wrong,
)
from cnnlib.course.judge.compare import difference
from cnnlib.course.judge.run import Outcome, run

MODULES = {chapter.slug: chapter.exercises() for chapter in CHAPTERS}
ALL = [one for module in MODULES.values() for one in module.chapter.exercises.values()]
IDS = [one.key for one in ALL]
CODING = [one for one in ALL if isinstance(one, Coding)]
PREDICTIONS = [one for one in ALL if isinstance(one, Prediction)]
PROJECTS = [one for one in ALL if isinstance(one, Project)]


def each(some: list[Exercise]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("exercise", some, ids=[one.key for one in some])


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    path = tmp_path / "folder" / "progress.json"
    monkeypatch.setenv("CNNLIB_PROGRESS", str(path))
    return path


def like(value, make):
    """Return something of the same structure as a result, filled in by `make(array)`."""
    if isinstance(value, tuple | list):
        return type(value)(like(one, make) for one in value)
    if isinstance(value, dict):
        return {name: like(one, make) for name, one in value.items()}
    if isinstance(value, np.ndarray):
        return make(value).astype(value.dtype)
    if isinstance(value, str):
        return "nothing of the kind"
    if isinstance(value, bool | np.bool_):
        return bool(make(np.zeros(()))) if make is not noise else not value
    kind = int if isinstance(value, int | np.integer) else float
    return kind(make(np.array(float(value))))


def zeros(value):
    return np.zeros(value.shape)


def ones(value):
    return np.ones(value.shape)


def noise(value):
    rng = np.random.default_rng(int(np.abs(value).sum() * 8) + value.size)
    return value + rng.integers(1, 9, value.shape) * rng.choice([-1, 1], value.shape)


@functools.cache
def right_outcomes(exercise: Coding) -> list[Outcome]:
    use = exercise._use(exercise.model_answer)
    return [run(use, trial.call, 60) for trial in exercise.trials]


def judge_changed(exercise: Coding, change):
    """Judge an answer that gives the right result changed by `change(result, number)`."""
    return exercise._verdict(
        [
            replace(outcome, value=change(outcome.value, number))
            for number, outcome in enumerate(right_outcomes(exercise))
        ]
    )


# Every exercise


@each(ALL)
def test_an_exercise_without_an_answer_is_not_attempted(exercise):
    for verdict in (exercise.check(), exercise.check(...)):
        assert verdict.status == "todo"
        assert not verdict
        assert repr(verdict).startswith(f"○ {exercise.name}: not attempted yet")


@each(CODING + PREDICTIONS)
def test_the_solution_passes(exercise):
    verdict = exercise.check(exercise.model_answer)
    assert verdict.passed, repr(verdict)
    assert repr(verdict).startswith(f"✓ {exercise.name}")


@each(ALL)
def test_the_solution_can_be_read_and_pasted(exercise):
    code = exercise.solution().code
    compile(code, exercise.name, "exec")
    assert re.search(rf"\b{exercise.reader_name}\b", code)
    assert all(len(line) <= 100 for line in code.splitlines())


@each(ALL)
def test_the_facts_are_stated(exercise):
    text = repr(exercise)
    assert exercise.title in text
    assert f"about {exercise.minutes} minute" in text
    assert 1 <= exercise.minutes <= 60


@each(ALL)
def test_hints_come_one_after_the_other(exercise):
    exercise._hints_given = 0
    seen = [exercise.hint().text for _ in exercise.hints]
    assert seen == list(exercise.hints)
    assert exercise.hint().number == len(exercise.hints)  # the last one stays
    assert exercise.hint(1).text == exercise.hints[0]
    with pytest.raises(ValueError, match="numbered from 1"):
        exercise.hint(9)


# Coding


@each(CODING)
def test_hand_values_are_true(exercise):
    for call, expected in exercise._hand:
        given = call.copy()
        assert difference(exercise._oracle(*given.args, **given.kwargs), expected) is None


@each(CODING)
def test_there_are_enough_cases_and_mistakes(exercise):
    assert len(exercise.trials) >= 200
    assert len(exercise.mistakes) >= 3


@each(CODING)
def test_each_classic_mistake_is_named(exercise):
    for mistake in exercise.mistakes:
        verdict = exercise.check(mistake.function)
        assert verdict.status == "wrong", mistake.diagnosis
        assert verdict.diagnosis == mistake.diagnosis
    diagnoses = [mistake.diagnosis for mistake in exercise.mistakes]
    assert len(set(diagnoses)) == len(diagnoses)


@each(CODING)
def test_empty_answers_fail_each_with_its_own_diagnosis(exercise):
    verdicts = [
        judge_changed(exercise, lambda result, number: None),
        *(
            judge_changed(exercise, lambda result, number, make=make: like(result, make))
            for make in (zeros, ones, noise)
        ),
    ]
    assert [verdict.status for verdict in verdicts] == ["wrong"] * 4
    assert "None" in verdicts[0].diagnosis
    # A result of truth values has two constants; noise is then the opposite of the right one.
    texts = [repr(verdict) for verdict in verdicts]
    assert len(set(texts)) == 4, texts
    known = {mistake.diagnosis for mistake in exercise.mistakes}
    assert verdicts[0].diagnosis not in known


@each(CODING)
def test_an_answer_that_is_wrong_in_one_case_fails(exercise):
    rng = np.random.default_rng(0)
    count = len(exercise.trials)
    for chosen in {0, count - 1, *rng.integers(0, count, 3).tolist()}:

        def spoil(result, number, chosen=chosen):
            return nudge(result) if number == chosen else result

        assert judge_changed(exercise, spoil).status == "wrong", f"case {chosen}"


def nudge(value):
    """Return a result with one entry a little off."""
    if isinstance(value, tuple | list):
        return type(value)([*value[:-1], nudge(value[-1])])
    if isinstance(value, dict):
        last = list(value)[-1]
        return {**value, last: nudge(value[last])}
    if isinstance(value, np.ndarray):
        spoilt = value.copy()
        if spoilt.dtype.kind == "b":
            spoilt.flat[-1] = not spoilt.flat[-1]
        elif spoilt.dtype == np.uint8:
            spoilt.flat[-1] ^= 1
        else:
            spoilt.flat[-1] += 1 if value.dtype.kind in "iu" else 0.01 * (1 + np.abs(value).max())
        return spoilt
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, str):
        return value + "?"
    return value + (1 if isinstance(value, int | np.integer) else 0.01 * (1 + abs(value)))


@each(CODING)
def test_a_result_of_another_type_is_told(exercise):
    def as_text(result, number):
        return "many"

    verdict = judge_changed(exercise, as_text)
    assert verdict.status == "wrong"
    assert "many" in repr(verdict)


@each(CODING)
def test_what_is_no_answer_is_told(exercise):
    for nonsense in (None, 3, "text", np.zeros((2, 2)), [1], {}):
        verdict = exercise.check(nonsense)
        assert verdict.status == "wrong"
        assert re.match("Expected (the function|the class|a class)", verdict.diagnosis)


# Predictions


@each(PREDICTIONS)
def test_wrong_values_fail_and_known_ones_are_explained(exercise):
    for value, diagnosis in exercise.mistakes:
        verdict = exercise.check(value)
        assert (verdict.status, verdict.diagnosis) == ("wrong", diagnosis)
    # Several values may come from one mistake, and are told the same; no value stands there twice.
    assert len({repr(value) for value, _ in exercise.mistakes}) == len(exercise.mistakes)
    assert len({diagnosis for _, diagnosis in exercise.mistakes}) >= 2
    for value in (None, *(like(exercise.model_answer, make) for make in (zeros, ones, noise))):
        if value is None or difference(exercise.model_answer, value) is not None:
            verdict = exercise.check(value)
            assert verdict.status == "wrong"
            assert verdict.diagnosis
    for nonsense in ("no such thing", [[]], {}, len, object()):
        assert exercise.check(nonsense).status == "wrong"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((4, 7), "(4, 7) is not it: 4 is right, 7 is too small."),
        ([9, 8], "(9, 8) is not it: 9 is too large, 8 is right."),
        ((4.0, 7.5), "(4, 7.5) is not it: 4 is right, 7.5 is too small."),
        ((4, "8"), "In entry 2: Expected a whole number"),
        ((4,), "Expected 2 entries"),
    ],
)
def test_of_several_numbers_each_is_judged(chapter, answer, words):
    facts = {"level": 1, "minutes": 1, "hints": ["x", "y"], "mistakes": [], "why": "So."}
    pair = chapter.prediction("pair", "A pair", expected=(4, 8), **facts)
    assert words in pair.check(answer).diagnosis
    for right_answer in ((4, 8), [4.0, 8.0], np.array([4, 8]), np.float32([4, 8])):
        assert pair.check(right_answer).passed


# Projects


@each(PROJECTS)
def test_a_project_refuses_what_is_no_answer(exercise):
    for nonsense in (None, "text", [], object()):
        verdict = exercise.check(nonsense)
        assert verdict.status == "wrong", nonsense
        assert verdict.diagnosis


@each(PROJECTS)
def test_a_project_judges_both_ways(exercise):
    verdict = exercise.check(exercise.model_answer)
    assert verdict.passed, repr(verdict)
    assert len(exercise.mistakes) >= 3
    for mistake in exercise.mistakes:
        makes = mistake.function.__name__.startswith("make_")
        answer = mistake.function() if makes else mistake.function
        verdict = exercise.check(answer)
        assert verdict.status == "wrong", mistake.diagnosis
        assert mistake.diagnosis in verdict.diagnosis


# The chapters


@pytest.mark.parametrize("name", MODULES)
def test_a_chapter_is_complete(name):
    module = MODULES[name]
    assert 4 <= len(module.chapter.exercises) <= 8
    for exercise in module.chapter.exercises.values():
        assert getattr(module, exercise.name) is exercise
    assert 4 <= len(module.quiz.questions) <= 6
    assert repr(module.progress()).startswith(module.chapter.title)


@pytest.mark.parametrize("name", MODULES)
def test_every_option_of_a_quiz_is_explained(name):
    quiz = MODULES[name].quiz
    letters = set()
    for number, question in enumerate(quiz.questions, start=1):
        for letter, option in zip("abcdefgh", question.options, strict=False):
            verdict = quiz.answer(number, letter)
            assert verdict.passed == option.right
            assert len(option.why.split()) >= 4, option
            if option.right:
                letters.add(letter)
        whys = [option.why for option in question.options]
        assert len(set(whys)) == len(whys)
        assert len(question.options) >= 3
    assert len(letters) > 1, "the right option always stands in the same place"


# The framework, on an exercise of its own


@pytest.fixture
def chapter():
    return ExerciseSet("example", "00 Example")


@pytest.fixture
def scale(chapter):
    @chapter.coding(
        "Scale",
        level=1,
        minutes=1,
        hints=["One.", "Two."],
        hand=[(case(np.array([[1.0, 2.0]])), np.array([[2.0, 4.0]]))],
        cases=lambda rng: case(rng.integers(-4, 5, rng.integers(1, 4, 2)) / 2, 2.5),
        seconds=1.0,
    )
    def scale(x, factor=2.0):
        """Return the array times a factor."""
        return x * factor

    @scale.mistake("The factor is not used.")
    def forgets(x, factor=2.0):
        return x.copy()

    return scale


def test_a_verdict_is_true_where_it_is_right(scale):
    assert scale.check(lambda x, factor=2.0: x * factor)
    assert not scale.check(lambda x, factor=2.0: x)


def test_a_failing_case_is_shown_with_its_arrays(scale):
    def half_right(x, factor=2.0):
        result = x * factor
        result[0, 0] += 1
        return result

    assert repr(scale.check(half_right)) == (
        "✗ scale: not yet right\n"
        "1 of 2 differs.\n"
        "Worked out by hand:\n"
        "    my_scale(x)\n"
        "    x (1, 2)\n"
        "     1  2\n"
        "Expected (1, 2):\n"
        "     2  4\n"
        "Got (1, 2), with brackets where it differs:\n"
        "    [3] 4"
    )


def test_an_endless_loop_is_stopped(scale):
    def endless(x, factor=2.0):
        while True:
            factor += 1

    start = time.monotonic()
    verdict = scale.check(endless)
    assert verdict.diagnosis.startswith("The call was stopped after 1 seconds.")
    assert "line" in verdict.diagnosis
    assert time.monotonic() - start < 20


def test_a_loop_that_catches_everything_is_stopped():
    def work():
        for _ in range(10_000_000):
            pass

    def stubborn():
        for _ in range(20):
            try:
                work()  # here the exception arrives, and is caught
            except:  # noqa: E722
                work()  # and here the next

    assert run(stubborn, case(), 0.2).timed_out


def test_a_loop_is_stopped_in_another_thread_too(scale):
    def endless(x, factor=2.0):
        while True:
            pass

    found = []
    thread = threading.Thread(target=lambda: found.append(scale.check(endless)))
    thread.start()
    thread.join(30)
    assert "stopped" in found[0].diagnosis


def test_nothing_of_the_time_limit_arrives_later(scale):
    limit = 0.012  # just above the time between two looks at the clock
    for lasts in np.linspace(0, 2 * limit, 150):

        def around(x, factor=2.0, lasts=lasts):
            end = time.perf_counter() + lasts
            while time.perf_counter() < end:
                pass
            return x * factor

        run(around, scale.trials[0].call, limit)
    time.sleep(0.05)  # an exception still on its way would be raised here


def test_the_stop_button_stops_the_check(scale):
    def pressed(x, factor=2.0):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scale.check(pressed)


def test_an_exception_is_explained_with_its_line_and_call(scale):
    def broken(x, factor=2.0):
        result = np.zeros(2)
        result[2] = x[0, 0]
        return result

    text = repr(scale.check(broken))
    assert "IndexError" in text
    assert "result[2] = x[0, 0]" in text
    assert "my_scale(x)" in text
    assert "Traceback" not in text


def test_an_argument_that_is_written_to_is_named(scale):
    def in_place(x, factor=2.0):
        x *= factor
        return x

    verdict = scale.check(in_place)
    assert "writes to its argument `x`" in verdict.diagnosis


def spoil_first(values):
    """Write to the first array that is found."""
    values = values.values() if isinstance(values, dict) else values
    for value in values:
        if isinstance(value, np.ndarray):
            value[...] = 7
        else:
            spoil_first(value)
        return


@pytest.mark.parametrize(
    "given", [np.ones(2), [np.ones(2)], (3 * [np.ones(2)],), {"weight": np.ones(2)}]
)
def test_an_argument_is_a_copy_however_it_is_given(given):
    def spoil(x):
        spoil_first([x])

    def read(x):
        return str(x)

    for call in (case(given), case(x=given)):
        assert run(spoil, call, 5).changed == "x"
        assert run(read, call, 5).changed == ""
        assert "7" not in str(call)


def test_an_entry_that_is_nan_has_not_changed():
    assert run(np.sum, case(np.array([np.nan, 1])), 5).changed == ""


def test_the_last_line_of_the_readers_own_is_shown(scale):
    def helper(x):
        return x[0, 99]

    def broken(x, factor=2.0):
        return helper(x)

    assert ": return x[0, 99]" in scale.check(broken).diagnosis


def test_a_check_ends_and_says_how_far_it_came(scale, monkeypatch):
    monkeypatch.setattr("cnnlib.course.judge.exercise.SECONDS_PER_CHECK", -1)
    verdict = scale.check(scale.model_answer)
    assert verdict.status == "wrong"
    assert verdict.diagnosis.startswith("The first 1 of 201 cases are right")


def test_a_project_that_never_ends_is_stopped(chapter):
    def endless(answer):
        while True:
            pass

    facts = {"level": 1, "minutes": 1, "hints": ["x", "y"], "solution": "3", "praise": "So."}
    verdict = chapter.project("end", "An end", judge=endless, seconds=0.2, **facts).check(3)
    assert verdict.status == "wrong"
    assert "stopped after 0.2 seconds" in verdict.diagnosis


def test_printing_is_told_from_returning(scale):
    def prints(x, factor=2.0):
        print(x * factor)

    text = repr(scale.check(prints))
    assert "prints its result and returns None" in text
    assert "[[2. 4.]]" in text


def test_much_printing_is_cut(scale, capsys):
    def chatty(x, factor=2.0):
        for _ in range(10_000):
            print("step")

    assert len(repr(scale.check(chatty))) < 2_000
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, factor=2.0: (x * factor).astype(int), "fractions are cut off"),
        (lambda x, factor=2.0: (x * factor).tolist(), "got a list of 1"),
        (lambda x, factor=2.0: (x * factor).sum(), "Was everything added up"),
        (lambda x, factor=2.0: (x * factor)[None], "3 axes instead of 2"),
        (lambda x, factor=2.0: np.pad(x * factor, ((0, 1), (0, 0))), "Axis 0 is 1 too long"),
        (lambda x, factor=2.0: -x * factor, "wrong sign"),
        (lambda x, factor=2.0: x * factor * 4, "is 4 times the expected one"),
        (lambda x, factor=2.0: x * factor + 1, "is 1 too large"),
        (lambda x, factor=2.0: (x * factor)[::-1, ::-1], "half a turn"),
        (lambda x, factor=2.0: x * factor / 0, "nan or inf"),
        (lambda x, factor=2.0: x * factor * (1 if x.shape[0] == x.shape[1] else 2), "not square"),
        (lambda image: image, "It is called as `my_scale(x, factor=2.0)`"),
        (lambda factor, x: x, "another order: `(factor, x)`"),
        (lambda x, factor=2.0: undefined_name, "spelt differently"),  # noqa: F821
        (lambda x, factor=2.0: exit(), "Leave out `exit`"),
    ],
)
def test_what_is_wrong_is_said(scale, answer, words):
    assert words in repr(scale.check(answer)).replace("\n", " ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, factor=2.0: np.array([[1.0], [2.0, 3.0]]), "The rows have different lengths"),
        (lambda x, factor=2.0: [] + [a for a, b, c in [x.shape]], "as many names on the left"),
        (lambda x, factor=2.0: x.shape[0] // x.shape, "Take it apart first"),
    ],
)
def test_an_error_is_explained_by_what_usually_causes_it(scale, answer, words):
    text = repr(scale.check(answer)).replace("\n", " ")
    assert words in text
    assert "A whole row was given" not in text


def test_an_answer_that_always_fails_is_not_taken_for_another_error(scale):
    @scale.mistake("A truth value is asked of the whole array.")
    def asks(x, factor=2.0):
        if np.stack([x, x]) > 0:
            return x
        return x * factor

    def unpacks(x, factor=2.0):
        _one, _two, _three = x.shape  # a ValueError too, but another
        return x * factor

    assert scale.check(asks).diagnosis == "A truth value is asked of the whole array."
    assert "not enough values to unpack" in scale.check(unpacks).diagnosis


def test_arguments_are_fresh_in_every_call(scale):
    def greedy(x, factor=2.0):
        result = x * factor
        x[...] = 0
        return result

    scale.check(greedy)
    assert scale.check(scale.model_answer).passed


def test_html_says_the_same_and_escapes(scale):
    def answer(x, factor=2.0):
        raise ValueError("<b>& more</b>")

    markup = scale.check(answer)._repr_html_()
    assert "&lt;b&gt;&amp; more&lt;/b&gt;" in markup
    assert 'role="status"' in markup
    assert "✗ scale" in markup


def test_a_wrong_declaration_is_refused(chapter):
    facts = {"expected": 1, "mistakes": [], "why": "So."}
    with pytest.raises(ValueError, match="level"):
        chapter.prediction("a", "A", level=4, minutes=1, hints=["x", "y"], **facts)
    with pytest.raises(ValueError, match="hints"):
        chapter.prediction("a", "A", level=1, minutes=1, hints=["x"], **facts)
    chapter.prediction("a", "A", level=1, minutes=1, hints=["x", "y"], **facts)
    with pytest.raises(ValueError, match="two exercises"):
        chapter.prediction("a", "A", level=1, minutes=1, hints=["x", "y"], **facts)


# Progress


def test_progress_is_kept_and_shown(scale, chapter, record):
    assert "○ scale" in repr(chapter.progress())
    assert not record.exists()
    scale.check(None)
    assert not record.exists()
    scale.check(scale.model_answer)
    assert json.loads(record.read_text()) == {"version": 1, "done": ["example.scale"]}
    assert "✓ scale" in repr(chapter.progress())
    assert "1 of 1 done" in chapter.progress()._repr_html_()
    scale.check(None)  # what is done stays done
    assert chapter.progress().done == 1


def test_each_exercise_that_is_done_is_kept(scale, chapter, record):
    facts = {"level": 1, "minutes": 1, "hints": ["x", "y"], "mistakes": [], "why": "So."}
    two, three = (chapter.prediction(name, name, expected=2, **facts) for name in ("two", "three"))
    two.check(2)
    scale.check(scale.model_answer)
    three.check(3)
    assert json.loads(record.read_text())["done"] == ["example.scale", "example.two"]
    cells = re.findall(
        r"(○ open|✓ done)</td>.*?<code>(\w+)</code>", chapter.progress()._repr_html_()
    )
    assert cells == [("✓ done", "scale"), ("✓ done", "two"), ("○ open", "three")]


def test_progress_counts_every_chapter(record):
    record.parent.mkdir()
    record.write_text(json.dumps({"version": 1, "done": [ALL[0].key, ALL[-1].key]}))
    assert exercises.progress().done == 2


def test_a_record_that_cannot_be_replaced_leaves_nothing_behind(scale, record, monkeypatch):
    def full(*places):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    assert "could not be saved" in repr(scale.check(scale.model_answer))
    assert list(record.parent.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"version": 0, "done": []}', b'{"version": 1, "done": [3]}',
     b'{"version": 1}', b"\xff\xfe\x00", b"[" * 100_000, b'{"version": 1, "done": 5}'],
)  # fmt: skip
def test_a_broken_record_is_set_aside_and_said(scale, chapter, record, content):
    record.parent.mkdir()
    record.write_bytes(content)
    progress = chapter.progress()
    assert progress.done == 0
    assert "starts afresh" in progress.note
    assert "progress.json.broken" in repr(progress).replace("\n", " ")
    assert record.with_name("progress.json.broken").read_bytes() == content
    assert scale.check(scale.model_answer).passed
    assert chapter.progress().done == 1


def test_a_record_that_cannot_be_written_is_said(scale, record):
    record.parent.write_text("a file where the folder should be")
    verdict = scale.check(scale.model_answer)
    assert verdict.passed
    assert "could not be saved" in repr(verdict)


def test_the_whole_course_has_one_progress(record):
    shown = exercises.progress()
    assert shown.total == len(ALL)
    assert "Altogether: 0 of" in repr(shown)
    for module in MODULES.values():
        assert module.chapter.title in repr(shown)


# Quizzes


def test_a_quiz_reads_as_text_and_works_from_the_keyboard():
    quiz = Quiz("ex.quiz", ("Is `1 < 2`?", right("Yes", "It is."), wrong("No", "Look again.")))
    assert repr(quiz) == (
        "1. Is `1 < 2`?\n   (a) Yes\n   (b) No\nTo answer in text: ex.quiz.answer(1, 'a')"
    )
    markup = quiz._repr_html_()
    assert "<code>1 &lt; 2</code>" in markup
    assert markup.count("<details") == markup.count("<summary") == 2
    assert "✓ Right." in markup
    assert "✗ Not this one." in markup


@pytest.mark.parametrize("name", MODULES)
def test_what_opens_under_an_option_is_its_own_explanation(name):
    quiz = MODULES[name].quiz
    questions = BeautifulSoup(quiz._repr_html_(), "html.parser").find_all(role="group")
    for markup, question in zip(questions, quiz.questions, strict=True):
        lines = markup.find_all("details")
        for letter, line, option in zip("abcdefgh", lines, question.options, strict=False):
            summary, opened = line.summary.extract(), line
            assert summary.text == f"({letter}) {option.text}".replace("`", "")
            word = "✓ Right." if option.right else "✗ Not this one."
            assert opened.text == f"{word} {option.why}".replace("`", "")
        assert len(lines) == len(question.options)


def test_a_quiz_explains_what_cannot_be_asked():
    quiz = Quiz("ex.quiz", ("?", right("Yes", "It is."), wrong("No", "Look again.")))
    for question in (0, 2, True, "one", None):
        assert "no question" in quiz.answer(question, "a").diagnosis
    for option in ("c", "", "ab", None, 1):
        assert "no option" in quiz.answer(1, option).diagnosis
    assert quiz.answer(1, " (A) ").passed


def test_a_quiz_refuses_questions_without_one_right_option():
    with pytest.raises(ValueError, match="0 right options"):
        Quiz("quiz", ("?", wrong("a", "x"), wrong("b", "y")))
    with pytest.raises(ValueError, match="2 right options"):
        Quiz("quiz", ("?", right("a", "x"), right("b", "y")))
    with pytest.raises(ValueError, match="two or more options"):
        Quiz("quiz", ("?", right("a", "x")))
