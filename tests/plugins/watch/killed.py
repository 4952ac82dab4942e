"""A watcher that is killed with -9 at one line of its work after another, and started again each time.

    python -m plugins.watch.killed FOLDER STEP keep|move denoise|stems|zip

In FOLDER there is a daemon's state. For the 1st, the STEP+1st, … executed line of the watcher's work, a good and a bad
file are put into FOLDER/in; a watcher is killed when it comes to that line, and another one finishes. It ends when a
watcher has come through. Prints how often one was killed.

Watchers are forked from a process that has imported everything and called nothing, which makes a start cheap.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import sounds
from unmix.words import DenoiseTask, SeparateTask, Task
from unmix_plugins.client import Client
from unmix_plugins.watch.app import App
from unmix_plugins.watch.config.folder import FolderConfig, SourcePolicy, WatchConfig

TASKS: dict[str, Task] = {
    "denoise": DenoiseTask("rnnoise"),
    "stems": SeparateTask("dsp", ("vocals", "-vocals")),
    "zip": SeparateTask("dsp", ("vocals", "-vocals")),
}
NEVER = -1


def config(folder: Path, policy: str, what: str) -> WatchConfig:
    watched = FolderConfig(
        name="in",
        source=folder / "in",
        target=folder / "out",
        task=TASKS[what],
        settle_seconds=0.05,
        source_policy=SourcePolicy(policy),
        moved_to=folder / "moved",
        zip_stems=what == "zip",
    )
    return WatchConfig((watched,), state=folder / "ledger.sqlite3")


def watch(settings: WatchConfig, state: Path, line: int) -> bool:
    """Do what is there; killed at the `line`th line of it. True when nothing was left waiting."""
    lines = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        if event == "line":
            lines += 1
            if lines == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return count

    def trace(frame: FrameType, _event: str, _argument: object) -> Any:
        is_ours = "/unmix_plugins/watch/" in frame.f_code.co_filename
        return count if is_ours and threading.current_thread().name.startswith("work") else None

    threading.settrace(trace)

    def connect(name: str) -> Client:
        return Client.connect(state, client_name=name, start=False)

    return App(settings, tell=lambda _: None, once=True, connect=connect).run()


def in_child(settings: WatchConfig, state: Path, line: int) -> int:
    """The exit status of a watcher; negative when it was killed."""
    child = os.fork()
    if child == 0:
        os._exit(0 if watch(settings, state, line) else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main(folder: Path, step: int, policy: str, what: str) -> None:
    settings = config(folder, policy, what)
    (folder / "in" / "sub").mkdir(parents=True)
    for number in range(10_000):
        good = folder / "in" / "sub" / f"good {number}.wav"
        sounds.write(good, sounds.voice(0.1, seed=number))
        (folder / "in" / f"bad {number}.wav").write_bytes(b"no recording %d" % number)
        if in_child(settings, folder / "state", number * step + 1) == 0:
            print(number)  # noqa: T201
            return
        if in_child(settings, folder / "state", NEVER) != 0:
            sys.exit(f"the second watcher of turn {number} left something")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
