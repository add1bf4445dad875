from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model import lines
from covernance.model.counts import Counts
from covernance.model.snapshot import FileCell, FileResult, Snapshot
from covernance.patch.policy import PatchResult, PatchRule, judge_patch

pytestmark = pytest.mark.architecture

PATH = "apps/api/main.py"
RULE = PatchRule(percent=Decimal(80), min_lines=3)
NONE = Counts()


def measured(
    snapshot: Snapshot,
    *,
    executed: str = "",
    missing: str = "",
    branches: dict[int, tuple[int, int]] | None = None,
    cell: FileCell | None = None,
) -> Snapshot:
    """The sample snapshot with one file; only the fields that patch coverage reads are correct."""
    file = FileResult(
        total=NONE,
        themes={"security": cell or FileCell(NONE, NONE)},
        executed_lines=executed,
        missing_lines=missing,
        branches=branches or {},
    )
    return msgspec.structs.replace(snapshot, files={PATH: file})


def suite_result(
    snapshot: Snapshot, touched: set[int], rule: PatchRule = RULE, path: str = PATH
) -> PatchResult:
    return judge_patch(snapshot, {path: frozenset(touched)}, rule)[0]


def test_only_changed_statements_and_branches_count(snapshot: Snapshot) -> None:
    result = suite_result(
        measured(snapshot, executed="1-6", missing="7-9", branches={3: (2, 1), 8: (2, 0)}),
        {2, 3, 4, 7, 8, 100},
    )
    assert result.counts == Counts(statements=5, executed=3, branches=4, taken=1)
    assert result.uncovered == ((PATH, 7), (PATH, 8))
    assert result.partial == ((PATH, 3),)
    assert result.verdict == "below-floor"
    assert (result.suite, result.theme, result.floor) == ("api", None, Decimal(80))


@pytest.mark.parametrize(
    ("executed", "missing", "min_lines", "verdict"),
    [
        ("1-8", "9-10", 0, "pass"),
        ("1-7", "8-10", 0, "below-floor"),
        ("1-7", "8-10", 10, "below-floor"),
        ("1-7", "8-10", 11, "informs"),
        ("1-8", "9-10", 11, "pass"),
    ],
)
def test_the_floor_is_exact_and_small_changes_do_not_fail(
    snapshot: Snapshot, executed: str, missing: str, min_lines: int, verdict: str
) -> None:
    rule = PatchRule(percent=Decimal(80), min_lines=min_lines)
    result = suite_result(
        measured(snapshot, executed=executed, missing=missing), set(range(1, 11)), rule
    )
    assert result.verdict == verdict


@pytest.mark.parametrize("touched", [set(), {50}])
def test_a_change_without_statements_passes_and_is_reported(
    snapshot: Snapshot, touched: set[int]
) -> None:
    result = suite_result(measured(snapshot, executed="1", missing="2"), touched)
    assert (result.verdict, result.counts) == ("pass", NONE)
    assert str(result) == "api: pass: no changed statements (0 of 0)"
    assert judge_patch(snapshot, {}, RULE)[0].verdict == "pass"


@pytest.mark.security
def test_a_file_that_was_never_measured_counts_as_uncovered(snapshot: Snapshot) -> None:
    results = judge_patch(snapshot, {"apps/api/new.py": frozenset({1, 2, 3})}, RULE)
    assert {result.counts for result in results} == {Counts(statements=3)}
    assert results[0].verdict == "below-floor"
    assert results[0].uncovered == tuple(("apps/api/new.py", line) for line in (1, 2, 3))


