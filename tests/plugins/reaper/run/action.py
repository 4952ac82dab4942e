"""Jobs of `unmix reaper-run` as the tests write them, and recordings for them."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import sounds
from media_files import chunk, decode, encode, fmt, riff, spec_for
from unmix_models.audio import Block, Depth
from unmix_plugins.reaper.run.app import run

COMMAND = [sys.executable, "-c", "from unmix_plugins.cli import main; main()", "reaper-run"]
UNCHANGED = {"kind": "denoise", "model": "rnnoise", "attenuation_limit_db": 0, "stems": ["clean"]}
DENOISE = UNCHANGED | {"attenuation_limit_db": None}
FRAMES = 100_003


class Action:
    """A job that grows item by item, and what became of it."""

    def __init__(self, folder: Path) -> None:
        self.media = folder / "project" / "media"
        self.file = folder / "JOB.json"
        self.items: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def add(
        self, source: Path, first_frame: int | None = None, frames: int | None = None, **facts: Any
    ) -> str:
        """An item with an id of its own, which is returned."""
        item = {
            "id": f"item {len(self.items) + 1}",
            "name": "Take",
            "source": str(source),
            "first_frame": first_frame,
            "frames": frames,
            "reverse": False,
        }
        self.items.append(item | facts)
        return str(self.items[-1]["id"])

    def write(self, task: dict[str, Any]) -> Path:
        job = {
            "version": 1,
            "task": task,
            "device": "auto",
            "output_folder": str(self.media),
            "items": self.items,
        }
        self.file.write_text(json.dumps(job))
        return self.file

    def perform(self, task: dict[str, Any] = UNCHANGED, expected: int = 0) -> dict[str, Any]:
        """Run it in this process; returns the last event."""
        out = io.StringIO()
        assert run(self.write(task), out) == expected, out.getvalue()
        self.events = [json.loads(line) for line in out.getvalue().splitlines()]
        return self.events[-1]

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    def outputs(self, item: str) -> dict[str, dict[str, Any]]:
        """What was made of an item, by stem."""
        [event] = [event for event in self.told("item") if event["id"] == item]
        return {output["stem"]: output for output in event["outputs"]}

    def samples(self, item: str, stem: str = "clean") -> Block:
        return decode(Path(self.outputs(item)[stem]["path"]))[1]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.media.iterdir()) if self.media.exists() else []


def recording(path: Path, name: str = "wav", depth: Depth = Depth.S16, rate: int = 48_000) -> Path:
    encode(path, spec_for(name, rate, depth=depth), sounds.voice(FRAMES / rate, rate, 2))
    return path


def long_recording(path: Path, seconds: int = 1800) -> Path:
    """Of silence, which takes no room on the disk, but a while to denoise."""
    size = 2 * 48_000 * seconds
    head = riff(fmt(channels=1), chunk(b"data", b"", size), size=size + 36)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    return path
