"""The command's parts, and where what fails ends as one sentence."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from unmix_plugins.cli import _daemon, _denoise, _doctor, _jobs, _models, _separate, _status
from unmix_plugins.cli.editors import audacity, reaper
from unmix_plugins.cli.shown.cures import CURES
from unmix_plugins.cli.shown.terminal import complain
from unmix_plugins.cli.watch import command as watch
from unmix_plugins.errors import UnmixError
from unmix_plugins.version import version

_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


class _Group(TyperGroup):
    """Ends a command that failed with a sentence on stderr, and 1, or 130 for Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except UnmixError as error:
            complain(error.worded(CURES))
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            complain("Stopped.")
            raise typer.Exit(_INTERRUPTED) from error


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("denoise")(_denoise.denoise)
app.command("separate")(_separate.separate)
app.command("status")(_status.status)
app.add_typer(_jobs.app, name="jobs")
app.add_typer(_models.app, name="models")
app.add_typer(audacity.app, name="audacity")
app.add_typer(reaper.app, name="reaper")
app.add_typer(watch.app, name="watch")
app.command("reaper-run", hidden=True)(reaper.run_job)
app.command("doctor")(_doctor.doctor)
app.command("start")(_daemon.start)
app.command("stop")(_daemon.stop)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"unmix {version()}")
        raise typer.Exit


@app.callback()
def unmix(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Clean recordings and split music on your own machine: a daemon keeps the models warm, this command asks it."""
