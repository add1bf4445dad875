from __future__ import annotations

from pathlib import Path

import pytest

from covernance.reuse.evidence import Seen
from covernance.reuse.traces import Gathered, gather
from covernance_agent.journal import (
    BEGAN,
    BOUND,
    BROKEN,
    CONNECTED,
    INSTALLED,
    MADE,
    READ,
    SCHEMA,
    STARTED,
    Journal,
    command,
)

pytestmark = pytest.mark.reliability

PASS = command(1, ["-m", "coverage"])
CHILD = command(2, ["-c", "pass"])


def traced(folder: Path, *entries: tuple[str, ...]) -> Gathered:
    file = str(folder / "trace")
    for entry in ((BEGAN, PASS, SCHEMA), *entries):
        Journal(file).note(*entry)
    return gather({file: PASS}, Path("/root"))


def test_paths_are_relative_to_the_root(tmp_path: Path) -> None:
    found = traced(tmp_path, (READ, "/root/a", "1"), (READ, "/b", "2"), (INSTALLED, "/c.py", "3"))
    assert found == Gathered(
        seen=Seen(read={"a": "1", "/b": "2"}),
        installed=frozenset({("/c.py", "3")}),
        programs=(),
        refusals=(),
    )


def test_created_file_is_not_an_input_afterwards(tmp_path: Path) -> None:
    found = traced(
        tmp_path,
        (READ, "/root/early", "1"),
        (MADE, "/root/early"),
        (MADE, "/root/folder"),
        (READ, "/root/early", "2"),
        (READ, "/root/folder/file", "3"),
    )
    assert found.seen == Seen(read={"early": "1"})


def test_different_states_in_two_passes_become_the_sentinel(tmp_path: Path) -> None:
    for name, state in (("one", "1"), ("two", "2")):
        (tmp_path / name).mkdir()
        traced(tmp_path / name, (READ, "/root/a", state))
    files = {str(tmp_path / name / "trace"): PASS for name in ("one", "two")}
    found = gather(files, Path("/root"))
    assert found.seen.read["a"] not in {"1", "2"}


def test_child_that_announces_itself_is_traced(tmp_path: Path) -> None:
    found = traced(
        tmp_path,
        (STARTED, CHILD, "popen\x1fpython"),
        (STARTED, CHILD, "fork\x1fpython"),
        (BEGAN, CHILD),
    )
    assert found.programs == ()


@pytest.mark.parametrize("announced", [0, 1])
def test_child_that_does_not_is_an_untraced_program(tmp_path: Path, announced: int) -> None:
    started = [(STARTED, CHILD, "popen\x1fgit")] * 2
    found = traced(tmp_path, *started, *[(BEGAN, CHILD)] * announced)
    assert found.programs == ("git",)


@pytest.mark.parametrize(
    ("entries", "refusals"),
    [
        ([(BOUND, "0"), (CONNECTED, "loopback\x1f4711")], ()),
        ([(BOUND, "80"), (CONNECTED, "loopback\x1f80")], ()),
        ([(BOUND, "80"), (CONNECTED, "loopback\x1f81")], ("it connected to loopback:81",)),
        ([(BOUND, "0"), (CONNECTED, "192.0.2.1\x1f80")], ("it connected to 192.0.2.1:80",)),
        ([(CONNECTED, "/run/other.sock")], ("it connected to /run/other.sock",)),
        ([(BROKEN, "OSError: disk")], ("a trace is incomplete: OSError: disk",)),
    ],
)
def test_untraceable_event_is_a_refusal(
    tmp_path: Path, entries: list[tuple[str, ...]], refusals: tuple[str, ...]
) -> None:
    assert traced(tmp_path, *entries).refusals == refusals


@pytest.mark.security
def test_trace_not_started_by_the_pass_is_a_refusal(tmp_path: Path) -> None:
    file = str(tmp_path / "trace")
    Journal(file).note(BEGAN, CHILD)
    assert gather({file: PASS}, tmp_path).refusals == ("a pass was not traced",)
    assert "a trace is incomplete" in gather({str(tmp_path / "no"): PASS}, tmp_path).refusals[0]
