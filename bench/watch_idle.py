"""What a watcher costs while nothing happens: processor time and memory over 10,000 files that are all done.

    python bench/watch_idle.py [--files 10000] [--seconds 120] [--interval 10]

The folder is watched by `unmix watch` in each of the two ways. All files are in the ledger as done, as they are after
a first run; they are seen again at the start, and measuring begins when they are known again. The exit status is 1
when one of the two ways takes 1 % of a core or more.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import product
import psutil
from unmix_plugins.watch.disk.original import look
from unmix_plugins.watch.ledger.entry import State
from unmix_plugins.watch.ledger.store import Ledger

LIMIT = 0.01
"""Share of one core."""
QUIET = 15.0
"""Seconds: thrice as long as files take to settle, in which a watcher is quiet before it knows them."""
FILES_IN_A_FOLDER = 100
_COMMAND = (sys.executable, "-c", "from unmix_plugins.cli import main; main()")


def write_files(source: Path, count: int) -> None:
    """Files in folders, as albums are."""
    for number in range(count):
        path = source / f"album {number // FILES_IN_A_FOLDER}" / f"song {number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")


def write_ledger(ledger_file: Path, source: Path) -> None:
    """Every file is done."""
    ledger = Ledger(ledger_file)
    folder = ledger.folder(str(source))
    with ledger.transaction():
        for path in source.rglob("*.wav"):
            facts = look(source, path)
            assert facts
            entry = ledger.add(folder, path.relative_to(source), facts)
            ledger.save(replace(entry, state=State.DONE))
    ledger.close()


def wait_until_known(process: psutil.Process) -> None:
    """Until it has been nearly idle for long: all files have settled once more."""
    busy, quiet_since = 0.0, time.monotonic()
    while time.monotonic() - quiet_since < QUIET or busy < 1.0:
        time.sleep(0.5)
        if process.cpu_times().user - busy > 0.1:
            busy, quiet_since = process.cpu_times().user, time.monotonic()


def measure(folder: Path, files: int, seconds: float, interval: float, *, polling: bool) -> tuple[float, int]:
    """Share of one core, and bytes of resident memory."""
    folder.mkdir()
    source = folder / "in"
    write_files(source, files)
    write_ledger(folder / "ledger.sqlite3", source)
    (folder / "watch.toml").write_text(
        f'state = "ledger.sqlite3"\n[[folder]]\nsource = "in"\ntarget = "out"\npolling = {str(polling).lower()}\n'
        f"poll_interval = {interval}\n"
    )
    command = [*_COMMAND, "watch", "--config", str(folder / "watch.toml")]
    with product.daemon() as (daemon, _), daemon:  # or the watcher would start one that outlives it
        watcher = subprocess.Popen(command, env=daemon.environment)
        process = psutil.Process(watcher.pid)
        wait_until_known(process)
        before = sum(process.cpu_times()[:2])
        begin = time.monotonic()
        time.sleep(seconds)
        share = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - begin)
        held = process.memory_info().rss
        watcher.terminate()
        watcher.wait()
    return share, held


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--interval", type=float, default=10, help="between two looks of the polled folder")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="unmix-bench-") as name:
        shares: list[float] = []
        for polling in (False, True):
            way = f"polled every {options.interval:g} s" if polling else "told by the system"
            share, held = measure(
                Path(name).resolve() / str(polling),
                options.files,
                options.seconds,
                options.interval,
                polling=polling,
            )
            shares.append(share)
            print(f"{options.files} files, {way}: {100 * share:.2f} % of one core, {held / 1e6:.0f} MB")
    sys.exit(max(shares) >= LIMIT)


if __name__ == "__main__":
    main()
