from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.exceptions.merge import (
    Change,
    Floors,
    Synced,
    Terms,
    find_below_floor,
    find_problems,
    merge_rows,
)
from covernance.exceptions.register_markdown import BEGIN, END
from covernance.exceptions.row import Row
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot
from tests.unit.covernance.exceptions.register_samples import (
    COMMIT,
    DATES,
    FLOORS,
    SUITES,
    TERMS,
    TODAY,
    document,
    line,
    measured,
    read,
    row,
)

pytestmark = pytest.mark.architecture

LOW = Counts(100, 89)
HIGH = Counts(100, 90)


def synced(text: str, *snapshots: Snapshot, terms: Terms = TERMS) -> Synced:
    return merge_rows(read(text), snapshots, FLOORS, terms)


def only(result: Synced) -> Row:
    (actual,) = read(result.text).rows
    return actual


def test_files_are_compared_with_their_floor_exactly() -> None:
    snapshot = measured(
        {
            "z.py": LOW,
            "at.py": HIGH,
            "near.py": Counts(100_000, 89_999),
            "empty.py": Counts(),
            "branches.py": Counts(90, 90, 10, 0),
            "short.py": Counts(90, 90, 11, 0),
        }
    )
    assert find_below_floor(snapshot, Floors(Decimal(90))) == ("near.py", "short.py", "z.py")


def test_a_files_own_floor_takes_precedence() -> None:
    floors = Floors(Decimal(90), {"a.py": Decimal(100), "b.py": Decimal("12.5")})
    snapshot = measured({"a.py": HIGH, "b.py": Counts(8, 1), "c.py": LOW})
    assert find_below_floor(snapshot, floors) == ("a.py", "c.py")


def test_a_file_below_its_floor_gets_a_row() -> None:
    result = synced(document(), measured({"apps/b.py": Counts(3, 2), "apps/c.py": HIGH}))
    assert result.changes == (Change("apps/b.py", "api", "opened", "66.66 / 90"),)
    opened = only(result)
    assert (opened.module, opened.suite, opened.current) == ("apps/b.py", "api", "66.66 / 90")
    assert (opened.owner, opened.review, opened.plan) == ("@owns/a", TERMS.review, "")
    assert opened.unfilled == ("rationale",)
    assert str(opened.status) == "open since 2026-11-21"


def test_a_row_shows_the_floor_of_its_file() -> None:
    floors = {"api": Floors(Decimal(90), {"apps/a.py": Decimal("99.5"), "apps/b.py": Decimal(80)})}
    snapshot = measured({"apps/a.py": LOW, "apps/b.py": LOW})
    result = merge_rows(
        read(document(line(), line(module="`apps/b.py`"))), [snapshot], floors, TERMS
    )
    assert [(change.kind, change.current) for change in result.changes] == [
        ("updated", "89.00 / 99.5"),
        ("resolved", "89.00 / 80"),
    ]


def test_an_open_row_gets_the_current_numbers_but_not_a_new_date() -> None:
    result = synced(document(line()), measured({"apps/a.py": LOW}))
    assert result.changes == (Change("apps/a.py", "api", "updated", "89.00 / 90"),)
    assert str(only(result).status) == "open since 2026-11-01"


def test_a_row_added_by_a_person_gets_a_date_and_numbers() -> None:
    result = synced(document(line(current="", status="")), measured({"apps/a.py": LOW}))
    assert only(result).current == "89.00 / 90"
    assert str(only(result).status) == "open since 2026-11-21"


def test_an_up_to_date_row_does_not_change_whatever_its_markup() -> None:
    text = document(line(current="**89.00** / 90"))
    assert synced(text, measured({"apps/a.py": LOW})) == Synced(text, ())


@pytest.mark.parametrize(
    ("commit", "dirty", "named"),
    [
        (COMMIT, False, "0123456789"),
        (COMMIT, True, "after 0123456789"),
        (None, False, "no commit"),
    ],
)
def test_the_row_of_a_recovered_file_is_resolved_with_the_commit(
    commit: str | None, *, dirty: bool, named: str
) -> None:
    snapshot = measured({"apps/a.py": HIGH}, commit=commit, dirty=dirty)
    result = synced(document(line()), snapshot)
    assert result.changes == (Change("apps/a.py", "api", "resolved", "90.00 / 90"),)
    assert str(only(result).status) == f"resolved ({named}) on 2026-11-21"


