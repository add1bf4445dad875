"""The table: `[tool.covernance]` in pyproject.toml."""

from covernance.config.table import (
    BASELINE,
    UNTHEMED,
    ExceptionSettings,
    HistorySettings,
    ReuseSettings,
    Suite,
    Table,
    find_root,
    load,
    parse_floor,
)

__all__ = [
    "BASELINE",
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
