from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance_agent.combining import load
from covernance_agent.failures import InputError
from covernance_agent.formats import FileReport, write_report

pytestmark = pytest.mark.architecture

SETTINGS = "[run]\nbranch = true\nrelative_files = true\nsource = apps/api, apps/auth\n"


def test_files_are_named_from_the_root(tmp_path: Path, measured: Callable[[Any], Coverage]) -> None:
    for name in ("apps/api", "apps/auth"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "server.py").write_text("x = 1\n")
    arcs = [(-1, 1), (1, -1)]
    measured({"security|run": {"apps/api/server.py": arcs, "apps/auth/server.py": arcs}})
    (tmp_path / ".coveragerc").write_text(SETTINGS)
    cov = load(tmp_path / ".coverage", tmp_path / ".analysis", config_file=True)
    write_report(cov, FileReport("xml", tmp_path / "deep" / "x.xml", "api"))
    text = (tmp_path / "deep" / "x.xml").read_text(encoding="utf-8")
    assert re.findall('filename="(.+?)"', text) == ["apps/api/server.py", "apps/auth/server.py"]
    assert re.findall("<source>(.*?)</source>", text) == [""]
    assert cov.get_option("run:source") == ["apps/api", "apps/auth"]


@pytest.mark.reliability
def test_missing_source_is_a_clear_error_and_leaves_the_settings(
    cov: Coverage, tmp_path: Path
) -> None:
    cov.set_option("run:source", ["apps"])
    (tmp_path / "one.py").unlink()
    with pytest.raises(InputError, match=r"xml report: .*one\.py"):
        write_report(cov, FileReport("xml", tmp_path / "x.xml", "api"))
    assert cov.get_option("run:source") == ["apps"]
