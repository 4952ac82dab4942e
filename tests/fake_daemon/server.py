"""The services on a real gRPC server, written down in a state folder."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from unmix import locations, ownership
from unmix.v1 import audio_pb2_grpc, jobs_pb2_grpc, models_pb2, models_pb2_grpc

from fake_daemon.script import Script
from fake_daemon.services import AudioService, Door, JobService, ModelService

TOKEN = "0123456789abcdef"


class FakeDaemon:
    """The services, running, and written down in a state folder as a daemon writes itself down."""

    def __init__(self, state: Path, *, version: str = "unknown", token: str = TOKEN) -> None:
        self.state = state
        self.script = Script()
        self.script.status = models_pb2.GetStatusResponse(
            version=version,
            pid=os.getpid(),
            queue_limit=100,
            state_folder=str(state),
            memory_bytes=60_000_000,
            devices=[
                models_pb2.Device(name="cpu", description="a processor", available=True, worker_pid=4711),
                models_pb2.Device(name="cuda:0", available=False, reason="there is no NVIDIA driver"),
            ],
        )
        self.script.models = [
            models_pb2.Model(
                name="rnnoise",
                task=models_pb2.TASK_DENOISE,
                description="For speech.",
                stems=["clean", "noise"],
                licence="BSD-3-Clause",
                installed=True,
                quality="high",
                residency=[models_pb2.Residency(device="cpu", memory_bytes=2_000_000)],
            ),
            models_pb2.Model(
                name="deepfilternet3",
                task=models_pb2.TASK_DENOISE,
                description="The best for speech.",
                stems=["clean", "noise"],
                licence="MIT",
                download_bytes=8_400_000,
                url="https://example.org/dfn3",
                quality="high",
            ),
        ]
        self._door = Door(self.script, token)
        self._server = grpc.server(
            ThreadPoolExecutor(8),
            interceptors=[self._door],
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 64 << 20)],
        )
        audio_pb2_grpc.add_AudioServiceServicer_to_server(AudioService(self.script), self._server)
        jobs_pb2_grpc.add_JobServiceServicer_to_server(JobService(self.script), self._server)
        models_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(self.script), self._server)
        self.health = health.HealthServicer()
        self.health.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        self.address = locations.socket_address(locations.place_for_socket(state))
        self.script.status.addresses.append(self.address)
        self._version = version

    def start(self) -> None:
        """Answer calls, and say where."""
        self.let_in(self._door.token)
        self._server.add_insecure_port(self.address)
        self._server.start()
        locations.write_endpoint(self.state, locations.Endpoint(os.getpid(), self._version, (self.address,)))

    def let_in(self, token: str) -> None:
        """From now on only who has this token."""
        ownership.write_secret(self.state / locations.TOKEN, token.encode())
        self._door.token = token

    def stop(self, *, forget: bool = True) -> None:
        """End at once; without `forget` the endpoint stays, as after a kill."""
        if forget:
            locations.remove_endpoint(self.state)
        self._server.stop(None).wait()


def calls_of(daemon: FakeDaemon, method: str) -> list[dict[str, str]]:
    """The metadata of every call of a method."""
    return [metadata for called, metadata in daemon.script.calls if called.endswith(f"/{method}")]
