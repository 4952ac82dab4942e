"""The composition root: starts the parts in order, stops them in reverse."""

import asyncio
import logging
import os
import secrets
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection
from unmix.locations import TOKEN, Endpoint, read_token, remove_endpoint, write_endpoint
from unmix.v1 import audio_pb2, audio_pb2_grpc, jobs_pb2, jobs_pb2_grpc, models_pb2, models_pb2_grpc

from unmix_daemon.calls import Calls
from unmix_daemon.config import Config
from unmix_daemon.executors import executor_of
from unmix_daemon.model_manager import ModelManager
from unmix_daemon.queue.scheduler import Scheduler
from unmix_daemon.readiness import Readiness
from unmix_daemon.services.audio import AudioService
from unmix_daemon.services.interceptors import BorderInterceptor
from unmix_daemon.services.jobs import JobService
from unmix_daemon.services.models import ModelService
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.lock import AddressTaken, lock_folder, port_holder
from unmix_daemon.state.store import Store
from unmix_daemon.status import VERSION, StatusReader
from unmix_daemon.threads import begin_threads

_log = logging.getLogger(__name__)

_SERVICES = tuple(
    file.DESCRIPTOR.services_by_name[name].full_name
    for file, name in ((audio_pb2, "AudioService"), (jobs_pb2, "JobService"), (models_pb2, "ModelService"))
)
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # with it a second daemon would share the port silently
    ("grpc.max_receive_message_length", 8 << 20),
    ("grpc.max_send_message_length", 8 << 20),
    ("grpc.max_concurrent_streams", 1024),
)


@asynccontextmanager
async def daemon(config: Config) -> AsyncGenerator[Endpoint]:
    """A daemon that serves while the block runs, and drains when it ends.

    Raises AlreadyRunning when somebody else has the state folder or the address.
    """
    begin_threads()
    async with AsyncExitStack() as stack:
        state = config.state_folder
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = lock_folder(state)
        stack.callback(lock.release)

        store = Store(state / "jobs.sqlite3")
        stack.push_async_callback(store.close)
        folders = Folders(state / "jobs", config.reserve())
        executor = executor_of(config)
        stack.push_async_callback(executor.close)
        scheduler = Scheduler(config, store, folders, executor)
        status = StatusReader(config, scheduler, executor)
        healthy = health.HealthServicer()
        manager = ModelManager(config, executor, Readiness(healthy))
        calls = Calls(scheduler, manager, store, folders)
        services = (AudioService(calls), JobService(calls), ModelService(manager, status))

        server = _server(_token(state), services, healthy)
        status.addresses = _listen(server, config, state)
        await scheduler.start()
        await manager.take_in_bundled()
        await manager.announce()
        for name in _SERVICES:
            await healthy.set(name, health_pb2.HealthCheckResponse.SERVING)
        await server.start()
        endpoint = Endpoint(os.getpid(), VERSION, status.addresses)
        write_endpoint(state, endpoint)
        _log.info("unmixd %s serves %s", VERSION, " and ".join(status.addresses))
        try:
            yield endpoint
        finally:
            await healthy.enter_graceful_shutdown()
            remove_endpoint(state)
            await scheduler.close()
            await server.stop(grace=1.0)
            (state / "unmixd.sock").unlink(missing_ok=True)


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
    server = grpc.aio.server(interceptors=[BorderInterceptor(token)], options=_OPTIONS)
    audio, jobs, models = services
    audio_pb2_grpc.add_AudioServiceServicer_to_server(audio, server)
    jobs_pb2_grpc.add_JobServiceServicer_to_server(jobs, server)
    models_pb2_grpc.add_ModelServiceServicer_to_server(models, server)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    names = (*_SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    return server


def _listen(server: grpc.aio.Server, config: Config, state: Path) -> tuple[str, ...]:
    """Bind the addresses; return them with the port that was really taken."""
    host, _, port = config.listen.rpartition(":")
    try:
        bound = server.add_insecure_port(config.listen)
    except RuntimeError as error:
        raise AddressTaken(f"{config.listen} is taken by {port_holder(int(port))}") from error
    addresses = [f"{host}:{bound}"]
    if config.unix_socket and os.name != "nt":
        socket = state / "unmixd.sock"
        socket.unlink(missing_ok=True)  # ours: we hold the folder's lock
        before = os.umask(0o177)
        try:
            server.add_insecure_port(f"unix:{socket}")
            # First, because clients of this machine send their token to the first address: a port can be taken
            # by another process after an unclean end, a socket in our folder cannot.
            addresses.insert(0, f"unix:{socket}")
        except RuntimeError:  # a path of more than 107 bytes does not fit into a socket address
            _log.warning("%s cannot be a socket; serving TCP only", socket)
        finally:
            os.umask(before)
    return tuple(addresses)


def _token(state: Path) -> str:
    """This state folder's token, made on first use, readable by its owner only."""
    known = read_token(state)
    path = state / TOKEN
    if known and (os.name == "nt" or path.stat().st_mode & 0o077 == 0):
        return known
    path.unlink(missing_ok=True)
    token = secrets.token_urlsafe(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token)
    return token
