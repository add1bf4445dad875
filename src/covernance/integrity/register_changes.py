"""Find changes of the exception register that allow more: new rows, later dates, fewer owners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from covernance.exceptions.row import Row
from covernance.exceptions.waivers import ReviewDates
from covernance.integrity.findings import NONE, Finding


def compare_registers(
    before: Iterable[Row], after: Iterable[Row], register: str, dates: ReviewDates
) -> Iterator[Finding]:
    """Compare two versions of the register; each row that allows more is one finding.

    Args:
        before: The rows of the base.
        after: The current rows.
        register: The register's path, relative to the root.
        dates: The review dates that are valid today.
    """
    earlier = {row.key: row for row in before}
    for row in after:
        if row.open:
            yield from _compare_rows(earlier.get(row.key), row, f"{register}:{row.line}", dates)


def _compare_rows(old: Row | None, new: Row, where: str, dates: ReviewDates) -> Iterator[Finding]:
    if without_effect := _explain_no_effect(old, new, dates):
        yield Finding("exception-added", where, without_effect, _describe(new))
    elif old and new.review > old.review:
        yield Finding("exception-extended", where, _describe(old), _describe(new))
    elif old and set(old.owner.split()) - set(new.owner.split()):
        yield Finding("exception-owner-removed", where, _describe(old), _describe(new))


def _explain_no_effect(old: Row | None, new: Row, dates: ReviewDates) -> str:
    """Explain why a row allowed nothing at the base, unless the same still holds; else empty."""
    if old is None:
        return NONE
    if not old.open:
        return f"{old.module} ({old.suite}), {old.status}"
    if old.unfilled and not new.unfilled:
        return f"{_describe(old)}, without {' and '.join(old.unfilled)}"
    if new.review <= dates.latest < old.review:
        return f"{_describe(old)}, a date that is too late"
    return ""


def _describe(row: Row) -> str:
    return f"{row.module} ({row.suite}), {row.owner or 'no owner'}, until {row.review}"
