"""`unmix reaper`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from unmix_plugins.cli._doctor import tell_findings
from unmix_plugins.cli._parameters import AsJson
from unmix_plugins.cli._session import connect_if_running
from unmix_plugins.cli.editors.changes import DryRun, tell_changes
from unmix_plugins.cli.shown.terminal import say
from unmix_plugins.reaper.installation.doctor import check, python_finding
from unmix_plugins.reaper.installation.install import (
    Plan,
    carry_out,
    client_command,
    plan_install,
    plan_uninstall,
)
from unmix_plugins.reaper.installation.resource_folder import find_resource_folder
from unmix_plugins.reaper.run.app import run

app = typer.Typer(help="The scripts that clean and split items inside REAPER.", no_args_is_help=True)

_Folder = Annotated[
    Path | None,
    typer.Option(
        "--resource-folder", metavar="DIR", help="REAPER's folder, the one with reaper.ini. [found]"
    ),
]


@app.command()
def install(
    *,
    resource_folder: _Folder = None,
    menus: Annotated[bool, typer.Option(help="Add a toolbar, and entries to the menu of items.")] = True,
    dry_run: DryRun = False,
) -> None:
    """Put the scripts, actions and buttons into REAPER; run it again after an update of unmix."""
    folder = find_resource_folder(resource_folder)
    _perform(plan_install(folder, client_command(), menus=menus), dry_run=dry_run)
    python = python_finding(folder)
    if not python.ok:
        say(f"Before the actions can run: {python.text}.")
        say(f"    → {python.cure}")


@app.command()
def uninstall(*, resource_folder: _Folder = None, dry_run: DryRun = False) -> None:
    """Take the scripts, actions and buttons out of REAPER; your own edits and the backups stay."""
    _perform(plan_uninstall(find_resource_folder(resource_folder)), dry_run=dry_run)


@app.command()
def doctor(*, resource_folder: _Folder = None, as_json: AsJson = False) -> None:
    """Look for what is wrong between REAPER and unmix, and say how to cure it; exits with 1 if anything is."""
    tell_findings(check(resource_folder, connect_if_running), as_json=as_json)


def run_job(
    job_file: Annotated[Path, typer.Argument(metavar="JOB.json", help="What the script in REAPER asks for.")],
) -> None:
    """Process the items of one action, telling progress in JSON lines on stdout."""
    raise typer.Exit(run(job_file, sys.stdout))


def _perform(plan: Plan, *, dry_run: bool) -> None:
    if not dry_run:
        carry_out(plan)
    where = f"REAPER's resource folder: {plan.folder}"
    tell_changes(where, plan.changes, plan.notes, dry_run=dry_run)
