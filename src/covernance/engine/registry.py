"""The engines, by name."""

from __future__ import annotations

from covernance.engine.engine import Engine
from covernance.engine.process_engine import ProcessEngine

ENGINES: dict[str, Engine] = {"processes": ProcessEngine()}

DEFAULT = "processes"
"""The name of the engine that runs every suite."""


def choose_engine() -> Engine:
    """The engine that runs the suites."""
    return ENGINES[DEFAULT]
