"""OAuth 2.0 token service for machine clients; see the README.md in this package."""

from __future__ import annotations

from apps.auth_service.app import create_app

__all__ = ["create_app"]
