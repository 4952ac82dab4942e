"""`unmix models`."""

from pathlib import Path
from typing import Annotated

import typer
from unmix.words import TASKS, LeftOutModel, Model
from unmix.words.models import KINDS as NUMBERED
from unmix.words.models import LISTEN

from unmix_plugins.cli._parameters import AsJson, Device, KeepAlive
from unmix_plugins.cli._session import connect, connect_if_running
from unmix_plugins.cli.shown.progress import ProgressBar
from unmix_plugins.cli.shown.terminal import complain, printable, say, say_json, say_table
from unmix_plugins.cli.shown.wording import seconds_text, size_text

app = typer.Typer(help="Models: which exist, which are here, which are loaded.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="A model's name, as in `unmix models list`.")]


_KINDS = tuple(dict.fromkeys((*NUMBERED, *TASKS, LISTEN)))
"""Of tasks: those that the contract numbers, those that came after, and what serves them."""


def _kind(text: str) -> str:
    if text not in _KINDS:
        raise typer.BadParameter(f"{text!r} is no task: there are {', '.join(_KINDS)}.")
    return text


@app.command("list")
def list_models(
    *,
    task: Annotated[
        str | None,
        typer.Option(parser=_kind, metavar=f"[{'|'.join(_KINDS)}]", help="Only models for this task."),
    ] = None,
    installed: Annotated[bool, typer.Option("--installed", help="Only models that can run now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the catalogue, best first, what of it is installed, its stems and its licences."""
    with connect_if_running() as client:
        models, left_out = client.models.look(task, installed_only=installed)
    for model in left_out:
        complain(_left_out_text(model))
    if as_json:
        say_json(models)
        return
    if not models:
        say("No such models.")
        return
    say_table(
        ["MODEL", "TASK", "QUALITY", "INSTALLED", "DOWNLOAD", "STEMS"], [_row(model) for model in models]
    )
    say("")
    for model in models:
        say(f"{model.name}: {model.description} Licence: {model.licence}.")


@app.command()
def pull(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download a model, after showing its licence and size."""
    with connect() as client:
        model = client.models.get(name)
        if not model.installed:
            _ask(model, yes)
        with ProgressBar(name, shown=not as_json) as bar:
            model = client.models.pull(name, bar.show_pull)
    if as_json:
        say_json(model)
    else:
        say(f"{model.name} is installed.")


@app.command("import")
def import_model(
    name: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="A name of the catalogue, or one of your own for your own model."
        ),
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the model's files.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Install a model from a folder with its files, which are checked as a download is.

    Checkpoints of Demucs (.th, .safetensors, and .yaml for several that work together) may have any name, which
    --model then takes.
    """
    with connect() as client:
        model = client.models.install(name, folder)
    if as_json:
        say_json(model)
    else:
        say(f"{model.name} is installed.")


@app.command()
def remove(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a model's weights: an import is gone then, a model of the catalogue can be pulled again."""
    with connect() as client:
        _agree(f"Remove {name} and its weights?", yes, "removed")
        freed = client.models.remove(name)
    if as_json:
        say_json({"name": name, "freed_bytes": freed})
    else:
        say(f"{name} is removed; {size_text(freed)} are free again.")


@app.command()
def load(
    name: Name, *, device: Device = "auto", keep_alive: KeepAlive = None, as_json: AsJson = False
) -> None:
    """Load a model before it is needed."""
    with connect() as client:
        model, seconds = client.models.load(name, device, keep_alive)
    if as_json:
        say_json({"load_seconds": seconds, "model": model})
        return
    devices = " and ".join(resident.device for resident in model.residency)
    say(f"{model.name} is loaded on {devices}{f', in {seconds_text(seconds)}' if seconds else ' already'}.")


@app.command()
def unload(
    name: Name,
    *,
    device: Annotated[str, typer.Option(help="Only on this device. [everywhere]")] = "",
    as_json: AsJson = False,
) -> None:
    """Free a model's memory; one that is working goes when its job ends."""
    with connect_if_running() as client:
        model = client.models.unload(name, device)
    if as_json:
        say_json(model)
    elif model.residency:
        say(f"{model.name} is working and will be unloaded when its job ends.")
    else:
        say(f"{model.name} is not in memory any more.")


def _ask(model: Model, yes: bool) -> None:
    where = f" from {model.url}" if model.url else ""
    complain(f"{model.name}: {_download_text(model)}{where}; licence: {model.licence}.")
    _agree(f"Download {model.name}?", yes, "downloaded")


def _agree(question: str, yes: bool, done: str) -> None:
    """Ask, unless that was agreed to beforehand; exits with 1 where it is not."""
    try:
        agreed = yes or typer.confirm(printable(question), err=True)
    except typer.Abort as error:
        complain(f"nobody answered, so nothing was {done}: add --yes to agree beforehand.")
        raise typer.Exit(1) from error
    if not agreed:
        complain(f"nothing was {done}.")
        raise typer.Exit(1)


def _left_out_text(model: LeftOutModel) -> str:
    return f"model {model.name} is left out: {model.reason} `unmix models remove {model.name}` takes it away."


def _row(model: Model) -> list[str]:
    loaded = " and ".join(resident.device for resident in model.residency)
    here = f"loaded on {loaded}" if loaded else "yes"
    return [
        model.name,
        model.task,
        model.quality,
        here if model.installed else "no",
        _download_text(model),
        ", ".join(model.stems),
    ]


def _download_text(model: Model) -> str:
    """`84.1 MB`, `size unknown`, or `none` for what is never downloaded."""
    if model.download_bytes:
        return size_text(model.download_bytes)
    return "size unknown" if model.url else "none"
