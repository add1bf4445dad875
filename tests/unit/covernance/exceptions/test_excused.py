from __future__ import annotations

from datetime import date

import pytest

from covernance.errors import InputError
from covernance.exceptions.excused import find_exceptions
from covernance.gate.floors import NO_EXCEPTIONS
from covernance.model.verdict import Waiver
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.security

REGISTER = "tests/docs/test_framework_upgrades/coverage_exceptions.md"

TEXT = """\
# Exceptions

<!-- covernance:exceptions:begin -->
| module | suite | current / floor | rationale | owner | review date | remediation plan | status |
|---|---|---|---|---|---|---|---|
| `calc/__init__.py` | calc | 50.00 / 90 | an old module | @team | {day} | rewrite | |
<!-- covernance:exceptions:end -->
"""


def test_without_a_register_nothing_is_waived(repository: Repository) -> None:
    context = context_of(repository.root)
    assert find_exceptions(context, context.table.suites[0]) == NO_EXCEPTIONS


@pytest.mark.parametrize(("day", "waives"), [("2026-11-21", True), ("2026-11-20", False)])
def test_a_row_waives_until_its_date_and_expires_the_day_after(
    repository: Repository, day: str, *, waives: bool
) -> None:
    repository.write(REGISTER, TEXT.format(day=day))
    context = context_of(repository.root)
    result = find_exceptions(context, context.table.suites[0])
    waiver = Waiver("calc/__init__.py", "@team", date(2026, 11, 21))
    assert result.waived == ((waiver,) if waives else ())
    assert bool(result.expired) is not waives


@pytest.mark.reliability
@pytest.mark.parametrize("damage", [b"\xff\xfe", b"<<<<<<< HEAD\n"])
def test_a_damaged_register_is_a_clear_error(repository: Repository, damage: bytes) -> None:
    path = repository.write(REGISTER, TEXT.format(day="2026-11-21"))
    path.write_bytes(damage + path.read_bytes())
    context = context_of(repository.root)
    with pytest.raises(InputError, match=r"coverage_exceptions\.md"):
        find_exceptions(context, context.table.suites[0])
