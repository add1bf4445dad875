from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import parse_floor
from covernance.config.value_checks import (
    Surroundings,
    check_numbers_by_theme,
    check_path,
    check_paths,
    check_sources,
    check_themes,
)
from covernance.errors import ConfigError

pytestmark = pytest.mark.architecture


def test_a_floor_given_as_text_is_parsed_exactly() -> None:
    assert parse_floor("92.50", "--fail-under") == Decimal("92.5")


@pytest.mark.reliability
@pytest.mark.parametrize(
    "text", ["", "high", "100.01", "-0.1", "nan", "inf", "1e400", "1e-999999999"]
)
def test_a_floor_that_is_not_a_percentage_is_an_error_that_names_its_origin(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--fail-under: .+ 0 to 100$"):
        parse_floor(text, "--fail-under")


@pytest.mark.parametrize(("text", "shown"), [("1e1", "10"), ("9.25E+1", "92.5"), ("90", "90")])
def test_a_floor_is_shown_without_an_exponent(text: str, shown: str) -> None:
    assert str(parse_floor(text, "--fail-under")) == shown


@pytest.mark.reliability
def test_a_floor_that_is_too_high_is_shown_as_it_was_given() -> None:
    with pytest.raises(ConfigError, match=r"^--fail-under: 101 is not a percentage"):
        parse_floor("101", "--fail-under")


@given(st.decimals(0, 100))
def test_every_percentage_is_read_exactly(percentage: Decimal) -> None:
    assert parse_floor(str(percentage), "--fail-under") == percentage


def test_paths_are_normalized_and_sources_are_folders_or_modules(tmp_path: Path) -> None:
    around = Surroundings(tmp_path)
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "c.py").touch()
    assert check_sources(["a//b/", "./a"], "key", around) == ("a/b", "a")
    assert check_paths(["c.py"], "key", around) == ("c.py",)
    assert check_path("./c.py", "key", around) == "./c.py"
    assert check_sources(["./c.py", "a"], "key", around) == ("c.py", "a")
    (tmp_path / "c.txt").touch()
    with pytest.raises(ConfigError, match=r"^key: 'c\.txt' is neither a folder nor a \.py file"):
        check_sources(["c.txt"], "key", around)


@pytest.mark.security
@pytest.mark.parametrize("path", ["/etc", "..", "a/../../b", ""])
def test_a_path_outside_the_repository_is_rejected(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError, match=r"is outside the repository|does not exist"):
        check_path(path, "key", Surroundings(tmp_path))


def test_unknown_themes_are_rejected() -> None:
    around = Surroundings(Path(), ("reliability", "security"))
    assert check_themes(["security"], "key", around) == ("security",)
    with pytest.raises(ConfigError, match=r"not one of tool\.covernance\.themes \(did you mean"):
        check_themes(["securty"], "key", around)
    with pytest.raises(ConfigError, match=r"not one of the suite's themes \(did you mean"):
        check_numbers_by_theme({"securty": 3}, "key", around)


@pytest.mark.security
@pytest.mark.parametrize("path", ["coverage", "coverage/lib", "./coverage/lib"])
def test_a_path_in_the_folder_of_results_is_rejected(tmp_path: Path, path: str) -> None:
    (tmp_path / "coverage/lib").mkdir(parents=True)
    with pytest.raises(ConfigError, match="is in the folder of results"):
        check_paths([path], "key", Surroundings(tmp_path))
