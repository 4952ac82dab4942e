"""`unmix audacity`."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from unmix.locations import state_folder

from unmix_plugins.audacity.bridge.control import BridgeAbsent
from unmix_plugins.audacity.bridge.process import bridge_command, ensure_bridge, stop_bridge
from unmix_plugins.audacity.installation.doctor import check
from unmix_plugins.audacity.installation.install import Plan, carry_out, plan_install, plan_uninstall
from unmix_plugins.audacity.program.places import FOLDER, find_places
from unmix_plugins.cli._doctor import tell_findings
from unmix_plugins.cli._parameters import AsJson
from unmix_plugins.cli._session import connect_if_running
from unmix_plugins.cli.editors import audacity_jobs
from unmix_plugins.cli.editors.changes import DryRun, tell_changes
from unmix_plugins.cli.shown.terminal import say
from unmix_plugins.errors import NotPossibleNow

app = typer.Typer(help="Effects in Audacity's menu, and the bridge that answers them.", no_args_is_help=True)
for name, command in audacity_jobs.COMMANDS.items():
    app.command(name)(command)

_Folder = Annotated[
    Path | None,
    typer.Option(
        "--audacity-folder",
        metavar="DIR",
        help="Audacity's folder, the one with audacity.cfg or Plug-Ins. [found]",
    ),
]


@app.command()
def install(
    *,
    audacity_folder: _Folder = None,
    autostart: Annotated[bool, typer.Option(help="Start the bridge now and at every login.")] = True,
    dry_run: DryRun = False,
) -> None:
    """Put the effects into Audacity's menu; run it again after an update of unmix or of Audacity."""
    state = state_folder().absolute()
    plan = plan_install(find_places(audacity_folder), state / FOLDER, bridge_command(), autostart=autostart)
    _perform(plan, dry_run=dry_run)
    if autostart and not dry_run and ensure_bridge(state, bridge_command()):
        say("The bridge runs now.")
    if plan.left:
        raise NotPossibleNow(plan.left)


@app.command()
def uninstall(*, audacity_folder: _Folder = None, dry_run: DryRun = False) -> None:
    """Take the effects, the setting and the start at login away again; your own edits and the backups stay."""
    plan = plan_uninstall(find_places(audacity_folder))
    _perform(plan, dry_run=dry_run)
    if not dry_run:
        with suppress(BridgeAbsent):
            stop_bridge(state_folder().absolute())
            say("The bridge has ended.")
    if plan.left:
        raise NotPossibleNow(plan.left)


@app.command()
def run() -> None:
    """Answer Audacity's effects until Ctrl-C or `unmix audacity stop`: the bridge."""
    from unmix_plugins.audacity.bridge import app as bridge  # noqa: PLC0415  # only this command needs all of it

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    raise typer.Exit(bridge.run(state_folder().absolute()))


@app.command()
def stop() -> None:
    """End the bridge; results that were not put into Audacity yet are lost."""
    try:
        stop_bridge(state_folder())
    except BridgeAbsent:
        say("No bridge runs.")
    else:
        say("The bridge has ended.")


@app.command()
def doctor(*, audacity_folder: _Folder = None, as_json: AsJson = False) -> None:
    """Look for what is wrong between Audacity and unmix, and say how to cure it; exits with 1 if anything is."""
    tell_findings(check(audacity_folder, state_folder().absolute(), connect_if_running), as_json=as_json)


def _perform(plan: Plan, *, dry_run: bool) -> None:
    if not dry_run:
        carry_out(plan)
    where = f"Audacity's plug-ins: {plan.places.plug_ins}; its settings: {plan.places.settings}"
    tell_changes(where, plan.changes, plan.notes, dry_run=dry_run)
