"""Errors that the tool reports to its user, each with a kind and a complete message."""

from __future__ import annotations

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OSError)
"""What Python raises for a source that it can't parse, such as one that is nested too deeply."""


class AgentError(Exception):
    """An error that the user can fix; its text is the complete message."""

    kind = ""


class ConfigError(AgentError):
    """The table, or coverage.py's or pytest's configuration, can't be used."""

    kind = "config"


class InputError(AgentError):
    """An input file or an argument can't be used."""

    kind = "input"


class MachineError(AgentError):
    """Something that the work needs is missing on this machine, or a system call failed."""

    kind = "machine"
