from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from covernance.combine.workflow import combine_suites
from covernance.config import load
from covernance.errors import InputError
from covernance.model.snapshot import CARRIED, Snapshot
from covernance.reuse.evidence import Evidence, Seen
from tests.unit.covernance.combine.conftest import measure
from tests.utils.agents import ENVIRONMENT, local_agent
from tests.utils.contexts import context_of
from tests.utils.repository import Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture


def test_baseline_has_every_suite_with_contexts(two_suites: Repository) -> None:
    measure(two_suites, "other", "other/__init__.py")
    html = two_suites.root / "coverage/html"
    (html / "calc").mkdir(parents=True)
    (html / "all").mkdir(parents=True)
    (html / "all" / "stale.html").touch()
    notes: list[str] = []
    json_report, combined, landing = combine_suites(
        context_of(two_suites.root), local_agent, notes.append
    )
    text = json_report.read_text()
    assert "calc/__init__.py" in text
    assert "other/__init__.py" in text
    assert "security|run" in text
    assert notes[0].startswith("patch coverage and drops are not shown: ")
    assert combined == html / "all"
    assert (combined / "index.html").is_file()
    assert not (combined / "stale.html").exists()
    assert landing == html / "index.html"
    assert 'href="all/index.html"' in landing.read_text()
    assert (html / "calc").is_dir()


@pytest.mark.reliability
def test_missing_suite_is_named_and_nothing_is_written(
    two_suites: Repository,
) -> None:
    with pytest.raises(InputError, match="no data for suite other"):
        combine_suites(context_of(two_suites.root), local_agent, print)
    assert not Path("coverage/baseline.json").exists()


@pytest.mark.reliability
def test_carried_result_has_no_data_to_combine(two_suites: Repository, snapshot: Snapshot) -> None:
    measure(two_suites, "other", "other/__init__.py")
    source = msgspec.structs.replace(snapshot.provenance, source=CARRIED)
    result = msgspec.structs.replace(snapshot, suite="other", provenance=source)
    two_suites.write("coverage/other.snapshot.json", result.encode().decode())
    with pytest.raises(InputError, match="other: the last result was carried forward"):
        combine_suites(context_of(two_suites.root), local_agent, print)
    assert not Path("coverage/baseline.json").exists()


@pytest.mark.security
def test_a_stale_result_is_not_combined(two_suites: Repository, snapshot: Snapshot) -> None:
    measure(two_suites, "other", "other/__init__.py")
    result = measured_now(msgspec.structs.replace(snapshot, suite="other"), two_suites.root)
    two_suites.write("coverage/other.snapshot.json", result.encode().decode())
    two_suites.append("other/__init__.py", "z = 3\n")
    with pytest.raises(InputError, match=r"result of other is stale: other/__init__\.py was ed"):
        combine_suites(context_of(two_suites.root), local_agent, print)
    assert not Path("coverage/baseline.json").exists()


def leave_evidence(repository: Repository, suite: str, recorded_at: str) -> None:
    stored = Evidence(
        suite=suite,
        commit=None,
        recorded_at=recorded_at,
        python="python",
        environment=ENVIRONMENT,
        settings={},
        seen=Seen(),
        reports={},
    )
    target = repository.root / "coverage/data" / suite / "evidence.json"
    target.write_bytes(stored.encode())


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda _: None, False),
        (lambda sample: leave_evidence(sample, "other", "2026-11-22T12:00:00Z"), True),
        (lambda sample: measure(sample, "other", None), True),
        (lambda found: (found.root / "coverage/baseline.json").unlink(), True),
        (lambda found: (found.root / "coverage/html/all/index.html").unlink(), True),
        (lambda sample: sample.write("coverage/data/other/evidence.json", "{"), True),
        (lambda sample: sample.write("coverage/data/baseline/stamp.json", "{"), True),
    ],
    ids=["nothing", "a run", "data", "the JSON", "a page", "damaged evidence", "damaged stamp"],
)
def test_combined_reports_are_regenerated_only_for_other_runs(
    two_suites: Repository,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Repository], object],
    *,
    again: bool,
) -> None:
    measure(two_suites, "other", "other/__init__.py")
    for suite in ("calc", "other"):
        leave_evidence(two_suites, suite, "2026-11-21T12:00:00Z")
    table = load(two_suites.root)
    combine_suites(context_of(table), local_agent, lambda _: None)
    change(two_suites)
    made: list[str] = []
    monkeypatch.setattr(
        "covernance.combine.workflow.write_combined", lambda *_: made.append("made")
    )
    combine_suites(context_of(table), local_agent, lambda _: None)
    assert bool(made) is again
