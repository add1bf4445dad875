"""Find changes of CODEOWNERS that hand what governs a change to other people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from covernance.config import PYPROJECT
from covernance.context import Context
from covernance.errors import MachineError
from covernance.exceptions.owners import LOCATIONS, Owners
from covernance.git.changes import Changes
from covernance.git.listing import list_tracked
from covernance.integrity.exclusions import Texts
from covernance.integrity.findings import NONE, Finding
from covernance.model.paths import is_below

_WORKFLOWS = (".github/workflows",)

OwnersOf = Callable[[str], tuple[str, ...]]
"""The owners of a file, by its path."""


def find_owner_changes(
    context: Context, diff: Changes, before: Texts, after: Texts
) -> Iterator[Finding]:
    """Compare who owns the table, the register, the workflows and CODEOWNERS itself.

    Args:
        context: The context.
        diff: The change.
        before: The files at the base.
        after: The present files.
    """
    edited = {path for file in diff.files for path in (file.before, file.path) if path}
    if not edited.intersection(LOCATIONS):
        return
    tracked = list_tracked(context.root)
    workflows = (name for name in (tracked.names if tracked else ()) if is_below(name, _WORKFLOWS))
    rules = [name for name in LOCATIONS if before(name) is not None or after(name) is not None]
    paths = (PYPROJECT, context.table.exceptions.register, *rules, *workflows)
    try:
        yield from compare_owners(paths, _read_owners(before).of, _read_owners(after).of)
    except MachineError as error:
        yield Finding("governance-changed", "CODEOWNERS", NONE, str(error))


def compare_owners(paths: Iterable[str], before: OwnersOf, after: OwnersOf) -> Iterator[Finding]:
    """Compare the owners of files; one that had none is not reported.

    Files whose owners changed alike are one finding.
    """
    changed: dict[tuple[str, str], list[str]] = {}
    for path in sorted(set(paths)):
        was, now = (" ".join(sorted(owners(path))) or NONE for owners in (before, after))
        if was not in (NONE, now):
            changed.setdefault((was, now), []).append(path)
    for (was, now), names in changed.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield Finding("governance-changed", f"CODEOWNERS: {names[0]}{more}", was, now)


def _read_owners(texts: Texts) -> Owners:
    """Read the first CODEOWNERS file that there is."""
    existing = (text for name in LOCATIONS if (text := texts(name)) is not None)
    return Owners(next(existing, ""))
