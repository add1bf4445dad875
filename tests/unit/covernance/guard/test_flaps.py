from __future__ import annotations

import msgspec
import pytest

from covernance.guard.flaps import Flap, find_flaps
from covernance.model.counts import Counts
from covernance.model.snapshot import FileCell, FileResult, Snapshot

pytestmark = pytest.mark.reliability


def run(sample: Snapshot, executed: str, **source: object) -> Snapshot:
    cell = FileCell(Counts(), Counts(), executed)
    file = FileResult(total=Counts(), themes={"security": cell})
    provenance = msgspec.structs.replace(sample.provenance, **source)
    return msgspec.structs.replace(sample, files={"a.py": file}, provenance=provenance)


def test_lines_that_ran_in_only_some_runs_of_the_same_sources_are_listed(
    snapshot: Snapshot,
) -> None:
    runs = [run(snapshot, "1-9"), run(snapshot, "1-7"), run(snapshot, "1-9,12")]
    assert find_flaps(runs) == (Flap("a.py", "security", "8-9,12"),)


def test_identical_runs_have_no_unstable_lines(snapshot: Snapshot) -> None:
    assert find_flaps([run(snapshot, "1-9"), run(snapshot, "1-9")]) == ()
    assert find_flaps([]) == ()


@pytest.mark.parametrize("other", [{"commit": "1" * 40}, {"config": "x"}, {"dirty": True}])
def test_runs_of_other_sources_or_settings_are_not_compared(
    snapshot: Snapshot, other: dict[str, object]
) -> None:
    assert find_flaps([run(snapshot, "1-9", **other), run(snapshot, "1-7")]) == ()


def test_runs_of_the_newest_sources_are_compared_even_with_others_in_between(
    snapshot: Snapshot,
) -> None:
    other = run(snapshot, "1-3", commit="1" * 40)
    runs = [run(snapshot, "1-9"), other, other, run(snapshot, "1-7")]
    assert find_flaps(runs) == (Flap("a.py", "security", "8-9"),)


def test_a_dirty_newest_run_is_compared_with_nothing(snapshot: Snapshot) -> None:
    assert find_flaps([run(snapshot, "1-9"), run(snapshot, "1-7", dirty=True)]) == ()
