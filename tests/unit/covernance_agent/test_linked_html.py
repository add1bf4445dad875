from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage, CoverageData

from covernance_agent.combining import load
from covernance_agent.linked_html import write_linked

pytestmark = pytest.mark.reliability

ARCS = [(-1, 1), (1, 2), (2, -1)]


class Reports:
    """Writes successive reports of the same two files, each to its own folder."""

    def __init__(self, root: Path, measured: Callable[[Any], Coverage]) -> None:
        self.root = root
        self.ran: dict[str, dict[str, list[tuple[int, int]]]] = {
            "a|run": {"one.py": ARCS, "two.py": ARCS}
        }
        self._measured = measured
        for name in ("one.py", "two.py"):
            (root / name).write_text("x = 1\ny = 2\n")

    def write(
        self, name: str, *others: str, title: str = "both", option: tuple[str, bool] | None = None
    ) -> Path:
        (self.root / ".coverage").unlink(missing_ok=True)
        cov = self._measured(self.ran)
        if option:
            cov.set_option(*option)
        write_linked(cov, self.root / name, [self.root / other for other in others], title=title)
        return self.root / name


@pytest.fixture
def reports(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Reports:
    return Reports(tmp_path, measured)


def linked_pages(folder: Path) -> list[str]:
    """The sources whose pages are linked to those of another report."""
    return sorted(
        page.name.removesuffix("_py.html")
        for page in folder.glob("*_py.html")
        if page.stat().st_nlink > 1
    )


def settled(page: Path) -> str:
    """A page without the time at which it was written."""
    return re.sub(r"created at .*", "", page.read_text())


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_unchanged_pages_are_linked(reports: Reports) -> None:
    first = reports.write("first")
    second = reports.write("second", "first")
    assert linked_pages(second) == ["one", "two"]
    assert names(first) == names(second)
    numbers = [
        {name: file["index"] for name, file in json.loads(text)["files"].items()}
        for text in ((folder / "status.json").read_text() for folder in (first, second))
    ]
    assert numbers[0] == numbers[1]
    assert linked_pages(reports.write("third", "second")) == ["one", "two"]


@pytest.mark.parametrize(
    "change",
    [
        lambda reports: (reports.root / "one.py").write_text("x = 1\ny = 3\n"),
        lambda reports: reports.ran["a|run"].update({"one.py": ARCS[:1]}),
        lambda reports: reports.ran.update({"b|run": {"one.py": ARCS}}),
    ],
    ids=["source", "what ran", "who ran it"],
)
def test_a_changed_page_is_written(reports: Reports, change: Callable[[Reports], None]) -> None:
    first = reports.write("first")
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    change(reports)
    assert linked_pages(reports.write("second", "first")) == ["two"]
    assert before == {path.name: path.read_bytes() for path in first.iterdir()}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "status.json").write_text("rubbish"),
        lambda folder: (folder / "status.json").write_bytes(b'{"globals": "\xff"}'),
        lambda folder: (folder / "status.json").write_text('{"files": []}'),
        lambda folder: (folder / "status.json").unlink(),
        lambda folder: [page.unlink() for page in folder.glob("*_py.html")],
    ],
    ids=["damaged", "no UTF-8", "foreign", "gone", "no pages"],
)
def test_no_page_of_an_incomplete_report_is_linked(
    reports: Reports, spoil: Callable[[Path], None]
) -> None:
    first = reports.write("first")
    complete = names(first)
    spoil(first)
    second = reports.write("second", "first")
    assert (linked_pages(second), names(second)) == ([], complete)


def test_other_settings_write_every_page_again(reports: Reports) -> None:
    reports.write("first")
    second = reports.write("second", "first", option=("html:skip_empty", True))
    assert linked_pages(second) == []


def test_the_location_of_settings_and_the_sources_do_not_change_pages(
    reports: Reports,
) -> None:
    first = reports.write("first")
    before = reports.root / ".coveragerc"
    text = before.read_text()
    before.unlink()
    reports.root.joinpath("setup.cfg").write_text(
        text.replace("[run]", "[coverage:run]\nsource = .")
    )
    cov = load(reports.root / ".coverage", reports.root / ".analysis", config_file="setup.cfg")
    write_linked(cov, reports.root / "second", [first], title="both")
    assert linked_pages(reports.root / "second") == ["one", "two"]


def test_only_the_index_shows_the_title(reports: Reports) -> None:
    reports.write("first")
    second = reports.write("second", "first", title="other")
    assert linked_pages(second) == ["one", "two"]
    assert "<title>other</title>" in (second / "index.html").read_text()


def test_pages_are_linked_from_any_report_that_has_them(reports: Reports) -> None:
    reports.write("first")
    reports.ran["a|run"]["one.py"] = ARCS[:1]
    second = reports.write("second", "nothing", "first")
    assert linked_pages(second) == ["two"]
    reports.ran["a|run"] |= {"one.py": ARCS, "two.py": ARCS[:1]}
    reports.write("third")
    reports.ran["a|run"]["one.py"] = ARCS[:1]
    fourth = reports.write("fourth", "third", "second")
    assert linked_pages(fourth) == ["one", "two"]
    assert (fourth / "one_py.html").samefile(second / "one_py.html")


def test_a_file_that_is_gone_has_no_page(reports: Reports) -> None:
    reports.write("first")
    del reports.ran["a|run"]["two.py"]
    second = reports.write("second", "first")
    assert [page.name for page in second.glob("*_py.html")] == ["one_py.html"]
    assert linked_pages(second) == []  # it linked to the other


def test_several_processes_write_the_same_pages_as_one(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = []
    for cores in (1, 2):
        monkeypatch.setattr("covernance_agent.parallel.cpus", lambda cores=cores: cores)
        folder = reports.write(f"by-{cores}")
        contents.append({page.name: settled(page) for page in folder.glob("*.html")})
    assert contents[0] == contents[1]


def test_the_data_is_unchanged(
    reports: Reports, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("covernance_agent.parallel.cpus", lambda: 2)
    reports.write("first")
    data = CoverageData(str(tmp_path / ".coverage"))
    data.read()
    assert sorted(Path(path).name for path in data.measured_files()) == ["one.py", "two.py"]


def test_a_folder_without_a_report_is_ignored(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "one.py").write_text("x = 1\n")
    cov = measured({"a": {"one.py": [(-1, 1)]}})
    (tmp_path / "file").touch()
    write_linked(cov, tmp_path / "html", [tmp_path / "file"], title="api")
    assert (tmp_path / "html" / "one_py.html").is_file()
