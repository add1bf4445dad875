"""The resources: snapshots of a repository, their trend, their badge."""

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
    """The name of a repository in a path: one segment, and never a dot file."""

    regex = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"


class SnapshotIdConverter(BaseConverter):
    """The public id of a snapshot in a path."""

    regex = r"[0-9a-f]{32}"


class _ListQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    suite: Name | None = None
    branch: Branch | None = None
    cursor: Annotated[str, Meta(max_length=128)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class _TrendQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    suite: Name
    theme: Name | None = None
    branch: Branch | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class _BadgeQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    suite: Name
    theme: Name | None = None
    branch: Branch | None = None


class Resources:
    """The views of the API. The gate has put the tenant into ``g.tenant``."""

    def __init__(
        self,
        store: SnapshotStore,
        metrics: Metrics,
        *,
        max_body_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Bind the views.

        Args:
            store: Where snapshots are kept.
            metrics: Counts what becomes of those sent in.
            max_body_bytes: The largest snapshot; the app has to let one byte more through.
            clock: Seconds since the epoch.
        """
        self._store = store
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._clock = clock

    def install(self, blueprint: Blueprint) -> None:
        """Give each view its route."""
        base = "/repos/<repo:repo>"
        snapshots = f"{base}/snapshots"
        blueprint.add_url_rule(snapshots, view_func=self.post_snapshot, methods=["POST"])
        blueprint.add_url_rule(snapshots, view_func=self.list_snapshots)
        blueprint.add_url_rule(f"{snapshots}/<snapshot:public_id>", view_func=self.get_snapshot)
        blueprint.add_url_rule(f"{base}/trend", view_func=self.get_trend)
        blueprint.add_url_rule(f"{base}/badge.svg", view_func=self.get_badge)

    def post_snapshot(self, repo: str) -> Response:
        """Take a snapshot in: 201 when it is new, 200 when it has come before."""
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
                "This run has sent another snapshot of that suite and commit. "
                "A snapshot does not change; send a correction under a new run_id.",
                kind="snapshot-conflict",
                existing=f"{request.path}/{error.public_id}",
            ) from error
        self._metrics.snapshots.labels("created" if created else "repeated").inc()
        _log.info("snapshot", repo=repo, suite=snapshot.suite, created=created)
        return _json(
            _shown(snapshot, repo),
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
        """List snapshots, the last to arrive first; ``Link`` (RFC 8288) leads to the next page."""
        query = _read_query(_ListQuery)
        question = (g.tenant, repo, query.suite, query.branch)
        try:
            page = self._store.page(
                RepoKey(g.tenant, repo),
                suite=query.suite,
                branch=query.branch,
                after=read_cursor(query.cursor, question) if query.cursor is not None else None,
                limit=query.limit,
            )
        except NotFoundError as error:
            raise _not_found("repository") from error
        except (InvalidCursorError, UnknownAnchorError) as error:
            raise ProblemError(
                HTTPStatus.BAD_REQUEST,
                "The cursor is not one that was given out for this list.",
                kind="invalid-cursor",
            ) from error
        body: dict[str, object] = {"items": [_shown(item, repo) for item in page.snapshots]}
        headers = {}
        if page.more:
            following = request.args.to_dict()
            following["cursor"] = make_cursor(page.snapshots[-1].public_id, question)
            # relative, so that a forged Host cannot send the client elsewhere
            body["next"] = f"{request.path}?{urlencode(following)}"
            headers["Link"] = f'<{body["next"]}>; rel="next"'
        return _json(body, headers=headers)

    def get_snapshot(self, repo: str, public_id: str) -> Response:
        """Show a snapshot with the document as it was sent."""
        try:
            snapshot = self._store.get(RepoKey(g.tenant, repo), public_id)
        except NotFoundError as error:
            raise _not_found("snapshot") from error
        document = Raw(snapshot.document.encode())
        return _json({**_shown(snapshot, repo), "document": document})

    def get_trend(self, repo: str) -> Response:
        """Show how a suite, or what a theme earned in it, went over time."""
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
                        **_counted(point.counts),
                    }
                    for point in points
                ],
            }
        )

    def get_badge(self, repo: str) -> Response:
        """Draw the latest percentage."""
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
        # private: what a tenant's token may see must not stay in a cache that others share
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
        # a small body may unpack to one without end
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the snapshot without a content coding.",
            headers={"Accept-Encoding": "identity"},
        )


def _read_query(kind: type[Q]) -> Q:
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    try:
        if repeated:
            raise msgspec.ValidationError(f"`{repeated[0]}` is given more than once")  # noqa: TRY301  # one way to refuse a query
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, f"The query is not valid: {error}", kind="invalid-query"
        ) from error


def _not_found(what: str) -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, f"There is no such {what}.")


def _counted(counts: Counts) -> dict[str, object]:
    return {"counts": counts, "percent": counts.percent}


def _shown(snapshot: Snapshot, repo: str) -> dict[str, object]:
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
        "total": _counted(snapshot.counts),
        "themes": {
            result.theme: {"tests": result.tests, **_counted(result.counts)}
            for result in snapshot.themes
        },
    }


def _json(
    body: object, *, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        msgspec.json.encode(body), status=status, headers=headers, content_type="application/json"
    )
