"""What a green full run depended on, kept beside its results."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.agent.environment import Environment
from covernance.errors import InputError
from covernance.model import document

SCHEMA = 2

ENVIRONMENT = "the environment"
"""The setting that names the folder of the interpreter's environment."""

INTERPRETER = "the interpreter"
DISTRIBUTION = "the distribution"
PATH_FILE = "the path file"
LIES_IN = "what lies in"
OF_ENVIRONMENT = (ENVIRONMENT, INTERPRETER, DISTRIBUTION, PATH_FILE, LIES_IN)
"""How the settings begin that differ between two environments; the first says it all."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The states of paths, as `covernance.reuse.path_states` writes them.

    A path is relative to the repository's root where it lies in it.

    Attributes:
        read: Files that were read, by content.
        examined: Paths whose permissions or size were looked at.
        asked: Paths of which only was asked whether they are there.
        listed: Folders whose names were listed.
    """

    read: dict[str, str] = {}
    examined: dict[str, str] = {}
    asked: dict[str, str] = {}
    listed: dict[str, str] = {}


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run saw, and what it left.

    Attributes:
        commit: The commit at which it was measured, where there was one.
        recorded_at: When, in UTC.
        python: The interpreter, as the tool chose it.
        environment: What it said of itself.
        settings: Everything but paths: interpreter, distributions, variables, options.
        seen: The paths that it read, asked for or listed.
        reports: A digest of each file and folder that it published.
        refusals: Why nothing can be concluded from all this; empty where it can.
        programs: Programs that it started and that could not be traced.
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
    """Read evidence; None where there is none.

    Raises:
        InputError: It is damaged, or of another version of the layer.
    """
    evidence = document.find(path, Evidence, "what a run depended on", "run its suite again")
    if evidence and evidence.schema != SCHEMA:
        msg = f"{path}: was written by another version of covernance"
        raise InputError(msg)
    return evidence
