"""Read and write the exception register: one marked table in a Markdown file.

markdown-it parses the file, but does not report the position of a cell in its line. That follows
from the cell's content, whose source is the same text with pipes escaped. Writing replaces text at
these positions, so everything else stays the same, byte for byte.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from covernance.errors import InputError
from covernance.exceptions.row import TODO, Row, parse_day, parse_status

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

BEGIN = "<!-- covernance:exceptions:begin -->"
END = "<!-- covernance:exceptions:end -->"
COLUMNS = (
    "module",
    "suite",
    "current / floor",
    "rationale",
    "owner",
    "review date",
    "remediation plan",
    "status",
)
EMPTY = "\n".join((BEGIN, f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|", END))
"""The marked section of a register without rows."""

_CURRENT = COLUMNS.index("current / floor")
_STATUS = COLUMNS.index("status")
_CONFLICT = ("<<<<<<<", "|||||||", ">>>>>>>")


class Machine(msgspec.Struct, frozen=True):
    """The cells of a row that `sync` generates."""

    current: str
    status: str


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A row to insert; people write the rationale and the plan."""

    module: str
    suite: str
    machine: Machine
    owner: str
    review: date

    @property
    def key(self) -> tuple[str, str]:
        """The same key as `Row.key`."""
        return (self.module, self.suite)


class Register(msgspec.Struct, frozen=True):
    """A parsed register: its text, and its rows in order with their positions."""

    text: str
    rows: tuple[Row, ...]
    _places: tuple[_Place, ...]
    _end: int
    _newline: str

    def rewrite(
        self, machine: Mapping[tuple[str, str], Machine], openings: Iterable[Opening]
    ) -> str:
        """Return the text with generated cells of some rows changed, and rows inserted.

        A row is inserted before the first row that sorts after it; no row is moved.

        Args:
            machine: The new generated cells by row key; other rows do not change.
            openings: Rows to insert.

        Raises:
            InputError: The path of an inserted row can't be written in a table.
        """
        edits = []
        for row, place in zip(self.rows, self._places, strict=True):
            if new := machine.get(row.key):
                edits += self._replacement(place.cells[_CURRENT], new.current)
                edits += self._replacement(place.cells[_STATUS], new.status)
        for opening in sorted(openings, key=lambda opening: opening.key, reverse=True):
            start = self._place_for(opening.key)
            edits.append(_Edit(_Span(start, start), _source(opening) + self._newline))
        text = self.text  # edit from the end, so that earlier positions stay valid
        for (start, end), new_text in sorted(edits, key=_start, reverse=True):
            text = text[:start] + new_text + text[end:]
        return text

    def _replacement(self, cell: _Span, content: str) -> list[_Edit]:
        """Fill a cell, preserving its width if possible; no edit if it has this content already."""
        if self.text[cell.start : cell.end].strip() == content:
            return []
        return [_Edit(cell, f" {content} ".ljust(cell.end - cell.start))]

    def _place_for(self, key: tuple[str, str]) -> int:
        for row, place in zip(self.rows, self._places, strict=True):
            if row.key > key:
                return place.start
        return self._end


class _Span(NamedTuple):
    start: int
    end: int


class _Place(NamedTuple):
    start: int
    cells: tuple[_Span, ...]


class _Edit(NamedTuple):
    span: _Span
    text: str


def _start(edit: _Edit) -> int:
    return edit.span.start


class _Line(NamedTuple):
    """A line without its ending, and its start position in the text."""

    text: str
    start: int


