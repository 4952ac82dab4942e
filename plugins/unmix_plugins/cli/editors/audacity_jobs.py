"""What `unmix audacity` asks of the running bridge: to work on what is selected, and what has become of it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

import typer
from unmix.locations import state_folder
from unmix.words import Progress
from unmix.words.tasks.denoise import MOST_DECIBELS

from unmix_plugins.audacity.bridge.control import Event, ask
from unmix_plugins.audacity.bridge.process import bridge_command, ensure_bridge, status
from unmix_plugins.audacity.effect.operations import Operation
from unmix_plugins.audacity.program.places import FOLDER
from unmix_plugins.cli._parameters import AsJson, parse_stems
from unmix_plugins.cli.shown.progress import ProgressBar
from unmix_plugins.cli.shown.terminal import complain, say, say_json, say_table
from unmix_plugins.cli.shown.wording import seconds_text
from unmix_plugins.errors import NotFound, NotPossibleNow, UnmixError

_Job = Annotated[
    str | None, typer.Argument(metavar="JOB", help="As in `unmix audacity status`. [the only one]")
]
_Model = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A model's name, as in `unmix models list`. [the last one chosen]"),
]


def show_status(*, as_json: AsJson = False) -> None:
    """Show what the bridge works on, and which results wait to be fetched."""
    said = status(state_folder())
    if as_json:
        say_json({name: value for name, value in said.items() if name != "event"})
        return
    say(f"The bridge runs: process {said.get('pid')}, unmix {said.get('version')}")
    say(_audacity_text(said.get("audacity") or {}))
    jobs = _jobs(said)
    if jobs:
        say_table(["JOB", "WHAT", "TRACKS", "IS"], [_job_row(job) for job in jobs])
    else:
        say("Nothing is worked on, and no result waits.")
    for job in jobs:
        if job.get("message"):
            say(f"{job.get('id')}: {job['message']}")


def cancel(job: _Job = None, *, as_json: AsJson = False) -> None:
    """Stop working on something; nothing of the project is changed."""
    _ask({"do": "cancel", "job": _chosen(job, {"working"})}, as_json=as_json)


def collect(
    job: _Job = None,
    *,
    as_new_track: Annotated[
        bool,
        typer.Option("--as-new-track", help="Add it as new tracks, whatever has become of the old ones."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a result into Audacity that waits to be fetched; this stops playback and recording there."""
    wanted = _chosen(job, {"ready", "changed", "waiting"})
    _ask({"do": "collect", "job": wanted, "as_new_track": as_new_track}, as_json=as_json)


def dismiss(job: _Job = None, *, as_json: AsJson = False) -> None:
    """Throw away a result that waits to be fetched."""
    _ask({"do": "dismiss", "job": _chosen(job, {"ready", "changed", "waiting", "failed"})}, as_json=as_json)


def denoise(
    *,
    model: _Model = None,
    strength: Annotated[
        float | None,
        typer.Option(
            min=0, max=MOST_DECIBELS, metavar="DB", help="The most that noise is lowered. [as last chosen]"
        ),
    ] = None,
    new_track: Annotated[
        bool, typer.Option("--new-track", help="Keep the original, and add the result as a new track.")
    ] = False,
    noise: Annotated[
        bool, typer.Option("--noise", help="Keep the original, and add what is removed as a new track.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Denoise what is selected in the running Audacity."""
    if new_track and noise:
        raise typer.BadParameter("--new-track and --noise are two things: run the command twice for both.")
    copy = Operation.NOISE_COPY if noise else Operation.DENOISE_COPY if new_track else None
    _run(copy or Operation.DENOISE, as_json=as_json, model=model, attenuation_limit_db=strength)


def split(
    *,
    model: _Model = None,
    stems: Annotated[
        str | None,
        typer.Option(
            metavar="STEM,…",
            help="Which stems to add as tracks: vocals,drums,…; -vocals is all but the vocals. [as last chosen]",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Split what is selected in the running Audacity into stems, as new tracks."""
    names = None if stems is None else parse_stems(stems)
    _run(Operation.SEPARATE, as_json=as_json, model=model, stems=names)


def remove_vocals(*, model: _Model = None, as_json: AsJson = False) -> None:
    """Take the vocals out of what is selected in the running Audacity."""
    _run(Operation.REMOVE_VOCALS, as_json=as_json, model=model)


def _run(operation: Operation, *, as_json: bool, **settings: str | float | tuple[str, ...] | None) -> None:
    state = state_folder().absolute()
    if ensure_bridge(state, bridge_command()):
        complain("no bridge to Audacity ran; started one, which stays (`unmix audacity stop` ends it).")
    given = {name: value for name, value in settings.items() if value is not None}
    _ask({"do": "run", "operation": operation, **given}, as_json=as_json)


def _ask(request: Mapping[str, Any], *, as_json: bool) -> None:
    """Send a request and tell what comes; a failure is an UnmixError, as any other."""
    last: Event = {}
    with ProgressBar("Audacity", shown=not as_json) as bar:
        for last in ask(state_folder() / FOLDER, request):
            if as_json:
                say_json(last)
            elif last.get("event") == "progress":
                bar.show_job(
                    Progress("working", float(last.get("fraction") or 0.0), last.get("remaining_seconds"))
                )
    if last.get("event") == "failed":
        raise UnmixError(str(last.get("message") or ""))
    if not as_json:
        say(str(last.get("message") or "Done."))


def _chosen(job: str | None, states: set[str]) -> str:
    """The named job, or the only one in such a state. Raises NotFound, NotPossibleNow."""
    if job is not None:
        return job
    fit = [str(job.get("id")) for job in _jobs(status(state_folder())) if job.get("state") in states]
    match fit:
        case []:
            raise NotFound("There is nothing of the kind: `unmix audacity status` shows what there is.")
        case [only]:
            return only
        case several:
            raise NotPossibleNow(
                f"There are several, {', '.join(several)}: say which, as in `unmix audacity status`."
            )


def _jobs(said: Event) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", said.get("jobs") or [])


def _audacity_text(audacity: Mapping[str, Any]) -> str:
    if audacity.get("connected"):
        return "Audacity is connected."
    if pid := audacity.get("pid"):
        return f"Audacity runs (process {pid}), but its script pipe does not answer: `unmix audacity doctor` looks why."
    return "Audacity does not run."


def _job_row(job: Mapping[str, Any]) -> list[str]:
    stands = str(job.get("state"))
    if stands == "working":
        rest = job.get("remaining_seconds")
        stands += f" {float(job.get('fraction') or 0.0):.0%}" + (
            "" if rest is None else f", {seconds_text(rest)} left"
        )
    tracks = cast("list[str]", job.get("tracks") or [])
    return [str(job.get("id")), str(job.get("operation")).replace("_", " "), ", ".join(tracks), stands]


COMMANDS: Mapping[str, Callable[..., None]] = {
    Operation.DENOISE: denoise,
    Operation.SEPARATE: split,
    "remove-vocals": remove_vocals,
    "status": show_status,
    "cancel": cancel,
    "collect": collect,
    "dismiss": dismiss,
}
"""In the order in which the help lists them."""
