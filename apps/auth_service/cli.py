"""Command line: keys, clients, serve. Only parses arguments and prints results."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

import logging_lib
from apps.auth_service.admin import (
    NewClient,
    create_client,
    create_key,
    disable_client,
    key_states,
    retire_key,
)
from apps.auth_service.app import create_app
from apps.auth_service.clients import read_entries
from apps.auth_service.errors import ConfigError
from apps.auth_service.jose import ALGORITHMS, Algorithm
from apps.auth_service.keys import load_ring
from apps.auth_service.server import Server
from apps.auth_service.settings import Settings, load_settings

P = ParamSpec("P")
R = TypeVar("R")


class CommandError(click.ClickException):
    """A ConfigError on the command line: its message and exit code 3."""

    exit_code = 3


def _report_config_errors(command: Callable[P, R]) -> Callable[P, R]:
    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            raise CommandError(str(error)) from error

    return wrapped


@click.group()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("auth.toml"),
    show_default=True,
    envvar="AUTH_CONFIG",
    help="Configuration file (TOML).",
)
@click.pass_context
@_report_config_errors
def main(context: click.Context, config: Path) -> None:
    """OAuth 2.0 token service for machine clients."""
    context.ensure_object(dict)
    context.obj = (config, load_settings(config))


@main.group()
def keys() -> None:
    """Manage signing keys."""


@keys.command("create")
@click.option("--alg", type=click.Choice(ALGORITHMS), default="ES256", show_default=True)
@click.option(
    "--activate-in",
    type=click.IntRange(min=0),
    default=0,
    metavar="SECONDS",
    help="Publish now, sign after SECONDS. For a rotation, wait at least jwks_max_age.",
)
@click.pass_obj
@_report_config_errors
def create_key_command(loaded: tuple[Path, Settings], alg: Algorithm, activate_in: int) -> None:
    """Create a signing key."""
    click.echo(create_key(loaded[1].keys_path, alg, time.time() + activate_in))


@keys.command("list")
@click.pass_obj
@_report_config_errors
def list_keys(loaded: tuple[Path, Settings]) -> None:
    """List all keys with their states, oldest first."""
    for key, state in key_states(load_ring(loaded[1].keys_path), time.time()):
        active_from = datetime.fromtimestamp(key.active_from, UTC).isoformat()
        click.echo(f"{key.kid}  {key.algorithm}  {active_from}  {state}")


@keys.command("retire")
@click.argument("kid")
@click.pass_obj
@_report_config_errors
def retire_key_command(loaded: tuple[Path, Settings], kid: str) -> None:
    """Retire the key whose kid starts with KID. Tokens it signed no longer verify."""
    click.echo(retire_key(loaded[1].keys_path, kid, time.time()))


@main.group()
def clients() -> None:
    """Manage service clients."""


@clients.command("create")
@click.argument("client_id")
@click.option("--tenant", required=True)
@click.option("--scope", "scopes", multiple=True, help="Scope to grant; repeatable. Default: all.")
@click.option("--rate", default="60/minute", show_default=True, help="Token requests per period.")
@click.option(
    "--jwk",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Public key (JWK) for private_key_jwt. Default: generate a secret.",
)
@click.pass_obj
@_report_config_errors
def create_client_command(  # click passes one argument per option
    loaded: tuple[Path, Settings],
    *,
    client_id: str,
    tenant: str,
    scopes: tuple[str, ...],
    rate: str,
    jwk: Path | None,
) -> None:
    """Register a client and print its credentials as JSON, once."""
    settings = loaded[1]
    new = NewClient(client_id, tenant, scopes or settings.scopes, rate, jwk)
    secret = create_client(settings, new)
    credentials = {"client_id": client_id} | ({"client_secret": secret} if secret else {})
    click.echo(json.dumps(credentials))


@clients.command("list")
@click.pass_obj
@_report_config_errors
def list_clients(loaded: tuple[Path, Settings]) -> None:
    """List all clients."""
    for entry in read_entries(loaded[1].clients_path)[0]:
        methods = "+".join(
            name for name, value in (("secret", entry.secret_hash), ("key", entry.jwks)) if value
        )
        state = "disabled" if entry.disabled else "enabled"
        click.echo(
            f"{entry.client_id}  {entry.tenant}  {' '.join(entry.scopes)}  "
            f"{entry.rate}  {methods}  {state}"
        )


@clients.command("disable")
@click.argument("client_id")
@click.pass_obj
@_report_config_errors
def disable_client_command(loaded: tuple[Path, Settings], client_id: str) -> None:
    """Disable a client."""
    disable_client(loaded[1].clients_path, client_id)
    click.echo(f"{client_id} disabled")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
@click.pass_obj
@_report_config_errors
def serve(loaded: tuple[Path, Settings], host: str, port: int, threads: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    config, settings = loaded
    try:
        runtime = logging_lib.configure(settings.logging)
    except logging_lib.ConfigError as error:
        raise ConfigError(config, f"[logging] {error}", "correct the table") from error
    try:
        create_app(config)  # report configuration errors before binding the port
        Server(lambda: create_app(config), host=host, port=port, threads=threads).run()
    finally:
        runtime.shutdown()
