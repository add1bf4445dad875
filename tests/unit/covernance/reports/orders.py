"""Snapshots that differ only in the order of their mappings."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from covernance.model.counts import Counts
from covernance.model.snapshot import Cell, Outcomes, Snapshot, TestResult


def rich(snapshot: Snapshot) -> Snapshot:
    """The sample snapshot with enough themes, files and tests for their order to matter."""
    seconds = {"security": 0.1, "architecture": 0.2, "unthemed": 0.3, "reliability": 0.7}
    return msgspec.structs.replace(
        snapshot,
        themes={
            theme: Cell(
                outcomes=Outcomes(tests=number, passed=number),
                seconds=taken,
                raw=Counts(10, 5 + number),
                earned=Counts(5, number),
            )
            for number, (theme, taken) in enumerate(seconds.items(), start=1)
        },
        files={f"apps/api/{name}.py": snapshot.files["apps/api/main.py"] for name in "zax"},
        tests={
            f"t::{name}": TestResult(outcome="passed", seconds=0.5, themes=("security",))
            for name in "zax"
        },
    )


def reordered(snapshot: Snapshot, random: Random) -> Snapshot:
    """The same snapshot with every mapping in a different order."""
    plain = _shuffled(msgspec.to_builtins(snapshot, str_keys=True), random)
    return msgspec.convert(plain, Snapshot, str_keys=True)


def _shuffled(value: Any, random: Random) -> Any:  # noqa: ANN401 - what JSON can hold
    if not isinstance(value, dict):
        return value
    keys = random.sample(list(value), len(value))
    return {key: _shuffled(value[key], random) for key in keys}
