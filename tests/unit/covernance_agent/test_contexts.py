from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from coverage import Coverage, CoverageData
from hypothesis import given
from hypothesis import strategies as st

from covernance_agent import contexts

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


@given(measured=st.dictionaries(CONTEXTS, ARCS, min_size=1))
def test_what_tests_ran_is_their_themes_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, measured: dict[str, Arcs]
) -> None:
    folder = tmp_path_factory.mktemp("data")
    data_file, target = folder / ".coverage", folder / "by-test/data"
    write(data_file, measured)

    taken = contexts.take_tests(data_file, target)

    assert taken == any(contexts.split(context)[1] for context in measured) == target.exists()
    expected: dict[str, Arcs] = {}
    for context, files in measured.items():
        whole = expected.setdefault(contexts.split(context)[0], {})
        for name, arcs in files.items():
            whole.setdefault(name, set()).update(arcs)
    assert read(data_file) == expected
    if taken:
        assert read(target) == measured


@pytest.mark.parametrize(
    ("context", "parts"),
    [
        ("security", ("security", "")),
        ("security|run", ("security|run", "")),
        ("security|run|t.py::test[a|b]", ("security|run", "t.py::test[a|b]")),
    ],
)
def test_a_context_has_a_themes_part_and_a_tests(context: str, parts: tuple[str, str]) -> None:
    assert contexts.split(context) == parts


def test_the_plugin_is_told_only_what_is_unusual() -> None:
    assert contexts.options("theme") == ()
    assert contexts.options("test") == ("--covernance-contexts=test",)


def test_every_line_knows_its_contexts(
    measured: Callable[[dict[str, dict[str, list[tuple[int, int]]]]], Coverage], tmp_path: Path
) -> None:
    measured({"security": {"a.py": [(-1, 1)]}, "security|run|t": {"a.py": [(1, 2)]}})
    assert contexts.by_line(tmp_path / ".coverage", "a.py") == {
        1: frozenset({"security", "security|run|t"}),
        2: frozenset({"security|run|t"}),
    }
