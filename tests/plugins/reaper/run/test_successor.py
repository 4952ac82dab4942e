"""`unmix reaper-run` when its daemon is killed between two items, and another one is there with a token of its own."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from daemons import Daemon
from fake_daemon import FakeDaemon
from plugins.reaper.run.action import DENOISE, UNCHANGED, Action, recording
from unmix_plugins.reaper.run.app import run


class Listener(io.StringIO):
    """REAPER, with something that happens at the first item's end."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self._then: Callable[[], object] | None = then

    def write(self, text: str, /) -> int:
        written = super().write(text)
        if '"event": "item"' in text and self._then:
            then, self._then = self._then, None
            then()
        return written

    def items(self) -> list[str]:
        events = [json.loads(line) for line in self.getvalue().splitlines()]
        return [event["id"] for event in events if event["event"] == "item"]


def test_the_other_items_are_done_by_the_daemon_that_came_after(
    state: Path, action: Action, tmp_path: Path
) -> None:
    daemon = FakeDaemon(state)
    heir = FakeDaemon(state, token="of the heir")
    daemon.start()

    def replace() -> None:
        daemon.stop(forget=False)
        heir.start()

    items = [action.add(tmp_path / f"{name}.wav") for name in "ab"]
    for name in "ab":
        (tmp_path / f"{name}.wav").write_bytes(name.encode())
    out = Listener(replace)
    assert run(action.write(DENOISE), out) == 0, out.getvalue()
    heir.stop()
    assert out.items() == items
    assert (len(daemon.script.requests), len(heir.script.requests)) == (1, 1)


@pytest.mark.long
def test_so_they_are_after_a_kill_9(action: Action, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Daemon(tmp_path / "state") as daemon:
        monkeypatch.setenv("UNMIX_STATE", str(daemon.state))
        tokens = {(daemon.state / "token").read_text()}

        def replace() -> None:
            daemon.kill()
            daemon.start()
            tokens.add((daemon.state / "token").read_text())

        items = [action.add(recording(tmp_path / f"{name}.wav")) for name in "ab"]
        out = Listener(replace)
        assert run(action.write(UNCHANGED), out) == 0, out.getvalue()
    assert out.items() == items
    assert len(tokens) == 2
