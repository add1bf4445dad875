"""What the user asks a run to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from covernance.config import Suite
from covernance.engine.arguments import PytestArguments
from covernance.engine.shard import Shard


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to run.

    Attributes:
        suites: The suites, in the order of the report.
        themes: A subset of themes, or None for all.
        fail_under: The option's text, or None.
        arguments: What the user gave for pytest.
        jobs: How many passes run side by side; None leaves it to the number of cores.
        color: Whether pytest's output is shown in color.
        environ: The environment that floors and provenance are read from.
        now: When the run began, with a time zone.
        shard: Which part of each suite's tests.
        durations: How many seconds each test took, by suite; what shards are split by.
        contexts: What has a coverage context of its own.
        reuse: Whether an earlier result may stand in; None leaves it to the policy.
    """

    suites: tuple[Suite, ...]
    themes: tuple[str, ...] | None
    fail_under: str | None
    arguments: PytestArguments
    jobs: int | None
    color: bool
    environ: Mapping[str, str]
    now: datetime
    shard: Shard = Shard()
    durations: Mapping[str, Mapping[str, float]] = {}
    contexts: Literal["theme", "test"] = "theme"
    reuse: bool | None = None
