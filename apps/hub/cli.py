"""Command line of the development runner."""

from __future__ import annotations

import signal
from pathlib import Path
from shlex import quote
from threading import Event

import click

from apps.auth_service.errors import ConfigError
from apps.hub.services import POLL_SECONDS, ROOT, ServiceError, Services, free_port
from apps.hub.workspace import REPO, BusyError, Workspace


class CommandError(click.ClickException):
    """The hub cannot run in this environment; exit code 3."""

    exit_code = 3


@click.command()
@click.option("--auth-port", type=click.IntRange(0, 65535), default=8100, show_default=True)
@click.option("--api-port", type=click.IntRange(0, 65535), default=8101, show_default=True)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / ".hub",
    show_default=True,
    help="Folder for keys, client, database and logs.",
)
def main(auth_port: int, api_port: int, state: Path) -> None:
    """Run the coverage hub on loopback until Ctrl-C. Port 0 selects a free port."""
    stopping = Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, lambda *_: stopping.set())
    workspace = Workspace(
        state.resolve(),
        _port(auth_port, "--auth-port"),
        _port(api_port, "--api-port"),
    )
    try:
        workspace.lock()
        workspace.prepare()
        with Services(workspace) as services:
            services.start()
            if services.wait_until_ready(stopping.is_set):
                click.echo(instructions(workspace))
            while not stopping.wait(POLL_SECONDS):
                services.check()
    except BusyError as error:
        raise CommandError(
            f"{state}: another hub is using this folder; stop it or pass a different --state"
        ) from error
    except ConfigError as error:
        raise CommandError(str(error)) from error
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    click.echo("The hub has stopped.")


def instructions(workspace: Workspace) -> str:
    """Return the commands to paste into another terminal."""
    repo = f"{workspace.api_url}/v1/repos/{REPO}"
    # bypass any configured proxy, and end each response with a newline
    curl = "curl -sS --noproxy '*' -w '\\n'"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    extract = """sed -E 's/.*"access_token": *"([^"]+)".*/\\1/'"""
    return f"""\
The hub is ready. Press Ctrl-C to stop it. State and logs: {workspace.folder}

# get a token, valid for ten minutes
TOKEN=$({curl} --netrc-file {quote(str(workspace.netrc))} -d grant_type=client_credentials \
{workspace.auth_url}/oauth/token | tr -d '\\n' | {extract})

# send a snapshot
{curl} {bearer} -H "Content-Type: application/json" \
--data-binary @{quote(str(workspace.sample))} {repo}/snapshots

# view it
{curl} {bearer} "{repo}/trend?suite=api&theme=security"
{curl} {bearer} "{repo}/badge.svg?suite=api"
"""


def _port(requested: int, option: str) -> int:
    port = free_port(requested)
    if port is None:
        raise CommandError(
            f"port {requested} is in use; stop the program using it or pass {option} "
            "(0 selects a free port)"
        )
    return port
