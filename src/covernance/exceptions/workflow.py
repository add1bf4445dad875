"""Update and check the exception register on disk, and count its coverage debt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from covernance import files
from covernance.config import ExceptionSettings, Suite, Table
from covernance.config.table import LONGEST_REVIEW
from covernance.context import Context
from covernance.errors import InputError
from covernance.exceptions import debt, merge, register_markdown, waivers
from covernance.exceptions.debt import Debt
from covernance.exceptions.merge import Floors, Problem, Synced, Terms
from covernance.exceptions.row import Row
from covernance.exceptions.waivers import Due, ReviewDates, find_review_dates
from covernance.freshness import Unusable, require_current
from covernance.gate.floors import find_file_floors
from covernance.git.changes import read_committed_file
from covernance.model.paths import is_below
from covernance.results import read_results
from covernance.shell import diffs

if TYPE_CHECKING:
    from covernance.exceptions.owners import Owners


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A register compared with snapshots.

    Attributes:
        path: The register, relative to the root.
        before: Its current text.
        rows: Its rows of the selected suites.
        synced: Its updated text, and the changes.
        unmeasured: Selected suites without a current result; their rows were not compared.
    """

    path: str
    before: str
    rows: tuple[Row, ...]
    synced: Synced
    unmeasured: tuple[Unusable, ...]

    def diff(self) -> str:
        """Return the changes of `sync` as a unified diff that `git apply` accepts."""
        return diffs.unified(self.path, self.before, self.synced.text)


class Checked(msgspec.Struct, frozen=True):
    """The result of `check`: problems that make it fail, and exceptions that expire soon."""

    problems: tuple[Problem, ...]
    due: tuple[Due, ...]


def read_rows(table: Table) -> tuple[Row, ...]:
    """Read the rows of the register; none if there is no register.

    Raises:
        InputError: The register can't be read or is damaged.
    """
    if not (table.root / table.exceptions.register).exists():
        return ()
    return _parse(_read(table.root, table.exceptions.register), table).rows


class CommittedRegister(msgspec.Struct, frozen=True):
    """The rows of the register of a commit, and the review dates that its table allows today."""

    rows: tuple[Row, ...]
    dates: ReviewDates


def read_committed_register(
    context: Context, commit: str, table: Mapping[str, Any]
) -> CommittedRegister:
    """Read the register of a commit; without rows if there was none, or a damaged one.

    Args:
        context: The context.
        commit: The commit.
        table: Its `[tool.covernance]` as parsed from TOML, which names the register.
    """
    try:
        settings = msgspec.convert(table.get("exceptions", {}), _CommittedSettings)
    except msgspec.ValidationError:
        settings = _CommittedSettings()
    dates = find_review_dates(context.now.date(), settings.review_days)
    text = read_committed_file(context.root, commit, settings.register)
    try:
        suites = tuple(table.get("suites", ()))
        rows = register_markdown.parse(text, suites, settings.register).rows if text else ()
    except InputError:
        rows = ()
    return CommittedRegister(rows, dates)


class _CommittedSettings(msgspec.Struct, rename="kebab"):
    register: str = ExceptionSettings().register
    review_days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_REVIEW)] = (
        ExceptionSettings().review_days
    )


def review_dates(context: Context) -> ReviewDates:
    """Find the review dates that are valid today."""
    return find_review_dates(context.now.date(), context.table.exceptions.review_days)


def is_source(context: Context, row: Row) -> bool:
    """Whether a row names a file of its suite's sources by its path from the root."""
    path, suite = PurePosixPath(row.module), context.table.suite(row.suite)
    is_normal = str(path) == row.module and ".." not in path.parts
    return is_normal and is_below(row.module, suite.source) and (context.root / path).is_file()


