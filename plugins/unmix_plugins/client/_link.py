"""The way from a client to the daemon: found, started when there is none, and found again."""

import os
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import grpc
from grpc_health.v1 import health_pb2
from unmix.locations import CERTIFICATE, socket_of, state_folder

from unmix_plugins.client import _address
from unmix_plugins.client._address import Address
from unmix_plugins.client._call import Call, ManyAnswers, OneAnswer, RunningCall
from unmix_plugins.daemon_process import await_holder, start_daemon
from unmix_plugins.errors import AccessRefused, Cancelled, DaemonUnreachable, UnmixError, from_rpc
from unmix_plugins.files.source import Source

_ANSWER_SECONDS = 5.0
_RESTORE_SECONDS = 30.0
_RESTORE_INTERVAL = 0.2

Answer = TypeVar("Answer")


class Link:
    """A channel to one daemon, opened at the first call and again after the daemon went away."""

    def __init__(
        self,
        state: Path | None,
        *,
        client_name: str,
        start: bool,
        on_start: Callable[[], object],
    ) -> None:
        """Look in `state`, or where the environment says; nothing is opened yet."""
        self.state = (state or state_folder()).absolute()
        self.is_fixed = state is None and bool(os.environ.get("UNMIX_ADDRESS"))
        self._client_name = client_name
        self._start = start and not self.is_fixed
        self._on_start = on_start
        self._channel: grpc.Channel | None = None
        self._known: list[Address] = []
        """What the channel was found by: every daemon has a token, and a certificate, of its own."""

    def channel(self) -> grpc.Channel:
        """The open channel; finds or starts a daemon when there is none, or another one than it leads to.

        Raises DaemonUnreachable, DaemonSilent, DaemonNotStarted or AccessRefused.
        """
        if self._channel is not None and self._has_successor():
            self.close()
        if self._channel is None and not self._find() and not self._is_late():
            if not self._start:
                raise DaemonUnreachable(self._nobody())
            self._on_start()
            start_daemon(self.state, lambda: self._find() or None)
        if self._channel is None:
            raise DaemonUnreachable(self._nobody())
        return self._channel

    def restore(self) -> None:
        """Find the daemon again after it went away, waiting for whoever starts it.

        Raises what `channel` raises when it stays away.
        """
        self.close()
        deadline = time.monotonic() + (0.0 if self._start else _RESTORE_SECONDS)
        while not self._find() and time.monotonic() < deadline:
            time.sleep(_RESTORE_INTERVAL)
        self.channel()

    def close(self) -> None:
        """Close the channel; calls that run on it end as cancelled."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    def is_answered(self) -> bool:
        """True while the daemon answers; looks for no other."""
        return self._find()

    def answer(
        self, start: Callable[[grpc.Channel], OneAnswer[Answer]], sources: Iterable[Source] = ()
    ) -> Answer:
        """The answer of a call that has one; as `answers`."""
        with self._calling(RunningCall(_on(self.channel(), start), _result), sources) as answers:
            [answer] = answers
        return answer

    def answers(
        self, start: Callable[[grpc.Channel], ManyAnswers[Answer]], sources: Iterable[Source] = ()
    ) -> AbstractContextManager[Iterable[Answer]]:
        """Make a call in a thread of its own; it ends with the block, whichever way that ends.

        `sources` are what the call sends: a fault of theirs ends it, and is what is raised. Other failures
        are raised as UnmixError. A daemon that went away is looked for at the next call.
        """
        return self._calling(RunningCall(_on(self.channel(), start), iter), sources)

    @contextmanager
    def _calling(self, call: RunningCall[Answer], sources: Iterable[Source]) -> Generator[Iterable[Answer]]:
        uploads = tuple(sources)
        for source in uploads:
            source.cancel_with(call.cancel)
        try:
            yield call
        except (grpc.RpcError, grpc.FutureCancelledError) as error:
            fault = next((source.error for source in uploads if source.error is not None), None)
            raise fault or self._translated(error) from error
        finally:
            call.cancel()

    def _translated(self, error: Exception) -> UnmixError:
        if not isinstance(error, grpc.RpcError):
            return Cancelled()
        translated = from_rpc(error)
        if isinstance(translated, AccessRefused) and self._has_successor():
            # It has come after the channel was looked at, and does not know what the one before it had said.
            translated = DaemonUnreachable()
        if isinstance(translated, DaemonUnreachable):
            self.close()
        return translated

    def _find(self) -> bool:
        self.close()
        self._known = self._addresses()
        for address in self._known:
            channel = address.channel(self._client_name)
            try:
                if _is_serving(channel):
                    self._channel = channel
                    return True
            except AccessRefused:
                if not self._has_successor():
                    raise
                return self._find()
            finally:
                if self._channel is not channel:
                    channel.close()
        return False

    def _has_successor(self) -> bool:
        """Whether another daemon has written itself down. One that ends is not there any more, but still works."""
        addresses = self._addresses()
        return bool(addresses) and addresses != self._known

    def _is_late(self) -> bool:
        """Whether there is a daemon, which answers in the end. Raises DaemonSilent where it does not."""
        return not self.is_fixed and await_holder(self.state, self._find, patiently=self._start)

    def _addresses(self) -> list[Address]:
        if self.is_fixed:
            return _address.named(os.environ["UNMIX_ADDRESS"], self.state)
        return _address.found(self.state)

    def _nobody(self) -> str:
        if self.is_fixed:
            address = os.environ["UNMIX_ADDRESS"]
            if socket_of(address) is not None:
                return f"Nothing answers at {address}: check UNMIX_ADDRESS, or unset it."
            return (
                f"Nothing that shows your certificate answers at {address}: if the daemon was started anew, copy its"
                f" {CERTIFICATE} and token again; else check UNMIX_ADDRESS, or unset it."
            )
        return f"No daemon runs for {self.state}: `unmix start` starts one."


def _on(channel: grpc.Channel, start: Callable[[grpc.Channel], Call]) -> Callable[[], Call]:
    return lambda: start(channel)


def _result(call: OneAnswer[Answer]) -> list[Answer]:
    return [call.result()]


def _is_serving(channel: grpc.Channel) -> bool:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        health_pb2.HealthCheckRequest.SerializeToString,
        health_pb2.HealthCheckResponse.FromString,
    )
    question = health_pb2.HealthCheckRequest()
    try:
        [answer] = RunningCall(lambda: check.future(question, timeout=_ANSWER_SECONDS), _result)
    except grpc.RpcError as error:
        translated = from_rpc(error)
        if isinstance(translated, AccessRefused):
            raise translated from error
        return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING
