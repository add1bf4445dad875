from __future__ import annotations

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
    assert (has_terminal(), colored()) == expected
    assert paint("pass", "green") == ("\x1b[32mpass\x1b[0m" if colored() else "pass")
