from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.integrity import findings
from covernance.integrity.findings import (
    KINDS,
    Allowances,
    Finding,
    JudgedFinding,
    compare_sizes,
    judge_findings,
    pragma_findings,
    settings_findings,
)
from covernance.integrity.inventory import Function, Inventory
from covernance.integrity.pragmas import Pragmas
from covernance.model.effects import CoverageSettings
from covernance.model.verdict import Waiver

pytestmark = pytest.mark.architecture

SETTINGS = CoverageSettings(
    branch=True, ignore_errors=False, include=(), omit=("a",), exclude=("b",), partial=("c",)
)
THEMES = ("architecture", "security")


def changed(**fields: object) -> list[tuple[str, str, str, str]]:
    after = msgspec.structs.replace(SETTINGS, **fields)
    return [plain(finding) for finding in settings_findings(SETTINGS, after)]


def plain(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.kind, finding.where, finding.before, finding.after)


def compare(before: Inventory, after: Inventory) -> list[tuple[str, str, str, str]]:
    return [plain(finding) for finding in findings.compare_tests(before, after, THEMES)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"branch": False}, ("branch-off", "coverage.py: branch", "true", "false")),
        (
            {"ignore_errors": True},
            ("exclusion-added", "coverage.py: ignore_errors", "false", "true"),
        ),
        ({"omit": ("x", "a")}, ("exclusion-added", "coverage.py: omit", "none", "x")),
        ({"exclude": ("b", "x")}, ("exclusion-added", "coverage.py: exclude", "none", "x")),
        ({"partial": ("x",)}, ("exclusion-added", "coverage.py: partial", "none", "x")),
        (
            {"include": ("x", "y")},
            ("exclusion-added", "coverage.py: include", "everything", "x, y"),
        ),
    ],
)
def test_a_setting_that_measures_less_is_a_finding(
    fields: dict[str, object], expected: tuple[str, str, str, str]
) -> None:
    assert changed(**fields) == [expected]


def test_a_setting_that_measures_more_is_no_finding() -> None:
    assert changed(omit=(), exclude=(), partial=()) == []
    strict = msgspec.structs.replace(SETTINGS, branch=False, ignore_errors=True, include=("x",))
    assert list(settings_findings(strict, SETTINGS)) == []


def test_a_removed_include_is_a_finding_if_others_remain() -> None:
    before = msgspec.structs.replace(SETTINGS, include=("x", "y"))
    after = msgspec.structs.replace(SETTINGS, include=("x",))
    assert [plain(finding) for finding in settings_findings(before, after)] == [
        ("exclusion-added", "coverage.py: include", "y", "none")
    ]
    assert list(settings_findings(after, before)) == []


def test_added_pragmas_are_listed_by_place() -> None:
    before = Pragmas({1: "a"})
    after = Pragmas({4: "a", 7: "b", 8: "b", 12: "c"})
    (result,) = pragma_findings("calc/a.py", before, after, "no cover")
    assert plain(result) == (
        "pragma-added",
        "calc/a.py:7-8, calc/a.py:12",
        "1 × no cover",
        "4 × no cover",
    )
    assert result.subjects == ("calc/a.py",)


def test_an_added_pragma_is_a_finding() -> None:
    (result,) = pragma_findings("a.py", Pragmas({}), Pragmas({3: "x"}), "no cover")
    assert plain(result) == ("pragma-added", "a.py:3", "0 × no cover", "1 × no cover")


def test_the_same_number_of_pragmas_is_no_finding() -> None:
    assert not list(pragma_findings("a.py", Pragmas({1: "a"}), Pragmas({9: "b"}), "no cover"))
    assert not list(pragma_findings("a.py", Pragmas({1: "a"}), Pragmas({}), "no cover"))


def test_a_deleted_test_is_reported() -> None:
    (result,) = findings.compare_tests({"t.py::test_a": Function()}, {}, THEMES)
    assert plain(result) == ("test-deleted", "t.py::test_a", "1 test", "none")


def test_a_deleted_test_with_a_theme_is_one_finding() -> None:
    before = {"t.py::test_a": Function(marks=frozenset({"security"}))}
    assert compare(before, {}) == [("test-deleted", "t.py::test_a", "1 test", "none")]