def test_the_files_of_a_change_are_added_up_in_name_order(snapshot: Snapshot) -> None:
    file = FileResult(
        total=NONE,
        themes={},
        executed_lines="1-3",
        missing_lines="4",
        branches={2: (2, 1), 3: (2, 2)},
    )
    known = msgspec.structs.replace(snapshot, files={"b.py": file, "d.py": file})
    changed = dict.fromkeys(("d.py", "c_new.py", "b.py"), frozenset({2, 3, 4}))
    result = judge_patch(known, changed, RULE)[0]
    assert result.counts == Counts(statements=9, executed=4, branches=8, taken=6)
    assert result.uncovered == (
        ("b.py", 4),
        ("c_new.py", 2),
        ("c_new.py", 3),
        ("c_new.py", 4),
        ("d.py", 4),
    )
    assert result.partial == (("b.py", 2), ("d.py", 2))


def test_patch_coverage_of_a_theme_is_earned_and_never_fails(snapshot: Snapshot) -> None:
    cell = FileCell(
        NONE, NONE, executed_lines="1-4", earnable="3-6", earnable_branches={4: (2, 1), 9: (1, 0)}
    )
    results = judge_patch(
        measured(snapshot, executed="1-6", cell=cell), {PATH: frozenset({2, 3, 4, 5})}, RULE
    )
    security = next(result for result in results if result.theme == "security")
    assert security.counts == Counts(statements=3, executed=2, branches=2, taken=1)
    assert (security.uncovered, security.partial) == (((PATH, 5),), ((PATH, 4),))
    assert (security.verdict, security.floor) == ("informs", None)
    assert str(security) == (
        "api × security: informs: 60.00 %; 3 of 5 changed lines and branches ran"
    )


@pytest.mark.security
def test_a_theme_without_results_for_a_file_ran_nothing_of_it(snapshot: Snapshot) -> None:
    results = judge_patch(measured(snapshot, executed="1-6"), {PATH: frozenset({2, 3})}, RULE)
    assert [(result.theme, result.counts.executed) for result in results] == [
        (None, 2),
        ("security", 0),
        ("architecture", 0),
    ]
    assert results[2].counts.statements == 2


def test_the_unthemed_pass_is_not_a_theme(snapshot: Snapshot) -> None:
    themes = {**snapshot.themes, "unthemed": snapshot.themes["security"]}
    extended = msgspec.structs.replace(snapshot, themes=themes)
    assert [result.theme for result in judge_patch(extended, {}, RULE)] == [
        None,
        "security",
        "architecture",
    ]


def test_theme_with_nothing_to_earn_is_reported(snapshot: Snapshot) -> None:
    cell = FileCell(NONE, NONE, executed_lines="1-2", earnable="")
    results = judge_patch(
        measured(snapshot, executed="1-2", cell=cell), {PATH: frozenset({1})}, RULE
    )
    assert str(results[1]) == "api × security: pass: importing runs all of them (0 of 0)"


def test_a_result_is_shown_as_one_sentence(snapshot: Snapshot) -> None:
    result = suite_result(measured(snapshot, executed="1-8", missing="9"), {1, 2, 9})
    assert str(result) == (
        "api: below-floor: 66.66 % (floor 80 %); 2 of 3 changed lines and branches ran"
    )


@given(
    executed=st.frozensets(st.integers(1, 30)),
    missing=st.frozensets(st.integers(1, 30), min_size=1),
    touched=st.frozensets(st.integers(1, 30)),
    percent=st.decimals(0, 100, places=2),
)
def test_more_executed_lines_never_lower_patch_coverage(
    snapshot: Snapshot,
    executed: frozenset[int],
    missing: frozenset[int],
    touched: frozenset[int],
    percent: Decimal,
) -> None:
    missing -= executed
    rule = PatchRule(percent=percent)

    def result(ran: frozenset[int], not_run: frozenset[int]) -> PatchResult:
        return suite_result(
            measured(snapshot, executed=lines.encode(ran), missing=lines.encode(not_run)),
            set(touched),
            rule,
        )

    before = result(executed, missing)
    for line in missing:
        after = result(executed | {line}, missing - {line})
        assert after.counts.total == before.counts.total
        assert after.counts.covered >= before.counts.covered
        assert not (before.verdict == "pass" and after.verdict != "pass")
