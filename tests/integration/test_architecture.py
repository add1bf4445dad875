"""The page that maps the code names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.draw_packages import read_bands

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PATH = re.compile(r"(?:[\w-]+/)+(?:[\w-]+\.\w+)?|[\w-]+\.(?:py|toml)")
FOLDERS = (ROOT, ROOT / "src/covernance", ROOT / "src/covernance_agent")
TEMPLATES = {"command.py", "workflow.py", "policy.py", "render.py"}


def named_paths() -> set[str]:
    spans = re.findall(r"`([^`\n]+)`", PAGE)
    return {span for span in spans if PATH.fullmatch(span)} - TEMPLATES


def test_every_path_on_the_page_exists() -> None:
    paths = named_paths()
    assert {"config/table.py", "src/covernance_agent/", "pyproject.toml"} <= paths
    missing = [
        path for path in sorted(paths) if not any((folder / path).exists() for folder in FOLDERS)
    ]
    assert missing == []


def test_flow_names_existing_packages() -> None:
    flow = PAGE.partition("## Flow of a run")[2].partition("## Words")[0]
    packages = {name for names in read_bands(ROOT).values() for name in names}
    assert set(re.findall(r"\b([a-z]+)/(?=\s)", flow)) <= packages
    assert "engine/ " in flow
