"""What a command works with: the table, the environment variables and the time it started."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from covernance.config import Table
from covernance.layout import Layout


class Context(msgspec.Struct, frozen=True):
    """The surroundings of one command. It is read once, when the command starts.

    A function that needs only one part of it takes that part.

    Attributes:
        table: The table.
        environ: The environment variables.
        now: The time the command started, with a time zone.
    """

    table: Table
    environ: Mapping[str, str]
    now: datetime

    @property
    def root(self) -> Path:
        """The folder of the table, which paths in the table are relative to."""
        return self.table.root

    @property
    def in_ci(self) -> bool:
        """Whether the command runs in CI, which takes exit code 0 for a verdict."""
        return is_ci(self.environ)

    @property
    def layout(self) -> Layout:
        """The paths of results and reports."""
        return Layout(self.table.root)


def is_ci(environ: Mapping[str, str]) -> bool:
    """Whether the variable `CI` is set, and not to 0 or false."""
    return environ.get("CI", "").lower() not in {"", "0", "false"}
