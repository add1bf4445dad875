from __future__ import annotations

import json

import pytest

from covernance.errors import ConfigError
from covernance.integrity.pytest_settings import (
    Settings,
    find_weaker_settings,
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


def written(**section: object) -> Settings:
    """The settings of a pytest.toml with these keys."""
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in section.items())
    return read_pytest_settings({"pytest.toml": f"[pytest]\n{''.join(lines)}"}.get, "")


def narrowed(before: Settings, after: Settings) -> list[tuple[str, str, str]]:
    found = find_weaker_settings(before, after)
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
    assert narrowed(written(), written(addopts=addopts)) == expected


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
    before: dict[str, list[str]], after: dict[str, list[str]], expected: list[tuple[str, str]]
) -> None:
    found = narrowed(written(**before), written(**after))
    assert sorted((old, new) for _, old, new in found) == expected


def test_only_the_file_that_pytest_uses_counts() -> None:
    in_tox, empty = "[pytest]\naddopts = -k a\n", "[tox]\n"
    in_setup = "[tool:pytest]\naddopts = -k b"
    assert settings(pytest__ini="", tox__ini=in_tox) == settings()
    assert settings(pyproject__toml="[tool.other]", tox__ini=in_tox)["options"] == ["-k 'a'"]
    assert settings(tox__ini=empty, setup__cfg=in_setup)["options"] == ["-k 'b'"]
    assert settings()["options"] == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"xfail_strict": True}, {}, ("xfail_strict", "true", "false")),
        (
            {"strict_xfail": True},
            {"strict": True, "strict_xfail": False},
            ("xfail_strict", "true", "false"),
        ),
        ({"addopts": ["--strict-markers"]}, {}, ("strict_markers", "true", "false")),
        ({"addopts": ["--strict-config"]}, {"addopts": []}, ("strict_config", "true", "false")),
        ({}, {"addopts": ["-p", "no:warnings"]}, ("addopts", "none", "-p no:warnings")),
        ({}, {"addopts": ["-pno:warnings"]}, ("addopts", "none", "-p no:warnings")),
        ({}, {"addopts": ["--reruns=5"]}, ("addopts", "none", "--reruns 5")),
        ({}, {"addopts": ["--assert=plain"]}, ("addopts", "none", "--assert plain")),
        (
            {"filterwarnings": ["error"]},
            {"filterwarnings": ["error"], "addopts": ["-W", "ignore"]},
            ("filterwarnings", "none", "ignore"),
        ),
        ({"addopts": ["-Werror"]}, {}, ("filterwarnings", "error", "none")),
        (
            {"filterwarnings": ["error", "ignore:a b"]},
            {"filterwarnings": ["ignore:a b"]},
            ("filterwarnings", "error", "none"),
        ),
        (
            {"filterwarnings": ["error"]},
            {"filterwarnings": ["error", "ignore:a b"]},
            ("filterwarnings", "none", "ignore:a b"),
        ),
        (
            {"empty_parameter_set_mark": "fail_at_collect"},
            {"empty_parameter_set_mark": "skip"},
            ("empty_parameter_set_mark", "fail_at_collect", "skip"),
        ),
    ],
)
def test_a_setting_that_let_more_tests_fail_is_missed(
    before: dict[str, object], after: dict[str, object], expected: tuple[str, str, str]
) -> None:
    name, was, now = expected
    old, new = written(**before), written(**after)
    assert narrowed(old, new) == [(f"pytest: {name}", was, now)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"filterwarnings": ["ignore:a"]}, {"filterwarnings": ["ignore:b"]}),
        ({"filterwarnings": ["error"]}, {"filterwarnings": ["error", "error:b"]}),
        ({"strict": True}, {"strict_config": True, "strict_markers": True, "strict_xfail": True}),
        ({}, {"xfail_strict": True}),
        ({"empty_parameter_set_mark": "xfail"}, {}),
    ],
)
def test_other_changes_let_no_fewer_tests_fail(
    before: dict[str, object], after: dict[str, object]
) -> None:
    assert narrowed(written(**before), written(**after)) == []


def test_lines_of_an_ini_file_are_entries() -> None:
    text = "[pytest]\nfilterwarnings =\n    error\n    ignore:some words:DeprecationWarning\n"
    expected = ["error", "ignore:some words:DeprecationWarning"]
    assert settings(pytest__ini=text)["filterwarnings"] == expected


def test_keys_that_one_side_did_not_record_are_not_compared() -> None:
    assert narrowed({"options": ["-k 'a'"]}, {"python_files": ["a.py"]}) == []


@pytest.mark.reliability
@pytest.mark.parametrize(
    "files",
    [{"pytest.ini": "addopts = -q"}, {"pyproject.toml": "["}, {"tox.ini": "[pytest]\naddopts='"}],
)
def test_a_damaged_file_is_an_error_that_names_it(files: dict[str, str]) -> None:
    (name,) = files
    with pytest.raises(ConfigError, match=rf"^{name} at abc: pytest's settings can't be parsed"):
        read_pytest_settings(files.get, " at abc")
