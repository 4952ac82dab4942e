"""The real Audacity with our effects, and around it a bridge and a daemon that a test holds back, breaks and ends."""

import os
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from daemons import eventually, processes_of
from fake_daemon import FakeDaemon
from plugins.audacity import arrangement
from plugins.audacity.arrangement import RATE, Audio, Clip, Labels
from plugins.audacity.aup3 import SavedProject
from plugins.audacity.bridge_runs import Bridge, install_effects
from plugins.audacity.real_audacity import Audacity
from plugins.audacity.requests import FACTORS, multiply
from plugins.audacity.sound_server import SoundServer
from unmix_plugins.audacity.program.editor import Editor

FRAMES = 3 * RATE
UNCHANGED = "Nothing was changed."


_CHECKOUT = Path(__file__).parents[4]
"""Seen by the bridge that runs among Audacity's mounts, wherever it lies."""


class Stage:
    """One program for many tests; each begins with `open`."""

    def __init__(self, folder: Path, display: str, sound: SoundServer | None = None) -> None:
        """With something to play on and to record from, where there is `sound`."""
        self.folder = folder
        self.state = folder / "state"
        self.sound = sound
        self._environment = sound.environment if sound else {}
        self.audacity = Audacity(
            folder / "home", display, shared=[folder.parent, _CHECKOUT], environment=self._environment
        )
        self.gate = threading.Event()
        """The daemon's results come when it is set."""
        self.daemon: FakeDaemon | None = None
        self.bridge: Bridge | None = None
        self._project = folder
        install_effects(self.audacity.plug_ins, self.state)
        if sound:
            sound.take_in(self.audacity.home)

    @property
    def name(self) -> str:
        """The project's."""
        return self._project.stem

    def open(self, *tracks: Audio | Labels) -> SavedProject:
        """Begin with these tracks, everything selected; returns the project."""
        if not self.audacity.is_fit():
            self.audacity.start_anew()
            self._project = self.folder / f"project {len(list(self.folder.glob('*.aup3')))}.aup3"
            self.audacity.save(self._project)
        arrangement.write(self.folder / "arranged.aup", tracks or [voice()])
        self.audacity.import_files(self.folder / "arranged.aup")
        self.command("SelectAll:")
        return self.project()

    def open_again(self) -> SavedProject:
        """Start the program that has ended, and open the project that it had; everything is selected."""
        self.audacity.start()
        opening = threading.Thread(target=self.command, args=[f'OpenProject2: Filename="{self._project}"'])
        opening.start()
        while opening.is_alive():
            for dialog in self.audacity.dialogs():  # after a kill: “was not saved properly”
                # Return in the main window, as soon as the dialog is gone, would take the selection away.
                self.audacity.screen.press_in(dialog, "Return")
            opening.join(0.1)
        self.command("SelectAll:")
        return self.project()

    def start_daemon(self) -> FakeDaemon:
        """A daemon that multiplies by FACTORS once the gate is open."""
        self.gate.clear()
        self.daemon = FakeDaemon(self.state)
        self.daemon.script.denoise = self.daemon.script.separate = multiply(self.gate).denoise
        self.daemon.start()
        return self.daemon

    def start_bridge(
        self, *, long: float = 0.0, window: bool = False, mounts: bool = False, **environment: str
    ) -> Bridge:
        """A bridge that works late; with `long` seconds of patience effects wait. The test's pipe stays usable.

        With `mounts` it sees the file systems that `mount` makes.
        """
        environment = {
            "UNMIX_WEIGHTS": str(self.folder / "no-weights"),
            "UNMIXD_BUNDLED_MODELS": "false",
            **self._environment,
            **({"DISPLAY": self.audacity.environment["DISPLAY"]} if window else {}),
            **environment,
        }
        within = self._within() if mounts else ()
        self.bridge = Bridge(
            self.state, self.audacity.pipes, long=long, environment=environment, within=within
        ).start()
        return self.bridge

    def mount(self, folder: Path, size: str) -> Path:
        """Give the running Audacity a small disk there, and return where the test sees it."""
        command = [*self._within(), "mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this account may not mount a small disk: {done.stderr.strip()}")
        return Path(f"/proc/{self.audacity.pid}/root{folder}")

    def unmount(self, folder: Path) -> None:
        """Take it away again."""
        subprocess.run([*self._within(), "umount", str(folder)], check=True)

    def _within(self) -> list[str]:
        """The command that runs another where Audacity's own mounts are."""
        user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
        return ["nsenter", "-t", str(self.audacity.pid), *user, "-m"]

    def save_in(self, folder: Path, seen: Path) -> SavedProject:
        """Save the project anew in `folder`, which the test sees as `seen`; all is selected."""
        self.audacity.save(folder / "project.aup3")
        self._project = seen / "project.aup3"
        self.command("SelectAll:")
        return self.project()

    def click(self, effect: str = "Denoise") -> None:
        """Choose an effect with the mouse."""
        self.audacity.click_menu("Effect", "Unmix", effect)

    def choose(self, effect: str = "Denoise") -> None:
        """Choose an effect that will show no message, through the pipe; returns when it has."""
        self.audacity.choose(effect)

    def command(self, text: str) -> None:
        self.audacity.pipe.command(text)

    @property
    def editor(self) -> Editor:
        return Editor(self.audacity.pipe)

    def project(self) -> SavedProject:
        """The project as it is; not while the bridge sends anything."""
        self.command("Save:")
        return self.audacity.saved(self._project, refresh=False)

    def message(self) -> str:
        """The text of Audacity's message box, which is closed."""
        said = self.audacity.message()
        self.audacity.press("Return")
        eventually(lambda: not self.audacity.dialogs())
        return said

    def files(self) -> list[str]:
        """What lies in the bridge's folders for audio."""
        folder = self.state / "audacity"
        return sorted(path.name for name in ("in", "out") for path in (folder / name).glob("*"))

    def ask(self, **request: object) -> list[Mapping[str, Any]]:
        """What the bridge answers to a command."""
        assert self.bridge
        return list(self.bridge.ask(**request))

    def job(self) -> dict[str, object]:
        """The only job of the bridge."""
        assert self.bridge
        (job,) = self.bridge.jobs()
        return dict(job)

    def wait_for(self, state: str) -> dict[str, object]:
        """The only job, once it is in this state."""
        assert self.bridge
        eventually(lambda: [job["state"] for job in self.bridge.jobs()] == [state])
        return self.job()

    until = staticmethod(eventually)

    def wait_until_done(self) -> None:
        """Until the bridge has no job, and so sends nothing."""
        assert self.bridge
        eventually(lambda: not self.bridge.jobs())

    def end(self) -> None:
        """End what the test has started; nothing may be left of it."""
        self.gate.set()
        bridge, daemon = self.bridge, self.daemon
        self.bridge = self.daemon = None
        try:
            if bridge:
                bridge.stop()
        finally:
            if daemon:
                daemon.stop()
            for process in processes_of(self.state):
                process.kill()
                process.wait()
            if self.audacity.runs and self.audacity.dialogs():
                self.audacity.kill()  # a test that failed left a message


