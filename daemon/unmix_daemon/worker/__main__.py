"""`python -m unmix_daemon.worker`: started by the front, speaks `messages` on stdin and stdout."""

import faulthandler
import logging
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

from unmix_models.machine import Machine
from unmix_models.process.allocator import configure_allocator
from unmix_models.process.passing import raise_file_limit
from unmix_models.weights import Weights

from unmix_daemon.worker.loop import Loop, residents_report
from unmix_daemon.worker.messages import Begin, Command, Failed, LineTooLong, Report, decode, encode
from unmix_daemon.worker.pipe import own_stdout, write
from unmix_daemon.worker.pulse import Pulse
from unmix_daemon.worker.residency import Loadable, Residency
from unmix_daemon.worker.workshop import Workshop


def main() -> None:
    """Entry point."""
    pipe = own_stdout()
    raise_file_limit()
    configure_allocator()
    faulthandler.enable()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s worker %(process)d: %(message)s"
    )
    stdin = sys.stdin.buffer
    first = stdin.readline()
    if not _is_whole(first):
        return
    begin = decode(first)
    if not isinstance(begin, Begin):
        raise SystemExit("the front must begin with Begin")
    send = Sender(pipe)
    residency: Residency[Loadable] = Residency(
        begin.memory_budget, time.time, lambda: send(residents_report(shop))
    )
    shop = Workshop(
        Weights(Path(begin.weights_folder)),
        Machine(begin.device, begin.threads or os.cpu_count() or 1, precision=begin.precision),
        residency,
        send,
    )
    mail: queue.SimpleQueue[Command] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(stdin, mail), name="mail", daemon=True).start()
    pulse = Pulse()
    threading.Thread(target=pulse.tell, args=(send,), name="pulse", daemon=True).start()
    send(residents_report(shop))
    Loop(mail, shop, begin.batch, pulse).run()


class Sender:
    """Writes reports; several threads may."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def __call__(self, report: Report) -> None:
        """One report; where it has no room in a line, that its job has failed."""
        try:
            line = encode(report)
        except LineTooLong as error:
            told = f"The worker has more to tell of this file than it may ({error}); please report it."
            line = encode(Failed(getattr(report, "ticket", ""), "WORKER_ERROR", told))
        with self._lock:
            write(self._pipe, line)


def _is_whole(line: bytes) -> bool:
    """False at the end of stdin, also where a front was killed in the middle of a line."""
    return line.endswith(b"\n")


def _listen(stdin: BinaryIO, mail: "queue.SimpleQueue[Command]") -> None:
    """Pass commands on. The end of stdin is the front's end, also by kill -9, and then ours at once."""
    try:
        for line in stdin:
            if _is_whole(line):
                mail.put(decode(line))
    except ValueError:  # a worker that hears nothing any more would outlive its front
        logging.getLogger(__name__).exception("the front says what nobody understands")
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
