"""Render the tests that cover lines, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from covernance.model.text import escape_unprintable, short_commit


class Ran(msgspec.Struct, frozen=True, order=True):
    """A test that ran some of the requested lines.

    Attributes:
        test: The node id of a test; of a class, file or folder for its shared setup; "" for the
            setup of the session.
        themes: The themes under which it ran.
        lines: The lines.
        set_up: Whether this is shared setup rather than a test.
    """

    test: str
    themes: tuple[str, ...]
    lines: str
    set_up: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The tests of a place, from the last recording; sets of lines are written as `1-4,7`.

    Attributes:
        path: The file.
        asked: The requested lines; "" for all.
        suite: The suite that measures it.
        commit: The commit of the run; None outside git.
        dirty: Whether it had uncommitted changes.
        recorded_at: The start of the run.
        stale: The files edited since the run: this one or those of its tests.
        ran: The tests that ran the lines.
        imported: Lines that ran only while modules were imported.
        never: Lines that never ran.
        without_statement: Lines that are not part of a measured statement.
        edited: Lines that were edited since the run.
        again: The command that records a new run.
    """

    path: str
    asked: str
    suite: str
    commit: str | None
    dirty: bool | None
    recorded_at: str
    stale: tuple[str, ...]
    ran: tuple[Ran, ...]
    imported: str
    never: str
    without_statement: str
    edited: str
    again: str


def text(answers: Iterable[Answer]) -> str:
    """Render as text: one line per test, then the lines that no test ran."""
    return (
        "\n".join(escape_unprintable(line) for answer in answers for line in _lines(answer)) + "\n"
    )


def _lines(answer: Answer) -> Iterable[str]:
    place = f"{answer.path}:{answer.asked}" if answer.asked else answer.path
    number = sum(not ran.set_up for ran in answer.ran)
    tests = f"{number or 'no'} test{'' if number == 1 else 's'}"
    yield f"{place}: {tests} ({answer.suite}, recorded {answer.recorded_at}{_at(answer)})"
    if answer.stale:
        yield f"  stale: {', '.join(answer.stale)} edited since; run {answer.again} again"
    width = max((len(", ".join(ran.themes)) for ran in answer.ran), default=0)
    for ran in answer.ran:
        where = "" if answer.asked.isdigit() else f"  {_named(ran.lines)}"
        yield f"  {', '.join(ran.themes):{width}}  {_who(ran)}{where}"
    for kind, numbers in (
        ("ran at import only", answer.imported),
        ("never ran", answer.never),
        ("no statement", answer.without_statement if answer.asked else ""),
        ("edited since the run", answer.edited),
    ):
        if numbers:
            yield f"  {kind}: {_named(numbers)}"


def _who(ran: Ran) -> str:
    return f"set up for {ran.test or 'the whole session'}" if ran.set_up else ran.test


def _at(answer: Answer) -> str:
    if answer.commit is None:
        return ""
    return f" at {short_commit(answer.commit)}" + (" with changes" if answer.dirty else "")


def _named(numbers: str) -> str:
    return f"line{'' if numbers.isdigit() else 's'} {numbers}"
