"""One suite's result at one commit, and how it is written and read."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec

from covernance.errors import InputError
from covernance.model import document, lines
from covernance.model.counts import Counts
from covernance.model.inputs import Inputs

SCHEMA = 2
_CACHED_RESULTS = 32


MEASURED = "measured"
"""The source of numbers that the run itself measured."""

SHARDS = "shards"
"""The source of numbers that several machines measured, joined."""

CARRIED = "carried"
"""The source of an earlier result that stands for a suite which a change does not touch."""


REUSED = "reused"
"""The source of numbers that an earlier run measured, when nothing that it depended on changed."""


class Origin(msgspec.Struct, frozen=True):
    """The run that measured reused numbers: its commit, where there was one, and its time."""

    commit: str | None
    recorded_at: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where a result comes from; what git can't tell is None.

    `source` is where the numbers come from: `measured` by the run itself unless it says otherwise.
    `carried_at` is when an earlier result was taken for the present one, None where it was not.
    `origin` is the run that measured them, where they are reused.
    """

    commit: str | None
    base: str | None = None
    branch: str | None
    dirty: bool | None
    run_id: str
    recorded_at: str
    python: str
    platform: str
    tools: dict[str, str]
    config: str
    source: str = MEASURED
    carried_at: str | None = None
    origin: Origin | None = None


class Outcomes(msgspec.Struct, frozen=True):
    """How the tests of one pass ended; `tests` is how many were selected."""

    tests: int = 0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    xfailed: int = 0
    xpassed: int = 0
    errors: int = 0


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One suite × one theme.

    Attributes:
        outcomes: How its tests ended.
        seconds: Wall time of the pass.
        raw: What the pass executed, importing and collecting included.
        earned: What its tests executed beyond that, of what was left to earn.
    """

    outcomes: Outcomes
    seconds: float
    raw: Counts
    earned: Counts


class FileCell(msgspec.Struct, frozen=True):
    """One file × one theme.

    Attributes:
        raw: What its pass executed, importing and collecting included.
        earned: What its tests executed beyond that, of what was left to earn.
        executed_lines: Statements that its pass executed, importing included.
        earnable: Statements that importing did not execute.
        earnable_branches: For each line with branches left to earn: how many, how many earned.
    """

    raw: Counts
    earned: Counts
    executed_lines: str = ""
    earnable: str = ""
    earnable_branches: dict[int, tuple[int, int]] = {}


class FileResult(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its counts, its themes, and what ran where.

    Sets of lines are written as `covernance.model.lines` does.

    Attributes:
        total: What any context executed.
        themes: The same for each theme.
        executed_lines: Statements that ran.
        missing_lines: Statements that never ran.
        imported_lines: Statements that importing and collecting executed.
        branches: For each line with more than one exit: how many there are, how many were taken.
        missing_branches: Branches that never ran from lines that did, as (from, to).
    """

    total: Counts
    themes: dict[str, FileCell]
    executed_lines: str = ""
    missing_lines: str = ""
    imported_lines: str = ""
    branches: dict[int, tuple[int, int]] = {}
    missing_branches: tuple[tuple[int, int], ...] = ()


SEVERITY = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")
"""How a test can end, from the best to the worst."""

FAILED = frozenset({"failed", "error"})
RAN_THROUGH = frozenset({"passed", "xpassed"})
BROKE = FAILED | {"xfailed"}
"""A test that ended in both ways on the same sources is flaky; a skipped one says nothing."""


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """One test over all passes that ran it: its worst outcome and its longest duration."""

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for tests

    outcome: str
    seconds: float
    themes: tuple[str, ...]


class Floor(msgspec.Struct, frozen=True):
    """The floor that was applied, as written, and where it came from."""

    percent: str
    origin: str


class PatchCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Of the statements and branches that a change adds or edits, how many ran.

    Attributes:
        base: The commit that the change began at.
        total: By any test.
        themes: By the tests of each theme, without what importing executes.
    """

    base: str
    total: Counts
    themes: dict[str, Counts]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One suite's result at one commit.

    `patch` is of the change that the run measured, None where git could not tell it. `flaky` are
    the tests that ended both ways in the run: in two passes, or in an attempt and the next.
    `inputs` is what the run that measured the result depended on, None if that is unknown.
    """

    schema: int = SCHEMA
    suite: str
    verdict: str
    reasons: tuple[str, ...]
    floor: Floor
    provenance: Provenance
    total: Counts
    themes: dict[str, Cell]
    files: dict[str, FileResult]
    tests: dict[str, TestResult]
    unthemed: tuple[str, ...]
    flaky: tuple[str, ...] = ()
    patch: PatchCounts | None = None
    inputs: Inputs | None = None

    def encode(self) -> bytes:
        """The snapshot as JSON: sorted keys, indented, the same bytes for the same result."""
        plain = msgspec.to_builtins(self, str_keys=True)
        return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1) + b"\n"


def json_schema() -> bytes:
    """The JSON Schema of what `encode` writes, as it ships in `snapshot.schema.json`."""
    plain = msgspec.json.encode(msgspec.json.schema(Snapshot), order="sorted")
    return msgspec.json.format(plain, indent=2) + b"\n"


def read(path: Path) -> Snapshot:
    """Read a snapshot from a file.

    Raises:
        InputError: The file can't be read, is damaged, or was written by a newer version.
    """
    with document.readable_errors(str(path), "a snapshot", "run the suite first"):
        content = path.read_bytes()
    return decode(content, str(path))


@lru_cache(maxsize=_CACHED_RESULTS)
def decode(content: bytes, where: str) -> Snapshot:
    """Decode a snapshot of this or an older schema; `where` names it in the error.

    Reports and policies each read the current results: the same bytes are decoded once.

    Raises:
        InputError: It is damaged, or was written by a newer version.
    """
    with document.readable_errors(where, "a snapshot", "run the suite again"):
        schema = msgspec.json.decode(content, type=_Versioned).schema
        if schema > SCHEMA:
            msg = f"{where}: was written by a newer covernance; upgrade covernance to read it"
            raise InputError(msg)
        if schema < SCHEMA:
            return msgspec.convert(_upgrade(msgspec.json.decode(content)), Snapshot)
        return msgspec.json.decode(content, type=Snapshot)


class _Versioned(msgspec.Struct):
    schema: Annotated[int, msgspec.Meta(ge=1)]


def _upgrade(document: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 listed the missing lines of a file one by one and knew no others."""
    files = msgspec.convert(document.get("files"), dict[str, dict[str, Any]])
    upgraded = {
        path: {**file, "missing_lines": _encode_lines(file.get("missing_lines", []))}
        for path, file in files.items()
    }
    return {**document, "schema": SCHEMA, "files": upgraded}


def _encode_lines(numbers: object) -> str:
    return lines.encode(msgspec.convert(numbers, list[int]))
