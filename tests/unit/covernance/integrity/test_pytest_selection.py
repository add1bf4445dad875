from __future__ import annotations

import pytest

from covernance.errors import ConfigError
from covernance.integrity.pytest_selection import (
    Settings,
    find_narrowed_selections,
    read_pytest_settings,
)

pytestmark = pytest.mark.security

PLACES = {
    "pytest.ini": "[pytest]\naddopts = {}\n",
    ".pytest.ini": "[pytest]\naddopts = {}\n",
    "tox.ini": "[pytest]\naddopts = {}\n",
    "setup.cfg": "[tool:pytest]\naddopts = {}\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "{}"\n',
    "pytest.toml": '[pytest]\naddopts = "{}"\n',
}


def settings(**files: str) -> Settings:
    """The settings of files, whose names have `_` in place of `.`."""
    named = {name.replace("__", "."): text for name, text in files.items()}
    return read_pytest_settings(named.get, "")


def narrowed(before: Settings, after: Settings) -> list[tuple[str, str, str]]:
    found = find_narrowed_selections(before, after)
    return [(finding.where, finding.before, finding.after) for finding in found]


@pytest.mark.parametrize("name", PLACES)
def test_an_expression_in_addopts_of_any_file_is_a_finding(name: str) -> None:
    files = [{name: PLACES[name].format(words)} for words in ("-v", "-v -m 'not slow'")]
    before, after = (read_pytest_settings(texts.get, "") for texts in files)
    assert narrowed(before, after) == [("pytest: addopts", "none", "-m 'not slow'")]
    assert narrowed(after, before) == []


@pytest.mark.parametrize(
    ("addopts", "option"),
    [
        (["-k", "add"], "-k 'add'"),
        (["-kadd"], "-k 'add'"),
        (["--deselect=tests/a.py::b"], "--deselect 'tests/a.py::b'"),
        (["--ignore", "tests/a"], "--ignore 'tests/a'"),
        (["--ignore-glob=*/a"], "--ignore-glob '*/a'"),
        (["-q", "--maxfail=1", "-p", "no:randomly"], None),
    ],
)
def test_every_option_that_leaves_tests_out_is_a_finding(
    addopts: list[str], option: str | None
) -> None:
    expected = [("pytest: addopts", "none", option)] if option else []
    assert narrowed({}, {"addopts": addopts}) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"python_files": ["test_a*.py"]}, [("*_test.py", "none"), ("test_*.py", "none")]),
        ({}, {"python_files": ["test_*.py", "*_test.py", "check_*.py"]}, []),
        ({"python_functions": ["test", "check"]}, {}, [("check", "none")]),
        ({"norecursedirs": ["a"]}, {"norecursedirs": ["a", "b"]}, [("none", "b")]),
        ({"norecursedirs": ["a"]}, {"norecursedirs": []}, []),
    ],
)
def test_settings_of_collection_are_compared_with_pytests_defaults(
    before: Settings, after: Settings, expected: list[tuple[str, str]]
) -> None:
    assert [(old, new) for _, old, new in narrowed(before, after)] == expected


def test_only_the_file_that_pytest_uses_counts() -> None:
    in_tox, empty = "[pytest]\naddopts = -k a\n", "[tox]\n"
    assert settings(pytest__ini="", tox__ini=in_tox) == {}
    assert settings(pyproject__toml="[tool.other]", tox__ini=in_tox) == {"addopts": ["-k", "a"]}
    assert settings(tox__ini=empty, setup__cfg="[tool:pytest]\naddopts = -q") == {"addopts": ["-q"]}
    assert settings() == {}


@pytest.mark.reliability
@pytest.mark.parametrize(
    "files",
    [{"pytest.ini": "addopts = -q"}, {"pyproject.toml": "["}, {"tox.ini": "[pytest]\naddopts='"}],
)
def test_a_damaged_file_is_an_error_that_names_it(files: dict[str, str]) -> None:
    (name,) = files
    with pytest.raises(ConfigError, match=rf"^{name} at abc: pytest's settings can't be parsed"):
        read_pytest_settings(files.get, " at abc")
