"""Responsible for the tool's unit tests: sample suites, results, coverage data, fake processes."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec
import pytest
from coverage import CoverageData

from covernance.agent.client import Agent
from covernance.config import Suite
from covernance.context import Context
from covernance.engine.process_engine import ProcessEngine
from covernance.engine.processes import Ended, Launch, Watcher
from covernance.engine.record import RECORD, SCHEMA, Collected, Record
from covernance.engine.registry import DEFAULT, ENGINES
from covernance.engine.slots import Slots
from covernance.engine.theme_result import ThemeResult
from covernance.git.runner import Git, GitError
from covernance.model.counts import Counts
from covernance.model.effects import CoverageSettings, Effects, Setting
from covernance.model.snapshot import (
    Cell,
    FileCell,
    FileResult,
    Floor,
    Outcomes,
    Provenance,
    Snapshot,
    TestResult,
)
from covernance.model.verdict import Verdict
from tests.unit.covernance.patch.measured import Measure, begin_branch, measuring
from tests.utils.agents import LocalAgent
from tests.utils.contexts import context_of
from tests.utils.repository import Repository, clean_environment


@pytest.fixture(autouse=True)
def _local_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do in this process what agents of its environment do: a start costs more than most tests."""
    start = Agent._run

    def run(agent: Agent, request: Path, answer: Path) -> str:
        local = agent.python.is_relative_to(sys.prefix) or agent.python == Path(sys.executable)
        return LocalAgent._run(agent, request, answer) if local else start(agent, request, answer)  # type: ignore[arg-type]

    monkeypatch.setattr(Agent, "_run", run)


@pytest.fixture(autouse=True)
def _no_git_without_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail as git does outside a repository, without a process: a run asks it a dozen times."""
    start = Git.run

    def run(
        git: Git, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None
    ) -> bytes:
        root = git._root.absolute()
        if any((folder / ".git").exists() for folder in (root, *root.parents)):
            return start(git, *arguments, stdin=stdin, environ=environ)
        raise GitError(arguments[0], "fatal: not a git repository", b"", 128)

    monkeypatch.setattr(Git, "run", run)


@pytest.fixture
def suite() -> Suite:
    return Suite(
        name="api",
        source=("apps/api",),
        tests=("tests/unit/api",),
        themes=("architecture", "security"),
        fail_under=Decimal(90),
        requirements=None,
    )


@pytest.fixture
def finished(tmp_path: Path) -> Callable[..., ThemeResult]:
    """Build the result of a theme; its folder holds a data file."""

    def build(theme: str = "architecture", **changes: object) -> ThemeResult:
        folder = tmp_path / theme
        folder.mkdir(exist_ok=True)
        (folder / ".coverage.host.1").touch()
        outcomes = changes.get("outcomes", {"t::a": "passed"})
        assert isinstance(outcomes, dict)
        selected = changes.get("selected", dict.fromkeys(outcomes, (theme,)))
        record: Record | None = Record(
            schema=SCHEMA,
            exit=int(str(changes.get("exit", 0))),
            collected=Collected(selected=selected, unthemed=changes.get("unthemed", [])),  # type: ignore[arg-type]
            outcomes=outcomes,
            seconds=dict.fromkeys(outcomes, 0.5),
            collection_errors=changes.get("collection_errors", []),  # type: ignore[arg-type]
            reran=changes.get("reran", []),  # type: ignore[arg-type]
            has_collected=bool(changes.get("has_collected", True)),
            not_entered=changes.get("not_entered", []),  # type: ignore[arg-type]
            origins=changes.get("origins", {}),  # type: ignore[arg-type]
            reasons=changes.get("reasons", {}),  # type: ignore[arg-type]
            unknown_markers=changes.get("unknown_markers", []),  # type: ignore[arg-type]
        )
        if changes.get("died"):
            record = None
        return ThemeResult(
            suite="api",
            theme=theme,
            status=int(str(changes.get("status", 0))),
            seconds=1.25,
            record=record,
            folder=folder,
        )

    return build


@pytest.fixture
def snapshot() -> Snapshot:
    """A suite at 75 % that missed its floor of 90 %."""
    counts = Counts(6, 5, 2, 1)
    earned = Counts(4, 3, 2, 1)
    return Snapshot(
        suite="api",
        verdict=Verdict.BELOW_FLOOR,
        reasons=("75.00 % (floor 90 %)",),
        floor=Floor("90", "pyproject.toml"),
        provenance=Provenance(
            commit="0" * 40,
            branch="main",
            dirty=False,
            run_id="1-1",
            recorded_at="2026-11-21T12:00:00Z",
            python="3.11.7",
            platform="linux-x86_64",
            tools={"coverage": "7.17.3"},
            config="f" * 64,
        ),
        total=counts,
        themes={
            "security": Cell(
                outcomes=Outcomes(tests=1, passed=1), seconds=0.5, raw=counts, earned=earned
            ),
            "architecture": Cell(outcomes=Outcomes(), seconds=0.5, raw=counts, earned=earned),
        },
        files={
            "apps/api/main.py": FileResult(
                total=counts,
                themes={"security": FileCell(counts, earned)},
                executed_lines="1-3,5-6",
                missing_lines="7",
                imported_lines="1-2",
                branches={3: (2, 1)},
                missing_branches=((3, 9),),
            )
        },
        tests={"t::a": TestResult(outcome="passed", seconds=0.5, themes=("security",))},
        unthemed=(),
        effects=Effects(
            coverage=CoverageSettings(
                branch=True,
                ignore_errors=False,
                include=(),
                omit=(),
                exclude=("# no cover",),
                partial=("# no branch",),
                file="pyproject.toml",
            ),
            pytest={"python_files": Setting(("test_*.py",), "default")},
            table={"fail-under": Setting(("90",), "[tool.covernance]")},
            plugins={"pytest-cov": "7.0.0"},
        ),
    )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A small governed repository that is the current folder; nothing outside steers the layer."""
    monkeypatch.setattr(os, "environ", clean_environment())
    made = Repository(tmp_path / "repository", {"calc/__init__.py": "x = 1\ny = 2\n"})
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def commits(repository: Repository) -> list[str]:
    """Three commits on main, the oldest first; there is no origin."""
    return repository.prepare(commit_three_times)


