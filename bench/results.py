"""Medians over all rounds, and ratios to the first variant of each workload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

from bench.process import Cost
from covernance.machine import Machine

_FRACTION = 0.2
"""Smaller ratios are printed as fractions: `1/100` is clearer than `0.01`."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a variant of a workload; ratios are to the first variant in the same round."""

    wall: float
    cpu: float
    memory_mib: int
    wall_ratio: float
    cpu_ratio: float
    over_seconds: float


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """Figures by workload and variant, with the machine on which they were measured."""

    machine: Machine
    rounds: int
    figures: dict[str, dict[str, Figure]]

    def encode(self) -> bytes:
        """Return JSON with keys in the order of measurement."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def figures(rounds: Sequence[Mapping[str, Cost]]) -> dict[str, Figure]:
    """Summarise the rounds of one workload."""
    figures_by_variant = {}
    base, *_ = rounds[0]
    for variant in rounds[0]:
        costs = [costs_of_round[variant] for costs_of_round in rounds]
        pairs = [(costs_of_round[variant], costs_of_round[base]) for costs_of_round in rounds]
        figures_by_variant[variant] = Figure(
            wall=round(median(cost.wall for cost in costs), 3),
            cpu=round(median(cost.cpu for cost in costs), 3),
            memory_mib=max(cost.memory_mib for cost in costs),
            wall_ratio=round(median(cost.wall / bare.wall for cost, bare in pairs), 4),
            cpu_ratio=round(median(cost.cpu / bare.cpu for cost, bare in pairs), 4),
            over_seconds=round(median(cost.wall - bare.wall for cost, bare in pairs), 2),
        )
    return figures_by_variant


def table(results: Results) -> str:
    """Return a Markdown table with one row per variant of each workload."""
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
            f"| {workload} | {variant} | {figure.wall:.1f} s | {_ratio(figure.wall_ratio)} "
            f"| {_ratio(figure.cpu_ratio)} | {figure.memory_mib} MiB |"
            for variant, figure in variants.items()
        ]
    return "\n".join(rows) + "\n"


def _ratio(number: float) -> str:
    return f"{number:.2f}" if number > _FRACTION else f"1/{1 / number:.0f}"
