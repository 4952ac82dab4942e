"""A REAPER with the shipped scripts in it, and a client that changes no sound."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any, Self

from daemons import eventually
from fake_reaper import FakeReaper, Item, Project, examples
from fake_reaper.interpreter import Script
from fake_reaper.model.facts import facts
from fake_reaper.renderer import render
from plugins.reaper.scripts import envelopes

SCRIPTS = Path(__file__).parents[4] / "plugins" / "unmix_plugins" / "reaper" / "scripts"
MODULES = SCRIPTS / "unmix_actions"
CLIENT = Path(__file__).with_name("script_client.py")
ACTIONS = {
    "denoise": "Unmix_Denoise items.py",
    "separate": "Unmix_Separate items into stems.py",
    "vocals": "Unmix_Vocals and instrumental.py",
    "settings": "Unmix_Settings.py",
    "cancel": "Unmix_Cancel.py",
}


def comparable(value: Any) -> Any:
    """Facts without what differs between any two projects: GUIDs and folders."""
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items() if key != "guid"}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return value.name if isinstance(value, Path) else value


class Desk:
    """A project in a REAPER where actions are run; `mode` is the client's, the other keywords are REAPER's."""

    def __init__(self, folder: Path, project: Project, mode: str = "works", **switches: Any) -> None:
        folder.mkdir(exist_ok=True)
        resources = folder / "REAPER"
        self.scripts = resources / "Scripts" / "unmix"
        self.client_folder = folder / "client"
        self.client_folder.mkdir()
        shutil.copytree(SCRIPTS, self.scripts, ignore=shutil.ignore_patterns("__pycache__"))
        self.use_client(sys.executable, "-I", str(CLIENT), str(self.client_folder), mode)
        self.project = project
        self.reaper = FakeReaper(project, resource_folder=resources, **switches)
        envelopes.install(self.reaper)
        self.sound = render(project)
        self.facts = facts(project)
        self._files = self._media()
        self.item: Item

    @classmethod
    def with_item(cls, folder: Path, kind: str = "trimmed", mode: str = "works", **switches: Any) -> Self:
        """Return one with an item of a kind, which is `item`."""
        project, item = examples.one(folder / "project", kind)
        desk = cls(folder, project, mode, **switches)
        desk.item = item
        return desk

    def use_client(self, *command: str) -> None:
        content = json.dumps({"client": command, "version": "1"})
        (self.scripts / "unmix_reaper.json").write_text(content, encoding="ascii")

    def change_script(self, text: str, replacement: str) -> None:
        """Change a constant of the installed modules, to have less to wait for."""
        (path,) = [each for each in self.modules.glob("*.py") if text in each.read_text(encoding="ascii")]
        path.write_text(path.read_text(encoding="ascii").replace(text, replacement), encoding="ascii")

    @property
    def modules(self) -> Path:
        """Where the installed actions have their modules."""
        return self.scripts / MODULES.name

    def begin(self, action: str) -> Script:
        """Run an action's file, as a click on its button does."""
        return self.reaper.run_script(self.scripts / ACTIONS[action])

    def run(self, action: str) -> str:
        """Run an action to its end; return what the user read in windows."""
        self.begin(action)
        return self.finish()

    def finish(self) -> str:
        self.reaper.run_until_idle(60, pause=0.002)
        return "\n".join(self.reaper.messages)

    def begin_and_wait(self, action: str) -> None:
        """Run an action until its client, which waits for `go`, has made everything."""
        self.begin(action)
        self.step_until("waiting")

    def step_until(self, text: str) -> None:
        """Go on until the line of help says something."""

        def says() -> bool:
            self.reaper.step()
            return text in self.help

        eventually(says)

    def go(self) -> str:
        """Let the client that waits go on, and run the action to its end."""
        (self.client_folder / "go").touch()
        return self.finish()

    def choose(self, **settings: str) -> None:
        """Choose settings as the dialog stores them."""
        for key, value in settings.items():
            self.reaper.ext_state["UNMIX", key.upper()] = value

    @property
    def help(self) -> str:
        return self.reaper.windows.help_text

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that clients were started with."""
        path = self.client_folder / "jobs"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def asked_items(self) -> list[dict[str, Any]]:
        """The items of the only job."""
        (job,) = self.jobs
        return job["items"]

    @property
    def client_pids(self) -> list[int]:
        return [int(line) for line in (self.client_folder / "pids").read_text().split()]

    @property
    def new_files(self) -> set[str]:
        """What is in the project's folders now and was not at first."""
        return {path.name for path in self._media() - self._files}

    @property
    def is_unchanged(self) -> bool:
        """Whether the project is as it was, no file was added, and nothing that must not happen did."""
        assert self.reaper.problems == []
        return facts(self.project) == self.facts and not self.new_files

    @property
    def sounds_the_same(self) -> bool:
        sound = render(self.project)
        return sound.shape == self.sound.shape and bool((sound == self.sound).all())

    @property
    def undo_points(self) -> list[str]:
        return self.project.history.labels

    def _media(self) -> set[Path]:
        folders = {self.project.media_folder, self.project.path.parent}
        return {path for folder in folders for path in folder.glob("*") if path.is_file()}
