"""``python -m apps.api``."""

from __future__ import annotations

from apps.api.cli import main

main(prog_name="python -m apps.api")
