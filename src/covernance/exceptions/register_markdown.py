"""The exception register as text: a Markdown file of which one marked table is the register.

markdown-it reads the file. What it does not tell, where in its line a cell stands, follows from
what it tells: a cell's source is its content with the pipes escaped again. Writing is a set of
replacements at those places, so whatever is not replaced stays byte for byte.
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
    """The cells of a row that the machine keeps."""

    current: str
    status: str


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A row to be inserted; the rationale and the plan are left to a person."""

    module: str
    suite: str
    machine: Machine
    owner: str
    review: date

    @property
    def key(self) -> tuple[str, str]:
        """As `Row.key`."""
        return (self.module, self.suite)


class Register(msgspec.Struct, frozen=True):
    """A register that was read: its text, its rows in their order, and where they stand."""

    text: str
    rows: tuple[Row, ...]
    _places: tuple[_Place, ...]
    _end: int
    _newline: str

    def rewrite(
        self, machine: Mapping[tuple[str, str], Machine], openings: Iterable[Opening]
    ) -> str:
        """The text with the machine's cells of some rows changed, and rows inserted.

        An inserted row stands before the first row that sorts after it; no row is moved.

        Args:
            machine: The machine's cells by a row's key; rows that are not named stay.
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
        text = self.text  # from the back, so that the places before stay right
        for (start, end), new_text in sorted(edits, key=_start, reverse=True):
            text = text[:start] + new_text + text[end:]
        return text

    def _replacement(self, cell: _Span, content: str) -> list[_Edit]:
        """Fill a cell, as wide as it was where that is wide enough; nothing to do if it says so."""
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
    """A line without its ending, and where in the text it starts."""

    text: str
    start: int


class _LineError(Exception):
    """What is wrong in a line, counted from 0."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{line + 1}: {problem}")


def parse(text: str, suites: Collection[str], where: str) -> Register:
    """Read a register.

    Args:
        text: The whole file, with its line endings as they are.
        suites: The suites that a row may name.
        where: The file's name in errors.

    Raises:
        InputError: Conflict markers, no marked section or no whole table in it, a row with a
            cell too many or too few, an unknown suite, a bad date or status, or two rows for
            one module and suite; the message begins with `where` and the line.
    """
    try:
        return _parse(text, suites)
    except _LineError as error:
        msg = f"{where}:{error}"
        raise InputError(msg) from None


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - a run without a register has no use for it

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
    """The lines as CommonMark counts them: they end with a line feed, a return, or both."""
    lines, start = [], 0
    for line in io.StringIO(text, newline=""):
        lines.append(_Line(line.rstrip("\r\n"), start))
        start += len(line)
    return lines


def _reject_damage(lines: Sequence[_Line]) -> None:
    for number, line in enumerate(lines):
        if "\0" in line.text:
            raise _LineError(number, "holds a NUL character; restore the file from git")
        if line.text.startswith(_CONFLICT):
            problem = f"a merge conflict ({line.text[:7]}) is not resolved; resolve it first"
            raise _LineError(number, problem)


def _section(tokens: Iterable[Token], lines: int) -> tuple[int, int]:
    """The lines of the two markers."""
    marker_lines: dict[str, int] = {}
    for token in tokens:
        marker = token.content.strip()
        if token.type == "html_block" and token.level == 0 and marker in {BEGIN, END}:
            if marker in marker_lines:
                raise _LineError(_first_line(token), f"{marker} stands here a second time")
            marker_lines[marker] = _first_line(token)
    for marker in (BEGIN, END):
        if marker not in marker_lines:
            problem = f"{marker} is missing; the register is this section:\n{EMPTY}"
            raise _LineError(max(lines - 1, 0), problem)
    if marker_lines[BEGIN] > marker_lines[END]:
        raise _LineError(marker_lines[END], f"{END} stands before {BEGIN}")
    return marker_lines[BEGIN], marker_lines[END]


def _table(tokens: Sequence[Token], begin: int, end: int) -> Sequence[Token]:
    """The tokens of the table, which alone stands between the markers."""
    inside = [
        index
        for index, token in enumerate(tokens)
        if token.level == 0 and token.nesting >= 0 and begin < _first_line(token) < end
    ]
    for index in inside:
        if tokens[index].type != "table_open" or index != inside[0]:
            problem = "is no row of the table, and only the table may stand between the markers"
            raise _LineError(_first_line(tokens[index]), problem)
    if not inside:
        raise _LineError(end, f"there is no table before this marker; the empty one is:\n{EMPTY}")
    return tokens[inside[0] :]


class _Source(NamedTuple):
    """A row as markdown-it read it."""

    line: int
    cells: Sequence[Token]


def _table_rows(tokens: Iterable[Token]) -> Iterator[_Source]:
    """The rows of the table that begins with the first token, the header first."""
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
    """Where a row's cells stand.

    markdown-it fills a short row up and cuts a long one off; here both are flaws.
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
            problem = f"the row has {len(spans)} cells and the table {len(COLUMNS)} columns"
            raise _LineError(source.line, problem + r"; a pipe inside a cell is written \|")
        spans.append(_Span(line.start + position, line.start + end))
        position = end + 1
    if body[position:]:
        problem = f"the row has more cells than the table's {len(COLUMNS)} columns"
        raise _LineError(source.line, problem + r"; a pipe inside a cell is written \|")
    return _Place(line.start, tuple(spans))


def _row(source: _Source, suites: Collection[str]) -> Row:
    _, suite, current, rationale, owner, review, plan, status = map(_text, source.cells)
    module = _path(source.cells[0])
    if not module:
        raise _LineError(source.line, "module is empty; give the path of a file")
    if suite not in suites:
        problem = f"there is no suite {suite!r}; suites: {', '.join(sorted(suites))}"
        raise _LineError(source.line, problem)
    try:
        review_date = parse_day(review)
    except ValueError:
        problem = f"review date {review!r} is no day; write it as YYYY-MM-DD"
        raise _LineError(source.line, problem) from None
    try:
        parsed_status = parse_status(status)
    except ValueError:
        problem = f"status {status!r} is neither open nor resolved; leave it empty for an open one"
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
            problem = f"{row.module} ({row.suite}) has a row in line {line} already; keep one"
            raise _LineError(row.line - 1, problem)


def _text(cell: Token) -> str:
    """A cell as its reader sees it: no markup, no comments."""
    return "".join(
        child.content for child in cell.children or () if child.type != "html_inline"
    ).strip()


def _path(cell: Token) -> str:
    """The path in a cell: what stands as code, else the whole cell as it is written."""
    for child in cell.children or ():
        if child.type == "code_inline":
            return child.content
    return cell.content


def _source(opening: Opening) -> str:
    """A row's line, without its ending."""
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
    """A path as inline code.

    Raises:
        InputError: It would not be read back as it is, say for a line feed in it.
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
