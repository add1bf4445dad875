"""Access checks before every resource: address, token, rate, tenant and scope, in that order."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus

from flask import Blueprint, Response, g, request

from apps.api.auth import AuthProvider, Principal, insufficient_scope
from apps.api.metrics import Metrics
from apps.api.problems import ProblemError
from apps.api.rate_limits import Policy, RateLimiter, Standing
from apps.api.settings import LimitSettings
from apps.api.tenancy import HEADER, TenantResolver
from apps.api.tracing import log_with
from logging_lib import get_logger

READ = "snapshots:read"
WRITE = "snapshots:write"
IPV6_SUBSCRIBER_BITS = 64
_log = get_logger(__name__)


class Gate:
    """Decides whether a request is allowed, and stores its tenant in ``g.tenant``."""

    def __init__(
        self,
        *,
        auth: AuthProvider,
        limiter: RateLimiter,
        tenants: TenantResolver,
        limits: LimitSettings,
        metrics: Metrics,
    ) -> None:
        """Store the components that check each aspect."""
        self._auth = auth
        self._limiter = limiter
        self._tenants = tenants
        self._metrics = metrics
        self._reads = Policy.parse("reads", limits.reads)
        self._writes = Policy.parse("writes", limits.writes)
        self._failed_auth = Policy.parse("failed-auth", limits.failed_auth)

    def install(self, blueprint: Blueprint) -> None:
        """Check requests to all routes of a blueprint."""
        blueprint.url_value_preprocessor(_take_tenant)
        blueprint.before_request(self._admit)
        blueprint.after_request(_add_rate_limit_headers)

    def _admit(self) -> None:
        writing = request.method not in {"GET", "HEAD"}
        try:
            principal = self._authenticate()
            log_with(tenant=principal.tenant, client_id=principal.client_id)
            self._check_rate(self._writes if writing else self._reads, principal)
            g.tenant = self._tenants(principal, g.tenant_in_path, request.headers.get(HEADER))
            scope = WRITE if writing else READ
            if scope not in principal.scopes:
                raise insufficient_scope(scope)
        except ProblemError as problem:
            reason = problem.kind or problem.status.phrase.lower().replace(" ", "-")
            self._metrics.rejections.labels(reason).inc()
            _log.warning("refused", reason=reason, detail=problem.detail)
            raise

    def _authenticate(self) -> Principal:
        """Verify the token, unless the address has sent too many invalid ones.

        Only failures count, so that valid clients that share an address are not locked out.
        """
        address = subscriber(request.remote_addr)
        standing = self._limiter.peek(self._failed_auth, address)
        if not standing.allowed:
            raise _too_many(standing, "Too many requests without a valid token.")
        try:
            return self._auth.authenticate(request.headers.get("Authorization"))
        except ProblemError as problem:
            if problem.status is HTTPStatus.UNAUTHORIZED:
                self._limiter.hit(self._failed_auth, address)
            raise

    def _check_rate(self, policy: Policy, principal: Principal) -> None:
        standing = self._limiter.hit(policy, principal.tenant, principal.client_id)
        g.standing = standing
        if not standing.allowed:
            raise _too_many(standing, f"The client has exceeded its quota of {policy.name}.")


def subscriber(address: str | None) -> str:
    """Return the part of an address that identifies a subscriber: all of IPv4, a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:  # an IPv4 client on a dual-stack socket
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_SUBSCRIBER_BITS), strict=False))


def _too_many(standing: Standing, detail: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.TOO_MANY_REQUESTS, detail, kind="rate-limited", headers=standing.headers()
    )


def _take_tenant(_endpoint: str | None, values: dict[str, str] | None) -> None:
    """Remove the tenant from the path values, because the views do not take it."""
    g.tenant_in_path = values.pop("tenant", None) if values else None


def _add_rate_limit_headers(response: Response) -> Response:
    standing: Standing | None = g.get("standing")
    if standing is not None:
        response.headers.update(standing.headers())
    return response
