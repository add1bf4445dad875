from __future__ import annotations

import pytest

from apps.api.auth import Principal
from apps.api.problems import ProblemError
from apps.api.tenancy import resolve_tenant

ACME = Principal("acme", "acme-ci", frozenset())


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("in_path", "in_header"), [(None, None), ("acme", None), (None, "acme"), ("acme", "acme")]
)
def test_the_tenant_comes_from_the_token(in_path: str | None, in_header: str | None) -> None:
    assert resolve_tenant(ACME, in_path, in_header) == "acme"


@pytest.mark.security
@pytest.mark.parametrize("other", ["globex", "", "ACME", " acme", "acme, globex", "acme\x00"])
def test_another_tenant_in_path_or_header_is_rejected(other: str) -> None:
    with pytest.raises(ProblemError, match="The path names a tenant") as in_path:
        resolve_tenant(ACME, other, "acme")
    with pytest.raises(ProblemError, match="The header X-Tenant names a tenant") as in_header:
        resolve_tenant(ACME, "acme", other)

    assert in_path.value.status == in_header.value.status == 403
