"""`covernance who`: which tests run a line."""

from __future__ import annotations

from pathlib import Path

import click

from covernance.errors import Exit
from covernance.shell.options import format_option
from covernance.shell.printing import print_json
from covernance.shell.repository import here
from covernance.who import workflow
from covernance.who.render import text


@click.command("who")
@click.argument("places", nargs=-1, required=True, metavar="FILE[:LINE[-LAST]]...")
@format_option
def command(places: tuple[str, ...], form: str) -> Exit:
    """Tell which tests, of which themes, run a line, some lines or any line of a file.

    The answer comes from the last full run with --contexts=test, and says when files were edited
    since; lines that only moved are found again. A line may also have run at import only, or never,
    or hold no statement that counts.

    \b
    Examples:
      covernance run --suite api --contexts=test
      covernance who apps/api/main.py:42
      covernance who apps/api/main.py:10-20 apps/api/store.py --format json
    """  # noqa: D301 - click reads the escape
    folder = Path.cwd()
    table = here()
    answers = workflow.who(table, workflow.parse(places, table.root, folder))
    if form == "json":
        print_json({"places": answers})
    else:
        click.echo(text(answers), nl=False)
    return Exit.PASS
