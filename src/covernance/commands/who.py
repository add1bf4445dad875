"""`covernance who`: which tests run a line."""

from __future__ import annotations

from pathlib import Path

import click

from covernance.commands.options import format_option
from covernance.commands.repository import here
from covernance.errors import Exit
from covernance.report import who as report
from covernance.workflows import who as workflow


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="FILE[:LINE[-LAST]]...")
@format_option
def who(places: tuple[str, ...], form: str) -> Exit:
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
    click.echo(report.document(answers) if form == "json" else report.text(answers), nl=False)
    return Exit.PASS
