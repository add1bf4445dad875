from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import NoReturn

import click
import pytest

from covernance import cli
from covernance.engine.process_engine import ProcessEngine
from covernance.engine.record import SCHEMA, Collected, Record
from covernance.engine.registry import DEFAULT, ENGINES
from tests.unit.covernance.conftest import FakeProcesses
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture(autouse=True)
def _keep_signals() -> object:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Shell:
    """Calls the command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        self.out, self.err = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def failed(theme: str) -> Record:
    return Record(
        schema=SCHEMA,
        exit=1,
        collected=Collected(selected={f"t::{theme}": (theme,)}),
        outcomes={f"t::{theme}": "failed"},
        seconds={},
        collection_errors=[],
    )


def test_passing_run_prints_the_verdict_then_the_table_then_the_files(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    assert shell("run") == 0
    lines = shell.out.splitlines()
    (verdict,) = [line for line in lines if "pass:" in line]
    assert verdict == "calc: pass: 100.00 % (floor 90 %, from pyproject.toml)"
    total = next(line for line in lines if line.split()[:2] == ["calc", "all"])
    assert total.split() == ["calc", "all", "3", "100.00"]
    written = next(line for line in lines if line.startswith("calc: wrote coverage/calc.json, "))
    assert lines.index(verdict) < lines.index(total) < lines.index(written)
    assert lines[-1].startswith("baseline: wrote coverage/baseline.json")


def test_run_below_the_floor_exits_2_and_lists_missing_lines(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    processes.arcs = {theme: [(-1, 1)] for theme in processes.arcs}
    assert shell("run", "--suite", "calc") == 2
    assert "calc: largest coverage gaps:\n  calc/__init__.py: 2" in shell.out


@pytest.mark.reliability
def test_failed_tests_exit_1_and_show_pytests_output(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    processes.statuses["security"] = 1
    processes.records["security"] = failed("security")
    assert shell("run") == 1
    assert "pytest's output of security" in shell.out
    assert "calc: tests-failed: 100.00 % (floor 90 %, from pyproject.toml)\n" in shell.out
    assert "\n  failed: t::security\n" in shell.out
    assert shell.out.count("tests-failed") == 1


@pytest.mark.reliability
def test_interrupted_pass_writes_no_baseline_and_reports_it(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    processes.records["security"] = None
    assert shell("run") == 1
    assert "those of the last complete run are unchanged" in shell.out
    assert "baseline: not written: calc did not finish" in shell.out


def test_partial_run_names_its_selection(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    assert shell("run", "--theme", "security,reliability") == 0
    assert "calc: partial run (--theme security, reliability), floors not checked" in shell.out
    assert "baseline" not in shell.out


@pytest.mark.reliability
def test_partial_run_with_failed_tests_fails(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    processes.statuses["security"] = 1
    processes.records["security"] = failed("security")
    assert shell("run", "--tags", "security") == 1
    assert "floors not checked: tests failed" in shell.out


def test_terminal_report_is_printed(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    assert shell("run", "--", "--cov-report=term-missing") == 0
    assert "\ncalc\nName" in shell.out


def test_terminal_gets_color_unless_no_color_is_set(
    shell: Shell, repository: Repository, processes: FakeProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shell("run")
    assert "--color=yes" in processes.started[0].command
    monkeypatch.setenv("NO_COLOR", "1")
    shell("run")
    assert "--color=yes" not in processes.started[-1].command


def test_combine_writes_the_baseline_of_the_last_runs(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    assert shell("combine") == 3
    assert shell.err.startswith("covernance: baseline: no data for suite calc")
    shell("run")
    assert shell("combine") == 0
    assert "wrote coverage/html/index.html" in shell.out


@pytest.mark.reliability
def test_system_error_is_one_line_and_exits_3(
    shell: Shell, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(ENGINES, DEFAULT, ProcessEngine(full))
    assert shell("run") == 3
    assert "system error: " in shell.err


@pytest.mark.reliability
@pytest.mark.parametrize("arguments", [("nonsense",), ("run", "--nonsense"), ("run", "-j", "0")])
def test_misuse_exits_3_instead_of_clicks_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert shell(*arguments) == 3
    assert "Error: " in shell.err


@pytest.mark.reliability
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_exits_130_and_a_second_one_does_not_stop_the_cleanup(
    shell: Shell, repository: Repository, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def interrupted_twice(*_arguments: object, **_options: object) -> NoReturn:
        try:
            signal.raise_signal(number)
        finally:
            signal.raise_signal(number)
            cleaned_up.append(True)
        pytest.fail("was not interrupted")

    cleaned_up: list[bool] = []
    monkeypatch.setitem(ENGINES, DEFAULT, ProcessEngine(interrupted_twice))
    assert shell("run") == 130
    assert cleaned_up
    assert "interrupted; the last complete reports are unchanged" in shell.err


@pytest.mark.reliability
def test_interruption_ignored_by_the_shell_stays_ignored(
    shell: Shell, repository: Repository, processes: FakeProcesses
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as of a script's background job
    assert shell("run") == 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("combine", "-h")])
def test_help_shows_usage_and_exits_0(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert shell(*arguments) == 0
    assert "Usage: covernance" in shell.out


@pytest.mark.architecture
def test_help_lists_the_short_help_of_each_command() -> None:
    context = click.Context(cli.cli)
    short_helps = {
        name: command.get_short_help_str(200).rstrip(".")
        for name in cli.cli.list_commands(context)
        if (command := cli.cli.get_command(context, name))
    }
    assert short_helps == {name: line.rstrip(".") for name, line in cli._COMMANDS.items()}


@pytest.mark.architecture
@pytest.mark.parametrize("arguments", [["--help"], ["run", "--dry-run"]])
def test_help_and_dry_run_import_no_report_code(
    repository: Repository, arguments: list[str]
) -> None:
    names = "jinja2", "pygal", "rich", "covernance.reports.charts", "covernance.dashboard.render"
    code = (
        "import sys, covernance.cli as face\n"
        f"try: face.main({arguments})\n"
        f"finally: print([name for name in {names} if name in sys.modules])"
    )
    ran = repository.command(sys.executable, "-c", code)
    assert ran.out.endswith("[]\n"), ran.text


@pytest.mark.reliability
def test_a_reader_that_goes_away_is_no_failure_of_tests() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "covernance", "--help"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    message = b"covernance: the output was closed before all of it was written\n"
    assert (done.returncode, done.stderr) == (3, message)


def test_color_can_be_forced(
    shell: Shell, repository: Repository, processes: FakeProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert shell("run") == 0
    assert "\x1b[32mpass" in shell.out


def test_an_unknown_command_suggests_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="3"):
        cli.main(["rnu"])
    assert "No such command 'rnu' (did you mean 'run'?)." in capsys.readouterr().err


def test_unknown_command_is_a_clear_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="3"):
        cli.main(["nonsense"])
    assert "No such command 'nonsense'" in capsys.readouterr().err
