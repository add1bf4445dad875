"""Decide whether the result of a suite's last passing full run can be reused; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from covernance.context import is_ci
from covernance.model import timestamp
from covernance.model.text import join_some
from covernance.reuse.evidence import ENVIRONMENT, OF_ENVIRONMENT, Evidence, Seen
from covernance.reuse.path_states import ABSENT

_PULL_REQUESTS = ("pull_request", "merge_group")


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """The current states of everything that evidence lists.

    Attributes:
        settings: Interpreter, distributions, variables, options.
        seen: The current states of the evidence's paths.
        reports: The current digests of the evidence's reports.
        now: The current time, with a time zone.
    """

    settings: Mapping[str, str]
    seen: Seen
    reports: Mapping[str, str]
    now: datetime


def explain_no_reuse(environ: Mapping[str, str], default_branch: str) -> str:
    """Why results are not reused here without `--reuse`; empty if they are.

    Other results are compared with scheduled runs and CI runs of the default branch.

    Args:
        environ: The environment variables.
        default_branch: The branch that changes are compared with.
    """
    event = environ.get("GITHUB_EVENT_NAME", "")
    if event == "schedule":
        return "scheduled runs measure every suite; pass --reuse to reuse results"
    if not (is_ci(environ) or environ.get("GITHUB_ACTIONS")) or event.startswith(_PULL_REQUESTS):
        return ""
    if environ.get("GITHUB_REF_NAME", default_branch) == default_branch:
        branch = "in CI, runs of the default branch"
        return f"{branch} measure every suite; pass --reuse to reuse results"
    return ""


def find_reasons_to_run(
    evidence: Evidence, present: Present, max_age: timedelta
) -> tuple[str, ...]:
    """All reasons against reuse, one sentence each; empty if the result can be reused."""
    return tuple(
        dict.fromkeys(
            (
                *evidence.refusals,
                *_age(evidence, present.now, max_age),
                *_settings(evidence.settings, present.settings),
                *_reports(evidence.reports, present.reports),
                *_contents(evidence.seen.read, present.seen.read),
                *_names(evidence.seen.listed, present.seen.listed),
                *_contents(evidence.seen.examined, present.seen.examined),
                *_contents(evidence.seen.asked, present.seen.asked),
            )
        )
    )


def age(recorded_at: str, now: datetime) -> timedelta | None:
    """The age of a result; None if its time is invalid."""
    recorded = timestamp.parse(recorded_at)
    return now - recorded if recorded else None


def _age(evidence: Evidence, now: datetime, limit: timedelta) -> Iterator[str]:
    result_age = age(evidence.recorded_at, now)
    if result_age is None or result_age < timedelta(0):
        yield f"its time is invalid: {evidence.recorded_at!r}"
    elif result_age > limit:
        days = timestamp.format_days(result_age.days)
        yield f"it is {days} old; max-age-days allows {limit.days}"


def _settings(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    other_environment = before.get(ENVIRONMENT) != after.get(ENVIRONMENT)
    if other_environment:
        previous = before.get(ENVIRONMENT, "another environment")
        yield f"it ran in {previous}, but this environment is {after.get(ENVIRONMENT)}"
    for name in sorted(before.keys() | after.keys()):
        if other_environment and name.startswith(OF_ENVIRONMENT):
            continue
        if name not in after:
            yield f"{name} is gone"
        elif name not in before:
            yield f"{name} is new"
        elif before[name] != after[name]:
            yield f"{name} changed"


def _reports(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for path, state in sorted(before.items()):
        if after.get(path) != state:
            yield f"{path}: the report was deleted or changed since the run"


def _contents(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for path, state in sorted(before.items()):
        current = after.get(path)
        if current == state:
            continue
        if current is None or current.startswith(ABSENT):
            yield f"{path} is gone"
        elif state.startswith(ABSENT):
            yield f"{path} is new; the run looked for it"
        else:
            yield f"{path} changed"


def _names(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for folder, state in sorted(before.items()):
        current = after.get(folder, ABSENT)
        if current == state:
            continue
        old, new = set(state.split("/")), set(current.split("/"))
        changes = [f"{_name(entry)} is new" for entry in sorted(new - old) if ":" in entry]
        changes += [f"{_name(entry)} is gone" for entry in sorted(old - new) if ":" in entry]
        yield f"{folder}, listed by the run: {join_some(changes) or 'changed'}"


def _name(entry: str) -> str:
    return entry.partition(":")[2]
