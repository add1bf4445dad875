"""`covernance who`: show which tests cover a line."""

from __future__ import annotations

from pathlib import Path

import click

from covernance.errors import Exit
from covernance.shell.options import format_option
from covernance.shell.printing import print_json
from covernance.shell.repository import enter_repository
from covernance.who import workflow
from covernance.who.render import text


@click.command("who")
@click.argument("places", nargs=-1, required=True, metavar="FILE[:LINE[-LAST]]...")
@format_option
def command(places: tuple[str, ...], form: str) -> Exit:
    """Show which tests cover a line, a range of lines or a file.

    The data comes from the last full run with --contexts=test. Files edited since are reported;
    lines that only moved are still found. A line may also be covered by imports only, not covered,
    or contain no statement.

    \b
    Examples:
      covernance run --suite api --contexts=test
      covernance who apps/api/main.py:42
      covernance who apps/api/main.py:10-20 apps/api/store.py --format json
    """  # noqa: D301 - click reads the escape
    folder = Path.cwd()
    context = enter_repository()
    answers = workflow.find_tests(context, workflow.parse(places, context.root, folder))
    if form == "json":
        print_json({"places": answers})
    else:
        click.echo(text(answers), nl=False)
    return Exit.PASS
