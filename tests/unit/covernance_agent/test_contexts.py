from __future__ import annotations

import pytest
from hypothesis import given

from covernance_agent import contexts
from tests.unit.covernance_agent.measurements import MEASUREMENTS, Arcs, read_data, write_data
from tests.unit.covernance_agent.results import lines_of
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.architecture


def split(context: str) -> tuple[str, str]:
    """Split a context into that of its theme, `<theme>` or `<theme>|run`, and its test."""
    parts = context.split("|", 2)
    return "|".join(parts[:2]), "".join(parts[2:])


@examples_divided_by(2)
@given(measured=MEASUREMENTS)
def test_contexts_of_tests_merge_into_those_of_their_themes(
    tmp_path_factory: pytest.TempPathFactory, measured: dict[str, Arcs]
) -> None:
    data_file = tmp_path_factory.mktemp("data") / ".coverage"
    write_data(data_file, measured)

    assert contexts.names_tests(data_file) == any(split(context)[1] for context in measured)
    contexts.merge_tests(data_file)

    expected: dict[str, Arcs] = {}
    for context, files in measured.items():
        whole = expected.setdefault(split(context)[0], {})
        for name, arcs in files.items():
            whole.setdefault(name, set()).update(arcs)
    assert read_data(data_file) == expected
    assert not contexts.names_tests(data_file)


@examples_divided_by(2)
@given(measured=MEASUREMENTS)
def test_each_context_has_the_lines_that_it_executed(
    tmp_path_factory: pytest.TempPathFactory, measured: dict[str, Arcs]
) -> None:
    data_file = tmp_path_factory.mktemp("data") / ".coverage"
    write_data(data_file, measured)
    expected: dict[str, dict[str, set[int]]] = {}
    for context, files in measured.items():
        for name, arcs in files.items():
            ran = {line for arc in arcs for line in arc if line > 0}
            expected.setdefault(name, {})[context] = ran
    by_file = contexts.lines_by_context(data_file)
    assert expected == {
        name: {context: set(lines_of(text)) for context, text in by_context.items()}
        for name, by_context in by_file.items()
    }
