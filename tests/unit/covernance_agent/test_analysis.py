from __future__ import annotations

from pathlib import Path

import msgspec
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
def test_an_analysis_is_what_coverage_pys_parser_tells(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("sources") / "program.py"
    path.write_text(text)
    found = analyse(path, RULES)
    parser = PythonParser(filename=str(path), exclude=EXCLUDE)
    parser.parse_source()
    assert found is not None
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Source) == found
    assert (found.statements, found.excluded) == (parser.statements, parser.excluded)
    assert found.no_branch == parser.lines_matching(PARTIAL)
    assert [*map(unpacked, found.steps)] == sorted(parser.arcs())
    assert found.exits == {
        line: number for line, number in parser.exit_counts().items() if number > 1
    }
    assert found.first_lines == parser.multiline_map
    regions = [
        (one.kind, one.name, one.start, one.lines)
        for one in code_regions(get_python_source(str(path)))
    ]
    assert [
        (one.kind, one.name, one.start, one.lines) for one in found.decoded_regions()
    ] == regions
    line = text.count("\n") + 1
    steps = [(-1, 1), *parser.arcs(), *((a, a) for a in range(1, line)), (line, -line)]
    assert {found.arc(step) for step in steps} - {None} == parser.translate_arcs(steps)
    assert {found.line(a) for step in steps for a in step} == parser.translate_lines(
        a for step in steps for a in step
    )


@pytest.mark.reliability
@pytest.mark.parametrize("content", [b"def f(:\n", b"x = '''\n", b"\0", b"# coding: nonsense\n"])
def test_what_is_no_python_has_no_analysis(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.py").write_bytes(content)
    assert analyse(tmp_path / "bad.py", RULES) is None
    assert analyse(tmp_path / "gone.py", RULES) is None


def test_other_rules_have_another_digest() -> None:
    assert RULES.digest == Rules(exclude=(EXCLUDE,), partial=(PARTIAL,)).digest
    assert RULES.digest != Rules(exclude=(PARTIAL,), partial=(EXCLUDE,)).digest
