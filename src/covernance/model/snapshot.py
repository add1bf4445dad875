"""Snapshots: the result of one suite at one commit, read from and written to JSON."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec

from covernance.errors import InputError
from covernance.model import document, lines
from covernance.model.counts import Counts
from covernance.model.effects import Effects
from covernance.model.inputs import Inputs
from covernance.model.verdict import Verdict, Waiver

SCHEMA = 2
_CACHED_RESULTS = 32


MEASURED = "measured"
"""The source of numbers that the run itself measured."""

SHARDS = "shards"
"""The source of numbers that several machines measured and that were merged."""

CARRIED = "carried"
"""The source of an earlier result that is used for a suite not affected by a change."""


REUSED = "reused"
"""The source of numbers from an earlier run, reused because nothing it depended on changed."""


class Origin(msgspec.Struct, frozen=True):
    """The run that measured reused numbers: its commit, if there was one, and its time."""

    commit: str | None
    recorded_at: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where a result comes from; values that git does not know are None.

    `commit`, `dirty` and `tree` are those at the start of the run. `tree` is git's name for the
    content of all files of the checkout, including changes that are not committed. `contents`
    holds a digest per Python file and settings file of the suite. `source` is `measured` if the run
    itself measured the numbers, otherwise `shards`, `carried` or `reused`. `carried_at` is the time
    at which an earlier result was carried forward, otherwise None. `origin` is the run that
    measured reused numbers.
    """

    commit: str | None
    base: str | None = None
    branch: str | None
    dirty: bool | None
    tree: str | None = None
    run_id: str
    recorded_at: str
    python: str
    platform: str
    tools: dict[str, str]
    config: str
    contents: dict[str, str] = {}
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
        outcomes: The outcomes of its tests.
        seconds: Wall time of the pass.
        raw: What the pass executed, including import and collection.
        earned: What its tests executed of the code that import and collection did not.
    """

    outcomes: Outcomes
    seconds: float
    raw: Counts
    earned: Counts


class FileCell(msgspec.Struct, frozen=True):
    """One file × one theme.

    Attributes:
        raw: What its pass executed, including import and collection.
        earned: What its tests executed of the code that import and collection did not.
        executed_lines: Statements that its pass executed, including import.
        earnable: Statements that import did not execute.
        earnable_branches: For each line with branches left to earn: how many, and how many ran.
    """

    raw: Counts
    earned: Counts
    executed_lines: str = ""
    earnable: str = ""
    earnable_branches: dict[int, tuple[int, int]] = {}


class FileResult(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its counts, in total and per theme, and the lines that ran.

    Sets of lines are in the format of `covernance.model.lines`.

    Attributes:
        total: What ran in any context.
        themes: What ran per theme.
        executed_lines: Statements that ran.
        missing_lines: Statements that never ran.
        imported_lines: Statements that import and collection executed.
        excluded_lines: Lines that need not run, as coverage.py's settings and comments say.
        branches: For each line with more than one exit: how many exits, and how many were taken.
        missing_branches: Exits never taken from lines that ran, as (from, to).
    """

    total: Counts
    themes: dict[str, FileCell]
    executed_lines: str = ""
    missing_lines: str = ""
    imported_lines: str = ""
    excluded_lines: str = ""
    branches: dict[int, tuple[int, int]] = {}
    missing_branches: tuple[tuple[int, int], ...] = ()


SEVERITY = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")
"""The outcomes of a test, from the best to the worst."""

FAILED = frozenset({"failed", "error"})
RAN_THROUGH = frozenset({"passed", "xpassed"})
BROKE = FAILED | {"xfailed"}
"""Outcomes that make a test flaky if it also ran through on the same sources."""


class TestResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test over all passes that ran it: its worst outcome and its longest duration.

    `reason` is why it was skipped or expected to fail.
    """

    __test__: ClassVar[bool] = False  # pytest would collect a class of this name

    outcome: str
    seconds: float
    themes: tuple[str, ...]
    reason: str = ""


class Floor(msgspec.Struct, frozen=True):
    """The floor that was applied, as it was written, and where it was set."""

    percent: str
    origin: str


class PatchCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Patch coverage: how many of the statements and branches that a change adds or edits ran.

    Attributes:
        base: The commit that the change is based on.
        total: What any test executed.
        themes: What the tests of each theme executed, without what import executes.
    """

    base: str
    total: Counts
    themes: dict[str, Counts]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One suite's result at one commit.

    `patch` belongs to the change that the run measured; None if git could not determine it. `flaky`
    lists tests that passed and failed in one run: in two passes, or in two attempts. `inputs` is
    what the measuring run depended on; None if that is unknown. `waived` lists the files that were
    below their floor and that the exception register allowed when the verdict was reached.
    """

    schema: int = SCHEMA
    suite: str
    verdict: Verdict
    reasons: tuple[str, ...]
    waived: tuple[Waiver, ...] = ()
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
    effects: Effects | None = None

    def encode(self) -> bytes:
        """Encode as indented JSON with sorted keys; the same result gives the same bytes."""
        return document.encode(self)


def json_schema() -> bytes:
    """Return the JSON Schema of snapshots, which is shipped as `snapshot.schema.json`."""
    plain = msgspec.json.encode(msgspec.json.schema(Snapshot), order="sorted")
    return msgspec.json.format(plain, indent=2) + b"\n"


def read(path: Path) -> Snapshot:
    """Read a snapshot from a file.

    Raises:
        InputError: The file can't be read, is damaged, or is from a newer version.
    """
    with document.readable_errors(str(path), "a snapshot", "run the suite first"):
        content = document.read_bytes(path)
    return decode(content, str(path))


@lru_cache(maxsize=_CACHED_RESULTS)
def decode(content: bytes, where: str) -> Snapshot:
    """Decode a snapshot of this or an older schema; `where` names it in the error.

    Many reports of one command read the current results, so the same bytes are decoded once.

    Raises:
        InputError: The snapshot is damaged or from a newer version.
    """
    with document.readable_errors(where, "a snapshot", "run the suite again"):
        schema, verdict = msgspec.structs.astuple(msgspec.json.decode(content, type=_Versioned))
        if schema > SCHEMA:
            msg = f"{where}: was written by a newer version; upgrade covernance to read it"
            raise InputError(msg)
        if verdict not in tuple(Verdict):
            msg = f"{where}: unknown verdict {verdict!r}; upgrade covernance to read it"
            raise InputError(msg)
        if schema < SCHEMA:
            return msgspec.convert(_upgrade(msgspec.json.decode(content)), Snapshot)
        return msgspec.json.decode(content, type=Snapshot)


class _Versioned(msgspec.Struct):
    schema: Annotated[int, msgspec.Meta(ge=1)]
    verdict: str


def _upgrade(document: dict[str, Any]) -> dict[str, Any]:
    """Convert a snapshot of schema 1, which listed missing lines one by one and no others."""
    files = msgspec.convert(document.get("files"), dict[str, dict[str, Any]])
    upgraded = {
        path: {**file, "missing_lines": _encode_lines(file.get("missing_lines", []))}
        for path, file in files.items()
    }
    return {**document, "schema": SCHEMA, "files": upgraded}


def _encode_lines(numbers: object) -> str:
    return lines.encode(msgspec.convert(numbers, list[int]))
