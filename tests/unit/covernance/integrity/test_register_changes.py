from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.exceptions.row import Row, Status
from covernance.exceptions.waivers import find_waived
from covernance.integrity.register_changes import compare_registers
from tests.unit.covernance.exceptions.register_samples import DATES, TODAY, row

pytestmark = pytest.mark.security

RESOLVED = Status("resolved", date(2026, 11, 1), "abc")
LATE = date(9999, 12, 31)
ROW = "apps/a.py (api), @a, until 2026-11-30"


def compare(before: list[Row], after: list[Row]) -> list[str]:
    return [str(finding) for finding in compare_registers(before, after, "register.md", DATES)]


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        ([], "none"),
        ([row(suite="auth")], "none"),
        ([row(module="apps/old.py")], "none"),
        ([row(status=RESOLVED)], "apps/a.py (api), resolved (abc) on 2026-11-01"),
        ([row(owner="")], "apps/a.py (api), no owner, until 2026-11-30, without owner"),
        ([row(rationale="TODO")], f"{ROW}, without rationale"),
        (
            [row(review=LATE)],
            "apps/a.py (api), @a, until 9999-12-31, a date that is too late",
        ),
    ],
)
def test_a_row_that_allowed_nothing_before_is_added(before: list[Row], shown: str) -> None:
    assert compare(before, [row(line=9)]) == [
        f"register.md:9: exception-added: {shown} -> {ROW}",
    ]


@pytest.mark.parametrize("changes", [{"rationale": ""}, {"review": LATE}, {"owner": ""}])
def test_a_new_row_is_added_although_it_waives_nothing_yet(changes: dict[str, object]) -> None:
    (finding,) = compare_registers([], [row(**changes)], "register.md", DATES)
    assert finding.kind == "exception-added"


@pytest.mark.parametrize("old", [date(2026, 11, 1), date(2026, 11, 29)])
def test_a_later_review_date_extends_an_exception(old: date) -> None:
    before = f"apps/a.py (api), @a, until {old}"
    assert compare([row(review=old)], [row()]) == [
        f"register.md:6: exception-extended: {before} -> {ROW}"
    ]


@pytest.mark.parametrize("owner", ["", "@a", "@b @c"])
def test_an_owner_who_is_no_longer_named_is_reported(owner: str) -> None:
    (finding,) = compare_registers([row(owner="@a @b")], [row(owner=owner)], "r.md", DATES)
    assert (finding.kind, finding.subjects) == ("exception-owner-removed", ())


@pytest.mark.parametrize(
    "after",
    [
        [],
        [row()],
        [row(status=RESOLVED, review=LATE, owner="")],
        [row(review=TODAY)],
        [row(owner="@a @b")],
        [row(line=12, plan="later", rationale="Better words", current="60.00 / 90")],
    ],
)
def test_a_row_that_allows_no_more_than_before_is_not_a_finding(after: list[Row]) -> None:
    assert compare([row()], after) == []


ROWS = st.lists(
    st.builds(
        row,
        module=st.sampled_from(["a.py", "b.py"]),
        owner=st.sampled_from(["", "@a", "@b"]),
        rationale=st.sampled_from(["", "Why"]),
        review=st.integers(-2, 200).map(lambda days: TODAY + timedelta(days=days)),
        status=st.sampled_from([RESOLVED, Status("open", TODAY), Status()]),
    ),
    unique_by=lambda row: row.key,
)


@given(ROWS, ROWS)
def test_every_new_or_later_waiver_is_a_finding(before: list[Row], after: list[Row]) -> None:
    old = {waiver.path: waiver.until for waiver in find_waived(before, "api", DATES)}
    more = {
        waiver.path
        for waiver in find_waived(after, "api", DATES)
        if waiver.path not in old or waiver.until > old[waiver.path]
    }
    findings = compare_registers(before, after, "r.md", DATES)
    assert more <= {finding.after.split()[0] for finding in findings}
