"""What the user gave after `--`: pytest's arguments, and pytest-cov's report options among them."""

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
        rest: Everything else, for pytest as it is.
        meaning: What those mean to the environment's pytest.
    """

    reports: tuple[ReportRequest, ...] = ()
    rest: tuple[str, ...] = ()
    meaning: GivenArguments = GivenArguments()

    @property
    def narrowing(self) -> tuple[str, ...]:
        """What makes this a selection, as the user would write it."""
        paths = self.meaning.paths
        shown = paths if len(paths) <= _MOST_PATHS else (f"{len(paths)} files and tests",)
        return (*self.meaning.narrowing, *shown)


def split_reports(arguments: Sequence[str]) -> PytestArguments:
    """Take `--cov-report` out of the arguments; what is left is yet to be read by pytest.

    Raises:
        InputError: A report format that is not known, or another option of pytest-cov.
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
        msg = f"{option}: needs a value after it"
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
        f"{option}: covernance measures instead of pytest-cov; sources come from "
        "[tool.covernance], floors from --fail-under, reports from --cov-report. "
        "For pytest-cov itself call pytest directly."
    )
