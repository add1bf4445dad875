from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import Suite
from covernance.guard.compare import Comparison, Drop, FileDrop, Removed, compare_results
from covernance.model import lines
from covernance.model.counts import Counts
from covernance.model.snapshot import (
    Cell,
    FileCell,
    FileResult,
    Outcomes,
    PatchCounts,
    Snapshot,
    TestResult,
)

pytestmark = pytest.mark.reliability


def measured(executed: set[int], statements: int = 100) -> FileResult:
    """A file with one statement per line, none of them executed by importing."""
    everything = frozenset(range(1, statements + 1))
    counts = Counts(statements, len(executed))
    cell = FileCell(counts, counts, lines.encode(executed), lines.encode(everything))
    return FileResult(
        total=counts,
        themes={"security": cell},
        executed_lines=lines.encode(executed),
        missing_lines=lines.encode(everything - executed),
    )


def first(count: int) -> set[int]:
    return set(range(1, count + 1))


def result(sample: Snapshot, **files: FileResult) -> Snapshot:
    actual = {f"{name}.py": file for name, file in files.items()}
    total = sum((file.total for file in actual.values()), Counts())
    cell = Cell(outcomes=Outcomes(tests=1), seconds=0, raw=total, earned=total)
    return msgspec.structs.replace(sample, files=actual, total=total, themes={"security": cell})


def compared(
    base: Snapshot, now: Snapshot, suite: Suite, removed: dict[str, Removed] | None = None
) -> Comparison:
    return compare_results(base, now, removed or {}, suite, patch_min_lines=5)


def test_the_same_result_has_no_drop(snapshot: Snapshot, suite: Suite) -> None:
    actual = compared(snapshot, snapshot, suite)
    assert actual.assessment.verdict == "pass"
    assert all(number.points == 0 for number in actual.numbers)
    assert (actual.gone, actual.broken) == ((), ())


@pytest.mark.parametrize(("now", "verdict"), [(88, "pass"), (87, "dropped"), (95, "pass")])
def test_a_drop_over_the_limit_fails_and_one_at_the_limit_passes(
    snapshot: Snapshot, suite: Suite, now: int, verdict: str
) -> None:
    before = result(snapshot, a=measured(first(90)))
    after = result(snapshot, a=measured(first(now)))
    assert compared(before, after, suite).assessment.verdict == verdict


def test_the_report_names_numbers_file_and_lines(snapshot: Snapshot, suite: Suite) -> None:
    before = result(snapshot, a=measured(first(90)), b=measured(first(100)))
    after = result(snapshot, a=measured(first(80)), b=measured(first(100)))
    actual = compared(before, after, suite)
    assert actual.assessment.reasons[0] == (
        "total fell by 5.00 points (limit 2), from 95.00 % to 90.00 %"
    )
    assert actual.suite == "api"
    assert [number.measure for number in actual.numbers] == ["total", "security"]
    for number in actual.numbers:
        assert number.files == (FileDrop("a.py", 10, "81-90"),)


def test_one_line_is_enough_to_name_a_file(snapshot: Snapshot, suite: Suite) -> None:
    before, after = (result(snapshot, a=measured(first(count))) for count in (90, 89))
    assert compared(before, after, suite).numbers[0].files == (FileDrop("a.py", 1, "90"),)


def test_all_missing_lines_of_an_edited_file_are_listed(snapshot: Snapshot, suite: Suite) -> None:
    before, after = (result(snapshot, a=measured(first(count))) for count in (90, 80))
    edited = {"a.py": Removed("a.py", frozenset({1}))}
    actual = compared(before, after, suite, edited)
    assert actual.numbers[0].files == (FileDrop("a.py", 10, "81-100"),)


def test_the_ten_worst_files_are_listed_worst_first(snapshot: Snapshot, suite: Suite) -> None:
    names = "lkjihgfedcba"
    before = result(snapshot, **{name: measured(first(50)) for name in names})
    missing = {name: 20 if name == "g" else 10 for name in names}
    after = result(snapshot, **{name: measured(first(50 - lost)) for name, lost in missing.items()})
    actual = compared(before, after, suite).numbers[0].files
    assert [file.path for file in actual] == [f"{name}.py" for name in "gabcdefhij"]


