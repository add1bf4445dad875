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
    """A report of two files after another, each in a folder of its own."""

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


def taken_over(folder: Path) -> list[str]:
    """The sources whose pages another report has too."""
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


def test_pages_that_would_be_the_same_are_taken_over(reports: Reports) -> None:
    first = reports.write("first")
    second = reports.write("second", "first")
    assert taken_over(second) == ["one", "two"]
    assert names(first) == names(second)
    numbers = [
        {name: file["index"] for name, file in json.loads(text)["files"].items()}
        for text in ((folder / "status.json").read_text() for folder in (first, second))
    ]
    assert numbers[0] == numbers[1]
    assert taken_over(reports.write("third", "second")) == ["one", "two"]


@pytest.mark.parametrize(
    "change",
    [
        lambda reports: (reports.root / "one.py").write_text("x = 1\ny = 3\n"),
        lambda reports: reports.ran["a|run"].update({"one.py": ARCS[:1]}),
        lambda reports: reports.ran.update({"b|run": {"one.py": ARCS}}),
    ],
    ids=["source", "what ran", "who ran it"],
)
def test_a_page_that_would_be_another_is_written(
    reports: Reports, change: Callable[[Reports], None]
) -> None:
    first = reports.write("first")
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    change(reports)
    assert taken_over(reports.write("second", "first")) == ["two"]
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
def test_nothing_is_taken_over_of_a_report_that_is_not_whole(
    reports: Reports, spoil: Callable[[Path], None]
) -> None:
    first = reports.write("first")
    complete = names(first)
    spoil(first)
    second = reports.write("second", "first")
    assert (taken_over(second), names(second)) == ([], complete)


def test_other_settings_write_every_page_again(reports: Reports) -> None:
    reports.write("first")
    second = reports.write("second", "first", option=("html:skip_empty", True))
    assert taken_over(second) == []


def test_where_settings_lie_and_what_sources_a_suite_has_makes_no_other_page(
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
    assert taken_over(reports.root / "second") == ["one", "two"]


def test_only_the_index_shows_the_title(reports: Reports) -> None:
    reports.write("first")
    second = reports.write("second", "first", title="other")
    assert taken_over(second) == ["one", "two"]
    assert "<title>other</title>" in (second / "index.html").read_text()


def test_pages_are_taken_over_from_whichever_report_has_them(reports: Reports) -> None:
    reports.write("first")
    reports.ran["a|run"]["one.py"] = ARCS[:1]
    second = reports.write("second", "nothing", "first")
    assert taken_over(second) == ["two"]
    reports.ran["a|run"] |= {"one.py": ARCS, "two.py": ARCS[:1]}
    reports.write("third")
    reports.ran["a|run"]["one.py"] = ARCS[:1]
    fourth = reports.write("fourth", "third", "second")
    assert taken_over(fourth) == ["one", "two"]
    assert (fourth / "one_py.html").samefile(second / "one_py.html")


def test_the_page_of_a_file_that_is_gone_goes(reports: Reports) -> None:
    reports.write("first")
    del reports.ran["a|run"]["two.py"]
    second = reports.write("second", "first")
    assert [page.name for page in second.glob("*_py.html")] == ["one_py.html"]
    assert taken_over(second) == []  # it linked to the other


def test_pages_that_several_processes_write_are_those_of_one(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = []
    for cores in (1, 2):
        monkeypatch.setattr("covernance_agent.parallel.cpus", lambda cores=cores: cores)
        folder = reports.write(f"by-{cores}")
        contents.append({page.name: settled(page) for page in folder.glob("*.html")})
    assert contents[0] == contents[1]


def test_the_data_is_left_as_it_was(
    reports: Reports, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("covernance_agent.parallel.cpus", lambda: 2)
    reports.write("first")
    data = CoverageData(str(tmp_path / ".coverage"))
    data.read()
    assert sorted(Path(path).name for path in data.measured_files()) == ["one.py", "two.py"]


def test_a_folder_in_which_nothing_lies_is_no_report(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "one.py").write_text("x = 1\n")
    cov = measured({"a": {"one.py": [(-1, 1)]}})
    (tmp_path / "file").touch()
    write_linked(cov, tmp_path / "html", [tmp_path / "file"], title="api")
    assert (tmp_path / "html" / "one_py.html").is_file()
