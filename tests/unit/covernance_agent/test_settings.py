from __future__ import annotations

from pathlib import Path

import pytest
from coverage import Coverage

from covernance_agent import fence
from covernance_agent.failures import ConfigError
from covernance_agent.settings import read_settings

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
    settings = read_settings({".coveragerc": "[run]\ninclude = calc/*\nomit = calc/b.py\n"})
    measured = [settings.measures(tmp_path / name) for name in ("calc/a.py", "calc/b.py", "c.py")]
    assert measured == [True, False, False]
