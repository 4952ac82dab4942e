"""`python -m unmix_daemon run` with a fake daemon inside, for tests that start processes."""

import os
import signal
import sys
import threading
from pathlib import Path

from fake_daemon import FakeDaemon
from unmix.locations import GAVE_WAY, state_folder
from unmix_plugins.version import version


def install(programs: Path, body: str = "serve") -> str:
    """Write a package `unmix_daemon` that runs `body`, and return the PYTHONPATH under which it is found."""
    package = programs / "unmix_daemon"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    code = "serve()" if body == "serve" else body
    (package / "__main__.py").write_text(f"from plugins.client.fake_unmixd import note_pid, serve\n{code}\n")
    return os.pathsep.join([str(programs), *sys.path])


def note_pid() -> None:
    """Write the process down, for the test to end it."""
    with (state_folder() / "pids").open("a") as file:
        file.write(f"{os.getpid()}\n")


def serve() -> None:
    """Serve until SIGTERM; refuse to run beside another."""
    state = state_folder()
    try:
        lock = os.open(state / "lock", os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        sys.stderr.write("Another daemon runs.\n")
        sys.exit(GAVE_WAY)
    note_pid()
    daemon = FakeDaemon(state, version=version())
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    daemon.start()
    print("serving", flush=True)  # noqa: T201
    ended.wait()
    daemon.stop()
    os.close(lock)
    (state / "lock").unlink()
