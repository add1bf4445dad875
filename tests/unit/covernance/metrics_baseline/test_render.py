from __future__ import annotations

import msgspec
import pytest

from covernance.machine import Machine
from covernance.metrics_baseline.render import Metrics, markdown, suite_metrics, text
from covernance.metrics_baseline.repeat import Case, Run
from covernance.model.snapshot import Snapshot

pytestmark = pytest.mark.architecture

MACHINE = Machine(
    cpus=2,
    cpu="Fast | 9000",
    memory_mib=4096,
    system="Debian 12, Linux 6.1",
    python="CPython 3.11.7",
)


def run(seed: int, seconds: float, **outcomes: str) -> Run:
    cases = {test: Case(outcome, seconds / 10) for test, outcome in outcomes.items()}
    return Run(seed=seed, seconds=seconds, cases=cases)


@pytest.fixture
def metrics(snapshot: Snapshot) -> Metrics:
    runs = [
        run(7, 2.00049, good="passed", **{"t::a|b": "passed"}, bad="failed"),
        run(8, 1.0, good="passed", **{"t::a|b": "failed"}, bad="failed"),
        run(9, 4.0, good="passed", **{"t::a|b": "passed"}, bad="failed"),
    ]
    return measured(snapshot, runs)


def measured(snapshot: Snapshot, runs: list[Run]) -> Metrics:
    return Metrics(
        recorded_at="2026-11-21T12:00:00Z",
        commit="a" * 40,
        dirty=True,
        machine=MACHINE,
        suites={"my_api": suite_metrics(snapshot, runs)},
    )


def test_times_are_rounded_to_milliseconds(metrics: Metrics) -> None:
    suite = metrics.suites["my_api"]
    assert (suite.seconds.median, suite.seconds.least, suite.seconds.most) == (2.0, 1.0, 4.0)
    assert suite.tests == 3
    assert suite.flaky == {"t::a|b": {"failed": 1, "passed": 2}}
    assert suite.broken == ("bad",)
    assert [run.seed for run in suite.repetitions] == [7, 8, 9]
    assert suite.repetitions[1].outcomes == {"failed": 2, "passed": 1}


def test_coverage_has_the_counts_of_the_snapshot(metrics: Metrics, snapshot: Snapshot) -> None:
    coverage = metrics.suites["my_api"].coverage
    assert coverage.total == snapshot.total
    assert coverage.earned == {
        "security": snapshot.themes["security"].earned,
        "architecture": snapshot.themes["architecture"].earned,
    }
    assert (coverage.verdict, coverage.commit) == ("below-floor", "0" * 40)


@pytest.mark.reliability
def test_json_can_be_decoded_and_encodes_to_the_same_bytes(metrics: Metrics) -> None:
    content = metrics.encode()
    again = msgspec.json.decode(content, type=Metrics)
    assert again == metrics
    assert again.encode() == content


def test_document_has_every_value(metrics: Metrics) -> None:
    document = markdown(metrics)
    where = (
        "Measured 2026-11-21T12:00:00Z at `aaaaaaaaaaaa` with uncommitted changes, without "
        "coverage, each repetition in a different random order, on 2 × `Fast ¦ 9000`, 4096 MiB, "
        "`Debian 12, Linux 6.1`, CPython 3.11.7."
    )
    for line in (
        where,
        r"| my\_api | 75.00 | below-floor | `000000000000` | 3 | 3 | 2.00 | 1.00 | 4.00 | 1 |",
        r"| my\_api | security | 66.66 |",
        r"| my\_api | `t::a¦b` | 1 failed, 2 passed |",
        r"| my\_api | `bad` |",
        r"| my\_api | 8 | 1.00 | 2 failed, 1 passed |",
    ):
        assert line in document.splitlines()
    assert document.endswith("|\n")


def test_slowest_tests_are_cut_to_ten(snapshot: Snapshot) -> None:
    cases = {f"t{number:02}": Case("passed", number / 10) for number in range(12)}
    metrics = measured(snapshot, [Run(seed=1, seconds=9.0, cases=cases)])
    slowest = metrics.suites["my_api"].slowest
    assert [slow.test for slow in slowest] == [f"t{number:02}" for number in range(11, 1, -1)]
    assert "| `t11` | 1.10 |" in markdown(metrics)


@pytest.mark.reliability
def test_empty_tables_show_none(snapshot: Snapshot) -> None:
    document = markdown(measured(snapshot, [run(1, 1.0, a="passed")]))
    assert "## Flaky tests\n\nNone.\n" in document
    assert "## Tests that always fail\n\nNone.\n" in document


@pytest.mark.reliability
def test_outside_a_repository_there_is_no_commit(metrics: Metrics) -> None:
    nowhere = msgspec.structs.replace(metrics, commit=None, dirty=None)
    assert "at no commit, without coverage" in markdown(nowhere)


@pytest.mark.security
def test_test_names_are_escaped(snapshot: Snapshot) -> None:
    hostile = "t[`<img src=x>|\n# @team"
    document = markdown(measured(snapshot, [run(1, 1.0, **{hostile: "failed"})]))
    assert "\n# @team" not in document
    assert "``t[`<img src=x>¦\\n# @team``" in document


def test_text_shows_the_main_numbers(metrics: Metrics) -> None:
    head = "my_api: 75.00 % covered (below-floor); tests: 3, flaky: 1; "
    head += "median of 3: 2.00 s (1.00 to 4.00)"
    assert text(metrics).splitlines() == [
        head,
        "  slow: bad: 0.20 s",
        "  slow: good: 0.20 s",
        "  slow: t::a|b: 0.20 s",
        "  FLAKY: t::a|b: 1 failed, 2 passed",
        "  ALWAYS FAILS: bad",
    ]
