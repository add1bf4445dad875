from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.inputs import KINDS, Inputs, make_inputs, merge_inputs
from covernance.model.paths import find_folder

pytestmark = pytest.mark.reliability

PATHS = st.sets(st.sampled_from([".", "a", "d", "d/a", "d/e", "d/e/a", "../x"]))
BY_KIND = st.fixed_dictionaries(dict.fromkeys(KINDS, PATHS))


@given(BY_KIND)
def test_only_redundant_entries_are_left_out(paths: dict[str, set[str]]) -> None:
    made = make_inputs(paths)
    assert set(made.read) == paths["read"]
    assert set(made.listed) == paths["listed"]
    assert set(made.examined) | paths["read"] == paths["examined"] | paths["read"]
    for path in paths["asked"].difference(made.asked):
        known = {*made.read, *made.examined, *made.listed}
        assert path in known or find_folder(path) in made.listed


@given(st.lists(BY_KIND, min_size=1, max_size=3))
def test_inputs_of_parts_merge_into_those_of_one_run(parts: list[dict[str, set[str]]]) -> None:
    together = {kind: set[str]().union(*(part[kind] for part in parts)) for kind in KINDS}
    assert merge_inputs(map(make_inputs, parts)) == make_inputs(together)


def test_programs_and_refusals_of_all_parts_are_listed_once() -> None:
    first = Inputs(programs=("git", "sh"), refusals=("b", "a"))
    merged = merge_inputs([first, Inputs(programs=("cat", "git"), refusals=("a", "c"))])
    assert merged == Inputs(programs=("cat", "git", "sh"), refusals=("b", "a", "c"))


@pytest.mark.security
def test_a_part_without_inputs_makes_the_suites_inputs_unknown() -> None:
    assert merge_inputs([Inputs(read=("a",)), None]) is None
