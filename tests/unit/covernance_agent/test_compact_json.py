from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage
from coverage.exceptions import NoSource
from coverage.parser import PythonParser
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent.combining import load
from covernance_agent.compact_json import encode_report, encode_with_contexts
from covernance_agent.data_file import opened
from tests.unit.covernance_agent.folders import new_current_folder
from tests.unit.covernance_agent.programs import EVERYTHING
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.architecture

Arcs = list[tuple[int, int]]


def allowed_arcs() -> Arcs:
    """The steps that the program with everything allows."""
    parser = PythonParser(text=EVERYTHING)
    parser.parse_source()
    return sorted(parser.arcs())


MEASUREMENTS = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    st.lists(st.sampled_from(allowed_arcs()), max_size=40),
    min_size=1,
    max_size=4,
)
"""What each context executed of that program."""


def sorted_document(text: str | bytes) -> dict[str, Any]:
    """A report without its time; coverage.py orders contexts differently in every process."""

    def ordered(mapping: dict[str, Any]) -> dict[str, Any]:
        return {
            key: sorted(value) if isinstance(value, list) else value
            for key, value in mapping.items()
        }

    document: dict[str, Any] = json.loads(text, object_hook=ordered)
    del document["meta"]["timestamp"]
    return document


def own_report(*, show_contexts: bool) -> dict[str, Any]:
    """coverage.py's own report of the data in the current folder."""
    cov = Coverage()
    cov.load()
    cov.json_report(outfile="own.json", show_contexts=show_contexts)
    return sorted_document(Path("own.json").read_text(encoding="utf-8"))


def write_data(measured: Mapping[str, Arcs], *, branches: bool) -> None:
    with opened(Path(".coverage")) as data:
        for context, arcs in measured.items():
            data.set_context(context)
            if branches:
                data.add_arcs({"na\u00efve.py": arcs})
            else:
                data.add_lines({"na\u00efve.py": [abs(end) for _, end in arcs]})
        data.touch_file("empty.py")
        data.write()


@examples_divided_by(4)
@given(MEASUREMENTS, st.booleans())
def test_reports_equal_those_of_coverage_py(
    measured: dict[str, Arcs],
    branches: bool,  # noqa: FBT001 - drawn
) -> None:
    with new_current_folder():
        Path(".coveragerc").write_text("[run]\nrelative_files = true\n")
        Path("na\u00efve.py").write_text(EVERYTHING)
        Path("empty.py").touch()
        write_data(measured, branches=branches)
        cov = load(Path(".coverage"), Path(".analysis"), config_file=True)
        for encode, show_contexts in ((encode_report, False), (encode_with_contexts, True)):
            content = encode(cov)
            assert b"\n" not in content
            assert sorted_document(content) == own_report(show_contexts=show_contexts)


@pytest.fixture
def cov(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Coverage:
    (tmp_path / "one.py").write_text("x = 1\ny = 2\n")
    return measured({"a": {"one.py": [(-1, 1)]}, "b": {"one.py": [(1, 2)]}})


def contexts_of_one(content: bytes) -> object:
    return sorted_document(content)["files"]["one.py"]["contexts"]


def test_contexts_of_one_report_are_not_reused_in_the_next(cov: Coverage) -> None:
    assert contexts_of_one(encode_with_contexts(cov)) == {"1": ["a", "b"], "2": ["b"]}
    cov.set_option("report:contexts", ["^b$"])
    assert contexts_of_one(encode_with_contexts(cov)) == {"1": ["b"], "2": ["b"]}
    assert b'"contexts"' not in encode_report(cov)


@pytest.mark.reliability
def test_failed_report_leaves_the_data_and_settings_as_they_were(
    cov: Coverage, tmp_path: Path
) -> None:
    text = (tmp_path / "one.py").read_text()
    (tmp_path / "one.py").unlink()
    with pytest.raises(NoSource, match=r"one\.py"):
        encode_with_contexts(cov)
    (tmp_path / "one.py").write_text(text)
    assert b'"contexts"' not in encode_report(cov)
    data = cov.get_data()
    for context in ("a", "b"):
        data.set_query_context(context)
        assert all(names == [context] for names in data.contexts_by_lineno("one.py").values())