def noise(seed: int = 1, frames: int = FRAMES, channels: int = 1) -> np.ndarray:
    shape = frames if channels == 1 else (frames, channels)
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def voice(name: str = "Voice", seed: int = 1, frames: int = FRAMES) -> Audio:
    return Audio(name, [Clip(noise(seed, frames))])


def multiplied(project: SavedProject, *names: str, stem: str = "clean") -> SavedProject:
    """The project with the whole of these tracks as the daemon makes them."""
    tracks = [
        replace(
            track,
            clips=tuple(
                replace(clip, samples=clip.samples * np.float32(FACTORS[stem])) for clip in track.clips
            ),
        )
        if track.name in names
        else track
        for track in project.tracks
    ]
    return replace(project, tracks=tuple(tracks))


def difference(one: SavedProject, other: SavedProject) -> str:
    """What differs first, to the bit; empty where nothing does. What is selected does not count."""
    names = [[track.name for track in project.tracks] for project in (one, other)]
    if names[0] != names[1] or one.sample_rate != other.sample_rate:
        return f"{names}"
    for mine, theirs in zip(one.tracks, other.tracks, strict=True):
        if replace(mine, clips=(), is_selected=False) != replace(theirs, clips=(), is_selected=False):
            return f"{mine.name}: its settings"
        if [_outline(clip) for clip in mine.clips] != [_outline(clip) for clip in theirs.clips]:
            return f"{mine.name}: its clips"
        for count, (clip, same) in enumerate(zip(mine.clips, theirs.clips, strict=True)):
            if clip.samples.tobytes() != same.samples.tobytes():
                return f"{mine.name}: the samples of clip {count}"
    return ""


def _outline(clip) -> tuple[object, ...]:
    return clip.name, clip.start, clip.samples.shape, clip.envelope
