"""What stands between the wire and every service: the token, and errors as rich statuses."""

import hmac
import inspect
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast

import grpc
import grpc.aio
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from unmix.words import Facts, FieldError

from unmix_daemon.errors import ServiceError, Unauthenticated
from unmix_daemon.passing import hindrance

_log = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_Continuation: TypeAlias = Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Any, Any]"]]
_LONGEST_FACT = 256
"""Bytes; a client's name for what is not there may be long, and trailers have room for 8 KiB."""


class BorderInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls without the token, and turns exceptions into statuses with details.

    Every method of every service passes here, health and reflection included.
    """

    def __init__(self, token: str) -> None:
        """`token` is the secret that calls must carry as `authorization: Bearer <token>`."""
        self._expected = f"Bearer {token}".encode()

    async def intercept_service(  # pyright: ignore[reportIncompatibleMethodOverride]  # grpcio annotates it narrower than it calls it
        self, continuation: _Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[Any, Any]":
        """Wrap the handler that would serve this call."""
        handler = await continuation(handler_call_details)
        # gRPC gives None for methods that do not exist; it answers those itself, and they reveal nothing.
        return cast("grpc.RpcMethodHandler[Any, Any]", handler and self._wrap(handler))

    def _wrap(self, handler: Any) -> Any:
        behaviour = (
            handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        )

        async def respond(request: Any, context: Context) -> Any:
            async with self._border(context):
                return await behaviour(request, context)

        async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
            async with self._border(context):
                answer = behaviour(request, context)
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
        try:
            self._check_token(context)
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

    def _check_token(self, context: Context) -> None:
        for key, value in context.invocation_metadata() or ():
            if key == "authorization":
                given = value if isinstance(value, bytes) else value.encode()
                if hmac.compare_digest(given, self._expected):
                    return
                raise Unauthenticated(
                    "The token is wrong; read it again from the file 'token' in the state folder."
                )
        raise Unauthenticated(
            "The call carries no token; send 'authorization: Bearer <token>' with the content of the file "
            "'token' in the state folder."
        )


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
