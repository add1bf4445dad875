from __future__ import annotations

import subprocess
import sys

import pytest

from covernance.shell.terminal import colored, has_terminal, paint

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("watched", "term", "no_color", "expected"),
    [
        (True, "xterm", "", (True, True)),
        (True, "xterm", "1", (True, False)),
        (True, "dumb", "", (False, False)),
        (False, "xterm", "", (False, False)),
    ],
)
def test_colors_are_used_on_a_terminal_unless_no_color_is_set(
    monkeypatch: pytest.MonkeyPatch,
    term: str,
    no_color: str,
    expected: tuple[bool, bool],
    *,
    watched: bool,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: watched)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert (has_terminal(), colored()) == expected
    assert paint("pass", "green") == ("\x1b[32mpass\x1b[0m" if colored() else "pass")


@pytest.mark.parametrize(("no_color", "expected"), [("", True), ("1", False)])
def test_colors_can_be_forced_unless_no_color_is_set(
    monkeypatch: pytest.MonkeyPatch, no_color: str, *, expected: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", no_color)
    assert (has_terminal(), colored()) == (False, expected)


@pytest.mark.reliability
def test_a_closed_stream_does_not_give_its_number_to_another_file() -> None:
    code = (
        "from covernance.shell.terminal import open_missing_streams; open_missing_streams(); "
        "import os, sys; print('lost'); number = os.open(os.devnull, os.O_RDONLY); "
        "sys.exit(0 if number > 2 else number)"
    )
    command = f'"{sys.executable}" -c "{code}" <&- >&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
