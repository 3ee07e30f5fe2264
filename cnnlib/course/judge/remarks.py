"""What an exception usually means, in a sentence for whoever meets it the first time.

A remark stands behind the exception's own words. Some state what the words already say; all else
asks, since one and the same error has many causes.
"""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass

from cnnlib.course.judge.plain import is_a, type_name
from cnnlib.course.judge.run import Outcome


@dataclass(frozen=True)
class Remark:
    """A sentence about an exception of these kinds whose message matches a pattern.

    line : what the reader's own line must match as well
    """

    kinds: type[BaseException] | tuple[type[BaseException], ...]
    message: str
    text: str
    line: str = ""

    def fits(self, error: BaseException | None, message: str, line: str) -> bool:
        return (
            is_a(error, self.kinds)
            and re.search(self.message, message) is not None
            and re.search(self.line, line) is not None
        )


BUILTIN = rf"\b({'|'.join(name for name in dir(builtins) if name.islower())})\("

# The first that fits is told: what is special stands above what is general.
REMARKS: tuple[Remark, ...] = (
    Remark(
        ValueError,
        "inhomogeneous",
        "The rows have different lengths, so they do not form an array.",
    ),
    Remark(
        (ValueError, TypeError),
        "setting an array element with a sequence",
        "A whole row was given where one number belongs: is an index missing?",
    ),
    Remark(
        IndexError,
        "too many indices",
        "There are more indices than axes. Print the array's `.shape` right before that line.",
    ),
    Remark(
        IndexError,
        "boolean index did not match",
        "The array of True and False has another shape than the array that it picks from. Print "
        "both shapes.",
    ),
    Remark(
        (IndexError, TypeError),
        "only integers, slices|only integer scalar arrays|indices must be integers|"
        "must be of integer|used as indices must be",
        "An index must be a whole number: is a float, or an array of floats, used as one?",
    ),
    Remark(
        IndexError,
        "out of (range|bounds)",
        "An index is past the end: how many positions are there, counted from 0?",
    ),
    Remark(
        UnboundLocalError,
        "",
        "A name is used before it gets a value: does it start at 0 somewhere?",
    ),
    Remark(
        NameError,
        "",
        "No such name is known here: is it spelt differently where it was made, or was that cell "
        "not run?",
    ),
    Remark(ZeroDivisionError, "", "Something is divided by zero: which count can be 0 there?"),
    Remark(
        RecursionError,
        "",
        "The calls are nested too deeply: does the function call itself without end? Each call "
        "needs a case in which it stops.",
    ),
    Remark(NotImplementedError, "", "That part is still to be written."),
    Remark(
        ValueError,
        "math domain error|expected a (nonnegative|positive) input",
        "The logarithm of 0 or of a negative number does not exist, nor does the root of a "
        "negative one.",
        line=r"log|sqrt",
    ),
    Remark(
        (OverflowError, ValueError),
        "convert float (infinity|NaN)",
        "inf and nan are no whole numbers. Print the number before it is converted: was something "
        "divided by 0?",
    ),
    Remark(
        OverflowError,
        "math range error|[Rr]esult (too large|out of range)|too large to convert to float",
        "The number is larger than a float can be, about 1e308: is `exp` taken of a large number?",
    ),
    Remark(
        OverflowError,
        "out of bounds for u?int|too large to convert",
        "The number does not fit into that dtype: `uint8` reaches from 0 to 255. Convert the array "
        "first, with `.astype(int)`.",
    ),
    Remark(SystemExit, "", "Leave out `exit`: a function ends with `return`."),
    Remark(
        ValueError,
        "truth value of an array",
        "A condition, and Python's own `max` and `min`, need one value, and here is a whole array. "
        "For the largest entry write `x.max()`; to ask whether an argument was given, "
        "`if bias is not None`.",
    ),
    Remark(
        TypeError,
        "unsupported operand .*'NoneType'|'NoneType' object is not|non-iterable NoneType|"
        "not supported between instances of .*'NoneType'",
        "Something is None: was the argument not given, or does a function lack its `return`?",
    ),
    Remark(
        AttributeError,
        "'NoneType' object has no attribute",
        "Something is None: was the argument not given, or does a function lack its `return`?",
    ),
    Remark(
        TypeError,
        "'tuple' object cannot be interpreted as an integer",
        "`range` takes one number, and this is a tuple. Pick one of its entries: "
        "`range(x.shape[0])`.",
        line=r"range\(",
    ),
    Remark(
        TypeError,
        "Cannot interpret .* as a data type|data type .* not understood|Cannot construct a dtype",
        "The shape is one argument, a tuple with parentheses of its own: `np.zeros((2, 3))`.",
        line=r"(zeros|ones|empty)\(",
    ),
    Remark(
        TypeError,
        "'float' object cannot be interpreted as an integer|"
        "'numpy.float(32|64)' object cannot be interpreted|expected a sequence of integers",
        "A size must be whole: divide with `//`.",
    ),
    Remark(
        TypeError,
        "'(tuple|list|dict)' object is not callable",
        "Parentheses call a function. To pick an entry, write brackets: `x.shape[0]`.",
        line=r"\.shape\(",
    ),
    Remark(
        TypeError,
        "'numpy.ndarray' object is not callable",
        "Parentheses call a function, and this is an array. To pick an entry, write brackets: "
        "`x[0, 0]`. Or is a `*` missing?",
    ),
    Remark(
        TypeError,
        "object is not callable",
        "Something is called that is no function. Does a variable have the name of a function, as "
        "in `sum = 0`? Then choose another name for it, and run `del sum`.",
        line=BUILTIN,
    ),
    Remark(
        TypeError,
        "object is not callable",
        "Something with parentheses behind it is no function: is a `*` missing, or does a variable "
        "have the name of a function?",
    ),
    Remark(
        TypeError,
        "unsupported operand .*('int' and 'tuple'|'tuple' and 'int')|"
        "'<' not supported between instances of ('int' and 'tuple'|'tuple' and 'int')",
        "A pair is used like one number. Take it apart first: `down, across = pair`.",
    ),
    Remark(
        TypeError,
        "can't multiply sequence by non-int",
        "A list or tuple is multiplied like an array. Make an array of it first: "
        "`np.array(values)`.",
    ),
    Remark(
        (ValueError, TypeError),
        "values to unpack|cannot unpack non-iterable",
        "There must be as many names on the left of the `=` as values on the right. Print the "
        "right side: how many are there?",
    ),
    Remark(
        ValueError,
        "matmul: Input operand|shapes .* not aligned",
        "In a matrix product the last axis of the left array meets the second-last of the right "
        "one, so both must be equally long. Print both shapes: is a `.T` missing?",
    ),
    Remark(
        ValueError,
        "could not broadcast|could not be broadcast|not broadcastable",
        "Two arrays of different shapes meet. Print both shapes right before that line.",
    ),
    Remark(
        ValueError,
        "cannot reshape",
        "`reshape` keeps the number of entries. Multiply the sizes of the new shape: how many are "
        "there?",
    ),
    Remark(
        ValueError,
        "zero-size array",
        "An empty array has no largest or smallest entry: does a slice begin behind the end?",
    ),
    Remark(
        ValueError,
        "read-only",
        "This array must not be written to. Work on a copy: `x = x.copy()`.",
    ),
    Remark(
        TypeError,
        "Cannot cast ufunc",
        "Whole numbers cannot take in fractions in place. Make a float array first: "
        "`x = x.astype(float)`.",
    ),
    Remark(
        TypeError,
        "missing .* required (positional|keyword-only) argument",
        "A function is called without one of its arguments.",
    ),
    Remark(
        AttributeError,
        "has no attribute",
        "There is no such name behind the dot. Is it spelt right, and is the thing before the dot "
        "what you expect? Print its type.",
    ),
)


def remark_on(outcome: Outcome) -> str:
    """Return the sentence for the exception that ended a call, or ""."""
    if outcome.error is None:
        return ""
    for remark in REMARKS:
        if remark.fits(outcome.error, outcome.message, outcome.line):
            return remark.text
    return ""


def explain(outcome: Outcome) -> str:
    """Return in words which exception arose, where, and what it usually means."""
    kind = type_name(outcome.error)
    place = f" in {outcome.line.rstrip(':')}" if outcome.line else ""
    message = outcome.message.rstrip(".") or "no message"
    return f"It raised {kind}{place}: {message}. {remark_on(outcome)}".strip()
