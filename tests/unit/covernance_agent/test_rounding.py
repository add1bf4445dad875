from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from coverage import Coverage, xmlreport
from coverage.results import Numbers

from covernance_agent.formats import FileReport, write_report
from covernance_agent.rounding import round_down

pytestmark = pytest.mark.architecture

OWN = {name: vars(Numbers)[name] for name in ("pc_covered_str", "pc_statements_str")}
RATE = xmlreport.rate


@pytest.fixture
def cov(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Coverage:
    """A file of which 198 of 199 statements ran: 99.4974… %."""
    lines = [*(f"x = {number}" for number in range(197)), "if x < 0:", "    x = 0"]
    (tmp_path / "one.py").write_text("\n".join(lines) + "\n")
    arcs = [(-1, 1), *((line, line + 1) for line in range(1, 198)), (198, -1)]
    return measured({"a": {"one.py": arcs}})


@pytest.mark.parametrize(
    ("covered", "total", "shown"),
    [
        (1999, 2000, "99.95"),
        (19999, 20000, "99.99"),
        (99999, 100000, "99.99"),
        (1, 100000, "0.00"),
        (9927, 10000, "99.27"),
        (137, 138, "99.27"),
        (5, 5, "100.00"),
        (0, 0, "100.00"),
        (0, 7, "0.00"),
    ],
)
def test_percentages_have_two_decimals_and_are_rounded_down(
    cov: Coverage, covered: int, total: int, shown: str
) -> None:
    numbers = Numbers(precision=0, n_statements=total, n_missing=total - covered)
    with round_down(cov):
        assert (numbers.pc_covered_str, numbers.pc_statements_str) == (shown, shown)
        assert numbers.pc_branches_str == "100.00"


@pytest.mark.parametrize(
    ("covered", "total", "shown"),
    [
        (137, 138, "0.9927"),
        (1, 12, "0.0833"),
        (1, 2, "0.5"),
        (1, 99999, "0"),
        (7, 7, "1"),
        (0, 0, "1"),
        (0, 3, "0"),
    ],
)
def test_rates_have_the_digits_of_the_percentage(
    cov: Coverage, covered: int, total: int, shown: str
) -> None:
    with round_down(cov):
        assert xmlreport.rate(covered, total) == shown


def test_reports_of_coverage_show_the_same_percentage(cov: Coverage, tmp_path: Path) -> None:
    with round_down(cov):
        write_report(cov, FileReport("html", tmp_path / "html", "api"))
        write_report(cov, FileReport("xml", tmp_path / "x.xml", "api"))
    assert '<span class="pc_cov">99.00%</span>' in (tmp_path / "html/index.html").read_text()
    root = ET.parse(tmp_path / "x.xml").getroot()  # noqa: S314 - coverage.py's own report
    assert (root.get("line-rate"), root.get("branch-rate")) == ("0.9949", "0.5")


@pytest.mark.reliability
def test_coverage_rounds_by_its_own_rule_afterwards(cov: Coverage) -> None:
    with pytest.raises(ZeroDivisionError), round_down(cov):
        _ = 1 / 0
    assert {name: vars(Numbers)[name] for name in OWN} == OWN
    assert xmlreport.rate is RATE
