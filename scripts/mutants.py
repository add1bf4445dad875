"""Run mutation tests and list the changes that no test detects.

mutmut makes one change at a time and runs the unit tests; `[tool.mutmut]` configures where. Pass
module names, such as `gate patch`, to test only these. A module in which less than 90 % of the
mutants are killed fails.
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
_MINIMUM_PERCENT = 90
_KILLED = frozenset(("killed", "timeout"))


class Tally(msgspec.Struct):
    """The mutants of one module, by mutmut's names."""

    killed: list[str] = msgspec.field(default_factory=list)
    survived: list[str] = msgspec.field(default_factory=list)

    @property
    def total(self) -> int:
        """The number of mutants."""
        return len(self.killed) + len(self.survived)

    @property
    def enough(self) -> bool:
        """Whether enough mutants were killed."""
        return 100 * len(self.killed) >= _MINIMUM_PERCENT * self.total


def tallies(results: str, modules: Sequence[str]) -> dict[str, Tally]:
    """Parse the output of `mutmut results --all true`.

    Args:
        results: One line per mutant: `covernance.gate.floors.x_judge__mutmut_1: killed`.
        modules: The last parts of the requested modules' names; empty for all modules.

    Returns:
        A tally for each module. A mutant survives unless a test fails or times out; a mutant that
        was not tested counts as survived.
    """
    tally_by_module: defaultdict[str, Tally] = defaultdict(Tally)
    for line in results.splitlines():
        mutant, _, status = line.strip().rpartition(": ")
        module = mutant.rpartition(".")[0]
        if mutant and (not modules or module.rpartition(".")[2] in modules):
            tally = tally_by_module[module]
            (tally.killed if status in _KILLED else tally.survived).append(mutant)
    return dict(sorted(tally_by_module.items()))


def report(tally_by_module: Mapping[str, Tally]) -> str:
    """Return the names of the survivors, then one line per module."""
    lines = [mutant for tally in tally_by_module.values() for mutant in tally.survived]
    width = max(map(len, tally_by_module), default=0)
    lines += [
        f"{module:{width}}  {len(tally.killed):4} killed  {len(tally.survived):3} survived"
        f"{'' if tally.enough else f'  below {_MINIMUM_PERCENT} %'}"
        for module, tally in tally_by_module.items()
    ]
    killed = sum(len(tally.killed) for tally in tally_by_module.values())
    survived = sum(len(tally.survived) for tally in tally_by_module.values())
    return "\n".join([*lines, f"{'all':{width}}  {killed:4} killed  {survived:3} survived"])


def main(modules: Sequence[str]) -> Exit:
    """Generate and test all mutants again, and print the survivors."""
    shutil.rmtree(_WORK, ignore_errors=True)  # results with other tests are no longer valid
    patterns = [f"covernance.*.{module}.*" for module in modules]
    completed = subprocess.run([_MUTMUT, "run", *patterns], check=False)
    if completed.returncode:
        return Exit.ERROR
    results = subprocess.run(
        [_MUTMUT, "results", "--all", "true"], check=True, capture_output=True, text=True
    )
    tally_by_module = tallies(results.stdout, modules)
    missing = set(modules) - {module.rpartition(".")[2] for module in tally_by_module}
    if missing or not tally_by_module:
        print(
            f"mutants: no mutants in {', '.join(sorted(missing)) or 'any module'}", file=sys.stderr
        )
        return Exit.ERROR
    print(report(tally_by_module))
    print(f"`{_MUTMUT} show <name>` shows a mutant")
    return Exit.PASS if all(tally.enough for tally in tally_by_module.values()) else Exit.GATE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
