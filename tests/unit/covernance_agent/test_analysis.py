from __future__ import annotations

import marshal
from pathlib import Path

import pytest
from coverage.parser import PythonParser
from coverage.python import get_python_source
from coverage.regions import code_regions
from hypothesis import given

from covernance_agent.analysis import Rules, analyse
from covernance_agent.source import Source, unpacked
from tests.unit.covernance_agent.programs import SOURCES

pytestmark = pytest.mark.architecture

EXCLUDE = r"#\s*pragma: no cover"
PARTIAL = r"#\s*pragma: no branch"
RULES = Rules(exclude=(EXCLUDE,), partial=(PARTIAL,))


@given(SOURCES)
def test_an_analysis_equals_that_of_coverage_pys_parser(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("sources") / "program.py"
    path.write_text(text)
    source = analyse(path, RULES)
    parser = PythonParser(filename=str(path), exclude=EXCLUDE)
    parser.parse_source()
    assert source is not None
    cached = marshal.dumps(tuple(source))
    assert Source(*marshal.loads(cached)) == source  # noqa: S302 - written in the line above
    assert (source.statements, source.excluded) == (parser.statements, parser.excluded)
    assert source.no_branch == parser.lines_matching(PARTIAL)
    assert [*map(unpacked, source.steps)] == sorted(parser.arcs())
    assert source.exits == {
        line: number for line, number in parser.exit_counts().items() if number > 1
    }
    assert source.first_lines == parser.multiline_map
    regions = [
        (region.kind, region.name, region.start, region.lines)
        for region in code_regions(get_python_source(str(path)))
    ]
    assert [
        (region.kind, region.name, region.start, region.lines)
        for region in source.decoded_regions()
    ] == regions
    line = text.count("\n") + 1
    steps = [(-1, 1), *parser.arcs(), *((a, a) for a in range(1, line)), (line, -line)]
    assert {source.arc(step) for step in steps} - {None} == parser.translate_arcs(steps)
    assert {source.line(a) for step in steps for a in step} == parser.translate_lines(
        a for step in steps for a in step
    )


DEEP = b"x = " + b"-" * 100_000 + b"1\n"
"""Python's own parser runs out of its stack."""


@pytest.mark.reliability
@pytest.mark.parametrize(
    "content", [b"def f(:\n", b"x = '''\n", b"\0", b"# coding: nonsense\n", DEEP]
)
def test_a_file_that_is_not_python_has_no_analysis(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.py").write_bytes(content)
    assert analyse(tmp_path / "bad.py", RULES) is None
    assert analyse(tmp_path / "gone.py", RULES) is None


def test_other_rules_have_another_digest() -> None:
    assert RULES.digest == Rules(exclude=(EXCLUDE,), partial=(PARTIAL,)).digest
    assert RULES.digest != Rules(exclude=(PARTIAL,), partial=(EXCLUDE,)).digest
