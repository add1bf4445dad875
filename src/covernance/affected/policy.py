"""Why a change affects a suite, from the inputs of its last stored result; pure."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec

from covernance.model.inputs import Difference, Inputs
from covernance.model.paths import find_folder, is_below, list_folders_above
from covernance.model.text import join_some

# Building the environment is not traced, so changes of these files count. `*` matches folders too.
_ENVIRONMENT = {
    "*requirements*": "requirements",
    "*constraints*": "requirements",
    "*.lock": "requirements",
    "*pyproject.toml": "how a package is built",
    "*setup.py": "how a package is built",
    "*setup.cfg": "how a package is built",
    "*noxfile.py": "the sessions",
    "*tox.ini": "the sessions",
    "Makefile": "the commands",
    ".python-version": "the interpreter",
    ".github/*": "CI",
    ".ci/*": "CI",
    "*.sh": "the commands",
}


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """The files that define a suite's environment, which traces do not include.

    Attributes:
        requirements: The suite's requirements files and those that they include; None if the
            table lists none.
        others: The requirements files of other suites, which do not affect this one.
        tool: The folders of the tool, if they are part of the repository.
    """

    requirements: frozenset[str] | None
    others: frozenset[str]
    tool: tuple[str, ...] = ()


def environment_reasons(setup: Setup, difference: Difference) -> tuple[str, ...]:
    """Why a change affects the environment of a suite; nothing if it does not."""
    named = ((path, _in_environment(path, setup)) for path in sorted(difference.files))
    return tuple(f"{path} {_event(path, difference)}: {what}" for path, what in named if what)


def input_reasons(inputs: Inputs | None, difference: Difference) -> tuple[str, ...]:
    """Why a change affects the inputs of a suite's run; nothing if it provably does not."""
    if inputs is None:
        return ("its stored result does not list what it depends on",)
    reasons = [f"what it depends on is not fully known: {why}" for why in inputs.refusals]
    reasons += path_reasons(inputs, difference)
    if inputs.programs and difference.files and not reasons:
        path, *more = sorted(difference.files)
        also = f" (and {len(more)} more)" if more else ""
        started = join_some(inputs.programs)
        reasons.append(
            f"{path}{also} {_event(path, difference)}: it starts {started}, which can read anything"
        )
    return tuple(reasons)


def path_reasons(inputs: Inputs, difference: Difference) -> tuple[str, ...]:
    """Why a change affects the paths of some inputs, one reason for each path that differs."""
    uses = _Uses(inputs)
    named = ((path, uses.of(path, difference)) for path in sorted(_all_names(difference)))
    return tuple(f"{path} {_event(path, difference)}: {use}" for path, use in named if use)


class _Uses:
    """How a run used paths, as the end of a sentence."""

    def __init__(self, inputs: Inputs) -> None:
        """Index the inputs by path."""
        self._listed = frozenset(inputs.listed)
        self._content = _by_path(inputs.examined, "examined") | _by_path(inputs.read, "read")
        self._existence = _by_path(inputs.asked, "looked for") | _by_path(inputs.listed, "listed")
        self._below = {
            folder: f"its last run used {path}"
            for paths in (inputs.asked, inputs.listed, inputs.examined, inputs.read)
            for path in paths
            for folder in list_folders_above(path)
        }

    def of(self, path: str, difference: Difference) -> str:
        """Why a path that differs matters; "" if it does not."""
        replaced = path in difference.replaced
        if use := self._content.get(path):
            return use
        if replaced and (use := self._below.get(path)):
            return use
        if not (replaced or path in difference.new or path in difference.gone):
            return ""  # Only its content differs, which the run did not read.
        folder = find_folder(path)
        listed = f"its last run listed {folder}" if folder in self._listed else ""
        return self._existence.get(path, listed)


def _by_path(paths: Iterable[str], verb: str) -> dict[str, str]:
    return dict.fromkeys(paths, f"its last run {verb} it")


def _all_names(difference: Difference) -> frozenset[str]:
    return difference.files | difference.new | difference.gone | difference.replaced


def _in_environment(path: str, setup: Setup) -> str:
    """What a path contributes to the environment of a suite; "" if nothing."""
    if is_below(path, setup.tool):
        return "covernance itself"
    if setup.requirements is not None:
        if path in setup.requirements:
            return "its requirements"
        if path in setup.others:
            return ""
    matching = (what for pattern, what in _ENVIRONMENT.items() if fnmatchcase(path, pattern))
    return next(matching, "")


def _event(path: str, difference: Difference) -> str:
    if path in difference.new:
        return "is new"
    return "is gone" if path in difference.gone else "changed"
