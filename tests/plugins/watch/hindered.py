"""A watcher whose target is full, unmounted or read-only, in a namespace where the rest of the machine notices nothing.

    unshare --user --map-root-user --mount python -m plugins.watch.hindered FOLDER

Prints one JSON object, for each hindrance: what the watcher waited for, and what was in the target then and in the end.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sounds
from daemons import Daemon, eventually
from plugins.watch.bench import watch_config, watching
from unmix.words import DenoiseTask
from unmix_plugins.client import Client
from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.notify.report import Waits


def waits_and_goes_on(
    folder: Path, state: Path, hinder: Callable[[], Any], help_it: Callable[[], Any]
) -> Any:
    """Deliver one file, then another to a target that is hindered until `help_it`."""
    source, target = folder / "in", folder / "out"
    config = FolderConfig("in", source, target, DenoiseTask("rnnoise"), settle_seconds=0.1)

    def connect(name: str) -> Client:
        return Client.connect(state, client_name=name, start=False)

    with watching(watch_config(folder / "ledger", config), connect) as (_, reports):
        sounds.write(source / "first.wav", sounds.voice(0.2))
        eventually(lambda: len(reports) == 1)
        hinder()
        sounds.write(source / "second.wav", sounds.voice(0.2, seed=1))
        eventually(lambda: [report for report in reports if isinstance(report, Waits)])
        meanwhile = names(target)
        help_it()
        eventually((target / "second.wav").exists)
    sentences = [report.sentence for report in reports if isinstance(report, Waits)]
    return {"waits": sentences, "meanwhile": meanwhile, "after": names(target)}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mount(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(folder)], check=True)


def full(folder: Path, state: Path) -> Any:
    """The target's disk has no room, until a file goes."""
    target = folder / "out"
    mount(target)
    filler = target / ".filler"
    return waits_and_goes_on(folder, state, lambda: filler.write_bytes(bytes(30_000_000)), filler.unlink)


def unmounted(folder: Path, state: Path) -> Any:
    """The target's disk goes, and comes back empty."""
    target = folder / "out"
    mount(target)
    return waits_and_goes_on(
        folder,
        state,
        lambda: subprocess.run(["umount", "--lazy", str(target)], check=True),
        lambda: mount(target),
    )


def read_only(folder: Path, state: Path) -> Any:
    """Nobody may write to the target, until somebody changes that."""
    target = folder / "out"
    mount(target)
    return waits_and_goes_on(folder, state, lambda: remount(target, "ro"), lambda: remount(target, "rw"))


def remount(folder: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(folder)], check=True)


def main(folder: Path) -> None:
    told: dict[str, Any] = {}
    with Daemon(folder / "state") as daemon:
        for hindered in (full, unmounted, read_only):
            for name in ("in", "out", "ledger"):
                (folder / hindered.__name__ / name).mkdir(parents=True)
            told[hindered.__name__] = hindered(folder / hindered.__name__, daemon.state)
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
