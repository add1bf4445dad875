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


def test_states_are_named_from_the_root(tmp_path: Path) -> None:
    found = traced(tmp_path, (READ, "/root/a", "1"), (READ, "/b", "2"), (INSTALLED, "/c.py", "3"))
    assert found == Gathered(
        seen=Seen(read={"a": "1", "/b": "2"}),
        installed=frozenset({("/c.py", "3")}),
        programs=(),
        refusals=(),
    )


def test_what_a_run_made_is_no_input_from_then_on(tmp_path: Path) -> None:
    found = traced(
        tmp_path,
        (READ, "/root/early", "1"),
        (MADE, "/root/early"),
        (MADE, "/root/folder"),
        (READ, "/root/early", "2"),
        (READ, "/root/folder/file", "3"),
    )
    assert found.seen == Seen(read={"early": "1"})


def test_two_passes_that_saw_different_states_saw_none(tmp_path: Path) -> None:
    for name, state in (("one", "1"), ("two", "2")):
        (tmp_path / name).mkdir()
        traced(tmp_path / name, (READ, "/root/a", state))
    files = {str(tmp_path / name / "trace"): PASS for name in ("one", "two")}
    found = gather(files, Path("/root"))
    assert found.seen.read["a"] not in {"1", "2"}


def test_a_child_that_announces_itself_is_traced(tmp_path: Path) -> None:
    found = traced(
        tmp_path,
        (STARTED, CHILD, "popen\x1fpython"),
        (STARTED, CHILD, "fork\x1fpython"),
        (BEGAN, CHILD),
    )
    assert found.programs == ()


@pytest.mark.parametrize("announced", [0, 1])
def test_a_child_that_does_not_is_a_program(tmp_path: Path, announced: int) -> None:
    started = [(STARTED, CHILD, "popen\x1fgit")] * 2
    found = traced(tmp_path, *started, *[(BEGAN, CHILD)] * announced)
    assert found.programs == ("git",)


@pytest.mark.parametrize(
    ("entries", "refusals"),
    [
        ([(BOUND, "0"), (CONNECTED, "loopback\x1f4711")], ()),
        ([(BOUND, "80"), (CONNECTED, "loopback\x1f80")], ()),
        ([(BOUND, "80"), (CONNECTED, "loopback\x1f81")], ("it talked to loopback:81",)),
        ([(BOUND, "0"), (CONNECTED, "192.0.2.1\x1f80")], ("it talked to 192.0.2.1:80",)),
        ([(CONNECTED, "/run/other.sock")], ("it talked to /run/other.sock",)),
        ([(BROKEN, "OSError: disk")], ("a trace is not whole: OSError: disk",)),
    ],
)
def test_what_can_not_be_traced_is_refused(
    tmp_path: Path, entries: list[tuple[str, ...]], refusals: tuple[str, ...]
) -> None:
    assert traced(tmp_path, *entries).refusals == refusals


@pytest.mark.security
def test_a_trace_that_the_pass_did_not_begin_is_refused(tmp_path: Path) -> None:
    file = str(tmp_path / "trace")
    Journal(file).note(BEGAN, CHILD)
    assert gather({file: PASS}, tmp_path).refusals == (
        "tracing did not reach the process of a pass",
    )
    assert "a trace is not whole" in gather({str(tmp_path / "no"): PASS}, tmp_path).refusals[0]
