"""REAPER as a Python script sees it, over projects in memory."""

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fake_reaper.dispatch import Dispatch
from fake_reaper.guard import Guard
from fake_reaper.interpreter import Interpreter, Run, Script
from fake_reaper.model.edits import Edits
from fake_reaper.model.project import Project
from fake_reaper.model.track import Track
from fake_reaper.pointers import Pointers
from fake_reaper.switches import Switches
from fake_reaper.windows import Windows


class FakeReaper:
    """Runs scripts unchanged, and keeps what a test asks about afterwards. The keywords are `Switches`'.

    `problems` has one sentence for each thing that must not happen: an exception or SystemExit that escaped, an
    undo block left open, a refresh not let go, a change outside an undo block, a window opened inside one, a
    foreign import, a thread, a sleep, a function or an action that is not modelled.
    """

    def __init__(self, project: Project | None = None, **switches: Any) -> None:
        self.switches = Switches(**switches)
        self.project = project or Project()
        """The project of the test; `active` is the one in front."""
        self.active = self.project
        self.projects: list[Project] = []
        """The open tabs, from left to right."""
        self.problems: list[str] = []
        self.windows = Windows(self)
        self.edits = Edits(self)
        """What the user does between the rounds."""
        self.runs: list[Run] = []
        """Each piece of a script's code that ran, and how long the window stood still."""
        self.scripts: list[Script] = []
        """Those that still run."""
        self.ext_state: dict[tuple[str, str], str] = {}
        self.persistent_ext_state: dict[tuple[str, str], str] = {}
        self.commands: dict[str, int] = {}
        """Numbers of named commands, such as registered scripts."""
        self.toggles: dict[tuple[int, int], int] = {}
        """States of toolbar buttons, by section and command."""
        self.refresh_prevented = 0
        self.pointers = Pointers(self.switches)
        self.guard = Guard(self.note)
        self._running: Script | None = None
        self._dispatch = Dispatch(self)
        self._functions = self._dispatch.namespace()
        self._interpreter = self._new_interpreter()
        self.adopt(self.project)

    # What a test does and asks

    def namespace(self) -> dict[str, Callable[..., Any]]:
        """Return every function of REAPER's, those in `reaper_python` and those in `__main__`."""
        return {**self._functions, **self._injected()}

    def run_script(self, path: Path) -> Script:
        """Run a script file as an action does; return it, which may run on by what it deferred."""
        for project in self.projects:
            project.history.note_state()
        if self.switches.separate_interpreters:
            self._interpreter = self._new_interpreter()
        script = Script(path, self._interpreter)
        self.scripts.append(script)
        self._run(script, [script.source()])
        return script

    def step(self, rounds: int = 1) -> None:
        """Run what was deferred until now, so many times."""
        for _ in range(rounds):
            for script in list(self.scripts):
                due, script.deferred = script.deferred, []
                self._run(script, due)

    def run_until_idle(self, limit: float = 20.0, *, pause: float = 0.005) -> None:
        """Run rounds until nothing is deferred; TimeoutError after `limit` seconds."""
        deadline = time.monotonic() + limit
        while self.scripts:
            if time.monotonic() > deadline:
                raise TimeoutError(f"After {limit} s the script still defers {self.scripts[0].deferred}.")
            self.step()
            if self.scripts:
                time.sleep(pause)

    def exit(self) -> None:
        """End every script, as the user or the end of REAPER does."""
        for script in list(self.scripts):
            script.deferred.clear()
            self._end(script)

    def undo(self) -> bool:
        """Undo in the active project, as the user does; False if there is nothing to undo."""
        return self.active.history.undo()

    def redo(self) -> bool:
        """Do again in the active project what was undone; False if there is nothing."""
        return self.active.history.redo()

    @property
    def calls(self) -> "list[Any]":
        """Every call by a script: `name` with RPR_, and `arguments` as given."""
        return self._dispatch.calls

    @property
    def nulls(self) -> list[str]:
        """Functions that did nothing because a pointer was NULL, stale, malformed or of another kind."""
        return self._dispatch.nulls

    @property
    def blocked(self) -> list[float]:
        """Seconds that the window stood still, for each piece of code that ran."""
        return [run.seconds for run in self.runs]

    @property
    def messages(self) -> list[str]:
        """Texts of message boxes and of the console, in order."""
        return self.windows.messages

    @property
    def titles(self) -> list[str]:
        """Titles of the message boxes, "console" for the console."""
        return self.windows.titles

    @property
    def answers(self) -> list[int]:
        """What the user clicks in the message boxes to come; the one who agrees, if none is left."""
        return self.windows.answers

    @property
    def inputs(self) -> list[list[str] | None]:
        """What the user enters when next asked; None cancels, and so does having nothing left."""
        return self.windows.inputs

    @property
    def asked(self) -> list[tuple[str, str, str]]:
        """Title, captions and proposed values of each question."""
        return self.windows.asked

    # What the functions use

    def adopt(self, project: Project) -> None:
        """Open a project in a tab. After an undo its tracks keep their addresses, items and takes do not."""
        self.projects.append(project)
        project.history.restored = self._keep_track_addresses

    def note(self, problem: str) -> None:
        """Keep a problem, once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def changed(self, project: Project) -> None:
        """Count a change by a script, which must be inside an undo block."""
        project.touch()
        if project.history.depth == 0 and self._running is not None:
            self.note(f"{self.calls[-1].name} changed the project outside an undo block.")

    def made_undo_point(self) -> None:
        """Note that REAPER need not make one for the running script."""
        if self._running is not None:
            self._running.makes_undo_point = False

    def command_number(self, name: str) -> int:
        """Return the number of a named command, a new one where the name is new."""
        return self.commands.setdefault(name, 55000 + len(self.commands))

    # How scripts run

    def _run(self, script: Script, codes: list[str]) -> None:
        for code in codes:
            if not self._run_one(script, code):
                script.deferred.clear()
                break
        if not script.deferred and script in self.scripts:
            self._end(script)

    def _run_one(self, script: Script, code: str) -> bool:
        dispatch = self._dispatch
        strings, seconds, busy = dispatch.strings, dispatch.seconds, dispatch.busy
        self._running = script
        try:
            run = script.interpreter.execute(script, code, self._injected())
        except SystemExit:
            self.note("SystemExit escaped from the script: REAPER quits.")
            return False
        except Exception:  # noqa: BLE001 - REAPER shows whatever a script raises, and ends the script
            self.note(f"The script raised:\n{traceback.format_exc()}")
            return False
        finally:
            self._running = None
            self._check_balance()
        cost = (dispatch.strings - strings) * self.switches.string_cost
        own, worked = run.seconds - (dispatch.seconds - seconds), run.busy - (dispatch.busy - busy)
        self.runs.append(Run(code, own + cost, worked + cost))
        return True

    def _end(self, script: Script) -> None:
        self.scripts.remove(script)
        codes, script.at_exit = script.at_exit, []
        for code in codes:
            self._run_one(script, code)
        if script.makes_undo_point:
            self.active.history.add(f"ReaScript: {script.path.name}")

    def _check_balance(self) -> None:
        for project in self.projects:
            if project.history.depth:
                self.note("An undo block was left open.")
            names = [thing.guid for thing in (*project.tracks, *project.items, *project.takes)]
            if len(names) != len(set(names)):
                self.note("Two things have the same GUID.")
        if self.refresh_prevented:
            self.note("The window's refresh was held and not let go.")

    def _new_interpreter(self) -> Interpreter:
        return Interpreter(self._functions, self.guard, knows_file=self.switches.knows_file)

    def _injected(self) -> dict[str, Callable[..., Any]]:
        return {"RPR_defer": self._defer, "RPR_runloop": self._defer, "RPR_atexit": self._at_exit}

    def _defer(self, code: str) -> None:
        script = self._script_of("RPR_defer", code)
        script.deferred.append(code)
        script.makes_undo_point = False

    def _at_exit(self, code: str) -> None:
        self._script_of("RPR_atexit", code).at_exit.append(code)

    def _script_of(self, name: str, code: str) -> Script:
        if not isinstance(code, str):
            raise TypeError(f"{name}() takes a string of code, not {type(code).__name__}.")
        if self._running is None:
            raise RuntimeError(f"{name}() was called while no script runs.")
        return self._running

    def _keep_track_addresses(self, before: list[Track], after: list[Track]) -> None:
        old = {track.guid: track for track in before}
        for track in after:
            if track.guid in old:
                self.pointers.move(old[track.guid], track)
