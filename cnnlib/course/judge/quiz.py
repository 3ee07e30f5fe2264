"""A short quiz in which every answer, right or wrong, is explained.

A quiz works without a kernel: each option is a line that opens to its explanation, by mouse or
keyboard, in a stored notebook or an exported page. In plain text the questions are printed in full,
and `answer` judges an option.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnnlib.course.judge import compare, show
from cnnlib.course.judge.plain import cut, is_a, text_of
from cnnlib.course.judge.show import Verdict

LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from, whether it is right, and why."""

    text: str
    right: bool
    why: str


def right(text: str, why: str) -> Option:
    """Return the right option of a question."""
    return Option(text, True, why)


def wrong(text: str, why: str) -> Option:
    """Return a wrong option, with what is wrong about it."""
    return Option(text, False, why)


@dataclass(frozen=True)
class Question:
    """A question with its options, exactly one of them right."""

    text: str
    options: tuple[Option, ...]


class Quiz:
    """The questions at the end of a notebook. Display it, or ask it with `answer(1, "b")`.

    Parameters
    ----------
    name : under which name the reader has it, such as ``"ex.quiz"``
    *questions : a text followed by its options, made by `right` and `wrong`

    Raises
    ------
    ValueError : a question without exactly one right option, or fewer than two options

    Examples
    --------
    >>> from cnnlib.course.judge import Quiz, right, wrong
    >>> quiz = Quiz("quiz", ("2 + 2?", right("4", "Two pairs."), wrong("22", "That is text.")))
    >>> quiz.answer(1, "b")
    ✗ question 1, b: not yet right
    22
    That is text.
    """

    def __init__(self, name: str, *questions: tuple[str | Option, ...]) -> None:
        self.name = name
        self.questions: list[Question] = []
        for text, *options in questions:
            kept = tuple(option for option in options if isinstance(option, Option))
            count = sum(option.right for option in kept)
            if not isinstance(text, str) or len(kept) != len(options) or len(kept) < 2:
                raise ValueError(f"Quiz: a question is a text and two or more options, not {text}")
            if count != 1:
                raise ValueError(f"Quiz: {text!r} has {count} right options; give it exactly one")
            self.questions.append(Question(text, kept))

    def answer(self, question: int, option: str) -> Verdict:
        """Judge an option of a question, and say why: ``answer(1, "b")``."""
        asked = f"Ask for example `{self.name}.answer(1, 'a')`."
        whole = is_a(question, int) and not is_a(question, bool)
        if not whole or question not in range(1, len(self.questions) + 1):
            return Verdict(
                "todo",
                "quiz",
                f"There is no question {_show_short(question)}; they are numbered from 1 to "
                f"{len(self.questions)}. {asked}",
            )
        options = self.questions[question - 1].options
        letters = LETTERS[: len(options)]
        letter = text_of(option).strip().strip("()").lower()
        if len(letter) != 1 or letter not in letters:
            return Verdict(
                "todo",
                f"question {question}",
                f"There is no option {_show_short(option)}; the options are "
                f"{', '.join(letters)}. {asked}",
            )
        chosen = options[letters.index(letter)]
        return Verdict(
            "right" if chosen.right else "wrong",
            f"question {question}, {letter}",
            chosen.text,
            (chosen.why,),
        )

    def __repr__(self) -> str:
        lines = []
        for number, question in enumerate(self.questions, start=1):
            lines.append(show.fill(f"{number}. {question.text}"))
            lines += [
                show.fill(f"({letter}) {option.text}", indent="   ")
                for letter, option in zip(LETTERS, question.options, strict=False)
            ]
        lines.append(f"To answer in text: {self.name}.answer(1, 'a')")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = []
        for number, question in enumerate(self.questions, start=1):
            options = "".join(
                _option_html(letter, option)
                for letter, option in zip(LETTERS, question.options, strict=False)
            )
            parts.append(
                f'<div role="group" aria-label="Question {number}" style="margin: 0 0 1.2em">'
                f'<p style="margin: 0 0 0.3em"><strong>{number}.</strong> '
                f"{show.inline(question.text)}</p>{options}</div>"
            )
        return (
            '<div style="max-width: 50em; color: var(--jp-content-font-color1, #000000)">'
            "<p>Choose an answer: click on it, or go there with the Tab key and press Enter.</p>"
            f"{''.join(parts)}</div>"
        )


def _option_html(letter: str, option: Option) -> str:
    symbol, word = ("✓", "Right") if option.right else ("✗", "Not this one")
    colour = show.COLOURS["right" if option.right else "wrong"]
    # JupyterLab has shortcuts for whatever has the focus: Enter edits the cell, "d d" deletes it.
    # It ignores elements that carry this attribute themselves.
    return (
        '<details style="margin: 0.2em 0 0.2em 1em">'
        '<summary data-lm-suppress-shortcuts="true" style="cursor: pointer; padding: 0.2em 0">'
        f"({letter}) {show.inline(option.text)}</summary>"
        f'<div style="border-left: 0.4em solid {colour}; margin: 0.2em 0 0.4em 1.2em; '
        f'padding: 0.1em 0.8em"><strong>{symbol} {word}.</strong> {show.inline(option.why)}</div>'
        "</details>"
    )


def _show_short(value: object) -> str:
    return cut(compare.show(value), 30)
