"""One figure in every output of a run: rounded down, with the same digits."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.utils.repository import COVERAGERC, Repository

pytestmark = pytest.mark.architecture

SOURCE = "\n".join(
    [*(f"x{number} = {number}" for number in range(136)), "def unused():", "    return 1", ""]
)
"""137 of its 138 statements run: 99.2753… %."""

TESTS = """\
import calc
import pytest


@pytest.mark.architecture
@pytest.mark.reliability
@pytest.mark.security
def test_import():
    assert calc.x0 == 0
"""
SHOWN = "99.27"
OTHERS = re.compile(r"99\.2[89]|99\.3\b|(?<![\d.])99 ?%|0\.992[89]|0\.993\b")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, str]:
    root = tmp_path_factory.mktemp("figures") / "repository"
    files = {"calc/__init__.py": SOURCE, "tests/test_calc.py": TESTS, ".coveragerc": COVERAGERC}
    repository = Repository(root, files)
    repository.commit_first()
    result = repository.covernance("run", "--", "--cov-report=term")
    assert result.code == 0, result.text
    return repository, result.out


def test_the_terminal_shows_it_everywhere(ran: tuple[Repository, str]) -> None:
    _, out = ran
    assert f"calc: pass: {SHOWN} % (floor 90 %" in out
    assert re.search(rf"^TOTAL .* {SHOWN}%$", out, re.MULTILINE)
    assert not OTHERS.search(out)


@pytest.mark.parametrize(
    "name",
    [
        "html/index.html",
        "html/calc/index.html",
        "html/all/index.html",
        "badges/calc.svg",
    ],
)
def test_pages_and_badges_show_it(ran: tuple[Repository, str], name: str) -> None:
    text = (ran[0].root / "coverage" / name).read_text(encoding="utf-8")
    assert re.search(rf"{SHOWN} ?%", text)
    assert not OTHERS.search(text)


@pytest.mark.parametrize("form", ["markdown", "text", "json"])
def test_summaries_show_it(ran: tuple[Repository, str], form: str) -> None:
    out = ran[0].covernance("summary", "--format", form).out
    assert SHOWN in out
    assert not OTHERS.search(out)


def test_reports_for_programs_have_its_digits_beside_the_exact_value(
    ran: tuple[Repository, str],
) -> None:
    folder: Path = ran[0].root / "coverage"
    root = ET.parse(folder / "calc.xml").getroot()  # noqa: S314 - the run's own report
    assert root.get("line-rate") == "0.9927"
    for name in ("calc.json", "baseline.json"):
        totals = json.loads((folder / name).read_bytes())["totals"]
        assert totals["percent_covered_display"] == SHOWN
        assert totals["percent_covered"] == pytest.approx(100 * 137 / 138)