def test_the_row_of_a_file_no_longer_measured_is_resolved() -> None:
    result = synced(document(line()), measured({}))
    assert only(result).current == "gone / 90"
    assert not only(result).open


def test_a_resolved_row_does_not_change() -> None:
    text = document(line(status="resolved (abc) on 2026-01-01"))
    assert synced(text, measured({"apps/a.py": HIGH})).text == text
    assert synced(text, measured({})).text == text


@pytest.mark.security
def test_a_resolved_row_is_reopened_if_its_file_drops_again() -> None:
    text = document(line(status="resolved (abc) on 2026-01-01"))
    result = synced(text, measured({"apps/a.py": LOW}))
    assert result.changes == (Change("apps/a.py", "api", "reopened", "89.00 / 90"),)
    assert str(only(result).status) == "open since 2026-11-21"


@pytest.mark.reliability
def test_rows_of_a_suite_without_a_snapshot_do_not_change() -> None:
    text = document(line(), line(suite="auth", current="old"))
    result = synced(text, measured({"apps/a.py": HIGH}))
    assert [change.suite for change in result.changes] == ["api"]
    assert read(result.text).rows[1] == read(text).rows[1]


def test_suites_have_separate_rows() -> None:
    files = {"apps/a.py": LOW}
    result = synced(document(line()), measured(files), measured(files, suite="auth"))
    assert [actual.key for actual in read(result.text).rows] == [
        ("apps/a.py", "api"),
        ("apps/a.py", "auth"),
    ]


WORDS = st.text(
    st.sampled_from("aZ é因|\\`*_[]()<>!-&#~:") | st.characters(exclude_categories=["C", "Z"]),
    max_size=12,
)
CODE = {
    "a.py": "`a.py`",
    "b_b/__init__.py": "b_b/__init__.py",
    "c|d.py": r"`c\|d.py`",
    "`e`.py": "`` `e`.py ``",
    "f g.py": "[`f g.py`](https://example.org)",
}
"""Paths as people write them in a cell."""

PATHS = st.sampled_from(sorted(CODE))
COUNTS = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda n: Counts(max(n), min(n)))


def written(text: str) -> str:
    """A person's text as written in a cell."""
    return text.strip().replace("\\", "\\\\").replace("|", "\\|") + " "


@st.composite
def registers(draw: st.DrawFn) -> str:
    """A register as people edit it: unsorted, padded, with any line endings."""
    keys = draw(st.lists(st.tuples(PATHS, st.sampled_from(SUITES)), unique=True))
    rows = [
        line(
            module=CODE[path],
            suite=suite + draw(st.sampled_from(["", " ", "   "])),
            current=written(draw(WORDS)),
            rationale=written(draw(WORDS)),
            owner=written(draw(WORDS)),
            review=f" {draw(st.dates())}",
            plan=written(draw(WORDS)),
            status=draw(
                st.sampled_from(["", "open", "open since 2026-01-02", "resolved", "RESOLVED (a)"])
            ),
        )
        for path, suite in keys
    ]
    return document(*rows, newline=draw(st.sampled_from(["\n", "\r\n", "\r"])))


SNAPSHOTS = st.lists(
    st.builds(
        lambda suite, files: measured(files, suite=suite),
        st.sampled_from(SUITES),
        st.dictionaries(PATHS, COUNTS),
    ),
    unique_by=lambda snapshot: snapshot.suite,
)
MACHINE = (2, 7)


def persons_cells(text: str) -> dict[tuple[str, str], list[str]]:
    """The source of every cell that is not generated, by the row's key, in order."""
    register = read(text)
    return {
        result.key: [
            text[start:end]
            for column, (start, end) in enumerate(place.cells)
            if column not in MACHINE
        ]
        for result, place in zip(register.rows, register._places, strict=True)
    }


@pytest.mark.reliability
@given(registers(), SNAPSHOTS)
def test_sync_is_idempotent_today_and_later(text: str, snapshots: list[Snapshot]) -> None:
    once = synced(text, *snapshots)
    later = msgspec.structs.replace(TERMS, today=TODAY + timedelta(days=1), review=date(2030, 1, 1))
    assert synced(once.text, *snapshots) == Synced(once.text, ())
    assert synced(once.text, *snapshots, terms=later) == Synced(once.text, ())


