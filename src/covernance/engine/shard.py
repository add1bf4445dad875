"""One part of a suite that is split over several machines by pytest-split."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from covernance import files
from covernance.errors import InputError, MachineError

_TEXT = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")


class Shard(msgspec.Struct, frozen=True, order=True):
    """Part `number` of `of`, counted from 1; 1/1 is the whole suite."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        """As users write it: `2/3`."""
        return f"{self.number}/{self.of}"

    @property
    def whole(self) -> bool:
        """Whether nothing is split."""
        return self.of == 1

    def part(self, suite: str) -> str:
        """The name of this part of a suite, as jobs, artifacts and folders carry it."""
        return suite if self.whole else f"{suite}-{self.number}-of-{self.of}"


def parse(text: str, where: str) -> Shard:
    """Read `2/3`; `where` names the text's place in the error.

    Raises:
        InputError: It is not two numbers, or the first is above the second.
    """
    match = _TEXT.fullmatch(text.strip())
    if match and int(match[1]) <= int(match[2]):
        return Shard(int(match[1]), int(match[2]))
    msg = f"{where}: {text!r} is no shard; give its number and how many there are, as in 2/3"
    raise InputError(msg)


def split_options(shard: Shard, durations: Path, plugins: Collection[str]) -> tuple[str, ...]:
    """pytest-split's options for a shard, https://jerry-git.github.io/pytest-split/.

    Every shard must be given the same durations, or a test could fall between two of them.

    Args:
        shard: The shard.
        durations: How many seconds each test took.
        plugins: The modules of pytest's plugins in the suite's environment.

    Raises:
        MachineError: pytest-split is not among them.
    """
    if shard.whole:
        return ()
    if "pytest_split" not in plugins:
        msg = (
            "pytest-split, which splits suites, is not installed; add it to the suite's environment"
        )
        raise MachineError(msg)
    return (
        f"--splits={shard.of}",
        f"--group={shard.number}",
        f"--durations-path={durations}",
        "--splitting-algorithm=least_duration",
    )


def write_durations(path: Path, durations: Mapping[str, float]) -> None:
    """Write how many seconds each test took, as pytest-split reads it."""
    files.write_atomic(path, msgspec.json.encode(dict(durations), order="sorted"))