@pytest.mark.security
def test_no_row_of_the_register_allows_a_finding_about_a_test() -> None:
    name = "t.py::A::test_a"
    before = {name: Function(cases=2, marks=frozenset({"security"}))}
    after = {name: Function(cases=1, skipped=1)}
    result = list(findings.compare_tests(before, after, THEMES))
    assert [(finding.kind, finding.subjects) for finding in result] == [
        ("test-deleted", ()),
        ("marker-removed", ()),
        ("skips-grew", ()),
    ]


def test_fewer_cases_are_a_finding_and_more_are_not() -> None:
    few, many = {"t.py::test_a": Function(cases=2)}, {"t.py::test_a": Function(cases=12)}
    assert compare(many, few) == [("test-deleted", "t.py::test_a", "12 cases", "2 cases")]
    assert compare(few, many) == []


def test_a_test_whose_file_moved_is_the_same_test() -> None:
    before = {"old.py::A::test_a": Function(cases=3), "other.py::A::test_a": Function()}
    assert compare(before, {"new.py::A::test_a": Function(cases=3), **before}) == []
    moved = {"x.py::A::test_a": Function(cases=3), "y.py::A::test_a": Function(cases=3)}
    assert compare(before, moved) == []
    assert compare(before, {"new.py::A::test_a": Function(cases=3)}) == [
        ("test-deleted", "other.py::A::test_a", "1 test", "none")
    ]
    assert compare(before, {"new.py::B::test_a": Function(cases=3)})[0][0] == "test-deleted"


def test_moved_tests_with_the_same_name_are_paired_in_the_order_of_their_files() -> None:
    before = {"a.py::test_a": Function(cases=3), "b.py::test_a": Function()}
    assert compare(before, {"x.py::test_a": Function(cases=3), "y.py::test_a": Function()}) == []
    assert compare(before, {"x.py::test_a": Function(), "y.py::test_a": Function(cases=3)}) == [
        ("test-deleted", "a.py::test_a", "3 cases", "1 case")
    ]


def test_a_removed_theme_marker_is_a_finding_and_another_marker_is_not() -> None:
    before = {"t.py::test_a": Function(marks=frozenset({"security", "architecture", "slow"}))}
    after = {"t.py::test_a": Function(marks=frozenset({"architecture"}))}
    assert compare(before, after) == [
        ("marker-removed", "t.py::test_a", "architecture, security", "architecture")
    ]
    slow = {"t.py::test_a": Function(marks=frozenset({"slow"}))}
    assert compare(slow, {"t.py::test_a": Function()}) == []
    none = {"t.py::test_a": Function()}
    assert compare(after, none) == [("marker-removed", "t.py::test_a", "architecture", "none")]
    assert compare(none, before) == []


def test_all_remaining_markers_are_listed() -> None:
    themes = ("architecture", "reliability", "security")
    before = {"t.py::test_a": Function(marks=frozenset(themes))}
    after = {"t.py::test_a": Function(marks=frozenset(themes[:2]))}
    (result,) = findings.compare_tests(before, after, themes)
    assert result.after == "architecture, reliability"


def test_additional_skips_are_reported_by_test() -> None:
    before = {"t.py::test_a": Function(), "t.py::test_b": Function(skipped=1)}
    after = {
        "t.py::test_a": Function(skipped=1),
        "t.py::test_b": Function(skipped=1),
        "t.py::test_new": Function(skipped=1),
    }
    assert compare(before, after) == [
        ("skips-grew", "t.py::test_a", "0 skipped", "1 skipped"),
        ("skips-grew", "t.py::test_new", "0 skipped", "1 skipped"),
    ]


def test_a_test_that_is_skipped_in_place_of_another_is_a_finding_with_its_reason() -> None:
    before = {"t.py::test_a": Function(), "t.py::test_b": Function(skipped=1)}
    after = {"t.py::test_a": Function(skipped=1, reason="slow"), "t.py::test_b": Function()}
    assert compare(before, after) == [
        ("skips-grew", "t.py::test_a", "0 skipped", "1 skipped: slow")
    ]


def test_a_missing_test_is_shown_with_what_is_known_about_it() -> None:
    before = {"t.py::test_a": Function(), "t.py::test_b": Function(), "u.py::test_c": Function()}
    absences = {"t.py": "skipped: no numpy", "t.py::test_b": "deselected"}
    missing = findings.compare_tests(before, {}, THEMES, absences)
    assert [finding.after for finding in missing] == [
        "none (skipped: no numpy)",
        "none (deselected)",
        "none",
    ]