def test_a_theme_that_is_new_and_the_unthemed_pass_are_not_compared(
    snapshot: Snapshot, suite: Suite
) -> None:
    before = result(snapshot, a=measured(first(90)))
    cell = before.themes["security"]
    before = msgspec.structs.replace(before, themes={"security": cell, "unthemed": cell})
    after = msgspec.structs.replace(before, themes={**before.themes, "reliability": cell})
    measures = [number.measure for number in compared(before, after, suite).numbers]
    assert measures == ["total", "security"]


def test_removing_code_is_not_a_drop(snapshot: Snapshot, suite: Suite) -> None:
    before = result(snapshot, a=measured(first(100)), b=measured(first(50)))
    deleted = result(snapshot, b=measured(first(50)))
    gone = {"a.py": Removed(None)}
    assert compared(before, deleted, suite, gone).assessment.verdict == "pass"

    shrunk = result(snapshot, a=measured(set(), 10), b=measured(first(50)))
    before = result(snapshot, a=measured(first(90)), b=measured(first(50)))
    cut = {"a.py": Removed("a.py", frozenset(range(1, 91)))}
    assert compared(before, shrunk, suite, cut).numbers[0].points == 0


def test_an_unreported_deleted_file_is_not_a_drop(snapshot: Snapshot, suite: Suite) -> None:
    before = result(snapshot, a=measured(first(100)), b=measured(first(50)))
    assert compared(before, result(snapshot, b=measured(first(50))), suite).numbers[0].points == 0


def test_a_renamed_file_is_compared_with_itself(snapshot: Snapshot, suite: Suite) -> None:
    before = result(snapshot, old=measured(first(90)))
    after = result(snapshot, new=measured(first(80)))
    actual = compared(before, after, suite, {"old.py": Removed("new.py")})
    assert actual.assessment.verdict == "dropped"
    for number in actual.numbers:
        assert [(file.path, file.missing) for file in number.files] == [("new.py", 10)]


@pytest.mark.security
def test_an_uncovered_new_file_is_a_drop(snapshot: Snapshot, suite: Suite) -> None:
    before = result(snapshot, a=measured(first(100)))
    after = result(snapshot, a=measured(first(100)), new=measured(set(), 20))
    actual = compared(before, after, suite)
    assert actual.assessment.verdict == "dropped"
    assert [(file.path, file.lines) for file in actual.numbers[0].files] == [("new.py", "1-20")]


@pytest.mark.parametrize(("limit", "verdict"), [("3", "dropped"), ("4", "pass"), ("5", "pass")])
def test_a_themes_own_limit_applies(
    snapshot: Snapshot, suite: Suite, limit: str, verdict: str
) -> None:
    limited = msgspec.structs.replace(
        suite, max_drop=Decimal(100), theme_max_drop={"security": Decimal(limit)}
    )
    before, after = (result(snapshot, a=measured(first(count))) for count in (90, 86))
    actual = compared(before, after, limited)
    assert actual.assessment.verdict == verdict
    assert [number.limit for number in actual.numbers] == [Decimal(100), Decimal(limit)]


def patched(sample: Snapshot, counts: Counts | None) -> Snapshot:
    patch = counts and PatchCounts(base="0" * 40, total=counts, themes={"security": Counts(9, 0)})
    return msgspec.structs.replace(result(sample, a=measured(first(90))), patch=patch)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (Counts(10, 10), Counts(10, 9), "pass"),
        (Counts(10, 10), Counts(10, 8), "dropped"),
        (Counts(10, 8), Counts(10, 10), "pass"),
        (Counts(5, 5), Counts(5, 0), "dropped"),
        (Counts(4, 4), Counts(5, 0), "pass"),
        (Counts(5, 5), Counts(4, 0), "pass"),
        (None, Counts(9, 0), "pass"),
        (Counts(9, 9), None, "pass"),
    ],
)
def test_patch_coverage_is_compared_with_that_of_the_change_before(
    snapshot: Snapshot,
    suite: Suite,
    before: Counts | None,
    after: Counts | None,
    verdict: str,
) -> None:
    limited = msgspec.structs.replace(suite, patch_max_drop=Decimal(10))
    actual = compared(patched(snapshot, before), patched(snapshot, after), limited)
    assert actual.assessment.verdict == verdict


