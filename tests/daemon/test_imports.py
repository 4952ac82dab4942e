"""Models that clients import: nobody waits for files that take for ever to come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from daemon.world import World, in_a_world
from grpc_health.v1.health import aio as health
from unmix_daemon.errors import JobFailed
from unmix_daemon.model_manager import ModelManager
from unmix_daemon.readiness import Readiness
from unmix_models.catalogue import Model
from unmix_models.weights import Weights

OWN = "htdemucs"
"""One that takes files of any size."""


def manager_of(world: World) -> ModelManager:
    config = world.config.model_copy(update={"weights_folder": world.config.state_folder / "models"})
    return ModelManager(config, world.executor, Readiness(health.HealthServicer()))


class Dribble:
    """An import whose client goes on when the test says so."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[tuple[str, bytes]]:
        yield "a.th", self._data
        self.begun.set()
        await self.may_end.wait()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What has been installed, one after the other."""
    done: list[bytes] = []

    def install(_: Weights, model: Model, source: Path, stop: Callable[[], bool]) -> None:
        del model, stop
        done.append(b"".join(path.read_bytes() for path in sorted(source.iterdir())))

    monkeypatch.setattr(Weights, "install", install)
    return done


def test_an_import_that_takes_for_ever_to_come_holds_nobody_up(
    tmp_path: Path, installed: list[bytes]
) -> None:
    async def lives(world: World) -> None:
        manager, slow, quick = manager_of(world), Dribble(b"slow"), Dribble(b"quick")
        first = asyncio.ensure_future(manager.install(OWN, aiter(slow)))
        await slow.begun.wait()
        quick.may_end.set()
        await manager.install(OWN, aiter(quick))
        with pytest.raises(JobFailed, match="nothing to remove"):
            await manager.remove(OWN)
        slow.may_end.set()
        await first
        assert installed == [b"quick", b"slow"]  # each with its own files, and the later stays
        assert list(world.config.state_folder.glob("imports/*")) == []

    in_a_world()(lives)(tmp_path)


@in_a_world()
async def test_what_a_kill_leaves_of_an_import_is_gone_at_the_next_start(world: World) -> None:
    manager, slow = manager_of(world), Dribble(b"half of it")
    importing = asyncio.ensure_future(manager.install(OWN, aiter(slow)))
    await slow.begun.wait()
    assert list(world.config.state_folder.glob("imports/*/a.th"))
    await manager_of(world).tidy()
    assert not (world.config.state_folder / "imports").exists()
    importing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await importing