def test_a_renamed_test_is_known_by_its_body() -> None:
    before = {"t.py::test_a": Function(body="x"), "t.py::test_b": Function(body="y")}
    assert (
        compare(before, {"t.py::test_c": Function(body="y"), "u.py::test_d": Function(body="x")})
        == []
    )
    swapped = {"u.py::test_a": Function(body="y"), "u.py::test_b": Function(body="x", cases=0)}
    assert compare(before, swapped) == [("test-deleted", "t.py::test_a", "1 test", "none")]
    assert compare(before, {"u.py::test_c": Function(body="z"), **before}) == []


def test_a_suite_that_shrank_is_reported_in_cases() -> None:
    before = {"a": Function(cases=3), "b": Function()}
    (result,) = compare_sizes("api", before, {"a": Function(cases=3)})
    assert plain(result) == ("suite-shrank", "suites.api", "4 tests", "3 tests")
    assert not list(compare_sizes("api", before, {"c": Function(cases=4)}))


FINDINGS = (
    Finding("pragma-added", "a.py:3", "0 × no cover", "1 × no cover", ("a.py",)),
    Finding("floor-lowered", "suites.api.fail-under", "90", "80"),
)


@pytest.mark.security
def test_a_finding_fails_unless_its_kind_or_file_is_allowed() -> None:
    added, lowered = FINDINGS
    assert judge_findings(FINDINGS, Allowances()) == (
        JudgedFinding(lowered, None),
        JudgedFinding(added, None),
    )
    assert judge_findings(FINDINGS, Allowances(kinds=frozenset({"floor-lowered"}))) == (
        JudgedFinding(lowered, "label"),
        JudgedFinding(added, None),
    )
    waived = tuple(Waiver(path, "@team", date(2026, 12, 31)) for path in ("x.py", "a.py", "api"))
    assert judge_findings(FINDINGS, Allowances(waived=waived)) == (
        JudgedFinding(lowered, None),
        JudgedFinding(added, "exception register: a.py (@team, until 2026-12-31)"),
    )


def test_a_finding_is_shown_as_place_kind_and_values() -> None:
    assert str(FINDINGS[1]) == "suites.api.fail-under: floor-lowered: 90 -> 80"
    assert len(set(KINDS)) == len(KINDS)


FUNCTIONS = st.builds(
    Function,
    cases=st.integers(1, 3),
    skipped=st.integers(0, 1),
    marks=st.frozensets(st.sampled_from([*THEMES, "slow"])),
)
INVENTORIES = st.dictionaries(
    st.sampled_from(["a.py::t", "b.py::t", "a.py::u", "b.py::C::t"]), FUNCTIONS
)


@given(INVENTORIES)
def test_the_same_tests_are_no_finding(inventory: Inventory) -> None:
    assert compare(inventory, inventory) == []
    assert not list(compare_sizes("api", inventory, inventory))


@given(INVENTORIES, INVENTORIES)
def test_every_lost_case_is_a_finding(before: Inventory, after: Inventory) -> None:
    result = {where for kind, where, _, _ in compare(before, after) if kind == "test-deleted"}
    lost = {
        name
        for name, function in before.items()
        if name in after and after[name].cases < function.cases
    }
    assert lost <= result
    if list(compare_sizes("api", before, after)):
        assert result


@given(INVENTORIES, INVENTORIES)
def test_every_test_that_ran_and_does_not_any_more_is_a_finding(
    before: Inventory, after: Inventory
) -> None:
    kinds = {"test-deleted", "skips-grew"}
    result = {where for kind, where, _, _ in compare(before, after) if kind in kinds}
    assert {
        name for name, test in before.items() if name in after and after[name].ran < test.ran
    } <= result


@given(st.dictionaries(st.integers(1, 9), st.sampled_from("ab")))
def test_the_same_pragmas_and_settings_are_no_finding(result: dict[int, str]) -> None:
    assert not list(pragma_findings("a.py", Pragmas(result), Pragmas(result), "no cover"))
    assert not list(settings_findings(SETTINGS, SETTINGS))
