"""Exceptions and exit codes.

CovernanceError     exit 3; one clear message: what is wrong, in which file or key, what to do
├── ConfigError     the table or coverage.py's configuration
├── InputError      an input file or an argument
└── MachineError    the system: a missing tool, an unwritable folder
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command; `GATE` is also coverage.py's code for a missed floor."""

    PASS = 0
    TESTS_FAILED = 1
    GATE = 2
    ERROR = 3
    INTERRUPTED = 130


class CovernanceError(Exception):
    """A failure that the user can fix; its text is the complete message."""


class ConfigError(CovernanceError):
    """The table in pyproject.toml or coverage.py's configuration can't be used."""


class InputError(CovernanceError):
    """An input file or an argument can't be used."""


class MachineError(CovernanceError):
    """The system lacks something that the command needs, or denies access to it."""
