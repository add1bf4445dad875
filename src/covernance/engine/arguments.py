"""What the user gave after `--`: pytest's arguments, and pytest-cov's report options among them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args

import msgspec

from covernance.errors import InputError

Format = Literal["html", "xml", "json", "lcov", "term", "term-missing"]

_TAKE_A_VALUE = {
    *("-k", "-m", "-n", "-p", "-c", "-o", "-W", "-r", "--numprocesses", "--dist", "--maxfail"),
    *("--ignore", "--ignore-glob", "--deselect", "--rootdir", "--confcutdir", "--config-file"),
    *("--basetemp", "--junitxml", "--junit-xml", "--log-file", "--report-log", "--capture"),
    *("--durations", "--tb", "--color", "--import-mode", "--override-ini", "--log-level"),
}
_CLUSTER = re.compile(r"-([qvxsl]+)([kmnprcoW].*)?")
_MOST_PATHS = 3
_ONE_FILE = {"--basetemp", "--junitxml", "--junit-xml", "--log-file", "--report-log"}
_NARROWING = {
    "-k": "-k",
    "--deselect": "--deselect",
    "--ignore": "--ignore",
    "--ignore-glob": "--ignore-glob",
    "--lf": "--lf",
    "--last-failed": "--last-failed",
    "--sw": "--stepwise",
    "--stepwise": "--stepwise",
    "--co": "--collect-only",
    "--collect-only": "--collect-only",
    "--group": "--group",
}
_SPREADING = ("-n", "--numprocesses", "--dist", "--tx", "no:xdist", "-pno:xdist")
_INTERACTIVE = {"--pdb", "--trace", "-s", "--capture=no"}


class ReportRequest(msgspec.Struct, frozen=True):
    """One `--cov-report=FORMAT[:PATH]`."""

    format: Format
    path: str | None


class PytestArguments(msgspec.Struct, frozen=True, kw_only=True):
    """The user's arguments, sorted by who handles them.

    Attributes:
        reports: Reports that the layer writes in pytest-cov's stead.
        expression: The user's `-m`, to be joined with the theme's.
        paths: Files, folders and node ids that replace the suite's own.
        rest: Everything else, for pytest as it is.
        narrowing: What makes this a selection, as the user wrote it.
    """

    reports: tuple[ReportRequest, ...] = ()
    expression: str | None = None
    paths: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    narrowing: tuple[str, ...] = ()

    @property
    def interactive(self) -> bool:
        """Whether pytest needs the terminal to itself."""
        pairs = zip(self.rest, self.rest[1:], strict=False)
        return ("--capture", "no") in pairs or any(text in _INTERACTIVE for text in self.rest)

    @property
    def spreads(self) -> bool:
        """Whether the user says in how many processes a pass runs its tests."""
        return any(text.startswith(_SPREADING) for text in self.rest)

    @property
    def one_file(self) -> str | None:
        """An option that names one file or folder, which passes side by side can't share."""
        return next((text for text in self.rest if text.partition("=")[0] in _ONE_FILE), None)

    @property
    def speaks(self) -> bool:
        """Whether the user steers pytest, and so wants to see its output."""
        return bool(self.rest or self.paths or self.expression)


def parse(arguments: tuple[str, ...], root: Path) -> PytestArguments:
    """Sort the arguments; `root` is where relative paths begin.

    Raises:
        InputError: A report format that is not known, or an option of pytest-cov that the layer
            stands in for.
    """
    reports: list[ReportRequest] = []
    expressions: list[str] = []
    paths: list[str] = []
    rest: list[str] = []
    narrowing: list[str] = []
    pending = list(arguments)
    while pending:
        argument = pending.pop(0)
        name, has_value, value = argument.partition("=")
        if name == "--cov-report":
            reports += _report(value if has_value else _value(name, pending))
        elif (
            name.startswith("--cov") and not name.startswith("--covernance")
        ) or name == "--no-cov":
            raise InputError(_stand_in(name))
        elif len(argument) > 2 and (cluster := _CLUSTER.fullmatch(argument)):  # noqa: PLR2004 - a dash and a letter
            rest += [f"-{flag}" for flag in cluster[1]]
            pending[:0] = [f"-{cluster[2]}"] if cluster[2] else []
        elif argument.startswith("-m") and not argument.startswith("--"):
            expressions.append(argument[2:].removeprefix("=") or _value("-m", pending))
            narrowing.append(f"-m {expressions[-1]!r}")
        elif argument in _TAKE_A_VALUE:
            given = _value(argument, pending)
            rest += [argument, given]
            narrowing += [f"{argument} {given!r}"] if argument in _NARROWING else []
        elif argument.startswith("-"):
            rest.append(argument)
            if name in _NARROWING or argument.startswith("-k"):
                narrowing.append(argument)
        elif (root / argument.partition("::")[0]).exists():
            paths.append(argument)
        else:
            rest.append(argument)
    narrowing += paths if len(paths) <= _MOST_PATHS else [f"{len(paths)} files and tests"]
    return PytestArguments(
        reports=tuple(reports),
        expression=expressions[-1] if expressions else None,
        paths=tuple(paths),
        rest=tuple(rest),
        narrowing=tuple(narrowing),
    )


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
    for known in get_args(Format):
        if kind == known:
            return [ReportRequest(known, path or None)]
    formats = ", ".join(get_args(Format))
    msg = f"--cov-report={text}: {kind!r} is no report format; formats: {formats}"
    raise InputError(msg)


def _stand_in(option: str) -> str:
    return (
        f"{option}: covernance measures in pytest-cov's stead; sources come from "
        "[tool.covernance], floors from --fail-under, reports from --cov-report. "
        "For pytest-cov itself call pytest directly."
    )
