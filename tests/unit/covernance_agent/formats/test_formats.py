from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance.report_formats import FORMATS
from covernance_agent import fence
from covernance_agent.combining import load
from covernance_agent.failures import InputError, MachineError
from covernance_agent.formats import FileReport, write_report

pytestmark = pytest.mark.reliability

SETTINGS = "[run]\nbranch = true\nrelative_files = true\npatch = subprocess\n"
FILES = [name for name, one in FORMATS.items() if not one.for_terminal]


@pytest.fixture(params=[True, False], ids=["private names", "public interface"])
def cov(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    measured: Callable[[Any], Coverage],
    monkeypatch: pytest.MonkeyPatch,
) -> Coverage:
    if not request.param:
        monkeypatch.setattr("covernance_agent.fence.is_known", lambda: False)
    elif not fence.is_known():
        pytest.skip("the private names of this coverage.py are not known")
    (tmp_path / "one.py").write_text("x = 1\n")
    return measured({"security|run": {"one.py": [(-1, 1), (1, -1)]}})


def write(cov: Coverage, kind: str, path: Path, *, contexts: bool = False) -> None:
    write_report(cov, FileReport(kind, path, "api", contexts=contexts))


@pytest.mark.architecture
@pytest.mark.parametrize("kind", FILES)
def test_every_file_report_is_written(cov: Coverage, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "deep" / "report"
    write(cov, kind, target)
    assert (target / "index.html").exists() if kind == "html" else target.stat().st_size


@pytest.mark.architecture
def test_the_xml_names_files_from_the_root(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    for name in ("apps/api", "apps/auth"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "server.py").write_text("x = 1\n")
    arcs = [(-1, 1), (1, -1)]
    measured({"security|run": {"apps/api/server.py": arcs, "apps/auth/server.py": arcs}})
    (tmp_path / ".coveragerc").write_text(SETTINGS + "source = apps/api, apps/auth\n")
    cov = load(tmp_path / ".coverage", tmp_path / ".analysis", config_file=True)
    write(cov, "xml", tmp_path / "x.xml")
    text = (tmp_path / "x.xml").read_text(encoding="utf-8")
    assert re.findall('filename="(.+?)"', text) == ["apps/api/server.py", "apps/auth/server.py"]
    assert re.findall("<source>(.*?)</source>", text) == [""]


def test_a_report_of_a_source_that_is_gone_is_a_clear_error(cov: Coverage, tmp_path: Path) -> None:
    (tmp_path / "one.py").unlink()
    with pytest.raises(InputError, match=r"json report: .*one\.py"):
        write(cov, "json", tmp_path / "x")


def test_contexts_of_a_source_that_is_gone_are_a_clear_error(cov: Coverage, tmp_path: Path) -> None:
    (tmp_path / "one.py").unlink()
    with pytest.raises(InputError, match=r"json report: .*one\.py"):
        write(cov, "json", tmp_path / "x", contexts=True)


def test_a_report_that_can_not_be_written_is_a_clear_error(cov: Coverage, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="can't be written"):
        write(cov, "json", tmp_path / "file" / "x.json")


@pytest.mark.architecture
def test_json_with_contexts_names_who_ran_each_line(cov: Coverage, tmp_path: Path) -> None:
    write(cov, "json", tmp_path / "x.json", contexts=True)
    document = json.loads((tmp_path / "x.json").read_text())
    assert document["files"]["one.py"]["contexts"] == {"1": ["security|run"]}
