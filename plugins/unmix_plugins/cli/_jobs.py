"""`unmix jobs`."""

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from unmix.words import Job, JobError, JobEvent, JobState, OutputStarted, Progress
from unmix.words.times import moment

from unmix_plugins.cli._parameters import AsJson, Folder, Overwrite
from unmix_plugins.cli._session import connect, connect_if_running
from unmix_plugins.cli.shown.cures import CURES
from unmix_plugins.cli.shown.json import event_json, job_json
from unmix_plugins.cli.shown.outlet import make_folder, tell
from unmix_plugins.cli.shown.progress import ProgressBar
from unmix_plugins.cli.shown.terminal import complain, say, say_json, say_table
from unmix_plugins.cli.shown.wording import moment_text, reasons
from unmix_plugins.client import Client
from unmix_plugins.errors import Cancelled, NotPossibleNow, UnmixError, from_job_failure
from unmix_plugins.files.naming import OutputPlan, file_name_of

app = typer.Typer(help="Jobs that the daemon keeps, whoever sent them.", no_args_is_help=True)

_INTERRUPTED = 130

JobId = Annotated[str, typer.Argument(metavar="JOB", help="A job's id, as in `unmix jobs list`.")]
JobIds = Annotated[list[str], typer.Argument(metavar="JOB", help="Jobs' ids, as in `unmix jobs list`.")]


@app.command("list")
def list_jobs(
    *,
    state: Annotated[list[JobState] | None, typer.Option(help="Only jobs in this state.")] = None,
    client: Annotated[str, typer.Option(help="Only jobs of this client.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show jobs, newest first."""
    with connect_if_running() as daemon:
        jobs = list(islice(daemon.jobs.list(state or (), client=client), limit))
    if as_json:
        say_json([job_json(job) for job in jobs])
    elif jobs:
        say_table(["JOB", "STATE", "TASK", "FILE", "CLIENT", "CREATED", ""], [_row(job) for job in jobs])
        if any(job.state is JobState.FAILED and not job.attached for job in jobs):
            say(
                "`unmix jobs retry JOB` tries a failed one again; `unmix jobs delete JOB` frees its file.",
                dim=True,
            )
    else:
        say("No jobs.")


@app.command()
def watch(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Follow a job until it is finished; Ctrl-C leaves it running."""
    last: JobEvent | None = None
    try:
        with connect_if_running() as client, ProgressBar(job_id, shown=not as_json) as bar:
            for event in client.jobs.watch(job_id):
                if as_json:
                    say_json(event_json(event))
                else:
                    bar.show_job(event.progress)
                last = event
    except KeyboardInterrupt:
        complain(f"job {job_id} goes on; `unmix jobs cancel {job_id}` stops it.")
        raise typer.Exit(_INTERRUPTED) from None
    if last is None:
        raise NotPossibleNow(f"Job {job_id} told nothing: `unmix jobs list` shows its state.")
    if last.error is not None:
        raise from_job_failure(last.error)
    if last.state is JobState.CANCELLED:
        raise Cancelled(f"Job {job_id} was cancelled: send the file again if that was not meant.")
    if not as_json:
        _say_finished(job_id, last)


@app.command()
def cancel(job_ids: JobIds, *, as_json: AsJson = False) -> None:
    """Stop jobs; finished ones stay as they are."""

    def stop(client: Client, job_id: str) -> None:
        job = client.jobs.cancel(job_id)
        if as_json:
            say_json(job_json(job))
        else:
            say(f"{job_id} is {job.state}.")

    _for_each(job_ids, stop)


@app.command()
def retry(job_ids: JobIds, *, as_json: AsJson = False) -> None:
    """Queue failed jobs again; their files are kept for as long as results are."""

    def again(client: Client, job_id: str) -> None:
        job = client.jobs.retry(job_id)
        if as_json:
            say_json(job_json(job))
        else:
            say(f"{job_id} is {job.state}; `unmix jobs watch {job_id}` follows it.")

    _for_each(job_ids, again)


@app.command()
def delete(job_ids: JobIds) -> None:
    """Remove jobs and their files, stopping them first."""

    def remove(client: Client, job_id: str) -> None:
        client.jobs.delete(job_id)
        say(f"{job_id} is deleted.")

    _for_each(job_ids, remove)


@app.command()
def save(
    job_id: JobId,
    *,
    output_folder: Folder = None,
    stem: Annotated[list[str] | None, typer.Option(help="Only this output. [all]")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write the outputs of a completed job to files."""
    folder = output_folder or Path()
    written: dict[str, str] = {}
    with connect() as client:
        job = client.jobs.get(job_id)
        source = Path(file_name_of(job.options.file_name, job_id))
        plan = OutputPlan([], (), folder=folder, overwrite=overwrite)

        def target(started: OutputStarted) -> Path | None:
            if stem and not {started.stem, started.name} & {*stem}:
                return None
            path = plan.target(source, started)
            written[started.name] = str(path)
            return path

        make_folder(folder)
        summary = client.jobs.save(job_id, target, overwrite=overwrite)
    if not written:
        raise NotPossibleNow(f"Job {job_id} has no such output: it has {_outputs(job)}.")
    tell(job.options.file_name if as_json else str(source), written, summary, as_json=as_json)


def _for_each(job_ids: Sequence[str], action: Callable[[Client, str], object]) -> None:
    failed = False
    with connect() as client:
        for job_id in job_ids:
            try:
                action(client, job_id)
            except UnmixError as error:
                failed = True
                complain(error.worded(CURES))
    if failed:
        raise typer.Exit(1)


def _outputs(job: Job) -> str:
    return ", ".join(output.name for output in job.summary.outputs) if job.summary else "none"


def _say_finished(job_id: str, event: JobEvent) -> None:
    say(f"{job_id} is {event.state}; `unmix jobs save {job_id}` writes its outputs.")
    if event.summary is not None:
        for line in reasons(event.summary):
            say(f"  {line}", dim=True)


def _row(job: Job) -> Sequence[str]:
    return [
        job.job_id,
        job.state.value,
        job.kind,
        job.options.file_name,
        job.client,
        moment_text(moment(job.created or None)),
        _more(job.progress, job.state, job.error),
    ]


def _more(progress: Progress, state: JobState, error: JobError | None) -> str:
    if error is not None:
        return from_job_failure(error).worded(CURES)
    if state is JobState.PENDING:
        return progress.stage  # what it waits for, where that is more than its turn
    return f"{progress.fraction:.0%}" if state is JobState.PROCESSING else ""
