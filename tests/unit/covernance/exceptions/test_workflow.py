from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from covernance.config import load
from covernance.context import Context
from covernance.errors import ConfigError, InputError, MachineError
from covernance.exceptions.row import Row
from covernance.exceptions.workflow import (
    Checked,
    Compared,
    check_register,
    compare_register,
    list_register_debts,
    read_rows,
    sync_register,
)
from covernance.model.counts import Counts
from tests.unit.covernance.exceptions.register_samples import document, line, measured
from tests.utils.contexts import context_of
from tests.utils.repository import TABLE, Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture

SECOND = """
[tool.covernance.suites.web]
source = ["web"]
tests = ["web_tests"]

[tool.covernance.exceptions]
register = "docs/exceptions.md"
owner = " @nobody "
review-days = 30
"""
PRESENT = Counts(4, 3)
IN_STEP = line(module="`calc/a.py`", suite="calc", current="75.00 / 90")


class House:
    """A repository of two suites with a register."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        repository.write("pyproject.toml", TABLE + SECOND)
        repository.write("web/__init__.py", "")
        repository.write("web_tests/test_web.py", "")
        self.register = repository.root / "docs/exceptions.md"
        self.write(document())
        for suite in ("calc", "web"):
            self.measure(suite, {})

    @property
    def context(self) -> Context:
        return context_of(self.repository.root)

    @property
    def text(self) -> str:
        return self.register.read_bytes().decode()

    def write(self, text: str) -> None:
        self.register.parent.mkdir(exist_ok=True)
        self.register.write_bytes(text.encode())

    def measure(self, suite: str, files: dict[str, Counts]) -> None:
        path = self.repository.root / "coverage" / f"{suite}.snapshot.json"
        path.parent.mkdir(exist_ok=True)
        result = measured_now(measured(files, suite=suite), self.repository.root)
        path.write_bytes(result.encode())

    def forget(self, suite: str) -> None:
        (self.repository.root / "coverage" / f"{suite}.snapshot.json").unlink()

    def sync(self) -> Compared:
        return sync_register(self.context, self.context.table.suites)

    def compare(self) -> Compared:
        return compare_register(self.context, self.context.table.suites)

    def check(self, *names: str) -> Checked:
        suites = [self.context.table.suite(name) for name in names or ("calc", "web")]
        return check_register(self.context, suites)

    def rows(self) -> tuple[Row, ...]:
        return read_rows(self.context.table)


@pytest.fixture
def house(repository: Repository) -> House:
    return House(repository)


def test_sync_opens_rows_with_the_owners_from_codeowners(house: House) -> None:
    house.repository.write("CODEOWNERS", "* @unread\n")
    house.repository.write(".github/CODEOWNERS", "/calc/ @calc @org/team\n")
    house.measure("calc", {"calc/a.py": PRESENT})
    house.measure("web", {"web/b.py": PRESENT})
    house.sync()
    assert [(row.module, row.owner) for row in house.rows()] == [
        ("calc/a.py", "@calc @org/team"),
        ("web/b.py", "@nobody"),
    ]
    assert {row.review for row in house.rows()} == {date(2026, 12, 21)}


@pytest.mark.reliability
def test_without_codeowners_the_table_sets_the_owner(house: House) -> None:
    house.measure("calc", {"calc/a.py": PRESENT})
    house.sync()
    assert [row.owner for row in house.rows()] == ["@nobody"]


def test_a_suites_own_floor_is_used(house: House) -> None:
    house.repository.write("pyproject.toml", TABLE + "fail-under = 75\n" + SECOND)
    house.measure("calc", {"calc/a.py": PRESENT})
    house.measure("web", {"web/b.py": PRESENT})
    house.sync()
    assert [row.module for row in house.rows()] == ["web/b.py"]


def test_a_files_own_floor_is_used(house: House) -> None:
    file_floor = 'file-floors = { "calc/deep/*" = 75 }\n'
    house.repository.write("pyproject.toml", TABLE + file_floor + SECOND)
    house.measure("calc", {"calc/deep/a.py": PRESENT, "calc/b.py": PRESENT})
    house.sync()
    assert [row.module for row in house.rows()] == ["calc/b.py"]


def test_comparing_writes_nothing(house: House) -> None:
    house.measure("calc", {"calc/a.py": PRESENT})
    before = house.text
    assert house.compare().synced.changes
    assert house.text == before


def test_an_up_to_date_register_is_not_written_again(house: House) -> None:
    before = house.register.stat()
    assert house.sync().synced.changes == ()
    after = house.register.stat()
    # Not all of it: reading the file may change its time of access.
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_applying_the_diff_equals_sync(house: House, newline: str, end: str) -> None:
    house.write(document(line(module="`calc/a.py`", suite="calc"), newline=newline) + end)
    house.measure("calc", {"calc/a.py": PRESENT, "calc/b.py": PRESENT})
    compared = house.compare()
    assert compared.diff().startswith("--- a/docs/exceptions.md\n+++ b/docs/exceptions.md\n@@")
    patch = house.repository.root / "sync.patch"
    patch.write_bytes(compared.diff().encode())
    house.repository.git("apply", str(patch))
    assert house.text == compared.synced.text


def test_the_diff_of_an_up_to_date_register_is_empty(house: House) -> None:
    assert house.compare().diff() == ""


@pytest.mark.reliability
def test_rows_of_a_suite_that_was_not_run_do_not_change_and_it_is_reported(house: House) -> None:
    text = document(IN_STEP, line(module="`web/b.py`", suite="web"))
    house.write(text)
    house.measure("calc", {"calc/a.py": PRESENT})
    house.forget("web")
    compared = house.sync()
    assert [suite.suite for suite in compared.unmeasured] == ["web"]
    assert house.text == text


@pytest.mark.security
def test_an_unmeasured_suite_does_not_pass_the_check(house: House) -> None:
    house.forget("web")
    with pytest.raises(InputError, match=r"^web: no result of this suite; run `covernance run"):
        house.check()
    assert house.check("calc").problems == ()


@pytest.mark.security
def test_rows_are_not_compared_with_a_result_of_other_sources(house: House) -> None:
    house.measure("calc", {"calc/a.py": PRESENT})
    house.repository.append("calc/__init__.py", "z = 3\n")
    (stale,) = house.sync().unmeasured
    assert (stale.suite, stale.verdict) == ("calc", "stale")
    assert IN_STEP not in house.text
    with pytest.raises(InputError, match=r"^calc: calc/__init__\.py was edited after the"):
        house.check()


def test_check_lists_problems_and_expiring_rows(house: House) -> None:
    house.write(document(IN_STEP.replace("2027-01-01", "2026-11-28").replace("Why", "")))
    house.measure("calc", {"calc/a.py": PRESENT})
    checked = house.check()
    assert [(problem.line, problem.kind) for problem in checked.problems] == [(6, "unfilled")]
    assert [(item.row.module, item.notice) for item in checked.due] == [("calc/a.py", 7)]


@pytest.mark.security
def test_an_expired_row_only_affects_its_suite(house: House) -> None:
    house.write(document(IN_STEP.replace("2027-01-01", "2026-11-20")))
    house.measure("calc", {"calc/a.py": PRESENT})
    assert [problem.kind for problem in house.check("calc").problems] == ["expired-exception"]
    assert house.check("web").problems == ()


def test_only_debts_of_the_selected_suites_are_listed(house: House) -> None:
    house.write(document(IN_STEP, line(module="`web/b.py`", suite="web")))
    house.measure("calc", {"calc/a.py": PRESENT})
    context = house.context
    calc = list_register_debts(context, [context.table.suite("calc")])
    assert [(debt.row.module, debt.missing) for debt in calc] == [("calc/a.py", 1)]


@pytest.mark.reliability
def test_debts_of_a_suite_that_was_not_run_are_unknown(house: House) -> None:
    house.write(document(IN_STEP))
    house.forget("calc")
    (debt,) = list_register_debts(house.context, house.context.table.suites)
    assert debt.missing is None


def test_without_a_register_there_are_no_rows(house: House) -> None:
    house.register.unlink()
    assert house.rows() == ()


def test_a_register_is_made_when_the_first_row_is_needed(house: House) -> None:
    house.register.unlink()
    assert list_register_debts(house.context, house.context.table.suites) == ()
    assert house.check().problems == ()
    house.measure("calc", {"calc/a.py": PRESENT})
    assert [problem.module for problem in house.check().problems] == ["calc/a.py"]
    house.sync()
    assert [row.module for row in house.rows()] == ["calc/a.py"]


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a\r\nb\r\n\xff", r"^docs/exceptions\.md:3: is not UTF-8"),
        (b"<<<<<<< HEAD\n", r"^docs/exceptions\.md:1: unresolved merge conflict"),
    ],
)
def test_a_damaged_register_is_a_clear_error_and_does_not_change(
    house: House, content: bytes, problem: str
) -> None:
    house.register.write_bytes(content)
    for read in (house.sync, house.compare, house.check, house.rows):
        with pytest.raises(InputError, match=problem):
            read()
    assert house.register.read_bytes() == content


@pytest.mark.reliability
def test_a_register_that_is_a_folder_is_a_clear_error(house: House) -> None:
    house.register.unlink()
    house.register.mkdir()
    with pytest.raises(ConfigError, match=r"exceptions\.register: 'docs.* is a folder"):
        house.rows()


@pytest.mark.reliability
def test_a_failed_write_does_not_change_the_register(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.measure("calc", {"calc/a.py": PRESENT})
    before = house.text

    def full_disk(_path: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(MachineError, match=r"exceptions\.md: can't be written: No space left"):
        house.sync()
    assert house.text == before
    assert [entry.name for entry in house.register.parent.iterdir()] == ["exceptions.md"]


@pytest.mark.reliability
def test_a_register_behind_a_link_is_written_to_the_links_target(house: House) -> None:
    real = house.repository.root / "real.md"
    house.register.rename(real)
    house.register.symlink_to(real)
    house.measure("calc", {"calc/a.py": PRESENT})
    house.sync()
    assert house.register.is_symlink()
    assert "calc/a.py" in real.read_text(encoding="utf-8")


def test_this_repositorys_register_is_valid() -> None:
    root = Path(__file__).parents[4]
    table = load(root)
    assert (root / table.exceptions.register).is_file()
    read_rows(table)
