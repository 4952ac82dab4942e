"""The socket between `unmix audacity …` and the bridge."""

import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemons import eventually
from unmix_plugins.audacity.bridge.control import (
    SOCKET,
    BridgeAbsent,
    Event,
    Request,
    Server,
    ask,
)
from unmix_plugins.audacity.bridge.lock import LOCK, BridgeRuns, holder
from unmix_plugins.errors import NotPossibleNow, TimedOut


def echo(request: Request) -> Iterator[Event]:
    yield {"event": "progress", "fraction": 0.5}
    yield {"event": "done", "message": request.get("say", "")}


@contextmanager
def serving(folder: Path, handle=echo) -> Iterator[Server]:
    server = Server(folder, handle)
    server.start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audacity"


def test_a_request_is_answered_line_by_line(folder: Path):
    with serving(folder):
        events = list(ask(folder, {"do": "run", "say": "Größe \udcff"}))
    assert events == [{"event": "progress", "fraction": 0.5}, {"event": "done", "message": "Größe \udcff"}]


def test_only_its_owner_reaches_the_socket(folder: Path):
    with serving(folder):
        assert stat.S_IMODE((folder / SOCKET).stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_path_too_long_for_an_address_is_served_all_the_same(tmp_path: Path):
    folder = tmp_path / ("long" * 20) / ("longer" * 20)
    with serving(folder):
        assert list(ask(folder, {}))[-1]["event"] == "done"


def test_no_bridge_is_told(folder: Path):
    with pytest.raises(BridgeAbsent, match="unmix audacity run"):
        list(ask(folder, {"do": "status"}))


def test_what_a_killed_bridge_left_is_told_and_does_not_stop_the_next(folder: Path):
    code = (
        "import sys, os; from pathlib import Path; from unmix_plugins.audacity.bridge.control import Server\n"
        "Server(Path(sys.argv[1]), lambda request: iter(())).start(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, folder], check=False).returncode == 9
    assert (folder / SOCKET).exists()
    assert holder(folder) is None
    with pytest.raises(BridgeAbsent):
        list(ask(folder, {}))
    with serving(folder):
        assert list(ask(folder, {}))[-1]["event"] == "done"


def test_a_second_bridge_gives_way_and_the_first_goes_on(folder: Path):
    with serving(folder):
        with pytest.raises(BridgeRuns, match="process"):
            Server(folder, echo).start()
        assert holder(folder)
        assert list(ask(folder, {}))[-1]["event"] == "done"
    assert holder(folder) is None
    assert not (folder / SOCKET).exists()


def test_a_lock_file_of_nonsense_names_no_process(folder: Path):
    with serving(folder):
        (folder / LOCK).write_text("not a number")
        assert holder(folder) == 0


def test_a_bridge_whose_socket_was_deleted_can_still_be_closed(folder: Path):
    with serving(folder) as server:
        (folder / SOCKET).unlink()
        closing = threading.Thread(target=server.close, daemon=True)
        closing.start()
        closing.join(20)
        assert not closing.is_alive()
    assert holder(folder) is None


def test_what_the_bridge_refuses_arrives_as_its_sentence(folder: Path):
    def refuse(_: Request) -> Iterator[Event]:
        raise NotPossibleNow("Audacity records: stop the recording.")

    with serving(folder, refuse):
        assert list(ask(folder, {})) == [
            {"event": "failed", "message": "Audacity records: stop the recording."}
        ]


def test_an_error_of_the_bridges_own_tells_no_details(folder: Path):
    def break_down(_: Request) -> Iterator[Event]:
        yield {"event": "progress"}
        raise ZeroDivisionError("secret")

    with serving(folder, break_down):
        last = list(ask(folder, {}))[-1]
    assert last["event"] == "failed"
    assert "secret" not in last["message"]


@pytest.mark.parametrize("sent", [b"no json\n", b"[1]\n", b"[" * 60_000 + b"\n", b"x" * 70_000 + b"\n", b""])
def test_what_is_no_request_is_refused_and_the_bridge_lives_on(folder: Path, sent: bytes):
    with serving(folder):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(folder / SOCKET))
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert b'"failed"' in connection.makefile("rb").readline()
        assert list(ask(folder, {}))[-1]["event"] == "done"


def test_a_bridge_that_ends_in_the_middle_is_told(folder: Path):
    go_on = threading.Event()

    def hang(_: Request) -> Iterator[Event]:
        yield {"event": "progress"}
        go_on.wait(20)
        yield {"event": "done"}

    with serving(folder, hang) as server:
        events = ask(folder, {})
        assert next(events)["event"] == "progress"
        server.close()
        with pytest.raises(BridgeAbsent, match="before it was done"):
            next(events)
        go_on.set()


def test_an_answer_under_way_comes_to_its_end_when_the_bridge_closes(folder: Path):
    """As the answer to {"do": "stop"} must."""
    asked, closing = threading.Event(), threading.Event()

    def stop(_: Request) -> Iterator[Event]:
        asked.set()
        closing.wait(20)
        yield {"event": "done"}

    with serving(folder, stop) as server:
        answers: list[Event] = []
        asker = threading.Thread(target=lambda: answers.extend(ask(folder, {"do": "stop"})))
        asker.start()
        asked.wait(20)
        ending = threading.Thread(target=server.close)
        ending.start()
        closing.set()
        ending.join(20)
        asker.join(20)
    assert answers == [{"event": "done"}]


def test_work_is_given_up_when_the_asker_goes_away(folder: Path):
    given_up = threading.Event()

    def work(_: Request) -> Iterator[Event]:
        try:
            while True:
                yield {"event": "progress"}
        finally:
            given_up.set()

    with serving(folder, work):
        events = ask(folder, {})
        next(events)
        events.close()
        assert given_up.wait(20)


def test_a_bridge_that_says_nothing_is_not_waited_for_longer_than_asked(folder: Path):
    go_on = threading.Event()

    def hang(_: Request) -> Iterator[Event]:
        go_on.wait(20)
        yield {"event": "done"}

    with serving(folder, hang):
        with pytest.raises(TimedOut, match="does not answer"):
            list(ask(folder, {"do": "status"}, patience=0.05))
        go_on.set()


def test_several_are_answered_at_once(folder: Path):
    meeting = threading.Barrier(3)

    def meet(_: Request) -> Iterator[Event]:
        meeting.wait(20)
        yield {"event": "done"}

    with serving(folder, meet):
        answers: list[list[Event]] = []
        askers = [threading.Thread(target=lambda: answers.append(list(ask(folder, {})))) for _ in range(3)]
        for asker in askers:
            asker.start()
        eventually(lambda: len(answers) == 3)
    assert all(answer == [{"event": "done"}] for answer in answers)
