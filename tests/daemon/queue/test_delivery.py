"""A job's outputs on their way to its caller while they grow."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from daemon.job_examples import SUMMARY, a_job
from unmix.words import JobError, JobState, OutputPiece, OutputStarted, Progress
from unmix_daemon.errors import JobCancelled, JobFailed
from unmix_daemon.queue.delivery import PIECE_BYTES, Delivery, deliver, read_pieces
from unmix_daemon.queue.live_job import LiveJob, LiveOutput


class Caller:
    """Takes what is delivered, and puts files together from it."""

    def __init__(self, live: LiveJob) -> None:
        self._deliveries = deliver(live)
        self.begun: list[str] = []
        self.progress: list[Progress] = []
        self.files: dict[str, bytearray] = {}

    async def take(self) -> Delivery:
        delivery = await anext(self._deliveries)
        match delivery:
            case OutputStarted():
                self.begun.append(delivery.name)
                self.files[delivery.name] = bytearray()
            case OutputPiece():
                file = self.files[delivery.name]
                assert delivery.offset <= len(file)
                file[delivery.offset : delivery.offset + len(delivery.data)] = delivery.data
            case Progress():
                self.progress.append(delivery)
        return delivery

    async def take_all(self) -> None:
        try:
            while True:
                await self.take()
        except StopAsyncIteration:
            pass


class Attempt:
    """Writes outputs as a worker does."""

    def __init__(self, live: LiveJob, folder: Path) -> None:
        self._live = live
        self._folder = folder
        folder.mkdir()

    def write(self, data: bytes, stem: str = "clean") -> Path:
        path = self._folder / f"{stem}.wav"
        with path.open("ab") as file:
            file.write(data)
        started = OutputStarted(stem, stem, "wav", "wav", 48_000, 2)
        self._live.outputs[stem] = LiveOutput(started, path, path.stat().st_size)
        self._live.moved.changed()
        return path


def finish(live: LiveJob, state: JobState, error: JobError | None = None) -> None:
    summary = SUMMARY if state is JobState.COMPLETED else None
    live.record(replace(live.job, state=state, error=error, summary=summary))


def run(work: Callable[[LiveJob], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(20):
            await work(LiveJob(a_job(attached=True)))

    asyncio.run(within())


def test_outputs_come_as_they_grow_and_whole(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        caller, attempt = Caller(live), Attempt(live, tmp_path / "1")
        attempt.write(b"ab")
        await caller.take()
        await caller.take()
        assert caller.files == {"clean": b"ab"}
        attempt.write(b"cd")
        attempt.write(b"xyz", "noise")
        taking = asyncio.ensure_future(caller.take_all())
        attempt.write(b"ef")
        finish(live, JobState.COMPLETED)
        await taking
        assert caller.files == {"clean": b"abcdef", "noise": b"xyz"}
        assert caller.begun == ["clean", "noise"]

    run(work)


def test_what_was_rewritten_comes_once_more_at_the_end(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        caller, attempt = Caller(live), Attempt(live, tmp_path / "1")
        path = attempt.write(b"????body")
        await caller.take()
        await caller.take()
        with path.open("r+b") as file:
            file.write(b"head")
        live.rewritten = {"clean": [(0, 4)]}
        finish(live, JobState.COMPLETED)
        await caller.take_all()
        assert caller.files == {"clean": b"headbody"}

    run(work)


def test_progress_is_told_once(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        caller = Caller(live)
        live.progress = Progress("denoising", 0.5)
        live.moved.changed()
        await caller.take()
        live.moved.changed()
        finish(live, JobState.COMPLETED)
        await caller.take_all()
        assert caller.progress == [Progress("denoising", 0.5)]

    run(work)


def test_files_longer_than_a_piece_come_in_pieces(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        path = tmp_path / "long"
        path.write_bytes(bytes(2 * PIECE_BYTES + 1))
        pieces = [piece async for piece in read_pieces(path, "clean", 1, 2 * PIECE_BYTES + 1)]
        assert [(piece.offset, len(piece.data)) for piece in pieces] == [
            (1, PIECE_BYTES),
            (1 + PIECE_BYTES, PIECE_BYTES),
        ]

    run(work)


def test_a_failed_job_raises_its_own_reason_although_its_files_are_gone(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        caller, attempt = Caller(live), Attempt(live, tmp_path / "1")
        attempt.write(b"ab").unlink()
        finish(live, JobState.FAILED, JobError("INVALID_AUDIO", "Broken."))
        with pytest.raises(JobFailed, match="Broken") as failed:
            await caller.take_all()
        assert failed.value.reason == "INVALID_AUDIO"

    run(work)


def test_files_that_go_before_the_reason_is_known_are_no_error_of_their_own(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        caller, attempt = Caller(live), Attempt(live, tmp_path / "1")
        attempt.write(b"ab").unlink()
        taking = asyncio.ensure_future(caller.take_all())
        await asyncio.to_thread(lambda: None)
        finish(live, JobState.CANCELLED)
        with pytest.raises(JobCancelled):
            await taking

    run(work)


def test_a_new_attempt_begins_its_files_again(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        caller, first = Caller(live), Attempt(live, tmp_path / "1")
        path = first.write(b"abc")
        await caller.take()
        await caller.take()
        first.write(b"lost")
        path.unlink()
        live.outputs.clear()
        second = Attempt(live, tmp_path / "2")
        second.write(b"abcdef")
        finish(live, JobState.COMPLETED)
        await caller.take_all()
        assert caller.begun == ["clean", "clean"]
        assert caller.files == {"clean": b"abcdef"}

    run(work)


def test_a_slow_caller_outlives_the_attempt_that_it_was_reading(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        caller, first = Caller(live), Attempt(live, tmp_path / "1")
        path = first.write(bytes(3 * PIECE_BYTES))
        await caller.take()
        await caller.take()
        path.unlink()  # the worker has died, and while the caller is busy the second attempt does it all
        live.outputs.clear()
        Attempt(live, tmp_path / "2").write(b"abcdef")
        finish(live, JobState.COMPLETED)
        await caller.take_all()
        assert caller.files == {"clean": b"abcdef"}

    run(work)


def test_a_result_that_is_not_there_is_never_passed_over(tmp_path: Path) -> None:
    async def work(live: LiveJob) -> None:
        caller, attempt = Caller(live), Attempt(live, tmp_path / "1")
        attempt.write(b"ab").unlink()
        finish(live, JobState.COMPLETED)
        with pytest.raises(FileNotFoundError):
            await caller.take_all()

    run(work)
