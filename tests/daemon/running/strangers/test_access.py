"""Who may speak to the daemon, and where it can be spoken to."""

import stat
from itertools import product
from typing import Any

import grpc
import pytest
from daemons import Daemon
from google.protobuf import descriptor_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from unmix.locations import read_token
from unmix.v1 import audio_pb2, jobs_pb2, jobs_pb2_grpc, models_pb2

SERVICES = [
    service
    for file in (audio_pb2, jobs_pb2, models_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
]
EXTRA = [
    ("/grpc.health.v1.Health/Check", False, False),
    ("/grpc.health.v1.Health/Watch", False, True),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", True, True),
]


def _methods() -> list[tuple[str, bool, bool]]:
    methods = list(EXTRA)
    for service in SERVICES:
        described = descriptor_pb2.ServiceDescriptorProto()
        service.CopyToProto(described)
        methods += [
            (f"/{service.full_name}/{method.name}", method.client_streaming, method.server_streaming)
            for method in described.method
        ]
    return methods


def _call(channel: grpc.Channel, method: str, up: bool, down: bool, metadata: Any) -> None:
    name = f"{'stream' if up else 'unary'}_{'stream' if down else 'unary'}"
    call = getattr(channel, name)(method, request_serializer=bytes, response_deserializer=bytes)
    answer = call(iter([b""]) if up else b"", metadata=metadata, timeout=10)
    if down:
        list(answer)


def _without_the_token(right: str) -> dict[str, Any]:
    return {
        "none": (),
        "wrong": (("authorization", "Bearer wrong"),),
        "empty": (("authorization", ""),),
        "elsewhere": (("token", right),),
        "binary": (("authorization-bin", f"Bearer {right}".encode()),),
        "bare": (("authorization", right),),
        "longer": (("authorization", f"Bearer {right}x"),),
        "twice": (("authorization", f"Bearer {right}"), ("authorization", f"Bearer {right}")),
        "after a wrong one": (("authorization", "Bearer wrong"), ("authorization", f"Bearer {right}")),
        "before a wrong one": (("authorization", f"Bearer {right}"), ("authorization", "Bearer wrong")),
    }


@pytest.mark.parametrize("listener", [0, 1], ids=["socket", "tcp"])
def test_a_missing_or_wrong_token_is_refused_on_every_rpc(open_daemon: Daemon, listener: int) -> None:
    """For a method that is not there, too, which would else tell what is."""
    refused: dict[tuple[str, str], Any] = {}
    methods = [*_methods(), ("/unmix.v1.JobService/Nonesuch", False, False), ("/no/such", True, True)]
    with open_daemon.channel(open_daemon.addresses()[listener]) as (channel, _):
        for (method, up, down), (kind, metadata) in product(
            methods, _without_the_token(read_token(open_daemon.state) or "").items()
        ):
            with pytest.raises(grpc.RpcError) as caught:
                _call(channel, method, up, down, metadata)
            refused[method, kind] = caught.value
    assert len(refused) == 10 * len(methods)
    for error in refused.values():
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "token" in error.details()
        info = error_details_pb2.ErrorInfo()
        assert rpc_status.from_call(error).details[0].Unpack(info)
        assert (info.domain, info.reason) == ("unmix", "UNAUTHENTICATED")


def test_the_token_can_be_read_by_its_owner_only(daemon: Daemon) -> None:
    assert stat.S_IMODE((daemon.state / "token").stat().st_mode) == 0o600
    assert stat.S_IMODE((daemon.state / "unmixd.sock").stat().st_mode) == 0o600
    assert len(read_token(daemon.state) or "") >= 32


def test_reflection_lists_every_service(daemon: Daemon) -> None:
    with daemon.channel() as (channel, metadata):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        (answer,) = stub.ServerReflectionInfo(iter([request]), metadata=metadata)
    names = {service.name for service in answer.list_services_response.service}
    assert {service.full_name for service in SERVICES} <= names


def test_errors_carry_their_reason_and_the_field(daemon: Daemon) -> None:
    with daemon.channel() as (channel, metadata), pytest.raises(grpc.RpcError) as caught:
        _call(channel, "/unmix.v1.AudioService/Denoise", True, True, metadata)
    status = rpc_status.from_call(caught.value)
    info, field = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(field)
    assert (info.domain, info.reason) == ("unmix", "INVALID_REQUEST")
    assert field.field_violations[0].field == "spec"


def test_a_long_name_of_what_is_not_there_leaves_room_for_the_answer(daemon: Daemon) -> None:
    request = jobs_pb2.GetJobRequest(job_id="x" * 4000)
    with daemon.channel() as (channel, metadata), pytest.raises(grpc.RpcError) as caught:
        jobs_pb2_grpc.JobServiceStub(channel).GetJob(request, metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_health_answers_for_services_and_models(daemon: Daemon) -> None:
    with daemon.channel() as (channel, metadata):
        stub = health_pb2_grpc.HealthStub(channel)

        def status(service: str) -> int:
            return stub.Check(health_pb2.HealthCheckRequest(service=service), metadata=metadata).status

        serving, not_serving = (
            health_pb2.HealthCheckResponse.SERVING,
            health_pb2.HealthCheckResponse.NOT_SERVING,
        )
        assert {status(service.full_name) for service in SERVICES} == {serving}
        assert status("model:rnnoise") == serving
        assert status("model:deepfilternet3") == not_serving
        with pytest.raises(grpc.RpcError) as caught:
            status("model:nonesuch")
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
