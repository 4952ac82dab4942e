"""The pipe's client against a fake of the other end, with all its traps."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemons import eventually
from plugins.audacity.fake_pipe import BARE, FAILED, OK, FakePipe
from unmix_plugins.audacity.program import pipe as pipe_module
from unmix_plugins.audacity.program.pipe import (
    LONGEST_COMMAND,
    CommandFailed,
    CommandUnfit,
    NoProject,
    Pipe,
    PipeAbsent,
    PipeError,
    PipeLost,
    PipeSilent,
)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakePipe]:
    with FakePipe(tmp_path) as fake:
        yield fake


@pytest.fixture
def pipe(fake: FakePipe, tmp_path: Path) -> Iterator[Pipe]:
    with Pipe.open(tmp_path, patience=5) as pipe:
        yield pipe


def sent(fake: FakePipe) -> list[str]:
    """What was sent besides the words that bring both ends into step."""
    return [line for line in fake.received if not line.startswith("Message:")]


def test_a_reply_is_its_lines_without_the_status(fake: FakePipe, pipe: Pipe) -> None:
    fake.answers("GetInfo", b"[ 1,\n2 ]" + OK)
    assert pipe.command("GetInfo: Type=Tracks") == ["[ 1,", "2 ]"]


def test_a_reply_that_starts_with_empty_lines_is_read_to_its_end(fake: FakePipe, pipe: Pipe) -> None:
    fake.answers("One", b"\n\n\n[ ]" + OK)
    fake.answers("Two", b"second" + OK)
    assert pipe.command("One:") == ["[ ]"]
    assert pipe.command("Two:") == ["second"]


def test_a_reply_may_come_byte_by_byte(fake: FakePipe, pipe: Pipe) -> None:
    reply = "ö – 😀".encode() + OK
    fake.answers("One", [reply[at : at + 1] for at in range(len(reply))])
    assert pipe.command("One:") == ["ö – 😀"]


def test_a_line_that_looks_like_an_end_does_not_end_a_reply(fake: FakePipe, pipe: Pipe) -> None:
    fake.answers("One", b"BatchCommand finished: nonsense\nmore" + OK)
    assert pipe.command("One:") == ["BatchCommand finished: nonsense", "more"]


def test_a_long_reply_is_whole(fake: FakePipe, pipe: Pipe) -> None:
    lines = [f"line {number}" for number in range(50_000)]
    fake.answers("One", "\n".join(lines).encode() + OK)
    assert pipe.command("One:") == lines


def test_nothing_is_sent_before_the_first_command(fake: FakePipe, pipe: Pipe) -> None:
    assert not pipe.is_lost
    assert pipe.command("One:") == []
    assert len(fake.received) == 2
    assert sent(fake) == ["One:"]


def test_only_the_first_command_is_preceded_by_a_word(fake: FakePipe, pipe: Pipe) -> None:
    for _ in range(3):
        pipe.command("One:")
    assert len(fake.received) == 4


def test_a_refused_command_says_what_audacity_said(fake: FakePipe, pipe: Pipe) -> None:
    fake.answers("Nonsense", b"Your batch command of Nonsense was not recognized." + FAILED)
    with pytest.raises(CommandFailed, match=r"refused “Nonsense” \(Your batch command") as failed:
        pipe.command("Nonsense: Track=1")
    assert failed.value.lines == ["Your batch command of Nonsense was not recognized."]
    assert pipe.command("One:") == []


def test_a_bare_empty_line_means_that_there_is_no_project(fake: FakePipe, pipe: Pipe) -> None:
    fake.answers("Message", BARE)
    with pytest.raises(NoProject):
        pipe.command("One:")
    assert sent(fake) == []
    assert pipe.command("One:") == []


def test_a_project_that_is_closed_between_two_commands_is_noticed(fake: FakePipe, pipe: Pipe) -> None:
    pipe.command("One:")
    fake.answers("Two", BARE)
    with pytest.raises(NoProject):
        pipe.command("Two:")
    assert pipe.command("Three:") == []


def test_a_silent_audacity_is_told_nothing_more_until_it_has_answered(fake: FakePipe, pipe: Pipe) -> None:
    pipe.command("First:")
    release = threading.Event()
    fake.answers("Slow", lambda: b"late" + OK if release.wait(60) else None)
    with pytest.raises(PipeSilent):
        pipe.command("Slow:", patience=0.05)
    for _ in range(2):
        with pytest.raises(PipeSilent):
            pipe.command("Next:", patience=0.05)
    release.set()
    fake.answers("Next", b"in time" + OK)
    assert pipe.command("Next:") == ["in time"]
    assert sent(fake) == ["First:", "Slow:", "Next:"]
    assert len(fake.received) == 5  # with a word for the first command, and one for getting into step again


def test_a_reply_to_a_predecessor_is_thrown_away(fake: FakePipe, tmp_path: Path) -> None:
    release = threading.Event()
    fake.answers("Slow", lambda: b"late" + OK if release.wait(60) else None)
    with Pipe.open(tmp_path, patience=5) as first, pytest.raises(PipeSilent):
        first.command("Slow:", patience=0.05)
    with Pipe.open(tmp_path) as second:  # the other end has not seen yet that the first has gone
        release.set()
        fake.answers("Next", b"in time" + OK)
        assert second.command("Next:") == ["in time"]


def test_it_can_be_opened_again_and_again(fake: FakePipe, tmp_path: Path) -> None:
    for _ in range(20):
        with Pipe.open(tmp_path, patience=5) as pipe:
            pipe.command("One:")
    assert len(sent(fake)) == 20


@pytest.mark.parametrize("reply", [b"half a rep", b"", b"line\nBatchCommand finished: OK\n"])
def test_an_audacity_that_exits_while_it_answers_is_lost(fake: FakePipe, pipe: Pipe, reply: bytes) -> None:
    pipe.command("One:")
    fake.answers("Two", [reply] if reply else lambda: None)
    threading.Thread(target=lambda: eventually(lambda: "Two:" in fake.received) and fake.exit()).start()
    with pytest.raises(PipeLost):
        pipe.command("Two:", patience=10)
    assert pipe.is_lost


def test_an_audacity_that_has_gone_is_noticed_without_sending(
    fake: FakePipe, pipe: Pipe, tmp_path: Path
) -> None:
    pipe.command("One:")
    fake.exit()
    assert pipe.is_lost
    with pytest.raises(PipeLost):
        pipe.command("Two:")
    assert not Pipe.is_there(tmp_path)
    with pytest.raises(PipeAbsent):
        Pipe.open(tmp_path)


def test_a_closed_pipe_is_lost(fake: FakePipe, tmp_path: Path) -> None:
    pipe = Pipe.open(tmp_path, patience=5)
    pipe.close()
    pipe.close()
    assert pipe.is_lost
    with pytest.raises(PipeLost):
        pipe.command("One:")
    assert fake.received == []


def test_without_audacity_there_is_no_pipe(tmp_path: Path) -> None:
    assert not Pipe.is_there(tmp_path)
    with pytest.raises(PipeAbsent, match="start it"):
        Pipe.open(tmp_path)


def test_fifos_that_a_killed_audacity_left_behind_are_no_pipe(tmp_path: Path) -> None:
    for name in ("to", "from"):
        os.mkfifo(tmp_path / f"audacity_script_pipe.{name}.{os.getuid()}")
    assert not Pipe.is_there(tmp_path)
    with pytest.raises(PipeAbsent):
        Pipe.open(tmp_path)


def test_a_file_in_the_place_of_the_pipe_is_not_written_to(tmp_path: Path) -> None:
    impostor = tmp_path / f"audacity_script_pipe.to.{os.getuid()}"
    impostor.write_text("precious")
    with pytest.raises(PipeAbsent, match="delete it"):
        Pipe.open(tmp_path)
    assert impostor.read_text() == "precious"


def test_the_fifos_of_another_user_are_not_used(
    fake: FakePipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eventually(lambda: Pipe.is_there(tmp_path))
    (tmp_path / "audacity_script_pipe.to.4321").hardlink_to(
        tmp_path / f"audacity_script_pipe.to.{os.getuid()}"
    )
    monkeypatch.setattr(os, "getuid", lambda: 4321)
    with pytest.raises(PipeAbsent, match=r"to\.4321 is not Audacity's"):
        Pipe.open(tmp_path)


def test_fifos_of_two_pairs_are_not_taken_for_one(
    fake: FakePipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eventually(lambda: Pipe.is_there(tmp_path))
    open_one = pipe_module._open

    def open_and_replace(fifo: Path, mode: int) -> int:
        descriptor = open_one(fifo, mode)
        fifo.unlink()  # as Audacity does when it registers effects
        os.mkfifo(fifo)
        return descriptor

    monkeypatch.setattr(pipe_module, "_open", open_and_replace)
    with pytest.raises(PipeAbsent):
        Pipe.open(tmp_path)


def test_a_link_in_the_place_of_the_pipe_is_not_followed(fake: FakePipe, tmp_path: Path) -> None:
    eventually(lambda: Pipe.is_there(tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    for name in ("to", "from"):
        fifo = f"audacity_script_pipe.{name}.{os.getuid()}"
        (other / fifo).symlink_to(tmp_path / fifo)
    with pytest.raises(PipeAbsent):
        Pipe.open(other)
    assert fake.received == []


def test_open_waits_for_an_audacity_that_starts(tmp_path: Path) -> None:
    fake = FakePipe(tmp_path)
    starter = threading.Timer(0.1, fake.__enter__)
    starter.start()
    with Pipe.open(tmp_path, patience=10) as pipe:
        assert pipe.command("One:") == []
    starter.join()
    fake.exit()


def test_looking_for_it_leaves_it_to_the_next_client(fake: FakePipe, tmp_path: Path) -> None:
    eventually(lambda: Pipe.is_there(tmp_path))
    for _ in range(10):
        assert Pipe.is_there(tmp_path)
    with Pipe.open(tmp_path) as pipe:
        assert pipe.command("One:") == []


def test_the_longest_command_is_sent_whole(fake: FakePipe, pipe: Pipe) -> None:
    command = "Import2: Filename=" + "ä" * ((LONGEST_COMMAND - len("Import2: Filename=")) // 2)
    assert len(command.encode()) == LONGEST_COMMAND
    pipe.command(command)
    assert sent(fake) == [command]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("Import2: Filename=" + "ä" * 502 + "a", "1023 bytes"),  # 521 characters
        ("SetTrackStatus: Name=one\nRemoveTracks:", "line break"),
        ("SetTrackStatus: Name=one\rtwo", "line break"),
        ("SetTrackStatus: Name=one\0two", "line break"),
        ("Import2: Filename=/tmp/\udcff", "UTF-8"),
    ],
)
def test_a_command_that_does_not_fit_is_not_sent(
    fake: FakePipe, pipe: Pipe, command: str, reason: str
) -> None:
    with pytest.raises(CommandUnfit, match=reason):
        pipe.command(command)
    assert fake.received == []


def test_what_is_no_command_is_not_sent(fake: FakePipe, pipe: Pipe) -> None:
    with pytest.raises(ValueError, match="no colon"):
        pipe.command("Exit")
    assert fake.received == []


def test_who_waits_for_another_threads_command_loses_patience_too(fake: FakePipe, pipe: Pipe) -> None:
    release = threading.Event()
    fake.answers("Slow", lambda: OK if release.wait(60) else None)
    slow = threading.Thread(target=pipe.command, args=("Slow:",))
    slow.start()
    eventually(lambda: "Slow:" in fake.received)
    with pytest.raises(PipeSilent):
        pipe.command("Next:", patience=0.05)
    release.set()
    slow.join()
    assert pipe.command("Next:") == []


def test_a_late_reply_does_not_hide_that_audacity_has_gone(fake: FakePipe, pipe: Pipe) -> None:
    release = threading.Event()
    fake.answers("Slow", lambda: OK if release.wait(60) else None)
    with pytest.raises(PipeSilent):
        pipe.command("Slow:", patience=0.05)
    assert not pipe.is_lost
    threading.Thread(target=fake.exit).start()
    release.set()
    eventually(lambda: pipe.is_lost)


def test_threads_get_their_own_replies(fake: FakePipe, pipe: Pipe) -> None:
    said: dict[int, list[str]] = {}

    def ask(number: int) -> None:
        said[number] = pipe.command(f"Message: Text=number {number}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {number: [f"number {number}"] for number in range(20)}


@pytest.mark.parametrize("kind", [PipeAbsent, PipeLost, PipeSilent, NoProject])
def test_every_error_says_what_to_do(kind: type[PipeError]) -> None:
    assert kind.advice != PipeError.advice
    assert str(kind()) == kind.advice
