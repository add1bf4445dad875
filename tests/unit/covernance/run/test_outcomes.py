from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.engine.theme_result import ThemeResult
from covernance.model.counts import Counts
from covernance.model.snapshot import FileCell, FileResult, Outcomes
from covernance.run import outcomes

pytestmark = pytest.mark.reliability

Build = Callable[..., ThemeResult]


@pytest.mark.architecture
def test_cell_holds_outcomes_time_and_counts(finished: Build) -> None:
    result = finished(outcomes={"t::a": "passed", "t::b": "error", "t::c": "skipped"})
    counts = Counts(4, 2)
    files = {
        name: FileResult(total=counts, themes={"architecture": FileCell(counts, Counts(3, 1))})
        for name in ("a.py", "b.py")
    }
    cell = outcomes.cells([result], files)["architecture"]
    assert cell.outcomes == Outcomes(tests=3, passed=1, errors=1, skipped=1)
    assert cell.seconds == 1.25
    assert (cell.raw, cell.earned) == (Counts(8, 4), Counts(6, 2))


def test_pass_that_died_has_an_empty_cell(finished: Build) -> None:
    cell = outcomes.cells([finished(died=True, status=-9)], {})["architecture"]
    assert cell.outcomes == Outcomes()


@pytest.mark.architecture
def test_test_in_two_passes_counts_once_with_its_worst_outcome(finished: Build) -> None:
    found = outcomes.tests(
        [
            finished("security", outcomes={"t::a": "failed"}),
            finished("architecture", outcomes={"t::a": "passed", "t::b": "passed"}),
            finished("reliability", died=True),
        ]
    )
    assert list(found) == ["t::a", "t::b"]
    assert found["t::a"].outcome == "failed"


def test_clean_pass_has_no_failures(finished: Build) -> None:
    assert outcomes.failures([finished(), finished("security", status=5, exit=5, outcomes={})]) == (
        frozenset()
    )


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"died": True, "status": 0}, "the architecture pass ended unexpectedly (status 0)"),
        ({"died": True, "status": -9}, "the architecture pass ended unexpectedly (status -9)"),
        ({"status": 1, "exit": 0}, "the architecture pass ended unexpectedly (status 1)"),
        (
            {"status": 1, "exit": 1},
            "the architecture pass ended with status 1 although no test failed",
        ),
        (
            {"selected": {"t::a": (), "t::z": ()}},
            "the architecture pass stopped before running t::z",
        ),
        (
            {"selected": dict.fromkeys(("t::c", "t::a", "t::b"), ())},
            "the architecture pass stopped before running t::b and 1 more",
        ),
        (
            {"has_collected": False, "outcomes": {}},
            "the architecture pass stopped before it had collected its tests",
        ),
        ({"outcomes": {"t::a": "failed"}, "status": 1, "exit": 1}, "t::a"),
        ({"outcomes": {"t::a": "error"}, "status": 1, "exit": 1}, "t::a"),
        ({"collection_errors": ["tests/x.py"], "status": 2, "exit": 2}, "tests/x.py"),
    ],
)
def test_incomplete_or_failed_pass_is_a_failure(
    finished: Build, changes: dict[str, object], failure: str
) -> None:
    assert outcomes.failures([finished(**changes)]) == {failure}


def test_failures_do_not_hide_that_a_pass_stopped_early(finished: Build) -> None:
    outcomes_of_pass = {"t::a": "failed"}
    selected = dict.fromkeys(("t::a", "t::b"), ())
    result = finished(outcomes=outcomes_of_pass, selected=selected, status=1, exit=1)
    assert outcomes.failures([result]) == {
        "t::a",
        "the architecture pass stopped before running t::b",
    }


