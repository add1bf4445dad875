"""The landing page in a real browser: it loads alone, links lead somewhere, all can read it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from covernance.dashboard.workflow import history, publish, render_files
from covernance.history.open import open_table_store
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot
from covernance.reports.state import ExceptionDue, State
from covernance.reports.trend import Flaky
from covernance.results import read_results
from tests.utils.contexts import context_of
from tests.utils.processes import PATIENCE_SECONDS
from tests.utils.repository import CALC, TABLE, TESTS, Repository, clean_environment

pytestmark = pytest.mark.architecture

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCHEMES = ["light", "dark"]
HOSTILE = 'failed: tests/test_calc.py::test["><img src=https://evil.example/x.png>]'
THREE_SUITES = """
[tool.covernance.suites.mean]
source = ["mean"]
tests = ["tests_mean"]
fail-under = 100

[tool.covernance.suites.idle]
source = ["idle"]
tests = ["tests_idle"]
"""
LEAST_CONTRAST, LEAST_CONTRAST_LARGE = 4.5, 3.0

CONTRASTS = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = color => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
  const luminance = rgb => {
    const linear = c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.map(c => linear(c / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const backdrop = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement)
      layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || element.closest('title, desc')) continue;
    const style = getComputedStyle(element);
    const below = backdrop(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    const both = [luminance(over(rgba(color), below)), luminance(below)];
    const [light, dark] = both.sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    found.push({text, large, ratio: (light + .05) / (dark + .05)});
  }
  return found;
}
"""


@dataclass
class Visit:
    """A page that is open, and what it said and asked for while it loaded."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("requestfailed", lambda request: self.said.append(request.url))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of pages of a repository whose suites pass, fail and have no result."""
    root = tmp_path_factory.mktemp("site") / "calculators"
    files = {"pyproject.toml": TABLE.replace("fail-under = 90", "fail-under = 50") + THREE_SUITES}
    files["pyproject.toml"] += (
        '\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
        'addopts = "-p no:randomly -p no:hypothesispytest --import-mode=importlib"\n'
        'markers = ["architecture", "reliability", "security"]\n'
    )
    files["mean/__init__.py"] = CALC + "\n\ndef unused():\n    return 1\n"
    files["tests_mean/test_mean.py"] = TESTS.replace("from calc", "from mean")
    files["idle/__init__.py"] = ""
    files["tests_idle/test_idle.py"] = ""
    repository = Repository(root, files)
    repository.git("init", "--quiet", "--initial-branch=main")
    for message in ("first", "second"):
        repository.git("add", "--all")
        repository.git("commit", "--quiet", "--allow-empty", "--message", message)
        for suite in ("calc", "mean"):
            assert repository.covernance("run", "--suite", suite).code in {0, 2}
        repository.covernance("history", "add")
    ran = repository.covernance("dashboard", "--theme-reports")
    assert ran.code == 0, ran.text
    _enrich(root)
    return root / "coverage" / "html"


def _enrich(root: Path) -> None:
    """Publish the page once more with what the policies find and hostile text in it."""
    context = context_of(root)
    table = context.table
    results = read_results(context)
    mean = results["mean"]
    assert isinstance(mean, Snapshot)
    results["mean"] = msgspec.structs.replace(mean, reasons=(*mean.reasons, HOSTILE))
    state = State(
        themes=table.themes,
        suites=results,
        patches={"calc": Counts(44, 41)},
        exceptions=(
            ExceptionDue("mean/__init__.py", "mean", "@statisticians", "2026-11-20", -1),
            ExceptionDue("calc/__init__.py", "calc", "@me", "2026-12-01", 10),
        ),
    )
    past = history(open_table_store(context), "main", state)
    past = msgspec.structs.replace(past, flaky=(Flaky("mean", "tests_mean/test_mean.py::test_x"),))
    publish(context.layout, render_files(context, state, past))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is not there: scripts/install_test_packages.sh installs it")
    home = tmp_path_factory.mktemp("home")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, env={**clean_environment(), "HOME": str(home)}
        )
        yield launched
        launched.close()


