"""Failures that the tool reports to its user: what kind, and the whole message."""

from __future__ import annotations


class AgentError(Exception):
    """A failure that the user can mend; its text is the whole message."""

    kind = ""


class ConfigError(AgentError):
    """coverage.py's or pytest's configuration can't be used."""

    kind = "config"


class InputError(AgentError):
    """A file or an argument that was handed in can't be used."""

    kind = "input"


class MachineError(AgentError):
    """The machine lacks something, or refuses something, that the work needs."""

    kind = "machine"
