"""The composition root: starts the parts in order, stops them in reverse."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection
from unmix.locations import DATABASE, JOBS, TOKEN, Endpoint, remove_endpoint, write_endpoint
from unmix.ownership import private_folder
from unmix.v1 import audio_pb2, audio_pb2_grpc, jobs_pb2, jobs_pb2_grpc, models_pb2, models_pb2_grpc

from unmix_daemon.calls import Calls
from unmix_daemon.config import Config
from unmix_daemon.executors import executor_of
from unmix_daemon.listening.addresses import leave, listen, new_token
from unmix_daemon.model_manager import ModelManager
from unmix_daemon.queue.scheduler import Scheduler
from unmix_daemon.readiness import Readiness
from unmix_daemon.services.audio import AudioService
from unmix_daemon.services.bounds import OPTIONS
from unmix_daemon.services.interceptors import BorderInterceptor
from unmix_daemon.services.jobs import JobService
from unmix_daemon.services.models import ModelService
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.lock import lock_folder
from unmix_daemon.state.store import Store
from unmix_daemon.status import VERSION, StatusReader
from unmix_daemon.threads import begin_threads

_log = logging.getLogger(__name__)

_SERVICES = tuple(
    file.DESCRIPTOR.services_by_name[name].full_name
    for file, name in ((audio_pb2, "AudioService"), (jobs_pb2, "JobService"), (models_pb2, "ModelService"))
)


@asynccontextmanager
async def daemon(config: Config) -> AsyncGenerator[Endpoint]:
    """A daemon that serves while the block runs, and drains when it ends.

    Raises AlreadyRunning when another one has the state folder or the address, and Untrusted when another user has a
    hand in what is there.
    """
    begin_threads()
    async with AsyncExitStack() as stack:
        state = config.state_folder
        private_folder(state, mark=TOKEN)
        lock = lock_folder(state)
        stack.callback(lock.release)

        store = Store(state / DATABASE)
        stack.push_async_callback(store.close)
        folders = Folders(state / JOBS, config.reserve())
        executor = executor_of(config)
        stack.push_async_callback(executor.close)
        scheduler = Scheduler(config, store, folders, executor)
        status = StatusReader(config, scheduler, executor)
        healthy = health.HealthServicer()
        manager = ModelManager(config, executor, Readiness(healthy))
        calls = Calls(scheduler, manager, store, folders)
        services = (AudioService(calls), JobService(calls), ModelService(manager, status))

        server = _server(new_token(state), services, healthy)
        endpoint = listen(server, config, VERSION)
        stack.callback(leave, endpoint, state)
        status.addresses = endpoint.addresses
        await scheduler.start()
        await manager.tidy()
        await manager.take_in_bundled()
        await manager.announce()
        for name in _SERVICES:
            await healthy.set(name, health_pb2.HealthCheckResponse.SERVING)
        await server.start()
        write_endpoint(state, endpoint)
        _log.info("unmixd %s serves %s", VERSION, " and ".join(status.addresses))
        try:
            yield endpoint
        finally:
            await healthy.enter_graceful_shutdown()
            remove_endpoint(state)
            await scheduler.close()
            await server.stop(grace=1.0)


async def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT; a second signal ends the waiting for running jobs."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            _log.warning("second signal: not waiting for running jobs")
            os._exit(1)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        if os.name == "nt":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
        else:
            loop.add_signal_handler(number, stop)
    async with daemon(config):
        await stopped.wait()
        _log.info("shutting down")


def _server(
    token: str, services: tuple[AudioService, JobService, ModelService], healthy: health.HealthServicer
) -> grpc.aio.Server:
    server = grpc.aio.server(interceptors=[BorderInterceptor(token)], options=OPTIONS)
    audio, jobs, models = services
    audio_pb2_grpc.add_AudioServiceServicer_to_server(audio, server)
    jobs_pb2_grpc.add_JobServiceServicer_to_server(jobs, server)
    models_pb2_grpc.add_ModelServiceServicer_to_server(models, server)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    names = (*_SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    return server
