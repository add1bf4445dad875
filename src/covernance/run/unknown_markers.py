"""Markers that the table names and that there are not: a mistake, with which no test runs."""

from __future__ import annotations

from collections.abc import Sequence

from covernance.config import Suite
from covernance.config.suggestions import did_you_mean
from covernance.engine.record import Record
from covernance.engine.theme_result import ThemeResult
from covernance.errors import ConfigError

_WHERE = "pyproject.toml: [tool.covernance]"


def reject(suites: Sequence[Suite], results: Sequence[ThemeResult]) -> None:
    """Reject a table that names a marker which no test has and pytest's settings do not declare.

    Args:
        suites: The suites that ran.
        results: The results of their themes; the agent recorded the unknown markers.

    Raises:
        ConfigError: There is such a marker; the message names every one.
    """
    mistakes = [
        mistake
        for suite in suites
        for mistake in _list_mistakes(
            suite, [result.record for result in results if result.suite == suite.name]
        )
    ]
    if mistakes:
        raise ConfigError("\n".join(dict.fromkeys(mistakes)))


def _list_mistakes(suite: Suite, records: Sequence[Record | None]) -> list[str]:
    """One sentence per unknown marker; all passes of a suite collect the same tests."""
    record = next((record for record in records if record and record.unknown_markers), None)
    if record is None:
        return []
    return [_describe(suite, marker, record.known_markers) for marker in record.unknown_markers]


def _describe(suite: Suite, marker: str, known: Sequence[str]) -> str:
    key = "themes" if marker in suite.themes else f"suites.{suite.name}.select"
    return (
        f"{_WHERE} {key}: {marker!r} is a marker of no test of suite {suite.name}, and pytest's "
        f"setting `markers` does not declare it{did_you_mean(marker, known)}; correct the name, or "
        "declare the marker"
    )
