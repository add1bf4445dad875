from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import Table
from covernance.config.governing import Governing, govern
from covernance.config.keys import declared_keys
from covernance.config.kinds import Weakening
from covernance.config.table import SECTION_KEYS, SUITE_KEYS
from covernance.config.validation import check_table

pytestmark = pytest.mark.security

BASE = """\
themes = ["architecture", "security"]
max-drop = 2
patch-min-lines = 5

[suites.api]
source = ["api"]
tests = ["tests"]
theme-max-drop = {security = 0.5}

[suites.auth]
source = ["auth"]
tests = ["tests"]
patch-fail-under = 80

[history]
branch = "coverage-results"
"""


def parsed(text: str = BASE) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("api", "auth", "tests"):
        (tmp_path / name).mkdir()
    return tmp_path


def present(root: Path, *edits: tuple[str, str], text: str = BASE) -> Table:
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return check_table(parsed(text), root)


def test_an_unchanged_table_governs_itself(root: Path) -> None:
    table = present(root)
    assert govern(table, parsed()) == Governing(table)


def test_a_raised_limit_does_not_count(root: Path) -> None:
    governing = govern(present(root, ("max-drop = 2", "max-drop = 50")), parsed())
    assert [suite.max_drop for suite in governing.table.suites] == [2, 2]
    assert governing.notes == ("max-drop (api, auth) is 50 in this change; 2 of the base counts",)


def test_a_stricter_limit_counts(root: Path) -> None:
    table = present(root, ("max-drop = 2", "max-drop = 1"), ("min-lines = 5", "min-lines = 0"))
    assert govern(table, parsed()) == Governing(table)


@pytest.mark.parametrize(
    ("limits", "expected", "note"),
    [
        (
            "",
            {"security": Decimal("0.5")},
            "security (api) is none in this change; 0.5 of the base",
        ),
        (
            "theme-max-drop = {security = 9}",
            {"security": Decimal("0.5")},
            "security (api) is 9 in this change; 0.5 of the base",
        ),
        ("theme-max-drop = {security = 0.1}", {"security": Decimal("0.1")}, ""),
        (
            "theme-max-drop = {security = 0.5, architecture = 9}",
            {"security": Decimal("0.5"), "architecture": Decimal(2)},
            "architecture (api) is 9 in this change; 2 of the base",
        ),
        (
            "theme-max-drop = {security = 0.5, architecture = 1}",
            {"security": Decimal("0.5"), "architecture": Decimal(1)},
            "",
        ),
    ],
)
def test_limits_of_themes_are_compared_theme_by_theme(
    root: Path, limits: str, expected: dict[str, Decimal], note: str
) -> None:
    table = present(root, ("theme-max-drop = {security = 0.5}", limits))
    governing = govern(table, parsed())
    assert governing.table.suite("api").theme_max_drop == expected
    assert governing.notes == ((f"theme-max-drop.{note} counts",) if note else ())


def test_a_limit_of_a_theme_that_is_gone_is_left_out(root: Path) -> None:
    table = present(
        root,
        ('themes = ["architecture", "security"]', 'themes = ["architecture"]'),
        ("theme-max-drop = {security = 0.5}", ""),
    )
    assert govern(table, parsed()) == Governing(table)


def test_a_lower_patch_floor_does_not_count(root: Path) -> None:
    table = present(root, ("patch-fail-under = 80", "patch-fail-under = 1"))
    governing = govern(table, parsed())
    assert governing.table.suite("auth").patch_fail_under == 80
    assert governing.notes == (
        "patch-fail-under (auth) is 1 in this change; 80 of the base counts",
    )


def test_history_and_register_are_those_of_the_base(root: Path) -> None:
    more = 'remote = "fork"\nstore = "git"\n[exceptions]\nregister = "own.md"\nreview-days = 999'
    table = present(root, ('"coverage-results"', f'"own"\n{more}'))
    governing = govern(table, parsed())
    history, exceptions = governing.table.history, governing.table.exceptions
    assert (history.store, history.branch, history.remote) == (
        "directory",
        "coverage-results",
        "origin",
    )
    assert (exceptions.register, exceptions.review_days) == (
        "tests/docs/test_framework_upgrades/coverage_exceptions.md",
        90,
    )
    assert "history.branch is own in this change; coverage-results of the base counts" in (
        governing.notes
    )


def test_a_new_suite_is_judged_by_its_own_keys(root: Path) -> None:
    base = parsed()
    del base["suites"]["auth"]
    table = present(root, ("patch-fail-under = 80", "patch-fail-under = 1\nmax-drop = 50"))
    assert govern(table, base) == Governing(table)


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("base", "note"),
    [
        ({"suites": 3, "history": [], "patch-min-lines": 9}, ""),
        ({"suites": {"api": 3}}, ""),
        (
            {"suites": {"api": {"max-drop": "much"}}},
            "max-drop (api) of the base can't be read; 2 of this change counts",
        ),
        (
            {"suites": {"api": {"theme-max-drop": 3}}},
            "theme-max-drop (api) of the base can't be read; security 0.5 of this change counts",
        ),
        (
            {"history": {"store": "cloud"}},
            "history.store of the base can't be read; directory of this change counts",
        ),
        ({"colour": 1, "suites": {"api": {"colour": 1}}}, ""),
    ],
)
def test_what_cannot_be_read_at_the_base_does_not_govern(
    root: Path, base: dict[str, Any], note: str
) -> None:
    table = present(root, ('branch = "coverage-results"', 'branch = "coverage-history"'))
    governing = govern(table, base)
    assert governing.table.suites == table.suites
    assert governing.notes == ((note,) if note else ())


NUMBERS = st.fixed_dictionaries(
    {},
    optional={
        "max-drop": st.integers(0, 9),
        "patch-fail-under": st.integers(0, 100),
        "theme-max-drop": st.dictionaries(
            st.sampled_from(["architecture", "security"]), st.integers(0, 9)
        ),
    },
)


@given(NUMBERS, NUMBERS)
def test_a_change_is_never_judged_by_weaker_numbers_than_its_base(
    tmp_path_factory: pytest.TempPathFactory, now: dict[str, Any], before: dict[str, Any]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "governed"
    (folder / "tests").mkdir(parents=True, exist_ok=True)

    def written(numbers: dict[str, Any]) -> dict[str, Any]:
        suite = {"source": ["tests"], "tests": ["tests"], **numbers}
        return {"themes": ["architecture", "security"], "suites": {"api": suite}}

    was, table = (check_table(written(numbers), folder) for numbers in (before, now))
    (counts,) = govern(table, written(before)).table.suites
    for other in (was.suites[0], table.suites[0]):
        assert counts.max_drop <= other.max_drop
        assert counts.patch_fail_under >= other.patch_fail_under
        for theme in table.themes:
            limits = [suite.theme_max_drop.get(theme, suite.max_drop) for suite in (counts, other)]
            assert limits[0] <= limits[1]


def test_every_governing_key_is_a_number_with_a_direction_or_a_value_of_the_base() -> None:
    keys = [
        *declared_keys(Table),
        *SUITE_KEYS,
        *(key for some in SECTION_KEYS.values() for key in some),
    ]
    directions = {key.weakened_by for key in keys if key.key.governs}
    assert directions == {Weakening.LOWER, Weakening.HIGHER, Weakening.CHANGE}
