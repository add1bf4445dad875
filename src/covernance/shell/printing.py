"""Print JSON for scripts, and notes beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click
import msgspec

from covernance.model.text import escape_unprintable


def print_json(value: object) -> None:
    """Print structs, mappings and lists as JSON: indented, keys sorted.

    It is plain ASCII: file names that aren't text, and any locale of the terminal, do no harm.
    """
    plain = msgspec.to_builtins(value, str_keys=True, order="sorted")
    click.echo(json.dumps(plain, indent=1, sort_keys=True))


def print_notes(notes: Iterable[str], form: str) -> None:
    """Print sentences before a result; beside JSON, to standard error."""
    for note in notes:
        click.echo(escape_unprintable(note), err=form == "json")
