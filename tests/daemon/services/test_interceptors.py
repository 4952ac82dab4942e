"""What stands before every service, here before one of a few lines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from unmix.v1 import jobs_pb2, jobs_pb2_grpc
from unmix_daemon.services.bounds import CALLS, MESSAGE_BYTES, OPTIONS, REQUEST_BYTES, STREAMS
from unmix_daemon.services.interceptors import BorderInterceptor

TOKEN = (("authorization", "Bearer right"),)


class Service(jobs_pb2_grpc.JobServiceServicer):
    """Counts what it receives, and answers WatchJob when it is told to."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.watched = 0
        self.enough = asyncio.Event()

    async def GetJob(  # noqa: N802  # gRPC's name, as the next ones
        self, request: jobs_pb2.GetJobRequest, context: Any
    ) -> jobs_pb2.GetJobResponse:
        return jobs_pb2.GetJobResponse()

    async def SubmitJob(  # noqa: N802
        self, request_iterator: AsyncIterator[jobs_pb2.SubmitJobRequest], context: Any
    ) -> jobs_pb2.SubmitJobResponse:
        async for request in request_iterator:
            self.received.append(len(request.data))
        return jobs_pb2.SubmitJobResponse()

    async def WatchJob(  # noqa: N802
        self, request: jobs_pb2.WatchJobRequest, context: Any
    ) -> AsyncIterator[jobs_pb2.WatchJobResponse]:
        self.watched += 1
        await self.enough.wait()
        yield jobs_pb2.WatchJobResponse()


@asynccontextmanager
async def served(folder: Path, silence: float) -> AsyncIterator[tuple[Service, str]]:
    server = grpc.aio.server(interceptors=[BorderInterceptor("right", silence)], options=OPTIONS)
    service = Service()
    jobs_pb2_grpc.add_JobServiceServicer_to_server(service, server)
    address = f"unix:{folder}/s"
    server.add_insecure_port(address)
    await server.start()
    try:
        yield service, address
    finally:
        service.enough.set()
        await server.stop(None)


def before(service: Callable[[Service, str], Awaitable[None]], folder: Path, silence: float = 60) -> None:
    async def within() -> None:
        async with asyncio.timeout(60), served(folder, silence) as (made, address):
            await service(made, address)

    asyncio.run(within())


def reason_of(error: grpc.aio.AioRpcError) -> str:
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(error).details[0].Unpack(info)
    return info.reason


def test_a_client_that_falls_silent_has_its_upload_ended(tmp_path: Path) -> None:
    async def one_piece() -> AsyncIterator[jobs_pb2.SubmitJobRequest]:
        yield jobs_pb2.SubmitJobRequest(data=b"")
        await asyncio.Event().wait()

    async def test(service: Service, address: str) -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = jobs_pb2_grpc.JobServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.SubmitJob(one_piece(), metadata=TOKEN)
        assert refused.value.code() is grpc.StatusCode.ABORTED
        assert reason_of(refused.value) == "UPLOAD_STALLED"
        assert "send it again" in (refused.value.details() or "")

    before(test, tmp_path, silence=0.2)


@pytest.mark.long
def test_a_client_that_is_slow_may_take_its_time(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[jobs_pb2.SubmitJobRequest]:
        for _ in range(30):
            yield jobs_pb2.SubmitJobRequest(data=b"")
            await asyncio.sleep(0.2)

    async def test(service: Service, address: str) -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            await jobs_pb2_grpc.JobServiceStub(channel).SubmitJob(pieces(), metadata=TOKEN)
        assert len(service.received) == 30

    before(test, tmp_path, silence=4)


def test_messages_have_a_size_that_is_enough_and_no_more(tmp_path: Path) -> None:
    async def piece(size: int) -> AsyncIterator[jobs_pb2.SubmitJobRequest]:
        yield jobs_pb2.SubmitJobRequest(data=bytes(size))

    async def test(service: Service, address: str) -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = jobs_pb2_grpc.JobServiceStub(channel)
            await stub.GetJob(jobs_pb2.GetJobRequest(job_id="x" * (REQUEST_BYTES - 10)), metadata=TOKEN)
            with pytest.raises(grpc.aio.AioRpcError, match="send less at once"):
                await stub.GetJob(jobs_pb2.GetJobRequest(job_id="x" * REQUEST_BYTES), metadata=TOKEN)
            await stub.SubmitJob(piece(MESSAGE_BYTES - 10), metadata=TOKEN)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.SubmitJob(piece(MESSAGE_BYTES), metadata=TOKEN)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert service.received == [MESSAGE_BYTES - 10]

    before(test, tmp_path)


@pytest.mark.long
def test_calls_are_counted_over_all_connections_and_those_without_the_token_are_not(tmp_path: Path) -> None:
    async def test(service: Service, address: str) -> None:
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(CALLS // STREAMS + 1)]
        calls = [
            jobs_pb2_grpc.JobServiceStub(channel).WatchJob(jobs_pb2.WatchJobRequest(), metadata=TOKEN)
            for channel in channels[:-1]
            for _ in range(STREAMS)
        ]
        waiting = [asyncio.ensure_future(call.read()) for call in calls]
        while service.watched < CALLS:
            await asyncio.sleep(0.01)
        stub = jobs_pb2_grpc.JobServiceStub(channels[-1])
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetJob(jobs_pb2.GetJobRequest(), metadata=TOKEN)
        assert reason_of(refused.value) == "QUEUE_FULL"
        service.enough.set()
        await asyncio.gather(*waiting)
        for call in calls:
            assert await call.read() is grpc.aio.EOF
        for _ in range(2 * CALLS):
            with pytest.raises(grpc.aio.AioRpcError, match="no token"):
                await stub.GetJob(jobs_pb2.GetJobRequest())
        await stub.GetJob(jobs_pb2.GetJobRequest(), metadata=TOKEN)
        await asyncio.gather(*(channel.close() for channel in channels))

    before(test, tmp_path)
