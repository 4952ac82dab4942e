"""One run of an action: what is worked on, which files that makes, and what the user hears of it."""

import os
from typing import Any, Dict, Generator, List, Optional, Set

from reaper_python import *

from .client import Client, client_command
from .item import Subject
from .messages import Trouble, in_words, show, some
from .pointers import TEXT, is_alive, project_in_front
from .settings import read_settings

VERBS = {
    "denoise": "denoised %s",
    "separate": "separated %s",
    "vocals": "split %s into vocals and instrumental",
}

Slices = Generator[Any, None, Any]
"""Work that can be interrupted wherever it yields."""
WAIT = object()
"""What it yields when there is nothing to do before the next slice."""


class Cancelled(Exception):
    """The user wants no result any more."""


class Job:
    """What one step of a run leaves to the next, from the selection to the results."""

    def __init__(self, action: str) -> None:
        """Read what can be wrong before anything is done. Raises Trouble."""
        self.action = action
        self.command = client_command()
        self.settings = read_settings()
        self.project = project_in_front()
        self.project_rate = 0.0
        if RPR_GetSetProjectInfo(self.project, "PROJECT_SRATE_USE", 0.0, 0):
            self.project_rate = RPR_GetSetProjectInfo(self.project, "PROJECT_SRATE", 0.0, 0)
        self.output_folder = RPR_GetProjectPathEx(self.project, "", TEXT)[1]
        self.subjects: Dict[str, Subject] = {}
        """Those that are worked on, by their ids."""
        self.placed = 0
        self.problems: List[str] = []
        self.notes: List[str] = []
        self.client: Optional[Client] = None
        self.closing: Dict[str, Any] = {}
        """The client's last event."""
        self.sources: Dict[str, List[str]] = {}
        """New ones for each file that no take has yet."""
        self.unused: Set[str] = set()
        """Files that are removed in the end, unless takes play them."""
        self.shown = ""
        self.message = ""
        """What the user has to confirm in the end."""

    def task(self) -> Dict[str, Any]:
        """Return the task as JOB.json has it."""
        settings = self.settings
        if self.action == "denoise":
            limit = float(settings["attenuation_limit_db"]) if settings["attenuation_limit_db"] else None
            model = settings["denoise_model"]
            return {"kind": "denoise", "model": model, "attenuation_limit_db": limit, "stems": ["clean"]}
        is_split = self.action == "vocals"
        stems = ["vocals", "-vocals"] if is_split else list(dict.fromkeys(settings["stems"].split()))
        return {"kind": "separate", "model": settings["separate_model"], "stems": stems}

    def clear(self) -> None:
        """End the client, and remove every file that is of no use now."""
        if self.client is not None:
            self.client.stop()
            self.client.close()
        for path in self.unused:
            remove_file(path)
        for source in filter(is_alive, self.new_sources()):
            RPR_PCM_Source_Destroy(source)

    def new_sources(self) -> List[str]:
        return [source for sources in self.sources.values() for source in sources]

    def check_project(self) -> None:
        """Raise Trouble if changes would go to another project: much of REAPER only knows the one in front."""
        if not is_alive(self.project) or project_in_front() != self.project:
            raise Trouble("The project was closed or is not in front any more, and nothing was changed.")

    def say(self, text: str) -> None:
        if text != self.shown:
            self.shown = text
            show(text)

    def done(self, count: int) -> str:
        return VERBS[self.action] % ("1 item" if count == 1 else f"{count} items")

    def complain(self, name: str, error: Exception, more: str = "") -> None:
        """Note why there is nothing for an item."""
        self.problems.append((f"{name}: {in_words(error)} {more}").strip())

    def keep(self, subjects: List[Subject]) -> str:
        """Let the results of these stay where they are, and say where that is."""
        paths = sorted({output.path for subject in subjects for output in subject.outputs})
        self.unused.difference_update(paths)
        names = ", ".join(some([os.path.basename(path) for path in paths]))
        return f"The results are kept in {self.output_folder}: {names}."


def remove_file(path: str) -> None:
    """Remove a file, and what REAPER keeps beside it to draw it."""
    for each in (path, path + ".reapeaks"):
        try:
            os.remove(each)
        except OSError:
            pass
