"""The use cases, as any door asks for them: here a door of a few lines that answers with plain values."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from daemon.fake_executor import RESULT
from daemon.world import World, in_a_world
from grpc_health.v1.health import aio as health
from unmix.words import (
    Accepted,
    DenoiseTask,
    Event,
    FieldError,
    JobState,
    Options,
    OutputPiece,
    OutputStarted,
    Priority,
    SeparateTask,
    Summary,
)
from unmix_daemon.calls import Calls
from unmix_daemon.errors import JobFailed, NoSuchJob, NoSuchOutput, NotReady
from unmix_daemon.model_manager import ModelManager
from unmix_daemon.readiness import Readiness


def manager_of(world: World) -> ModelManager:
    return ModelManager(world.config, world.executor, Readiness(health.HealthServicer()))


def calls_of(world: World) -> Calls:
    return Calls(world.scheduler, manager_of(world), world.store, world.folders)


class Upload:
    """A recording, which knows whether anybody has read it."""

    def __init__(self) -> None:
        self.is_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.is_read = True
        yield b"audio"


async def answer(calls: Calls, task: DenoiseTask) -> dict[str, Any]:
    """A door: what a caller that wants one answer is told."""
    data: dict[str, bytearray] = {}
    told: dict[str, Any] = {}
    async with aclosing(calls.call("door", task, Options(), aiter(Upload()))) as events:
        async for event in events:
            match event:
                case OutputStarted():
                    data[event.name] = bytearray()
                case OutputPiece():
                    data[event.name][event.offset : event.offset + len(event.data)] = event.data
                case Summary():
                    told = {"model": event.model, "job": event.job_id}
                case _:
                    pass
    return told | {"outputs": {name: bytes(content) for name, content in data.items()}}


@in_a_world()
async def test_a_door_is_a_few_lines(world: World) -> None:
    asking = asyncio.ensure_future(answer(calls_of(world), DenoiseTask()))
    run = await world.executor.next()
    assert (run.job.client, run.job.options.priority) == ("door", Priority.INTERACTIVE)
    await run.finish()
    told = await asking
    assert told == {"model": "rnnoise", "job": run.job.job_id, "outputs": {"clean": RESULT}}


@in_a_world()
async def test_a_call_whose_caller_goes_away_leaves_nothing_at_work(world: World) -> None:
    events = calls_of(world).call("door", DenoiseTask(), Options(), aiter(Upload()))
    first: Event = await anext(events)
    assert isinstance(first, Accepted)
    run = await world.executor.next()
    await events.aclose()
    assert run.cancelled.is_set()
    assert not world.has_folder(run.job)
    assert (await world.scheduler.get(first.job_id)).state is JobState.CANCELLED


WRONG: dict[str, tuple[Any, Options, str]] = {
    "a strength": (DenoiseTask(attenuation_limit_db=101), Options(), "task.attenuation_limit_db"),
    "no number": (DenoiseTask(attenuation_limit_db=float("nan")), Options(), "task.attenuation_limit_db"),
    "an overlap": (SeparateTask("dsp", overlap=1.0), Options(), "task.overlap"),
    "shifts": (SeparateTask("dsp", shifts=21), Options(), "task.shifts"),
    "a stem": (SeparateTask("dsp", ("../vocals",)), Options(), "task.stems"),
    "labels": (DenoiseTask(), Options(labels={"a": "b" * 1024}), "options.labels"),
    "formats": (DenoiseTask(), Options(also_formats=("mp3", "mp3")), "options.also_formats"),
    "a huge format": (DenoiseTask(), Options(format="x" * (5 << 20)), "options.format"),
    "a huge model": (DenoiseTask("x" * (5 << 20)), Options(), "task.model"),
    "a huge file name": (DenoiseTask(), Options(file_name="x" * (3 << 20)), "options.file_name"),
    "a stride of one frame": (SeparateTask("dsp", overlap=0.9999999999), Options(), "task.overlap"),
}


@pytest.mark.parametrize(("task", "options", "field"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_asked_is_refused_before_a_byte_is_read(
    tmp_path: Any, task: Any, options: Options, field: str
) -> None:
    @in_a_world()
    async def test(world: World) -> None:
        calls, upload = calls_of(world), Upload()
        with pytest.raises(FieldError) as refused:
            await anext(calls.call("door", task, options, aiter(upload)))
        assert refused.value.field == field
        assert len(str(refused.value)) < 500
        with pytest.raises(FieldError):
            await calls.submit("door", task, options, aiter(upload))
        assert not upload.is_read

    test(tmp_path)


@in_a_world()
async def test_a_device_that_is_not_there_is_refused_before_a_byte_is_read(world: World) -> None:
    upload = Upload()
    with pytest.raises(JobFailed, match="no device 'cuda:7'") as refused:
        await anext(calls_of(world).call("door", DenoiseTask(), Options(device="cuda:7"), aiter(upload)))
    assert refused.value.reason == "DEVICE_UNAVAILABLE"
    assert not upload.is_read


@in_a_world()
async def test_a_model_that_is_not_there_is_refused_before_a_byte_is_read(world: World) -> None:
    upload = Upload()
    with pytest.raises(JobFailed) as refused:
        await calls_of(world).submit("door", SeparateTask("htdemucs"), Options(), aiter(upload))
    assert (refused.value.reason, refused.value.facts) == (
        "MODEL_MISSING",
        {"model": "htdemucs", "alternative": "dsp"},
    )
    assert not upload.is_read


@in_a_world()
async def test_pages_follow_each_other_and_a_token_of_nobody_is_refused(world: World) -> None:
    calls = calls_of(world)
    jobs = [
        (await calls.submit("door", DenoiseTask(), Options(), aiter(Upload())))[0].job_id for _ in range(3)
    ]
    first, token = await calls.page((), "", 2, "")
    second, end = await calls.page((), "", 2, token)
    assert [job.job_id for job in (*first, *second)] == jobs[::-1]
    assert end == ""
    for wrong in ("x", "-1", "9" * 19, "²", "../x", "1\0", "1" * (5 << 20)):
        with pytest.raises(FieldError, match="page token"):
            await calls.page((), "", 2, wrong)
    with pytest.raises(FieldError, match="no such job state"):
        await calls.page((JobState.UNKNOWN,), "", 2, "")


@in_a_world()
async def test_outputs_are_read_from_where_a_reader_broke_off(world: World) -> None:
    calls = calls_of(world)
    job, _ = await calls.submit("door", DenoiseTask(), Options(), aiter(Upload()))
    with pytest.raises(NotReady):
        await anext(calls.output(job.job_id, "clean", 0))
    await (await world.executor.next()).finish()
    await world.end_of(job)
    pieces = [piece async for piece in calls.output(job.job_id, "clean", 1)]
    assert pieces == [OutputPiece("clean", 1, RESULT[1:])]
    with pytest.raises(FieldError, match="is not within"):
        await anext(calls.output(job.job_id, "clean", len(RESULT) + 1))
    with pytest.raises(NoSuchOutput, match="no output 'vocals'; it has: clean"):
        await anext(calls.output(job.job_id, "vocals", 0))
    with pytest.raises(NoSuchJob):
        await anext(calls.output("nobody", "clean", 0))


ODD_NAMES = ("", "..", "../..", "/etc", "a/b", "x\0y", "\x1b[2J", "' OR 1=1 --", "\u202e", "x" * (5 << 20))


def files_in(world: World) -> set[Path]:
    """All but those that come and go with the database's work."""
    of_the_database = {"jobs.sqlite3-wal", "ballast", "ballast.part"}
    return {path for path in world.config.state_folder.rglob("*") if path.name not in of_the_database}


