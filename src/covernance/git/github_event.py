"""Read what GitHub Actions records about the event that started a job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec


class _Repository(msgspec.Struct, frozen=True):
    default_branch: str = ""


class GitHubEvent(msgspec.Struct, frozen=True):
    """The parts of an event that decide what a change is compared with.

    Attributes:
        repository: The repository, with its default branch.
        before: The commit that a pushed branch pointed to before the push; otherwise empty.
    """

    repository: _Repository = _Repository()
    before: str = ""


def read_event(environ: Mapping[str, str]) -> GitHubEvent:
    """Read the event of this job; an empty one outside GitHub Actions or if it can't be read.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
    """
    try:
        content = Path(environ.get("GITHUB_EVENT_PATH", "")).read_bytes()
        return msgspec.json.decode(content, type=GitHubEvent)
    except (OSError, msgspec.DecodeError):
        return GitHubEvent()
