from __future__ import annotations

from datetime import date

import msgspec
import pytest

from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult, Floor, Snapshot
from covernance.model.verdict import Waiver
from covernance.shell import tables

pytestmark = pytest.mark.architecture


def test_table_has_one_row_per_theme_and_one_per_suite(snapshot: Snapshot) -> None:
    rows = [line.split() for line in tables.table([snapshot]).splitlines()]
    assert rows[3] == ["api", "security", "1", "66.66", "75.00"]
    assert rows[4] == ["api", "all", "1", "75.00", "90", "below-floor"]


def test_reused_result_shows_its_origin(snapshot: Snapshot) -> None:
    source = msgspec.structs.replace(snapshot.provenance, source="reused")
    reused = msgspec.structs.replace(snapshot, provenance=source)
    assert tables.table([reused]).endswith("below-floor (reused)")
    assert tables.table([snapshot]).endswith("below-floor")


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("carried_at", "origin"),
    [
        ("2026-11-22T11:59:59Z", "(carried from 000000000000, 23 h old)"),
        ("2026-11-22T12:00:00Z", "(carried from 000000000000, 1 day old)"),
        ("2026-12-01T12:00:00Z", "(carried from 000000000000, 10 days old)"),
        (None, "(carried)"),
    ],
)
def test_carried_result_shows_its_commit_and_age(
    snapshot: Snapshot, carried_at: str | None, origin: str
) -> None:
    source = msgspec.structs.replace(snapshot.provenance, source="carried", carried_at=carried_at)
    text = tables.table([msgspec.structs.replace(snapshot, provenance=source)])
    assert text.endswith(origin)


def test_theme_without_tests_shows_no_percentage(snapshot: Snapshot) -> None:
    rows = [line.split() for line in tables.table([snapshot]).splitlines()]
    assert rows[2] == ["api", "architecture", "0", "no-tests", "no-tests"]


def test_measures_have_the_rows_of_the_table_without_floor_and_verdict(
    snapshot: Snapshot,
) -> None:
    rows = [line.split() for line in tables.measures([snapshot]).splitlines()]
    assert rows[0][-2:] == ["raw", "%"]
    assert rows[2:] == [
        ["api", "architecture", "0", "no-tests", "no-tests"],
        ["api", "security", "1", "66.66", "75.00"],
        ["api", "all", "1", "75.00"],
    ]


@pytest.mark.security
def test_the_table_counts_waived_files_beside_the_verdict(snapshot: Snapshot) -> None:
    waiver = Waiver("a.py", "@team", date(2026, 12, 31))
    one = msgspec.structs.replace(snapshot, waived=(waiver,))
    assert tables.table([one]).endswith("below-floor, 1 file waived")
    two = msgspec.structs.replace(snapshot, waived=(waiver, waiver))
    assert tables.table([two]).endswith("below-floor, 2 files waived")


def test_reasons_are_shown_one_per_line(snapshot: Snapshot) -> None:
    assert tables.reasons(snapshot) == "  75.00 % (floor 90 %)"


@pytest.mark.reliability
def test_many_reasons_are_cut_and_counted(snapshot: Snapshot) -> None:
    many = msgspec.structs.replace(snapshot, reasons=tuple(f"failed: t{n}" for n in range(25)))
    lines = tables.reasons(many).splitlines()
    assert len(lines) == 21
    command = "`covernance summary --format json`"
    assert lines[-1] == f"  … and 5 more; {command} shows all"


def test_gaps_list_files_and_lines_with_the_largest_first(snapshot: Snapshot) -> None:
    worse = FileResult(total=Counts(9, 1), themes={}, missing_lines="2-9")
    whole = FileResult(total=Counts(3, 3), themes={})
    files = {**snapshot.files, "apps/api/worse.py": worse, "apps/api/whole.py": whole}
    assert tables.format_gaps(msgspec.structs.replace(snapshot, files=files)).splitlines() == [
        "api: largest coverage gaps:",
        "  apps/api/worse.py: 2-9",
        "  apps/api/main.py: 3->9, 7",
    ]


def test_more_files_than_are_listed_are_counted(snapshot: Snapshot) -> None:
    files = {f"{n}.py": FileResult(total=Counts(9, n), themes={}) for n in range(9)}
    ten = msgspec.structs.replace(snapshot, files={**snapshot.files, **files})
    assert "more" not in tables.format_gaps(ten)
    least = {f"{n}.py": FileResult(total=Counts(9, 8), themes={}) for n in "xy"}
    twelve = msgspec.structs.replace(ten, files={**ten.files, **least})
    *_, last = tables.format_gaps(twelve).splitlines()
    assert last == "  … and 2 more; `covernance run -- --cov-report=term-missing` shows all"


def test_suite_at_its_floor_lists_no_gaps(snapshot: Snapshot) -> None:
    assert tables.format_gaps(msgspec.structs.replace(snapshot, floor=Floor("75", "x"))) == ""


def test_places_merge_lines_and_omit_branches_to_missing_lines() -> None:
    result = FileResult(
        total=Counts(20, 14, 6, 3),
        themes={},
        missing_lines="3-5,9",
        missing_branches=((2, 3), (7, -1), (8, 12)),
    )
    assert tables.places(result) == "3-5, 7->exit, 8->12, 9"


@pytest.mark.reliability
def test_many_places_are_cut_and_counted() -> None:
    missing = ",".join(map(str, range(1, 40, 2)))
    result = FileResult(total=Counts(40, 20), themes={}, missing_lines=missing)
    assert tables.places(result).endswith(", … and 8 more")
