"""README says how many lines of code the library has to read, and the number is counted."""

import pytest

from cnnlib.course.tools import reading_order


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", 0),
        ("# a comment\n\n\nx = 1  # another\n", 1),
        ('"""Docstring,\n\ntwo lines."""\nx = 1\n', 1),
        ('def f():\n    """Docstring."""\n    return "not one"\n', 2),
        ('class A:\n    """Docstring.\n    """\n\n    x = """a\n\nb"""\n', 4),
        ("x = [\n    1,\n    # one\n    2,\n]\n", 4),
    ],
)
def test_what_counts_as_code(source: str, expected: int) -> None:
    assert reading_order.code_lines(source) == expected


def test_the_reading_order_can_be_read_in_one_sitting() -> None:
    counted = reading_order.total()
    assert counted < reading_order.LIMIT, (
        f"The reading order has grown to {counted:,} lines of code. Move what is not needed to "
        "understand the library elsewhere: speed to cnnlib/fast."
    )


def test_readme_states_the_number() -> None:
    counted = reading_order.total()
    assert reading_order.stated() == counted, (
        f"README.md, section The library: write {counted:,} lines of code."
    )


def test_the_table_names_every_module(capsys: pytest.CaptureFixture[str]) -> None:
    reading_order.main()
    out = capsys.readouterr().out
    assert all(f"\n{name}" in f"\n{out}" for name in (*reading_order.READING_ORDER, "total"))
    assert f"{reading_order.total():,}" in out
