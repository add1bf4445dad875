from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage
from coverage.exceptions import NotPython
from coverage.parser import PythonParser
from coverage.plugin import FileReporter
from coverage.report_core import get_analysis_to_report
from coverage.results import Analysis, analysis_from_file_reporter
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent import combining, fence, public_counting
from covernance_agent.data_file import opened
from covernance_agent.failures import InputError
from tests.unit.covernance_agent.folders import new_current_folder
from tests.unit.covernance_agent.programs import EVERYTHING, SOURCES
from tests.unit.covernance_agent.results import (
    Cell,
    Counts,
    Result,
    count,
    decoded,
    sum_totals,
    text_of,
)
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.architecture
known = pytest.mark.skipif(not fence.is_known(), reason="private names of coverage.py")

SOURCE = """\
def sign(x):
    if x < 0:
        return -1
    return 1
"""
IMPORT = [(-1, 1), (1, -1)]
NEGATIVE = [(-1, 2), (2, 3), (3, -1)]
POSITIVE = [(-1, 2), (2, 4), (4, -1)]


@pytest.fixture
def sign(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Coverage:
    (tmp_path / "sign.py").write_text(SOURCE)
    return measured(
        {
            "security": {"sign.py": IMPORT},
            "security|run": {"sign.py": NEGATIVE},
            "reliability": {"sign.py": IMPORT},
            "reliability|run": {"sign.py": POSITIVE},
        }
    )


def test_the_total_counts_what_any_context_executed(sign: Coverage) -> None:
    results = count(sign, ["security", "reliability"])
    assert sum_totals(results) == Counts(4, 4, 2, 2)


def test_raw_counts_importing_and_earned_does_not(sign: Coverage) -> None:
    results = count(sign, ["security", "reliability"])
    for theme in ("security", "reliability"):
        cell = results["sign.py"].themes[theme]
        assert cell.raw == Counts(4, 3, 2, 1)
        assert cell.earned == Counts(3, 2, 2, 1)


@pytest.mark.security
def test_a_theme_whose_name_others_contain_counts_only_its_own(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "sign.py").write_text(SOURCE)
    cov = measured(
        {
            "sec": {"sign.py": IMPORT},
            "sec|run": {"sign.py": NEGATIVE},
            "security|run": {"sign.py": POSITIVE},
        }
    )
    assert count(cov, ["sec"])["sign.py"].themes["sec"].raw == Counts(4, 3, 2, 1)


def test_missing_lines_and_branches_are_listed(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "sign.py").write_text(SOURCE)
    cov = measured({"a": {"sign.py": IMPORT}, "a|run": {"sign.py": POSITIVE}})
    result = count(cov, ["a"])["sign.py"]
    assert result.missing_lines == "3"
    assert result.executed_lines == "1-2,4"
    assert result.imported_lines == "1"
    assert result.themes["a"].executed_lines == "1-2,4"
    assert result.branches == {2: (2, 1)}
    assert result.missing_branches == ((2, 3),)


AT_IMPORT = """\
import os
if os.name:
    NAME = 1
else:
    NAME = 2
for _ in "ab":
    NAME += 1
def sign(x):
    if x < 0:
        return -1
    return 1
"""


def test_a_theme_can_earn_what_importing_did_not_execute(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "at_import.py").write_text(AT_IMPORT)
    imported = [(-1, 1), (1, 2), (2, 3), (3, 6), (6, 7), (7, 6), (6, 8), (8, -1)]
    called = [(-8, 9), (9, 10), (10, -8)]
    cov = measured({"a": {"at_import.py": imported}, "a|run": {"at_import.py": called}})
    cell = count(cov, ["a"])["at_import.py"].themes["a"]
    assert cell.earnable == "5,9-11"
    assert cell.earnable_branches == {2: (1, 0), 9: (2, 1)}
    assert cell.earned == Counts(4, 2, 3, 1)


@pytest.mark.reliability
def test_data_without_files_gives_no_results(measured: Callable[[Any], Coverage]) -> None:
    assert count(measured({"a": {}}), ["a"]) == {}


@pytest.mark.reliability
def test_a_missing_source_is_a_clear_error(measured: Callable[[Any], Coverage]) -> None:
    cov = measured({"a": {"gone.py": IMPORT}})
    with pytest.raises(InputError, match=r"gone\.py"):
        count(cov, ["a"])


class Template(FileReporter):
    """A file that a plugin measures; its last line is part of the statement before it."""

    def lines(self) -> set[int]:
        return {1, 2, 3, 5, 6}

    def excluded_lines(self) -> set[int]:
        return {4}

    def no_branch_lines(self) -> set[int]:
        return {6}

    def arcs(self) -> set[tuple[int, int]]:
        return {(-1, 1), (1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (5, 6), (5, -1), (6, 1), (6, 2)}

    def exit_counts(self) -> dict[int, int]:
        return {1: 2, 2: 1, 3: 1, 5: 2, 6: 2}

    def translate_lines(self, lines: Iterable[int]) -> set[int]:
        return {5 if line == 7 else line for line in lines}

    def translate_arcs(self, arcs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        lines = {7: 5}
        steps = {(lines.get(start, start), lines.get(end, end)) for start, end in arcs}
        return steps - {(5, 6)}  # this step does not count as a branch

    def source(self) -> str:
        return "\n" * 7


class NotATemplate(Template):
    """A file that its plugin can't read."""

    def __init__(self, filename: str, *, python: bool) -> None:
        super().__init__(filename)
        self._python = python

    def lines(self) -> set[int]:
        raise NotPython("no template")

    def should_be_python(self) -> bool:
        return self._python


@known
def test_the_counts_of_a_plugins_file_are_those_of_coverage_py(
    measured: Callable[[Any], Coverage], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [(-1, 1), (1, 2), (2, 7), (7, 6), (6, -1)]
    cov = measured({"a": {"page.html": steps[:1]}, "a|run": {"page.html": steps}})
    template = Template(str(Path("page.html").absolute()))
    monkeypatch.setattr(cov, "files", lambda: {"page.html": template})
    result = count(cov, ["a"])["page.html"]
    analysis = analysis_from_file_reporter(cov.get_data(), 0, template, "page.html")
    assert result.total == counts(analysis)
    assert result.total == Counts(5, 4, 6, 3)
    assert (result.executed_lines, result.missing_lines) == ("1-2,5-6", "3")
    assert result.branches == {1: (2, 1), 5: (2, 0), 6: (2, 2)}
    assert result.themes["a"].earned == Counts(4, 3, 4, 1)


@known
@pytest.mark.reliability
@pytest.mark.parametrize("python", [True, False])
def test_a_file_that_its_plugin_cant_read_is_an_error_only_if_it_should_be_python(
    measured: Callable[[Any], Coverage], monkeypatch: pytest.MonkeyPatch, *, python: bool
) -> None:
    cov = measured({"a": {"page.html": [(-1, 1)]}})
    template = NotATemplate(str(Path("page.html").absolute()), python=python)
    monkeypatch.setattr(cov, "files", lambda: {"page.html": template})
    if python:
        with pytest.raises(InputError, match="no template"):
            count(cov, ["a"])
    else:
        assert count(cov, ["a"]) == {}


@known
@pytest.mark.reliability
def test_a_source_that_is_nested_too_deeply_is_named(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "deep.py").write_text("x = " + "-" * 100_000 + "1\n")
    with pytest.raises(InputError, match=r"can't analyse deep\.py: "):
        count(measured({"a": {"deep.py": IMPORT}}), ["a"])


@pytest.fixture
def several(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Coverage:
    names = [f"sign_{number}.py" for number in range(5)]
    for name in names:
        (tmp_path / name).write_text(SOURCE)
    return measured(
        {
            "security": dict.fromkeys(names, IMPORT),
            "security|run": dict.fromkeys(names[:3], NEGATIVE),
            "reliability|run": dict.fromkeys(names[2:], POSITIVE),
        }
    )


@known
@pytest.mark.reliability
def test_several_processes_count_the_same_numbers(
    several: Coverage, monkeypatch: pytest.MonkeyPatch
) -> None:
    themes = ("security", "reliability")
    alone = count(several, themes)
    monkeypatch.setattr("covernance_agent.counting._PARALLEL_MIN_FILES", 1)
    monkeypatch.setattr("covernance_agent.parallel.cpus", lambda: 3)
    together = count(several, themes)
    assert together == alone
    assert [*together] == sorted(together) == [f"sign_{number}.py" for number in range(5)]


@known
@pytest.mark.reliability
def test_a_missing_source_is_a_clear_error_in_any_process(
    tmp_path: Path, several: Coverage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sign_4.py").unlink()
    monkeypatch.setattr("covernance_agent.counting._PARALLEL_MIN_FILES", 1)
    monkeypatch.setattr("covernance_agent.parallel.cpus", lambda: 5)
    with pytest.raises(InputError, match=r"sign_4\.py"):
        count(several, ["security"])


Arcs = list[tuple[int, int]]
THEMES = ("a", "ab")
CONTEXTS = ("a", "a|run", "a|run|t.py::test_b", "ab", "ab|run", "b", "")


def coverage_py(folder: Path, themes: Iterable[str]) -> dict[str, Result]:
    """The same numbers as `counting.file_results`, from coverage.py one at a time."""
    cov = Coverage(data_file=str(folder / ".coverage"))
    cov.load()
    results = {}
    for reporter, everything in get_analysis_to_report(cov, None):
        cells, importing = {}, set[int]()
        for theme in themes:
            raw = asked(cov, reporter, rf"^{theme}(\||$)")
            imported = asked(cov, reporter, f"^{theme}$")
            importing |= imported.executed
            left = {
                line: (exits - imported.branch_stats()[line][1], taken)
                for line, (exits, taken) in raw.branch_stats().items()
            }
            cells[theme] = Cell(
                raw=counts(raw),
                earned=counts(raw).beyond(counts(imported)),
                executed_lines=text_of(raw.executed),
                earnable=text_of(imported.missing),
                earnable_branches={
                    line: (exits, taken - imported.branch_stats()[line][1])
                    for line, (exits, taken) in sorted(left.items())
                    if exits
                },
            )
        cov.get_data().set_query_contexts(None)
        results[reporter.relative_filename()] = Result(
            total=counts(everything),
            themes=cells,
            executed_lines=text_of(everything.executed),
            missing_lines=text_of(everything.missing),
            imported_lines=text_of(importing),
            excluded_lines=text_of(everything.excluded),
            branches=dict(sorted(everything.branch_stats().items())),
            missing_branches=tuple(
                (start, end)
                for start, ends in sorted(everything.missing_branch_arcs().items())
                if start not in everything.missing
                for end in ends
            ),
        )
    return results


def asked(cov: Coverage, reporter: FileReporter, contexts: str) -> Analysis:
    cov.get_data().set_query_contexts([contexts])
    return analysis_from_file_reporter(cov.get_data(), 0, reporter, reporter.relative_filename())


def counts(analysis: Analysis) -> Counts:
    numbers = analysis.numbers
    return Counts(
        numbers.n_statements,
        numbers.n_executed,
        numbers.n_branches,
        numbers.n_executed_branches,
    )


@st.composite
def executed(draw: st.DrawFn, text: str) -> dict[str, Arcs]:
    """Possible steps in the code, whether coverage.py records them or not, and impossible ones."""
    parser = PythonParser(text=text + "\n")
    parser.parse_source()
    end = text.count("\n") + 2
    allowed = [*parser.arcs(), *parser._with_jump_fixers, (-1, 1)]
    line = st.integers(-end, end).filter(bool)
    step = st.sampled_from(sorted(allowed)) | st.tuples(line, line)
    return {context: draw(st.lists(step, max_size=30)) for context in CONTEXTS}


@pytest.mark.reliability
@examples_divided_by(2)
@given(st.data(), SOURCES, st.booleans())
def test_the_numbers_equal_those_of_coverage_py(
    data: st.DataObject,
    text: str,
    branches: bool,  # noqa: FBT001 - drawn
) -> None:
    compare(text, data.draw(executed(text)), branches=branches)


@pytest.mark.reliability
@pytest.mark.parametrize("left_out", range(5))
def test_a_program_with_every_construct_has_the_numbers_of_coverage_py(left_out: int) -> None:
    parser = PythonParser(text=EVERYTHING)
    parser.parse_source()
    steps = sorted({*parser.arcs(), *parser._with_jump_fixers})
    ran = {
        context: [step for place, step in enumerate(steps, number) if place % 5 != left_out]
        for number, context in enumerate(CONTEXTS)
    }
    compare(EVERYTHING, ran | {"ab": steps, "b": []}, branches=True)
    compare(EVERYTHING, {"a|run": ran["a|run"], "b": ran["b"][:40]}, branches=True)


def reopen() -> Coverage:
    cov = Coverage()
    cov.load()
    return cov


def compare(text: str, ran: Mapping[str, Arcs], *, branches: bool) -> None:
    """Compare the counts of a program with those of coverage.py, twice."""
    with new_current_folder() as folder:
        (folder / ".coveragerc").write_text("[run]\nrelative_files = true\n")
        (folder / "program.py").write_text(text)
        (folder / "empty.py").touch()
        with opened(folder / ".coverage") as recorded:
            for context, arcs in ran.items():
                recorded.set_context(context)
                if branches:
                    recorded.add_arcs({"program.py": arcs})
                else:
                    recorded.add_lines({"program.py": [abs(start) for start, _ in arcs]})
            recorded.touch_file("empty.py")
            recorded.write()
        expected = coverage_py(folder, THEMES)
        assert decoded(public_counting.file_results(reopen, THEMES)) == expected
        for _ in range(2):
            cov = combining.load(folder / ".coverage", folder / ".analysis", config_file=True)
            assert count(cov, THEMES) == expected
