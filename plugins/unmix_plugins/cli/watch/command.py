"""`unmix watch`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from unmix.words import Music, Options
from unmix.words.tasks.denoise import MOST_DECIBELS

from unmix_plugins.cli._parameters import AsJson, Depth, Device, Format, KeepAlive
from unmix_plugins.cli.shown.terminal import say
from unmix_plugins.watch.config.folder import Collision, SourcePolicy

# The rest of the watcher is imported by the command that needs it: that takes as long as all other commands together.


class _Group(TyperGroup):
    """Takes what is no command's name for the folders of `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    help="Watch folders: `unmix watch IN OUT`, or `unmix watch --config watch.toml` for many."
    " `unmix watch run --help` lists the options.",
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="A watch.toml, with folders and presets.")
]
Watched = Annotated[Path | None, typer.Argument(metavar="IN", help="The watched folder.")]


@app.command()
def run(
    source: Watched = None,
    target: Annotated[Path | None, typer.Argument(metavar="OUT", help="Where results go.")] = None,
    *,
    config: ConfigOption = None,
    denoise: Annotated[
        bool, typer.Option("--denoise", help="Remove noise. [if nothing else is said]")
    ] = False,
    separate: Annotated[bool, typer.Option("--separate", help="Split music into stems.")] = False,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the file of --config says under this name.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="A model's name. [the best]")] = None,
    strength: Annotated[
        float | None,
        typer.Option(min=0, max=MOST_DECIBELS, metavar="DB", help="The most that noise is lowered."),
    ] = None,
    music: Annotated[
        Music | None, typer.Option(help="What becomes of music under and between speech. [keep]")
    ] = None,
    stems: Annotated[str | None, typer.Option(metavar="STEM,…", help="Which stems to write.")] = None,
    zip_stems: Annotated[bool, typer.Option("--zip", help="Several stems become one archive.")] = False,
    output_format: Format = "",
    depth: Depth = "",
    device: Device = "auto",
    keep_alive: KeepAlive = None,
    template: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Outputs' names: {name}.{stem}{suffix} and the like.")
    ] = None,
    on_collision: Annotated[
        Collision | None, typer.Option(help="When an output's name is taken. [rename]")
    ] = None,
    source_policy: Annotated[
        SourcePolicy | None, typer.Option("--source", help="What happens to a source that is done. [keep]")
    ] = None,
    moved_to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where `--source move` moves it.")
    ] = None,
    dead_letter: Annotated[
        Path | None, typer.Option("--failed", metavar="DIR", help="Where what fails goes. [OUT/_failed]")
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Take only these: '*.wav'. [recordings]")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="PATTERN", help="Leave these alone.")] = None,
    flat: Annotated[bool, typer.Option("--flat", help="Leave subfolders alone.")] = False,
    poll: Annotated[
        bool | None, typer.Option("--poll/--no-poll", help="Look again and again. [on network shares]")
    ] = None,
    settle: Annotated[
        float, typer.Option(min=0.1, metavar="S", help="Seconds without change before a file is taken.")
    ] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Do what is there, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch IN and write results to OUT, for ever; or the folders of a watch.toml, which is read again when it changes.

    Every recording that lands in IN is done once, whatever is restarted meanwhile. Ctrl-C or SIGTERM ends it; the next
    start goes on. With --once it exits with 1 when something failed, or was left that waits for you.
    """
    from unmix_plugins.cli.watch import config as configuration  # noqa: PLC0415
    from unmix_plugins.cli.watch import run  # noqa: PLC0415

    if source is None or target is None:
        if source is not None or config is None:
            raise typer.BadParameter("Name two folders, IN and OUT, or a file with --config.")
        run.watch_file(config, once=once, as_json=as_json)
        return
    kinds = [kind for kind, is_named in {"denoise": denoise, "separate": separate}.items() if is_named]
    choice = configuration.TaskChoice(kinds, preset, model, strength, music, stems)
    settings = configuration.one_folder(
        source,
        target,
        choice.task(config),
        Options(format=output_format, depth=depth, device=device, keep_alive=keep_alive),
        settle_seconds=settle,
        polling=poll,
        recursive=not flat,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        template=template,
        on_collision=on_collision,
        source_policy=source_policy,
        moved_to=None if moved_to is None else moved_to.absolute(),
        dead_letter=None if dead_letter is None else dead_letter.absolute(),
        zip_stems=zip_stems,
    )
    run.watch(settings, once=once, as_json=as_json)


@app.command()
def status(source: Watched = None, *, config: ConfigOption = None, as_json: AsJson = False) -> None:
    """Show what is done, what waits and for what, and what failed last."""
    from unmix_plugins.cli.watch import status as ledgers  # noqa: PLC0415

    ledgers.tell(source, config, as_json=as_json)


@app.command()
def retry(source: Watched = None, *, config: ConfigOption = None) -> None:
    """Try the dead letters again: their files go back to where they were found."""
    from unmix_plugins.cli.watch import status as ledgers  # noqa: PLC0415

    ledgers.retry(source, config)


@app.command("install")
def install_service(
    config: Annotated[Path, typer.Option(metavar="FILE", help="The watch.toml of the service.")],
    *,
    start: Annotated[bool, typer.Option(help="Start it now.")] = True,
) -> None:
    """Watch the folders of a file at every login."""
    from unmix_plugins.watch.service import install  # noqa: PLC0415

    for line in install(config, start=start):
        say(line)


@app.command("uninstall")
def uninstall_service() -> None:
    """Take the service back."""
    from unmix_plugins.watch.service import uninstall  # noqa: PLC0415

    for line in uninstall():
        say(line)
