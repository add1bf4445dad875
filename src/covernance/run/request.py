"""The user's request for a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from covernance.config import Suite
from covernance.engine.arguments import PytestArguments
from covernance.engine.shard import Shard


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The suites, themes and options of a run.

    Attributes:
        suites: The suites, in the order of the report.
        themes: A subset of themes, or None for all.
        fail_under: The option's text, or None.
        arguments: The pytest arguments.
        jobs: The number of passes that run in parallel; None derives it from the CPU cores.
        color: Whether pytest's output is shown in color.
        shard: Which part of each suite's tests.
        durations: The seconds of each test, by suite, by which tests are split into shards.
        contexts: Whether each theme or each test has its own coverage context.
        reuse: Whether a stored result may be reused; None applies the policy.
    """

    suites: tuple[Suite, ...]
    themes: tuple[str, ...] | None
    fail_under: str | None
    arguments: PytestArguments
    jobs: int | None
    color: bool
    shard: Shard = Shard()
    durations: Mapping[str, Mapping[str, float]] = {}
    contexts: Literal["theme", "test"] = "theme"
    reuse: bool | None = None
