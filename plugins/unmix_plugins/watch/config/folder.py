"""What is watched, what is done with it, and where it goes: plain data, built once and passed down whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from unmix.locations import state_folder
from unmix.words import TASKS, Concern, Options, Task

from unmix_plugins.errors import UnmixError

FAILED_FOLDER = "_failed"
"""Name of the dead-letter folder inside the target, where none is named."""

_SUFFIXES = """
    3g2 3gp aac ac3 aif aifc aiff alac amr ape asf au avi caf dff dsf dts dv eac3 flac flv m2ts m4a m4b m4v mka
    mkv mov mp2 mp3 mp4 mpeg mpg mts mxf oga ogg ogv opus ra rf64 rm snd spx tak ts tta voc vob w64 wav wave weba
    webm wma wmv wv
"""
RECORDINGS = tuple(f"*.{suffix}" for suffix in _SUFFIXES.split())
"""What is taken where nothing is said: files that are called as recordings and videos are."""

PRESETS: Mapping[str, Task] = {kind: task() for kind, task in TASKS.items()}
"""Presets that are always there; a config file adds its own."""


class ConfigError(UnmixError):
    """A setting is wrong, or two of them contradict each other; the message names it and the cure."""

    reason = "CONFIG_INVALID"
    _concern = Concern.REQUEST


class Collision(StrEnum):
    """What happens where an output's name is taken by a file that is not ours."""

    SKIP = "skip"
    """The file that is there stays, and the new one is not written."""
    RENAME = "rename"
    """The new one becomes `name (2).wav`, and so on."""
    OVERWRITE = "overwrite"
    """The new one takes its place."""


class SourcePolicy(StrEnum):
    """What happens to a source whose outputs are all in place."""

    KEEP = "keep"
    MOVE = "move"
    """Into `moved_to`, in the same subfolders."""
    TRASH = "trash"
    """Into the system's trash."""


@dataclass(frozen=True, slots=True)
class CommandHook:
    """A program that is run for every file that is done or failed; never through a shell."""

    command: tuple[str, ...]
    timeout: float = 60.0
    """Seconds until it is killed."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An HTTP request for every file that is done or failed."""

    url: str
    """`https`, or `http` to this machine."""
    secret: str = field(default="", repr=False)
    """Signs the body; empty: unsigned."""
    timeout: float = 10.0
    """Seconds for one attempt."""
    attempts: int = 5


Hook = CommandHook | Webhook
"""What is told when a file is done or failed."""


@dataclass(frozen=True, slots=True)
class FolderConfig:
    """One watched folder. Paths are absolute; times in seconds."""

    name: str
    """What the ledger knows it by: with another name, all of its files are new."""
    source: Path
    target: Path
    task: Task
    options: Options = field(default_factory=Options)
    """Format, depth, device and keep-alive; priority, name and labels are the watcher's own."""
    settle_seconds: float = 5.0
    """How long size and time of a file must not have changed before it is taken."""
    polling: bool | None = None
    """True: look at every file again and again. None: only where the file system does not tell of changes."""
    poll_interval: float = 10.0
    """Between two looks of a polled folder."""
    recursive: bool = True
    include: tuple[str, ...] = RECORDINGS
    """Patterns such as `*.wav`, against names, or `takes/*`, against paths inside `source`; case is ignored."""
    exclude: tuple[str, ...] = ()
    """As `include`; what both match is left alone."""
    template: str = "{name}{suffix}"
    """An output's name."""
    on_collision: Collision = Collision.RENAME
    source_policy: SourcePolicy = SourcePolicy.KEEP
    moved_to: Path | None = None
    """Where done sources go; needed for `SourcePolicy.MOVE`."""
    dead_letter: Path | None = None
    """Where sources go that failed for good; None: `_failed` in the target."""
    keep_times: bool = True
    """Outputs carry the source's modification time."""
    zip_stems: bool = False
    """The stems of a recording become one `.zip` in place of a folder."""
    presets_by_subfolder: Mapping[str, Task] = field(default_factory=dict[str, Task])
    """What is done with files below the source's subfolder of this name, in place of `task`."""
    on_done: Hook | None = None

    def task_of(self, inside: Path) -> Task:
        """What is done with the file at `inside`, relative to the source."""
        subfolder = inside.parts[0] if len(inside.parts) > 1 else ""
        return self.presets_by_subfolder.get(subfolder, self.task)

    @property
    def failed(self) -> Path:
        """The dead-letter folder."""
        return self.dead_letter or self.target / FAILED_FOLDER

    @property
    def own_folders(self) -> tuple[Path, ...]:
        """Where the watcher writes: never watched, wherever they lie."""
        return (self.target, self.failed, *([self.moved_to] if self.moved_to else []))


def default_ledger() -> Path:
    """The ledger's file where none is named; its folder may not exist yet."""
    return state_folder() / "watch.sqlite3"


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """All folders of one watcher."""

    folders: tuple[FolderConfig, ...]
    state: Path = field(default_factory=default_ledger)
    """The ledger's file."""
    look_ahead: int = 8
    """Jobs that are with the daemon at once."""
    max_attempts: int = 5
    """Tries of a file whose failure may pass, before it is a dead letter."""
