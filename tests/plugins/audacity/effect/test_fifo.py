"""The FIFOs, used as an effect uses them: by opening the two published paths."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest
from daemons import eventually
from unmix_plugins.audacity.effect.fifo import DOOR, Fifos
from unmix_plugins.audacity.effect.request import Nothing, Say

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the FIFOs need /proc")

_BRIDGE = """
import sys
from pathlib import Path
from unmix_plugins.audacity.effect.fifo import Fifos
with Fifos(Path(sys.argv[1])) as fifos:
    print("open", flush=True)
    for request in fifos.requests():
        print("asked", flush=True)
"""


@dataclass
class Effect:
    """Both FIFOs, opened as `unmix.lsp` does."""

    out: BinaryIO
    answers: BinaryIO

    def ask(self, text: str, word: str = "1.5") -> None:
        self.out.write(f"word={word}\n{text}END\n".encode())
        self.out.flush()

    def answer(self, word: str = "1.5") -> bytes:
        """The first line of the answer to this word."""
        ends = {b"", f"{word}\n".encode()}
        while self.answers.readline() not in ends:
            pass
        return self.answers.readline()


@contextlib.contextmanager
def effect(folder: Path) -> Iterator[Effect]:
    asked, answered = map(Path, (folder / DOOR).read_text("utf-8").splitlines())
    # The first is a reader that keeps SIGPIPE away.
    with asked.open("rb"), asked.open("wb") as out, answered.open("rb") as answers:
        yield Effect(out, answers)


def test_a_request_is_answered(tmp_path: Path) -> None:
    with Fifos(tmp_path) as fifos, effect(tmp_path) as asking:
        requests = fifos.requests()
        asking.ask("operation=x\nname=END of it\n")
        assert next(requests) == "operation=x\nname=END of it\n"
        fifos.answer(Say("yes"))
        assert [asking.answer()] + [asking.answers.readline() for _ in range(2)] == [
            b"say\n",
            b"yes\n",
            b"END\n",
        ]


def test_an_answer_that_nobody_took_is_not_given_to_the_next(tmp_path: Path) -> None:
    with Fifos(tmp_path) as fifos:
        requests = fifos.requests()
        with effect(tmp_path) as killed:
            killed.ask("operation=x\n", "1.5")
            next(requests)
        fifos.answer(Say("for somebody who died"))
        with effect(tmp_path) as asking:
            asking.ask("operation=y\n", "2.5")
            read: list[bytes] = []
            reading = threading.Thread(target=lambda: read.append(asking.answer("2.5")))
            reading.start()  # before the bridge has seen the request, as in Audacity
            assert next(requests) == "operation=y\n"
            fifos.answer(Nothing())
            reading.join(5)
        assert read == [b"nothing\n"]


def test_a_request_that_was_not_ended_does_not_spoil_the_next(tmp_path: Path) -> None:
    with Fifos(tmp_path) as fifos:
        with effect(tmp_path) as killed:
            killed.out.write(b"word=1.5\noperation=x\nsetting.a=")
            killed.out.flush()
        with effect(tmp_path) as asking:
            asking.out.write(b"\n")  # a later part of what was cut off
            asking.ask("operation=y\n", "2.5")
            assert next(fifos.requests()) == "operation=y\n"


def test_an_answer_after_closing_goes_nowhere(tmp_path: Path) -> None:
    fifos = Fifos(tmp_path)
    fifos.close()
    with (tmp_path / "another file").open("wb") as other:  # may have the number of the closed fifos
        fifos.answer(Nothing())
    assert (tmp_path / "another file").read_bytes() == b""
    assert other.closed


def test_closing_ends_the_requests_and_takes_the_paths_away(tmp_path: Path) -> None:
    fifos = Fifos(tmp_path)
    seen: list[list[str]] = []
    thread = threading.Thread(target=lambda: seen.append(list(fifos.requests())))
    thread.start()
    fifos.close()
    thread.join(5)
    assert seen == [[]]
    assert not (tmp_path / DOOR).exists()


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", _BRIDGE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_waiting_effect_reads_the_end_when_the_bridge_is_killed(
    tmp_path: Path, bridge: "subprocess.Popen[str]"
) -> None:
    with effect(tmp_path) as asking:
        asking.ask("operation=x\n")
        assert bridge.stdout is not None
        assert bridge.stdout.readline() == "asked\n"
        os.kill(bridge.pid, signal.SIGKILL)
        assert asking.answers.readline() == b""


def test_the_doors_of_a_dead_bridge_cannot_be_opened(tmp_path: Path, bridge: "subprocess.Popen[str]") -> None:
    paths = (tmp_path / DOOR).read_text("utf-8").splitlines()
    bridge.kill()
    bridge.wait()
    for path in paths:
        eventually(lambda path=path: not Path(path).exists())
        with pytest.raises(FileNotFoundError):
            Path(path).open("rb").close()


def test_only_the_user_can_open_the_fifos(tmp_path: Path) -> None:
    with Fifos(tmp_path):
        for fifo in tmp_path.glob("*.fifo"):
            assert fifo.stat().st_mode & 0o077 == 0
