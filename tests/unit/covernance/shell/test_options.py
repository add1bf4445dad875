from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import covernance
from covernance.shell.options import facts_option, python_option, soft_option

pytestmark = pytest.mark.reliability


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("arguments", "environ", "soft"),
    [
        ([], {}, False),
        (["--soft"], {}, True),
        ([], {"COVERAGE_SOFT": "1"}, True),
        ([], {"COVERAGE_SOFT": "0"}, False),
    ],
)
def test_option_or_variable_sets_soft(
    arguments: list[str], environ: dict[str, str], *, soft: bool
) -> None:
    @click.command
    @soft_option
    def command(*, soft: bool) -> bool:
        return soft

    ran = CliRunner().invoke(command, arguments, env=environ, standalone_mode=False)
    assert ran.return_value is soft


@pytest.mark.architecture
def test_paths_of_interpreters_start_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command
    @python_option
    def command(interpreters: tuple[str, ...]) -> tuple[str, ...]:
        return interpreters

    monkeypatch.chdir(tmp_path)
    given = ["env", "calc=env/bin/python", "/usr/bin/python3", "calc=a=b/env", "/a=b/env"]
    arguments = [f"--python={value}" for value in given]
    ran = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert ran.return_value == (
        f"{tmp_path}/env",
        f"calc={tmp_path}/env/bin/python",
        "/usr/bin/python3",
        f"calc={tmp_path}/a=b/env",
        "/a=b/env",
    )


@pytest.mark.architecture
def test_facts_are_written_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command
    @facts_option
    def command(facts: Path | None) -> Path | None:
        return facts

    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(command, ["--facts=a.json"], standalone_mode=False)
    assert ran.return_value == (tmp_path / "a.json").resolve()


@pytest.mark.architecture
def test_every_command_that_starts_an_agent_takes_its_interpreter() -> None:
    modules = Path(covernance.__file__).parent.glob("*/command.py")
    packages = [
        module.parent.name
        for module in modules
        if "find_suite_agents(" in module.read_text(encoding="utf-8")
    ]
    assert "run" in packages
    for package in packages:
        command = import_module(f"covernance.{package}.command").command
        assert "interpreters" in {parameter.name for parameter in command.params}, package
