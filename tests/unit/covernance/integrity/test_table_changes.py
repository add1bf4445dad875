from __future__ import annotations

import copy
import tomllib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config.keys import Declaration
from covernance.config.kinds import SUITES, Weakening
from covernance.config.table import SECTION_KEYS, SUITE_KEYS, TABLE_KEYS
from covernance.errors import ConfigError
from covernance.integrity.findings import Finding
from covernance.integrity.table_changes import _REMOVALS, check_comparable, compare_tables

pytestmark = pytest.mark.architecture

TABLE = """\
themes = ["architecture", "security"]
fail-under = 90
max-drop = 1.5
patch-fail-under = 85
patch-min-lines = 5

[suites.api]
source = ["apps/api", "apps/shared.py"]
tests = ["tests/api"]
select = "not net"
ignore = ["tests/api/manual"]
fail-under = 92
theme-floors = {security = 70}
file-floors = {"apps/api/keys.py" = 100}

[suites.auth]
source = ["apps/auth"]
tests = ["tests/auth"]
themes = ["security"]
theme-max-drop = {security = 0.5}

[history]
keep = 50
branch = "coverage-results"

[exceptions]
review-days = 60

[reuse]
environment = ["HOME", "LANG"]
files = ["data"]
"""


def parsed(text: str = TABLE) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


def changed(old: str, new: str, text: str = TABLE) -> list[tuple[str, str, str, str]]:
    """The findings when `old` is replaced in the sample."""
    assert old in text
    return [
        (finding.kind, finding.where, finding.before, finding.after)
        for finding in compare_tables(parsed(text), parsed(text.replace(old, new, 1)))
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("fail-under = 90", "fail-under = 89.5", ("floor-lowered", "fail-under", "90", "89.5")),
        ("fail-under = 90\n", "fail-under = 95\n", None),
        (
            "patch-fail-under = 85",
            "patch-fail-under = 1",
            ("floor-lowered", "patch-fail-under", "85", "1"),
        ),
        ("max-drop = 1.5", "max-drop = 3", ("limit-raised", "max-drop", "1.5", "3")),
        ("max-drop = 1.5", "", ("limit-raised", "max-drop", "1.5", "2")),
        ("max-drop = 1.5", "max-drop = 1", None),
        (
            "{security = 70}",
            "{security = 70}\ntheme-max-drop = {security = 1.5}",
            None,
        ),
        (
            "{security = 70}",
            "{security = 70}\ntheme-max-drop = {security = 1.6}",
            ("limit-raised", "suites.api.theme-max-drop.security", "1.5", "1.6"),
        ),
        (
            "theme-max-drop = {security = 0.5}",
            "",
            ("limit-raised", "suites.auth.theme-max-drop.security", "0.5", "1.5"),
        ),
        (
            'themes = ["security"]',
            'themes = ["security"]\npatch-max-drop = 3',
            ("limit-raised", "suites.auth.patch-max-drop", "2", "3"),
        ),
        ("min-lines = 5", "min-lines = 50", ("limit-raised", "patch-min-lines", "5", "50")),
        (
            "fail-under = 92",
            "fail-under = 91",
            ("floor-lowered", "suites.api.fail-under", "92", "91"),
        ),
        ("fail-under = 92", "", ("floor-lowered", "suites.api.fail-under", "92", "90")),
        (
            'themes = ["security"]',
            'themes = ["security"]\nfail-under = 50',
            ("floor-lowered", "suites.auth.fail-under", "90", "50"),
        ),
        (
            'themes = ["security"]',
            'themes = ["security"]\nmax-drop = 10',
            ("limit-raised", "suites.auth.max-drop", "1.5", "10"),
        ),
        ('themes = ["security"]', 'themes = ["security"]\nfail-under = 91', None),
        (
            "security = 70",
            "security = 69",
            ("floor-lowered", "suites.api.theme-floors.security", "70", "69"),
        ),
        (
            "{security = 70}",
            "{}",
            ("floor-lowered", "suites.api.theme-floors.security", "70", "none"),
        ),
        (
            '"apps/api/keys.py" = 100',
            '"apps/api/keys.py" = 99.9',
            ("floor-lowered", 'suites.api.file-floors."apps/api/keys.py"', "100", "99.9"),
        ),
        ("{security = 70}", "{security = 70, architecture = 1}", None),
        ("keep = 50", "keep = 1", None),
        (
            'branch = "coverage-results"',
            'branch = "own"',
            ("governance-changed", "history.branch", "coverage-results", "own"),
        ),
        (
            'branch = "coverage-results"',
            "",
            ("governance-changed", "history.branch", "coverage-results", "coverage-history"),
        ),
        (
            "keep = 50",
            'store = "git"',
            ("governance-changed", "history.store", "directory", "git"),
        ),
        ("keep = 50", 'store = "directory"', None),
        (
            "keep = 50",
            'remote = "fork"',
            ("governance-changed", "history.remote", "origin", "fork"),
        ),
        (
            "[exceptions]",
            '[exceptions]\nregister = "docs/own.md"',
            (
                "governance-changed",
                "exceptions.register",
                "tests/docs/test_framework_upgrades/coverage_exceptions.md",
                "docs/own.md",
            ),
        ),
        (
            "[exceptions]",
            '[exceptions]\nowner = "@me"',
            ("governance-changed", "exceptions.owner", "none", "@me"),
        ),
        (
            "fail-under = 90",
            'fail-under = 90\ndefault-branch = "own"',
            ("governance-changed", "default-branch", "none", "own"),
        ),
        (
            "review-days = 60",
            "review-days = 3650",
            ("limit-raised", "exceptions.review-days", "60", "3650"),
        ),
        ("review-days = 60", "review-days = 30", None),
        (
            "[reuse]",
            "[reuse]\nmax-age-days = 30",
            ("limit-raised", "reuse.max-age-days", "7", "30"),
        ),
        (
            '["HOME", "LANG"]',
            '["HOME"]',
            ("governance-changed", "reuse.environment", "LANG", "none"),
        ),
        ('files = ["data"]', "", ("governance-changed", "reuse.files", "data", "none")),
        ('["HOME", "LANG"]', '["HOME", "LANG", "TZ"]', None),
        (
            'themes = ["architecture", "security"]',
            'themes = ["architecture"]',
            ("theme-removed", "themes", "security", "none"),
        ),
        (
            'tests = ["tests/auth"]\nthemes = ["security"]',
            'tests = ["tests/auth"]\nthemes = ["architecture"]',
            ("theme-removed", "suites.auth.themes", "security", "none"),
        ),
        (
            'tests = ["tests/api"]',
            'tests = ["tests/api"]\nthemes = ["security"]',
            ("theme-removed", "suites.api.themes", "architecture", "none"),
        ),
        ('tests = ["tests/auth"]\nthemes = ["security"]', 'tests = ["tests/auth"]', None),
        (
            ', "apps/shared.py"]',
            "]",
            ("source-removed", "suites.api.source", "apps/shared.py", "none"),
        ),
        (
            '["apps/auth"]',
            '["apps/auth/a"]',
            ("source-removed", "suites.auth.source", "apps/auth", "none"),
        ),
        ('["apps/api", "apps/shared.py"]', '["apps"]', None),
        (
            'tests = ["tests/auth"]',
            "tests = []",
            ("tests-path-removed", "suites.auth.tests", "tests/auth", "none"),
        ),
        (
            'tests = ["tests/auth"]',
            'tests = ["tests/auth"]\nselect = "not slow"',
            ("selection-narrowed", "suites.auth.select", "none", "not slow"),
        ),
        (
            'select = "not net"',
            'select = "not net and not slow"',
            ("selection-narrowed", "suites.api.select", "not net", "not net and not slow"),
        ),
        ('select = "not net"\n', "", None),
        (
            'ignore = ["tests/api/manual"]',
            'ignore = ["tests/api/manual/by_hand", "tests/api/manual", "tests/api/slow"]',
            ("selection-narrowed", "suites.api.ignore", "none", "tests/api/slow"),
        ),
        ('ignore = ["tests/api/manual"]', 'ignore = ["tests/api/manual/by_hand"]', None),
    ],
)
def test_every_weakening_is_a_finding(
    old: str, new: str, expected: tuple[str, str, str, str] | None
) -> None:
    assert changed(old, new) == ([expected] if expected else [])


