"""What needs a namespace of its own, so that the rest of the machine notices nothing.

    unshare --user --map-root-user --mount python -m plugins.watch.seen.in_namespace watches|mount FOLDER

`watches`: the system takes three inotify watches only. `mount`: the folder's disk is unmounted and comes back.
Prints one JSON object.
"""

import json
import logging
import subprocess
import sys
from pathlib import Path

from daemons import eventually
from plugins.watch.folders import Taken, folder_config
from unmix_plugins.watch.seen.observer import Observer

LIMIT = Path("/proc/sys/user/max_inotify_watches")


def few_watches(source: Path) -> dict[str, object]:
    """Files in folders that are beyond what the system will watch."""
    LIMIT.write_text("3")
    for number in range(6):
        (source / f"folder {number}").mkdir(parents=True)
    observer = Observer(folder_config(source), safety_interval=0.3)
    taken = Taken(observer, source)
    observer.start()
    eventually(lambda: observer.scanned)
    was_polling = observer.is_polling
    for turn in range(8):
        for number in range(6):
            (source / f"folder {number}" / f"{turn}.wav").write_bytes(b"sound")
        eventually(lambda: len(taken.names()) >= (turn + 1) * 6)  # noqa: B023  # called at once
    is_polling = observer.is_polling
    observer.stop()
    return {"was_polling": was_polling, "is_polling": is_polling, "taken": len(set(taken.names()))}


def no_watch(source: Path) -> dict[str, object]:
    """A folder when no watch is left at all."""
    LIMIT.write_text("0")
    source.mkdir()
    observer = Observer(folder_config(source))
    taken = Taken(observer, source)
    observer.start()
    eventually(lambda: observer.scanned)
    (source / "a.wav").write_bytes(b"sound")
    names = eventually(taken.names)
    observer.stop()
    return {"is_polling": observer.is_polling, "taken": names}


def mount_that_goes_and_comes(source: Path) -> dict[str, object]:
    """The empty folder below a mount point is not the mounted one."""
    source.mkdir()
    mount(source)
    (source / "a.wav").write_bytes(b"sound")
    observer = Observer(folder_config(source))
    taken = Taken(observer, source)
    observer.start()
    before = list(eventually(taken.names))
    subprocess.run(["umount", "--lazy", str(source)], check=True)
    (source / "below.wav").write_bytes(b"not on the share")
    away = eventually(lambda: observer.away)
    meanwhile = taken.names()
    mount(source)
    (source / "b.wav").write_bytes(b"sound")
    eventually(lambda: len(taken.names()) > len(before))
    observer.stop()
    return {
        "before": before,
        "away": away,
        "meanwhile": meanwhile,
        "after": taken.names(),
        "now": observer.away,
    }


def mount(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    what = {"watches": few_watches, "none": no_watch, "mount": mount_that_goes_and_comes}[sys.argv[1]]
    print(json.dumps(what(Path(sys.argv[2]))))  # noqa: T201
