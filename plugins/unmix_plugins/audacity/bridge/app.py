"""The bridge's composition root: who stands between Audacity's menu and the daemon."""

import logging
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from unmix.locations import state_folder

from unmix_plugins.audacity.bridge.answers import Answers
from unmix_plugins.audacity.bridge.commands import Commands
from unmix_plugins.audacity.bridge.control import Server
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.audacity.bridge.window import Window
from unmix_plugins.audacity.bridge.writing import Writing
from unmix_plugins.audacity.effect.fifo import Fifos
from unmix_plugins.audacity.effect.request import Answer
from unmix_plugins.audacity.program import capture
from unmix_plugins.audacity.program.connection import Connection
from unmix_plugins.audacity.program.places import FOLDER, effects_are_new
from unmix_plugins.client import Client
from unmix_plugins.errors import UnmixError

_log = logging.getLogger(__name__)

CLIENT_NAME = "audacity"
PIPES = Path("/tmp")  # noqa: S108  # where Audacity itself puts them


def run(state: Path | None = None, *, pipes: Path = PIPES, with_window: bool = True) -> int:
    """Serve Audacity until SIGTERM, Ctrl-C or `unmix audacity stop`; returns the exit status.

    `pipes` is where Audacity's script pipe is looked for. Raises BridgeRuns when another bridge is there, and
    NotSupported where effects cannot be answered.
    """
    state = state or state_folder()
    folder = state / FOLDER
    stop = threading.Event()
    jobs = Jobs()
    connection = Connection(pipes, effects_are_new)
    writing = Writing(folder, jobs, connection.editor, lambda: _is_recording(connection), connection.has_room)

    def connect() -> Client:
        return Client.connect(state, client_name=CLIENT_NAME)

    answers = Answers(folder, connect, jobs, writing)
    commands = Commands(answers, jobs, writing, connection, stop.set)
    server = Server(folder, commands.handle)
    server.start()
    try:
        _fresh(folder / "in", folder / "out")
        with Fifos(folder) as fifos, Window(jobs, commands.handle, enabled=with_window):
            threading.Thread(
                target=_serve, args=(fifos, answers, stop), name="unmix-fifos", daemon=True
            ).start()
            connection.start()
            threading.Thread(target=_warm, args=(connect,), name="unmix-warm", daemon=True).start()
            _end_by_signal(stop)
            stop.wait()
            writing.close()
        connection.close()
        for click in jobs.all().values():
            click.work.cancel()
        _fresh(folder / "in", folder / "out")
    finally:
        server.close()
    return 0


def _end_by_signal(stop: threading.Event) -> None:
    def end(_number: int, _frame: object) -> None:
        # In a thread: this may interrupt `stop.wait`, whose lock is held then.
        threading.Thread(target=stop.set, name="unmix-end").start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _serve(fifos: Fifos, answers: Answers, stop: threading.Event) -> None:
    """Answer effects until the FIFOs close. Should this end otherwise, so does the bridge: an effect must not wait."""
    try:
        for lines in fifos.requests():
            answer = _answer(answers, lines)
            if answer is not None:
                fifos.answer(answer)
    finally:
        stop.set()


def _answer(answers: Answers, lines: str) -> Answer | None:
    try:
        return answers.handle(lines)
    except Exception:  # noqa: BLE001  # the border to Audacity, which waits for an answer
        _log.exception("a request met an error of the bridge")
        return answers.apology()


def _warm(connect: Callable[[], Client]) -> None:
    """Have the daemon running before the first click; what is wrong with it, the first click says."""
    try:
        connect().close()
    except UnmixError as error:
        _log.warning("%s", error)


def _fresh(*folders: Path) -> None:
    """What is in them belongs to clicks of a bridge that has ended."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)


def _is_recording(connection: Connection) -> bool | None:
    """Whether the connected Audacity records; None when that cannot be seen."""
    if connection.editor() is None:
        return False
    pid = connection.pid()
    return None if pid is None else capture.is_recording(pid)
