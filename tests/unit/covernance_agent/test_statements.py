from __future__ import annotations

import pytest

from covernance_agent.statements import first_lines, statements

pytestmark = pytest.mark.architecture

SOURCE = '''\
"""A docstring."""
import os

# a comment
x = call(
    1,

    2,
)
if TYPE_CHECKING:
    import typing
'''


def test_a_line_within_a_statement_stands_for_its_first() -> None:
    assert first_lines(SOURCE, {2, 4, 6, 8, 9}) == {2, 4, 5}


def test_statements_are_those_that_must_run() -> None:
    assert statements(SOURCE, ()) == frozenset({2, 5, 10, 11})
    assert statements(SOURCE, ("if TYPE_CHECKING", "nothing")) == frozenset({2, 5})
    assert statements("", ()) == frozenset()


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["def f(:\n", "x = (\n", "if x:\n        y\n    z\n"])
def test_what_is_not_python_keeps_its_lines(text: str) -> None:
    assert first_lines(text, {1, 2}) == {1, 2}
    assert statements(text, ()) is None
