"""The user's arguments after `--`: pytest's arguments, and pytest-cov's report options."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from covernance.agent.environment import GivenArguments
from covernance.errors import InputError
from covernance.report_formats import FORMATS

_MOST_PATHS = 3


class ReportRequest(msgspec.Struct, frozen=True):
    """One `--cov-report=FORMAT[:PATH]`."""

    format: str
    path: str | None


class PytestArguments(msgspec.Struct, frozen=True, kw_only=True):
    """The user's arguments.

    Attributes:
        reports: Reports that the tool writes instead of pytest-cov.
        rest: All other arguments, passed on to pytest unchanged.
        meaning: The meaning of the rest, as parsed by the environment's pytest.
    """

    reports: tuple[ReportRequest, ...] = ()
    rest: tuple[str, ...] = ()
    meaning: GivenArguments = GivenArguments()

    @property
    def narrowing(self) -> tuple[str, ...]:
        """What makes this a partial run, as the user would write it."""
        paths = self.meaning.paths
        shown = paths if len(paths) <= _MOST_PATHS else (f"{len(paths)} files and tests",)
        return (*self.meaning.narrowing, *shown)


def split_reports(arguments: Sequence[str]) -> PytestArguments:
    """Separate `--cov-report` options from the arguments for pytest.

    Raises:
        InputError: A report format is unknown, or there is another option of pytest-cov.
    """
    reports: list[ReportRequest] = []
    rest: list[str] = []
    pending = list(arguments)
    while pending:
        argument = pending.pop(0)
        name, has_value, value = argument.partition("=")
        if name == "--cov-report":
            reports += _report(value if has_value else _value(name, pending))
        elif (
            name.startswith("--cov") and not name.startswith("--covernance")
        ) or name == "--no-cov":
            raise InputError(_pytest_cov_error(name))
        else:
            rest.append(argument)
    return PytestArguments(reports=tuple(reports), rest=tuple(rest))


def _value(option: str, pending: list[str]) -> str:
    if not pending:
        msg = f"{option}: the value is missing; give a report format"
        raise InputError(msg)
    return pending.pop(0)


def _report(text: str) -> list[ReportRequest]:
    if not text:
        return []
    kind, _, path = text.partition(":")
    if kind.startswith("term"):
        kind = "term-missing" if kind == "term-missing" else "term"
        path = ""
    if kind in FORMATS:
        return [ReportRequest(kind, path or None)]
    formats = ", ".join(FORMATS)
    msg = f"--cov-report={text}: {kind!r} is not a report format; formats: {formats}"
    raise InputError(msg)


def _pytest_cov_error(option: str) -> str:
    return (
        f"{option}: not supported, because covernance measures instead of pytest-cov. Set sources "
        "in [tool.covernance], floors with --fail-under, reports with --cov-report. To use "
        "pytest-cov itself, run pytest directly."
    )
