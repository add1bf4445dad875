from __future__ import annotations

import json
import random
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.counts import Counts
from covernance.model.snapshot import Outcomes, Snapshot
from covernance.model.verdict import Verdict, Waiver
from covernance.reports.state import Drop, ExceptionDue, State
from covernance.summary.render import markdown, summary_document, summary_text
from tests.unit.covernance.reports.orders import reordered, rich
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.architecture


@pytest.fixture
def state(snapshot: Snapshot) -> State:
    return State(
        themes=("architecture", "security"),
        suites={
            "web": msgspec.structs.replace(snapshot, suite="web", verdict="pass", reasons=()),
            "api": snapshot,
            "auth": None,
        },
        patches={"api": Counts(44, 41), "web": Counts(0, 0)},
        drops=(
            Drop("web", "total", Counts(100, 90), Counts(100, 88)),
            Drop("api", "security", Counts(3, 3), Counts(3, 2)),
        ),
        exceptions=(
            ExceptionDue("a/late.py", "api", "@me", "2026-12-01", 10),
            ExceptionDue("a/past.py", "api", "@you", "2026-11-20", -1),
        ),
    )


def rows(text: str, title: str) -> list[list[str]]:
    block = text.split(title, 1)[1].split("\n#", 1)[0]
    lines = [line for line in block.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_table_comes_first_and_failing_suites_are_at_its_top(state: State) -> None:
    text = markdown(state)
    assert text.startswith("## Coverage: 1 of 3 suites pass, 1 missing\n")
    assert rows(text, "## Coverage") == [
        ["api", "**no tests**", "66.66 (75.00), 1", "75.00", "`90`", "❌ `below-floor`"],
        ["auth", "", "", "", "", "⚠️ `missing`"],
        ["web", "**no tests**", "66.66 (75.00), 1", "75.00", "`90`", "✅ `pass`"],
    ]


def test_reasons_patches_drops_exceptions_and_links_follow(state: State) -> None:
    text = markdown(state, {"HTML": "https://ci.example.org/1"})
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[1:] == [
        "### Failures",
        "### Patch coverage",
        "### Drops since the base",
        "### Exceptions due",
        "### Reports",
    ]
    assert "- api: `75.00 % (floor 90 %)`" in text
    assert "- auth: no result; run `covernance run --suite auth`" in text
    assert rows(text, "### Patch") == [["api", "41", "44", "93.18"], ["web", "0", "0", "n/a"]]
    assert rows(text, "### Drops") == [
        ["api", "security", "100.00", "66.66", "-33.34"],
        ["web", "total", "90.00", "88.00", "-2.00"],
    ]
    assert [cells[0::4] for cells in rows(text, "### Exceptions")] == [
        ["`a/past.py`", "1 day overdue"],
        ["`a/late.py`", "10 days left"],
    ]
    assert text.endswith("- [`HTML`](https://ci.example.org/1)\n")


def test_empty_sections_are_omitted(snapshot: Snapshot) -> None:
    passing = msgspec.structs.replace(snapshot, verdict="pass", reasons=())
    text = markdown(State(themes=("security",), suites={"api": passing}))
    assert "###" not in text


def test_cell_shows_failures_next_to_its_numbers(snapshot: Snapshot) -> None:
    cell = snapshot.themes["security"]
    broken = msgspec.structs.replace(cell, outcomes=Outcomes(tests=4, passed=1, failed=2, errors=1))
    changed = msgspec.structs.replace(snapshot, themes={"security": broken})
    text = markdown(State(themes=("security",), suites={"api": changed}))
    assert rows(text, "## Coverage")[0][1] == "66.66 (75.00), 4, **2 failed, 1 in error**"


def test_unthemed_pass_has_a_column_if_there_is_one(snapshot: Snapshot) -> None:
    themes = {**snapshot.themes, "unthemed": snapshot.themes["security"]}
    state = State(
        themes=("security",), suites={"api": msgspec.structs.replace(snapshot, themes=themes)}
    )
    assert "| suite | security | unthemed |" in markdown(state)


@pytest.mark.reliability
def test_results_not_measured_by_the_run_are_marked(snapshot: Snapshot) -> None:
    source = msgspec.structs.replace(snapshot.provenance, source="shards")
    other = msgspec.structs.replace(snapshot, suite="web", provenance=source)
    state = State(themes=(), suites={"api": snapshot, "web": other})
    assert "Not measured by this run: web (`shards`)\n" in markdown(state)
    assert "Not measured" not in markdown(State(themes=(), suites={"api": snapshot}))


@pytest.mark.reliability
def test_results_from_different_commits_are_marked(snapshot: Snapshot) -> None:
    source = msgspec.structs.replace(
        snapshot.provenance, commit="1" * 40, branch=None, dirty=True, recorded_at="2026-12-01"
    )
    other = msgspec.structs.replace(snapshot, suite="web", provenance=source)
    text = markdown(State(themes=(), suites={"api": snapshot, "web": other}))
    assert "**These results come from 2 different commits.**" in text
    assert "Recorded `2026-12-01` at `111111111111`, with uncommitted changes." in text


@pytest.mark.reliability
def test_without_any_result_every_suite_is_missing() -> None:
    state = State(themes=("security",), suites={"api": None})
    assert "0 of 1 suites pass, 1 missing" in markdown(state)
    assert summary_text(state).startswith("coverage: 0 of 1 suites pass, 1 missing\n")


@pytest.mark.reliability
def test_verdict_without_reasons_is_shown_as_the_reason(snapshot: Snapshot) -> None:
    bare = msgspec.structs.replace(
        snapshot, reasons=(), provenance=msgspec.structs.replace(snapshot.provenance, commit=None)
    )
    assert "- api: `below-floor`" in markdown(State(themes=(), suites={"api": bare}))


@pytest.mark.reliability
def test_many_reasons_of_a_suite_are_cut_and_counted(snapshot: Snapshot) -> None:
    many = msgspec.structs.replace(snapshot, reasons=tuple(f"failed: t{n}" for n in range(25)))
    text = markdown(State(themes=(), suites={"api": many}))
    command = "`covernance summary --format json`"
    assert f"- api: `failed: t19`\n- api: … 5 more reasons; {command} lists all\n" in text


@pytest.mark.reliability
def test_summary_of_a_thousand_suites_fits_a_comment_and_counts_cut_rows(
    snapshot: Snapshot,
) -> None:
    suites = {
        f"suite-{number}": msgspec.structs.replace(
            snapshot,
            suite=f"suite-{number}",
            reasons=tuple(f"failed: tests/{'x' * 100}::t{n}" for n in range(30)),
        )
        for number in range(1_000)
    }
    state = State(themes=("architecture", "security"), suites=dict(suites))
    text = markdown(state)
    assert len(text.encode()) <= 65_536
    shown = len(rows(text, "## Coverage"))
    assert f"… {1_000 - shown} more suites, cut to fit" in text
    assert "more reasons, cut to fit" in text


@pytest.mark.security
def test_untrusted_names_are_escaped(snapshot: Snapshot) -> None:
    hostile = "failed: t[<img src=x onerror=alert(1)>|@everyone](https://evil.example)"
    state = State(
        themes=("security",),
        suites={"api": msgspec.structs.replace(snapshot, verdict="<b>", reasons=(hostile,))},
        exceptions=(ExceptionDue("<i>|x", "api", "@everyone", "`", 0),),
    )
    text = markdown(state)
    assert "`failed: t[<img src=x onerror=alert(1)>¦@everyone](https://evil.example)`" in text
    assert "❌ `<b>`" in text
    assert rows(text, "### Exceptions") == [["`<i>¦x`", "api", "`@everyone`", "`` ` ``", "today"]]


def test_text_shows_the_same_state(state: State) -> None:
    lines = summary_text(state).splitlines()
    assert lines[0] == "coverage: 1 of 3 suites pass, 1 missing"
    assert "auth: missing: no result; run `covernance run --suite auth`" in lines
    assert summary_text(state).count("below-floor") == 1
    assert lines[lines.index("api:") + 1] == "  75.00 % (floor 90 %)"
    assert "  api: 93.18 % (41 of 44)" in lines
    assert "  web total: 90.00 % -> 88.00 % (-2.00 points)" in lines
    assert "  api a/late.py: 2026-12-01 (10 days left), @me" in lines


@pytest.mark.security
def test_waived_files_are_shown_with_every_verdict(snapshot: Snapshot) -> None:
    waiver = Waiver("apps/api/main.py", "@team", date(2026, 12, 31))
    passed = msgspec.structs.replace(snapshot, verdict=Verdict.PASS, reasons=(), waived=(waiver,))
    state = State(themes=("security",), suites={"api": passed})
    text = markdown(state)
    assert "| ✅ `pass`, 1 file waived |" in text
    assert rows(text, "### Waived files, below their floor by an exception") == [
        ["`apps/api/main.py`", "api", "75.00", "`@team`", "`2026-12-31`"]
    ]
    plain = summary_text(state)
    assert "pass, 1 file waived\n" in plain
    assert "api: 1 file waived: apps/api/main.py (@team, until 2026-12-31)\n" in plain
    assert json.loads(summary_document(state))["suites"]["api"]["waived"] == [
        {"path": "apps/api/main.py", "owner": "@team", "until": "2026-12-31"}
    ]


def test_json_has_exact_counts_and_rounded_percentages(state: State) -> None:
    document = json.loads(summary_document(state))
    assert document["passing"] == 1
    assert document["suites"]["auth"] == {"verdict": "missing"}
    api = document["suites"]["api"]
    assert (api["percent"], api["total"]["executed"], api["floor"]) == ("75.00", 5, "90")
    assert api["themes"]["architecture"]["trouble"] == "no tests"
    assert document["patches"][0]["percent"] == "93.18"
    assert document["drops"][0]["points"] == "-2.00"
    assert document["exceptions"][1]["days_left"] == -1


@pytest.mark.reliability
@examples_divided_by(4)
@given(st.randoms(use_true_random=False))
def test_order_of_mappings_does_not_matter(snapshot: Snapshot, order: random.Random) -> None:
    def state(snapshot: Snapshot) -> State:
        return State(themes=("architecture", "security"), suites={"api": snapshot, "auth": None})

    first, second = state(rich(snapshot)), state(reordered(rich(snapshot), order))
    assert markdown(second) == markdown(first)
    assert summary_text(second) == summary_text(first)
    assert summary_document(second) == summary_document(first)
