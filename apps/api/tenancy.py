"""Tenancy: the token says whose data a request may touch; nothing else can."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from apps.api.auth import Principal
from apps.api.problems import ProblemError

HEADER = "X-Tenant"

# takes the principal and the tenants that path and header name (None where they name none)
TenantResolver = Callable[[Principal, str | None, str | None], str]


def resolve_tenant(principal: Principal, in_path: str | None, in_header: str | None) -> str:
    """Return the tenant of the token.

    Raises:
        ProblemError: 403, where the path or the header names another tenant.
    """
    for source, named in (("path", in_path), (f"header {HEADER}", in_header)):
        if named is not None and named != principal.tenant:
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                f"The {source} names a tenant that the token is not for.",
                kind="other-tenant",
            )
    return principal.tenant
