"""Snapshot documents: validate what the hub relies on, preserve the rest."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from apps.api.analysis import analysed_at_import
from apps.api.auth import Identifier
from apps.api.counts import Count, Counts

MAX_THEMES: Final = 64
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_SKEW: Final = timedelta(days=1)

T = TypeVar("T")
Name = Identifier
Branch = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{1,255}\Z")]
Commit = Annotated[str, Meta(pattern=r"\A[0-9a-f]{40}\Z")]
Verdict = Annotated[str, Meta(pattern=r"\A[a-z][a-z-]{0,63}\Z")]


class MalformedJsonError(Exception):
    """The body is not readable JSON."""


class InvalidSnapshotError(Exception):
    """The body is JSON but not a snapshot; `path` is the JSONPath, `detail` the reason."""

    def __init__(self, path: str, detail: str) -> None:
        """Store the path and the detail, so that a client can show them separately."""
        super().__init__(f"{detail} - at `{path}`")
        self.path = path
        self.detail = detail


@analysed_at_import
class Theme(Struct, frozen=True):
    """Coverage of a theme: `earned` by its tests, and `raw` with what importing executed."""

    tests: Count
    earned: Counts
    raw: Counts


class Provenance(Struct, frozen=True):
    """The origin of a snapshot."""

    commit: Commit
    run_id: Identifier
    recorded_at: Annotated[datetime, Meta(tz=True)]
    branch: Branch | None = None


@analysed_at_import
class _File(Struct, frozen=True):
    total: Counts


@analysed_at_import
class _Document(Struct, frozen=True):
    """A snapshot document; themes and files are parsed one by one, so that errors name them."""

    schema: Literal[1, 2]
    suite: Name
    verdict: Verdict
    provenance: Provenance
    total: Counts
    themes: Annotated[dict[Name, Raw], Meta(max_length=MAX_THEMES)]
    files: dict[Annotated[str, Meta(min_length=1, max_length=1024)], Raw]


class Submission(Struct, frozen=True):
    """A validated snapshot.

    ``document`` is the JSON in canonical form: equal content gives equal text. ``digest`` is its
    SHA-256.
    """

    suite: str
    verdict: str
    provenance: Provenance
    total: Counts
    themes: dict[str, Theme]
    document: str
    digest: str


def parse_snapshot(body: bytes, *, now: datetime) -> Submission:
    """Parse and validate a snapshot document.

    Args:
        body: JSON; unknown keys are preserved.
        now: Current time; snapshots from the future are rejected: they would remain the latest.

    Raises:
        MalformedJsonError: The body is not JSON, or is nested too deeply.
        InvalidSnapshotError: A field is missing or has an invalid value.
    """
    try:
        canonical = msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    except RecursionError as error:
        raise MalformedJsonError("The JSON is nested too deeply.") from error
    except msgspec.DecodeError as error:
        raise MalformedJsonError(f"The body is not readable JSON: {error}.") from error
    parsed = _read(canonical, _Document, "$")
    _check_time(parsed.provenance.recorded_at, now)
    themes = {
        name: _read(raw, Theme, _member("$.themes", name)) for name, raw in parsed.themes.items()
    }
    for name, raw in parsed.files.items():
        _read(raw, _File, _member("$.files", name))
    return Submission(
        suite=parsed.suite,
        verdict=parsed.verdict,
        provenance=parsed.provenance,
        total=parsed.total,
        themes=themes,
        document=canonical.decode(),
        digest=hashlib.sha256(canonical).hexdigest(),
    )


def _read(text: bytes | Raw, kind: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        detail, _, where = str(error).rpartition(" - at ")
        if not detail:  # an error at the root has no path
            raise InvalidSnapshotError(path, str(error)) from error
        where = where.strip("`").replace("key` in `", "")
        raise InvalidSnapshotError(path + where.removeprefix("$"), detail) from error


def _member(path: str, key: str) -> str:
    """Return the JSONPath of a key with any characters (RFC 9535 §2.3.1)."""
    return f"{path}[{json.dumps(key)}]"


def _check_time(recorded_at: datetime, now: datetime) -> None:
    if not EARLIEST <= recorded_at <= now + CLOCK_SKEW:
        raise InvalidSnapshotError(
            "$.provenance.recorded_at",
            f"Expected a time between {EARLIEST:%Y-%m-%d} and tomorrow, got {recorded_at}",
        )
