"""A change on a branch, and the result of a full run of it, as tests need them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from covernance.git.base import find_base_commit
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult, Snapshot, TestResult
from covernance.patch.workflow import PatchReport, SuitePatch, measure_patch
from tests.utils.agents import local_agent
from tests.utils.contexts import context_of
from tests.utils.repository import Repository
from tests.utils.results import measured_now

SOURCE = Path("calc/__init__.py")
NOW = "2026-11-21T12:00:00Z"
EARLIER, LATER = 1_700_000_000, 1_900_000_000
Measure = Callable[..., Snapshot]


def begin_branch(repository: Repository) -> None:
    """Give a repository one commit on main, and check out a branch `feature`."""
    repository.commit_first()
    repository.git("checkout", "--quiet", "-b", "feature")


def measuring(repository: Repository, snapshot: Snapshot) -> Measure:
    """Replace a full run of calc: every line of its source ran, except `missing`."""

    def write(
        executed: str = "1-2",
        missing: str = "",
        *,
        dirty: bool = True,
        at: str = NOW,
        tests: dict[str, str] | None = None,
        to: str = "coverage/calc.snapshot.json",
    ) -> Snapshot:
        result = msgspec.structs.replace(
            snapshot,
            suite="calc",
            provenance=msgspec.structs.replace(snapshot.provenance, dirty=dirty, recorded_at=at),
            files={
                str(SOURCE): FileResult(
                    total=Counts(), themes={}, executed_lines=executed, missing_lines=missing
                )
            },
            tests={
                name: TestResult(outcome=outcome, seconds=0.0, themes=())
                for name, outcome in (tests or {}).items()
            },
        )
        result = measured_now(result, repository.root)
        Path(to).parent.mkdir(exist_ok=True)
        Path(to).write_bytes(result.encode())
        return result

    return write


def edit(path: Path, text: str, when: int = EARLIER) -> None:
    """Append to a file, as edited before or after the run of 2026."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)
    os.utime(path, (when, when))


def patched(base: str = "main", **options: int) -> PatchReport:
    context = context_of(Path.cwd())
    return measure_patch(
        context,
        context.table.suites,
        find_base_commit(context, base),
        local_agent,
        min_lines=options.get("min_lines", 0),
    )


def only(report: PatchReport) -> SuitePatch:
    (suite,) = report.suites
    return suite
