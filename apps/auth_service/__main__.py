"""``python -m apps.auth_service``."""

from __future__ import annotations

from apps.auth_service.cli import main

main(prog_name="python -m apps.auth_service")
