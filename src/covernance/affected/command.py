"""`covernance affected-tests`: the tests that touch what changed."""

from __future__ import annotations

import json
import os

import click

from covernance.affected.affected_tests import select
from covernance.errors import Exit
from covernance.shell.options import base_option, format_option
from covernance.shell.repository import here


@click.command("affected-tests")
@base_option
@format_option
def command(base: str | None, form: str) -> Exit:
    """Tell which tests touch changed lines, and which are new or edited.

    Who touches a line is known from the last full run with --contexts=test. It is a selection for
    the inner loop: what it leaves out is not proven untouched, so it gives no verdict.
    `nox -s tests_affected` runs it.

    \b
    Examples:
      covernance affected-tests
      pytest $(covernance affected-tests)
      covernance affected-tests --base HEAD --format json
    """  # noqa: D301 - click reads the escape
    selections = select(here(), base, os.environ)
    chosen = {selection.suite: selection.tests for selection in selections if selection.tests}
    for selection in selections:
        for note in selection.notes:
            click.echo(f"affected-tests: {selection.suite}: {note}", err=True)
    if form == "json":
        click.echo(json.dumps(chosen, indent=1))
    elif chosen:
        click.echo("\n".join(test for tests in chosen.values() for test in tests))
    told = "a selection, which gives no verdict" if chosen else "no test touches what changed"
    click.echo(f"affected-tests: {told}", err=True)
    return Exit.PASS