def commit_three_times(repository: Repository) -> list[str]:
    repository.initialize()
    return [repository.commit(f"step {number}") for number in range(3)]


@pytest.fixture
def context(repository: Repository) -> Context:
    """The context of a command in the repository, without environment variables."""
    return context_of(repository.root)


@pytest.fixture
def feature(repository: Repository) -> None:
    """The repository has one commit on main, and a branch `feature` checked out."""
    repository.prepare(begin_branch)


@pytest.fixture
def measure(repository: Repository, feature: None, snapshot: Snapshot) -> Measure:
    """Replace a full run of calc on the branch `feature`."""
    return measuring(repository, snapshot)


def free(slots: Slots) -> int:
    """The number of free slots."""
    taken = [*iter(slots.take, None)]
    for held in taken:
        held.close()
    return len(taken)


@cache
def data_file(context: str, source: str, arcs: tuple[tuple[int, int], ...]) -> bytes:
    """The content of a data file in which these arcs ran in a source."""
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        path = Path(folder, ".coverage")
        with closing(CoverageData(basename=str(path))) as data:
            data.set_context(context)
            data.add_arcs({source: arcs})
        return path.read_bytes()


class FakeProcesses:
    """Used instead of `run_processes`: writes at once what the processes would write.

    Attributes:
        arcs: What the tests of a theme execute, by theme.
        records: The record of a theme, by theme; None for a process that died without one. By
            default, one test passed.
        statuses: pytest's exit status, by theme; 0 by default.
        sources: The file that a suite's tests execute, by suite; calc/__init__.py by default.
        started: All processes that were started.
        interactive: Whether the last ones could use the terminal.
        during: What a test does while it runs.
    """

    def __init__(self) -> None:
        both = [(-1, 1), (1, 2), (2, -1)]
        self.arcs = {"architecture": both, "reliability": both, "security": both}
        self.records: dict[str, Record | None] = {}
        self.statuses: dict[str, int] = {}
        self.sources: dict[str, str] = {}
        self.started: list[Launch] = []
        self._slots: Slots | None = None
        self.interactive = False
        self.during: Callable[[], object] = lambda: None

    def __call__(
        self,
        launches: Sequence[Launch],
        *,
        slots: Slots,
        watcher: Watcher,
        interactive: bool,
    ) -> list[Ended]:
        self.started += launches
        self._slots = slots
        self.interactive = interactive
        self.during()
        return [self._run(launch, watcher) for launch in launches]

    @property
    def at_once(self) -> int:
        """The number of processes that could last run in parallel."""
        return free(self._slots) if self._slots else 0

    def _run(self, launch: Launch, watcher: Watcher) -> Ended:
        watcher.started(launch)
        launch.folder.mkdir(parents=True)
        suite, theme = launch.folder.parts[-2:]
        launch.output.write_text(f"pytest's output of {theme}\n")
        if theme in self.arcs:
            source = self.sources.get(suite, "calc/__init__.py")
            data = data_file(f"{theme}|run", source, tuple(self.arcs[theme]))
            (launch.folder / ".coverage.host.1").write_bytes(data)
        status = self.statuses.get(theme, 0)
        usual = Record(
            schema=SCHEMA,
            exit=status,
            collected=Collected(selected={f"t::{theme}": (theme,)}),
            outcomes={f"t::{theme}": "passed"},
            seconds={f"t::{theme}": 0.1},
            collection_errors=[],
        )
        record = self.records.get(theme, usual)
        if record is not None:
            (launch.folder / RECORD).write_bytes(msgspec.json.encode(record))
        ended = Ended(launch, status, 0.2)
        watcher.ended(ended)
        return ended


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> FakeProcesses:
    """Start no processes in a run; write what they would write."""
    fake = FakeProcesses()
    monkeypatch.setitem(ENGINES, DEFAULT, ProcessEngine(fake))
    return fake
