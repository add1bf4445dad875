"""Say which changes of the policy and the model no test notices.

mutmut makes the changes, one at a time, and runs the unit tests against each; `[tool.mutmut]` says
where. Names of modules, as `gate patch`, take these alone. A module of which fewer than 90 % of
the mutants are killed is a failure.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from covernance.errors import Exit

_MUTMUT = str(Path(sys.executable).with_name("mutmut"))
_WORK = Path("mutants")
_LEAST_PERCENT = 90
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
        """Whether so many were killed as must be."""
        return 100 * len(self.killed) >= _LEAST_PERCENT * self.total


def tallies(results: str, modules: Sequence[str]) -> dict[str, Tally]:
    """Read what `mutmut results --all true` prints.

    Args:
        results: A line a mutant: `covernance.gate.floors.x_judge__mutmut_1: killed`.
        modules: The last parts of the names of the modules that were asked for; none for all.

    Returns:
        A tally for each module. A mutant survived unless a test failed or ran out of time: one
        that was not tried has not been killed.
    """
    found: defaultdict[str, Tally] = defaultdict(Tally)
    for line in results.splitlines():
        mutant, _, status = line.strip().rpartition(": ")
        module = mutant.rpartition(".")[0]
        if mutant and (not modules or module.rpartition(".")[2] in modules):
            tally = found[module]
            (tally.killed if status in _KILLED else tally.survived).append(mutant)
    return dict(sorted(found.items()))


def report(found: Mapping[str, Tally]) -> str:
    """The survivors by name, then a line a module."""
    lines = [mutant for tally in found.values() for mutant in tally.survived]
    width = max(map(len, found), default=0)
    lines += [
        f"{module:{width}}  {len(tally.killed):4} killed  {len(tally.survived):3} survived"
        f"{'' if tally.enough else f'  below {_LEAST_PERCENT} %'}"
        for module, tally in found.items()
    ]
    killed = sum(len(tally.killed) for tally in found.values())
    survived = sum(len(tally.survived) for tally in found.values())
    return "\n".join([*lines, f"{'all':{width}}  {killed:4} killed  {survived:3} survived"])


def main(modules: Sequence[str]) -> Exit:
    """Make the mutants anew, try them, and print which survived."""
    shutil.rmtree(_WORK, ignore_errors=True)  # what other tests found says nothing about these
    patterns = [f"covernance.*.{module}.*" for module in modules]
    ran = subprocess.run([_MUTMUT, "run", *patterns], check=False)
    if ran.returncode:
        return Exit.ERROR
    results = subprocess.run(
        [_MUTMUT, "results", "--all", "true"], check=True, capture_output=True, text=True
    )
    found = tallies(results.stdout, modules)
    missing = set(modules) - {module.rpartition(".")[2] for module in found}
    if missing or not found:
        print(f"mutants: none in {', '.join(sorted(missing)) or 'any module'}", file=sys.stderr)
        return Exit.ERROR
    print(report(found))
    print(f"`{_MUTMUT} show <name>` prints a mutant")
    return Exit.PASS if all(tally.enough for tally in found.values()) else Exit.GATE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
