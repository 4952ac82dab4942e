"""The bridge when its daemon is killed between two clicks, and another one is there with a token of its own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from daemons import Daemon
from fake_daemon import FakeDaemon
from plugins.audacity.bridge.notes import SAMPLES, STEREO, Notes
from plugins.audacity.requests import FACTORS, multiply, request_text
from unmix_plugins.audacity.bridge.answers import Answers
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.audacity.effect.choices import Choices, save
from unmix_plugins.audacity.effect.request import Answer, Samples
from unmix_plugins.client import Client


def samples(answer: Answer | None) -> np.ndarray:
    assert isinstance(answer, Samples), answer
    return soundfile.read(answer.path, dtype="float32")[0]


@pytest.fixture
def click(folder: Path, jobs: Jobs, writer: Notes) -> Callable[[Path], Callable[..., Answer | None]]:
    """Makes what chooses Denoise in an Audacity whose bridge works with the daemon of a state folder."""

    def bridge(state: Path) -> Callable[..., Answer | None]:
        answers = Answers(
            folder, lambda: Client.connect(state, client_name="audacity", start=False), jobs, writer
        )
        return lambda sound, **facts: answers.handle(request_text(sound, folder, **facts))

    return bridge


def test_the_tracks_left_of_a_click_are_done_by_the_daemon_that_came_after(
    daemon: FakeDaemon, click: Callable[[Path], Callable[..., Answer | None]]
) -> None:
    heir = FakeDaemon(daemon.state, token="of the heir")
    for each in (daemon, heir):
        each.script.denoise = multiply().denoise
    choose = click(daemon.state)
    one = choose(SAMPLES, selected=(1, 3))
    daemon.stop(forget=False)
    heir.start()
    two = choose(STEREO, selected=(1, 3), index=2, sample_rate=48_000)
    heir.stop()
    assert np.array_equal(samples(one), SAMPLES * np.float32(FACTORS["clean"]))
    assert np.array_equal(samples(two), STEREO * np.float32(FACTORS["clean"]))
    assert (len(daemon.script.requests), len(heir.script.requests)) == (1, 1)


@pytest.mark.long
def test_so_they_are_after_a_kill_9(
    tmp_path: Path, folder: Path, click: Callable[[Path], Callable[..., Answer | None]]
) -> None:
    save(folder, Choices(denoise_model="rnnoise"))
    with Daemon(tmp_path / "state") as daemon:
        choose = click(daemon.state)
        tokens = [(daemon.state / "token").read_text()]
        one = choose(SAMPLES, selected=(1, 3))
        daemon.kill()
        daemon.start()
        tokens.append((daemon.state / "token").read_text())
        two = choose(SAMPLES, selected=(1, 3), index=2)
        assert np.array_equal(samples(one), samples(two))
    assert tokens[0] != tokens[1]