def compare_register(context: Context, suites: Sequence[Suite]) -> Compared:
    """Compare the register with the last full results of some suites; write nothing.

    Raises:
        InputError: The register, CODEOWNERS or a snapshot can't be read or is damaged.
    """
    table, today = context.table, context.now.date()
    text = _read_register(context.root, table.exceptions.register)
    parsed = _parse(text, table)
    results = read_results(context)
    measured, unmeasured, floors = [], [], {}
    for suite in suites:
        result = require_current(suite, results[suite.name])
        if isinstance(result, Unusable):
            unmeasured.append(result)
        else:
            measured.append(result)
            floors[suite.name] = Floors(suite.fail_under, find_file_floors(suite, result.files))
    owners = _owners(context.root)
    names = {suite.name for suite in suites}
    terms = Terms(
        today=today,
        review=today + timedelta(days=table.exceptions.review_days),
        owner_of=lambda path: " ".join(owners.of(path) or table.exceptions.owner.split()),
    )
    return Compared(
        path=table.exceptions.register,
        before=text,
        rows=tuple(row for row in parsed.rows if row.suite in names),
        synced=merge.merge_rows(parsed, measured, floors, terms),
        unmeasured=tuple(unmeasured),
    )


def sync_register(context: Context, suites: Sequence[Suite]) -> Compared:
    """Update the register; the file is written atomically, and only if something changed.

    Raises:
        CovernanceError: As in `compare_register`, or the file can't be written; it is unchanged.
    """
    with files.locked(context.layout.lock):
        compared = compare_register(context, suites)
        if compared.synced.text != compared.before:
            path = (context.root / compared.path).resolve()
            files.write_atomic(path, compared.synced.text.encode())
    return compared


def check_register(context: Context, suites: Sequence[Suite]) -> Checked:
    """Find problems in the rows of some suites, and rows that expire soon.

    Raises:
        InputError: As in `compare_register`, or a suite has no current result to compare its rows
            with.
    """
    compared, results = compare_register(context, suites), read_results(context)
    if compared.unmeasured:
        reasons = [f"{suite.suite}: {'; '.join(suite.reasons)}" for suite in compared.unmeasured]
        msg = "\n".join(reasons) + "\nor check other suites with --suite"
        raise InputError(msg)

    def is_file(row: Row) -> bool:
        result = results[row.suite]
        return bool(result and row.module in result.files) or is_source(context, row)

    dates = review_dates(context)
    return Checked(
        merge.find_problems(compared.rows, compared.synced.changes, dates, is_file),
        waivers.find_due(compared.rows, dates.today),
    )


def list_register_debts(context: Context, suites: Sequence[Suite]) -> tuple[Debt, ...]:
    """List the debt of each row of some suites.

    Raises:
        InputError: As in `compare_register`.
    """
    table = context.table
    parsed = _parse(_read_register(context.root, table.exceptions.register), table)
    names = {suite.name for suite in suites}
    snapshots = {name: result for name, result in read_results(context).items() if result}
    rows = [row for row in parsed.rows if row.suite in names]
    return debt.list_debts(rows, snapshots, review_dates(context))


def _read_register(root: Path, name: str) -> str:
    """Read the text of the register; an empty register if there is none."""
    return _read(root, name) if (root / name).exists() else register_markdown.EMPTY


def _parse(text: str, table: Table) -> register_markdown.Register:
    return _parsed(text, tuple(suite.name for suite in table.suites), table.exceptions.register)


@lru_cache(maxsize=1)
def _parsed(text: str, suites: tuple[str, ...], where: str) -> register_markdown.Register:
    """Parse the register once, although it is read for every suite."""
    return register_markdown.parse(text, suites, where)


def _owners(root: Path) -> Owners:
    from covernance.exceptions.owners import LOCATIONS, Owners  # noqa: PLC0415 - a suite's session only reads rows and needs no owners

    for name in LOCATIONS:
        if (root / name).is_file():
            return Owners(_read(root, name))
    return Owners()


def _read(root: Path, name: str) -> str:
    """Read a file's text with its original line endings."""
    try:
        content = (root / name).read_bytes()
        return content.decode()
    except FileNotFoundError:
        msg = f"{name}: does not exist; create it with this section:\n{register_markdown.EMPTY}"
        raise InputError(msg) from None
    except OSError as error:
        msg = f"{name}: can't be read: {error.strerror}"
        raise InputError(msg) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        msg = f"{name}:{line}: is not UTF-8; save the file as UTF-8"
        raise InputError(msg) from error
