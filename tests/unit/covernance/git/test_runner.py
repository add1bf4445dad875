from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import MachineError
from covernance.git.runner import Git, GitError, readable
from tests.unit.covernance.history.conftest import ENVIRON
from tests.utils.processes import wait_for_end


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, env=ENVIRON)
    return tmp_path


def fake_git(folder: Path, script: str) -> dict[str, str]:
    """An environment whose git is a shell script."""
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return ENVIRON | {"PATH": f"{program.parent}:{os.environ['PATH']}"}


@pytest.mark.architecture
def test_a_command_returns_its_output(folder: Path) -> None:
    git = Git(folder, ENVIRON)
    blob = git.run("hash-object", "-w", "--stdin", stdin=b"content").decode().strip()
    assert git.ask("cat-file", "-t", blob) == "blob"
    assert git.ask("cat-file", "-t", "0" * 40) is None


@pytest.mark.reliability
def test_a_failed_command_reports_the_reason(folder: Path) -> None:
    with pytest.raises(GitError, match="git rev-parse: fatal: Needed a single revision"):
        Git(folder, ENVIRON).run("rev-parse", "--verify", "nothing")


@pytest.mark.reliability
def test_a_silent_negative_result_differs_from_a_failure(folder: Path) -> None:
    git = Git(folder, ENVIRON)
    for arguments, reason in (
        (("rev-parse", "--verify", "--quiet", "nothing"), ""),
        (("rev-parse", "--verify", "nothing"), "fatal: Needed a single revision"),
    ):
        with pytest.raises(GitError) as error:
            git.run(*arguments)
        assert error.value.reason == reason


@pytest.mark.security
def test_any_name_is_one_field(folder: Path) -> None:
    odd = ["a\nb", "tab\t", "ümlaut", os.fsdecode(b"\xe9"), '"quoted"']
    for name in odd:
        (folder / name).touch()
    assert Git(folder, ENVIRON).fields("ls-files", "-z", "--others") == sorted(odd, key=os.fsencode)
    assert Git(folder, ENVIRON).fields("ls-files", "-z") == []


@pytest.mark.reliability
def test_a_failed_command_includes_its_earlier_output(folder: Path) -> None:
    environ = fake_git(folder, "echo half; exit 1")
    with pytest.raises(GitError, match="git push: failed without output") as error:
        Git(folder, environ).run("push")
    assert error.value.output == b"half\n"


@pytest.mark.reliability
def test_a_missing_git_is_a_clear_error(folder: Path) -> None:
    with pytest.raises(MachineError, match=r"git can't be run: .*; install git"):
        Git(folder, {"PATH": "/nowhere"}).run("status")


@pytest.mark.reliability
def test_a_hanging_command_is_stopped_with_its_helpers(folder: Path) -> None:
    helper = folder / "helper"
    environ = fake_git(folder, f"sleep 1000 & echo $! > '{helper}'; wait")
    seconds = 0.3
    helper.touch()
    while seconds < 60 and not helper.read_text():  # until it was given the time to hang
        with pytest.raises(MachineError, match=rf"git push: no answer within {seconds:g} seconds"):
            Git(folder, environ, timeout=seconds).run("push")
        seconds *= 3
    wait_for_end([int(helper.read_text())])


@pytest.mark.security
def test_git_never_prompts_and_runs_no_hooks(folder: Path) -> None:
    environ = fake_git(folder, """env; echo "$@"; awk '{print "leads:", $1 == $6}' /proc/$$/stat""")
    output = Git(folder, environ | {"SSH_ASKPASS": "/bin/window"}).run("push").decode().splitlines()
    assert {"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS_REQUIRE=never"} <= set(output)
    assert "leads: 1" in output  # a session of its own has no terminal
    assert "-c core.hooksPath=/dev/null" in output[-2]


@pytest.mark.security
def test_the_users_askpass_program_is_used(folder: Path) -> None:
    environ = fake_git(folder, "env") | {"GIT_ASKPASS": "/ci/token"}
    assert "GIT_ASKPASS=/ci/token" in Git(folder, environ).run("push").decode().splitlines()


@pytest.mark.security
def test_a_hooks_environment_does_not_redirect_commands(folder: Path) -> None:
    (folder / "other").mkdir()
    aimed = ENVIRON | {
        "GIT_DIR": str(folder / "other"),
        "GIT_INDEX_FILE": str(folder / "other" / "index"),
        "GIT_WORK_TREE": str(folder / "other"),
    }
    assert Git(folder, aimed).ask("rev-parse", "--git-dir") == ".git"


