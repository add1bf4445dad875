from __future__ import annotations

import sys
from pathlib import Path

import pytest

from covernance.shell.program import explain_call

pytestmark = pytest.mark.reliability

MESSAGE = "calc: no result; run `covernance run --suite calc`"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with nothing on PATH."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
    return tmp_path


@pytest.mark.parametrize(
    ("started", "call"),
    [
        (".venv/bin/covernance", ".venv/bin/covernance"),
        ("scripts/tool.py", ".venv/bin/python scripts/tool.py"),
        ("src/covernance/__main__.py", ".venv/bin/python -m covernance"),
    ],
)
def test_the_call_is_that_which_started_the_process(
    root: Path, monkeypatch: pytest.MonkeyPatch, started: str, call: str
) -> None:
    monkeypatch.setattr(sys, "argv", [str(root / started)])
    assert explain_call(MESSAGE) == f"`covernance` is not on PATH; call it as `{call}`"


def test_a_program_outside_of_the_current_folder_is_named_in_full(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/my tools/covernance"])
    assert explain_call(MESSAGE).endswith("call it as `'/opt/my tools/covernance'`")


@pytest.mark.architecture
def test_nothing_is_said_where_the_command_is_found_or_not_named(root: Path) -> None:
    assert explain_call("covernance.toml: can't be read") == ""
    program = root / "bin/covernance"
    program.parent.mkdir()
    program.touch(0o755)
    assert explain_call(MESSAGE) == ""
