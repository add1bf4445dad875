from __future__ import annotations

import copy
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config.table import _RawSuite, _RawTable, load
from covernance.integrity.findings import Finding
from covernance.integrity.table_changes import _DEFAULTS, _FLOORS, _LIMITS, table

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
"""


def parsed(text: str = TABLE) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


def changed(old: str, new: str, text: str = TABLE) -> list[tuple[str, str, str, str]]:
    """The findings when `old` is replaced in the sample."""
    assert old in text
    return [
        (finding.kind, finding.where, finding.before, finding.after)
        for finding in table(parsed(text), parsed(text.replace(old, new, 1)))
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
    ],
)
def test_what_asks_for_less_is_a_finding(
    old: str, new: str, expected: tuple[str, str, str, str] | None
) -> None:
    assert changed(old, new) == ([expected] if expected else [])


@pytest.mark.parametrize("name", ["api", "auth"])
def test_a_removed_suite_is_one_finding_whatever_it_asked_for(name: str) -> None:
    after = parsed()
    del after["suites"][name]
    (found,) = table(parsed(), after)
    assert found == Finding("suite-removed", f"suites.{name}", name, "none", (name,))


def test_a_removed_suite_hides_no_lowered_floor_of_another() -> None:
    before, after = parsed(), parsed()
    before["suites"]["auth"]["fail-under"] = 95
    del after["suites"]["api"]
    assert [(finding.kind, finding.where) for finding in table(before, after)] == [
        ("suite-removed", "suites.api"),
        ("floor-lowered", "suites.auth.fail-under"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "subjects"),
    [
        (
            'tests = ["tests/auth"]\nthemes = ["security"]',
            'tests = ["tests/auth"]\nthemes = []',
            (),
        ),
        (', "apps/shared.py"]', "]", ("apps/shared.py",)),
        ('tests = ["tests/api"]', "tests = []", ("tests/api",)),
    ],
)
def test_what_is_gone_from_a_suite_can_be_waived_by_the_suite_or_the_path(
    old: str, new: str, subjects: tuple[str, ...]
) -> None:
    assert old in TABLE
    (found,) = table(parsed(), parsed(TABLE.replace(old, new, 1)))
    assert found.subjects == ("auth" if "auth" in old else "api", *subjects)


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
def test_a_table_that_lacks_a_part_is_compared_by_the_rest(
    before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert [(finding.kind, finding.where) for finding in table(before, after)] == expected


def test_a_new_suite_or_a_first_table_weakens_nothing() -> None:
    assert list(table(parsed(TABLE.partition("[suites.auth]")[0]), parsed())) == []
    assert list(table({}, parsed())) == []


def test_a_lowered_floor_can_be_waived_by_its_suite_or_file() -> None:
    lowered = TABLE.replace('keys.py" = 100', 'keys.py" = 99')
    (found,) = table(parsed(), parsed(lowered))
    assert found.subjects == ("api", "apps/api/keys.py")


def test_the_defaults_are_those_of_the_layer(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        "[tool.covernance]\nthemes = ['t']\n[tool.covernance.suites.a]\nsource = ['a']\n"
        "tests = ['a']\n"
    )
    found = load(tmp_path)
    suite = found.suites[0]
    assert {key[-1]: value for key, value in _DEFAULTS.items()} == {
        "fail-under": suite.fail_under,
        "max-drop": suite.max_drop,
        "patch-max-drop": suite.patch_max_drop,
        "patch-fail-under": suite.patch_fail_under,
        "patch-min-lines": found.patch_min_lines,
        "carry-days": found.history.carry_days,
    }


HARMLESS = {
    "requirements": "what is installed, not what is asked",
    "shards": "joined shards must have run every test",
    "xdist": "in how many processes tests run, not which",
    "default-branch": "the base that CI compares with is named by the pull request",
    "history": "what is kept; without a base the guard says no",
    "reuse": "what is reused is judged anew, and the default branch always measures",
    "exceptions": "where the register lies and what its new rows say; rows have dates of their own",
}


@pytest.mark.security
@pytest.mark.parametrize("shape", [_RawTable, _RawSuite])
def test_every_key_of_the_table_is_judged_or_known_to_be_harmless(shape: type) -> None:
    known = _FLOORS | _LIMITS | {"suites", "themes", "source", "tests"} | HARMLESS.keys()
    assert {field.encode_name for field in msgspec.structs.fields(shape)} <= known


@pytest.mark.security
@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({}, {"carry-days": 15}, ["limit-raised"]),
        ({"carry-days": 3}, {"carry-days": 4}, ["limit-raised"]),
        ({"carry-days": 3}, {}, ["limit-raised"]),
        ({"carry-days": 30}, {"carry-days": 0}, []),
    ],
)
def test_a_longer_stand_in_for_a_suite_is_a_weaker_table(
    before: dict[str, int], after: dict[str, int], found: list[str]
) -> None:
    tables = ({"themes": ["x"], "history": history} for history in (before, after))
    assert [finding.kind for finding in table(*tables)] == found


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
    assert list(table(content, copy.deepcopy(content))) == []


@given(TABLES, TABLES)
def test_what_is_weaker_one_way_is_not_weaker_the_other_way(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    kinds = {"floor-lowered", "limit-raised"}
    there = {finding.where for finding in table(one, other) if finding.kind in kinds}
    back = {finding.where for finding in table(other, one) if finding.kind in kinds}
    assert not there & back
