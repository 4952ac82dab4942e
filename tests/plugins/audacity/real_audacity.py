"""The real Audacity, in a home, a /tmp and on a display of its own."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from daemons import eventually
from plugins.audacity import aup3, surroundings
from plugins.audacity.screen import Screen, Window
from unmix_plugins.audacity.program.editor import Editor
from unmix_plugins.audacity.program.pipe import NoProject, Pipe, PipeAbsent, PipeError, PipeLost

START_SECONDS = 60.0
_FIT_SECONDS = 10.0
"""For an answer of a program that was used before; one that is slower is replaced, which harms no test."""
_EFFECT_SECONDS = 300.0
"""For an effect that shows no box; the product itself waits an hour for the reader of one."""
_REGISTRY = "pluginregistry.cfg"
_OPEN_PROJECTS = re.compile(r"^\[ActiveProjects\]\n([^\[\n].*\n)*", re.MULTILINE)


class Audacity:
    """The program as a child process; a context manager that leaves no process behind."""

    def __init__(
        self,
        home: Path,
        display: str,
        *,
        shared: Sequence[Path] = (),
        settings: Mapping[str, Mapping[str, object]] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`shared` are the folders below /tmp that it can see besides its home; `settings` go into its .cfg."""
        self.home = home
        self.pipes = home / "tmp"
        """Where its pipe is, seen from outside."""
        self.temporary = home / "temporary"
        self.plug_ins = home / ".local/share/audacity/Plug-Ins"
        self.configuration = home / ".config/audacity/audacity.cfg"
        self.environment = surroundings.environment(home, display) | (environment or {})
        """For programs in the same home and on the same display."""
        self.screen = Screen(self.environment)
        self._shared = [
            folder for folder in (home, surroundings.X11, *shared) if folder.is_relative_to(surroundings.TMP)
        ]
        self._users = home / "passwd"
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Pipe | None = None
        self._menus: list[tuple[int, str]] = []
        for folder in (self.pipes, self.temporary, self.plug_ins, self.configuration.parent):
            folder.mkdir(parents=True, exist_ok=True)
        (home / "run").mkdir(mode=0o700, exist_ok=True)
        if not self.configuration.exists():
            self._configure(settings or {})
        self._users.write_text(surroundings.users(home), "utf-8")

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pipe(self) -> Pipe:
        """The connection that the test holds."""
        assert self._pipe
        return self._pipe

    def start(self, *, connect: bool = True) -> Self:
        """Start it; with `connect`, wait until the pipe answers, and hold it.

        New effects are registered by a start of their own, since that leaves the pipe dead.
        """
        if connect and self._has_new_effects():
            self._launch()
            eventually(lambda: not self._has_new_effects(), START_SECONDS)
            eventually(lambda: self.screen.windows("NORMAL"), START_SECONDS)
            self.press("ctrl+q")  # killed, it might leave half of its settings behind
            self.wait_until_ended()
        self._launch()
        if connect:
            self._connect_or_start_again()
        return self

    def _connect_or_start_again(self) -> None:
        """Who was killed while it wrote its registry registers all effects anew, and has no pipe meanwhile."""
        try:
            self.connect(START_SECONDS / 3)
        except (AssertionError, PipeError):
            self.kill()
            self._launch()
            self.connect()

    def is_fit(self) -> bool:
        """Whether it can be used on, with the pipe held and all tracks removed.

        A test that failed may have left it in a dialog, its pipe silent or in another's use, or may have ended it.
        """
        if not self.runs or self.dialogs():
            return False
        self.release()  # replies that a bridge did not wait for would be taken for ours
        try:
            self.connect(_FIT_SECONDS)
            self.clear(_FIT_SECONDS)
            return not Editor(self.pipe).tracks()
        except (AssertionError, PipeError):
            return False

    def start_anew(self) -> Self:
        """Kill it, and start it with an empty project."""
        self.kill()
        return self.start()

    def connect(self, seconds: float = START_SECONDS) -> Pipe:
        """Take hold of the pipe and wait until it answers."""
        eventually(self._try_to_open, seconds)
        eventually(lambda: self._answers(seconds), seconds)
        items = Editor(self.pipe).menu_items()
        self._menus = [(item.depth, item.label) for item in items]
        return self.pipe

    def release(self) -> None:
        """Let go of the pipe, for another client."""
        if self._pipe:
            self._pipe.close()
            self._pipe = None

    def stop(self) -> None:
        """Close it as a user does who does not save."""
        self.clear()
        self.close()

    def close(self) -> None:
        """Close it; what is not saved is asked for."""
        with suppress(PipeLost):
            self.pipe.command("Exit:")
        self.release()
        self.wait_until_ended()

    def kill(self) -> None:
        """kill -9."""
        if self._process:
            self._process.kill()
            self._process.wait()
        self.release()  # a command that still waits ends before that

    def wait_until_ended(self) -> None:
        """Wait for the end of a program that is closing; 3.2.4 may crash then, without windows, and report that."""
        eventually(
            lambda: not self.runs or (self.dialogs() and not self.screen.windows("NORMAL")), START_SECONDS
        )
        self.kill()

    def clear(self, seconds: float = START_SECONDS) -> None:
        """Remove all tracks."""
        self.pipe.command("SelectAll:", patience=seconds)
        self.pipe.command("RemoveTracks:", patience=seconds)

    def import_files(self, *paths: Path) -> None:
        for path in paths:
            self.pipe.command(f'Import2: Filename="{path}"')

    def undo(self) -> None:
        self.pipe.command("Undo:")

    def redo(self) -> None:
        self.pipe.command("Redo:")

    def save(self, path: Path) -> None:
        """Save the project under `path`."""
        self.pipe.command(f'SaveProject2: Filename="{path}"')

    def saved(self, path: Path | None = None, *, refresh: bool = True) -> aup3.SavedProject:
        """The project as it is now; give the `path` of one that was saved by the user.

        Audacity keeps its file up to date except after undo and redo, when it is one step behind. `refresh` makes it
        write once more, with the pipe or, where another holds that, with the mouse.
        """
        if path is None:
            path = max(self.temporary.glob("*.aup3unsaved"), key=lambda file: file.stat().st_mtime)
        if refresh and self._pipe:
            self.pipe.command("ExpandAllTracks:")
        elif refresh:
            before = _last_change(path)
            self.click_menu("View", "Track Size", "Expand Collapsed Tracks")
            eventually(lambda: _last_change(path) != before)
        return aup3.read(path)

    def choose(self, label: str) -> None:
        """Choose an item of the menus through the pipe; returns when all that it does at once is done."""
        self.pipe.command(f"{Editor(self.pipe).menu_ids()[label]}:", patience=_EFFECT_SECONDS)

    def click_menu(self, *labels: str) -> None:
        """Click with the mouse from menu to menu, such as "Effect", "Unmix", "Denoise"."""
        self.screen.click_menu(self._menus, *labels)

    def press(self, *keys: str) -> None:
        """Press keys, such as `ctrl+z`."""
        self.screen.press(*keys)

    def dialogs(self) -> list[Window]:
        """What waits for an answer; the one on top last."""
        return self.screen.windows("DIALOG")

    def message(self) -> str:
        """The text of the message box on top; waits until there is one. `press("Return")` closes it."""
        return self.screen.message()

    def screenshot(self, path: Path) -> Path:
        return self.screen.picture(path)

    def log(self) -> str:
        """What it wrote to its terminal."""
        return (self.home / "audacity.log").read_text("utf-8", "replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _launch(self) -> None:
        crashed = self.temporary.glob("*.aup3unsaved*")  # would be offered for recovery
        for left_behind in (*crashed, *self.pipes.glob("audacity_script_pipe.*")):
            left_behind.unlink()
        self._forget_open_projects()
        with (self.home / "audacity.log").open("ab") as log:
            self._process = subprocess.Popen(
                surroundings.command(self._users, self.pipes, self._shared),
                env=self.environment,
                cwd=self.home,  # it may write beside itself, as (null) when it saves a project without a name
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _forget_open_projects(self) -> None:
        """Else a program that was killed offers to recover them."""
        with suppress(FileNotFoundError):  # killed while it wrote its settings
            settings = self.configuration.read_text("utf-8")
            self.configuration.write_text(_OPEN_PROJECTS.sub("", settings), "utf-8")

    def _has_new_effects(self) -> bool:
        registry = self.configuration.with_name(_REGISTRY)
        known = registry.read_text("utf-8", "replace") if registry.exists() else ""
        return any(effect.name not in known for effect in self.plug_ins.glob("*.ny"))

    def _try_to_open(self) -> bool:
        assert self.runs, f"Audacity did not start:\n{self.log()}"
        with suppress(PipeAbsent):
            self._pipe = self._pipe or Pipe.open(self.pipes)
        return self._pipe is not None

    def _answers(self, seconds: float) -> bool:
        with suppress(NoProject):
            return self.pipe.command("Message: Text=ready", patience=seconds) == ["ready"]
        return False

    def _configure(self, settings: Mapping[str, Mapping[str, object]]) -> None:
        module = datetime.fromtimestamp(surroundings.MODULE.stat().st_mtime).strftime("%Y-%m-%dT%H:%M:%S")
        sections: dict[str, Mapping[str, object]] = {
            "Version": {"Major": 3, "Minor": 2, "Micro": 4},
            "GUI": {"ShowSplashScreen": 0, "EmptyCanBeDirty": 0},
            "Update": {"DefaultUpdatesChecking": 0, "UpdateNoticeShown": 1},
            "Directories": {"TempDir": self.temporary},
            "Module": {"mod-script-pipe": 1},
            "ModulePath": {"mod-script-pipe": surroundings.MODULE},
            "ModuleDateTime": {"mod-script-pipe": module},  # in local time; else it is switched off again
            "SamplingRate": {"DefaultProjectSampleRate": 44100},
        }
        lines = ["PrefsVersion=1.1.1r1"]
        for name in sections | dict(settings):
            values = {**sections.get(name, {}), **settings.get(name, {})}
            lines += [f"[{name}]", *(f"{key}={value}" for key, value in values.items())]
        self.configuration.write_text("\n".join(lines) + "\n", "utf-8")


def _last_change(project: Path) -> tuple[int, int]:
    status = project.with_name(f"{project.name}-wal").stat()
    return status.st_mtime_ns, status.st_size
