"""The command line of the development runner."""

from __future__ import annotations

import signal
from pathlib import Path
from shlex import quote
from threading import Event

import click

from apps.auth_service.errors import ConfigError
from apps.hub.services import POLL_SECONDS, ROOT, ServiceError, Services, free_port
from apps.hub.workspace import REPO, BusyError, Workspace


class RefusedError(click.ClickException):
    """The environment does not allow it."""

    exit_code = 3


@click.command()
@click.option("--auth-port", type=click.IntRange(0, 65535), default=8100, show_default=True)
@click.option("--api-port", type=click.IntRange(0, 65535), default=8101, show_default=True)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / ".hub",
    show_default=True,
    help="Where keys, client, database and logs are kept.",
)
def main(auth_port: int, api_port: int, state: Path) -> None:
    """Run the coverage hub on loopback until Ctrl-C; a port of 0 takes a free one."""
    stopping = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    space = Workspace(
        state.resolve(),
        _port(auth_port, "--auth-port"),
        _port(api_port, "--api-port"),
    )
    try:
        space.lock()
        space.prepare()
        with Services(space) as services:
            services.start()
            if services.wait_until_ready(stopping.is_set):
                click.echo(instructions(space))
            while not stopping.wait(POLL_SECONDS):
                services.check()
    except BusyError as error:
        raise RefusedError(
            f"{state}: another hub runs from this folder; stop it, or give --state"
        ) from error
    except ConfigError as error:
        raise RefusedError(str(error)) from error
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    click.echo("The hub has stopped.")


def instructions(space: Workspace) -> str:
    """What to paste into another terminal."""
    repo = f"{space.api_url}/v1/repos/{REPO}"
    # no proxy of the environment may come between, and each answer ends its line
    curl = "curl -sS --noproxy '*' -w '\\n'"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    extract = """sed -E 's/.*"access_token": *"([^"]+)".*/\\1/'"""
    return f"""\
The hub is ready; Ctrl-C stops it. State and logs: {space.folder}

# a token, for ten minutes
TOKEN=$({curl} --netrc-file {quote(str(space.netrc))} -d grant_type=client_credentials \
{space.auth_url}/oauth/token | tr -d '\\n' | {extract})

# send a snapshot
{curl} {bearer} -H "Content-Type: application/json" \
--data-binary @{quote(str(space.sample))} {repo}/snapshots

# look at it
{curl} {bearer} "{repo}/trend?suite=api&theme=security"
{curl} {bearer} "{repo}/badge.svg?suite=api"
"""


def _port(wanted: int, option: str) -> int:
    port = free_port(wanted)
    if port is None:
        raise RefusedError(
            f"port {wanted} is in use; stop what uses it, or give {option} (0 takes a free one)"
        )
    return port
