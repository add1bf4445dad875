"""A shard's part of a suite at rest: `coverage/parts/<suite>-2-of-3/`, one folder a theme."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from covernance import files
from covernance.engine import record
from covernance.engine.passes import Pass
from covernance.engine.processes import Finished
from covernance.engine.shard import Shard
from covernance.layout import Layout
from covernance.model import document
from covernance.model.inputs import Inputs

FILE = "part.json"
"""The file that tells what a part's folder holds."""

_DATA = ".coverage*"


class PassEnd(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the pass of one theme ended: pytest's status, and its wall time in seconds."""

    status: int
    seconds: float


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a shard measured.

    Attributes:
        suite: The suite.
        shard: Which part of it.
        commit: The commit that was measured.
        config: The digest of the table.
        python: The version of Python that measured it.
        platform: The operating system and the architecture that it was measured on.
        tools: The versions of the tools that measured it.
        partial: Why this was a selection beyond the shard itself; empty for all of its tests.
        passes: How the passes ended, by theme.
        inputs: What they depended on; None if that is unknown.
    """

    suite: str
    shard: Shard
    commit: str | None
    config: str
    python: str
    platform: str
    tools: dict[str, str]
    partial: tuple[str, ...]
    passes: dict[str, PassEnd]
    inputs: Inputs | None = None


def publish(part: Part, finished: Sequence[Finished], layout: Layout, work: Path) -> Path:
    """Put a part in its place: data and record of every pass, and what `part` says.

    Args:
        part: What the shard measured.
        finished: Its passes; their folders are copied.
        layout: Where results lie.
        work: A folder on the same file system that nothing else uses.

    Returns:
        The part's folder.
    """
    staged = work / "part"
    for result in finished:
        folder = staged / result.planned.theme
        folder.mkdir(parents=True)
        for source in (*result.planned.folder.glob(_DATA), result.planned.record):
            if source.is_file():
                shutil.copyfile(source, folder / source.name)
    files.write_atomic(staged / FILE, msgspec.json.encode(part, order="sorted"))
    target = layout.part(part.shard.part(part.suite))
    with files.locked(layout.lock):
        files.publish_folder(staged, target)
    return target


def read(path: Path) -> Part:
    """Read a part.json.

    Raises:
        InputError: It can't be read or is damaged.
    """
    return document.read(path, Part, "part of a suite", "run the shard again")


def passes(part: Part, folder: Path) -> list[Finished]:
    """The passes of a part that lies in `folder`.

    Raises:
        InputError: A record is damaged.
    """
    return [_finished(part.suite, theme, end, folder / theme) for theme, end in part.passes.items()]


def _finished(suite: str, theme: str, end: PassEnd, folder: Path) -> Finished:
    planned = Pass(suite=suite, theme=theme, folder=folder, command=(), environment={})
    return Finished(planned, end.status, end.seconds, record.read_record(planned.record))


def gaps(finished: Sequence[Finished]) -> tuple[str, ...]:
    """What keeps the passes of several shards from being the whole of a theme.

    Every shard knows all tests of the theme: those it ran and those it left to others. Together
    they must have run each of them, once.
    """
    found: list[str] = []
    for theme in dict.fromkeys(result.planned.theme for result in finished):
        seen = [
            result.record.collected
            for result in finished
            if result.planned.theme == theme and result.record
        ]
        ran = [test for collected in seen for test in collected.selected]
        known = {test for one in seen for test in (*one.selected, *one.deselected)}
        lacking = [known - {*one.selected, *one.deselected} for one in seen]
        found += [f"{theme}: a shard did not collect {_some(tests)}" for tests in lacking if tests]
        if lost := known - set(ran):
            found.append(f"{theme}: no shard ran {_some(lost)}")
        if twice := {test for test in ran if ran.count(test) > 1}:
            found.append(f"{theme}: several shards ran {_some(twice)}")
    return tuple(dict.fromkeys(found))


def _some(tests: set[str]) -> str:
    first, *more = sorted(tests)
    return f"{first} and {len(more)} more" if more else first
