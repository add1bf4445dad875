"""``python -m apps.hub``."""

from __future__ import annotations

from apps.hub.cli import main

main(prog_name="python -m apps.hub")
