"""Contexts of commands, for tests of the tool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from covernance.config import Table, load
from covernance.context import Context
from covernance.shell import repository

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def context_of(
    where: Table | Path, environ: Mapping[str, str] | None = None, now: datetime = NOW
) -> Context:
    """Return the context of a command that starts at `now`; a path is the folder of its table.

    By default there are no environment variables.
    """
    table = load(where) if isinstance(where, Path) else where
    return Context(table, environ or {}, now)


def start_commands_at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Let every command start at `now`."""
    monkeypatch.setattr(repository, "read_time", lambda: now)
