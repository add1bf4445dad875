"""How reading and writing grow with history and with suites: 1×, 10×, 100×.

    python -m bench.growth

Times are of the layer's own functions on made-up results, in one process. Read the columns as
curves: ten times the input should cost about ten times as much, or nothing more at all.
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
from covernance.reports.state import State

_HISTORY = (100, 1_000, 10_000)
_SUITES = (2, 20, 200)
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_HISTORY_COLUMNS = ("results kept", "add one", "list", "guard", "digest of a week")
_SUITE_COLUMNS = ("suites", "read the table", "dashboard", "its page")


@click.command()
def main() -> None:
    """Print two tables: against results in history, and against suites in the table."""
    _head(_HISTORY_COLUMNS)
    for results in _HISTORY:
        click.echo(_row(f"{results:,}", *_with_history(results)))
    click.echo()
    _head(_SUITE_COLUMNS)
    for suites in _SUITES:
        click.echo(_row(str(suites), *_with_suites(suites)))


def _head(columns: tuple[str, ...]) -> None:
    click.echo(_row(*columns))
    click.echo(f"|{'---:|' * len(columns)}")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _with_history(results: int) -> tuple[str, ...]:
    """Two suites on a git branch, three runs a day."""
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
        week = Request(branch="main", length=timedelta(days=7))
        return (
            _milliseconds(lambda: GitBranch(table.root).add([last])),
            _milliseconds(lambda: GitBranch(table.root).entries()),
            _milliseconds(
                lambda: guard_suites(
                    table, table.suites, GitBranch(table.root), _head_of(table.root)
                )
            ),
            _milliseconds(lambda: build(table, GitBranch(table.root), week)),
        )


def _with_suites(suites: int) -> tuple[str, ...]:
    """Each with a current result and thirty earlier ones."""
    with tempfile.TemporaryDirectory() as name:
        table = _repository(Path(name), suites)
        store: Store = GitBranch(table.root)
        made = list(islice(_runs(table), suites * (MOST_RESULTS + 1)))
        store.add(made)
        newest: dict[str, Snapshot | None] = {result.suite: result for result in made}
        state = State(suites=newest, themes=table.themes)
        pages: list[dict[Path, bytes]] = []

        def render() -> None:
            past = history(open_table_store(table, "git"), "main", state)
            pages.append(render_files(table, state, past))

        read = _milliseconds(lambda: load(table.root))
        drawn = _milliseconds(render)
        size = len(pages[0][Layout(table.root).html / "index.html"])
        return read, drawn, f"{size / 1024:,.0f} KiB"


def _milliseconds(work: Callable[[], object]) -> str:
    began = time.perf_counter()
    work()
    return f"{1000 * (time.perf_counter() - began):,.0f} ms"


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
        subprocess.run(["git", *command], cwd=root, check=True)  # noqa: S603, S607 - a made-up repository; git from the PATH
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
    """Results without end, suite after suite; the first run is of the commit that is there."""
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
        verdict="pass",
        reasons=(),
        floor=Floor("90", "pyproject.toml"),
        provenance=Provenance(
            commit=commit,
            branch="main",
            dirty=False,
            run_id=f"{run}-1",
            recorded_at=f"{_BEGAN + timedelta(hours=8 * run):%Y-%m-%dT%H:%M:%SZ}",
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
