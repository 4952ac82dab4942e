"""`unmixd`: run the daemon, or install it as a service of this user."""

import asyncio
import logging
import os
import sqlite3
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from unmix.locations import GAVE_WAY
from unmix.ownership import Untrusted
from unmix_models.process.passing import raise_file_limit

from unmix_daemon.config import BadConfig, Config, read_config
from unmix_daemon.state.lock import AddressTaken, AlreadyRunning

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The resident unmix daemon. `unmix` is its client.",
)

_Config = Annotated[Path | None, typer.Option("--config", help="A TOML file of settings.")]


@app.command()
def run(config: _Config = None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # else a stranger on TCP fills the log with handshakes
    from unmix_daemon.server import serve  # noqa: PLC0415  # `unmixd --help` needs no gRPC

    settings = _settings(config)
    raise_file_limit()
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        asyncio.run(serve(settings))
    except AddressTaken as error:
        _refuse(
            f'{error}; stop it, or choose another address in `listen`, or no TCP with listen = ""', GAVE_WAY
        )
    except AlreadyRunning as error:
        _refuse(f"{error}; stop it with: unmix stop", GAVE_WAY)
    except BadConfig as error:
        _refuse(str(error))
    except sqlite3.DatabaseError as error:
        _refuse(
            f"The job database in {settings.state_folder} cannot be used ({error}); move it away and start again."
        )
    except Untrusted as error:
        _refuse(f"{error}.")
    except OSError as error:
        _refuse(f"The state folder {settings.state_folder} cannot be used: {error.strerror or error}.")


@app.command()
def install(
    config: _Config = None,
    start: Annotated[bool, typer.Option(help="Start the service now.")] = True,  # typer's way
) -> None:
    """Start the daemon at every login: a systemd user unit, or a launchd agent on macOS."""
    from unmix_daemon import install as service  # noqa: PLC0415

    drain = _settings(config).drain
    try:
        for line in service.install(config, start=start, drain=drain, environment=os.environ):
            typer.echo(line)
    except service.InstallError as error:
        _refuse(str(error))


@app.command()
def uninstall() -> None:
    """Undo `unmixd install`."""
    from unmix_daemon import install as service  # noqa: PLC0415

    try:
        for line in service.uninstall():
            typer.echo(line)
    except service.InstallError as error:
        _refuse(str(error))


@app.command()
def settings(config: _Config = None) -> None:
    """Print the settings that `run` would use, as TOML."""
    for name, value in _settings(config).model_dump(mode="json").items():
        typer.echo(f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}")


def main() -> None:
    """Console entry."""
    app()


def _settings(path: Path | None) -> Config:
    try:
        return read_config(path, os.environ)
    except BadConfig as error:
        _refuse(str(error))


def _refuse(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"unmixd: {message}", err=True)
    raise typer.Exit(status)
