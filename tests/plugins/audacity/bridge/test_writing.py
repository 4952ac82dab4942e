"""Writing back, with an Audacity in which something else happens just before a certain command."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from daemons import eventually
from fake_daemon import FakeDaemon, untouched
from plugins.audacity.fake_audacity import RATE, FakeAudacity, Track
from plugins.audacity.requests import FACTORS, LEFT, multiply
from unmix_plugins.audacity.bridge import answers as desks
from unmix_plugins.audacity.bridge import writing as writings
from unmix_plugins.audacity.bridge.answers import Answers
from unmix_plugins.audacity.bridge.click import Click
from unmix_plugins.audacity.bridge.commands import Commands
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.audacity.bridge.writing import Writing
from unmix_plugins.audacity.program.connection import Connection
from unmix_plugins.client import Client
from unmix_plugins.errors import NotPossibleNow


def noise(seed: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(RATE)).astype(np.float32)


VOICE, MUSIC = noise(1), noise(2)
DONE = VOICE * np.float32(FACTORS["clean"])
MUSIC_DONE = MUSIC * np.float32(FACTORS["clean"])


class Bridge:
    """All of it but its process, its FIFOs and its window."""

    def __init__(self, folder: Path, audacity: FakeAudacity, daemon: FakeDaemon) -> None:
        self.audacity = audacity
        self.gate = threading.Event()
        self.daemon = daemon
        self.recording: bool | None = False
        daemon.script.denoise = daemon.script.separate = multiply(self.gate).denoise
        self.jobs = Jobs()
        self.connection = Connection(folder, lambda: False)
        self.writing = Writing(
            folder, self.jobs, self.connection.editor, lambda: self.recording, lambda _: True
        )
        self.answers = Answers(
            folder,
            lambda: Client.connect(daemon.state, client_name="audacity", start=False),
            self.jobs,
            self.writing,
        )
        self.commands = Commands(self.answers, self.jobs, self.writing, self.connection, lambda: None)
        audacity.handle = self.answers.handle

    def ask(self, **request: object) -> dict[str, object]:
        """The last event of an answer."""
        return dict(list(self.commands.handle(request))[-1])

    def click(self, *positions: int) -> Click:
        """Late work on these tracks, all of them."""
        self.audacity.select(0.0, 1.0, *positions)
        self.audacity.click("Denoise")
        return list(self.jobs.all().values())[-1]

    def wait_for(self, click: Click, state: str) -> None:
        eventually(lambda: click.state == state)


@pytest.fixture
def audacity(tmp_path: Path) -> Iterator[FakeAudacity]:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    with FakeAudacity(tmp_path, tmp_path, Track("Voice", VOICE), Track("Music", MUSIC)) as running:
        yield running


@pytest.fixture
def bridge(
    tmp_path: Path, audacity: FakeAudacity, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bridge]:
    monkeypatch.setattr(desks, "LONG", 0.0)
    monkeypatch.setattr(writings, "_LOOK_AGAIN", 0.01)
    made = Bridge(tmp_path, audacity, daemon)
    eventually(made.connection.editor)
    yield made
    made.gate.set()


def once(command: str, happens: Callable[[], object], *, nth: int = 1) -> Callable[[str], object]:
    """What happens just before the nth command that begins so."""
    left = [nth]

    def before(said: str) -> None:
        if said.startswith(command):
            left[0] -= 1
            if left[0] == 0:
                happens()

    return before


def test_nothing_at_all_is_sent_while_work_goes_on(bridge: Bridge) -> None:
    click = bridge.click(0)
    eventually(lambda: click.work.fraction == 0.5)
    bridge.ask(do="status")
    assert bridge.audacity.received == []
    bridge.gate.set()
    bridge.wait_for(click, "done")
    assert np.array_equal(bridge.audacity.tracks[0].samples, DONE)
    assert bridge.audacity.steps == ["denoise"]


def test_music_that_was_left_is_told_once_the_work_is_done(bridge: Bridge) -> None:
    bridge.daemon.script.denoise = untouched
    bridge.wait_for(bridge.click(1), "done")
    eventually(lambda: bridge.audacity.said)
    assert bridge.audacity.said == [f"Denoise: Music\n\n{LEFT}\n\nNothing was changed."]
    assert np.array_equal(bridge.audacity.tracks[1].samples, MUSIC)


def test_a_command_tells_of_music_that_was_left(bridge: Bridge) -> None:
    bridge.daemon.script.denoise = untouched
    bridge.audacity.select(0.0, 1.0, 1)
    said = bridge.ask(do="run", operation="denoise")
    assert said == {"event": "done", "message": f"Denoise: done. {LEFT}"}


def test_a_recording_is_waited_for_without_a_word(bridge: Bridge) -> None:
    bridge.recording = True
    bridge.gate.set()
    click = bridge.click(0)
    bridge.wait_for(click, "waiting")
    assert bridge.audacity.received == []
    bridge.recording = False
    bridge.wait_for(click, "done")
    assert np.array_equal(bridge.audacity.tracks[0].samples, DONE)


def test_where_a_recording_cannot_be_seen_the_user_decides(bridge: Bridge) -> None:
    bridge.recording = None
    bridge.gate.set()
    click = bridge.click(0)
    bridge.wait_for(click, "ready")
    assert bridge.audacity.received == []
    assert bridge.ask(do="collect", job="1")["event"] == "done"
    assert np.array_equal(bridge.audacity.tracks[0].samples, DONE)


def test_of_two_who_fetch_a_result_at_once_one_gets_it(bridge: Bridge) -> None:
    bridge.recording = None
    bridge.gate.set()
    click = bridge.click(0)
    bridge.wait_for(click, "ready")
    asked = [
        threading.Thread(target=bridge.writing.write, args=[click], kwargs={"confirmed": True})
        for _ in range(4)
    ]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    assert click.state == "done"
    assert bridge.audacity.steps == ["denoise"]
    assert bridge.audacity.said == []


def test_what_is_put_back_at_the_moment_cannot_be_thrown_away(bridge: Bridge) -> None:
    refused: list[str] = []

    def dismiss() -> None:
        try:
            bridge.ask(do="dismiss", job="1")
        except NotPossibleNow as error:
            refused.append(str(error))

    bridge.audacity.before = once("Effect_Nyquist_Unmix_Denoise", dismiss)
    bridge.gate.set()
    click = bridge.click(0)
    bridge.wait_for(click, "done")
    assert refused == ["This is being put into Audacity right now: undo it there."]


def test_an_edit_between_two_tracks_gives_the_first_back(bridge: Bridge) -> None:
    """Without a step of history, which Audacity may not have."""
    edited = MUSIC * np.float32(0.5)

    def edit() -> None:
        bridge.audacity.tracks[1].samples = edited

    bridge.audacity.before = once("Effect_Nyquist_Unmix_Denoise", edit)
    bridge.gate.set()
    click = bridge.click(0, 1)
    bridge.wait_for(click, "changed")
    assert np.array_equal(bridge.audacity.tracks[0].samples, VOICE)
    assert np.array_equal(bridge.audacity.tracks[1].samples, edited)
    assert bridge.audacity.steps == []


def test_the_same_effect_chosen_at_that_moment_is_not_done_twice(bridge: Bridge) -> None:
    bridge.audacity.before = once("Effect_Nyquist_Unmix_Denoise", lambda: bridge.audacity.click("Denoise"))
    bridge.gate.set()
    click = bridge.click(0)
    bridge.wait_for(click, "done")
    assert np.array_equal(bridge.audacity.tracks[0].samples, DONE)
    assert bridge.audacity.steps == ["denoise"]
    assert bridge.jobs.all() == {}


def test_a_selection_moved_at_that_moment_is_left_alone(bridge: Bridge) -> None:
    bridge.audacity.before = once("Effect_Nyquist_Unmix_Denoise", lambda: bridge.audacity.select(0.2, 0.5, 1))
    bridge.gate.set()
    click = bridge.click(0)
    bridge.wait_for(click, "changed")
    assert [
        np.array_equal(track.samples, samples)
        for track, samples in zip(bridge.audacity.tracks, (VOICE, MUSIC), strict=True)
    ] == [True, True]
    assert len(bridge.jobs.all()) == 1


def test_a_result_is_kept_when_audacity_ends_while_it_is_put_back(bridge: Bridge) -> None:
    bridge.audacity.answers("SelectTracks", lambda: None)
    bridge.gate.set()
    click = bridge.click(0)
    bridge.wait_for(click, "ready")
    assert click.message == "Audacity was closed meanwhile: start it again."
    assert click.files()[1].exists()


def test_what_audacity_refuses_can_be_fetched_later(bridge: Bridge) -> None:
    bridge.audacity.answers("SelectTracks", b"no\nBatchCommand finished: Failed!\n\n")
    bridge.gate.set()
    click = bridge.click(0)
    bridge.wait_for(click, "ready")
    assert "refused" in click.message
    assert bridge.ask(do="collect", job="1")["event"] == "done"
    assert np.array_equal(bridge.audacity.tracks[0].samples, DONE)


def test_what_was_selected_is_selected_again(bridge: Bridge) -> None:
    click = bridge.click(0)
    bridge.audacity.select(0.25, 0.5, 0, 1)
    bridge.gate.set()
    bridge.wait_for(click, "done")
    selection = bridge.audacity.selection
    assert (selection.positions, selection.start, selection.end) == ([0, 1], 0.25, 0.5)


def test_cancelling_what_has_come_to_its_end_is_refused(bridge: Bridge) -> None:
    bridge.recording = True
    bridge.gate.set()
    bridge.wait_for(bridge.click(0), "waiting")
    with pytest.raises(NotPossibleNow, match="no longer worked on"):
        bridge.ask(do="cancel", job="1")
    bridge.recording = False


def test_cancelled_work_leaves_no_file(bridge: Bridge, tmp_path: Path) -> None:
    click = bridge.click(0)
    eventually(lambda: click.work.fraction == 0.5)
    bridge.ask(do="cancel", job="1")
    bridge.wait_for(click, "failed")
    eventually(lambda: not bridge.jobs.all())
    # A job is gone before its files are.
    eventually(lambda: not [path for name in ("in", "out") for path in (tmp_path / name).iterdir()])
    assert bridge.audacity.received == []


def test_a_command_does_not_come_between_those_of_another(bridge: Bridge) -> None:
    with bridge.writing.turn:
        asked = threading.Thread(target=bridge.ask, kwargs={"do": "run", "operation": "denoise"})
        asked.start()
        asked.join(0.1)
        assert bridge.audacity.received == []
    bridge.audacity.select(0.0, 1.0, 1)
    bridge.gate.set()
    asked.join(10)
    assert np.array_equal(bridge.audacity.tracks[1].samples, MUSIC_DONE)


def test_at_its_end_the_bridge_begins_no_other_write_back(bridge: Bridge) -> None:
    click = bridge.click(0)
    eventually(lambda: click.work.fraction == 0.5)
    bridge.writing.close()
    bridge.gate.set()
    click.work.wait_for_all()
    assert not click.ended.wait(0.1)
    assert bridge.audacity.received == []
