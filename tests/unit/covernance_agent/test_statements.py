from __future__ import annotations

import os
from pathlib import Path

import pytest
from coverage.parser import PythonParser
from hypothesis import given

from covernance_agent.failures import MachineError
from covernance_agent.statements import perform, read_source, spans, statements
from tests.unit.covernance_agent.programs import SOURCES
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.architecture

SOURCE = '''\
"""A docstring."""
import os

# a comment
x = call(
    1,

    2,
)
if TYPE_CHECKING:
    import typing
'''


def test_spans_are_the_first_and_last_lines_of_statements_over_several_lines() -> None:
    assert spans(SOURCE) == [(5, 9)]


@examples_divided_by(2)
@given(SOURCES)
def test_spans_equal_the_multiline_statements_of_coverage_py(text: str) -> None:
    parser = PythonParser(text=text + "\n")
    parser.parse_source()
    known = getattr(parser, "multiline_map", None) or getattr(parser, "_multiline", {})
    assert known == {
        line: first for first, last in spans(text + "\n") for line in range(first, last + 1)
    }


def write(path: Path, content: str) -> str:
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_statements_are_the_lines_that_must_run(tmp_path: Path) -> None:
    source = write(tmp_path / "source.py", SOURCE)
    assert statements(source, ()) == [2, 5, 10, 11]
    assert statements(source, ("if TYPE_CHECKING", "nothing")) == [2, 5]
    assert statements(write(tmp_path / "empty.py", ""), ()) == []


@pytest.mark.reliability
@pytest.mark.parametrize(
    "text",
    ["def f(:\n", "x = (\n", "if x:\n        y\n    z\n", "\0", f"x = {'-' * 100_000}1\n"],
)
def test_a_text_that_is_not_python_has_no_statements(tmp_path: Path, text: str) -> None:
    assert statements(write(tmp_path / "source.py", text), ()) is None


@pytest.mark.reliability
def test_a_fifo_has_no_statements_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.py")
    assert read_source(str(tmp_path / "fifo.py")) == ""
    assert statements(str(tmp_path / "fifo.py"), ()) is None


def test_a_task_returns_for_each_source_what_must_run_and_whether_it_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / ".coveragerc", "[run]\nomit = b.py\n[report]\nexclude_also = no\n")
    for name, text in {"a.py": "x = (\n1)\nno = 1\n", "b.py": "", "c.py": "def f(:"}.items():
        write(tmp_path / name, text)
    sources = ["a.py", "b.py", "c.py", "gone.py"]
    by_path = perform({"sources": sources, "required": True})["sources"]
    assert by_path == {
        "a.py": {"spans": [(1, 2)], "must_run": "1", "measured": True},
        "b.py": {"spans": [], "must_run": "", "measured": False},
        "c.py": {"spans": [], "must_run": None, "measured": True},
        "gone.py": {"spans": [], "must_run": None, "measured": True},
    }
    (without,) = perform({"sources": ["b.py"], "required": False})["sources"].values()
    assert without == {"spans": [], "must_run": None, "measured": True}


@pytest.mark.reliability
def test_source_that_cant_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "loop.py").symlink_to("loop.py")
    with pytest.raises(MachineError, match=r"loop\.py: can't be read"):
        read_source(str(tmp_path / "loop.py"))


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (b"x = (\r1)\r\ry = (\r2)\r", 5),
        (b"x = 1\r\n\x0c\r\ny = (\r\n2)\r\n", 4),
        ("x = '\u2028\x0b\x1c'\n\ny = (\n2)\n".encode(), 4),
        (b"\xef\xbb\xbf# coding: utf-8\nx = 1\ny = (\n2)\n", 4),
        (b"# coding: latin-1\nx = '\xe9\x85'\ny = (\n2)\n", 4),
    ],
)
def test_lines_are_those_of_python(tmp_path: Path, content: bytes, last: int) -> None:
    source = tmp_path / "source.py"
    source.write_bytes(content)
    assert spans(read_source(str(source)))[-1] == (last - 1, last)
    required = statements(str(source), ())
    assert required is not None
    assert max(required) == last - 1
