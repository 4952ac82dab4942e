"""What the script inside REAPER starts in place of `unmix`: `script_client.py FOLDER MODE reaper-run JOB.json`.

It speaks as `unmix reaper-run` does and changes no sound: the first stem is the input, further ones are silent.
Every job is added to FOLDER/jobs, and the process to FOLDER/pids. MODE says what else happens; some wait until
FOLDER/go is there.
"""

import json
import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

Made = list[Path]


class Wave(NamedTuple):
    """A WAV file: its format, and its frames as they lie there. Read by hand, as the client must start fast."""

    format: bytes
    frames: list[bytes]

    @property
    def channels(self) -> int:
        return struct.unpack("<H", self.format[2:4])[0]

    @property
    def sample_rate(self) -> int:
        return struct.unpack("<I", self.format[4:8])[0]


def read_wave(path: Path) -> Wave:
    content, position, chunks = path.read_bytes(), 12, {}
    while position < len(content):
        name, size = struct.unpack("<4sI", content[position : position + 8])
        chunks[name] = content[position + 8 :][:size]
        position += 8 + size + size % 2
    data, step = chunks[b"data"], struct.unpack("<H", chunks[b"fmt "][12:14])[0]
    return Wave(chunks[b"fmt "], [data[at : at + step] for at in range(0, len(data), step)])


def write_wave(path: Path, wave: Wave) -> None:
    data = b"".join(wave.frames)
    parts = (b"fmt ", wave.format), (b"data", data)
    body = b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in parts
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)


def say(event: str, **entries: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **entries}) + "\n")
    sys.stdout.flush()


def stems_of(task: dict[str, Any]) -> list[str]:
    return task["stems"] or ["drums", "bass", "other", "vocals"]


def process(item: dict[str, Any], folder: Path, stems: list[str], made: Made) -> list[dict[str, Any]]:
    """Write what an item needs of its source, unchanged, under names of their own."""
    source = Path(item["source"])
    recording = read_wave(source)
    first, count = item["first_frame"] or 0, item["frames"] or len(recording.frames)
    frames = recording.frames[first : first + count][:: -1 if item["reverse"] else 1]
    assert len(frames) == count, "the section is outside of the recording"
    outputs = []
    for number, stem in enumerate(stems):
        path = next(p for n in range(1, 999) if not (p := folder / name_of(source, stem, n)).exists())
        sound = frames if number == 0 else [bytes(len(frame)) for frame in frames]
        write_wave(path, recording._replace(frames=sound))
        made.append(path)
        facts = {"sample_rate": recording.sample_rate, "channels": recording.channels}
        outputs.append({"stem": stem, "path": str(path), "frames": count, **facts})
    return outputs


def name_of(source: Path, stem: str, number: int) -> str:
    return f"{source.stem} - {stem}.wav" if number == 1 else f"{source.stem} - {stem} {number}.wav"


def give_up(made: Made, event: str, status: int, **entries: Any) -> NoReturn:
    for path in made:
        path.unlink()
    say(event, **entries)
    raise SystemExit(status)


def wait_for(path: Path) -> None:
    say("progress", fraction=0.25, stage="waiting", index=1, items=2, remaining_seconds=100)
    while not path.exists():
        time.sleep(0.005)


def run(folder: Path, mode: str, job: dict[str, Any]) -> None:
    made: Made = []
    signal.signal(signal.SIGTERM, lambda *_: give_up(made, "cancelled", 130))
    output_folder, items, stems = Path(job["output_folder"]), job["items"], stems_of(job["task"])
    output_folder.mkdir(parents=True, exist_ok=True)
    say("started", items=len(items))
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode in ("slow", "deaf"):
        process(items[0], output_folder, stems, made)
        wait_for(folder / "go")
    results: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    for number, item in enumerate(items):
        same = tuple(item[key] for key in ("source", "first_frame", "frames", "reverse"))
        if (mode, number) == ("one fails", 1):
            say("item_failed", id=item["id"], message="its header is broken")
            continue
        if same not in results:
            results[same] = process(item, output_folder, stems, made)
        outputs = [dict(output) for output in results[same]]
        if mode in CHANGES:
            CHANGES[mode](outputs, folder)
        say("item", id=item["id"], outputs=outputs, notes=[])
        say(
            "progress",
            fraction=(number + 1) / len(items),
            stage="denoising",
            index=number + 1,
            items=len(items),
        )
        if mode == "crashes":
            sys.stderr.write("Traceback\nMemoryError: no more memory\n\n")
            sys.stderr.flush()
            os._exit(3)
        if mode == "fails":
            give_up(made, "failed", 1, message="No model is installed: run `unmix models pull`.")
        if mode == "babbles":
            babble(outputs, item["id"])
    if mode == "waits":
        wait_for(folder / "go")
    notes = ["It ran on cpu because there is no other device."] if mode == "notes" else []
    say("finished", model="none" if mode == "leaves" else "identity", device="cpu", seconds=0.1, notes=notes)


def babble(outputs: list[dict[str, Any]], id_: str) -> None:
    """Write what nobody should: garbage, events of other versions, halves of lines, numbers that are none."""
    for line in (b"\xff\xfe garbage\n", b"[1, 2]\n", b"null\n", b"{" * 3000 + b"\n", b"\n"):
        sys.stdout.buffer.write(line)
    say("weather", rain=True)
    say("progress", fraction="much", stage=7, index=None, items=[], remaining_seconds=float("nan"))
    say("item", id="unknown", outputs=outputs)
    say("item", id=["x"], outputs="none")
    say("item_failed", id=None)
    whole = json.dumps({"event": "item", "id": id_, "outputs": outputs, "mood": "good"}).encode() + b"\n"
    for half in (whole[:40], whole[40:]):
        sys.stdout.buffer.write(half)
        sys.stdout.buffer.flush()
        time.sleep(0.02)


def shorten(outputs: list[dict[str, Any]], _folder: Path) -> None:
    outputs[0]["frames"] -= 1


def mislead(outputs: list[dict[str, Any]], folder: Path) -> None:
    """Name a file that is not among the project's."""
    outputs[0]["path"] = str(folder / "jobs")


CHANGES: dict[str, Callable[[list[dict[str, Any]], Path], None]] = {"shortens": shorten, "misleads": mislead}


def main() -> None:
    folder, mode, command, path = sys.argv[1:]
    assert command == "reaper-run"
    job = Path(path).read_text()
    with Path(folder, "jobs").open("a") as jobs, Path(folder, "pids").open("a") as pids:
        jobs.write(job + "\n")
        pids.write(f"{os.getpid()}\n")
    run(Path(folder), mode, json.loads(job))


if __name__ == "__main__":
    main()
