"""Everything a passing full run depended on, stored beside its results."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.agent.environment import Environment
from covernance.errors import InputError
from covernance.model import document

SCHEMA = 3

ENVIRONMENT = "the path of the environment"
"""The setting with the folder of the interpreter's environment."""

INTERPRETER = "the interpreter"
DISTRIBUTION = "the installed package"
PATH_FILE = "the .pth file"
NAMES_IN = "the names of files in"
OF_ENVIRONMENT = (ENVIRONMENT, INTERPRETER, DISTRIBUTION, PATH_FILE, NAMES_IN)
"""Prefixes of settings that belong to an environment. If the first differs, all may."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The states of paths, as `covernance.reuse.path_states` writes them.

    Paths in the repository are relative to its root.

    Attributes:
        read: Files that were read, with their content.
        examined: Paths whose permissions or size were read.
        asked: Paths that were only checked for existence.
        listed: Folders whose names were listed.
    """

    read: dict[str, str] = {}
    examined: dict[str, str] = {}
    asked: dict[str, str] = {}
    listed: dict[str, str] = {}


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The inputs and outputs of a run.

    Attributes:
        commit: The measured commit; None outside git.
        recorded_at: The start of the run, in UTC.
        python: The path of the interpreter that the tool chose.
        environment: The interpreter's description of itself.
        settings: Inputs that are not paths: interpreter, distributions, variables, options.
        seen: The paths that it read, looked for or listed.
        reports: The digests of published files and folders.
        refusals: Why the inputs are not fully known; empty if they are.
        programs: Untraced programs that it started.
    """

    schema: int = SCHEMA
    suite: str
    commit: str | None
    recorded_at: str
    python: str
    environment: Environment
    settings: dict[str, str]
    seen: Seen
    reports: dict[str, str]
    refusals: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The evidence as JSON with sorted keys."""
        return document.encode(self)


def read(path: Path) -> Evidence | None:
    """Read evidence; None if there is none.

    Raises:
        InputError: It is damaged, or was written by another version of covernance.
    """
    evidence = document.find(path, Evidence, "what a run depended on", "run its suite again")
    if evidence and evidence.schema != SCHEMA:
        msg = f"{path}: was written by another version of covernance"
        raise InputError(msg)
    return evidence
