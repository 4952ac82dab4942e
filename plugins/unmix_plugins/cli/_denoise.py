"""`unmix denoise`."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from unmix_plugins.audio import DenoiseStem, DenoiseTask, Options
from unmix_plugins.cli._parameters import AsJson, Device, KeepAlive, Overwrite
from unmix_plugins.cli._recordings import STDIO, Delivery, Recording, for_each, process
from unmix_plugins.cli._terminal import printable, say, say_json
from unmix_plugins.client import Client

_SOUND_SUFFIXES = {".wav", ".flac", ".aif", ".aiff", ".m4a", ".mp3", ".ogg", ".opus", ".webm", ".mp4"}


class Output(StrEnum):
    """Which parts to write."""

    CLEAN = "clean"
    NOISE = "noise"
    BOTH = "both"

    @property
    def stems(self) -> tuple[DenoiseStem, ...]:
        """The parts as the daemon names them."""
        return tuple(DenoiseStem) if self is Output.BOTH else (DenoiseStem(self.value),)


def denoise(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Recordings or videos; - is stdin.")],
    *,
    output_folder: Annotated[
        str | None,
        typer.Option(
            "--output-folder", "-o", metavar="DIR", help="Where outputs go; - is stdout. [beside the input]"
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="A model's name, as in `unmix models list`.")
    ] = "auto",
    strength: Annotated[
        float | None,
        typer.Option(min=0, max=100, metavar="DB", help="The most that noise is lowered. [the model's own]"),
    ] = None,
    output: Annotated[
        Output, typer.Option(help="Which parts to write; together they are the input.")
    ] = Output.CLEAN,
    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="wav, flac, aiff, alac, mp3, m4a, ogg, opus, webm. [as the input]",
        ),
    ] = "",
    depth: Annotated[
        str, typer.Option(metavar="DEPTH", help="Sample depth: s16, s24, s32, f32. [as the input]")
    ] = "",
    device: Device = "auto",
    keep_alive: KeepAlive = None,
    overwrite: Overwrite = False,
    detach: Annotated[
        bool,
        typer.Option("--detach", help="Leave the job to the daemon and print its id (see `unmix jobs`)."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove noise: talk.wav becomes talk.clean.wav, and what was removed talk.noise.wav."""
    recordings = [Recording.named(name) for name in files]
    task = DenoiseTask(model=model, attenuation_limit_db=strength, stems=output.stems)
    options = Options(format=output_format, depth=depth, device=device, keep_alive=keep_alive)
    _check(recordings, output, output_folder, detach)
    if detach:
        _submit(recordings, task, options, as_json)
        return
    to_stdout = output_folder == STDIO
    folder = None if output_folder is None or to_stdout else Path(output_folder)
    process(
        recordings,
        Delivery(output.stems, folder, to_stdout, output_format, overwrite, as_json),
        lambda client, source, targets, on_event: client.denoise(
            source, targets, task, options, overwrite=overwrite, on_event=on_event
        ),
    )


def _check(recordings: Sequence[Recording], output: Output, folder: str | None, detach: bool) -> None:
    if sum(recording.is_stdin for recording in recordings) > 1:
        raise typer.BadParameter("stdin can be read once only: name - once.")
    if any(recording.is_stdin for recording in recordings) and sys.stdin.isatty():
        raise typer.BadParameter("stdin is a terminal: pipe a recording into it, or name a file.")
    if folder is None:
        return
    if detach:
        raise typer.BadParameter(
            "-o and --detach exclude each other: `unmix jobs save` writes a job's outputs."
        )
    if folder == STDIO:
        if len(recordings) > 1 or output is Output.BOTH:
            raise typer.BadParameter("stdout takes one output: name one file, and clean or noise.")
        if sys.stdout.isatty():
            raise typer.BadParameter("stdout is a terminal: redirect it to a file or a pipe.")
    elif Path(folder).suffix.lower() in _SOUND_SUFFIXES and not Path(folder).is_dir():
        raise typer.BadParameter(
            printable(f"-o names a folder for the outputs, and {folder} looks like a file.")
        )


def _submit(recordings: Sequence[Recording], task: DenoiseTask, options: Options, as_json: bool) -> None:
    def submit(client: Client, recording: Recording) -> None:
        job = client.jobs.submit(recording.source(), task, options)
        if as_json:
            say_json({"input": recording.name, "ok": True, "job_id": job.job_id, "state": job.state})
        else:
            say(job.job_id)

    for_each(recordings, submit, as_json=as_json)
