from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from covernance.config import Table
from covernance.errors import Exit
from covernance.who.command import command
from tests.unit.covernance.who.conftest import FIRST, SECOND
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_command_prints_text_and_json(recorded: Table, repository: Repository) -> None:
    def run_who(*arguments: str) -> str:
        done = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
        assert done.return_value is Exit.PASS
        return done.stdout

    os.chdir(repository.root / "calc")
    origin = f"(calc, recorded 2026-11-21T12:00:00Z at {'0' * 12})"
    assert run_who("__init__.py:7", "__init__.py:8-11").splitlines() == [
        f"calc/__init__.py:7: 1 test {origin}",
        "  reliability            set up for the whole session",
        f"  reliability, security  {FIRST}",
        f"calc/__init__.py:8-11: 1 test {origin}",
        "  security     set up for tests/test_calc.py  line 8",
        f"  reliability  {SECOND}  line 8",
        "  ran at import only: line 10",
        "  never ran: line 11",
        "  no statement: line 9",
    ]
    repository.append("calc/__init__.py", "more = 1\n")
    stale, edited = run_who("calc/__init__.py:12").splitlines()[1:]
    assert stale.startswith(
        "  stale: calc/__init__.py edited since; run `covernance run --suite calc"
    )
    assert edited == "  edited since the run: line 12"
    (place,) = json.loads(run_who("calc/__init__.py:11", "--format", "json"))["places"]
    assert (place["never"], place["ran"]) == ("11", [])
