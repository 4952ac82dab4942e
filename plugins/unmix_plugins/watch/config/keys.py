"""The keys of `watch.toml`. What is written below a key is what an error message says of it."""

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)
from unmix.words import TASKS, Consistency, DenoiseStem, DenoiseTask, Music, Options, SeparateTask, Task
from unmix.words.tasks.denoise import MOST_DECIBELS
from unmix.words.tasks.separate import MOST_SHIFTS, is_stem

from unmix_plugins.watch.config.address import check_url
from unmix_plugins.watch.config.folder import (
    PRESETS,
    Collision,
    CommandHook,
    ConfigError,
    FolderConfig,
    Hook,
    SourcePolicy,
    WatchConfig,
    Webhook,
)


@dataclass(frozen=True, slots=True)
class Context:
    """What the meaning of some values depends on."""

    base: Path
    """Folder that relative paths begin at."""
    environment: Mapping[str, str]


def _context(info: ValidationInfo) -> Context:
    return cast("Context", info.context)


def _absolute(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("needs a path as text")
    try:
        path = Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{value!r} names the home of a user that does not exist") from error
    return Path(os.path.normpath(_context(info).base / path))  # links stay, as the user wrote them


def _words(value: object) -> object:
    if isinstance(value, str):
        try:
            return shlex.split(value)
        except ValueError as error:
            raise ValueError(f"its quotes do not match ({error})") from error
    return value


def _names(value: object) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    names = cast("list[object]", value) if isinstance(value, list) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError("needs true, or a list of names")
    return tuple(map(str, names))


def _some(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise ValueError("needs at least one")
    return value


def _stem(value: str) -> str:
    if not is_stem(value):
        raise ValueError("is no stem: use names such as vocals, or -vocals")
    return value


def _address(value: object) -> object:
    if isinstance(value, str):
        try:
            check_url(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
    return value


def _variable(name: str, info: ValidationInfo) -> str:
    """The secret in an environment variable."""
    if not (secret := _context(info).environment.get(name, "")):
        raise ValueError(f"the environment has no {name}, or it is empty")
    return secret


def _content(path: Path) -> str:
    """The secret in a file."""
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if not secret:
        raise ValueError(f"{path} is empty")
    return secret


FilePath = Annotated[Path, BeforeValidator(_absolute)]
Seconds = Annotated[float, Field(allow_inf_nan=False)]


class Keys(BaseModel):
    """A table of the file: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class DenoiseKeys(Keys):
    """Noise is removed."""

    model: str = "auto"
    """A model's name, as in `unmix models list`"""
    strength: Annotated[float, Field(ge=0, le=MOST_DECIBELS)] | None = None
    """The most that noise is lowered, in dB"""
    stems: Annotated[tuple[DenoiseStem, ...], AfterValidator(_some)] = (DenoiseStem.CLEAN,)
    """What is written: clean, noise"""
    music: Music = Music.KEEP
    """What becomes of music under and between speech: keep, remove"""

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        self.task().check()  # its FieldError is a ValueError
        return self

    def task(self) -> Task:
        """For the daemon."""
        return DenoiseTask(self.model, self.strength, tuple(dict.fromkeys(self.stems)), self.music)


class SeparateKeys(Keys):
    """A mixture is split."""

    model: str = "auto"
    """A model's name, as in `unmix models list`"""
    stems: tuple[Annotated[str, AfterValidator(_stem)], ...] = ()
    """Which stems are written, such as vocals, or -vocals for all but the vocals"""
    consistency: Consistency = Consistency.MIXTURE
    """mixture: the stems add up to the input; none: as the model gives them"""
    shifts: Annotated[int, Field(ge=0, le=MOST_SHIFTS)] = 0
    """How many passes at different places are averaged"""
    overlap: Annotated[float, Field(ge=0, lt=1)] | None = None
    """How far segments overlap"""

    def task(self) -> Task:
        """For the daemon."""
        stems = tuple(dict.fromkeys(self.stems))
        return SeparateTask(self.model, stems, self.consistency, self.shifts, self.overlap)


class TaskKeys(Keys):
    """What is done: a table for each kind of task."""

    denoise: DenoiseKeys | None = None
    """Remove noise"""
    separate: SeparateKeys | None = None
    """Split into stems"""

    def tasks(self) -> list[Task]:
        """For the daemon, as many as are said."""
        said: list[DenoiseKeys | SeparateKeys | None] = [getattr(self, kind) for kind in TASKS]
        return [keys.task() for keys in said if keys is not None]


class PresetKeys(TaskKeys):
    """What is done, under a name."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.tasks()) != 1:
            raise ValueError(f"a preset has one table, {' or '.join(TASKS)}")
        return self

    def task(self) -> Task:
        """For the daemon."""
        [task] = self.tasks()
        return task


class HookKeys(Keys):
    """Who is told when a recording is done or has failed."""

    command: Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_some)] | None = None
    """A program and its arguments, run without a shell"""
    url: Annotated[str, BeforeValidator(_address)] | None = None
    """Where a request is sent: https, or http to this machine"""
    secret_env: Annotated[str, AfterValidator(_variable)] | None = None
    """The environment variable with the secret that signs requests"""
    secret_file: Annotated[FilePath, AfterValidator(_content)] | None = None
    """The file with the secret that signs requests"""
    timeout: Annotated[Seconds, Field(gt=0)] | None = None
    """Seconds that the program, or one attempt, may take"""
    attempts: Annotated[int, Field(ge=1, le=20)] | None = None
    """How often a request is tried"""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("a hook has either a command or a url")
        if self.command and (self.secret_env or self.secret_file or self.attempts):
            raise ValueError("a command has no secret_env, secret_file or attempts: those are a url's")
        if self.secret_env and self.secret_file:
            raise ValueError("a hook has one secret, secret_env or secret_file")
        return self

    def hook(self) -> Hook:
        """The hook with its secret."""
        if self.command is not None:
            return CommandHook(self.command, **_given(self, ("timeout",)))
        secret = self.secret_env or self.secret_file or ""
        return Webhook(self.url or "", str(secret), **_given(self, ("timeout", "attempts")))


class FolderKeys(TaskKeys):
    """One watched folder."""

    name: Annotated[str, Field(min_length=1)] | None = None
    """What the ledger knows the folder by; with another name, all of its files are new"""
    source: FilePath
    """The folder that is watched"""
    target: FilePath
    """The folder that outputs go to"""
    preset: str | None = None
    """What is done, as a name from [presets], or a kind of task"""
    presets_by_subfolder: Annotated[bool | tuple[str, ...], PlainValidator(_names)] = False
    """Presets that are also names of subfolders, whose files they are for; true: all presets"""
    format: str = ""
    """The outputs' format, such as wav or mp3; empty: as the input"""
    depth: str = ""
    """The outputs' sample depth, such as s24 or f32; empty: as the input"""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda:0, mps"""
    keep_alive: Seconds | None = None
    """Seconds that the model stays loaded"""
    settle_seconds: Annotated[Seconds, Field(gt=0, le=86400)] | None = None
    """How long a file must not have changed before it is taken, in seconds"""
    polling: bool | None = None
    """true: look at all files again and again, as network shares need; false: rely on the system's word"""
    poll_interval: Annotated[Seconds, Field(gt=0, le=86400)] | None = None
    """Seconds between two looks at a polled folder"""
    recursive: bool | None = None
    """Whether subfolders are watched, too"""
    include: tuple[str, ...] | None = None
    """Which names are taken, such as *.wav or takes/*"""
    exclude: tuple[str, ...] | None = None
    """Which names are left alone"""
    template: Annotated[str, Field(min_length=1)] | None = None
    """What outputs are called"""
    on_collision: Collision | None = None
    """Where an output's name is taken: skip, rename or overwrite"""
    source_policy: SourcePolicy | None = None
    """What happens to a source that is done: keep, move or trash"""
    moved_to: FilePath | None = None
    """Where done sources are moved to"""
    dead_letter: FilePath | None = None
    """Where sources go that failed for good"""
    keep_times: bool | None = None
    """Whether outputs carry the source's time"""
    zip_stems: bool | None = None
    """Whether the stems of a recording become one .zip"""
    on_done: HookKeys | None = None
    """Who is told when a recording is done or has failed"""

    @model_validator(mode="after")
    def _has_one_task(self) -> Self:
        if len(self.tasks()) + (self.preset is not None) > 1:
            raise ValueError(f"a folder has one of preset, {' and '.join(TASKS)}")
        return self

    def folder(self, presets: Mapping[str, Task]) -> FolderConfig:
        """The folder, its presets looked up. Raises ConfigError where there is no such preset."""
        chosen = self.tasks()
        by_subfolder = self.presets_by_subfolder
        names = (presets if by_subfolder else ()) if isinstance(by_subfolder, bool) else by_subfolder
        return FolderConfig(
            name=self.name or str(self.source),
            source=self.source,
            target=self.target,
            task=chosen[0] if chosen else _preset(self.preset or "denoise", presets),
            options=Options(
                format=self.format, depth=self.depth, device=self.device, keep_alive=self.keep_alive
            ),
            presets_by_subfolder={name: _preset(name, presets) for name in names},
            on_done=self.on_done.hook() if self.on_done else None,
            **_given(self, _FOLDER_KEYS),
        )


class WatchKeys(Keys):
    """The whole file."""

    state: FilePath | None = None
    """The ledger's file"""
    look_ahead: Annotated[int, Field(ge=1, le=500)] | None = None
    """How many jobs are with the daemon at once"""
    max_attempts: Annotated[int, Field(ge=1)] | None = None
    """How often a file is tried whose failure may pass"""
    presets: dict[str, PresetKeys] = {}
    """What can be done, under names of your own"""
    folder: tuple[FolderKeys, ...] = ()
    """The watched folders, each as a table [[folder]]"""

    def all_presets(self) -> Mapping[str, Task]:
        """Those of the file and those that are always there."""
        return {**PRESETS, **{name: preset.task() for name, preset in self.presets.items()}}

    def config(self) -> WatchConfig:
        """The configuration. Raises ConfigError where a preset is missing."""
        presets = self.all_presets()
        folders = tuple(folder.folder(presets) for folder in self.folder)
        return WatchConfig(folders, **_given(self, ("state", "look_ahead", "max_attempts")))


_FOLDER_KEYS = (
    "settle_seconds", "polling", "poll_interval", "recursive", "include", "exclude", "template", "on_collision",
    "source_policy", "moved_to", "dead_letter", "keep_times", "zip_stems",
)  # fmt: skip


def _given(keys: Keys, names: Iterable[str]) -> dict[str, Any]:
    """What the file says; the rest has its default in the configuration itself."""
    return {name: value for name in names if (value := getattr(keys, name)) is not None}


def _preset(name: str, presets: Mapping[str, Task]) -> Task:
    if name not in presets:
        raise ConfigError(f"There is no preset “{name}”: there are {', '.join(sorted(presets))}.")
    return presets[name]
