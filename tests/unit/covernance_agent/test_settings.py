from __future__ import annotations

from pathlib import Path

import pytest
from coverage import Coverage

from covernance_agent import fence
from covernance_agent.failures import ConfigError
from covernance_agent.settings import (
    perform,
    read_current_settings,
    read_fail_under,
    read_settings,
)

pytestmark = pytest.mark.architecture

RC = """\
[run]
branch = true
omit =
    apps/*/cli.py
    */generated/*
[report]
omit = scripts/*
ignore_errors = true
exclude_also =
    @overload
partial_also =
    if DEBUG
"""


def test_without_files_the_defaults_are_those_of_coverage_py(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    theirs = Coverage(config_file=False)
    assert (settings.branch, settings.ignore_errors, settings.omit, settings.include) == (
        False,
        False,
        (),
        (),
    )
    assert list(settings.exclude) == theirs.get_option("report:exclude_lines")
    assert any("BRANCH" in pattern for pattern in settings.partial)


def test_every_list_is_read_with_its_additions() -> None:
    settings = read_settings({".coveragerc": RC})
    assert settings.branch
    assert settings.ignore_errors
    assert settings.omit == ("apps/*/cli.py", "*/generated/*", "scripts/*")
    assert settings.exclude[-1] == "@overload"
    assert len(settings.exclude) > 1
    assert "if DEBUG" in settings.partial


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": "[tool.coverage.run]\nomit = ['a']\n"}, ("a",)),
        ({"setup.cfg": "[coverage:run]\nomit = b\n"}, ("b",)),
        ({"tox.ini": "[coverage:run]\nomit = c\n"}, ("c",)),
        ({".coveragerc.toml": "[run]\nomit = ['d']\n"}, ("d",)),
        ({"setup.cfg": "[metadata]\nname = x\n", "tox.ini": "[coverage:run]\nomit = c\n"}, ("c",)),
        ({".coveragerc": "", "pyproject.toml": "[tool.coverage.run]\nomit = ['a']\n"}, ()),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, ()),
    ],
)
def test_the_file_that_coverage_would_use_is_used(
    files: dict[str, str],
    expected: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = read_settings(files).omit
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")
    assert list(settings) == (Coverage().get_option("run:omit") or [])
    if fence.is_known():  # older versions do not know all of the names
        assert settings == expected


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".coveragerc", "[run\n"),
        (".coveragerc", "[report]\nexclude_also = (\n"),
        ("pyproject.toml", "[tool.coverage"),
    ],
)
def test_a_broken_file_is_named_without_the_copy(name: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({name: text})
    assert str(caught.value).startswith(f"{name}: coverage.py's configuration: ")
    assert "covernance-" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "measured"),
    [
        ("calc/a.py", True),
        ("apps/api/cli.py", False),
        ("deep/generated/a.py", False),
        ("scripts/x.py", False),
    ],
)
def test_omitted_files_are_not_measured(
    path: str, *, measured: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings({".coveragerc": RC}).measures(tmp_path / path) is measured


def test_only_included_files_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "[run]\ninclude = x\nomit = calc/b.py\n[report]\ninclude = calc/*\n"
    settings = read_settings({".coveragerc": text})
    measured = [settings.measures(tmp_path / name) for name in ("calc/a.py", "calc/b.py", "c.py")]
    assert measured == [True, False, False]


def test_the_named_file_is_used_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"ci/coverage.rc": "[run]\nomit = a\n[coverage:report]\nomit = b\n"}
    read = perform({"files": {"texts": files, "named": True}})
    assert read["omit"] == ("a", "b")
    write(tmp_path / "ci/coverage.rc", files["ci/coverage.rc"])
    write(tmp_path / ".coveragerc", "[run]\nomit = c\n")
    monkeypatch.setenv("COVERAGE_RCFILE", "ci/coverage.rc")
    assert perform({"files": None}) == read
    monkeypatch.setenv("COVERAGE_RCFILE", "ci/none.rc")
    with pytest.raises(ConfigError, match=r"coverage\.py's configuration: .*ci/none\.rc"):
        read_current_settings()


PLUGIN = """\
import os
import coverage


class Plugin(coverage.CoveragePlugin):
    def configure(self, config):
        if config.get_option("run:branch"):
            raise KeyError("no branches")
        config.set_option("report:exclude_lines", ["no old"])
        config.set_option("run:omit", [os.path.join(os.getcwd(), "old", "*")])


def coverage_init(registry, options):
    registry.add_configurer(Plugin())
"""


def test_plugins_that_are_installed_change_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    write(tmp_path / "old_plugin.py", PLUGIN)
    rc = "[run]\nplugins = old_plugin, not_there, not_there.either\n"
    settings = read_settings({".coveragerc": rc})
    assert settings.exclude == ("no old",)
    assert settings.plugins == ("old_plugin", "not_there", "not_there.either")
    assert not settings.measures(tmp_path.resolve() / "old/a.py")
    write(tmp_path / ".coveragerc", rc)
    assert read_current_settings() == settings
    with pytest.raises(ConfigError, match=r"^\.coveragerc: coverage\.py's configuration: 'no bra"):
        read_settings({".coveragerc": f"{rc}branch = true\n"})


def test_paths_are_read_by_name() -> None:
    rc = "[paths]\nsource =\n    calc\n    */site-packages/calc\nother = a\n"
    assert read_settings({".coveragerc": rc}).paths == (
        "other: a",
        "source: calc, */site-packages/calc",
    )


@pytest.mark.parametrize(("text", "value"), [("", 0), ("[report]\nfail_under = 99.5\n", 99.5)])
def test_the_floor_of_the_settings_is_a_percentage(tmp_path: Path, text: str, value: float) -> None:
    write(tmp_path / "rc", text)
    assert read_fail_under(str(tmp_path / "rc")) == value


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
