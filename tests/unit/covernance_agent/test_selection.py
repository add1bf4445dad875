from __future__ import annotations

import pytest
from _pytest.config import get_config

from covernance_agent.selection import (
    LEAVES_OUT,
    find_mode_without_tests,
    list_narrowing,
    list_unknown,
)

pytestmark = pytest.mark.security


def test_options_are_shown_as_a_user_would_write_them() -> None:
    values = {
        "markexpr": "not slow",
        "lf": True,
        "ignore": ["a", "b"],
        "override_ini": ["python_files=x.py", "cache_dir=y"],
        "keyword": "",
        "verbose": 2,
    }
    assert list(list_narrowing(values)) == [
        *("-m 'not slow'", "--ignore 'a'", "--ignore 'b'", "--last-failed"),
        "-o 'python_files=x.py'",
    ]


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"collectonly": True}, "--collect-only"),
        ({"setupplan": True, "setupshow": True}, "--setup-plan"),
        ({"version": 0, "cacheshow": None, "help": False}, None),
        ({"cacheshow": ["*"]}, "--cache-show"),
        ({}, None),
    ],
)
def test_a_mode_without_tests_is_found(values: dict[str, object], option: str | None) -> None:
    assert find_mode_without_tests(values) == option


def test_no_option_of_pytest_is_unknown() -> None:
    config = get_config()
    config.pluginmanager.import_plugin("pytester")
    options = vars(config._parser.parse_known_args([]))
    may_narrow = {"runpytest", "lsof", "disable_plugin_autoload"}  # pytester's, and of any plugin
    modes = {name for name in options if find_mode_without_tests({name: True})}
    rest = {name: 1 for name in options if name not in modes | may_narrow}
    assert list_unknown(rest) == []
    assert LEAVES_OUT.keys() - {"group", "testmon"} <= options.keys()


def test_options_of_plugins_are_unknown_but_those_that_only_report() -> None:
    values = {"run_slow": True, "cov_source": ["a"], "reruns": 2, "randomly_seed": 1, "env": "x"}
    assert list_unknown(values) == ["--env", "--run-slow"]
