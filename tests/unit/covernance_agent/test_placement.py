from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from covernance_agent.placement import Placement

pytestmark = pytest.mark.reliability


def placed(folder: Path, place: str = "calc-security", **options: object) -> tuple[Any, Placement]:
    """The options after they were placed, with the ini key `log_file` unset."""
    usual = {"basetemp": None, "xmlpath": None, "log_file": None}
    settings: dict[str, str] = {"log_file": str(options.pop("ini", ""))}
    config: Any = SimpleNamespace(
        option=SimpleNamespace(**{**usual, **options}),
        getini=settings.__getitem__,
        rootpath=folder,
    )
    placement = Placement(folder, place)
    placement.apply(config)
    return config.option, placement


@pytest.mark.parametrize(
    ("name", "path"),
    [("log_file", "logs/run.log"), ("report_log", "run.odd"), ("htmlpath", "report.html")],
)
def test_known_files_have_a_name_per_pass(tmp_path: Path, name: str, path: str) -> None:
    options, _ = placed(tmp_path, **{name: path})
    given = Path(path)
    assert getattr(options, name) == str(
        given.with_name(f"{given.stem}.calc-security{given.suffix}")
    )


def test_the_only_pass_writes_where_it_was_asked_to(tmp_path: Path) -> None:
    options, _ = placed(tmp_path, place="", log_file="run.log", basetemp="t", my_report="x.html")
    assert (options.log_file, options.basetemp, options.my_report) == ("run.log", "t", "x.html")


def test_a_log_file_of_the_ini_file_has_a_name_per_pass(tmp_path: Path) -> None:
    options, _ = placed(tmp_path, ini="run.log")
    assert options.log_file == "run.calc-security.log"


def test_a_base_of_temporary_folders_has_a_folder_per_pass(tmp_path: Path) -> None:
    options, _ = placed(tmp_path, basetemp=str(tmp_path / "new/t"))
    assert options.basetemp == str(tmp_path / "new/t/calc-security")
    assert (tmp_path / "new/t").is_dir()


@pytest.mark.parametrize("place", ["", "calc-security"])
def test_a_junit_xml_is_written_to_the_pass_and_its_path_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUT", "reports")
    options, placement = placed(tmp_path / "pass", place, xmlpath="$OUT/report.xml")
    assert options.xmlpath == str(tmp_path / "pass/requested.junit.xml")
    assert placement.junit == str(tmp_path / "reports/report.xml")


def test_a_new_report_of_an_unknown_plugin_has_a_name_per_pass(tmp_path: Path) -> None:
    options, placement = placed(
        tmp_path,
        my_report=str(tmp_path / "new.html"),
        my_settings="module.settings",
        my_number=3,
        inifilename="other.md",
    )
    assert options.my_report == str(tmp_path / "new.calc-security.html")
    assert (options.my_settings, options.inifilename) == ("module.settings", "other.md")
    assert placement.list_overwritten() == []


def test_a_file_below_pytests_root_or_an_address_is_not_one_to_write(tmp_path: Path) -> None:
    (tmp_path / "schema.json").touch()
    options, _ = placed(tmp_path, my_schema="schema.json", my_server="https://host/a.json")
    assert (options.my_schema, options.my_server) == ("schema.json", "https://host/a.json")


def test_what_a_plugin_would_empty_has_a_place_per_pass(tmp_path: Path) -> None:
    options, _ = placed(tmp_path, clean_alluredir=True, allure_report_dir="allure")
    assert options.allure_report_dir == "allure.calc-security"
    options, _ = placed(tmp_path, clean_alluredir=False, allure_report_dir="allure")
    assert options.allure_report_dir == "allure"


@pytest.mark.security
def test_a_file_that_is_open_already_is_an_error_unless_there_is_one_pass(tmp_path: Path) -> None:
    with (tmp_path / "benchmark.json").open("wb") as file:
        for options in ({"benchmark_json": file}, {"debug": "pytestdebug.log"}):
            placed(tmp_path, place="", **options)
            with pytest.raises(
                pytest.UsageError, match=r"^--(benchmark-json|debug): several passes"
            ):
                placed(tmp_path, **options)


@pytest.mark.security
@pytest.mark.parametrize(
    ("after", "overwritten"),
    [(b"before", False), (b"before, and more", False), (b"after", True), (None, True)],
)
def test_a_file_that_exists_must_not_be_overwritten(
    tmp_path: Path, after: bytes | None, *, overwritten: bool
) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(b"before")
    options, placement = placed(tmp_path, my_report=str(file))
    assert options.my_report == str(file)
    if after is None:
        file.unlink()
    else:
        file.write_bytes(after)
    assert placement.list_overwritten() == ([("--my-report", str(file))] if overwritten else [])
