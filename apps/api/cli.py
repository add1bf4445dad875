"""Command line: migrate, serve. Only parses arguments and prints results."""

from __future__ import annotations

import os
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

import logging_lib
from apps.api.database import Database
from apps.api.main import create_app
from apps.api.server import Server
from apps.api.settings import Settings, SettingsError, load_settings


class CommandError(click.ClickException):
    """Invalid settings or an unavailable database; exit code 3."""

    exit_code = 3


@click.group()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="HUB_CONFIG",
    help="Settings file (TOML). Default: HUB_API_* environment variables only.",
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """Store coverage snapshots and serve trends and badges per tenant."""
    try:
        context.obj = load_settings(config, os.environ)
    except SettingsError as error:
        raise CommandError(str(error)) from error


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Update the database schema."""
    database = Database(settings.database_url)
    try:
        database.migrate()
    except SQLAlchemyError as error:
        raise CommandError(_database_message(error)) from error
    finally:
        database.dispose()
    click.echo("the schema is up to date")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8101, show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
@click.pass_obj
def serve(settings: Settings, host: str, port: int, threads: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    try:
        runtime = logging_lib.configure(settings.logging)
    except logging_lib.ConfigError as error:
        raise CommandError(f"logging: {error}") from error
    try:
        Server(create_app(settings), host=host, port=port, threads=threads).run()
    except SQLAlchemyError as error:
        raise CommandError(_database_message(error)) from error
    finally:
        runtime.shutdown()


def _database_message(error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", error)).partition("\n")[0]
    return (
        f"database_url: the database cannot be migrated ({reason}); check that key and the server"
    )
