"""Sending files up a call, and knowing whose fault it is when that fails."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import grpc

from unmix_plugins.errors import Cancelled
from unmix_plugins.source import Source

Request = TypeVar("Request")
Response = TypeVar("Response")


def requests(first: Request, source: Source, of_data: Callable[[bytes], Request]) -> Iterator[Request]:
    """The spec, then the bytes of the source."""
    yield first
    for piece in source.pieces():
        yield of_data(piece)


@contextmanager
def uploading(call: grpc.RpcContext, sources: Iterable[Source]) -> Generator[None]:
    """While `call` takes `sources`: a fault of theirs ends it and is raised; the call ends with the block."""
    uploads: Sequence[Source] = tuple(sources)
    for source in uploads:
        source.cancel_with(call.cancel)
    try:
        yield
    except (grpc.RpcError, grpc.FutureCancelledError) as error:
        fault = next((source.error for source in uploads if source.error is not None), None)
        if fault is not None:
            raise fault from None
        if isinstance(error, grpc.FutureCancelledError):
            raise Cancelled from error
        raise
    finally:
        call.cancel()
