"""The table: `[tool.covernance]` in pyproject.toml."""

from covernance.config.pyproject import PYPROJECT, find_root, load
from covernance.config.table import (
    ExceptionSettings,
    HistorySettings,
    ReuseSettings,
    Suite,
    Table,
)
from covernance.config.value_checks import BASELINE, RESULTS, UNTHEMED, parse_floor

__all__ = [
    "BASELINE",
    "PYPROJECT",
    "RESULTS",
    "UNTHEMED",
    "ExceptionSettings",
    "HistorySettings",
    "ReuseSettings",
    "Suite",
    "Table",
    "find_root",
    "load",
    "parse_floor",
]
