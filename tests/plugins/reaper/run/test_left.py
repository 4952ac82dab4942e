"""`unmix reaper-run` with a daemon that leaves music as it is: what is said of it, and of which item."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon, Upload, answers, untouched
from plugins.reaper.run.action import DENOISE, Action

LEFT = (
    "The music at 0:00–1:02 was left as it is: no noise is known to lie under it; filter it all the same: choose the"
    " model wiener with the action Unmix_Settings."
)


@pytest.fixture
def daemon(state: Path) -> Iterator[FakeDaemon]:
    fake = FakeDaemon(state)
    fake.start()
    yield fake
    fake.stop()


def recordings(action: Action, folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / f"{name}.wav").write_bytes(name.encode())
    return [action.add(folder / f"{name}.wav", name=name.title()) for name in names]


def test_an_item_that_was_left_is_told_with_what_to_do(
    daemon: FakeDaemon, action: Action, tmp_path: Path
) -> None:
    daemon.script.denoise = untouched
    recordings(action, tmp_path, "song")
    assert action.perform(DENOISE)["model"] == "none"
    assert action.told("item")[0]["notes"] == ["The peak was lowered.", LEFT]


def test_of_several_it_is_said_which_and_only_models_that_ran_are_named(
    daemon: FakeDaemon, action: Action, tmp_path: Path
) -> None:
    def some(upload: Upload) -> Iterator[object]:
        return untouched(upload) if upload.data == b"song" else answers(upload)

    daemon.script.denoise = some  # type: ignore[assignment]  # events both
    recordings(action, tmp_path, "song", "talk")
    finished = action.perform(DENOISE)
    assert finished["model"] == "deepfilternet3"
    assert [event["notes"] for event in action.told("item")] == [
        ["The peak was lowered.", f"Song: {LEFT}"],
        ["The peak was lowered."],
    ]
    assert not any("music" in note for note in finished["notes"])
