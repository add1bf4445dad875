"""May a suite's last green full run stand for a new one? Pure: evidence and the present in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from covernance.model import timestamp
from covernance.reuse.evidence import ENVIRONMENT, OF_ENVIRONMENT, Evidence, Seen
from covernance.reuse.path_states import ABSENT

_PULL_REQUESTS = ("pull_request", "merge_group")


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """What there is now of everything that evidence names.

    Attributes:
        settings: Interpreter, distributions, variables, options.
        seen: The paths of the evidence as they look now.
        reports: The digests of the reports of the evidence.
        now: The time, with a time zone.
    """

    settings: Mapping[str, str]
    seen: Seen
    reports: Mapping[str, str]
    now: datetime


def forbidden(environ: Mapping[str, str], default_branch: str) -> str:
    """Why results are not reused here unless somebody asks for it; empty where they may be.

    Scheduled runs and those of the default branch in CI are what other results are held against.

    Args:
        environ: The environment.
        default_branch: The branch that changes are compared with.
    """
    event = environ.get("GITHUB_EVENT_NAME", "")
    if event == "schedule":
        return "a scheduled run measures; --reuse would reuse"
    in_ci = environ.get("CI", "").lower() not in {"", "0", "false"}
    if not (in_ci or environ.get("GITHUB_ACTIONS")) or event.startswith(_PULL_REQUESTS):
        return ""
    if environ.get("GITHUB_REF_NAME", default_branch) == default_branch:
        return "in CI, a run of the default branch measures; --reuse would reuse"
    return ""


def reasons(evidence: Evidence, present: Present, max_age: timedelta) -> tuple[str, ...]:
    """Everything that speaks against reuse, a sentence each; empty where nothing does."""
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
    """How long ago a result was measured; None where its time is damaged."""
    recorded = timestamp.parse(recorded_at)
    return now - recorded if recorded else None


def _age(evidence: Evidence, now: datetime, most: timedelta) -> Iterator[str]:
    found = age(evidence.recorded_at, now)
    if found is None or found < timedelta(0):
        yield f"its time, {evidence.recorded_at!r}, can't be right"
    elif found > most:
        yield f"it is {timestamp.format_days(found.days)} old; max-age-days allows {most.days}"


def _settings(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    elsewhere = before.get(ENVIRONMENT) != after.get(ENVIRONMENT)
    if elsewhere:
        there = before.get(ENVIRONMENT, "another environment")
        yield f"it ran in {there}, and this is {after.get(ENVIRONMENT)}"
    for name in sorted(before.keys() | after.keys()):
        if elsewhere and name.startswith(OF_ENVIRONMENT):
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
            yield f"{path}: is not the report that the run left"


def _contents(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for path, state in sorted(before.items()):
        found = after.get(path)
        if found == state:
            continue
        if found is None or found.startswith(ABSENT):
            yield f"{path} is gone"
        elif state.startswith(ABSENT):
            yield f"{path} is new, and was looked for"
        else:
            yield f"{path} changed"


def _names(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for folder, state in sorted(before.items()):
        found = after.get(folder, ABSENT)
        if found == state:
            continue
        old, new = set(state.split("/")), set(found.split("/"))
        changes = [f"{_name(entry)} is new" for entry in sorted(new - old) if ":" in entry]
        changes += [f"{_name(entry)} is gone" for entry in sorted(old - new) if ":" in entry]
        yield f"{folder}, which was listed: {', '.join(changes) or 'changed'}"


def _name(entry: str) -> str:
    return entry.partition(":")[2]
