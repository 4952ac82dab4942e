"""What was said on the command line about one watched folder, as a configuration."""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import typer
from unmix.locations import state_folder
from unmix.words import TASKS, DenoiseStem, DenoiseTask, Music, Options, Task

from unmix_plugins.cli._parameters import checked, parse_stems
from unmix_plugins.cli.shown.terminal import printable
from unmix_plugins.files.naming import expected_extension
from unmix_plugins.watch.config.file import read_presets
from unmix_plugins.watch.config.folder import PRESETS, RECORDINGS, FolderConfig, WatchConfig, default_ledger
from unmix_plugins.watch.config.layout import check_layout

_ODD = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """What is to be done, in the user's words."""

    kinds: Sequence[str]
    """Those that were named; none: noise is removed."""
    preset: str | None
    model: str | None
    strength: float | None
    music: Music | None
    stems: str | None

    def task(self, config: Path | None) -> Task:
        """For the daemon; presets are those of the file `config`. Raises BadParameter or ConfigError."""
        if len(self.kinds) + (self.preset is not None) > 1:
            flags = ", ".join(f"--{kind}" for kind in TASKS)
            raise typer.BadParameter(f"{flags} and --preset exclude each other: name one.")
        if self.preset is not None:
            if any(said is not None for said in (self.model, self.strength, self.music, self.stems)):
                raise typer.BadParameter(
                    "--preset says everything: leave out --model, --strength, --music and --stems."
                )
            return _preset(self.preset, config)
        if not self.kinds or self.kinds[0] == DenoiseTask().kind:
            names = ("clean",) if self.stems is None else parse_stems(self.stems)
            if not set(names) <= set(DenoiseStem):
                others = ", ".join(f"--{kind}" for kind in TASKS if kind != DenoiseTask().kind)
                raise typer.BadParameter(
                    f"Denoising has the stems clean and noise: for others, say {others}."
                )
            parts = tuple(map(DenoiseStem, names))
            return checked(DenoiseTask(self.model or "auto", self.strength, parts, self.music or Music.KEEP))
        if self.strength is not None:
            raise typer.BadParameter("--strength is for --denoise: stems have no strength.")
        if self.music is not None:
            raise typer.BadParameter("--music is for --denoise: stems are music.")
        stems = () if self.stems is None else parse_stems(self.stems)
        return cast("Any", TASKS[self.kinds[0]])(model=self.model or "auto", stems=stems)


def one_folder(source: Path, target: Path, task: Task, options: Options, **settings: object) -> WatchConfig:
    """The configuration for one folder. Raises ConfigError when the two cannot lie as they do."""
    if options.format and expected_extension(source, options.format) is None:
        raise typer.BadParameter(
            printable(f"There is no format {options.format!r}: --help lists those that are.")
        )
    given = {name: value for name, value in settings.items() if value is not None}
    given["include"] = given.get("include") or RECORDINGS
    folder = FolderConfig(
        name=os.path.realpath(source),
        source=source.absolute(),
        target=target.absolute(),
        task=task,
        options=options,
        **given,  # pyright: ignore[reportArgumentType]  # by the names of the fields
    )
    check_layout([folder])
    if not folder.source.is_dir():
        raise typer.BadParameter(printable(f"{source} is no folder: name the one to be watched."))
    return WatchConfig((folder,), state=ledger_of(source, target))


def ledger_of(source: Path, target: Path) -> Path:
    """Where the ledger of two folders is that were named on the command line."""
    return _ledgers() / f"{_mark_of(source)}-{_hash(target)}.sqlite3"


def ledgers_of(source: Path) -> list[Path]:
    """The ledgers of a folder that was watched by its name on the command line, whatever its target was."""
    return sorted(_ledgers().glob(f"{_mark_of(source)}-*.sqlite3"))


def all_ledgers() -> list[Path]:
    """All ledgers that are where they are kept by default."""
    return [path for path in (default_ledger(), *sorted(_ledgers().glob("*.sqlite3"))) if path.exists()]


def _ledgers() -> Path:
    return state_folder() / "watch"


def _mark_of(source: Path) -> str:
    """What names of ledgers begin with: readable, and different for every folder."""
    name = _ODD.sub("-", Path(os.path.realpath(source)).name).strip("-")[:40] or "folder"
    return f"{name}-{_hash(source)}"


def _hash(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:10]


def _preset(name: str, config: Path | None) -> Task:
    presets = PRESETS if config is None else read_presets(config)
    if name not in presets:
        raise typer.BadParameter(
            printable(f"There is no preset {name!r}: there are {', '.join(sorted(presets))}.")
            + (" Your own are in a file that --config names." if config is None else "")
        )
    return presets[name]
