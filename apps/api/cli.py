"""The command line: serve, migrate. Parsing and printing; the work is done elsewhere."""

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


class RefusedError(click.ClickException):
    """Bad settings or a database that does not answer, for the shell."""

    exit_code = 3


@click.group()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="HUB_CONFIG",
    help="The TOML file; without one, HUB_API_* variables say everything.",
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """Store coverage snapshots; serve trends and badges per tenant."""
    try:
        context.obj = load_settings(config, os.environ)
    except SettingsError as error:
        raise RefusedError(str(error)) from error


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date."""
    database = Database(settings.database_url)
    try:
        database.migrate()
    except SQLAlchemyError as error:
        raise RefusedError(_database_message(error)) from error
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
        raise RefusedError(f"logging: {error}") from error
    try:
        Server(create_app(settings), host=host, port=port, threads=threads).run()
    except SQLAlchemyError as error:
        raise RefusedError(_database_message(error)) from error
    finally:
        runtime.shutdown()


def _database_message(error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", error)).partition("\n")[0]
    return (
        f"database_url: the database cannot be migrated ({reason}); check that key and the server"
    )
