"""Who runs a line: the answer as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from covernance.model.text import escape_unprintable, short_commit


class Ran(msgspec.Struct, frozen=True, order=True):
    """What ran some of the lines that were asked for.

    Attributes:
        test: A test's node id; that of a class, a file or a folder for what is set up for all of
            it; "" for what is set up for a whole session.
        themes: The themes under which it ran.
        lines: Which lines.
        set_up: Whether that is no test, but what is set up for several.
    """

    test: str
    themes: tuple[str, ...]
    lines: str
    set_up: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the last run with contexts of tests knows of a place; sets of lines as `1-4,7`.

    Attributes:
        path: The file.
        asked: The lines that were asked for; "" for all.
        suite: The suite that measures it.
        commit: The commit of that run, where there was one.
        dirty: Whether it had uncommitted changes.
        recorded_at: When that run began.
        stale: The files that were edited since: this one, or those of the tests.
        ran: Who ran the lines.
        imported: Lines that ran while modules were imported, and then no more.
        never: Lines that never ran.
        without_statement: Lines that begin or continue no statement that counts.
        edited: Lines that were edited since, of which nothing is known.
        again: The command that makes a newer run.
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
    """For a reader; a line for each test, then what no test ran."""
    return (
        "\n".join(escape_unprintable(line) for answer in answers for line in _lines(answer)) + "\n"
    )


def _lines(answer: Answer) -> Iterable[str]:
    place = f"{answer.path}:{answer.asked}" if answer.asked else answer.path
    number = sum(not ran.set_up for ran in answer.ran)
    tests = f"{number or 'no'} test{'' if number == 1 else 's'}"
    yield f"{place}: {tests} ({answer.suite}, recorded {answer.recorded_at}{_at(answer)})"
    if answer.stale:
        yield f"  stale: {', '.join(answer.stale)} edited since; {answer.again} makes it new"
    width = max((len(", ".join(ran.themes)) for ran in answer.ran), default=0)
    for ran in answer.ran:
        where = "" if answer.asked.isdigit() else f"  {_named(ran.lines)}"
        yield f"  {', '.join(ran.themes):{width}}  {_who(ran)}{where}"
    for what, found in (
        ("ran at import only", answer.imported),
        ("never ran", answer.never),
        ("no statement", answer.without_statement if answer.asked else ""),
        ("edited since, so not known", answer.edited),
    ):
        if found:
            yield f"  {what}: {_named(found)}"


def _who(ran: Ran) -> str:
    return f"set up for {ran.test or 'the whole session'}" if ran.set_up else ran.test


def _at(answer: Answer) -> str:
    if answer.commit is None:
        return ""
    return f" at {short_commit(answer.commit)}" + (" with changes" if answer.dirty else "")


def _named(numbers: str) -> str:
    return f"line{'' if numbers.isdigit() else 's'} {numbers}"
