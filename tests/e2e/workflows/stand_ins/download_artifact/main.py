"""What actions/download-artifact promises, from the folders that the upload's stand-in left."""

from __future__ import annotations

import fnmatch
import os
import shutil
import sys
from pathlib import Path

INPUT = {
    name.removeprefix("INPUT_"): value
    for name, value in os.environ.items()
    if name.startswith("INPUT_")
}
RUN = Path(os.environ["STAND_IN_STORE"], "artifacts", INPUT["RUN_ID"])


def newest() -> dict[str, Path]:
    """The artifacts of the run: of each name that of the newest attempt which left one."""
    attempts = sorted(RUN.glob("*"), key=lambda path: int(path.name))
    folders = (path for attempt in attempts for path in sorted(attempt.glob("*")) if path.is_dir())
    return {path.name: path for path in folders}


def main() -> None:
    """Put one artifact into `path`, or each of those that fit into a folder of its name there."""
    if INPUT["RUN_ID"] != os.environ["GITHUB_RUN_ID"] and not INPUT["GITHUB_TOKEN"]:
        sys.exit("::error::another run's artifacts need github-token")
    target = Path(os.environ["GITHUB_WORKSPACE"], Path(INPUT["PATH"]).expanduser())
    there = newest()
    if name := INPUT["NAME"]:
        if name not in there:
            sys.exit(
                f"::error::Unable to download artifact(s): Artifact not found for name: {name}"
            )
        shutil.copytree(there[name], target, dirs_exist_ok=True)
    else:
        fitting = [there[key] for key in fnmatch.filter(there, INPUT["PATTERN"] or "*")]
        for path in fitting:
            merged = INPUT["MERGE_MULTIPLE"] == "true"
            shutil.copytree(path, target if merged else target / path.name, dirs_exist_ok=True)
        print(f"Total of {len(fitting)} artifact(s) downloaded")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
        output.write(f"download-path={target}\n")


if __name__ == "__main__":
    main()
