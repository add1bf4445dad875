from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import date, timedelta
from html.parser import HTMLParser

import msgspec
import pytest

from covernance.dashboard.render import Reports, render_page
from covernance.errors import InputError
from covernance.model.counts import Counts
from covernance.model.snapshot import Floor, Outcomes, Snapshot, TestResult
from covernance.model.verdict import Verdict, Waiver
from covernance.reports import trend
from covernance.reports.state import ExceptionDue, State
from covernance.reports.trend import Flaky, Point

pytestmark = pytest.mark.architecture

Render = Callable[..., str]


class Page(HTMLParser):
    """The content of a page: tags with their attributes, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += [data.strip()] if data.strip() else []

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def points(snapshot: Snapshot) -> list[Point]:
    now = trend.point(snapshot)
    return [
        msgspec.structs.replace(
            now, timestamp=now.timestamp - timedelta(days=1), measures={"total": Counts(8, 5)}
        ),
        now,
    ]


@pytest.fixture
def render(snapshot: Snapshot) -> Render:
    def page(state: State | None = None, **changes: object) -> str:
        state = state or State(themes=("architecture", "security"), suites={"api": snapshot})
        inputs = {"history": {}, "flaky": (), "reports": Reports(), **changes}
        return render_page("hub", state, **inputs).decode()  # type: ignore[arg-type]

    return page


def table(text: str, caption: str) -> list[list[str]]:
    """The rows of the table with this caption, with the text of each cell joined."""
    body = text.split(f"<caption>{caption}", 1)[1].split("</table>", 1)[0]
    rows = body.split("<tbody>")[1].split("<tr>")[1:]
    cells = [re.findall(r"<(?:th|td)\b[^>]*>(.*?)</(?:th|td)>", row, re.DOTALL) for row in rows]
    return [[" ".join(Page(cell).text) for cell in row] for row in cells]


def test_heat_map_has_one_row_per_suite_and_one_column_per_theme(render: Render) -> None:
    page = render()
    heads = [attributes for attributes in Page(page).all("th") if attributes.get("scope") == "col"]
    assert len(heads) == 4 + 2 + 3
    assert table(page, "Earned coverage of each theme") == [
        [
            "api",
            "✕ below-floor",
            "75.00 %",
            "90 % -15.00 points",
            "✕ no tests",
            "66.66 % raw 75.00 · 1 test",
        ]
    ]
    assert "<li><code>75.00 % (floor 90 %)</code></li>" in page


@pytest.mark.parametrize(
    ("executed", "level"), [(49, 0), (50, 1), (79, 2), (80, 3), (90, 4), (94, 4), (95, 5), (100, 5)]
)
def test_colour_of_a_cell_follows_earned_coverage(
    render: Render, snapshot: Snapshot, executed: int, level: int
) -> None:
    cell = msgspec.structs.replace(snapshot.themes["security"], earned=Counts(100, executed))
    changed = msgspec.structs.replace(snapshot, themes={"security": cell})
    page = render(State(themes=("security",), suites={"api": changed}))
    assert f'<td class="heat h{level}">' in page


def test_cell_with_nothing_to_earn_shows_n_a(render: Render, snapshot: Snapshot) -> None:
    cell = msgspec.structs.replace(snapshot.themes["security"], earned=Counts())
    changed = msgspec.structs.replace(snapshot, themes={"security": cell})
    page = render(State(themes=("security",), suites={"api": changed}))
    assert '<td class="heat"><b>n/a</b>' in page


def test_failed_tests_are_shown_in_their_cell(render: Render, snapshot: Snapshot) -> None:
    broken = msgspec.structs.replace(
        snapshot.themes["security"], outcomes=Outcomes(tests=5, passed=3, failed=2)
    )
    failed = TestResult(outcome="failed", seconds=1, themes=())
    changed = msgspec.structs.replace(
        snapshot, themes={"security": broken}, tests={"a": failed, "b": failed}
    )
    page = render(State(themes=("security", "architecture"), suites={"api": changed}))
    row = table(page, "Earned coverage of each theme")[0]
    assert row[4:] == ["66.66 % ✕ 2 failed of 5", "– not a theme of this suite"]  # noqa: RUF001 - the page's dash
    assert "2 failed" in page.split("<nav")[0]


@pytest.mark.security
def test_waived_files_are_shown_beside_the_verdict(render: Render, snapshot: Snapshot) -> None:
    waiver = Waiver("apps/api/main.py", "@<team>", date(2026, 12, 31))
    passed = msgspec.structs.replace(snapshot, verdict=Verdict.PASS, reasons=(), waived=(waiver,))
    page = render(State(themes=(), suites={"api": passed}))
    (row,) = table(page, "Earned coverage")
    assert row[1] == "✓ pass 1 file waived"
    assert table(page, "Files below their floor") == [
        ["apps/api/main.py", "api", "75.00 %", "@<team>", "2026-12-31"]
    ]
    assert 'id="waived"' not in render()


def test_many_reasons_are_cut_and_counted(render: Render, snapshot: Snapshot) -> None:
    many = msgspec.structs.replace(snapshot, reasons=tuple(f"failed: t{n}" for n in range(25)))
    assert "<li>… 5 more; <code>covernance summary --format json</code> lists all</li>" in render(
        State(themes=(), suites={"api": many})
    )


@pytest.mark.reliability
def test_missing_suite_is_shown_as_missing(render: Render) -> None:
    page = render(State(themes=("security",), suites={"api": None}))
    row = table(page, "Earned coverage of each theme")[0]
    assert row == ["api", "? missing", "No result. Run covernance run --suite api ."]
    assert "1 without a result" in page
    assert "No tests were recorded." in page


@pytest.mark.reliability
def test_results_from_different_commits_are_marked(render: Render, snapshot: Snapshot) -> None:
    source = msgspec.structs.replace(
        snapshot.provenance, commit=None, branch=None, dirty=True, tools={}, recorded_at="2027"
    )
    other = msgspec.structs.replace(snapshot, suite="web", provenance=source)
    page = render(State(themes=(), suites={"api": snapshot, "web": other}))
    assert "These results come from 2 different commits." in page
    assert "with coverage.py (unknown version) on Python 3.11.7" in page


@pytest.mark.reliability
def test_invalid_floor_is_an_error(render: Render, snapshot: Snapshot) -> None:
    damaged = msgspec.structs.replace(snapshot, floor=Floor("high", "x"))
    with pytest.raises(InputError, match="api: 'high' is not a valid floor"):
        render(State(themes=(), suites={"api": damaged}))


def test_patches_exceptions_slow_and_flaky_tests_have_tables(
    render: Render, snapshot: Snapshot
) -> None:
    state = State(
        themes=("security",),
        suites={"api": snapshot},
        patches={"api": Counts(44, 41), "web": Counts(0, 0)},
        exceptions=(
            ExceptionDue("b.py", "api", "@me", "2026-12-01", 10),
            ExceptionDue("a.py", "api", "@you", "2026-11-20", -1),
        ),
    )
    page = render(state, flaky=[Flaky("api", f"t::{number}") for number in range(60)])
    assert table(page, "Coverage of the lines") == [
        ["api", "41", "44", "93.18 %"],
        ["web", "0", "0", "n/a"],
    ]
    assert table(page, "Exceptions whose") == [
        ["a.py", "api", "@you", "2026-11-20 1 day overdue"],
        ["b.py", "api", "@me", "2026-12-01 10 days left"],
    ]
    assert table(page, "Tests with the longest") == [["t::a", "api", "0.50"]]
    assert len(table(page, "Tests that passed and failed")) == 50
    assert "… 10 more" in page


def test_trends_need_two_results(render: Render, points: list[Point]) -> None:
    page = render(history={"api": points})
    assert 'href="#trends"' in page
    assert "raw total of api over the last 2 results" in page
    assert "+12.50 points" in page
    assert "api: coverage over 2 results" in page
    assert 'id="trends"' not in render(history={"api": points[1:]})


def test_page_links_only_to_existing_reports(render: Render, snapshot: Snapshot) -> None:
    state = State(themes=("security",), suites={"api": snapshot, "web": None})
    bare = {link["href"] for link in Page(render(state)).all("a")}
    assert all(href and href.startswith("#") for href in bare)
    reports = Reports(True, frozenset({"api"}), frozenset({("api", "security")}))
    linked = {link["href"] for link in Page(render(state, reports=reports)).all("a")}
    assert linked - bare == {"all/index.html", "api/index.html", "api/security/index.html"}


def test_every_link_within_the_page_has_its_target(render: Render, points: list[Point]) -> None:
    state = State(
        themes=(),
        suites={"api": None},
        patches={"api": Counts(1, 1)},
        exceptions=(ExceptionDue("a", "api", "o", "2026-12-01", 1),),
    )
    page = Page(render(state, history={"api": points}, flaky=[Flaky("api", "t")]))
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert {str(link["href"])[1:] for link in page.all("a")} <= ids


def test_page_is_accessible(render: Render) -> None:
    page = Page(render())
    tags = {name for name, _ in page.tags}
    assert {"header", "nav", "main", "footer"} <= tags
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("a")[0] == {"class": "skip", "href": "#suites"}
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head.get("scope") in {"col", "row"} for head in page.all("th"))
    assert all(svg.get("role") == "img" for svg in page.all("svg"))


@pytest.mark.security
def test_content_policy_allows_only_this_style_sheet(render: Render) -> None:
    page = render()
    css = page.split("<style>")[1].split("</style>")[0]
    allowed = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = Page(page).all("meta")[1]["content"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{allowed}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"\sstyle=|<script|\son\w+=|@import|url\(", page)


@pytest.mark.security
def test_untrusted_text_is_escaped(render: Render, snapshot: Snapshot) -> None:
    evil = '"><script>alert(1)</script>'
    source = msgspec.structs.replace(
        snapshot.provenance, branch=evil, recorded_at=evil, python=evil
    )
    changed = msgspec.structs.replace(
        snapshot,
        verdict=evil,
        reasons=(evil,),
        provenance=source,
        tests={evil: TestResult(outcome="passed", seconds=1, themes=())},
        floor=Floor("90", evil),
    )
    state = State(
        themes=("security",),
        suites={"api": changed},
        exceptions=(ExceptionDue(evil, "api", evil, evil, 0),),
    )
    page = Page(render(state, flaky=[Flaky("api", evil)]))
    assert not page.all("script")
    assert page.text.count(evil) >= 6


@pytest.mark.reliability
def test_two_hundred_suites_make_a_page_below_5_mib(
    snapshot: Snapshot, points: list[Point]
) -> None:
    many = points * 15
    suites = {
        f"suite-{n}": msgspec.structs.replace(snapshot, suite=f"suite-{n}") for n in range(200)
    }
    state = State(themes=("architecture", "security"), suites=dict(suites))
    history = dict.fromkeys(suites, many)
    page = render_page("hub", state, history, (), Reports())
    assert len(page) < 5 * 2**20
    assert page == render_page("hub", state, history, (), Reports())
