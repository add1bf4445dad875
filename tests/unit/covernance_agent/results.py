"""The agent's results, read with nothing but the standard library.

Where the agent's tests run, the tool may be missing (see `tests/compat`). That the tool reads the
same from these results is tested where it reads them, in `tests/unit/covernance`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coverage import Coverage

from covernance_agent.reports import count_files


@dataclass(frozen=True)
class Counts:
    """The number of statements and branches, and how many of each ran."""

    statements: int = 0
    executed: int = 0
    branches: int = 0
    taken: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.statements + other.statements,
            self.executed + other.executed,
            self.branches + other.branches,
            self.taken + other.taken,
        )

    def beyond(self, imported: Counts) -> Counts:
        """What is left to earn after importing, and how much of it ran."""
        return Counts(
            self.statements - imported.executed,
            self.executed - imported.executed,
            self.branches - imported.taken,
            self.taken - imported.taken,
        )


@dataclass(frozen=True)
class Cell:
    """The counts and lines of one file in one theme."""

    raw: Counts
    earned: Counts
    executed_lines: str
    earnable: str
    earnable_branches: Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class Result:
    """The counts and lines of one file."""

    total: Counts
    executed_lines: str
    missing_lines: str
    imported_lines: str
    excluded_lines: str = ""
    themes: Mapping[str, Cell] = field(default_factory=dict)
    branches: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    missing_branches: tuple[tuple[int, int], ...] = ()


def count(cov: Coverage, themes: Sequence[str]) -> dict[str, Result]:
    """The counts of combined data."""
    return decoded(count_files(cov, themes, config_file=True))


def decoded(results: Mapping[str, Any]) -> dict[str, Result]:
    """Counts of files after encoding and decoding, as through a file."""
    return {name: _result(**plain) for name, plain in json.loads(json.dumps(results)).items()}


def sum_totals(results: Mapping[str, Result]) -> Counts:
    """The counts of all files together."""
    return sum((result.total for result in results.values()), Counts())


def lines_of(text: str) -> frozenset[int]:
    """The line numbers in text such as `1-4,7`."""
    numbers: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return frozenset(numbers)


def text_of(numbers: Iterable[int]) -> str:
    """Line numbers as text such as `1-4,7`."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and spans[-1][-1] == number - 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ",".join("-".join(map(str, span)) for span in spans)


def _result(
    *,
    total: Mapping[str, int],
    themes: Mapping[str, Mapping[str, Any]],
    branches: Mapping[str, Sequence[int]],
    missing_branches: Collection[Sequence[int]],
    **lines: str,
) -> Result:
    return Result(
        Counts(**total),
        themes={theme: _cell(**plain) for theme, plain in themes.items()},
        branches=_by_line(branches),
        missing_branches=tuple((start, end) for start, end in missing_branches),
        **lines,
    )


def _cell(
    *,
    raw: Mapping[str, int],
    earned: Mapping[str, int],
    earnable_branches: Mapping[str, Sequence[int]],
    **lines: str,
) -> Cell:
    branches = _by_line(earnable_branches)
    return Cell(Counts(**raw), Counts(**earned), earnable_branches=branches, **lines)


def _by_line(branches: Mapping[str, Sequence[int]]) -> dict[int, tuple[int, int]]:
    return {int(line): (exits, taken) for line, (exits, taken) in branches.items()}
