"""Many recordings through the daemon, one after the other: the same for every task."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import typer

from unmix_plugins.audio import AudioTask, Options, OutputStarted
from unmix_plugins.cli._delivery import STDIO, Delivery, make_folder, tell
from unmix_plugins.cli._progress import ProgressBar
from unmix_plugins.cli._session import connect
from unmix_plugins.cli._terminal import complain, printable, say, say_json, stdin_bytes, stdout_bytes
from unmix_plugins.client import Client
from unmix_plugins.errors import AccessRefused, DaemonNotStarted, OutputClash, UnmixError
from unmix_plugins.naming import OutputPlan
from unmix_plugins.outputs import Target

_INTERRUPTED = 130
_OF_MODELS = {"MODEL_MISSING", "UNKNOWN_MODEL"}
"""Reasons that would be the same for every other recording."""


@dataclass(frozen=True, slots=True)
class Recording:
    """An input as the user named it."""

    name: str
    path: Path
    """What outputs are named after."""
    is_stdin: bool

    @classmethod
    def named(cls, name: str) -> "Recording":
        """The file of that name, or standard input for `-`."""
        return cls("stdin", Path("stdin"), True) if name == STDIO else cls(name, Path(name), False)

    def source(self) -> Path | BinaryIO:
        """What the client reads."""
        return stdin_bytes() if self.is_stdin else self.path


def process(
    files: Sequence[str],
    task: AudioTask,
    options: Options,
    delivery: Delivery,
    stems: Sequence[str],
    ask_stems: Callable[[Client], Sequence[str]] = lambda _: (),
) -> None:
    """Do the task with all files and deliver the outputs, or leave it to the daemon where that was said.

    `stems` are the outputs' names; where they are none because the model decides, `ask_stems` finds out what
    will probably come, so that nothing is computed that could not be written. Exits with 1 at the end if any
    file failed, with 2 for wrong usage.
    """
    recordings = [Recording.named(name) for name in files]
    _check(recordings)
    delivery.check(len(recordings), len(stems))
    if delivery.detach:
        with connect() as client:
            _for_each(recordings, delivery, lambda one: _submit(client, one, task, options, delivery))
        return
    plan = _planned(recordings, stems, options, delivery) if stems else None  # before a daemon is started
    with connect() as client:
        plan = plan or _planned(recordings, ask_stems(client), options, delivery)
        _for_each(recordings, delivery, lambda one: _process_one(client, one, task, options, delivery, plan))


def _check(recordings: Sequence[Recording]) -> None:
    if sum(recording.is_stdin for recording in recordings) > 1:
        raise typer.BadParameter("stdin can be read once only: name - once.")
    if any(recording.is_stdin for recording in recordings) and sys.stdin.isatty():
        raise typer.BadParameter("stdin is a terminal: pipe a recording into it, or name a file.")


def _planned(
    recordings: Sequence[Recording], stems: Sequence[str], options: Options, delivery: Delivery
) -> OutputPlan:
    """The outputs' names; refuses what can be foreseen, and makes their folder."""
    plan = OutputPlan(
        [recording.path for recording in recordings],
        stems,
        folder=delivery.folder,
        overwrite=delivery.overwrite,
    )
    if not delivery.to_stdout:
        try:
            plan.check(options.format)
        except OutputClash as error:
            raise typer.BadParameter(printable(error)) from error
        if delivery.folder is not None:
            make_folder(delivery.folder)
    return plan


def _for_each(
    recordings: Sequence[Recording], delivery: Delivery, action: Callable[[Recording], object]
) -> None:
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
            if delivery.as_json:
                facts = {"input": recording.name, "ok": False, "error": error}
                say_json(facts, on_stderr=delivery.to_stdout)
            if _ends_run(error):
                complain(str(error))
                break
            complain(str(error) if recording.name in str(error) else f"{recording.name}: {error}")
    if failed and len(recordings) > 1:
        complain(f"{len(failed)} of {len(recordings)} files failed: {', '.join(failed)}{left}.")
    if failed:
        raise typer.Exit(1)


def _ends_run(error: UnmixError) -> bool:
    """True when the other recordings would fail in the same way."""
    return isinstance(error, AccessRefused | DaemonNotStarted) or error.reason in _OF_MODELS


def _submit(
    client: Client, recording: Recording, task: AudioTask, options: Options, delivery: Delivery
) -> None:
    job = client.jobs.submit(recording.source(), task, options)
    if delivery.as_json:
        say_json({"input": recording.name, "ok": True, "job_id": job.job_id, "state": job.state})
    else:
        say(job.job_id)


def _process_one(
    client: Client,
    recording: Recording,
    task: AudioTask,
    options: Options,
    delivery: Delivery,
    plan: OutputPlan,
) -> None:
    written: dict[str, str] = {}

    def target(started: OutputStarted) -> Target | None:
        if delivery.to_stdout:
            if written:  # it takes the one output that was asked for
                return None
            written[started.stem] = STDIO
            return stdout_bytes()
        path = plan.target(recording.path, started)
        written[started.stem] = str(path)
        return path

    with ProgressBar(recording.name, shown=not delivery.as_json) as bar:
        summary = client.process(
            recording.source(),
            target,
            task,
            options,
            overwrite=delivery.overwrite,
            on_event=bar.on_event,
        )
    tell(recording.name, written, summary, as_json=delivery.as_json, on_stderr=delivery.to_stdout)
