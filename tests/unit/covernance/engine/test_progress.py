from __future__ import annotations

from collections.abc import Callable

import pytest
import rich

from covernance.engine.progress import Lines, Live
from covernance.engine.record import Progress
from covernance.engine.theme_result import ThemeResult, output_file

pytestmark = pytest.mark.reliability

Build = Callable[..., ThemeResult]


def lines(*results: ThemeResult, verbose: bool = False) -> list[str]:
    written: list[str] = []
    observer = Lines(written.append, verbose=verbose)
    for result in results:
        observer.started(result.suite, result.theme)
        output_file(result.folder).write_text(f"output of {result.theme}\n")
        observer.finished(result)
    return written


def test_a_passing_theme_prints_one_line(finished: Build) -> None:
    assert lines(finished()) == ["api · architecture: 1 passed in 1.2 s"]


def test_verbose_shows_the_output_of_a_passing_theme(finished: Build) -> None:
    assert lines(finished(), verbose=True)[0] == "output of architecture"


def test_nothing_is_printed_for_a_theme_that_an_unknown_marker_kept_from_running(
    finished: Build,
) -> None:
    assert lines(finished(status=5, exit=5, outcomes={}, unknown_markers=["slwo"])) == []


def test_verbose_shows_no_output_of_a_theme_without_tests(finished: Build) -> None:
    empty = finished(status=5, exit=5, outcomes={})
    assert lines(empty, verbose=True) == ["api · architecture: no tests in 1.2 s"]


def test_a_failure_shows_the_output_once(finished: Build) -> None:
    failed = {"outcomes": {"t::a": "failed"}, "status": 1, "exit": 1}
    written = lines(finished("architecture", **failed), finished("security", **failed))
    assert written == [
        "output of architecture",
        "api · architecture: 1 failed in 1.2 s",
        "api · security: 1 failed in 1.2 s, shown above",
    ]


def test_output_with_a_new_failure_is_shown(finished: Build) -> None:
    first = finished("architecture", outcomes={"t::a": "failed"}, status=1, exit=1)
    second = finished("security", outcomes={"t::b": "error"}, status=1, exit=1)
    assert lines(first, second).count("output of security") == 1


def test_a_usage_error_is_shown_once(finished: Build) -> None:
    written = lines(*(finished(theme, died=True, status=4) for theme in ("a", "b")))
    assert written == [
        "output of a",
        "api · a: pytest ended with status 4",
        "api · b: pytest ended with status 4, shown above",
    ]


def test_the_output_of_a_crashed_theme_is_shown(finished: Build) -> None:
    assert lines(finished(died=True, status=-9))[0] == "output of architecture"


def test_files_that_could_not_be_collected_are_counted(finished: Build) -> None:
    broken = finished(outcomes={}, collection_errors=["tests/test_x.py"], status=2, exit=2)
    assert lines(broken)[-1] == "api · architecture: 1 not collected in 1.2 s"


def test_an_interactive_theme_has_no_output_to_show(finished: Build) -> None:
    written: list[str] = []
    Lines(written.append, verbose=True).finished(finished())
    assert written[0] == ""


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal wide enough for a line; rich reuses the console of an earlier test."""
    monkeypatch.setattr(rich, "_console", None)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.architecture
def test_a_terminal_shows_the_same_lines(
    finished: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    with Live(verbose=False, expected={}) as live:
        result = finished()
        live.started(result.suite, result.theme)
        live.finished(result)
    assert "api · architecture: 1 passed in 1.2 s" in capsys.readouterr().out


@pytest.mark.usefixtures("wide")
def test_a_terminal_shows_progress_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    with Live(verbose=False, expected={("api", "architecture"): 30.0}) as live:
        live.started("api", "architecture")
        live.running("api", "architecture", None)
        live.refresh()
        live.running("api", "architecture", Progress(41, 120))
        live.refresh()
    shown = capsys.readouterr().out
    assert "collecting" in shown
    assert "41/120 tests" in shown
    assert "about 30 s left" in shown


@pytest.mark.usefixtures("wide")
def test_a_theme_without_earlier_times_shows_no_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Live(verbose=False, expected={}) as live:
        live.started("api", "architecture")
        live.running("api", "architecture", Progress(1, 2))
        live.refresh()
    shown = capsys.readouterr().out
    assert "api · architecture" in shown
    assert "left" not in shown
