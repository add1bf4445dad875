from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from coverage import CoverageData
from hypothesis import given
from hypothesis import strategies as st

from covernance.model import lines
from covernance.model.context_name import split
from covernance_agent import contexts, public_contexts

pytestmark = pytest.mark.architecture

THEMES = ("security", "reliability")
Arcs = dict[str, set[tuple[int, int]]]


def write(path: Path, arcs: dict[str, Arcs]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = CoverageData(basename=str(path))
    for context, files in arcs.items():
        data.set_context(context)
        data.add_arcs({name: sorted(found) for name, found in files.items()})
    data.write()
    data.close()


def read(path: Path) -> dict[str, Arcs]:
    data = CoverageData(basename=str(path))
    data.read()
    found: dict[str, Arcs] = {}
    for context in sorted(data.measured_contexts()):
        data.set_query_context(context)
        found[context] = {
            name: set(arcs) for name in data.measured_files() if (arcs := data.arcs(name))
        }
    data.close()
    return found


ARCS = st.dictionaries(
    st.sampled_from(["a.py", "b.py"]),
    st.sets(st.tuples(st.integers(-1, 5), st.integers(1, 5)), min_size=1),
    min_size=1,
)
CONTEXTS = st.builds(
    lambda theme, rest: theme + rest,
    st.sampled_from(THEMES),
    st.sampled_from(["", "|run", "|run|t.py", "|run|t.py::test[a|run|b]", "|run|t.py::test[%_']"]),
)


@pytest.fixture(params=[True, False], ids=["by SQL", "public interface"], scope="module")
def merge(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    if request.param:
        return contexts.merge_tests
    return lambda path: public_contexts.merge_tests(path, "|run|")


@given(measured=st.dictionaries(CONTEXTS, ARCS, min_size=1))
def test_what_tests_ran_is_their_themes_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
    merge: Callable[[Path], None],
    measured: dict[str, Arcs],
) -> None:
    data_file = tmp_path_factory.mktemp("data") / ".coverage"
    write(data_file, measured)

    assert contexts.names_tests(data_file) == any(split(context)[1] for context in measured)
    merge(data_file)

    expected: dict[str, Arcs] = {}
    for context, files in measured.items():
        whole = expected.setdefault(split(context)[0], {})
        for name, arcs in files.items():
            whole.setdefault(name, set()).update(arcs)
    assert read(data_file) == expected
    assert not contexts.names_tests(data_file)


@given(measured=st.dictionaries(CONTEXTS, ARCS, min_size=1))
def test_every_context_has_the_lines_that_it_executed(
    tmp_path_factory: pytest.TempPathFactory, measured: dict[str, Arcs]
) -> None:
    data_file = tmp_path_factory.mktemp("data") / ".coverage"
    write(data_file, measured)
    expected: dict[str, dict[str, set[int]]] = {}
    for context, files in measured.items():
        for name, arcs in files.items():
            ran = {line for arc in arcs for line in arc if line > 0}
            expected.setdefault(name, {})[context] = ran
    for read_lines in (contexts.lines_by_context, public_contexts.lines_by_context):
        found = {
            name: {context: set(lines.decode(text)) for context, text in by_context.items()}
            for name, by_context in read_lines(data_file).items()
        }
        assert found == expected
