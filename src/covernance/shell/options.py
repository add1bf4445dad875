"""Options shared by several commands, so that their help is the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for scripts.",
)

base_option = click.option(
    "--base",
    metavar="REF",
    help="Compare with the merge base of HEAD and this branch or commit. Default: "
    "the target branch of the pull request ($GITHUB_BASE_REF) or merge request (GitLab), else the "
    "default branch of origin, else the local one; on that "
    "branch, the commit before the push, else the one before HEAD.",
)

facts_option = click.option(
    "--facts",
    type=click.Path(dir_okay=False, path_type=Path, resolve_path=True),
    help="Write a facts file for `covernance notify --facts`.",
)

soft_option = click.option(
    "--soft",
    is_flag=True,
    envvar="COVERAGE_SOFT",
    show_envvar=True,
    help="Report gate failures but exit 0. Failed tests, missing results and errors still fail. "
    "In CI it is an error, unless the table has `soft-in-ci`.",
)


def _anchored(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Make the paths of `--python` absolute: commands change to the repository's root."""
    parts = (value.partition("=") for value in values)
    return tuple(
        f"{suite}={Path(path).absolute()}"
        if equals and "/" not in suite
        else str(Path(f"{suite}{equals}{path}").absolute())
        for suite, equals, path in parts
    )


python_option = click.option(
    "--python",
    "interpreters",
    multiple=True,
    metavar="[SUITE=]PATH",
    callback=_anchored,
    help="The Python executable or environment folder of the suites' tests, or of one suite's; "
    "repeatable. Default: the suite's `python` key, else the active environment, else .venv.",
)
