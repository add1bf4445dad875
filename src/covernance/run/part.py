"""The stored part of a suite: `coverage/parts/<suite>-2-of-3/`, one folder per theme."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from covernance import files
from covernance.engine.record import RECORD, read_record
from covernance.engine.shard import Shard
from covernance.engine.theme_result import ThemeResult
from covernance.layout import Layout
from covernance.model import document
from covernance.model.inputs import Inputs
from covernance.run.outcomes import abbreviate

FILE = "part.json"
"""The file that describes a part."""


class ThemeEnd(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The exit status and wall time, in seconds, of one theme."""

    status: int
    seconds: float


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The results of one shard.

    Attributes:
        suite: The suite.
        shard: Its number and the number of shards.
        commit: The measured commit.
        dirty: Whether the checkout had uncommitted changes.
        contents: A digest per source, test and settings file of the suite.
        config: The digest of the table.
        python: The Python version.
        platform: The operating system and architecture.
        tools: The versions of pytest, coverage.py and other tools.
        partial: Why the shard did not run all of its tests; empty if it did.
        themes: How each theme ended.
        inputs: What the themes depended on; None if unknown.
    """

    suite: str
    shard: Shard
    commit: str | None
    dirty: bool | None
    contents: dict[str, str]
    config: str
    python: str
    platform: str
    tools: dict[str, str]
    partial: tuple[str, ...]
    themes: dict[str, ThemeEnd]
    inputs: Inputs | None = None


def publish(part: Part, results: Sequence[ThemeResult], layout: Layout, work: Path) -> Path:
    """Publish a part: the data and record of each theme, and `part.json`.

    Args:
        part: The content of `part.json`.
        results: The results, whose data and records are copied.
        layout: The paths of results.
        work: An unused folder on the same file system.

    Returns:
        The part's folder.
    """
    staged = work / "part"
    for result in results:
        folder = staged / result.theme
        folder.mkdir(parents=True)
        for source in result.files:
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


def read_results(part: Part, folder: Path) -> list[ThemeResult]:
    """Read the results of the part in `folder`.

    Raises:
        InputError: A record is damaged.
    """
    return [
        ThemeResult(
            suite=part.suite,
            theme=theme,
            status=end.status,
            seconds=end.seconds,
            record=read_record(folder / theme / RECORD),
            folder=folder / theme,
        )
        for theme, end in part.themes.items()
    ]


def find_gaps(results: Sequence[ThemeResult]) -> tuple[str, ...]:
    """List why the results of several shards do not add up to complete themes.

    Each shard collects all tests of a theme and leaves those of other shards out. Together, the
    shards must run each test exactly once.
    """
    problems: list[str] = []
    for theme in dict.fromkeys(result.theme for result in results):
        collections = [
            result.record.collected for result in results if result.theme == theme and result.record
        ]
        ran = Counter(test for collected in collections for test in collected.selected)
        by_shard = [{*collected.selected, *collected.elsewhere} for collected in collections]
        known = set[str]().union(*by_shard)
        problems += [
            f"{theme}: a shard did not collect {abbreviate(tests)}"
            for shard_tests in by_shard
            if (tests := known - shard_tests)
        ]
        if lost := known - ran.keys():
            problems.append(f"{theme}: no shard ran {abbreviate(lost)}")
        if twice := {test for test, times in ran.items() if times > 1}:
            problems.append(f"{theme}: several shards ran {abbreviate(twice)}")
    return tuple(dict.fromkeys(problems))
