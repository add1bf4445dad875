from __future__ import annotations

import pytest

from covernance_agent.pytest_settings import (
    Setting,
    find_outcome_hooks,
    list_plugins,
    read_settings,
)

pytestmark = pytest.mark.security


def test_settings_are_pytests_own_with_their_origin(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        python_files = check_*.py
        filterwarnings =
            error
            ignore:old:DeprecationWarning
        xfail_strict = true
        addopts = -m "not slow" --deselect a.py::test --strict-markers
        """
    )
    settings = read_settings(pytester.parseconfig())
    assert settings["python_files"] == Setting(["check_*.py"], "tox.ini")
    assert settings["filterwarnings"].value == ["error", "ignore:old:DeprecationWarning"]
    assert settings["xfail_strict"] == Setting(["true"], "tox.ini")
    assert settings["options"] == Setting(["-m 'not slow'", "--deselect 'a.py::test'"], "options")
    assert settings["strict_markers"].value == ["true"]
    assert settings["strict_config"] == Setting(["false"], "default")
    assert settings["python_functions"] == Setting(["test"], "default")


def test_an_option_of_the_command_line_or_a_conftest_file_is_in_force(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest("def pytest_configure(config):\n    config.option.keyword = 'fast'\n")
    config = pytester.parseconfigure("--runxfail", "-opython_files=x.py")
    config.option.group = 1  # of a shard
    settings = read_settings(config)
    assert settings["options"].value == ["-k 'fast'", "-o 'python_files=x.py'", "--runxfail"]
    assert settings["python_files"].value == ["x.py"]


def test_options_with_which_fewer_tests_fail_are_recorded(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        filterwarnings = error
        addopts = -W ignore --assert=plain -p no:warnings -p no:randomly
        """
    )
    settings = read_settings(pytester.parseconfig())
    assert settings["filterwarnings"].value == ["error", "ignore"]
    assert settings["tolerance"].value == ["--assert plain", "-p no:warnings"]


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest 9 has the setting `strict`")
def test_strict_sets_every_flag_that_is_not_set(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nstrict = true\nstrict_markers = false\n")
    settings = read_settings(pytester.parseconfig())
    assert settings["xfail_strict"] == Setting(["true"], "tox.ini")
    assert settings["strict_config"] == Setting(["true"], "tox.ini")
    assert settings["strict_markers"] == Setting(["false"], "tox.ini")


def test_plugins_are_distributions_with_versions(pytester: pytest.Pytester) -> None:
    plugins = list_plugins(pytester.parseconfig())
    assert all(version for version in plugins.values())
    assert list(plugins) == sorted(plugins)


def test_hooks_of_the_project_that_decide_how_tests_end_are_found(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(
        """
        import pytest
        def pytest_collection_modifyitems(items): pass
        def pytest_pyfunc_call(pyfuncitem): return None
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(item, call): yield
        """
    )
    config = pytester.parseconfigure()
    assert find_outcome_hooks(config, pytester.path).value == [
        "conftest.py: pytest_pyfunc_call",
        "conftest.py: pytest_runtest_makereport",
    ]
    assert find_outcome_hooks(config, pytester.path / "other").value == []
