"""Names of pytest markers: those that the table uses, compared with those that there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pytest
from _pytest.mark.expression import Expression

from covernance_agent.failures import ConfigError


class MarkerNames(NamedTuple):
    """The result of a comparison.

    Attributes:
        unknown: Names that no test has and pytest's settings do not declare.
        known: Every other name, if there is an unknown one; for suggestions.
    """

    unknown: list[str]
    known: list[str]


def compare_markers(
    used: Sequence[str], config: pytest.Config, items: Iterable[pytest.Item]
) -> MarkerNames:
    """Find the names that neither a collected test has nor pytest's settings declare.

    Without any test nothing can be concluded, so that no name is unknown then.

    Args:
        used: The names to find.
        config: pytest's configuration, whose setting `markers` declares names.
        items: Every test of the suite.
    """
    declared = _declared(config)
    missing = set(used) - declared
    tests = list(items) if missing else []
    if not tests:
        return MarkerNames([], [])
    borne = {mark.name for item in tests for mark in item.iter_markers()}
    unknown = [name for name in dict.fromkeys(used) if name in missing - borne]
    return MarkerNames(unknown, sorted(declared | borne) if unknown else [])


def list_names(expression: str) -> list[str]:
    """List the names of the markers in an expression, as for pytest's `-m`.

    Raises:
        ConfigError: pytest can't read it.
    """
    try:
        compiled: Any = Expression.compile(expression)
    except Exception as error:  # up to pytest 8 the parser's error is a plain exception
        reason = error.msg if isinstance(error, SyntaxError) else error
        msg = f"pyproject.toml: select: {expression!r} can't be read by pytest: {reason}"
        raise ConfigError(msg) from error
    if hasattr(compiled, "idents"):
        return sorted(compiled.idents())
    # Older versions put `$` before each name, so that it can't be a keyword of Python.
    return [name[1:] for name in compiled.code.co_names if name.startswith("$")]


def _declared(config: pytest.Config) -> set[str]:
    """The declared names; each line of the setting is `name: text` or `name(arguments): text`."""
    return {line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")}
