"""`unmix separate`."""

from collections.abc import Iterable
from typing import Annotated

import typer
from unmix.words import Consistency, Model, Options, SeparateTask

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
    parse_stems,
)
from unmix_plugins.cli._recordings import process
from unmix_plugins.cli.shown.outlet import Outlet


def separate(
    files: Files,
    *,
    destination: Destination = None,
    stems: Annotated[
        str | None,
        typer.Option(
            metavar="STEM,…",
            help="Which stems to write: vocals,drums,bass,other,…; -vocals is all but the vocals."
            " [all of the model's]",
        ),
    ] = None,
    two_stems: Annotated[
        str | None, typer.Option(metavar="STEM", help="Write a stem and all but it: vocals and no_vocals.")
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="A model's name, as in `unmix models list`; auto is the best installed one that has the"
            " stems. dsp needs no download and is of low quality.",
        ),
    ] = "auto",
    consistency: Annotated[
        Consistency,
        typer.Option(help="mixture: stems add up to the input; none: what the model gives, as it is."),
    ] = Consistency.MIXTURE,
    shifts: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Average N passes at different places, for quality; 0: one plain pass."
        ),
    ] = 0,
    overlap: Annotated[
        float | None,
        typer.Option(
            min=0, max=0.99, metavar="X", help="How far segments overlap, 0 to 0.99. [the model's own]"
        ),
    ] = None,
    output_format: Format = "",
    depth: Depth = "",
    device: Device = "auto",
    keep_alive: KeepAlive = None,
    overwrite: Overwrite = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> None:
    """Split music into stems: song.wav becomes song.vocals.wav, song.drums.wav, …

    The trained models have licences of their own, which `unmix models pull` shows before a download;
    `unmix models list --task separate --installed` shows what can be separated now.
    """
    names = _names(stems, two_stems)
    task = SeparateTask(model=model, stems=names, consistency=consistency, shifts=shifts, overlap=overlap)
    process(
        files,
        task,
        Options(format=output_format, depth=depth, device=device, keep_alive=keep_alive),
        Outlet(destination, overwrite=overwrite, detach=detach, as_json=as_json),
        lambda client: _all_stems(model, client.models.list(task.kind, installed_only=True)),
    )


def _names(stems: str | None, two_stems: str | None) -> tuple[str, ...]:
    """The stems that were asked for; none where all of the model's are wanted."""
    if two_stems is None:
        return () if stems is None else parse_stems(stems)
    if stems is not None:
        raise typer.BadParameter(
            "--stems and --two-stems exclude each other: --stems vocals,-vocals is both."
        )
    [stem, *more] = parse_stems(two_stems)
    if more or stem.startswith("-"):
        raise typer.BadParameter("--two-stems takes one stem, such as vocals: --stems takes several.")
    return stem, f"-{stem}"


def _all_stems(name: str, installed: Iterable[Model]) -> tuple[str, ...]:
    """All stems of the named model, or of the one that the daemon will take: its best, but none of low quality.

    None where no such model is installed, which the daemon tells better.
    """
    is_auto = name in {"", "auto"}
    fitting = (model for model in installed if (model.quality != "low" if is_auto else model.name == name))
    return next((model.stems for model in fitting), ())
