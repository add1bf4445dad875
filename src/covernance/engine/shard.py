"""Shards: the parts of a suite that pytest-split distributes over several machines."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from covernance import files
from covernance.errors import InputError, MachineError

_TEXT = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")


class Shard(msgspec.Struct, frozen=True, order=True):
    """Part `number` of `of` parts, counted from 1; 1/1 is the complete suite."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        """Write the shard as users do: `2/3`."""
        return f"{self.number}/{self.of}"

    @property
    def whole(self) -> bool:
        """Whether this is the complete suite."""
        return self.of == 1

    def part(self, suite: str) -> str:
        """Return the name of this part of a suite, used for jobs, artifacts and folders."""
        return suite if self.whole else f"{suite}-{self.number}-of-{self.of}"


def parse(text: str, where: str) -> Shard:
    """Parse `2/3`; `where` names the option in the error.

    Raises:
        InputError: The text is not two numbers, or the first is greater than the second.
    """
    match = _TEXT.fullmatch(text.strip())
    if match and int(match[1]) <= int(match[2]):
        return Shard(int(match[1]), int(match[2]))
    msg = f"{where}: {text!r} is not a shard; give its number and the number of shards, as in 2/3"
    raise InputError(msg)


def split_options(shard: Shard, durations: Path, plugins: Collection[str]) -> tuple[str, ...]:
    """Return pytest-split's options for a shard; see https://jerry-git.github.io/pytest-split/.

    All shards need the same durations, or a test might not run in any of them.

    Args:
        shard: The shard.
        durations: The file with the duration of each test.
        plugins: The modules of pytest's plugins in the suite's environment.

    Raises:
        MachineError: pytest-split is not installed.
    """
    if shard.whole:
        return ()
    if "pytest_split" not in plugins:
        msg = "shards need pytest-split, which is not installed; add it to the suite's environment"
        raise MachineError(msg)
    return (
        f"--splits={shard.of}",
        f"--group={shard.number}",
        f"--durations-path={durations}",
        "--splitting-algorithm=least_duration",
    )


def write_durations(path: Path, durations: Mapping[str, float]) -> None:
    """Write the duration of each test in seconds, in pytest-split's format."""
    files.write_atomic(path, msgspec.json.encode(dict(durations), order="sorted"))