@pytest.mark.architecture
def test_objects_are_read_one_after_the_other(folder: Path) -> None:
    git = Git(folder, ENVIRON)
    names = [
        git.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
        for content in (b"", b"one\ntwo\n", b"\0" * 100_000)
    ]
    objects = git.objects()
    assert [objects.read(name) for name in names] == [
        ("blob", b""),
        ("blob", b"one\ntwo\n"),
        ("blob", b"\0" * 100_000),
    ]
    assert objects.read("0" * 40) is None
    assert objects.read(names[1]) == ("blob", b"one\ntwo\n")


@pytest.mark.reliability
@pytest.mark.parametrize("script", ["exit 1", "echo what", "echo $4 blob 100; echo short"])
def test_a_git_that_ends_is_not_a_missing_object(folder: Path, script: str) -> None:
    objects = Git(folder, fake_git(folder, f"read request; {script}")).objects()
    with pytest.raises(MachineError, match=r"git can't read HEAD:x; `git fsck` lists"):
        objects.read("HEAD:x")
    with pytest.raises(MachineError, match="git can't read HEAD:y"):
        objects.read("HEAD:y")


@pytest.mark.reliability
def test_a_git_that_closed_its_input_is_not_a_missing_object(folder: Path) -> None:
    deaf = "read request; exec <&-; echo $request blob 0; echo"
    objects = Git(folder, fake_git(folder, deaf)).objects()
    assert objects.read("HEAD:x") == ("blob", b"")
    with pytest.raises(MachineError, match="git can't read HEAD:y"):
        objects.read("HEAD:y")


@pytest.mark.reliability
def test_the_process_ends_with_its_reader(folder: Path) -> None:
    environ = fake_git(folder, f"echo $$ > {folder}/pid; read request; echo $request missing; cat")
    objects = Git(folder, environ).objects()
    assert objects.read("x") is None
    process = Path("/proc", (folder / "pid").read_text().strip())
    assert process.exists()
    del objects
    assert not process.exists()


@pytest.mark.security
def test_an_error_contains_no_credentials() -> None:
    errors = b"remote: no\nfatal: 'https://user:secret@example.org/x.git' and ssh://git@host/x\n"
    assert readable(errors) == "remote: no; fatal: 'https://example.org/x.git' and ssh://host/x"


@pytest.mark.security
@given(st.binary(max_size=1000))
def test_an_error_is_one_short_line_without_control_characters(errors: bytes) -> None:
    line = readable(errors)
    assert line.isprintable()
    assert len(line) <= 401


@pytest.mark.architecture
def test_hints_about_other_commands_are_left_out() -> None:
    assert readable(b"error: x\nhint: use git pull\n\n") == "error: x"


def asked_for_a_password(folder: Path, environ: dict[str, str]) -> list[str]:
    wanted = b"protocol=https\nhost=git.example.org\n\n"
    filled = Git(folder, environ).ask("credential", "fill", stdin=wanted)
    return (filled or "").splitlines()


@pytest.mark.security
def test_a_token_replaces_the_machines_credential_helpers(folder: Path) -> None:
    subprocess.run(
        ["git", "config", "credential.helper", "!echo password=theirs; :"], cwd=folder, check=True
    )
    assert 'password=a $b"%s' in asked_for_a_password(
        folder, ENVIRON | {"COVERAGE_HISTORY_TOKEN": 'a $b"%s'}
    )
    assert "password=theirs" in asked_for_a_password(
        folder,
        ENVIRON
        | {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "credential.username"}
        | {"GIT_CONFIG_VALUE_0": "me"},
    )


@pytest.mark.reliability
@pytest.mark.parametrize("named", ["store", "{folder}/store"])
def test_variables_name_the_repository_of_a_checkout_without_one(
    folder: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".git").rename(folder / "store")
    monkeypatch.chdir(folder)
    environ = ENVIRON | {"GIT_DIR": named.format(folder=folder), "GIT_WORK_TREE": "."}
    (folder / "below").mkdir()
    git = Git(folder / "below", environ)
    assert git.ask("rev-parse", "--show-toplevel") == str(folder)
