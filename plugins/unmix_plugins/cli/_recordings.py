"""Many recordings through the daemon, one after the other: the same for every task."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import typer
from unmix.words import Concern, Options, OutputStarted, Task

from unmix_plugins.cli._session import connect
from unmix_plugins.cli.shown.cures import CURES
from unmix_plugins.cli.shown.outlet import STDIO, Outlet, make_folder, tell
from unmix_plugins.cli.shown.progress import ProgressBar
from unmix_plugins.cli.shown.terminal import complain, printable, say, say_json, stdin_bytes, stdout_bytes
from unmix_plugins.client import Client
from unmix_plugins.errors import AccessRefused, DaemonNotStarted, OutputClash, UnmixError
from unmix_plugins.files.naming import OutputPlan
from unmix_plugins.files.outputs import Target

_INTERRUPTED = 130
_OF_ALL = {Concern.REQUEST, Concern.MODEL, Concern.DEVICE}
"""What would be the same for every other recording. The daemon, which may be started anew, and disks, where a smaller
result may have room, are tried again."""


@dataclass(frozen=True, slots=True)
class Input:
    """A recording as the user named it."""

    name: str
    path: Path
    """What outputs are named after."""
    is_stdin: bool

    @classmethod
    def named(cls, name: str) -> "Input":
        """The file of that name, or standard input for `-`."""
        return cls("stdin", Path("stdin"), True) if name == STDIO else cls(name, Path(name), False)

    def source(self) -> Path | BinaryIO:
        """What the client reads."""
        return stdin_bytes() if self.is_stdin else self.path


def process(
    files: Sequence[str],
    task: Task,
    options: Options,
    outlet: Outlet,
    ask_outputs: Callable[[Client], Sequence[str]] = lambda _: (),
) -> None:
    """Do the task with all files and deliver the outputs, or leave it to the daemon where that was said.

    Where the model decides which outputs come, `ask_outputs` finds out what they will probably be called, so that
    nothing is computed that could not be written. Exits with 1 at the end if any
    file failed, with 2 for wrong usage.
    """
    recordings = [Input.named(name) for name in files]
    _check(recordings)
    names = task.outputs()
    outlet.check(len(recordings), len(names))
    if outlet.detach:
        with connect() as client:
            _for_each(recordings, outlet, lambda one: _submit(client, one, task, options, outlet))
        return
    plan = _planned(recordings, names, options, outlet) if names else None  # before a daemon is started
    with connect() as client:
        plan = plan or _planned(recordings, ask_outputs(client), options, outlet)
        _for_each(recordings, outlet, lambda one: _process_one(client, one, task, options, outlet, plan))


def _check(recordings: Sequence[Input]) -> None:
    if sum(recording.is_stdin for recording in recordings) > 1:
        raise typer.BadParameter("stdin can be read once only: name - once.")
    if any(recording.is_stdin for recording in recordings) and sys.stdin.isatty():
        raise typer.BadParameter("stdin is a terminal: pipe a recording into it, or name a file.")


def _planned(
    recordings: Sequence[Input], names: Sequence[str], options: Options, outlet: Outlet
) -> OutputPlan:
    """The outputs' names; refuses what can be foreseen, and makes their folder."""
    plan = OutputPlan(
        [recording.path for recording in recordings],
        names,
        folder=outlet.folder,
        overwrite=outlet.overwrite,
    )
    if not outlet.to_stdout:
        try:
            plan.check(options.format)
        except OutputClash as error:
            raise typer.BadParameter(printable(error)) from error
        if outlet.folder is not None:
            make_folder(outlet.folder)
    return plan


def _for_each(recordings: Sequence[Input], outlet: Outlet, action: Callable[[Input], object]) -> None:
    """Do `action` with every recording, also after one that failed; exits with 1 at the end if any did."""
    failed: list[str] = []
    left = ""
    for index, recording in enumerate(recordings):
        rest = len(recordings) - index - 1
        left = f"; {rest} more {'was' if rest == 1 else 'were'} not begun" if rest else ""
        try:
            action(recording)
        except KeyboardInterrupt:
            complain(f"cancelled {recording.name} on the daemon, nothing of it was written{left}.")
            raise typer.Exit(_INTERRUPTED) from None
        except UnmixError as error:
            failed.append(recording.name)
            if outlet.as_json:
                facts = {"input": recording.name, "ok": False, "error": error}
                say_json(facts, on_stderr=outlet.to_stdout)
            said = error.worded(CURES)
            if _ends_run(error):
                complain(said)
                break
            complain(said if recording.name in said else f"{recording.name}: {said}")
    if failed and len(recordings) > 1:
        complain(f"{len(failed)} of {len(recordings)} files failed: {', '.join(failed)}{left}.")
    if failed:
        raise typer.Exit(1)


def _ends_run(error: UnmixError) -> bool:
    """True when the other recordings would fail in the same way."""
    return isinstance(error, AccessRefused | DaemonNotStarted) or error.concern in _OF_ALL


def _submit(client: Client, recording: Input, task: Task, options: Options, outlet: Outlet) -> None:
    job = client.jobs.submit(recording.source(), task, options)
    if outlet.as_json:
        say_json({"input": recording.name, "ok": True, "job_id": job.job_id, "state": job.state})
    else:
        say(job.job_id)


def _process_one(
    client: Client,
    recording: Input,
    task: Task,
    options: Options,
    outlet: Outlet,
    plan: OutputPlan,
) -> None:
    written: dict[str, str] = {}

    def target(started: OutputStarted) -> Target | None:
        if outlet.to_stdout:
            if written:  # it takes the one output that was asked for
                return None
            written[started.name] = STDIO
            return stdout_bytes()
        path = plan.target(recording.path, started)
        written[started.name] = str(path)
        return path

    with ProgressBar(recording.name, shown=not outlet.as_json) as bar:
        summary = client.process(
            recording.source(),
            target,
            task,
            options,
            overwrite=outlet.overwrite,
            on_event=bar.on_event,
        )
    tell(recording.name, written, summary, as_json=outlet.as_json, on_stderr=outlet.to_stdout)
