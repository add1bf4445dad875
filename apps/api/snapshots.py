"""The snapshot document: read strictly where the hub relies on it, kept whole."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

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
    """The body is not JSON that can be read."""


class InvalidSnapshotError(Exception):
    """The body is JSON but not a snapshot: `path` (JSONPath) names the field, `detail` why."""

    def __init__(self, path: str, detail: str) -> None:
        """Keep the two apart, so that a client can show them where they belong."""
        super().__init__(f"{detail} - at `{path}`")
        self.path = path
        self.detail = detail


class Theme(Struct, frozen=True):
    """What the tests of a theme earned; `raw` counts the lines that importing executed as well."""

    tests: Count
    earned: Counts
    raw: Counts


class Provenance(Struct, frozen=True):
    """Where a snapshot comes from."""

    commit: Commit
    run_id: Identifier
    recorded_at: Annotated[datetime, Meta(tz=True)]
    branch: Branch | None = None


class _File(Struct, frozen=True):
    total: Counts


class _Document(Struct, frozen=True):
    """The outline; what is in the tables is read one by one, so that errors can name the key."""

    schema: Literal[1, 2]
    suite: Name
    verdict: Verdict
    provenance: Provenance
    total: Counts
    themes: Annotated[dict[Name, Raw], Meta(max_length=MAX_THEMES)]
    files: dict[Annotated[str, Meta(min_length=1, max_length=1024)], Raw]


class Submission(Struct, frozen=True):
    """A snapshot that may be stored.

    ``document`` is what was sent, in a canonical form: the same content gives the same text, and
    ``digest`` is its SHA-256.
    """

    suite: str
    verdict: str
    provenance: Provenance
    total: Counts
    themes: dict[str, Theme]
    document: str
    digest: str


def parse_snapshot(body: bytes, *, now: datetime) -> Submission:
    """Read a snapshot document.

    Args:
        body: JSON; keys that are not known are kept.
        now: The present, to refuse snapshots from the future: they would stay the latest for ever.

    Raises:
        MalformedJsonError: It is not JSON, or nested beyond reason.
        InvalidSnapshotError: A field is missing, or has a value that is not allowed.
    """
    try:
        canonical = msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    except RecursionError as error:
        raise MalformedJsonError("The JSON is nested too deeply.") from error
    except msgspec.DecodeError as error:
        raise MalformedJsonError(f"The body is not readable JSON: {error}.") from error
    outline = _read(canonical, _Document, "$")
    _check_time(outline.provenance.recorded_at, now)
    themes = {
        name: _read(raw, Theme, _member("$.themes", name)) for name, raw in outline.themes.items()
    }
    for name, raw in outline.files.items():
        _read(raw, _File, _member("$.files", name))
    return Submission(
        suite=outline.suite,
        verdict=outline.verdict,
        provenance=outline.provenance,
        total=outline.total,
        themes=themes,
        document=canonical.decode(),
        digest=hashlib.sha256(canonical).hexdigest(),
    )


def _read(text: bytes | Raw, kind: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        detail, _, where = str(error).rpartition(" - at ")
        if not detail:  # an error at the root names no place
            raise InvalidSnapshotError(path, str(error)) from error
        where = where.strip("`").replace("key` in `", "")
        raise InvalidSnapshotError(path + where.removeprefix("$"), detail) from error


def _member(path: str, key: str) -> str:
    """The JSONPath of a key that may hold any character (RFC 9535 §2.3.1)."""
    return f"{path}[{json.dumps(key)}]"


def _check_time(recorded_at: datetime, now: datetime) -> None:
    if not EARLIEST <= recorded_at <= now + CLOCK_SKEW:
        raise InvalidSnapshotError(
            "$.provenance.recorded_at",
            f"Expected a moment between {EARLIEST:%Y-%m-%d} and tomorrow, got {recorded_at}",
        )
