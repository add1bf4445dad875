"""What actions/upload-artifact promises; artifacts are folders below `$STAND_IN_STORE`."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import sys
from pathlib import Path

INPUT = {
    name.removeprefix("INPUT_"): value
    for name, value in os.environ.items()
    if name.startswith("INPUT_")
}
STORE = Path(os.environ["STAND_IN_STORE"])
ATTEMPT = STORE / "artifacts" / os.environ["GITHUB_RUN_ID"] / os.environ["GITHUB_RUN_ATTEMPT"]
WORKSPACE = Path(os.environ["GITHUB_WORKSPACE"])
FORBIDDEN = re.compile(r'[":<>|*?\r\n]')
FORBIDDEN_IN_NAMES = re.compile(r'[":<>|*?\r\n\\/]')


def matches(pattern: str) -> set[Path]:
    """The files that a pattern names; a folder names all below it, without what is hidden."""
    base = search_path(pattern)
    rest = (WORKSPACE / pattern).relative_to(base)
    named = [base] if rest == Path() else base.glob(str(rest))
    files = {file for path in named for file in (path, *path.rglob("*")) if file.is_file()}
    if INPUT["INCLUDE_HIDDEN_FILES"] == "true":
        return files
    return {file for file in files if not is_hidden(file.relative_to(base.parent))}


def search_path(pattern: str) -> Path:
    """The part of a pattern before its first wildcard."""
    parts: list[str] = []
    for part in (WORKSPACE / pattern).parts:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(os.path.normpath(Path(*parts)))


def root_of(patterns: list[str], files: set[Path]) -> Path:
    """The folder that paths in the artifact are relative to: the least common ancestor."""
    searched = [search_path(pattern) for pattern in patterns]
    if len(searched) == 1:
        return searched[0].parent if searched[0] in files else searched[0]
    return Path(os.path.commonpath([path.parent if path in files else path for path in searched]))


def is_hidden(path: Path) -> bool:
    """Whether a part of the path begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def chosen() -> tuple[Path, set[Path]]:
    """The artifact's root and its files."""
    lines = [line.strip() for line in INPUT["PATH"].splitlines() if line.strip()]
    wanted = [line for line in lines if not line.startswith("!")]
    files = {file for pattern in wanted for file in matches(pattern)}
    for pattern in (line[1:].strip() for line in lines if line.startswith("!")):
        files -= matches(pattern)
    return root_of(wanted, files), files


def main() -> None:
    """Copy the files, or end as `if-no-files-found` says."""
    name = INPUT["NAME"]
    if not name or FORBIDDEN_IN_NAMES.search(name):
        sys.exit(f"::error::The artifact name is not valid: {name}")
    root, files = chosen()
    if not files:
        told = "No files were found with the provided path: " + INPUT["PATH"].strip()
        if INPUT["IF_NO_FILES_FOUND"] == "error":
            sys.exit(f"::error::{told}. No artifacts will be uploaded.")
        if INPUT["IF_NO_FILES_FOUND"] == "warn":
            print(f"::warning::{told}. No artifacts will be uploaded.")
        return
    lost = STORE / "upload_artifact.lose"
    if lost.exists() and lost.read_text(encoding="utf-8") == name:
        print(f"Artifact {name} has been successfully uploaded!")  # and was never seen again
        return
    folder = ATTEMPT / name
    if INPUT["OVERWRITE"] == "true":
        shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        sys.exit("::error::Conflict: an artifact with this name already exists on the workflow run")
    for file in sorted(files):
        relative = file.relative_to(root)
        if FORBIDDEN.search(str(relative)):
            sys.exit(f"::error::The path for one of the files in artifact is not valid: {relative}")
        (folder / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / relative)
    about = {"retention-days": int(INPUT["RETENTION_DAYS"])}
    (ATTEMPT / f"{name}.about.json").write_text(json.dumps(about), encoding="utf-8")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
        output.write(f"artifact-id={abs(hash(name)) % 10**9}\n")
        output.write(f"artifact-url={os.environ['GITHUB_SERVER_URL']}/artifacts/{name}\n")


if __name__ == "__main__":
    main()
