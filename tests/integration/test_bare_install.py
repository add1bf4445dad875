"""The tool without any optional package: help, and one message with the install command."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from tests.utils.repository import Ran, Repository

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]
HELP_OF_EVERY_COMMAND = """
import sys
import click
from covernance.cli import cli

def visit(command, words):
    with click.Context(command, info_name=words[-1]) as context:
        assert command.get_help(context), words
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                visit(command.get_command(context, name), [*words, name])

visit(cli, ["covernance"])
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded))
"""
TESTING = ("coverage", "pytest", "hypothesis")
"""Packages of tested environments, of which the tool needs none."""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository in which an import of any optional package fails."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [entry for group in project["optional-dependencies"].values() for entry in group]
    optional = [entry.partition(">")[0] for entry in extras]
    assert {"apprise", "codeowners", "nox"} <= set(optional)
    hidden = dict.fromkeys([*optional, *TESTING])
    repository = Repository(tmp_path / "repository")
    repository.commit_first()
    start = tmp_path / "start/sitecustomize.py"
    start.parent.mkdir()
    start.write_text(f"import sys\nsys.modules.update({hidden})\n")
    return repository


def run(repository: Repository, *command: str) -> Ran:
    search_path = os.pathsep.join([str(repository.root.parent / "start"), str(ROOT / "src")])
    return repository.command(sys.executable, *command, environ={"PYTHONPATH": search_path})


def test_the_help_of_every_command_needs_no_optional_package(repository: Repository) -> None:
    ran = run(repository, "-c", HELP_OF_EVERY_COMMAND)
    assert ran.code == 0, ran.text


@pytest.mark.parametrize("command", ["check", "sync", "list"])
def test_the_register_needs_the_extra_only_where_there_are_code_owners(
    repository: Repository, command: str
) -> None:
    ran = run(repository, "-m", "covernance", "exceptions", command)
    assert "Traceback" not in ran.text
    assert "codeowners" not in ran.text


def test_code_owners_without_the_extra_are_one_message_with_the_install_command(
    repository: Repository,
) -> None:
    repository.write(".github/CODEOWNERS", "* @team\n")
    assert repository.covernance("run").code == 0
    ran = run(repository, "-m", "covernance", "exceptions", "sync")
    assert ran.code == 3
    (line,) = ran.err.splitlines()
    assert line.startswith("covernance: codeowners can't be imported")
    assert "pip install 'covernance[governance]'" in line