@in_a_world()
async def test_odd_names_are_those_of_nothing_and_touch_nothing(world: World) -> None:
    calls = calls_of(world)
    job, _ = await calls.submit("door", DenoiseTask(), Options(), aiter(Upload()))
    await (await world.executor.next()).finish()
    await world.end_of(job)
    before = files_in(world)
    for name in ODD_NAMES:
        for asked in (
            lambda name=name: calls.get(name),
            lambda name=name: calls.cancel(name),
            lambda name=name: calls.delete(name),
            lambda name=name: anext(calls.watch(name, 0)),
            lambda name=name: anext(calls.output(name, "clean", 0)),
        ):
            with pytest.raises(NoSuchJob) as refused:
                await asked()
            assert len(str(refused.value)) < 500
        with pytest.raises(NoSuchOutput) as refused_output:
            await anext(calls.output(job.job_id, name, 0))
        assert len(str(refused_output.value)) < 500
        assert (await calls.page((), name, 0, ""))[0] == (
            () if name else (await calls.page((), "", 0, ""))[0]
        )
    assert files_in(world) == before


@in_a_world()
async def test_odd_names_of_models_are_refused_in_a_sentence(world: World) -> None:
    manager = manager_of(world)

    async def nothing() -> AsyncIterator[tuple[str, bytes]]:
        for each in ():
            yield each

    for name in ODD_NAMES:
        for asked in (
            lambda name=name: manager.load(name, "", None),
            lambda name=name: manager.unload(name, ""),
            lambda name=name: anext(manager.pull(name)),
            lambda name=name: manager.install(name, nothing()),
            lambda name=name: manager.load("wiener", name or "..", None),
        ):
            with pytest.raises((FieldError, JobFailed)) as refused:
                await asked()
            assert len(str(refused.value)) < 500
    assert not list(world.config.state_folder.glob("imports/*"))


@in_a_world()
async def test_a_key_has_a_limit_and_a_client_is_found_by_the_name_that_it_is_known_by(world: World) -> None:
    calls, upload = calls_of(world), Upload()
    with pytest.raises(FieldError, match="idempotency_key takes 200"):
        await calls.submit("door", DenoiseTask(), Options(), aiter(upload), idempotency_key="k" * 201)
    assert not upload.is_read
    job, _ = await calls.submit(
        "n" * 1000, DenoiseTask(), Options(), aiter(upload), idempotency_key="k" * 200
    )
    jobs, _ = await calls.page((), "n" * 1000, 0, "")
    assert [one.job_id for one in jobs] == [job.job_id]


@in_a_world()
async def test_who_asks_is_known_by_no_more_than_a_name_and_gets_the_priority_that_was_asked_for(
    world: World,
) -> None:
    calls = calls_of(world)
    job, _ = await calls.submit("n" * 1000, DenoiseTask(), Options(), aiter(Upload()))
    asked, _ = await calls.submit("x", DenoiseTask(), Options(priority=Priority.FOLDER), aiter(Upload()))
    assert (len(job.client), job.options.priority) == (200, Priority.BATCH)
    assert asked.options.priority is Priority.FOLDER
