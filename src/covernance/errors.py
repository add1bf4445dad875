"""How things go wrong.

CovernanceError     exit 3; one clear message: which file and key, what was found, what to do
├── ConfigError     the table or coverage.py's configuration
├── InputError      a file or an argument that was handed in
└── MachineError    the machine: a missing tool, an unwritable folder
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command; the gate's number is coverage.py's own."""

    PASS = 0
    TESTS_FAILED = 1
    GATE = 2
    ERROR = 3
    INTERRUPTED = 130


class CovernanceError(Exception):
    """A failure that the user can mend; its text is the whole message."""


class ConfigError(CovernanceError):
    """The table in pyproject.toml, or coverage.py's configuration, can't be used."""


class InputError(CovernanceError):
    """A file or an argument that was handed in can't be used."""


class MachineError(CovernanceError):
    """The machine lacks something, or refuses something, that the work needs."""
