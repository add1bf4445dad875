"""How the cost of reading and writing grows with history and suites: 1×, 10×, 100×.

    python -m bench.growth

Measures the tool's functions with generated results, in one process. Read each column as a curve:
ten times the input should take about ten times as long, or no longer at all.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import click
import msgspec

from bench.themes import THEMES
from covernance.config import Table, load
from covernance.context import Context
from covernance.dashboard.workflow import MOST_RESULTS, history, render_files
from covernance.digest.workflow import Request, build
from covernance.guard.workflow import guard_suites
from covernance.history.git_branch import GitBranch
from covernance.history.open import open_table_store
from covernance.history.store import Store
from covernance.layout import Layout
from covernance.model.counts import Counts
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
from covernance.reports.state import State

_HISTORY = (100, 1_000, 10_000)
_SUITES = (2, 20, 200)
_FIRST_RUN_AT = datetime(2026, 1, 1, tzinfo=UTC)
_HISTORY_COLUMNS = ("stored results", "add one", "list", "guard", "weekly digest")
_SUITE_COLUMNS = ("suites", "read the table", "dashboard", "page size")


@click.command()
def main() -> None:
    """Print two tables: times by number of stored results, and by number of suites."""
    _print_header(_HISTORY_COLUMNS)
    for results in _HISTORY:
        click.echo(_row(f"{results:,}", *_with_history(results)))
    click.echo()
    _print_header(_SUITE_COLUMNS)
    for suites in _SUITES:
        click.echo(_row(str(suites), *_with_suites(suites)))


def _print_header(columns: tuple[str, ...]) -> None:
    click.echo(_row(*columns))
    click.echo(f"|{'---:|' * len(columns)}")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _with_history(results: int) -> tuple[str, ...]:
    """Measure with two suites in a git branch store, three runs per day."""
    with tempfile.TemporaryDirectory() as name:
        table = _repository(Path(name), 2)
        store = GitBranch(table.root)
        runs = _runs(table)
        store.add(list(islice(runs, results)))
        last = next(runs)
        for suite in table.suites:
            path = Layout(table.root).snapshot(suite.name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(msgspec.structs.replace(last, suite=suite.name).encode())
        context = _context_of(table)
        week = Request(branch="main", length=timedelta(days=7))
        return (
            _milliseconds(lambda: GitBranch(table.root).add([last])),
            _milliseconds(lambda: GitBranch(table.root).entries()),
            _milliseconds(
                lambda: guard_suites(
                    context, table.suites, GitBranch(table.root), _head_of(table.root)
                )
            ),
            _milliseconds(lambda: build(table, GitBranch(table.root), week)),
        )


def _with_suites(suites: int) -> tuple[str, ...]:
    """Measure with suites that each have a current result and thirty earlier ones."""
    with tempfile.TemporaryDirectory() as name:
        table = _repository(Path(name), suites)
        context = _context_of(table)
        store: Store = GitBranch(table.root)
        results = list(islice(_runs(table), suites * (MOST_RESULTS + 1)))
        store.add(results)
        newest: dict[str, Snapshot | None] = {result.suite: result for result in results}
        state = State(suites=newest, themes=table.themes)
        pages: list[dict[Path, bytes]] = []

        def render() -> None:
            earlier_results = history(open_table_store(context, "git"), "main", state)
            pages.append(render_files(context, state, earlier_results))

        read_time = _milliseconds(lambda: load(table.root))
        render_time = _milliseconds(render)
        size = len(pages[0][Layout(table.root).html / "index.html"])
        return read_time, render_time, f"{size / 1024:,.0f} KiB"


def _context_of(table: Table) -> Context:
    return Context(table, {}, datetime.now(UTC))


def _milliseconds(work: Callable[[], object]) -> str:
    start = time.perf_counter()
    work()
    return f"{1000 * (time.perf_counter() - start):,.0f} ms"


def _repository(root: Path, suites: int) -> Table:
    text = [f"[tool.covernance]\nthemes = {list(THEMES)}\n"]
    for number in range(suites):
        name = f"suite-{number:03}"
        for folder in (name, f"tests-{name}"):
            root.joinpath(folder).mkdir()
        text.append(
            f'[tool.covernance.suites.{name}]\nsource = ["{name}"]\ntests = ["tests-{name}"]\n'
        )
    root.joinpath("pyproject.toml").write_text("\n".join(text))
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
    for command in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        (*identity, "commit", "-q", "--no-gpg-sign", "-m", "start"),
    ):
        subprocess.run(["git", *command], cwd=root, check=True)  # noqa: S603, S607 - a generated repository; git from the PATH
    return load(root)


def _head_of(root: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - git from the PATH
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _runs(table: Table) -> Iterator[Snapshot]:
    """Yield results endlessly, suite by suite; the first run is of the current commit."""
    commit, run = _head_of(table.root), 0
    while True:
        for suite in table.suites:
            yield _result(suite.name, commit, run)
        run += 1
        commit = hashlib.sha1(str(run).encode(), usedforsecurity=False).hexdigest()


def _result(suite: str, commit: str, run: int) -> Snapshot:
    counts, earned = Counts(400, 380 + run % 7, 100, 90), Counts(200, 150 + run % 5, 80, 60)
    theme = FileCell(counts, earned)
    return Snapshot(
        suite=suite,
        verdict=Verdict.PASS,
        reasons=(),
        floor=Floor("90", "pyproject.toml"),
        provenance=Provenance(
            commit=commit,
            branch="main",
            dirty=False,
            run_id=f"{run}-1",
            recorded_at=f"{_FIRST_RUN_AT + timedelta(hours=8 * run):%Y-%m-%dT%H:%M:%SZ}",
            python="3.11.7",
            platform="linux-x86_64",
            tools={"coverage": "7.17.3"},
            config="f" * 64,
        ),
        total=counts,
        themes={
            name: Cell(
                outcomes=Outcomes(tests=10, passed=10), seconds=1.5, raw=counts, earned=earned
            )
            for name in THEMES
        },
        files={
            f"{suite}/module_{number}.py": FileResult(
                total=counts, themes=dict.fromkeys(THEMES, theme), executed_lines="1-400"
            )
            for number in range(5)
        },
        tests={
            f"tests/{suite}.py::test_{number}": TestResult(
                outcome="passed", seconds=0.1, themes=THEMES[:1]
            )
            for number in range(30)
        },
        unthemed=(),
    )


if __name__ == "__main__":
    main(prog_name="python -m bench.growth")
