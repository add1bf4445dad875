from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.affected.changed_lines import Edit, find_import_lines, list_edits

pytestmark = pytest.mark.architecture

TEXT = """\
import os
# why

LIMIT = 3

@cache
def first(value):
    # why
    return value

class Second:
    KIND = 1

    async def third(self):
        return [
            1,
        ]
"""


def test_code_outside_functions_runs_on_import() -> None:
    assert find_import_lines(TEXT) == {1, 4, 6, 7, 8, 11, 12, 14} - {8}


def test_every_code_line_of_an_invalid_file_may_run_on_import() -> None:
    assert find_import_lines("def first(:\n    # why\n\n    x = 1\n") == {1, 4}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a\nb\nc", "a\nb\nc", []),
        ("a\nb\nc", "a\nx\ny\nc", [Edit(range(2, 3), range(2, 4))]),
        ("a\nb", "a\nx\nb", [Edit(range(2, 2), range(2, 3))]),
        ("a\nx\nb", "a\nb", [Edit(range(2, 3), range(2, 2))]),
    ],
)
def test_edit_has_the_lines_of_both_versions(before: str, after: str, expected: list[Edit]) -> None:
    assert list(list_edits(before, after)) == expected


@given(*[st.lists(st.sampled_from("abc"), max_size=8)] * 2)
def test_edits_turn_one_text_into_the_other(before: list[str], after: list[str]) -> None:
    edited_lines = list(before)
    for edit in reversed(list(list_edits("\n".join(before), "\n".join(after)))):
        edited_lines[edit.before.start - 1 : edit.before.stop - 1] = [
            after[line - 1] for line in edit.after
        ]
    assert edited_lines == after
