"""Coverage data with contexts of themes and of single tests, for properties."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from hypothesis import strategies as st

from covernance_agent.data_file import opened

Arcs = dict[str, set[tuple[int, int]]]
"""The arcs that ran in each file."""

MEASUREMENTS = st.dictionaries(
    st.builds(
        lambda theme, rest: theme + rest,
        st.sampled_from(["security", "reliability"]),
        st.sampled_from(
            ["", "|run", "|run|t.py", "|run|t.py::test[a|run|b]", "|run|t.py::test[%_']"]
        ),
    ),
    st.dictionaries(
        st.sampled_from(["a.py", "b.py"]),
        st.sets(st.tuples(st.integers(-1, 5), st.integers(1, 5)), min_size=1),
        min_size=1,
    ),
    min_size=1,
)
"""What each context executed."""


def write_data(path: Path, measured: Mapping[str, Arcs], *, touched: Collection[str] = ()) -> None:
    """Write coverage data; files that are `touched` are measured but never ran."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened(path) as data:
        for context, files in measured.items():
            data.set_context(context)
            data.add_arcs({name: sorted(arcs) for name, arcs in files.items()})
        data.touch_files(touched)
        data.write()


def read_data(path: Path) -> dict[str, Arcs]:
    """The arcs of every context of coverage data."""
    with opened(path) as data:
        data.read()
        measured: dict[str, Arcs] = {}
        for context in sorted(data.measured_contexts()):
            data.set_query_context(context)
            measured[context] = {
                name: set(arcs) for name in data.measured_files() if (arcs := data.arcs(name))
            }
    return measured
