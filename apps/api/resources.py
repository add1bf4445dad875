"""API resources: a repository's snapshots, trend and badge."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, g, request
from msgspec import Meta, Raw, Struct
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from apps.api.analysis import analysed_at_import
from apps.api.badge import render_badge
from apps.api.counts import Counts
from apps.api.cursors import InvalidCursorError, make_cursor, read_cursor
from apps.api.metrics import Metrics
from apps.api.models import Snapshot
from apps.api.problems import ProblemError
from apps.api.snapshots import (
    Branch,
    InvalidSnapshotError,
    MalformedJsonError,
    Name,
    parse_snapshot,
)
from apps.api.store import (
    ConflictError,
    NotFoundError,
    RepoKey,
    SnapshotStore,
    UnknownAnchorError,
)
from logging_lib import get_logger

BADGE_SECONDS: Final = 60
Q = TypeVar("Q", bound=Struct)
_log = get_logger(__name__)


class RepoConverter(BaseConverter):
    """A repository name in a path: one segment that does not start with a dot."""

    regex = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"


class SnapshotIdConverter(BaseConverter):
    """A snapshot's public id in a path."""

    regex = r"[0-9a-f]{32}"


@analysed_at_import
class _ListQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    suite: Name | None = None
    branch: Branch | None = None
    cursor: Annotated[str, Meta(max_length=128)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


@analysed_at_import
class _TrendQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    suite: Name
    theme: Name | None = None
    branch: Branch | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


@analysed_at_import
class _BadgeQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    suite: Name
    theme: Name | None = None
    branch: Branch | None = None


class Resources:
    """The views of the API. The gate has stored the tenant in ``g.tenant``."""

    def __init__(
        self,
        store: SnapshotStore,
        metrics: Metrics,
        *,
        max_body_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store what the views need.

        Args:
            store: Stores and finds snapshots.
            metrics: Counts received snapshots by outcome.
            max_body_bytes: Largest snapshot; the app must accept one byte more.
            clock: Seconds since the epoch.
        """
        self._store = store
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._clock = clock

    def install(self, blueprint: Blueprint) -> None:
        """Add a route for each view."""
        base = "/repos/<repo:repo>"
        snapshots = f"{base}/snapshots"
        blueprint.add_url_rule(snapshots, view_func=self.post_snapshot, methods=["POST"])
        blueprint.add_url_rule(snapshots, view_func=self.list_snapshots)
        blueprint.add_url_rule(f"{snapshots}/<snapshot:public_id>", view_func=self.get_snapshot)
        blueprint.add_url_rule(f"{base}/trend", view_func=self.get_trend)
        blueprint.add_url_rule(f"{base}/badge.svg", view_func=self.get_badge)

    def post_snapshot(self, repo: str) -> Response:
        """Store a snapshot: 201 if it is new, 200 if it is already stored."""
        body = self._read_body()
        now = datetime.fromtimestamp(self._clock(), UTC)
        try:
            submission = parse_snapshot(body, now=now)
        except MalformedJsonError as error:
            raise ProblemError(HTTPStatus.BAD_REQUEST, str(error), kind="malformed-json") from error
        except InvalidSnapshotError as error:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"The snapshot is not valid: {error}",
                kind="invalid-snapshot",
                errors=[{"path": error.path, "detail": error.detail}],
            ) from error
        try:
            snapshot, created = self._store.add(
                RepoKey(g.tenant, repo), submission, received_at=now
            )
        except ConflictError as error:
            self._metrics.snapshots.labels("conflicting").inc()
            raise ProblemError(
                HTTPStatus.CONFLICT,
                "This run has already sent a different snapshot for that suite and commit. "
                "Snapshots cannot be changed; send a correction with a new run_id.",
                kind="snapshot-conflict",
                existing=f"{request.path}/{error.public_id}",
            ) from error
        self._metrics.snapshots.labels("created" if created else "repeated").inc()
        _log.info("snapshot", repo=repo, suite=snapshot.suite, created=created)
        return _json(
            _describe_snapshot(snapshot, repo),
            status=HTTPStatus.CREATED if created else HTTPStatus.OK,
            headers={"Location": f"{request.path}/{snapshot.public_id}"},
        )

    def _read_body(self) -> bytes:
        _require_plain_json()
        body = request.get_data(cache=False)
        if len(body) > self._max_body_bytes:
            raise RequestEntityTooLarge
        return body

    def list_snapshots(self, repo: str) -> Response:
        """List snapshots, newest arrival first; ``Link`` (RFC 8288) points to the next page."""
        query = _read_query(_ListQuery)
        list_query = (g.tenant, repo, query.suite, query.branch)
        try:
            page = self._store.page(
                RepoKey(g.tenant, repo),
                suite=query.suite,
                branch=query.branch,
                after=read_cursor(query.cursor, list_query) if query.cursor is not None else None,
                limit=query.limit,
            )
        except NotFoundError as error:
            raise _not_found("repository") from error
        except (InvalidCursorError, UnknownAnchorError) as error:
            raise ProblemError(
                HTTPStatus.BAD_REQUEST,
                "The cursor was not issued for this list.",
                kind="invalid-cursor",
            ) from error
        body: dict[str, object] = {
            "items": [_describe_snapshot(item, repo) for item in page.snapshots]
        }
        headers = {}
        if page.more:
            next_query = request.args.to_dict()
            next_query["cursor"] = make_cursor(page.snapshots[-1].public_id, list_query)
            # relative, so that a forged Host header cannot redirect the client
            body["next"] = f"{request.path}?{urlencode(next_query)}"
            headers["Link"] = f'<{body["next"]}>; rel="next"'
        return _json(body, headers=headers)

    def get_snapshot(self, repo: str, public_id: str) -> Response:
        """Return a snapshot with the document that was sent."""
        try:
            snapshot = self._store.get(RepoKey(g.tenant, repo), public_id)
        except NotFoundError as error:
            raise _not_found("snapshot") from error
        document = Raw(snapshot.document.encode())
        return _json({**_describe_snapshot(snapshot, repo), "document": document})

    def get_trend(self, repo: str) -> Response:
        """Return a suite's coverage, or a theme's earned coverage, over time."""
        query = _read_query(_TrendQuery)
        try:
            points = self._store.trend(
                RepoKey(g.tenant, repo),
                suite=query.suite,
                theme=query.theme,
                branch=query.branch,
                limit=query.limit,
            )
        except NotFoundError as error:
            raise _not_found("snapshot of that suite and theme") from error
        return _json(
            {
                "repo": repo,
                "suite": query.suite,
                "theme": query.theme,
                "points": [
                    {
                        "recorded_at": point.recorded_at,
                        "commit": point.commit,
                        **_describe_counts(point.counts),
                    }
                    for point in points
                ],
            }
        )

    def get_badge(self, repo: str) -> Response:
        """Return a badge with the latest percentage."""
        query = _read_query(_BadgeQuery)
        try:
            (point,) = self._store.trend(
                RepoKey(g.tenant, repo),
                suite=query.suite,
                theme=query.theme,
                branch=query.branch,
                limit=1,
            )
        except NotFoundError as error:
            raise _not_found("snapshot of that suite and theme") from error
        response = Response(
            render_badge(query.suite, query.theme, point.counts), content_type="image/svg+xml"
        )
        # private: shared caches must not store what only one tenant may see
        response.headers["Cache-Control"] = f"private, max-age={BADGE_SECONDS}"
        response.headers["Vary"] = "Authorization"
        response.add_etag()
        response.make_conditional(request)
        return response


def _require_plain_json() -> None:
    if request.mimetype != "application/json":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the snapshot as application/json.",
            headers={"Accept-Post": "application/json"},
        )
    if request.headers.get("Content-Encoding", "identity") != "identity":
        # a small compressed body could expand without limit
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the snapshot without a content coding.",
            headers={"Accept-Encoding": "identity"},
        )


def _read_query(kind: type[Q]) -> Q:
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    try:
        if repeated:
            raise msgspec.ValidationError(f"`{repeated[0]}` is given more than once")  # noqa: TRY301  # reported like other invalid queries
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, f"The query is not valid: {error}", kind="invalid-query"
        ) from error


def _not_found(subject: str) -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, f"There is no such {subject}.")


def _describe_counts(counts: Counts) -> dict[str, object]:
    return {"counts": counts, "percent": counts.percent}


def _describe_snapshot(snapshot: Snapshot, repo: str) -> dict[str, object]:
    return {
        "id": snapshot.public_id,
        "repo": repo,
        "suite": snapshot.suite,
        "commit": snapshot.commit_sha,
        "branch": snapshot.branch,
        "run_id": snapshot.run_id,
        "verdict": snapshot.verdict,
        "recorded_at": snapshot.recorded_at,
        "received_at": snapshot.received_at,
        "total": _describe_counts(snapshot.counts),
        "themes": {
            result.theme: {"tests": result.tests, **_describe_counts(result.counts)}
            for result in snapshot.themes
        },
    }


def _json(
    body: object, *, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        msgspec.json.encode(body), status=status, headers=headers, content_type="application/json"
    )
