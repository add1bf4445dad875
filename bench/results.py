"""Medians over rounds, as ratios to the first variant of each workload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

from bench.process import Cost
from covernance.machine import Machine

_FRACTION = 0.2
"""Below it a ratio is told as that of a fraction: `1/100` says more than `0.01`."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One variant of one workload; the ratios are to the first one of the same round."""

    wall: float
    cpu: float
    memory_mib: int
    wall_ratio: float
    cpu_ratio: float
    over_seconds: float


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """Figures by workload and variant, and where they were measured."""

    machine: Machine
    rounds: int
    figures: dict[str, dict[str, Figure]]

    def encode(self) -> bytes:
        """As JSON, keys in the order of the measurement."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def figures(rounds: Sequence[Mapping[str, Cost]]) -> dict[str, Figure]:
    """Condense the rounds of one workload."""
    found = {}
    base, *_ = rounds[0]
    for variant in rounds[0]:
        costs = [one[variant] for one in rounds]
        pairs = [(one[variant], one[base]) for one in rounds]
        found[variant] = Figure(
            wall=round(median(cost.wall for cost in costs), 3),
            cpu=round(median(cost.cpu for cost in costs), 3),
            memory_mib=max(cost.memory_mib for cost in costs),
            wall_ratio=round(median(cost.wall / bare.wall for cost, bare in pairs), 4),
            cpu_ratio=round(median(cost.cpu / bare.cpu for cost, bare in pairs), 4),
            over_seconds=round(median(cost.wall - bare.wall for cost, bare in pairs), 2),
        )
    return found


def table(results: Results) -> str:
    """Markdown: a row for each variant of each workload."""
    rows = [
        (
            f"{results.machine.cpus} cores, {results.machine.python}, "
            f"medians of {results.rounds} rounds; ratios to the first variant in the same round."
        ),
        "",
        "| workload | variant | wall | ratio | CPU ratio | memory |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for workload, variants in results.figures.items():
        rows += [
            f"| {workload} | {variant} | {one.wall:.1f} s | {_ratio(one.wall_ratio)} "
            f"| {_ratio(one.cpu_ratio)} | {one.memory_mib} MiB |"
            for variant, one in variants.items()
        ]
    return "\n".join(rows) + "\n"


def _ratio(number: float) -> str:
    return f"{number:.2f}" if number > _FRACTION else f"1/{1 / number:.0f}"