class _LineError(Exception):
    """A problem in a line; `line` counts from 0."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{line + 1}: {problem}")


def parse(text: str, suites: Collection[str], where: str) -> Register:
    """Read a register.

    Args:
        text: The complete file, with its original line endings.
        suites: The suites that a row may name.
        where: The file's name in errors.

    Raises:
        InputError: Conflict markers, no marked section or no complete table in it, a row with too
            many or too few cells, an unknown suite, an invalid date or status, or two rows for one
            module and suite. The message begins with `where` and the line.
    """
    try:
        return _parse(text, suites)
    except _LineError as error:
        msg = f"{where}:{error}"
        raise InputError(msg) from None


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - not needed by a run without a register

    return MarkdownIt("commonmark").enable("table")


def _parse(text: str, suites: Collection[str]) -> Register:
    lines = _lines(text)
    _reject_damage(lines)
    tokens = _markdown().parse(text)
    begin, end = _section(tokens, len(lines))
    header, *body = _table_rows(_table(tokens, begin, end))
    names = tuple(cell.content.casefold() for cell in header.cells)
    if names != COLUMNS:
        raise _LineError(header.line, f"the columns must be {' | '.join(COLUMNS)}")
    places = tuple(_place(source, lines[source.line]) for source in body)
    rows = tuple(_row(source, suites) for source in body)
    _reject_duplicates(rows)
    delimiter, after = lines[header.line + 1], lines[header.line + 2]
    newline = text[delimiter.start + len(delimiter.text) : after.start]
    end_of_table = lines[body[-1].line + 1] if body else after
    return Register(text, rows, places, end_of_table.start, newline)


def _lines(text: str) -> list[_Line]:
    """Split text into lines as CommonMark does: at a line feed, a carriage return, or both."""
    lines, start = [], 0
    for line in io.StringIO(text, newline=""):
        lines.append(_Line(line.rstrip("\r\n"), start))
        start += len(line)
    return lines


def _reject_damage(lines: Sequence[_Line]) -> None:
    for number, line in enumerate(lines):
        if "\0" in line.text:
            raise _LineError(number, "contains a NUL character; restore the file from git")
        if line.text.startswith(_CONFLICT):
            problem = f"unresolved merge conflict ({line.text[:7]}); resolve it first"
            raise _LineError(number, problem)


def _section(tokens: Iterable[Token], lines: int) -> tuple[int, int]:
    """Find the lines of the two markers."""
    marker_lines: dict[str, int] = {}
    for token in tokens:
        marker = token.content.strip()
        if token.type == "html_block" and token.level == 0 and marker in {BEGIN, END}:
            if marker in marker_lines:
                raise _LineError(_first_line(token), f"second {marker}; remove one")
            marker_lines[marker] = _first_line(token)
    for marker in (BEGIN, END):
        if marker not in marker_lines:
            problem = f"{marker} is missing; the register needs this section:\n{EMPTY}"
            raise _LineError(max(lines - 1, 0), problem)
    if marker_lines[BEGIN] > marker_lines[END]:
        raise _LineError(marker_lines[END], f"{END} is before {BEGIN}; swap them")
    return marker_lines[BEGIN], marker_lines[END]


def _table(tokens: Sequence[Token], begin: int, end: int) -> Sequence[Token]:
    """Find the tokens of the table, which must be all there is between the markers."""
    inside = [
        index
        for index, token in enumerate(tokens)
        if token.level == 0 and token.nesting >= 0 and begin < _first_line(token) < end
    ]
    for index in inside:
        if tokens[index].type != "table_open" or index != inside[0]:
            problem = "not part of the table; only the table may be between the markers"
            raise _LineError(_first_line(tokens[index]), problem)
    if not inside:
        raise _LineError(end, f"no table before this marker; an empty register is:\n{EMPTY}")
    return tokens[inside[0] :]


class _Source(NamedTuple):
    """A row as parsed by markdown-it."""

    line: int
    cells: Sequence[Token]


def _table_rows(tokens: Iterable[Token]) -> Iterator[_Source]:
    """Yield the rows of the table that begins with the first token, header first."""
    line = 0
    cells: list[Token] = []
    for token in takewhile(lambda token: token.type != "table_close", tokens):
        if token.type == "tr_open":
            line, cells = _first_line(token), []
        elif token.type == "inline":
            cells.append(token)
        elif token.type == "tr_close":
            yield _Source(line, cells)


def _place(source: _Source, line: _Line) -> _Place:
    """Find the positions of a row's cells.

    markdown-it pads a short row and truncates a long one; here both are errors.
    """
    from markdown_it.common.utils import MD_TRIM_CHARS  # noqa: PLC0415 - as in `_markdown`

    body = line.text.rstrip(MD_TRIM_CHARS)
    position = body.index("|") + 1 if body.lstrip(MD_TRIM_CHARS).startswith("|") else 0
    spans: list[_Span] = []
    for cell in source.cells:
        content = _escape(cell.content)
        end = body.find("|", body.find(content, position) + len(content))
        if end < 0 and content:
            end = len(body)
        if end < 0 or position > len(body):
            problem = f"the row has {len(spans)} cells, the table has {len(COLUMNS)} columns"
            raise _LineError(source.line, problem + r"; a pipe inside a cell is written \|")
        spans.append(_Span(line.start + position, line.start + end))
        position = end + 1
    if body[position:]:
        problem = f"the row has more cells than the table has columns ({len(COLUMNS)})"
        raise _LineError(source.line, problem + r"; a pipe inside a cell is written \|")
    return _Place(line.start, tuple(spans))


def _row(source: _Source, suites: Collection[str]) -> Row:
    _, suite, current, rationale, owner, review, plan, status = map(_text, source.cells)
    module = _path(source.cells[0])
    if not module:
        raise _LineError(source.line, "module is empty; give the path of a file")
    if suite not in suites:
        problem = f"suite {suite!r} does not exist; suites: {', '.join(sorted(suites))}"
        raise _LineError(source.line, problem)
    try:
        review_date = parse_day(review)
    except ValueError:
        problem = f"review date {review!r} is not a date; write it as YYYY-MM-DD"
        raise _LineError(source.line, problem) from None
    try:
        parsed_status = parse_status(status)
    except ValueError:
        problem = f"status {status!r} is neither open nor resolved; leave it empty for an open row"
        raise _LineError(source.line, problem) from None
    return Row(
        line=source.line + 1,
        module=module,
        suite=suite,
        current=current,
        rationale=rationale,
        owner=owner,
        review=review_date,
        plan=plan,
        status=parsed_status,
    )


def _reject_duplicates(rows: Iterable[Row]) -> None:
    first: dict[tuple[str, str], int] = {}
    for row in rows:
        line = first.setdefault(row.key, row.line)
        if line != row.line:
            problem = f"{row.module} ({row.suite}) already has a row in line {line}; remove one"
            raise _LineError(row.line - 1, problem)


def _text(cell: Token) -> str:
    """Return the visible text of a cell, without markup and comments."""
    return "".join(
        child.content for child in cell.children or () if child.type != "html_inline"
    ).strip()


def _path(cell: Token) -> str:
    """Return the path in a cell: its inline code, or else the complete cell as written."""
    for child in cell.children or ():
        if child.type == "code_inline":
            return child.content
    return cell.content


def _source(opening: Opening) -> str:
    """Write a row as a line, without its ending."""
    cells = (
        _code(opening.module),
        opening.suite,
        opening.machine.current,
        TODO,
        opening.owner,
        opening.review.isoformat(),
        "",
        opening.machine.status,
    )
    return f"| {' | '.join(map(_escape, cells))} |"


def _code(path: str) -> str:
    """Write a path as inline code.

    Raises:
        InputError: The path could not be read back unchanged, for example because of a line feed.
    """
    fence = "`"
    while fence in path:
        fence += "`"
    padding = " " if path.startswith(("`", " ")) or path.endswith(("`", " ")) else ""
    cell = f"{fence}{padding}{path}{padding}{fence}"
    if _path(_markdown().parseInline(cell)[0]) != path:
        msg = f"{path!r}: can't be written in a Markdown table; rename the file"
        raise InputError(msg)
    return cell


def _escape(content: str) -> str:
    return content.replace("|", r"\|")


def _first_line(token: Token) -> int:
    return token.map[0] if token.map else 0
