from __future__ import annotations

import json
import random
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client import parser as prometheus
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from covernance.model.counts import Counts
from covernance.model.snapshot import Outcomes, Snapshot
from covernance.reports import openmetrics
from covernance.reports.state import ExceptionDue, State
from tests.unit.covernance.reports.orders import reordered, rich
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[4]

Samples = dict[tuple[str, ...], float]


def parsed(state: State) -> dict[str, Metric]:
    families = text_string_to_metric_families(openmetrics.render(state))  # type: ignore[no-untyped-call]
    return {family.name: family for family in families}


def samples(family: Metric) -> Samples:
    """The values by label values, which are in the order of the label names."""
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_every_value_can_be_read_back(snapshot: Snapshot) -> None:
    cell = snapshot.themes["security"]
    broken = msgspec.structs.replace(cell, outcomes=Outcomes(tests=3, passed=1, failed=2))
    marked = msgspec.structs.replace(snapshot, themes={"security": broken}, flaky=("t::a",))
    families = parsed(
        State(
            themes=("security",),
            suites={"api": marked, "web": None},
            patches={"api": Counts(4, 3), "web": Counts(0, 0)},
            exceptions=(ExceptionDue("a.py", "api", "@me", "2026-12-01", -2),),
        )
    )
    read = {name: samples(family) for name, family in families.items()}
    assert read["covernance_suite_present"] == {("api",): 1, ("web",): 0}
    assert read["covernance_suite_passing"] == {("api",): 0}
    assert read["covernance_suite_coverage_ratio"] == {("api",): 0.75}
    assert read["covernance_suite_floor_ratio"] == {("api",): 0.9}
    assert read["covernance_suite_coverable"] == {("api",): 8}
    assert read["covernance_suite_covered"] == {("api",): 6}
    assert read["covernance_suite_flaky_tests"] == {("api",): 1}
    assert read["covernance_suite_recorded_timestamp_seconds"] == {("api",): 1795262400}
    assert read["covernance_theme_earned_ratio"] == {("api", "security"): pytest.approx(2 / 3)}
    assert read["covernance_theme_raw_ratio"] == {("api", "security"): 0.75}
    assert read["covernance_theme_tests"][("failed", "api", "security")] == 2
    assert read["covernance_theme_duration_seconds"] == {("api", "security"): 0.5}
    assert read["covernance_patch_coverage_ratio"] == {("api",): 0.75}
    assert read["covernance_exception_days_left"] == {("a.py", "@me", "api"): -2}


def test_types_units_and_help_are_declared(snapshot: Snapshot) -> None:
    families = parsed(State(themes=("security",), suites={"api": snapshot}))
    assert {family.type for family in families.values()} == {"gauge"}
    assert families["covernance_suite_coverage_ratio"].unit == "ratio"
    assert families["covernance_theme_duration_seconds"].unit == "seconds"
    assert all(family.documentation for family in families.values())
    assert "covernance_patch_coverage_ratio" not in families


def test_text_follows_the_format(snapshot: Snapshot) -> None:
    text = openmetrics.render(State(themes=("security",), suites={"api": snapshot}))
    assert text.startswith(
        "# HELP covernance_suite_present Whether a suite of the table has a result.\n"
        "# TYPE covernance_suite_present gauge\n"
        'covernance_suite_present{suite="api"} 1.0\n'
    )
    assert text.endswith("\n# EOF\n")
    assert "_created" not in text


@pytest.mark.reliability
def test_nothing_to_cover_has_no_ratio(snapshot: Snapshot) -> None:
    families = parsed(
        State(
            themes=(), suites={"api": msgspec.structs.replace(snapshot, total=Counts(), themes={})}
        )
    )
    assert "covernance_suite_coverage_ratio" not in families
    assert samples(families["covernance_suite_coverable"]) == {("api",): 0}


@pytest.mark.reliability
def test_suite_without_a_result_has_only_the_present_metric() -> None:
    text = openmetrics.render(State(themes=(), suites={"api": None}))
    assert text.splitlines()[2:] == ['covernance_suite_present{suite="api"} 0.0', "# EOF"]


@pytest.mark.security
def test_untrusted_labels_are_escaped(snapshot: Snapshot) -> None:
    branch = 'x"} 1\n# EOF\n\\'
    source = msgspec.structs.replace(snapshot.provenance, branch=branch, commit=None)
    families = parsed(
        State(themes=(), suites={"api": msgspec.structs.replace(snapshot, provenance=source)})
    )
    labels = families["covernance_suite_info"].samples[0].labels
    assert labels["branch"] == branch
    assert labels["commit"] == ""


def test_older_text_format_gives_the_same_values(snapshot: Snapshot) -> None:
    state = State(themes=("security",), suites={"api": snapshot, "web": None})
    older = prometheus.text_string_to_metric_families(openmetrics.render(state))
    assert {family.name: samples(family) for family in older} == {
        name: samples(family) for name, family in parsed(state).items()
    }


@pytest.fixture
def full(snapshot: Snapshot) -> State:
    """A state with a sample of every metric."""
    return State(
        themes=("security",),
        suites={"api": snapshot},
        patches={"api": Counts(4, 3)},
        exceptions=(ExceptionDue("a.py", "api", "@me", "2026-12-01", 3),),
    )


def test_documentation_lists_exactly_the_metrics(full: State) -> None:
    notes = (ROOT / "docs" / "metrics" / "README.md").read_text()
    assert set(re.findall(r"`(covernance_\w+)`", notes)) == parsed(full).keys()


def test_grafana_dashboard_uses_existing_metrics(full: State) -> None:
    board = json.loads((ROOT / "docs" / "metrics" / "grafana-dashboard.json").read_bytes())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [variable["query"]["query"] for variable in board["templating"]["list"][1:]]
    asked = {name for query in queries for name in re.findall(r"covernance_\w+", query)}
    assert asked <= parsed(full).keys()
    assert len(asked) > 8
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


@pytest.mark.reliability
@examples_divided_by(4)
@given(st.randoms(use_true_random=False))
def test_order_of_mappings_does_not_matter(snapshot: Snapshot, order: random.Random) -> None:
    first, second = (
        State(themes=("security",), suites={"api": sample})
        for sample in (rich(snapshot), reordered(rich(snapshot), order))
    )
    assert openmetrics.render(second) == openmetrics.render(first)