@pytest.mark.security
@pytest.mark.parametrize(
    ("unthemed", "changes", "missing"),
    [
        (["t::b"], {"outcomes": {}, "status": 5, "exit": 5}, "t::b"),
        (["t::b", "t::c"], {"outcomes": {"t::b": "passed"}}, "t::c"),
        (["t::b[x-1]"], {"outcomes": {"t::b[x-2]": "passed"}}, None),
        (["t::b"], {"outcomes": {}, "unthemed": ["t::b"]}, None),
        (["t::b"], {"outcomes": {}, "collection_errors": ["t"], "status": 2, "exit": 2}, None),
    ],
)
def test_tests_without_a_theme_that_their_pass_did_not_collect_are_failures(
    finished: Build, unthemed: list[str], changes: dict[str, object], missing: str | None
) -> None:
    results = [finished(unthemed=unthemed), finished("unthemed", **changes)]
    texts = {text for text in outcomes.failures(results) if "did not collect" in text}
    expected = {f"the unthemed pass did not collect {missing}"} if missing else set()
    assert texts == expected


def test_without_a_pass_for_tests_without_a_theme_none_is_missing(finished: Build) -> None:
    assert outcomes.failures([finished(unthemed=["t::b"])]) == frozenset()


@pytest.mark.security
def test_a_theme_whose_tests_were_all_skipped_is_idle(finished: Build) -> None:
    skipped = {"outcomes": {"t::s": "skipped"}, "not_entered": ["t::s"]}
    results = [
        finished("architecture", **skipped),
        finished("security", outcomes={"t::a": "passed", "t::s": "skipped"}, not_entered=["t::s"]),
        finished("reliability", outcomes={}),
        finished("a", died=True),
        finished("shards", **skipped),
        finished("shards", outcomes={"t::a": "passed"}),
    ]
    assert outcomes.idle(results) == ("architecture",)


@pytest.mark.security
def test_pass_with_tests_but_without_data_is_unmeasured(finished: Build) -> None:
    results = [finished("a"), finished("b"), finished("c", status=5, exit=5, outcomes={})]
    for result in results[1:]:
        (result.folder / ".coverage.host.1").unlink()
    assert outcomes.unmeasured(results) == ("b",)


@pytest.mark.architecture
def test_unthemed_tests_are_listed_once(finished: Build) -> None:
    results = [finished(theme, unthemed=["t::b", "t::a"]) for theme in ("a", "b")]
    assert outcomes.unthemed([*results, finished("c", died=True)]) == ("t::a", "t::b")


@pytest.mark.parametrize(
    ("ends", "reran", "flaky"),
    [
        (("passed", "failed"), [], ("t::a",)),
        (("error", "passed"), [], ("t::a",)),
        (("xfailed", "xpassed"), [], ("t::a",)),
        (("passed", "passed"), [], ()),
        (("failed", "error"), [], ()),
        (("passed", "skipped"), [], ()),
        (("failed", "skipped"), [], ()),
        (("passed", "passed"), ["t::a"], ("t::a",)),
        (("failed", "failed"), ["t::a"], ()),
    ],
)
def test_test_that_passed_and_failed_is_flaky(
    finished: Build, ends: tuple[str, str], reran: list[str], flaky: tuple[str, ...]
) -> None:
    results = [
        finished(theme, outcomes={"t::a": end}, reran=reran)
        for theme, end in zip(("architecture", "security"), ends, strict=True)
    ]
    assert outcomes.flaky([*results, finished("reliability", died=True)]) == flaky


def test_pass_without_a_record_is_lost(finished: Build) -> None:
    results = [finished("security", died=True, status=-9), finished("architecture")]
    assert outcomes.lost(results) == ("security",)


def test_a_skipped_test_has_the_reason_of_any_pass(finished: Build) -> None:
    skipped = finished(outcomes={"t::a": "skipped"}, reasons={"t::a": "no network"})
    passed = finished("security", outcomes={"t::a": "passed"})
    for results in ([skipped, passed], [passed, skipped]):
        assert outcomes.tests(results)["t::a"].reason == "no network"
    assert outcomes.tests([passed])["t::a"].reason == ""
