"""`covernance affected-tests`: list the tests that cover changed lines."""

from __future__ import annotations

import click

from covernance.affected.affected_tests import select
from covernance.errors import Exit
from covernance.shell.options import base_option, format_option
from covernance.shell.printing import print_json
from covernance.shell.repository import enter_repository


@click.command("affected-tests")
@base_option
@format_option
def command(base: str | None, form: str) -> Exit:
    """List the tests that cover changed lines, plus new and edited tests.

    The data comes from the last full run with --contexts=test. If something else changed that the
    run of a suite depended on, all of its tests are listed. Use the list for quick feedback while
    you work; floors are not checked. `nox -s tests_affected` runs the listed tests.

    \b
    Examples:
      covernance affected-tests
      pytest $(covernance affected-tests)
      covernance affected-tests --base HEAD --format json
    """  # noqa: D301 - click reads the escape
    selections = select(enter_repository(), base)
    chosen = {selection.suite: selection.tests for selection in selections if selection.tests}
    for selection in selections:
        for note in selection.notes:
            click.echo(f"affected-tests: {selection.suite}: {note}", err=True)
    if form == "json":
        print_json(chosen)
    elif chosen:
        click.echo("\n".join(test for tests in chosen.values() for test in tests))
    note = "a selection; floors are not checked" if chosen else "no test is affected by the change"
    click.echo(f"affected-tests: {note}", err=True)
    return Exit.PASS
