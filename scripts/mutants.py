"""Run mutation tests and list the changes that no test detects.

mutmut makes one change at a time and runs the unit tests; `[tool.mutmut]` in pyproject.toml lists
the modules and the tests. Pass paths or names of modules or packages, such as `gate/floors patch`,
to test only these. A module in which less than 90 % of the mutants are killed fails: exit 2.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from covernance.errors import Exit, InputError

_MUTMUT = str(Path(sys.executable).with_name("mutmut"))
_WORK = Path("mutants")
_SOURCE = Path("src")
_MINIMUM_PERCENT = 90
_KILLED = frozenset(("killed", "timeout"))


class Tally(msgspec.Struct):
    """The mutants of one module, by their names in mutmut."""

    killed: list[str] = msgspec.field(default_factory=list)
    survived: list[str] = msgspec.field(default_factory=list)

    @property
    def total(self) -> int:
        """How many mutants there are."""
        return len(self.killed) + len(self.survived)

    @property
    def enough(self) -> bool:
        """Whether enough mutants were killed."""
        return 100 * len(self.killed) >= _MINIMUM_PERCENT * self.total


def list_modules(root: Path) -> list[str]:
    """The modules that `[tool.mutmut] only_mutate` names, as in `covernance.gate.floors`.

    Raises:
        InputError: An entry matches no file, as after a module was moved.
    """
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    modules: set[str] = set()
    for pattern in table["tool"]["mutmut"]["only_mutate"]:
        paths = [path for path in root.glob(pattern) if path.stem != "__init__"]
        if not paths:
            msg = (
                f"pyproject.toml: [tool.mutmut] only_mutate: {pattern!r} matches no module; "
                "name one that exists"
            )
            raise InputError(msg)
        for path in paths:
            modules.add(".".join(path.relative_to(root / _SOURCE).with_suffix("").parts))
    return sorted(modules)


def choose_modules(modules: Sequence[str], arguments: Iterable[str]) -> list[str]:
    """The modules that arguments name, in the order of `modules`; all of them without arguments.

    Args:
        modules: Names as `list_modules` gives them.
        arguments: Paths, parts of paths or names: `src/covernance/gate/floors.py`, `gate/floors`,
            `covernance.gate.floors`; the name of a package chooses its modules.

    Raises:
        InputError: An argument names no module.
    """
    wanted = list(arguments)
    chosen: set[str] = set()
    for argument in wanted:
        parts = PurePosixPath(argument.removesuffix(".py").replace(".", "/")).parts
        name = ".".join(parts[1:] if parts[:1] == (str(_SOURCE),) else parts)
        named = {module for module in modules if f".{name}." in f".{module}."}
        if not named:
            msg = f"mutants: {argument!r} names none of the modules {', '.join(modules)}"
            raise InputError(msg)
        chosen |= named
    return [module for module in modules if module in chosen or not wanted]


def count_mutants(results: str, modules: Iterable[str]) -> dict[str, Tally]:
    """Parse the output of `mutmut results --all true`.

    Args:
        results: One line per mutant: `covernance.gate.floors.x_judge__mutmut_1: killed`.
        modules: The modules to count.

    Returns:
        A tally for each module. A mutant survives unless a test fails or times out; a mutant that
        was not tested counts as survived.
    """
    tallies = {module: Tally() for module in modules}
    for line in results.splitlines():
        mutant, _, status = line.strip().rpartition(": ")
        if tally := tallies.get(mutant.rpartition(".")[0]):
            (tally.killed if status in _KILLED else tally.survived).append(mutant)
    return tallies


def format_report(tallies: Mapping[str, Tally]) -> str:
    """Return the names of the survivors, then a table with one line per module."""
    lines = [mutant for tally in tallies.values() for mutant in tally.survived]
    width = max(map(len, tallies))
    lines.append(f"{'module':{width}}  mutants  killed  survived  killed %")
    total = Tally(
        killed=[mutant for tally in tallies.values() for mutant in tally.killed],
        survived=[mutant for tally in tallies.values() for mutant in tally.survived],
    )
    for module, tally in [*tallies.items(), ("all", total)]:
        percent = f"{100 * len(tally.killed) // tally.total}" if tally.total else "-"
        below = "" if tally.enough else f"  below {_MINIMUM_PERCENT} %"
        lines.append(
            f"{module:{width}}  {tally.total:7}  {len(tally.killed):6}"
            f"  {len(tally.survived):8}  {percent:>8}{below if module != 'all' else ''}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> Exit:
    """Generate all mutants again, test the chosen modules, and print the survivors."""
    try:
        modules = choose_modules(list_modules(Path.cwd()), arguments)
    except InputError as error:
        print(error, file=sys.stderr)
        return Exit.ERROR
    shutil.rmtree(_WORK, ignore_errors=True)  # results with other tests are no longer valid
    patterns = [f"{module}.*" for module in modules]
    completed = subprocess.run([_MUTMUT, "run", *patterns], check=False)
    if completed.returncode:
        return Exit.ERROR
    results = subprocess.run(
        [_MUTMUT, "results", "--all", "true"], check=True, capture_output=True, text=True
    )
    tallies = count_mutants(results.stdout, modules)
    if not any(tally.total for tally in tallies.values()):
        print(f"mutants: no mutants in {', '.join(modules)}", file=sys.stderr)
        return Exit.ERROR
    print(format_report(tallies))
    print(f"`{_MUTMUT} show <name>` shows a mutant")
    return Exit.PASS if all(tally.enough for tally in tallies.values()) else Exit.GATE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
