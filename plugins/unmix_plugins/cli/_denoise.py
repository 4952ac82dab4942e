"""`unmix denoise`."""

from enum import StrEnum
from typing import Annotated

import typer
from unmix.words import DenoiseStem, DenoiseTask, Music, Options
from unmix.words.tasks.denoise import MOST_DECIBELS

from unmix_plugins.cli._parameters import (
    AsJson,
    Depth,
    Destination,
    Detach,
    Device,
    Files,
    Format,
    KeepAlive,
    Overwrite,
    checked,
)
from unmix_plugins.cli._recordings import process
from unmix_plugins.cli.shown.outlet import Outlet


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
    files: Files,
    *,
    destination: Destination = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="A model's name, as in `unmix models list`.")
    ] = "auto",
    strength: Annotated[
        float | None,
        typer.Option(
            min=0, max=MOST_DECIBELS, metavar="DB", help="The most that noise is lowered. [the model's own]"
        ),
    ] = None,
    music: Annotated[
        Music, typer.Option(help="What becomes of music under and between speech.")
    ] = Music.KEEP,
    output: Annotated[
        Output, typer.Option(help="Which parts to write; together they are the input.")
    ] = Output.CLEAN,
    output_format: Format = "",
    depth: Depth = "",
    device: Device = "auto",
    keep_alive: KeepAlive = None,
    overwrite: Overwrite = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> None:
    """Remove noise: talk.wav becomes talk.clean.wav, and what was removed talk.noise.wav."""
    process(
        files,
        checked(DenoiseTask(model=model, attenuation_limit_db=strength, stems=output.stems, music=music)),
        Options(format=output_format, depth=depth, device=device, keep_alive=keep_alive),
        Outlet(destination, overwrite=overwrite, detach=detach, as_json=as_json),
    )