@pytest.fixture(params=SCHEMES)
def visit(request: pytest.FixtureRequest, browser: Browser, site: Path) -> Iterator[Visit]:
    page = browser.new_page(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    opened = Visit(page)
    opened.watch()
    page.goto((site / "index.html").as_uri())
    yield opened
    page.close()


def test_the_page_loads_without_a_word_on_the_console(visit: Visit) -> None:
    assert visit.said == []
    assert visit.page.title() == "calculators: coverage"
    assert visit.page.locator("#suites tbody tr").count() == 3
    assert visit.page.locator("figure svg.chart").count() == 2


@pytest.mark.security
def test_no_request_leaves_the_page(visit: Visit, site: Path) -> None:
    assert [url for url in visit.asked if url != "data:,"] == [(site / "index.html").as_uri()]
    assert visit.page.locator("img, script, iframe, object").count() == 0
    assert HOSTILE in visit.page.locator("#reasons").inner_text()


@pytest.mark.security
def test_the_pages_policy_refuses_what_is_added_to_it(visit: Visit) -> None:
    visit.page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.body.append(script);
        document.body.append(Object.assign(new Image(), {src: 'https://evil.example/x.png'}));
        document.body.setAttribute('style', 'display: none');
    }""")
    assert visit.page.evaluate("window.ran") is None
    assert visit.page.evaluate("getComputedStyle(document.body).display") == "block"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(visit.said) < 3:  # what the console says comes after the answers, on its own
        assert time.monotonic() < deadline, visit.said
        visit.page.wait_for_timeout(20)
    assert all("Content Security Policy" in said or "evil.example" in said for said in visit.said)


def test_every_link_leads_somewhere(visit: Visit) -> None:
    links: list[str] = visit.page.eval_on_selector_all("a", "all => all.map(a => a.href)")
    assert any("calc/security/index.html" in link for link in links)
    for link in links:
        response = visit.page.goto(link)
        assert response is None or response.ok
        if "#" in link:
            assert visit.page.locator(f"#{link.split('#')[1]}").count() == 1
        else:
            assert visit.page.locator("span.pc_cov").count() == 1


def test_a_themes_report_is_filtered_by_it(visit: Visit) -> None:
    visit.page.goto(visit.page.url.replace("index.html", "calc/security/index.html"))
    assert visit.page.title() == "calc by security"
    assert visit.page.locator("span.pc_cov").inner_text() != "100.00%"


def test_all_text_has_aa_contrast(visit: Visit) -> None:
    found = visit.page.evaluate(CONTRASTS)
    assert len(found) > 100
    poor = [
        text
        for text in found
        if text["ratio"] < (LEAST_CONTRAST_LARGE if text["large"] else LEAST_CONTRAST)
    ]
    assert poor == []


def test_the_scheme_is_the_readers(visit: Visit) -> None:
    back: str = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark: bool = visit.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert back == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")


def test_the_keyboard_reaches_every_link_and_shows_where_it_is(visit: Visit) -> None:
    focusable = visit.page.locator("a, [tabindex]").count()
    reached = []
    for _ in range(focusable):
        visit.page.keyboard.press("Tab")
        reached.append(
            visit.page.evaluate("""() => {
                const at = document.activeElement, box = at.getBoundingClientRect();
                const all = [...document.querySelectorAll('a, [tabindex]')];
                const outline = parseFloat(getComputedStyle(at).outlineWidth);
                return [all.indexOf(at), outline >= 2 && box.width > 0 && box.right > 0];
            }""")
        )
    assert reached == [[index, True] for index in range(focusable)]


def test_a_reader_of_the_accessibility_tree_finds_its_way(visit: Visit) -> None:
    page = visit.page
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    table = page.get_by_role("table", name="Earned coverage of each theme")
    assert table.get_by_role("rowheader").all_inner_texts() == ["mean", "idle", "calc"]
    assert table.get_by_role("columnheader", name="security").count() == 1
    assert page.get_by_role("img", name="calc: coverage over").count() == 1
    levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_page_is_never_wider_than_the_window(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_picture_of_the_page_is_taken(visit: Visit, tmp_path: Path) -> None:
    picture = visit.page.screenshot(path=tmp_path / "page.png", full_page=True)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 50_000


def test_the_page_prints_on_light_paper(visit: Visit, tmp_path: Path) -> None:
    visit.page.emulate_media(media="print")
    back = visit.page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--page')"
    )
    assert back.strip() == "#ffffff"
    assert not visit.page.locator("nav").is_visible()
    assert visit.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