@pytest.mark.reliability
@given(registers(), SNAPSHOTS)
def test_sync_never_loses_moves_or_changes_what_people_wrote(
    text: str, snapshots: list[Snapshot]
) -> None:
    result = synced(text, *snapshots).text
    before, after = persons_cells(text), persons_cells(result)
    assert {key: after[key] for key in before} == before
    assert [key for key in after if key in before] == list(before)
    assert result.partition(BEGIN)[0] == text.partition(BEGIN)[0]
    assert result.partition(END)[2] == text.partition(END)[2]


@given(registers(), SNAPSHOTS)
def test_after_sync_the_open_rows_are_the_files_below_their_floor(
    text: str, snapshots: list[Snapshot]
) -> None:
    rows = read(synced(text, *snapshots).text).rows
    for snapshot in snapshots:
        still = {result.module for result in rows if result.open and result.suite == snapshot.suite}
        assert still == set(find_below_floor(snapshot, FLOORS[snapshot.suite]))


@given(registers(), SNAPSHOTS)
def test_changes_are_listed_exactly_if_the_text_changes(
    text: str, snapshots: list[Snapshot]
) -> None:
    result = synced(text, *snapshots)
    assert bool(result.changes) == (result.text != text)


def is_file(row: Row) -> bool:
    return row.module.endswith(".py") and "*" not in row.module


def test_an_up_to_date_complete_register_has_no_problem() -> None:
    assert find_problems([row()], (), DATES, is_file) == ()


def test_every_problem_has_its_line_and_missing_rows_come_first() -> None:
    rows = [
        row(line=8, review=date(2026, 11, 20)),
        row(line=6, module="apps/b.py", rationale="TODO: rationale", owner=""),
    ]
    changes = [
        Change("apps/b.py", "api", "updated", "1.00 / 90"),
        Change("apps/c.py", "api", "opened", "2.00 / 90"),
    ]
    result = find_problems(rows, changes, DATES, is_file)
    assert [(problem.line, problem.module, problem.kind) for problem in result] == [
        (None, "apps/c.py", "out-of-step"),
        (6, "apps/b.py", "out-of-step"),
        (6, "apps/b.py", "unfilled"),
        (8, "apps/a.py", "expired-exception"),
    ]
    assert {problem.suite for problem in result} == {"api"}
    assert result[0].text == "below its floor (2.00 / 90) and has no row; run sync"
    assert "as updated (1.00 / 90)" in result[1].text
    assert result[2].text.endswith("fill in rationale and owner")
    assert "expired on 2026-11-20" in result[3].text


@pytest.mark.security
def test_a_row_for_anything_but_a_file_is_the_only_problem_of_that_row() -> None:
    rows = [row(line=6, module="api"), row(line=7, module="apps/*.py"), row(line=8)]
    changes = [Change("api", "api", "resolved", "gone / 90")]
    result = find_problems(rows, changes, DATES, is_file)
    assert [(problem.line, problem.kind) for problem in result] == [
        (6, "not-a-file"),
        (7, "not-a-file"),
    ]
    assert result[0].text.startswith("is not a file of suite api: ")


@pytest.mark.security
def test_a_review_date_beyond_the_latest_is_a_problem() -> None:
    last, late = row(review=DATES.latest), row(line=7, module="b.py", review=date(9999, 12, 31))
    (problem,) = find_problems([last, late], (), DATES, is_file)
    assert (problem.line, problem.kind) == (7, "late-review")
    assert problem.text == (
        "waives nothing: its review date 9999-12-31 is later than 2027-05-20, the latest that is "
        "allowed today (2 × exceptions.review-days); set an earlier date"
    )


@pytest.mark.parametrize("module", ["apps/a.py", "gone.py", "api"])
@pytest.mark.parametrize("day", ["2020-01-01", "9999-12-31"])
def test_a_resolved_row_may_be_incomplete_and_have_any_date_and_name(module: str, day: str) -> None:
    text = line(module=module, rationale="", status="resolved", review=day)
    (resolved,) = read(document(text)).rows
    assert find_problems([resolved], (), DATES, is_file) == ()
