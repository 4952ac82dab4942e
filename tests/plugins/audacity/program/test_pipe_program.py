"""The pipe's client and the real Audacity."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from daemons import eventually
from plugins.audacity.real_audacity import Audacity
from unmix_plugins.audacity.program.editor import Editor
from unmix_plugins.audacity.program.pipe import (
    LONGEST_COMMAND,
    CommandFailed,
    CommandUnfit,
    NoProject,
    Pipe,
    PipeAbsent,
    PipeLost,
    PipeSilent,
)

pytestmark = pytest.mark.long


def connected(audacity: Audacity) -> Pipe:
    """A new connection, in the place of the test's own."""
    audacity.release()
    return Pipe.open(audacity.pipes, patience=60)


def test_a_reply_is_what_was_asked_for(audacity: Audacity) -> None:
    assert audacity.pipe.command("Message: Text=“ä”") == ["“ä”"]
    assert audacity.pipe.command("SelectAll:") == []


def test_a_refused_command_leaves_the_pipe_in_step(audacity: Audacity) -> None:
    with pytest.raises(CommandFailed, match="was not recognized"):
        audacity.pipe.command("NoSuchCommand:")
    assert audacity.pipe.command("Message: Text=next") == ["next"]


def test_it_is_there_for_client_after_client(audacity: Audacity) -> None:
    for number in range(5):
        with connected(audacity) as pipe:
            assert pipe.command(f"Message: Text={number}") == [str(number)]
    audacity.connect()


def test_looking_for_it_sends_nothing_and_leaves_it_to_the_next_client(audacity: Audacity) -> None:
    audacity.release()
    eventually(lambda: Pipe.is_there(audacity.pipes))
    for _ in range(5):
        assert Pipe.is_there(audacity.pipes)
    assert audacity.connect().command("Message: Text=next") == ["next"]


def test_a_dialog_blocks_the_reply_and_nothing_more_is_sent(audacity: Audacity) -> None:
    with pytest.raises(PipeSilent):
        audacity.pipe.command("SelectTracks: Mode=Nonsense", patience=0.5)
    assert eventually(audacity.dialogs)
    with pytest.raises(PipeSilent, match="close the dialog"):
        audacity.pipe.command("NewMonoTrack:", patience=0.1)
    audacity.press("Return")
    assert audacity.pipe.command("Message: Text=next", patience=60) == ["next"]
    assert audacity.saved().tracks == ()


def test_a_client_that_leaves_in_the_middle_does_no_harm(audacity: Audacity) -> None:
    with connected(audacity) as first:
        first.command("Message: Text=first")
        with pytest.raises(PipeSilent):
            first.command('Import2: Filename="/nowhere"', patience=0.5)
    with Pipe.open(audacity.pipes) as second:
        eventually(audacity.dialogs)
        audacity.press("Return")
        assert second.command("Message: Text=second", patience=60) == ["second"]
    audacity.connect()
    assert audacity.runs


def test_the_longest_command_arrives_whole(audacity: Audacity) -> None:
    text = "ä" * ((LONGEST_COMMAND - len("Message: Text=")) // 2)
    assert audacity.pipe.command(f"Message: Text={text}") == [text]
    with pytest.raises(CommandUnfit):
        audacity.pipe.command(f"Message: Text={text}x")


def test_an_audacity_that_is_killed_is_lost(make_audacity: Callable[..., Audacity]) -> None:
    audacity = make_audacity().start()
    os.kill(audacity.pid, 9)
    with pytest.raises(PipeLost):
        audacity.pipe.command("Message: Text=x", patience=60)
    assert audacity.pipe.is_lost
    eventually(lambda: not Pipe.is_there(audacity.pipes))
    with pytest.raises(PipeAbsent):
        Pipe.open(audacity.pipes)  # its FIFOs are still there


def test_an_audacity_that_is_closed_in_the_middle_is_lost(make_audacity: Callable[..., Audacity]) -> None:
    audacity = make_audacity().start()
    threading.Timer(0.3, os.kill, (audacity.pid, 9)).start()
    with pytest.raises(PipeLost):
        audacity.pipe.command('Import2: Filename="/nowhere"', patience=60)


def test_an_audacity_that_the_user_closes_is_lost_without_asking(
    make_audacity: Callable[..., Audacity],
) -> None:
    audacity = make_audacity().start()
    assert not audacity.pipe.is_lost
    audacity.press("ctrl+q")
    eventually(lambda: audacity.pipe.is_lost)


def test_the_pipe_of_a_restarted_audacity_is_found_before_it_has_a_project(
    make_audacity: Callable[..., Audacity],
) -> None:
    audacity = make_audacity().start()
    audacity.kill()
    audacity.start(connect=False)

    def answers() -> bool:
        with suppress(NoProject):
            return pipe.command("Message: Text=again", patience=60) == ["again"]
        return False

    with Pipe.open(audacity.pipes, patience=60) as pipe:
        assert eventually(answers)


EFFECT = """$nyquist plug-in
$version 4
$type process
$name (_ "A New One")
$author (_ "Test")
"done"
"""


@pytest.fixture
def with_a_new_effect(make_audacity: Callable[..., Audacity]) -> Audacity:
    """It is about to register an effect: its helper for that replaces the pipe's files."""
    audacity = make_audacity()
    (audacity.plug_ins / "new.ny").write_text(EFFECT)
    return audacity


def test_who_is_connected_before_a_new_effect_is_registered_keeps_the_pipe(
    with_a_new_effect: Audacity,
) -> None:
    audacity = with_a_new_effect.start(connect=False)
    audacity.connect()
    assert Editor(audacity.pipe).has_effect("A New One")
    with pytest.raises(PipeAbsent):
        Pipe.open(audacity.pipes)


def test_who_comes_after_a_new_effect_was_registered_finds_no_pipe(with_a_new_effect: Audacity) -> None:
    audacity = with_a_new_effect.start(connect=False)
    eventually(lambda: audacity.screen.windows("NORMAL"), 60)
    with pytest.raises(PipeAbsent, match="close it"):
        Pipe.open(audacity.pipes)
    audacity.kill()
    assert Editor(audacity.start().pipe).has_effect("A New One")


def test_without_the_module_there_is_no_pipe(make_audacity: Callable[..., Audacity]) -> None:
    audacity = make_audacity(settings={"Module": {"mod-script-pipe": 0}})
    audacity.start(connect=False)
    eventually(lambda: audacity.screen.windows("NORMAL"))
    assert not Pipe.is_there(audacity.pipes)


def test_of_two_audacities_the_one_at_the_other_end_is_known(
    audacity: Audacity, make_audacity: Callable[..., Audacity]
) -> None:
    other = make_audacity().start()
    assert audacity.pipe.is_of(audacity.pid)
    assert not audacity.pipe.is_of(other.pid)
    other.kill()
    assert not audacity.pipe.is_of(other.pid)
    pipe = audacity.pipe
    audacity.release()
    assert not pipe.is_of(audacity.pid)
    audacity.connect()


def test_no_other_audacity_is_reached(audacity: Audacity, tmp_path: Path) -> None:
    assert not Pipe.is_there(tmp_path)
    assert (audacity.pipes / f"audacity_script_pipe.to.{os.getuid()}").is_fifo()
