from __future__ import annotations

import pytest

from covernance.git.governed import Governed, govern_context
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.security

RAISED = "[tool.covernance]\nmax-drop = 50\n"


def test_limits_of_the_base_count(repository: Repository) -> None:
    base = repository.commit_first()
    table = repository.root / "pyproject.toml"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("[tool.covernance]\n", RAISED), encoding="utf-8")
    governed = govern_context(context_of(repository.root), base)
    assert governed.context.table.suites[0].max_drop == 2
    assert governed.notes == ("max-drop (calc) is 50 in this change; 2 of the base counts",)


def test_without_a_base_the_table_of_the_change_counts(repository: Repository) -> None:
    context = context_of(repository.root)
    assert govern_context(context, None) == Governed(context)


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", "the base has no table; that of this change counts"),
        (
            "[tool]\ncovernance = 3\n",
            "[tool.covernance]: must be a table, not a whole number; the table",
        ),
        ("tool = 3\n", "`tool` must be a table, not a whole number; the table of this"),
        ("[tool.covernance\n", "is not valid TOML"),
    ],
)
def test_a_base_without_a_table_that_can_be_read_governs_nothing(
    repository: Repository, text: str, note: str
) -> None:
    table = repository.root / "pyproject.toml"
    present = table.read_text(encoding="utf-8")
    table.write_text(text, encoding="utf-8")
    base = repository.commit_first()
    table.write_text(present, encoding="utf-8")
    context = context_of(repository.root)
    governed = govern_context(context, base)
    assert governed.context == context
    assert note in governed.notes[0]
