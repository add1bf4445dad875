"""Suites of a run that could not be measured: each ends by itself, the others go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from covernance.config import Suite
from covernance.engine.theme_result import ThemeResult
from covernance.errors import ConfigError, CovernanceError, InputError
from covernance.run import unknown_markers

Failures = dict[str, CovernanceError]
"""Why suites could not be measured, by suite; each message names what it is about."""


def find_failures(suites: Sequence[Suite], results: Sequence[ThemeResult]) -> Failures:
    """Find the suites whose passes are no measurement.

    pytest rejected its arguments, the table names a marker that there is not, or passes have
    overwritten each other's file.
    """
    failures: Failures = {}
    overwritten = _describe_overwritten(results)
    for suite in suites:
        own = [result for result in results if result.suite == suite.name]
        try:
            unknown_markers.reject([suite], own)
        except ConfigError as error:
            failures[suite.name] = error
            continue
        if any(result.was_rejected for result in own):
            msg = f"{suite.name}: pytest could not start; its message is above"
            failures[suite.name] = InputError(msg)
        elif message := overwritten.get(suite.name):
            failures[suite.name] = InputError(message)
    return failures


def describe_failures(failures: Mapping[str, CovernanceError]) -> list[str]:
    """The messages of failures, each once."""
    return list(dict.fromkeys(str(error) for error in failures.values()))


def join_failures(failures: Mapping[str, CovernanceError]) -> CovernanceError:
    """The error of a run in which no suite could be measured."""
    kind = type(next(iter(failures.values())))
    return kind("\n".join(describe_failures(failures)))


def name_suite(suite: str, error: CovernanceError) -> CovernanceError:
    """An error that names its suite."""
    return type(error)(f"{suite}: {error}")


def _describe_overwritten(results: Sequence[ThemeResult]) -> dict[str, str]:
    """By suite, a plugin's file that several passes have overwritten, so that the last one won."""
    suites: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in results:
        for place in result.record.overwritten if result.record else ():
            suites[place].append(result.suite)
    return {
        suite: (
            f"{', '.join(dict.fromkeys(passes))}: {option} {path}: {len(passes)} passes have "
            "overwritten this file, so the others' content is lost; delete it, and each pass gets "
            "a file next to it"
        )
        for (option, path), passes in suites.items()
        if len(passes) > 1
        for suite in passes
    }
