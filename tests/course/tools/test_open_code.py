"""What counts as the lesson in a cell, and what as plumbing."""

import ast

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from cnnlib.course.tools.open_code import judged, open_share, plumbing_cells


def cells(*sources: str) -> list[NotebookNode]:
    return [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]


def lesson_lines(*sources: str) -> list[str]:
    return [ast.unparse(one.node) for one in judged(cells(*sources)) if one.lesson]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["x = 1\nprint(x)"], ["x = 1", "print(x)"]),
        (["x = 1\nassert x == 1\nprint(x)"], ["x = 1", "print(x)"]),
        (["x = 1\nalt = f'{x}'\ndrawing.show(fig, alt)\nx + 1"], ["x = 1", "x + 1"]),
        (["fig, ax = drawing.new()\nax.plot([1])\nax[0].plot([1])"], []),
        (["x = make()\ndrawing.image(x)"], []),
        (["x = make()\ndrawing.image(x)", "print(x)"], ["x = make()", "print(x)"]),
        (["x = make()\ndrawing.image(x)", "x = 2\nprint(x)"], ["x = 2", "print(x)"]),
        (["x = zeros()\nx[0] = 1\nprint(x)"], ["x = zeros()", "x[0] = 1", "print(x)"]),
        (["n = 0\nn += 1\nn"], ["n = 0", "n += 1", "n"]),
        (["def f(x):\n    return x", "print(f(1))"], ["def f(x):\n    return x", "print(f(1))"]),
        (["def f(x):\n    return x", "assert f(1) == 1"], []),
        (["def f(x):\n    return x"], ["def f(x):\n    return x"]),
        (["np.testing.assert_array_equal(a, b)"], []),
        (["drawing.show_error(error)"], ["drawing.show_error(error)"]),
        (["import numpy as np\nnp.ones(2)"], ["np.ones(2)"]),
        (["for k in (1, 2):\n    assert k"], []),
        (
            ["for k in (1, 2):\n    assert k", "for k in (3,):\n    print(k)"],
            ["for k in (3,):\n    print(k)", "print(k)"],
        ),
        (["a = []\na.append(1)\nassert a"], []),
        (["a = []\na.append(1)\nprint(a)"], ["a = []", "a.append(1)", "print(a)"]),
        (
            ["v = 1\nassert v", "print((lambda v: v)(2), [v for v in (1,)])"],
            ["print((lambda v: v)(2), [v for v in (1,)])"],
        ),
        (
            ["n = 1\nassert n", "def f(n):\n    m = n\n    return m", "print(f(1))"],
            ["def f(n):\n    m = n\n    return m", "print(f(1))"],
        ),
        (["with np.testing.assert_raises(ValueError):\n    f(1)"], []),
        (
            ["try:\n    f(1)\nexcept ValueError as error:\n    drawing.show_error(error)"],
            [
                "try:\n    f(1)\nexcept ValueError as error:\n    drawing.show_error(error)",
                "f(1)",
                "drawing.show_error(error)",
            ],
        ),
        (["_ = train(1)\nassert True"], []),
        (["x = = 1"], []),
    ],
)
def test_the_lesson_is_told_from_plumbing(sources: list[str], expected: list[str]) -> None:
    assert lesson_lines(*sources) == expected


def test_lines_of_a_loop_are_counted_one_by_one() -> None:
    source = "for k in (1, 2):\n    y = k\n    assert (\n        y\n    )\n    print(y)"
    share = open_share(cells(source))
    assert (share.lesson, share.lines) == (3, 6)
    assert share.percent == 50


def test_a_folded_cell_does_not_count() -> None:
    both = cells("print(1)", "drawing.show(fig)")
    assert open_share(both).percent == 50
    both[1].metadata.jupyter = {"source_hidden": True}
    assert open_share(both).percent == 100


def test_cells_of_plumbing_are_named() -> None:
    assert plumbing_cells(cells("print(1)", "drawing.show(fig)", "", "import x")) == ["cell-1"]
