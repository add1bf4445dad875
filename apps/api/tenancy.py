"""Tenancy: only the token determines whose data a request can access."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from apps.api.auth import Principal
from apps.api.problems import ProblemError

HEADER = "X-Tenant"

# takes the principal and the tenants in the path and the header (None if absent)
TenantResolver = Callable[[Principal, str | None, str | None], str]


def resolve_tenant(principal: Principal, in_path: str | None, in_header: str | None) -> str:
    """Return the token's tenant.

    Raises:
        ProblemError: 403 if the path or the header names another tenant.
    """
    for source, tenant in (("path", in_path), (f"header {HEADER}", in_header)):
        if tenant is not None and tenant != principal.tenant:
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                f"The {source} names a tenant other than the token's.",
                kind="other-tenant",
            )
    return principal.tenant