def test_empty_changes_have_no_patch_coverage_to_compare(snapshot: Snapshot, suite: Suite) -> None:
    nothing = patched(snapshot, Counts())
    actual = compare_results(nothing, nothing, {}, suite, patch_min_lines=0)
    assert [number.measure for number in actual.numbers] == ["total", "security"]


def test_a_drop_in_patch_coverage_is_reported(snapshot: Snapshot, suite: Suite) -> None:
    before, after = patched(snapshot, Counts(1, 1)), patched(snapshot, Counts(1, 0))
    actual = compare_results(before, after, {}, suite, patch_min_lines=0)
    assert actual.numbers[-1] == Drop(
        measure="patch", before=Counts(1, 1), after=Counts(1, 0), limit=Decimal(2), files=()
    )
    assert actual.assessment.reasons == (
        "patch fell by 100.00 points (limit 2), from 100.00 % to 0.00 %",
    )


def test_a_themes_base_excludes_removed_lines(snapshot: Snapshot, suite: Suite) -> None:
    cell = FileCell(
        raw=Counts(100, 90, 6, 5),
        earned=Counts(98, 88, 4, 3),
        executed_lines="1-90",
        earnable="3-100",
        earnable_branches={5: (2, 2), 50: (2, 1)},
    )
    before = result(
        snapshot, a=msgspec.structs.replace(measured(first(90)), themes={"security": cell})
    )
    cut = {"a.py": Removed("a.py", frozenset(range(1, 11)))}
    actual = compared(before, before, suite, cut)
    assert [number.before for number in actual.numbers] == [Counts(90, 80), Counts(90, 80, 2, 1)]


@pytest.mark.security
def test_a_theme_can_drop_while_the_total_does_not(snapshot: Snapshot, suite: Suite) -> None:
    before = result(snapshot, a=measured(first(90)))
    weaker = FileCell(Counts(100, 60), Counts(100, 60), "1-60", "1-100")
    file = msgspec.structs.replace(measured(first(90)), themes={"security": weaker})
    actual = compared(before, result(snapshot, a=file), suite)
    assert [(number.measure, number.over) for number in actual.numbers] == [
        ("total", False),
        ("security", True),
    ]


def test_the_base_excludes_branches_of_removed_lines(snapshot: Snapshot, suite: Suite) -> None:
    branchy = FileResult(
        total=Counts(4, 4, 4, 3),
        themes={},
        executed_lines="1-4",
        branches={2: (2, 2), 3: (2, 1)},
    )
    rest = FileResult(
        total=Counts(3, 3, 2, 1), themes={}, executed_lines="1-3", branches={2: (2, 1)}
    )
    actual = compared(
        result(snapshot, a=branchy),
        result(snapshot, a=rest),
        suite,
        {"a.py": Removed("a.py", frozenset({2}))},
    )
    assert actual.numbers[0].before == Counts(3, 3, 2, 1)


def test_deleted_and_broken_tests_are_listed(snapshot: Snapshot, suite: Suite) -> None:
    passed = TestResult(outcome="passed", seconds=0, themes=())
    skipped = TestResult(outcome="skipped", seconds=0, themes=())
    before = msgspec.structs.replace(
        snapshot, tests={"a": passed, "b": passed, "c": passed, "d": skipped}
    )
    after = msgspec.structs.replace(snapshot, tests={"b": passed, "c": skipped, "d": skipped})
    actual = compared(before, after, suite)
    assert (actual.gone, actual.broken) == (("a",), ("c",))