@pytest.mark.parametrize("name", ["api", "auth"])
def test_a_removed_suite_is_one_finding_whatever_its_keys(name: str) -> None:
    after = parsed()
    del after["suites"][name]
    (result,) = compare_tables(parsed(), after)
    assert result == Finding("suite-removed", f"suites.{name}", name, "none")


def test_a_removed_suite_does_not_hide_a_lowered_floor_of_another() -> None:
    before, after = parsed(), parsed()
    before["suites"]["auth"]["fail-under"] = 95
    del after["suites"]["api"]
    assert [(finding.kind, finding.where) for finding in compare_tables(before, after)] == [
        ("suite-removed", "suites.api"),
        ("floor-lowered", "suites.auth.fail-under"),
    ]


@pytest.mark.security
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('tests = ["tests/auth"]\nthemes = ["security"]', 'tests = ["tests/auth"]\nthemes = []'),
        (', "apps/shared.py"]', "]"),
        ('tests = ["tests/api"]', "tests = []"),
    ],
)
def test_no_row_of_the_register_allows_a_removed_entry(old: str, new: str) -> None:
    assert old in TABLE
    (result,) = compare_tables(parsed(), parsed(TABLE.replace(old, new, 1)))
    assert result.subjects == ()


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"fail-under": 90}, {"fail-under": 80}, [("floor-lowered", "fail-under")]),
        ({"themes": ["x"]}, {"max-drop": 2}, [("theme-removed", "themes")]),
        ({"suites": {"api": {}}}, {"max-drop": 2}, [("suite-removed", "suites.api")]),
        ({"suites": {"api": {}}}, {"suites": {"api": {"themes": ["x"]}}}, []),
        (
            {"suites": {"api": {"themes": ["x"]}}},
            {"suites": {"api": {}}},
            [("theme-removed", "suites.api.themes")],
        ),
        (
            {"themes": ["x"], "suites": {"api": {"themes": ["x"]}}},
            {"themes": ["x"], "suites": {"api": {}}},
            [],
        ),
    ],
)
def test_an_incomplete_table_is_compared_as_far_as_possible(
    before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert [(finding.kind, finding.where) for finding in compare_tables(before, after)] == expected


def test_a_new_suite_or_a_first_table_weakens_nothing() -> None:
    before = parsed()
    del before["suites"]["auth"]
    assert list(compare_tables(before, parsed())) == []
    assert list(compare_tables({}, parsed())) == []


def test_a_lowered_floor_of_a_file_can_be_allowed_by_the_files_row() -> None:
    lowered = TABLE.replace('keys.py" = 100', 'keys.py" = 99')
    (result,) = compare_tables(parsed(), parsed(lowered))
    assert result.subjects == ("apps/api/keys.py",)


@pytest.mark.security
def test_every_kind_whose_entries_can_be_removed_is_compared() -> None:
    keys = [*TABLE_KEYS, *SUITE_KEYS, *(key for keys in SECTION_KEYS.values() for key in keys)]
    removable = {key.kind for key in keys if key.weakened_by is Weakening.REMOVAL}
    assert removable == {SUITES, *_REMOVALS}


@pytest.mark.security
@pytest.mark.parametrize("place", ["table", "suite"])
@pytest.mark.parametrize("weakening", [Weakening.LOWER, Weakening.HIGHER])
def test_every_number_is_compared_in_its_direction(place: str, weakening: Weakening) -> None:
    def written(key: Declaration, number: int) -> dict[str, Any]:
        value = {"x": number} if key.kind.by_name else number
        keys = {"themes": ["x"], key.name: value}
        return keys if place == "table" else {"suites": {"api": keys}}

    keys = TABLE_KEYS if place == "table" else SUITE_KEYS
    low, high = (3, 4) if weakening is Weakening.HIGHER else (4, 3)
    compared = [key for key in keys if key.weakened_by is weakening]
    assert compared
    for key in compared:
        (result,) = compare_tables(written(key, low), written(key, high))
        assert (result.before, result.after) == (str(low), str(high))
        assert list(compare_tables(written(key, high), written(key, low))) == []


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("document", "message"),
    [
        (3, "Expected `object`, got `int`"),
        ({"suites": 3}, "Expected `object`, got `int` - at `$.suites`"),
        ({"themes": "x"}, "Expected `array`, got `str` - at `$.themes`"),
        ({"suites": {"api": {"source": "x"}}}, "got `str` - at `$.suites[...].source`"),
        ({"suites": {"api": {"tests": [1]}}}, "got `int` - at `$.suites[...].tests[0]`"),
    ],
)
def test_a_table_with_wrong_types_is_one_error(document: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_comparable(document, "pyproject.toml at base")
    assert str(caught.value).startswith("pyproject.toml at base: [tool.covernance]: ")
    assert str(caught.value).endswith(message)


@pytest.mark.reliability
def test_keys_of_another_version_do_not_prevent_the_comparison() -> None:
    check_comparable({"suites": {"api": {"colour": 1}}, "fail-under": "high"}, "pyproject.toml")


@pytest.mark.security
@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ({}, {"carry-days": 15}, ["limit-raised"]),
        ({"carry-days": 3}, {"carry-days": 4}, ["limit-raised"]),
        ({"carry-days": 3}, {}, ["limit-raised"]),
        ({"carry-days": 30}, {"carry-days": 0}, []),
    ],
)
def test_a_longer_carry_forward_period_is_a_weaker_table(
    before: dict[str, int], after: dict[str, int], result: list[str]
) -> None:
    tables = ({"themes": ["x"], "history": history} for history in (before, after))
    assert [finding.kind for finding in compare_tables(*tables)] == result


NUMBERS = st.fixed_dictionaries(
    {},
    optional={
        "fail-under": st.integers(0, 100),
        "max-drop": st.decimals(0, 100, places=1),
        "theme-max-drop": st.dictionaries(st.sampled_from("xy"), st.integers(0, 100)),
        "patch-min-lines": st.integers(0, 50),
        "theme-floors": st.dictionaries(st.sampled_from("xy"), st.integers(0, 100)),
    },
)
TABLES = st.builds(
    lambda top, suites: {**top, "themes": ["x"], "suites": suites},
    NUMBERS,
    st.dictionaries(st.sampled_from(["api", "auth"]), NUMBERS),
)


@given(TABLES)
def test_the_same_table_is_no_finding(content: dict[str, Any]) -> None:
    assert list(compare_tables(content, copy.deepcopy(content))) == []


@given(TABLES, TABLES)
def test_a_weakening_in_one_direction_is_none_in_the_other(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    kinds = {"floor-lowered", "limit-raised"}
    forward = {finding.where for finding in compare_tables(one, other) if finding.kind in kinds}
    backward = {finding.where for finding in compare_tables(other, one) if finding.kind in kinds}
    assert not forward & backward
