"""The repository that a command works on."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from covernance.config import find_root, load
from covernance.context import Context


def load_context() -> Context:
    """Load the nearest table, and read the environment variables and the time.

    Raises:
        ConfigError: There is no table, or it is invalid.
    """
    return Context(load(find_root(Path.cwd())), dict(os.environ), read_time())


def enter_repository() -> Context:
    """Load the context and change to the table's folder, as coverage.py and pytest expect.

    Raises:
        ConfigError: There is no table, or it is invalid.
    """
    context = load_context()
    os.chdir(context.root)
    return context


def read_time() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
