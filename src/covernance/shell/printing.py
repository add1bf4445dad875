"""Print JSON for scripts."""

from __future__ import annotations

import json

import click
import msgspec


def print_json(value: object) -> None:
    """Print structs, mappings and lists as JSON: indented, keys sorted.

    It is plain ASCII: file names that aren't text, and any locale of the terminal, do no harm.
    """
    plain = msgspec.to_builtins(value, str_keys=True, order="sorted")
    click.echo(json.dumps(plain, indent=1, sort_keys=True))