def test_a_base_with_nothing_to_cover_has_no_drop(snapshot: Snapshot, suite: Suite) -> None:
    before = result(snapshot)
    assert (
        compared(before, result(snapshot, a=measured(set(), 10)), suite).assessment.verdict
        == "pass"
    )


@given(executed=st.frozensets(st.integers(1, 30)), more=st.frozensets(st.integers(1, 30)))
def test_covering_more_lines_never_turns_pass_into_dropped(
    snapshot: Snapshot, suite: Suite, executed: frozenset[int], more: frozenset[int]
) -> None:
    base = result(snapshot, a=measured(first(20), 30))
    fewer = compared(base, result(snapshot, a=measured(set(executed), 30)), suite)
    greater = compared(base, result(snapshot, a=measured(set(executed | more), 30)), suite)
    assert not (fewer.assessment.verdict == "pass" and greater.assessment.verdict == "dropped")


def test_the_suites_own_limit_applies(snapshot: Snapshot, suite: Suite) -> None:
    strict = msgspec.structs.replace(suite, max_drop=Decimal("0.5"))
    before, after = result(snapshot, a=measured(first(90))), result(snapshot, a=measured(first(89)))
    assert compared(before, after, suite).assessment.verdict == "pass"
    assert compared(before, after, strict).assessment.verdict == "dropped"


def test_a_fully_covered_new_file_is_not_listed(snapshot: Snapshot, suite: Suite) -> None:
    before = result(snapshot, a=measured(first(100)))
    after = result(snapshot, a=measured(first(100)), new=measured(first(20), 20))
    assert all(not number.files for number in compared(before, after, suite).numbers)


def replaced(sample: Snapshot, suite: Suite, left: int, executed: int) -> Comparison:
    """A base of 100 covered lines, of which some are left uncovered; 100 new lines, some ran."""
    base = result(sample, old=measured(first(100)), kept=measured(set(), statements=left))
    now = result(sample, new=measured(first(executed)), kept=measured(set(), statements=left))
    return compared(base, now, suite, {"old.py": Removed(None)})


@pytest.mark.security
@pytest.mark.parametrize("left", [0, 9])
def test_a_base_of_which_little_is_left_is_nothing_to_compare_with(
    snapshot: Snapshot, suite: Suite, left: int
) -> None:
    assessment = replaced(snapshot, suite, left, 8).assessment
    assert assessment.verdict == "nothing-to-compare"
    (reason,) = assessment.reasons
    assert reason.startswith(
        f"{left} of {100 + left} statements and branches of the base are left, too few to compare; "
    )


def test_code_that_replaces_all_and_is_covered_as_well_passes(
    snapshot: Snapshot, suite: Suite
) -> None:
    assert replaced(snapshot, suite, 0, 98).assessment.verdict == "pass"
    assert replaced(snapshot, suite, 0, 97).assessment.verdict == "nothing-to-compare"


def test_a_base_of_which_enough_is_left_is_compared(snapshot: Snapshot, suite: Suite) -> None:
    assert replaced(snapshot, suite, 12, 8).assessment.verdict == "pass"


def test_removing_most_code_leaves_enough_to_compare(snapshot: Snapshot, suite: Suite) -> None:
    base = result(snapshot, old=measured(first(99)), kept=measured(set(), statements=1))
    now = result(snapshot, kept=measured(set(), statements=1))
    assert compared(base, now, suite, {"old.py": Removed(None)}).assessment.verdict == "pass"


def test_a_drop_is_a_drop_however_little_is_left(snapshot: Snapshot, suite: Suite) -> None:
    base = result(snapshot, old=measured(first(100)), kept=measured({1}, statements=1))
    now = result(snapshot, new=measured(set()), kept=measured(set(), statements=1))
    assessment = compared(base, now, suite, {"old.py": Removed(None)}).assessment
    assert assessment.verdict == "dropped"
