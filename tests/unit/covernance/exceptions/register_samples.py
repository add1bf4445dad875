"""Hand-written registers, rows and snapshots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from covernance.exceptions.merge import Floors, Terms
from covernance.exceptions.register_markdown import BEGIN, COLUMNS, END, Register, parse
from covernance.exceptions.row import Row, Status
from covernance.exceptions.waivers import find_review_dates
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult, Floor, Provenance, Snapshot
from covernance.model.verdict import Verdict

SUITES = ("api", "auth")
TODAY = date(2026, 11, 21)
DATES = find_review_dates(TODAY, 90)
COMMIT = "0123456789abcdef" * 2 + "01234567"
FLOORS = {suite: Floors(Decimal(90)) for suite in SUITES}
TERMS = Terms(today=TODAY, review=date(2027, 2, 19), owner_of=lambda path: f"@owns/{path[0]}")
NAMES = ("module", "suite", "current", "rationale", "owner", "review", "plan", "status")
CELLS = (
    "`apps/a.py`",
    "api",
    "50.00 / 90",
    "Why",
    "@a",
    "2027-01-01",
    "Plan",
    "open since 2026-11-01",
)
HEAD = f"| {' | '.join(COLUMNS)} |"
DELIMITER = "|---" * len(COLUMNS) + "|"


def line(cells: Sequence[str] = CELLS, **changes: str) -> str:
    """A row's line, with some cells changed."""
    assert changes.keys() <= set(NAMES)
    changed = [changes.get(name, cell) for name, cell in zip(NAMES, cells, strict=True)]
    return f"| {' | '.join(changed)} |"


def document(*lines: str, newline: str = "\n") -> str:
    """A register with these rows, and text around it; the table's head is in line 4."""
    text = ("# Title", "", BEGIN, HEAD, DELIMITER, *lines, END, "", "The end, without a newline")
    return newline.join(text)


def read(text: str) -> Register:
    return parse(text, SUITES, "register.md")


def row(**changes: object) -> Row:
    """A row that waives `apps/a.py` of api until the last day of November."""
    usual = Row(
        line=6,
        module="apps/a.py",
        suite="api",
        current="50.00 / 90",
        rationale="Why",
        owner="@a",
        review=date(2026, 11, 30),
        plan="",
        status=Status("open", date(2026, 11, 1)),
    )
    return msgspec.structs.replace(usual, **changes)


def measured(
    files: Mapping[str, Counts],
    *,
    suite: str = "api",
    commit: str | None = COMMIT,
    dirty: bool = False,
) -> Snapshot:
    return Snapshot(
        suite=suite,
        verdict=Verdict.PASS,
        reasons=(),
        floor=Floor("90", "pyproject.toml"),
        provenance=Provenance(
            commit=commit,
            branch="main",
            dirty=dirty,
            run_id="1",
            recorded_at="2026-11-21T12:00:00Z",
            python="3.11.7",
            platform="linux",
            tools={},
            config="",
        ),
        total=sum(files.values(), Counts()),
        themes={},
        files={path: FileResult(total=counts, themes={}) for path, counts in files.items()},
        tests={},
        unthemed=(),
    )
