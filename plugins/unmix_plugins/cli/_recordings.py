"""Many recordings through the daemon, one after the other: the same for every task."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import typer

from unmix_plugins.audio import Event, OutputStarted, Summary
from unmix_plugins.cli._progress import ProgressBar
from unmix_plugins.cli._session import connect
from unmix_plugins.cli._terminal import complain, printable, say, say_json, stdin_bytes, stdout_bytes, to_json
from unmix_plugins.cli._wording import reasons, summary_text
from unmix_plugins.client import Client
from unmix_plugins.errors import AccessRefused, DaemonNotStarted, OutputClash, OutputError, UnmixError
from unmix_plugins.naming import OutputPlan
from unmix_plugins.outputs import Target, Targets

_INTERRUPTED = 130
STDIO = "-"


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


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the user said about the outputs."""

    stems: Sequence[str]
    folder: Path | None
    """None: beside each input."""
    to_stdout: bool
    format: str
    overwrite: bool
    as_json: bool


Work = Callable[[Client, Path | BinaryIO, Targets, Callable[[Event], object]], Summary]
"""Processes one recording into targets, telling its events: what a task's command adds to this module."""


def process(recordings: Sequence[Recording], delivery: Delivery, work: Work) -> None:
    """Write the stems of all recordings; exits with 1 at the end if any failed."""
    plan = OutputPlan(
        [recording.path for recording in recordings],
        delivery.stems,
        folder=delivery.folder,
        overwrite=delivery.overwrite,
    )
    if not delivery.to_stdout:
        try:
            plan.check(delivery.format)
        except OutputClash as error:
            raise typer.BadParameter(printable(error)) from error
        if delivery.folder is not None:
            make_folder(delivery.folder)
    for_each(
        recordings,
        lambda client, recording: _process_one(client, recording, plan, delivery, work),
        as_json=delivery.as_json,
        on_stderr=delivery.to_stdout,
    )


def for_each(
    recordings: Sequence[Recording],
    action: Callable[[Client, Recording], object],
    *,
    as_json: bool,
    on_stderr: bool = False,
) -> None:
    """Do `action` with every recording, also after one that failed; exits with 1 at the end if any did."""
    failed: list[str] = []
    with connect() as client:
        for index, recording in enumerate(recordings):
            try:
                action(client, recording)
            except KeyboardInterrupt:
                rest = len(recordings) - index - 1
                left = f"; {rest} more {'was' if rest == 1 else 'were'} not begun" if rest else ""
                complain(f"cancelled {recording.name} on the daemon, nothing of it was written{left}.")
                raise typer.Exit(_INTERRUPTED) from None
            except UnmixError as error:
                failed.append(recording.name)
                if as_json:
                    say_json({"input": recording.name, "ok": False, "error": error}, on_stderr=on_stderr)
                complain(str(error) if recording.name in str(error) else f"{recording.name}: {error}")
                if isinstance(error, AccessRefused | DaemonNotStarted):
                    break
    if failed and len(recordings) > 1:
        complain(f"{len(failed)} of {len(recordings)} files failed: {', '.join(failed)}.")
    if failed:
        raise typer.Exit(1)


def _process_one(
    client: Client, recording: Recording, plan: OutputPlan, delivery: Delivery, work: Work
) -> None:
    written: dict[str, str] = {}

    def target(started: OutputStarted) -> Target | None:
        if started.stem not in delivery.stems:
            return None
        if delivery.to_stdout:
            written[started.stem] = STDIO
            return stdout_bytes()
        path = plan.target(recording.path, started)
        written[started.stem] = str(path)
        return path

    with ProgressBar(recording.name, shown=not delivery.as_json) as bar:
        summary = work(client, recording.source(), target, bar.on_event)
    if delivery.as_json:
        say_json(summary_json(recording.name, written, summary), on_stderr=delivery.to_stdout)
        return
    names = ["stdout" if name == STDIO else name for name in written.values()]
    say(summary_text(recording.name, names, summary), on_stderr=delivery.to_stdout)
    for line in reasons(summary):
        say(f"  {line}", dim=True, on_stderr=delivery.to_stdout)


def summary_json(source: str, written: dict[str, str], summary: Summary) -> dict[str, object]:
    """Everything that is known of a finished recording."""
    facts = to_json(summary)
    outputs = [
        output | {"path": written[output["stem"]]}
        for output in facts.pop("outputs")
        if output["stem"] in written
    ]
    return {
        "input": source,
        "ok": True,
        **facts,
        "duration_seconds": summary.duration,
        "real_time_factor": summary.real_time_factor,
        "outputs": outputs,
    }


def make_folder(folder: Path) -> None:
    """Make the folder for outputs if it is not there. Raises OutputError when that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"{folder} is a file: -o names a folder for the outputs.") from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"{folder} cannot be made ({said}): choose another folder.") from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder} cannot be written: choose another folder.")
