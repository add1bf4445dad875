from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance.errors import InputError
from covernance.model import slices
from covernance.model.counts import Counts

pytestmark = pytest.mark.architecture

SOURCE = """\
def sign(x):
    if x < 0:
        return -1
    return 1
"""
IMPORT = [(-1, 1), (1, -1)]
NEGATIVE = [(-1, 2), (2, 3), (3, -1)]
POSITIVE = [(-1, 2), (2, 4), (4, -1)]


@pytest.fixture
def sign(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Coverage:
    (tmp_path / "sign.py").write_text(SOURCE)
    return measured(
        {
            "security": {"sign.py": IMPORT},
            "security|run": {"sign.py": NEGATIVE},
            "reliability": {"sign.py": IMPORT},
            "reliability|run": {"sign.py": POSITIVE},
        }
    )


def test_the_total_counts_what_any_context_executed(sign: Coverage) -> None:
    results = slices.file_results(sign, ["security", "reliability"])
    assert slices.total(results) == Counts(4, 4, 2, 2)


def test_raw_counts_importing_and_earned_does_not(sign: Coverage) -> None:
    results = slices.file_results(sign, ["security", "reliability"])
    for theme in ("security", "reliability"):
        cell = slices.theme_total(results, theme)
        assert cell.raw == Counts(4, 3, 2, 1)
        assert cell.earned == Counts(3, 2, 2, 1)


@pytest.mark.security
def test_a_theme_whose_name_others_contain_counts_only_its_own(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "sign.py").write_text(SOURCE)
    cov = measured(
        {
            "sec": {"sign.py": IMPORT},
            "sec|run": {"sign.py": NEGATIVE},
            "security|run": {"sign.py": POSITIVE},
        }
    )
    assert slices.theme_total(slices.file_results(cov, ["sec"]), "sec").raw == Counts(4, 3, 2, 1)


@pytest.mark.parametrize(
    ("context", "matches"),
    [("api", True), ("api|run", True), ("api2", False), ("my|api", False), ("reliability", False)],
)
def test_a_themes_pattern_is_anchored_on_both_sides(context: str, matches: bool) -> None:  # noqa: FBT001 - a parameter of the table above
    assert bool(re.search(slices.pattern("api"), context)) is matches


def test_lines_and_branches_that_never_ran_are_named(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "sign.py").write_text(SOURCE)
    cov = measured({"a": {"sign.py": IMPORT}, "a|run": {"sign.py": POSITIVE}})
    result = slices.file_results(cov, ["a"])["sign.py"]
    assert result.missing_lines == "3"
    assert result.executed_lines == "1-2,4"
    assert result.imported_lines == "1"
    assert result.themes["a"].executed_lines == "1-2,4"
    assert result.branches == {2: (2, 1)}
    assert result.missing_branches == ((2, 3),)


AT_IMPORT = """\
import os
if os.name:
    NAME = 1
else:
    NAME = 2
for _ in "ab":
    NAME += 1
def sign(x):
    if x < 0:
        return -1
    return 1
"""


def test_what_a_theme_can_earn_is_what_importing_left(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "at_import.py").write_text(AT_IMPORT)
    imported = [(-1, 1), (1, 2), (2, 3), (3, 6), (6, 7), (7, 6), (6, 8), (8, -1)]
    called = [(-8, 9), (9, 10), (10, -8)]
    cov = measured({"a": {"at_import.py": imported}, "a|run": {"at_import.py": called}})
    cell = slices.file_results(cov, ["a"])["at_import.py"].themes["a"]
    assert cell.earnable == "5,9-11"
    assert cell.earnable_branches == {2: (1, 0), 9: (2, 1)}
    assert cell.earned == Counts(4, 2, 3, 1)


@pytest.mark.reliability
def test_data_of_no_files_gives_no_results(measured: Callable[[Any], Coverage]) -> None:
    assert slices.file_results(measured({"a": {}}), ["a"]) == {}
    assert slices.total({}) == Counts()


@pytest.mark.reliability
def test_a_source_that_is_gone_is_a_clear_error(measured: Callable[[Any], Coverage]) -> None:
    cov = measured({"a": {"gone.py": IMPORT}})
    with pytest.raises(InputError, match=r"gone\.py"):
        slices.file_results(cov, ["a"])
