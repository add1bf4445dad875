from __future__ import annotations

GOOD = """\
[tool.covernance]
themes = ["architecture", "security"]
fail-under = 89.5

[tool.covernance.suites.api]
source = ["apps/api"]
tests = ["tests/api"]
requirements = "requirements/api.txt"

[tool.covernance.suites.my-auth]
source = ["apps/auth"]
tests = ["tests/auth"]
fail-under = 92
themes = ["security"]
"""
