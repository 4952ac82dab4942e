"""What stands between the wire and every service: the token, and errors as rich statuses."""

import hmac
import inspect
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast

import grpc
import grpc.aio
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from unmix.words import Facts, FieldError

from unmix_daemon.errors import Busy, ServiceError, Unauthenticated
from unmix_daemon.passing import hindrance
from unmix_daemon.services.bounds import CALLS, REQUEST_BYTES, SILENCE, Patience

_log = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_Continuation: TypeAlias = Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Any, Any]"]]
_LONGEST_FACT = 256
"""Bytes; a client's name for what is not there may be long, and trailers have room for 8 KiB."""


class BorderInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls without the token, and turns exceptions into statuses with details.

    Every method of every service passes here, health and reflection included.
    """

    def __init__(self, token: str, silence: float = SILENCE) -> None:
        """`token` is the secret that calls must carry as `authorization: Bearer <token>`.

        A client that sends nothing for `silence` seconds, though it is its turn, has its call ended.
        """
        self._expected = f"Bearer {token}".encode()
        self._silence = silence
        self._calls = 0

    async def intercept_service(  # pyright: ignore[reportIncompatibleMethodOverride]  # grpcio annotates it narrower than it calls it
        self, continuation: _Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[Any, Any]":
        """The handler that serves this call, or one that refuses it before a byte of its request is taken in."""
        refusal = self._refusal(handler_call_details.invocation_metadata or ())
        if refusal is not None:
            return _refusing(refusal)
        handler = await continuation(handler_call_details)
        # gRPC gives None for methods that do not exist; it answers those itself, and they reveal nothing.
        return cast("grpc.RpcMethodHandler[Any, Any]", handler and self._wrap(handler))

    def _wrap(self, handler: Any) -> Any:
        behaviour = (
            handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        )

        def bounded(request: Any) -> Any:
            if handler.request_streaming:
                return Patience(request, self._silence)
            if request.ByteSize() > REQUEST_BYTES:
                raise FieldError(
                    "request", f"The request has more than {REQUEST_BYTES} bytes; send less at once."
                )
            return request

        async def respond(request: Any, context: Context) -> Any:
            async with self._border(context):
                return await behaviour(bounded(request), context)

        async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
            async with self._border(context):
                answer = behaviour(bounded(request), context)
                if inspect.isasyncgen(answer):
                    try:
                        async for message in answer:
                            yield message
                    finally:
                        await answer.aclose()
                else:  # grpcio's own health service writes through the context
                    await answer

        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[handler.request_streaming, handler.response_streaming]
        return make(
            cast("Any", stream if handler.response_streaming else respond),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    @asynccontextmanager
    async def _border(self, context: Context) -> AsyncGenerator[None]:
        self._calls += 1
        try:
            if self._calls > CALLS:
                raise Busy(f"{CALLS} calls are running, and no more are taken; try again in a moment.")
            yield
        except (ServiceError, FieldError) as error:
            await context.abort_with_status(_status(error))
        except (grpc.aio.AbortError, grpc.aio.UsageError):
            raise
        except Exception as error:
            if context.cancelled() or context.done():
                raise
            if met := hindrance(error):
                await context.abort_with_status(_status(met.error()))
            mark = uuid.uuid4().hex[:8]
            _log.exception("a call failed, mark %s", mark)
            hidden = ServiceError(
                f"The daemon met an unexpected error; its log has the details under {mark}."
            )
            await context.abort_with_status(_status(hidden))
        finally:
            self._calls -= 1

    def _refusal(self, metadata: Iterable[tuple[str, str | bytes]]) -> Unauthenticated | None:
        """Why a call with this metadata is not served; None for one that carries the token, and one token only."""
        given = [value for key, value in metadata if key == "authorization"]
        if not given:
            return Unauthenticated(
                "The call carries no token: set UNMIX_TOKEN to the content of the file 'token' in the daemon's state "
                "folder, or send it as 'authorization: Bearer <token>'."
            )
        said = b",".join(value if isinstance(value, bytes) else value.encode() for value in given)
        if hmac.compare_digest(said, self._expected):
            return None
        return Unauthenticated(
            "The token is wrong, or of a daemon before; read it again from the file 'token' in the daemon's "
            "state folder."
        )


def _refusing(error: ServiceError) -> "grpc.RpcMethodHandler[Any, Any]":
    """A handler that answers every call with this error, of whichever shape it is.

    For gRPC it is one of a stream of requests, which takes in a message when it is asked for one. It asks for none:
    for any other kind gRPC would first wait for the whole message, and hold what has come of it.
    """

    async def refuse(_requests: Any, context: Context) -> None:
        await context.abort_with_status(_status(error))

    return grpc.stream_stream_rpc_method_handler(cast("Any", refuse))


def _status(error: ServiceError | FieldError) -> Any:
    """A google.rpc.Status with ErrorInfo, and BadRequest or RetryInfo where they apply."""
    if isinstance(error, FieldError):
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=str(error))
        bad = error_details_pb2.BadRequest(field_violations=[violation])
        return _rich(code_pb2.INVALID_ARGUMENT, str(error), _info("INVALID_REQUEST"), bad)
    info = _info(error.reason, error.facts)
    if error.retry_seconds is None:
        return _rich(error.code, str(error), info)
    delay = duration_pb2.Duration()
    delay.FromMilliseconds(int(error.retry_seconds * 1000))
    return _rich(error.code, str(error), info, error_details_pb2.RetryInfo(retry_delay=delay))


def _info(reason: str, facts: Facts | None = None) -> error_details_pb2.ErrorInfo:
    told = {name: fact for name, fact in (facts or {}).items() if len(fact.encode()) <= _LONGEST_FACT}
    return error_details_pb2.ErrorInfo(reason=reason, domain="unmix", metadata=told)


def _rich(code: int, message: str, *details: Any) -> Any:
    status = status_pb2.Status(code=code, message=message, details=map(_packed, details))
    return rpc_status.to_status(status)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # untyped


def _packed(message: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
