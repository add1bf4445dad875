"""The reports and counts of the layer beside those of coverage.py's own commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coverage import Coverage

from covernance.model.context_name import pattern
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult
from covernance.report_formats import FORMATS
from covernance_agent.combining import combine, load
from covernance_agent.formats import FileReport, write_report
from covernance_agent.reports import count_files
from tests.utils.repository import clean_environment

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]
PASSES = {"reliability": "tests/unit/covernance/model", "security": "tests/unit/logging"}
_TIMES = (
    r'"timestamp": "[^"]*"',  # JSON
    r'timestamp="\d+"',  # XML
    r"created at [^<\n]*",  # HTML
    r'"(globals|hash)":"\w*"',  # HTML's status: of where files lie, of what a page is made of
)


def run(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        check=True,
        stdout=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two passes over this repository's own sources, combined."""
    folder = tmp_path_factory.mktemp("measured")
    for theme, tests in PASSES.items():
        run(
            *("coverage", "run", f"--context={theme}", "--source=src/covernance,logging_lib"),
            *(f"--data-file={folder / theme / '.coverage'}", "-m", "pytest", "-q", tests),
            *("-m", theme, "-p", "covernance_agent.plugin", "-p", "no:cacheprovider"),
            *(f"--covernance-record={folder / theme / 'record'}", f"--covernance-theme={theme}"),
            f"--covernance-themes={','.join(PASSES)}",
        )
    folders = [folder / theme for theme in PASSES]
    assert combine(folders, folder / ".coverage", config_file=True)
    return folder / ".coverage"


@pytest.fixture
def cov(data: Path, monkeypatch: pytest.MonkeyPatch) -> Coverage:
    monkeypatch.chdir(ROOT)
    return load(data, data.parent / "analyses", config_file=True)


def settled(path: Path) -> str:
    """A report without the times at which it was made."""
    text = path.read_text(encoding="utf-8")
    for time in _TIMES:
        text = re.sub(time, "", text)
    return text


def sorted_lists(path: Path) -> dict[str, Any]:
    """A JSON report; coverage.py's order of contexts is another in every process."""

    def ordered(document: dict[str, Any]) -> dict[str, Any]:
        return {
            key: sorted(value) if isinstance(value, list) else value
            for key, value in document.items()
        }

    document: dict[str, Any] = json.loads(path.read_bytes(), object_hook=ordered)
    del document["meta"]["timestamp"]
    return document


def settled_folder(folder: Path) -> dict[str, str]:
    return {
        path.name: settled(path) if path.suffix in {".html", ".json"} else path.read_text("latin-1")
        for path in folder.iterdir()
    }


@pytest.fixture
def own(data: Path, tmp_path: Path) -> Callable[..., Path]:
    """coverage.py's own report, by its command."""

    def write(kind: str, *options: str, target: str = "-o") -> Path:
        path = tmp_path / f"own-{kind}"
        run("coverage", kind, "-q", f"--data-file={data}", target, str(path), *options)
        return path

    return write


def test_json_and_lcov_are_coverage_pys_own_to_the_byte(
    cov: Coverage, own: Callable[..., Path], tmp_path: Path
) -> None:
    write_report(cov, FileReport("json", tmp_path / "json", "both"))
    finish = FORMATS["json"].finish
    assert finish
    (tmp_path / "json").write_bytes(finish((tmp_path / "json").read_bytes()))
    assert settled(tmp_path / "json") == settled(own("json", "--pretty-print"))
    write_report(cov, FileReport("json", tmp_path / "contexts", "both", contexts=True))
    expected = own("json", "--show-contexts")
    assert sorted_lists(tmp_path / "contexts") == sorted_lists(expected)
    write_report(cov, FileReport("lcov", tmp_path / "lcov", "both"))
    assert (tmp_path / "lcov").read_bytes() == own("lcov").read_bytes()


def test_xml_is_coverage_pys_own_without_a_source(
    cov: Coverage, own: Callable[..., Path], tmp_path: Path
) -> None:
    write_report(cov, FileReport("xml", tmp_path / "xml", "both"))
    settings = ConfigParser(interpolation=None)
    settings.read(ROOT / ".coveragerc")
    settings.remove_option("run", "source")
    with (tmp_path / "without-source").open("w") as stream:
        settings.write(stream)
    expected = own("xml", f"--rcfile={stream.name}")
    assert settled(tmp_path / "xml") == settled(expected)


def test_html_is_coverage_pys_own_to_the_byte(
    cov: Coverage, own: Callable[..., Path], tmp_path: Path
) -> None:
    write_report(cov, FileReport("html", tmp_path / "html", "both"))
    expected = own("html", "--show-contexts", "--title=both", target="-d")
    assert settled_folder(tmp_path / "html") == settled_folder(expected)


def test_the_counts_are_coverage_pys_own(cov: Coverage, own: Callable[..., Path]) -> None:
    written = json.dumps(count_files(cov, list(PASSES), config_file=True))
    results = msgspec.json.decode(written, type=dict[str, FileResult])
    document = json.loads(own("json").read_bytes())
    assert {name: result.total for name, result in results.items()} == counts(document)
    for theme in PASSES:
        option = f"--contexts={pattern(theme)}"
        document = json.loads(own("json", option).read_bytes())
        raw = {name: result.themes[theme].raw for name, result in results.items()}
        assert raw == counts(document)
        assert any(result.themes[theme].earned.covered for result in results.values())


def counts(document: dict[str, Any]) -> dict[str, Counts]:
    return {
        name: Counts(
            file["summary"]["num_statements"],
            file["summary"]["covered_lines"],
            file["summary"]["num_branches"],
            file["summary"]["covered_branches"],
        )
        for name, file in document["files"].items()
    }
